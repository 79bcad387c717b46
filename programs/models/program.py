"""A program: its criteria as data, its stages, and everything that was done to it."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from common.append_only import AppendOnlyModel, AppendOnlyQuerySet
from customers.models import Product
from programs import rules
from units.models import Unit, User
from units.powers import Power

MAX_MONTHS = 24


class Status(models.TextChoices):
    DRAFT = "DRAFT", _("draft")
    APPROVED = "APPROVED", _("approved")
    EVALUATED = "EVALUATED", _("evaluated")
    ANNOUNCED = "ANNOUNCED", _("announced")
    CLOSED = "CLOSED", _("closed")


FROZEN = (Status.EVALUATED, Status.ANNOUNCED, Status.CLOSED)
PUBLIC = (Status.ANNOUNCED, Status.CLOSED)


class Grouping(models.TextChoices):
    """Among whom a limited number of winners is drawn."""

    TARIFF = "TARIFF", _("each tariff")
    UNIT = "UNIT", _("each UP3")
    TARIFF_UNIT = "TARIFF_UNIT", _("each tariff in each UP3")


GROUP_FIELDS = {
    Grouping.TARIFF: ("tariff",),
    Grouping.UNIT: ("unit",),
    Grouping.TARIFF_UNIT: ("tariff", "unit"),
}


def only_pascabayar() -> list[str]:
    return [Product.PASCABAYAR.value]


class ProgramQuerySet(models.QuerySet["Program"]):
    def visible_to(self, user: User) -> ProgramQuerySet:
        """Approved programs to all who may see programs; a draft to those who run or approve it."""
        public = user.within(Power.SEE_PROGRAMS) & ~Q(status=Status.DRAFT)
        return self.filter(public | user.within(Power.RUN_PROGRAMS) | user.within(Power.APPROVE_PROGRAMS))

    def current(self, on: date) -> ProgramQuerySet:
        """Programs a caller may ask about on that day: begun, and not past their last pick-up day."""
        return self.filter(period_start__lte=on, pick_up_until__gte=on)


class Program(models.Model):
    """A campaign that rewards customers who pay in time (seed 004). Its criteria freeze with its list."""

    slug = models.SlugField(_("short name"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=160)
    alias = models.CharField(_("alias"), max_length=160, blank=True)
    letter = models.TextField(_("basis"), blank=True, help_text=_("The letter that orders the program."))
    purpose = models.TextField(_("purpose"), blank=True)
    unit = models.ForeignKey(
        Unit,
        models.PROTECT,
        related_name="programs",
        verbose_name=_("owner unit"),
        help_text=_("The program reaches the customers of this unit and of the units below it."),
    )
    period_start = models.DateField(_("first month"), help_text=_("The first day of the first month."))
    months = models.PositiveSmallIntegerField(
        _("number of months"), validators=[MinValueValidator(1), MaxValueValidator(MAX_MONTHS)]
    )
    first_day = models.PositiveSmallIntegerField(
        _("from day"), default=1, validators=[MinValueValidator(1), MaxValueValidator(28)]
    )
    last_day = models.PositiveSmallIntegerField(
        _("to day"), default=5, validators=[MinValueValidator(1), MaxValueValidator(28)]
    )
    products = models.JSONField(_("products"), default=only_pascabayar)
    excluded_kogol = models.JSONField(_("excluded kogol"), default=list, blank=True)
    tariffs = models.JSONField(_("tariffs"), default=list, blank=True, help_text=_("None: every tariff."))
    min_va = models.PositiveIntegerField(_("from (VA)"), null=True, blank=True)
    max_va = models.PositiveIntegerField(_("up to (VA)"), null=True, blank=True)
    grouping = models.CharField(
        _("draw among"), max_length=12, choices=Grouping.choices, default=Grouping.TARIFF_UNIT
    )
    winners_per_group = models.PositiveIntegerField(
        _("winners in each group"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Empty: every eligible customer wins, without a draw."),
    )
    reserves_per_group = models.PositiveIntegerField(_("reserves in each group"), default=0)
    announce_before = models.DateField(_("announce before"), help_text=_("This day is already too late."))
    announcement_note = models.TextField(_("how to announce"), blank=True)
    pick_up_from = models.DateField(_("pick-up from"))
    pick_up_until = models.DateField(_("pick-up until"))
    pick_up_place = models.CharField(_("pick-up place"), max_length=200, blank=True)
    agent_may_say = models.TextField(_("an agent may say"))
    agent_must_not = models.TextField(_("an agent must not"), blank=True)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.DRAFT, editable=False
    )
    drafted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)
    approved_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    evaluation = models.OneToOneField(
        "programs.Evaluation",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="made_official_for",
        verbose_name=_("frozen evaluation"),
        editable=False,
    )
    winners_digest = models.CharField(_("digest of the winners"), max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    history = HistoricalRecords()
    objects = ProgramQuerySet.as_manager()

    class Meta:
        verbose_name = _("program")
        verbose_name_plural = _("programs")
        ordering = ("-period_start", "slug")
        constraints = (
            models.CheckConstraint(
                name="program_days_in_order",
                condition=Q(first_day__gte=1, first_day__lte=F("last_day"), last_day__lte=28),
                violation_error_message=_("The last day lies before the first, or after the 28th."),
            ),
            models.CheckConstraint(name="program_months", condition=Q(months__gte=1, months__lte=MAX_MONTHS)),
            models.CheckConstraint(
                name="program_powers_in_order",
                condition=Q(min_va__isnull=True) | Q(max_va__isnull=True) | Q(max_va__gte=F("min_va")),
                violation_error_message=_("The highest power is below the lowest."),
            ),
            models.CheckConstraint(
                name="program_pick_up_in_order",
                condition=Q(pick_up_until__gte=F("pick_up_from")),
                violation_error_message=_("The end lies before the beginning."),
            ),
            models.CheckConstraint(
                name="program_frozen_has_evaluation",
                condition=Q(status__in=("DRAFT", "APPROVED"), evaluation__isnull=True)
                | Q(status__in=FROZEN, evaluation__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.period_start and self.period_start.day != 1:
            raise ValidationError({"period_start": _("Give the first day of a month.")})
        if self.reserves_per_group and not self.winners_per_group:
            raise ValidationError({"reserves_per_group": _("Without a limit there are no reserves.")})
        if self.unit_id and self.unit.kind not in ("PUSAT", "UID", "UIW", "UP3"):
            raise ValidationError({"unit": _("A program belongs to a UP3 or a unit above it.")})

    @property
    def is_frozen(self) -> bool:
        return self.status in FROZEN

    @property
    def has_draw(self) -> bool:
        return self.winners_per_group is not None

    @property
    def group_fields(self) -> tuple[str, ...]:
        """The fields of entries and winners that make a group of the draw."""
        return GROUP_FIELDS[Grouping(self.grouping)]

    @property
    def months_of_rule(self) -> tuple[rules.Month, ...]:
        return rules.months_from(
            self.period_start, self.months, self.first_day, self.last_day, self.unit.zone
        )

    def is_running(self, on: date) -> bool:
        """Approved, and the last day on which a payment can count has not passed."""
        last = self.months_of_rule[-1].closes_at
        return self.status == Status.APPROVED and self.period_start <= on < self.unit.local_date(last)

    def rule(self, unit_codes: frozenset[str] | None = None) -> rules.Rule:
        """The criteria as they stand now, for `unit_codes`, or else for every unit below the owner's."""
        if unit_codes is None:
            unit_codes = frozenset(Unit.objects.below(self.unit).values_list("code", flat=True))
        return rules.Rule(
            months=self.months_of_rule,
            products=frozenset(self.products),
            excluded_kogol=frozenset(self.excluded_kogol),
            unit_codes=unit_codes,
            tariffs=frozenset(self.tariffs),
            min_va=self.min_va,
            max_va=self.max_va,
        )


class ProgramEventQuerySet(AppendOnlyQuerySet):
    def visible_to(self, user: User) -> ProgramEventQuerySet:
        return self.filter(
            user.within(Power.RUN_PROGRAMS, "program__unit")
            | user.within(Power.APPROVE_PROGRAMS, "program__unit")
        )


class ProgramEvent(AppendOnlyModel):
    """What was done to a program or one of its winners, by whom, when. Never changed."""

    class Kind(models.TextChoices):
        DRAFTED = "DRAFTED", _("drafted")
        APPROVED = "APPROVED", _("approved")
        REVISED = "REVISED", _("taken back for revision")
        IMPORTED = "IMPORTED", _("payments imported")
        EVALUATION_ASKED = "EVALUATION_ASKED", _("evaluation asked for")
        EVALUATED = "EVALUATED", _("evaluated")
        FROZEN = "FROZEN", _("list frozen")
        SEED = "SEED", _("seed given")
        DRAWN = "DRAWN", _("drawn")
        SELECTED = "SELECTED", _("winners selected")
        ANNOUNCED = "ANNOUNCED", _("announced")
        PICK_UP_EXTENDED = "PICK_UP_EXTENDED", _("pick-up extended")
        CLOSED = "CLOSED", _("closed")
        REWARD_SET = "REWARD_SET", _("reward set")
        REWARD_ASSIGNED = "REWARD_ASSIGNED", _("reward assigned")
        CODE_SHOWN = "CODE_SHOWN", _("pick-up code shown")
        CODE_UNLOCKED = "CODE_UNLOCKED", _("pick-up code unlocked")
        CODE_REFUSED = "CODE_REFUSED", _("wrong pick-up code")
        HANDED_OVER = "HANDED_OVER", _("handed over")
        NOT_COLLECTED = "NOT_COLLECTED", _("not collected")
        RESERVE_CALLED = "RESERVE_CALLED", _("reserve moved up")
        EXPORTED = "EXPORTED", _("exported")

    program = models.ForeignKey(Program, models.PROTECT, related_name="events", verbose_name=_("program"))
    winner = models.ForeignKey(
        "programs.Winner",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="events",
        verbose_name=_("winner"),
    )
    kind = models.CharField(_("what"), max_length=16, choices=Kind.choices)
    by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("when"), auto_now_add=True)
    data = models.JSONField(_("details"), default=dict)

    objects = ProgramEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("program event")
        verbose_name_plural = _("program events")
        ordering = ("-pk",)

    def __str__(self) -> str:
        return str(self.get_kind_display())
