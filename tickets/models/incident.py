"""Padam meluas: many reports of one place with one cause."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from common.append_only import AppendOnlyModel, AppendOnlyQuerySet
from tickets.models.choices import IncidentStatus
from units.models import Area, AreaLevel, Position, Unit, User
from units.powers import Power, Role

OVER = (IncidentStatus.SELESAI, IncidentStatus.DISMISSED)
DARK = (IncidentStatus.INFO, IncidentStatus.PERBAIKAN, IncidentStatus.NYALA_BERTAHAP)


class IncidentRule(models.Model):
    """How many reports of one area, in how many minutes, make the portal propose an incident."""

    unit = models.OneToOneField(
        Unit,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="incident_rule",
        verbose_name=_("unit and below"),
        help_text=_("Empty: wherever no other rule applies."),
    )
    area_level = models.PositiveSmallIntegerField(
        _("level of the area"), choices=AreaLevel.choices, default=AreaLevel.DESA
    )
    reports = models.PositiveIntegerField(_("reports"), default=5, validators=[MinValueValidator(2)])
    minutes = models.PositiveIntegerField(
        _("within minutes"), default=30, validators=[MinValueValidator(1), MaxValueValidator(1440)]
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("rule for wide outages")
        verbose_name_plural = _("rules for wide outages")
        constraints = (
            models.UniqueConstraint(
                name="incident_rule_one_default", fields=("area_level",), condition=Q(unit__isnull=True)
            ),
        )

    def __str__(self) -> str:
        return f"{self.reports} / {self.minutes} min"


class IncidentQuerySet(models.QuerySet["Incident"]):
    def visible_to(self, user: User) -> IncidentQuerySet:
        return self.filter(user.within(Power.SEE_TICKETS))

    def current(self) -> IncidentQuerySet:
        """Confirmed, and the power not back: what an agent has to see before another order is opened."""
        return self.filter(status__in=DARK)

    def with_reports(self) -> IncidentQuerySet:
        """Each with `reports`: those that made the portal propose it, or its tickets once they are more."""
        counted = Incident.objects.filter(pk=OuterRef("pk")).order_by().values("pk")
        tickets = counted.annotate(count=Count("tickets")).values("count")
        return self.annotate(reports=Greatest("report_count", Subquery(tickets)))

    def open(self) -> IncidentQuerySet:
        """Proposed or confirmed, and not over."""
        return self.exclude(status__in=OVER)


class Incident(models.Model):
    """A wide outage in an area, proposed by the portal, confirmed by an officer."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="incidents", verbose_name=_("unit"))
    area = models.ForeignKey(Area, models.PROTECT, related_name="incidents", verbose_name=_("area"))
    status = models.CharField(
        _("status"), max_length=14, choices=IncidentStatus.choices, default=IncidentStatus.PROPOSED
    )
    estimate_at = models.DateTimeField(_("power expected at"), null=True, blank=True)
    cause = models.CharField(_("cause"), max_length=300, blank=True)
    report_count = models.PositiveIntegerField(_("reports"), default=0)
    began_at = models.DateTimeField(_("began"))
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    confirmed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("confirmed by")
    )
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    version = models.PositiveIntegerField(default=0, editable=False)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        verbose_name = _("wide outage")
        verbose_name_plural = _("wide outages")
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                name="incident_one_open_per_area",
                fields=("area",),
                condition=~Q(status__in=("SELESAI", "DISMISSED")),
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_status_display()}, {self.area}"

    @property
    def etag(self) -> str:
        return f'"{self.pk}-{self.version}"'

    @property
    def is_over(self) -> bool:
        return self.status in OVER


class IncidentEvent(AppendOnlyModel):
    """What happened to a wide outage, and who did it; without a person, a background job."""

    incident = models.ForeignKey(
        Incident, models.PROTECT, related_name="events", verbose_name=_("wide outage")
    )
    version = models.PositiveIntegerField(_("version"))
    from_status = models.CharField(_("from"), max_length=14, choices=IncidentStatus.choices, blank=True)
    to_status = models.CharField(_("to"), max_length=14, choices=IncidentStatus.choices)
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
    data = models.JSONField(_("details"), default=dict)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("event of a wide outage")
        verbose_name_plural = _("events of wide outages")
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(name="incident_event_in_order", fields=("incident", "version")),
            models.CheckConstraint(
                name="incident_event_has_actor", condition=Q(by__isnull=False) | ~Q(job="")
            ),
        )
