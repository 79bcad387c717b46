"""The report of a caller or a channel, and everything that happened to it."""

from __future__ import annotations

from datetime import date, datetime

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from allocation.models import Channel
from customers.models import Customer, PhoneKind
from tickets.models.choices import CLOSED, PowerState, Status, Tab, WorkOrderType
from tickets.models.clock import ServicePolicy
from tickets.models.incident import Incident
from units.models import Area, Unit, UnitKind, User, in_force
from units.powers import Power, Role

NUMBER = r"[GK][0-9]{12}"


ASSUMED = "asumsi"  # what a basis begins with that is no source


class ProblemTypeQuerySet(models.QuerySet["ProblemType"]):
    def visible_to(self, user: User) -> ProblemTypeQuerySet:
        return self if user.may(Power.SEE_TICKETS) else self.none()

    def in_force(self, on: date) -> ProblemTypeQuerySet:
        return self.filter(in_force(on))


class ProblemType(models.Model):
    """One pair of Tipe and Sub Tipe Permasalahan on one tab, in force for a time. Reference data."""

    code = models.SlugField(_("code"), max_length=60, unique=True)
    tab = models.CharField(_("tab"), max_length=8, choices=Tab.choices)
    name = models.CharField(_("type"), max_length=120)
    sub_name = models.CharField(_("sub type"), max_length=120, blank=True)
    valid_from = models.DateField(_("valid from"), default=date(2000, 1, 1))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    basis = models.CharField(_("basis"), max_length=200, blank=True)

    history = HistoricalRecords()
    objects = ProblemTypeQuerySet.as_manager()

    class Meta:
        verbose_name = _("problem type")
        verbose_name_plural = _("problem types")
        ordering = ("tab", "name", "sub_name")
        constraints = (
            models.UniqueConstraint(
                name="problem_type_once_a_day", fields=("tab", "name", "sub_name", "valid_from")
            ),
            models.CheckConstraint(
                name="problem_type_validity_in_order",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                violation_error_message=_("The end lies before the beginning."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} – {self.sub_name}" if self.sub_name else self.name

    @property
    def is_assumed(self) -> bool:
        """Whether the pair stands in no SOP: its basis says so, until somebody corrects it."""
        return self.basis.lower().startswith(ASSUMED)

    def is_in_force(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_until is None or on <= self.valid_until)


class TicketSerial(models.Model):
    """Hands out the last six digits of report numbers: one row per number, no row that anybody waits on."""

    class Meta:
        verbose_name = _("number given out")
        verbose_name_plural = _("numbers given out")


def seen_by(user: User, ticket: str = "") -> Q:
    """A filter for rows whose `ticket` is one that `user` may see.

    Only channels have made any; asking everybody for "or mine" would keep PostgreSQL from using an index.
    """
    reached = at_poskos(user, f"{ticket}posko")
    is_channel = any(position.role == Role.CHANNEL for position in user.positions_in_force)
    return reached | Q(**{f"{ticket}client": user}) if is_channel else reached


def at_poskos(user: User, posko: str) -> Q:
    """A filter for rows whose `posko` is one whose tickets `user` may see.

    As `user.within`, but a posko, which has no unit below it, is named by its key: then the index that leads
    with it gives the rows in their order, however few they are.
    """
    reached = Q(pk__in=[])
    for position in user.positions_in_force:
        if position.unit.kind == UnitKind.POSKO and position.allows(Power.SEE_TICKETS):
            reached |= Q(**{posko: position.unit_id})
        else:
            reached |= position.reach_of(Power.SEE_TICKETS, posko)
    return reached


class TicketQuerySet(models.QuerySet["Ticket"]):
    def visible_to(self, user: User) -> TicketQuerySet:
        """Tickets of the poskos that the reader's positions reach, and those that the reader's channel made.

        A ticket closed at the contact centre has no posko: only who sees every unit sees it.
        """
        return self.filter(seen_by(user))

    def open(self) -> TicketQuerySet:
        """Still to be worked on: neither closed nor merged into another ticket."""
        return self.exclude(status__in=CLOSED).filter(merged_into=None)

    def closed(self) -> TicketQuerySet:
        return self.filter(Q(status__in=CLOSED) | Q(merged_into__isnull=False))

    def of_unit(self, code: str) -> TicketQuerySet:
        """Tickets of the poskos at and below the unit with that code; none where nobody has it."""
        unit = Unit.objects.filter(code=code).first()
        return self.filter(posko__path__startswith=unit.path) if unit else self.none()

    def of_phone(self, number: str) -> TicketQuerySet:
        """Reported from that number, or by somebody to be reached at it; in E.164."""
        return self.filter(Q(caller_number=number) | Q(mobile_number=number))

    def overdue(self, at: datetime) -> TicketQuerySet:
        """Past the due time while the clock runs; see `Ticket.is_overdue`."""
        return self.open().filter(due_at__lt=at).exclude(status=Status.NYALA)

    def not_begun(self) -> TicketQuerySet:
        """Belum ditindaklanjuti: nobody has set out yet."""
        return self.filter(status__in=NOT_BEGUN)

    def begun(self) -> TicketQuerySet:
        """Sedang ditindaklanjuti."""
        return self.exclude(status__in=NOT_BEGUN)

    def waiting_for_decision(self) -> TicketQuerySet:
        return self.open().filter(status=Status.LAPOR_PERIKSA)


NOT_BEGUN = (
    Status.LAPOR,
    Status.LAPOR_PERIKSA,
    Status.MENUNGGU_KONFIRMASI,
    Status.PENUGASAN_REGU,
)


class Ticket(models.Model):
    """One report (APKT). It is written only by `tickets.services`, each write with its event.

    A report closed at the contact centre may name a unit for the record, but has no posko: sight and work
    follow the posko, so that it reaches nobody.

    `due_at`, `alert_at` and `queue_key` are derived from the clock's segments and the events; they are kept
    so that lists of ten million rows can be filtered and sorted by them.
    """

    PERSONAL = (
        "reporter_name",
        "caller_number",
        "mobile_number",
        "street",
        "building_number",
        "rt",
        "rw",
        "landmark",
        "latitude",
        "longitude",
    )

    number = models.CharField(_("report number"), max_length=13, unique=True, editable=False)
    external_number = models.CharField(
        _("APKT number"),
        max_length=15,
        blank=True,
        db_index=True,
        validators=[RegexValidator(r"^[GK]\d{10,14}\Z", _("G or K and 10 to 14 digits."))],
    )
    tab = models.CharField(_("tab"), max_length=8, choices=Tab.choices)
    problem_type = models.ForeignKey(
        ProblemType, models.PROTECT, related_name="tickets", verbose_name=_("problem type")
    )
    wo_type = models.CharField(_("Tipe WO"), max_length=15, choices=WorkOrderType.choices, blank=True)
    status = models.CharField(_("status"), max_length=20, choices=Status.choices, default=Status.LAPOR)
    version = models.PositiveIntegerField(default=0, editable=False)

    # --- who reports, and how
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    client = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("channel system")
    )
    client_ref = models.CharField(_("reference of the channel"), max_length=64, blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("recorded by"))
    customer = models.ForeignKey(
        Customer,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="tickets",
        verbose_name=_("customer"),
    )
    meter_number = models.CharField(
        _("meter number"),
        max_length=11,
        blank=True,
        db_index=True,
        validators=[RegexValidator(r"^[0-9]{11}\Z", _("11 digits."))],
    )
    reporter_name = models.CharField(_("reporter"), max_length=120)
    caller_number = models.CharField(_("caller number (CRM)"), max_length=16, blank=True, db_index=True)
    caller_kind = models.CharField(
        _("kind of caller number"), max_length=6, choices=PhoneKind.choices, blank=True
    )
    mobile_number = models.CharField(_("mobile number"), max_length=16, blank=True, db_index=True)
    by_phone = models.BooleanField(_("reachable by phone"), default=False)
    by_wa = models.BooleanField(_("reachable by WA"), default=False)
    by_sms = models.BooleanField(_("reachable by SMS"), default=False)

    # --- where
    street = models.CharField(_("street"), max_length=160, blank=True)
    building_number = models.CharField(_("building number"), max_length=20, blank=True)
    rt = models.CharField("RT", max_length=3, blank=True)
    rw = models.CharField("RW", max_length=3, blank=True)
    landmark = models.CharField(_("landmark"), max_length=160, blank=True)
    address_note = models.CharField(_("note on a differing address"), max_length=300, blank=True)
    area = models.ForeignKey(
        Area, models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name=_("area")
    )
    latitude = models.DecimalField(_("latitude"), max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(_("longitude"), max_digits=9, decimal_places=6, null=True, blank=True)
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name=_("unit")
    )
    posko = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="posko_tickets", verbose_name=_("posko")
    )

    # --- what
    problem = models.TextField(_("problem"))
    power_state = models.CharField(_("power"), max_length=7, choices=PowerState.choices, blank=True)
    outage_on = models.DateField(_("day of the outage"), null=True, blank=True)
    outage_time = models.TimeField(_("time of the outage, about"), null=True, blank=True)
    confirm_at = models.DateTimeField(_("confirm first, at"), null=True, blank=True)
    notes = models.TextField(_("notes"), blank=True)
    sop_ref = models.CharField(
        _("SOP"),
        max_length=80,
        blank=True,
        validators=[RegexValidator(r"^[a-z0-9-]+@[0-9]+\Z", _("As in periksa@2."))],
    )
    is_hard_complaint = models.BooleanField(_("hard complaint"), default=False)
    details = models.JSONField(_("answers of the call"), default=dict, blank=True)

    # --- relations to other tickets
    follows = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="followed_by",
        verbose_name=_("follows"),
    )
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="duplicates",
        verbose_name=_("merged into"),
    )
    incident = models.ForeignKey(
        Incident,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="tickets",
        verbose_name=_("wide outage"),
    )
    repeat_count = models.PositiveIntegerField(_("reported again"), default=0)

    # --- the clock (see tickets.services.clock)
    policy = models.ForeignKey(
        ServicePolicy,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="tickets",
        verbose_name=_("service target"),
    )
    reported_at = models.DateTimeField(_("reported"))
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    alert_at = models.DateTimeField(null=True, blank=True, editable=False)
    alert_step = models.PositiveSmallIntegerField(default=0, editable=False)
    queue_key = models.CharField(max_length=40, unique=True, editable=False)
    responded_at = models.DateTimeField(_("crew on site"), null=True, blank=True)
    restored_at = models.DateTimeField(_("power restored"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    # --- the customer's word at the end
    is_confirmed = models.BooleanField(_("customer says it is done"), null=True, blank=True)
    rating = models.PositiveSmallIntegerField(
        _("rating"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    rating_words = models.CharField(_("words to the rating"), max_length=500, blank=True)
    is_demo = models.BooleanField(_("demo data"), default=False, editable=False)
    updated_at = models.DateTimeField(_("last change"), auto_now=True)

    objects = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                name="ticket_once_per_client_reference",
                fields=("client", "client_ref"),
                condition=~Q(client_ref=""),
            ),
            models.CheckConstraint(name="ticket_number_form", condition=Q(number__regex=f"^{NUMBER}$")),
            models.CheckConstraint(name="ticket_status_known", condition=Q(status__in=Status.values)),
            models.CheckConstraint(
                name="ticket_issue_closed_reaches_nobody",
                condition=Q(status="ISSUE_CLOSED", posko__isnull=True)
                | (~Q(status="ISSUE_CLOSED") & Q(unit__isnull=False, posko__isnull=False)),
            ),
            models.CheckConstraint(
                name="ticket_coordinates_together",
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
            ),
            models.CheckConstraint(
                name="ticket_rating_1_to_5", condition=Q(rating__isnull=True) | Q(rating__range=(1, 5))
            ),
            models.CheckConstraint(
                name="ticket_not_merged_into_itself",
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("pk")),
            ),
        )
        indexes = (
            models.Index(name="ticket_of_posko", fields=("posko", "status", "queue_key")),
            models.Index(name="ticket_posko_newest", fields=("posko", "-id")),
            models.Index(
                name="ticket_open_queue",
                fields=("queue_key",),
                condition=~Q(status__in=sorted(CLOSED)) & Q(merged_into__isnull=True),
            ),
            models.Index(name="ticket_badly_rated", fields=("-id",), condition=Q(rating__lte=2)),
            models.Index(name="ticket_by_status", fields=("status", "queue_key")),
            models.Index(name="ticket_open_due", fields=("due_at",), condition=~Q(status__in=sorted(CLOSED))),
            models.Index(name="ticket_alert", fields=("alert_at",), condition=Q(alert_at__isnull=False)),
            models.Index(
                name="ticket_open_place",
                fields=("latitude", "longitude"),
                condition=~Q(status__in=sorted(CLOSED)),
            ),
            models.Index(name="ticket_of_client", fields=("client", "id"), condition=Q(client__isnull=False)),
            models.Index(name="ticket_reported", fields=("reported_at", "unit")),
        )

    def __str__(self) -> str:
        return self.number

    @property
    def etag(self) -> str:
        return f'"{self.number}-{self.version}"'

    @property
    def is_open(self) -> bool:
        return self.status not in CLOSED and self.merged_into_id is None

    def is_overdue(self, at: datetime) -> bool:
        """Still unserved past the due time; once the power is back the clock has stopped."""
        runs = self.is_open and self.status != Status.NYALA
        return runs and self.due_at is not None and self.due_at < at
