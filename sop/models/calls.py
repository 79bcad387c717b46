"""Calls: which version guided them, the path they took, and what came of them."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from allocation.models import Channel
from common.append_only import AppendOnlyModel, AppendOnlyQuerySet
from common.moments import short_moment
from customers.models import Customer, PhoneKind, Tariff
from sop.models.documents import SopVersion
from sop.models.procedures import OutcomeKind, Procedure
from units.models import Area, Position, Unit, User
from units.powers import Power


class CallStatus(models.TextChoices):
    OPEN = "OPEN", _("running")
    FINISHED = "FINISHED", _("finished")
    ABANDONED = "ABANDONED", _("broken off")


class CallQuerySet(models.QuerySet["Call"]):
    def visible_to(self, user: User) -> CallQuerySet:
        """Agents see their own calls, supervisors those of their site."""
        own = Q(agent=user) if user.may(Power.RUN_CALLS) else Q(pk__in=[])
        return self.filter(own | user.within(Power.SEE_CALLS, "site"))

    def with_all(self) -> CallQuerySet:
        """With everything that running or showing a call reads, in one query."""
        return self.select_related(
            "procedure",
            "version__document",
            "agent",
            "site",
            "unit__parent",
            "area",
            "customer__unit__parent",
            "customer__area",
            "customer__tariff",
        )


class Call(models.Model):
    """One call that follows a procedure.

    `pins` holds the ids of the procedures it may run, as they were in force for `unit` on the day `on` when
    the call began: `{"called": {slug: id}, "addenda": [id]}`. A version published meanwhile changes nothing.
    Where the call stands is read from its steps; nothing else keeps it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    procedure = models.ForeignKey(
        Procedure, models.PROTECT, related_name="calls", verbose_name=_("procedure")
    )
    version = models.ForeignKey(
        SopVersion, models.PROTECT, related_name="calls", verbose_name=_("SOP version")
    )
    pins = models.JSONField(default=dict, editable=False)
    on = models.DateField(_("for the day"))
    agent = models.ForeignKey(User, models.PROTECT, related_name="calls", verbose_name=_("agent"))
    position = models.ForeignKey(Position, models.PROTECT, related_name="+", verbose_name=_("position"))
    site = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("site"))
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices, default=Channel.CC123)
    caller_number = models.CharField(_("caller number"), max_length=16, blank=True)
    caller_kind = models.CharField(_("kind of number"), max_length=6, choices=PhoneKind.choices, blank=True)
    offered_name = models.CharField(_("name when this number called before"), max_length=120, blank=True)
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="calls", verbose_name=_("customer")
    )
    area = models.ForeignKey(
        Area, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("area")
    )
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("unit")
    )
    status = models.CharField(_("status"), max_length=9, choices=CallStatus.choices, default=CallStatus.OPEN)
    outcome = models.CharField(_("outcome"), max_length=21, choices=OutcomeKind.choices, blank=True)
    ticket_number = models.CharField(_("report number"), max_length=20, blank=True, db_index=True)
    abandon_reason = models.CharField(_("why it was broken off"), max_length=300, blank=True)
    opened_at = models.DateTimeField(_("began"), db_index=True)
    closed_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = CallQuerySet.as_manager()

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        ordering = ("-opened_at", "-pk")
        indexes = (
            models.Index(name="call_of_agent", fields=("agent", "status", "-opened_at")),
            models.Index(name="call_of_caller", fields=("caller_number", "-opened_at")),
            models.Index(name="call_of_version", fields=("version", "-opened_at")),
        )
        constraints = (
            models.CheckConstraint(
                name="call_abandoned_with_reason", condition=~Q(status="ABANDONED") | ~Q(abandon_reason="")
            ),
            models.CheckConstraint(
                name="call_closed_has_an_end",
                condition=Q(status="OPEN", closed_at__isnull=True)
                | (~Q(status="OPEN") & Q(closed_at__isnull=False)),
            ),
        )

    def __str__(self) -> str:
        return f"{self.version_id} {short_moment(self.opened_at)}"


class StepEvent(models.TextChoices):
    """What a row of the path records."""

    ANSWERED = "ANSWERED", _("answered by the agent")
    CHECKED = "CHECKED", _("answered by the portal")
    KEPT = "KEPT", _("kept after going back")
    BACK = "BACK", _("gone back to")


class CallStepQuerySet(AppendOnlyQuerySet):
    def visible_to(self, user: User) -> CallStepQuerySet:
        return self.filter(call__in=Call.objects.visible_to(user))


class CallStep(AppendOnlyModel):
    """One move of a call. Rows are only added, so that they also tell where agents went back.

    `step` is the address in the linked procedure: `listrik`, `kelengkapan/alamat` inside a called one,
    `lapor+akses/tanya` inside an addendum before the outcome `lapor`. `answer` is the value chosen or found,
    `fields` what was collected (NIK sealed), `data` what a check added. `customer` is the one whose number
    was collected, `area`, `unit` and `tariff` what was named (the unit else the one that serves the area):
    found once, so that no later step of the call looks for them again.
    """

    call = models.ForeignKey(Call, models.PROTECT, related_name="steps", verbose_name=_("call"))
    sequence = models.PositiveIntegerField(_("sequence"))
    event = models.CharField(_("event"), max_length=8, choices=StepEvent.choices)
    step = models.CharField(_("step"), max_length=200)
    kind = models.CharField(_("kind"), max_length=8)
    answer = models.CharField(_("answer"), max_length=120, blank=True)
    fields = models.JSONField(_("fields"), default=dict, blank=True)
    data = models.JSONField(_("data"), default=dict, blank=True)
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("customer")
    )
    area = models.ForeignKey(
        Area, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("area")
    )
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("unit")
    )
    tariff = models.ForeignKey(
        Tariff, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("tariff")
    )
    seconds = models.PositiveIntegerField(_("seconds since the move before"), default=0)
    at = models.DateTimeField(_("when"))

    objects = CallStepQuerySet.as_manager()

    class Meta:
        verbose_name = _("step of a call")
        verbose_name_plural = _("steps of calls")
        ordering = ("call", "sequence")
        constraints = (models.UniqueConstraint(name="call_step_in_order", fields=("call", "sequence")),)

    def __str__(self) -> str:
        return f"{self.sequence} {self.step}"


class HandOverQuerySet(AppendOnlyQuerySet):
    def visible_to(self, user: User) -> HandOverQuerySet:
        return self.filter(call__in=Call.objects.visible_to(user))


class HandOver(AppendOnlyModel):
    """An application that goes on in AP2T: the "Data Pemasangan" of R-002-26."""

    call = models.OneToOneField(Call, models.PROTECT, related_name="hand_over", verbose_name=_("call"))
    reference = models.CharField(_("reference"), max_length=20, unique=True)
    area = models.ForeignKey(
        Area, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("area")
    )
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("unit"))
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("customer")
    )
    transaction = models.CharField(_("transaction"), max_length=20, blank=True)
    product = models.CharField(_("product"), max_length=10, blank=True)
    tariff = models.ForeignKey(
        Tariff, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("tariff")
    )
    power_va = models.PositiveIntegerField(_("power (VA)"), null=True, blank=True)
    application = models.JSONField(_("further entries"), default=dict, blank=True)
    at = models.DateTimeField(_("when"))

    objects = HandOverQuerySet.as_manager()

    class Meta:
        verbose_name = _("hand-over to AP2T")
        verbose_name_plural = _("hand-overs to AP2T")
        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.reference
