"""Winners, the rewards their UP3 has for them, and how each was told."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.append_only import AppendOnlyModel, AppendOnlyQuerySet
from customers.models import Customer
from programs.models.payments import TARIFF_WIDTH
from programs.models.program import PUBLIC, Program
from units.models import Unit, User
from units.powers import Power

MAX_WRONG_CODES = 5


class RewardQuerySet(models.QuerySet["Reward"]):
    def visible_to(self, user: User) -> RewardQuerySet:
        return self.filter(user.within(Power.SEE_REWARDS))


class Reward(models.Model):
    """What one UP3 gives, and how many it has. Each UP3 sets its own (R-004-7)."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="rewards", verbose_name=_("program"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name="UP3")
    name = models.CharField(_("reward"), max_length=120)
    stock = models.PositiveIntegerField(_("stock"))
    assigned = models.PositiveIntegerField(_("assigned"), default=0, editable=False)

    objects = RewardQuerySet.as_manager()

    class Meta:
        verbose_name = _("reward")
        verbose_name_plural = _("rewards")
        ordering = ("unit_id", "name")
        constraints = (
            models.UniqueConstraint(
                name="reward_once_per_unit",
                fields=("program", "unit", "name"),
                violation_error_message=_("This UP3 already has a reward of that name."),
            ),
            models.CheckConstraint(
                name="reward_within_stock",
                condition=Q(assigned__lte=F("stock")),
                violation_error_message=_("More are assigned than that."),
            ),
        )

    def __str__(self) -> str:
        return self.name


class WinnerQuerySet(models.QuerySet["Winner"]):
    def visible_to(self, user: User) -> WinnerQuerySet:
        """Announced winners to all who may see winners; before that to those who see to them."""
        announced = user.within(Power.SEE_WINNERS) & Q(program__status__in=PUBLIC)
        return self.filter(announced | user.within(Power.SEE_REWARDS))

    def selected(self) -> WinnerQuerySet:
        """Winners proper: not the reserves who wait behind them."""
        return self.exclude(status=Winner.Status.RESERVE)


class Winner(models.Model):
    """A customer who won, at the UP3 that contacts them and hands over (R-004-6, R-004-7)."""

    class Status(models.TextChoices):
        RESERVE = "RESERVE", _("reserve")
        SELECTED = "SELECTED", _("selected")
        TOLD = "TOLD", _("told")
        HANDED_OVER = "HANDED_OVER", _("handed over")
        NOT_COLLECTED = "NOT_COLLECTED", _("not collected")

    class Identity(models.TextChoices):
        KTP = "KTP", "KTP"
        SIM = "SIM", "SIM"
        PASSPORT = "PASSPORT", _("passport")
        AUTHORITY = "AUTHORITY", _("letter of authority")

    program = models.ForeignKey(Program, models.PROTECT, related_name="winners", verbose_name=_("program"))
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", verbose_name=_("customer"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name="UP3", db_index=False)
    tariff = models.CharField(_("tariff"), max_length=TARIFF_WIDTH)
    rank = models.PositiveIntegerField(_("rank in the draw"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=13, choices=Status.choices, default=Status.SELECTED)
    reward = models.ForeignKey(
        Reward, models.PROTECT, null=True, blank=True, related_name="winners", verbose_name=_("reward")
    )
    told_at = models.DateTimeField(_("told at"), null=True, blank=True)
    wrong_codes = models.PositiveSmallIntegerField(default=0)
    handed_over_at = models.DateTimeField(_("handed over at"), null=True, blank=True)
    handed_over_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("handed over by")
    )
    identity = models.CharField(_("identity shown"), max_length=9, choices=Identity.choices, blank=True)
    identity_last4 = models.CharField(
        _("its last four digits"),
        max_length=4,
        blank=True,
        validators=[RegexValidator(r"^[0-9]{4}\Z", _("4 digits."))],
    )

    objects = WinnerQuerySet.as_manager()

    class Meta:
        verbose_name = _("winner")
        verbose_name_plural = _("winners")
        ordering = ("pk",)
        indexes = (models.Index(name="winner_by_unit", fields=("program", "unit", "tariff", "status")),)
        constraints = (
            models.UniqueConstraint(name="winner_once_per_program", fields=("program", "customer")),
            models.CheckConstraint(
                name="winner_hand_over_complete",
                condition=Q(status="HANDED_OVER")
                & Q(reward__isnull=False, handed_over_at__isnull=False, handed_over_by__isnull=False)
                | ~Q(status="HANDED_OVER") & Q(handed_over_at__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"{self.unit} {self.tariff} #{self.pk}"


class ContactQuerySet(AppendOnlyQuerySet):
    def visible_to(self, user: User) -> ContactQuerySet:
        return self.filter(user.within(Power.SEE_REWARDS, "winner__unit"))


class Contact(AppendOnlyModel):
    """An attempt to tell a winner: by whom, how, when, reached or not. Never changed."""

    class Method(models.TextChoices):
        PHONE = "PHONE", _("telephone")
        WHATSAPP = "WHATSAPP", "WhatsApp"
        LETTER = "LETTER", _("letter")
        VISIT = "VISIT", _("visit, under the health protocol")

    winner = models.ForeignKey(Winner, models.PROTECT, related_name="contacts", verbose_name=_("winner"))
    method = models.CharField(_("how"), max_length=8, choices=Method.choices)
    reached = models.BooleanField(_("reached"))
    late_reason = models.CharField(_("reason for being late"), max_length=300, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"))

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ("-pk",)
