"""Crews, their shifts, and the orders they work on."""

from __future__ import annotations

from datetime import datetime

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from common.append_only import AppendOnlyModel, AppendOnlyQuerySet
from tickets.models.choices import OrderStatus, WorkOrderType
from tickets.models.ticket import Ticket, at_poskos
from units.models import Position, Unit, User
from units.powers import Power, Role

ORDER_OVER = (OrderStatus.SELESAI, OrderStatus.BATAL)
ORDER_OPEN = tuple(status for status in OrderStatus if status not in ORDER_OVER)


class CrewQuerySet(models.QuerySet["Crew"]):
    def visible_to(self, user: User) -> CrewQuerySet:
        return self.filter(user.within(Power.SEE_TICKETS, "posko"))

    def with_load(self, at: datetime) -> CrewQuerySet:
        """Each with `open_orders`, and `is_on_duty` at that moment."""
        return self.annotate(
            open_orders=Count("orders", filter=Q(orders__status__in=ORDER_OPEN)),
            is_on_duty=Exists(Shift.objects.on_duty(at).filter(crew=OuterRef("pk"))),
        )


class Crew(models.Model):
    """A field crew (regu yantek) of a posko. Where it was last, for finding the nearest."""

    posko = models.ForeignKey(Unit, models.PROTECT, related_name="crews", verbose_name=_("posko"))
    code = models.CharField(_("user regu"), max_length=40, unique=True)
    name = models.CharField(_("crew"), max_length=120)
    account = models.OneToOneField(
        User, models.PROTECT, null=True, blank=True, related_name="crew", verbose_name=_("account")
    )
    is_active = models.BooleanField(_("in service"), default=True)

    history = HistoricalRecords()
    objects = CrewQuerySet.as_manager()

    class Meta:
        verbose_name = _("crew")
        verbose_name_plural = _("crews")
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name


class ShiftQuerySet(models.QuerySet["Shift"]):
    def visible_to(self, user: User) -> ShiftQuerySet:
        return self.filter(user.within(Power.SEE_TICKETS, "crew__posko"))

    def planned_at(self, at: datetime) -> ShiftQuerySet:
        """Shifts whose time is now, checked in or not, and not over yet."""
        return self.filter(starts_at__lte=at, ends_at__gt=at, checked_out_at__isnull=True)

    def on_duty(self, at: datetime) -> ShiftQuerySet:
        """Shifts running at `at` whose crew has checked in and not out."""
        return self.filter(
            starts_at__lte=at, ends_at__gt=at, checked_in_at__lte=at, checked_out_at__isnull=True
        )


class Shift(models.Model):
    """A crew's turn of duty: planned from and until, and when it checked in and out, and where it is."""

    crew = models.ForeignKey(Crew, models.PROTECT, related_name="shifts", verbose_name=_("crew"))
    name = models.CharField(_("shift"), max_length=40)
    officers = models.CharField(_("officers"), max_length=200, blank=True)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    checked_in_at = models.DateTimeField(_("check-in"), null=True, blank=True)
    checked_out_at = models.DateTimeField(_("check-out"), null=True, blank=True)
    latitude = models.DecimalField(_("latitude"), max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(_("longitude"), max_digits=9, decimal_places=6, null=True, blank=True)
    located_at = models.DateTimeField(_("located"), null=True, blank=True)

    objects = ShiftQuerySet.as_manager()

    class Meta:
        verbose_name = _("shift")
        verbose_name_plural = _("shifts")
        ordering = ("-starts_at", "-pk")
        constraints = (
            models.CheckConstraint(
                name="shift_in_order",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message=_("The end lies before the beginning."),
            ),
            models.UniqueConstraint(
                name="shift_one_checked_in",
                fields=("crew",),
                condition=Q(checked_in_at__isnull=False, checked_out_at__isnull=True),
            ),
        )
        indexes = (models.Index(name="shift_running", fields=("crew", "ends_at")),)

    def __str__(self) -> str:
        return f"{self.crew} {self.name}"


class DispatchRule(models.Model):
    """How far autodispatch looks for a crew, and how many open orders a crew may have."""

    unit = models.OneToOneField(
        Unit,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="dispatch_rule",
        verbose_name=_("unit and below"),
        help_text=_("Empty: wherever no other rule applies."),
    )
    radius_m = models.PositiveIntegerField(
        _("radius (m)"), default=10_000, validators=[MinValueValidator(100), MaxValueValidator(500_000)]
    )
    max_open_orders = models.PositiveSmallIntegerField(
        _("open orders per crew"), default=3, validators=[MinValueValidator(1), MaxValueValidator(20)]
    )
    retry_minutes = models.PositiveSmallIntegerField(
        _("try again after minutes"), default=2, validators=[MinValueValidator(1), MaxValueValidator(240)]
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("dispatch rule")
        verbose_name_plural = _("dispatch rules")
        constraints = (
            models.UniqueConstraint(
                name="dispatch_rule_one_default",
                fields=("max_open_orders",),
                condition=Q(unit__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"{self.radius_m} m, {self.max_open_orders}"


class WorkOrderQuerySet(models.QuerySet["WorkOrder"]):
    def visible_to(self, user: User) -> WorkOrderQuerySet:
        return self.filter(at_poskos(user, "posko"))

    def open(self) -> WorkOrderQuerySet:
        return self.exclude(status__in=ORDER_OVER)

    def over(self) -> WorkOrderQuerySet:
        """Finished or cancelled."""
        return self.filter(status__in=ORDER_OVER)

    def waiting(self) -> WorkOrderQuerySet:
        """In the queue of the posko, without a crew."""
        return self.filter(status=OrderStatus.ANTRE)

    def with_crew(self) -> WorkOrderQuerySet:
        """Open, and in the hands of a crew."""
        return self.open().exclude(status=OrderStatus.ANTRE)

    def to_dispatch(self, at: datetime) -> WorkOrderQuerySet:
        """Orders in the queue whose next try is due."""
        return self.waiting().filter(next_try_at__lte=at)


class WorkOrder(models.Model):
    """Work for a crew, made from a ticket. Its moves move the ticket; at most one is open per ticket."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="orders", verbose_name=_("ticket"))
    posko = models.ForeignKey(Unit, models.PROTECT, related_name="orders", verbose_name=_("posko"))
    type = models.CharField(_("Tipe WO"), max_length=15, choices=WorkOrderType.choices)
    status = models.CharField(
        _("status"), max_length=16, choices=OrderStatus.choices, default=OrderStatus.ANTRE
    )
    version = models.PositiveIntegerField(default=0, editable=False)
    crew = models.ForeignKey(
        Crew, models.PROTECT, null=True, blank=True, related_name="orders", verbose_name=_("crew")
    )
    shift = models.ForeignKey(
        Shift, models.PROTECT, null=True, blank=True, related_name="orders", verbose_name=_("shift")
    )
    dispatched_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("dispatched by"),
        help_text=_("Empty: autodispatch."),
    )
    distance_m = models.PositiveIntegerField(_("distance (m)"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("tries"), default=0)
    next_try_at = models.DateTimeField(_("next try"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"))
    assigned_at = models.DateTimeField("Tgl Penugasan Regu", null=True, blank=True)
    departed_at = models.DateTimeField("Tgl Dalam Perjalanan", null=True, blank=True)
    started_at = models.DateTimeField("Tgl Pengerjaan", null=True, blank=True)
    restored_temporarily_at = models.DateTimeField("Tgl Nyala Sementara", null=True, blank=True)
    restored_at = models.DateTimeField("Tgl Nyala", null=True, blank=True)
    finished_at = models.DateTimeField("Tgl Selesai", null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)

    objects = WorkOrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("work order")
        verbose_name_plural = _("work orders")
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                name="order_one_open_per_ticket",
                fields=("ticket",),
                condition=~Q(status__in=("SELESAI", "BATAL")),
            ),
            models.CheckConstraint(name="order_status_known", condition=Q(status__in=OrderStatus.values)),
            models.CheckConstraint(
                name="order_crew_unless_queued",
                condition=Q(status="BATAL")
                | Q(status="ANTRE", crew__isnull=True)
                | (~Q(status="ANTRE") & Q(crew__isnull=False)),
            ),
        )
        indexes = (
            models.Index(name="order_of_posko", fields=("posko", "status", "id")),
            models.Index(name="order_posko_newest", fields=("posko", "-id")),
            models.Index(name="order_of_crew", fields=("crew", "status")),
            models.Index(name="order_queue", fields=("next_try_at",), condition=Q(status="ANTRE")),
        )

    def __str__(self) -> str:
        return f"WO {self.pk}"

    @property
    def etag(self) -> str:
        return f'"{self.pk}-{self.version}"'


class WorkOrderEvent(AppendOnlyModel):
    """What happened to a work order; without a person, a background job."""

    order = models.ForeignKey(WorkOrder, models.PROTECT, related_name="events", verbose_name=_("work order"))
    version = models.PositiveIntegerField(_("version"))
    from_status = models.CharField(_("from"), max_length=16, choices=OrderStatus.choices, blank=True)
    to_status = models.CharField(_("to"), max_length=16, choices=OrderStatus.choices)
    crew = models.ForeignKey(
        Crew, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("crew")
    )
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("who")
    )
    position = models.ForeignKey(
        Position, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("in which position")
    )
    role = models.CharField(_("role"), max_length=16, choices=Role.choices, blank=True)
    job = models.CharField(_("background job"), max_length=40, blank=True)
    reason = models.CharField(_("why"), max_length=500, blank=True)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("event of a work order")
        verbose_name_plural = _("events of work orders")
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(name="order_event_in_order", fields=("order", "version")),
            models.CheckConstraint(name="order_event_has_actor", condition=Q(by__isnull=False) | ~Q(job="")),
        )
