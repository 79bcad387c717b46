"""Service targets (TMP), the calendars they count in, and the minutes that counted."""

from __future__ import annotations

from datetime import date

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from common.append_only import AppendOnlyModel, AppendOnlyQuerySet
from common.moments import short_moment
from tickets.models.choices import Tab, WorkOrderType
from units.models import Unit, User


class Weekday(models.IntegerChoices):
    """As `date.weekday()` counts."""

    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class Calendar(models.Model):
    """When minutes count: around the clock, or within intervals of the unit's local time."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    is_around_the_clock = models.BooleanField(_("24/7"), default=False)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("calendar")
        verbose_name_plural = _("calendars")
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name


class CalendarInterval(models.Model):
    """One working interval of a weekday; it runs over midnight where it does not end after it starts."""

    calendar = models.ForeignKey(
        Calendar, models.CASCADE, related_name="intervals", verbose_name=_("calendar")
    )
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday.choices)
    starts = models.TimeField(_("from"))
    ends = models.TimeField(_("until"))

    class Meta:
        verbose_name = _("working interval")
        verbose_name_plural = _("working intervals")
        ordering = ("weekday", "starts")
        constraints = (
            models.UniqueConstraint(name="calendar_interval_once", fields=("calendar", "weekday", "starts")),
            models.CheckConstraint(name="calendar_weekday", condition=Q(weekday__range=(0, 6))),
        )

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.starts:%H:%M}–{self.ends:%H:%M}"


class Holiday(models.Model):
    """A calendar date on which no interval of the calendar begins."""

    calendar = models.ForeignKey(
        Calendar, models.CASCADE, related_name="holidays", verbose_name=_("calendar")
    )
    on = models.DateField(_("day"))
    name = models.CharField(_("name"), max_length=120)

    class Meta:
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        ordering = ("on",)
        constraints = (models.UniqueConstraint(name="holiday_once", fields=("calendar", "on")),)

    def __str__(self) -> str:
        return f"{self.on} {self.name}"


class ServicePolicy(AppendOnlyModel):
    """One version of a service target (TMP): so many minutes of a calendar, for the tickets it fits.

    Rows are never changed: an edit adds a version, which rules from `valid_from`; a ticket keeps the one
    that it was made under. An empty `minutes` ends the target.
    """

    code = models.SlugField(_("code"), max_length=40)
    version = models.PositiveIntegerField(_("version"))
    tab = models.CharField(_("tab"), max_length=8, choices=Tab.choices)
    problem_type = models.ForeignKey(
        "tickets.ProblemType",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("problem type"),
    )
    wo_type = models.CharField(_("Tipe WO"), max_length=15, choices=WorkOrderType.choices, blank=True)
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("unit and below")
    )
    minutes = models.PositiveIntegerField(
        _("minutes"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(525_600)]
    )
    calendar = models.ForeignKey(
        Calendar, models.PROTECT, related_name="policies", verbose_name=_("calendar")
    )
    valid_from = models.DateField(_("valid from"), default=date(2000, 1, 1))
    basis = models.CharField(_("basis"), max_length=200, blank=True)
    created_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("recorded by")
    )
    created_at = models.DateTimeField(_("recorded"), auto_now_add=True)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("service target (TMP)")
        verbose_name_plural = _("service targets (TMP)")
        ordering = ("code", "-version")
        constraints = (models.UniqueConstraint(name="policy_version_once", fields=("code", "version")),)

    def __str__(self) -> str:
        return f"{self.code}@{self.version}"


class Told(models.TextChoices):
    """Whose inbox an alert goes to."""

    POSKO = "POSKO", _("posko")
    UP3 = "UP3", "UP3"
    UID = "UID", "UID/UIW"


class EscalationStep(models.Model):
    """When a ticket nears or passes its due time, who is told. Before it: negative minutes."""

    minutes = models.IntegerField(
        _("minutes after the due time"),
        help_text=_("Negative: before it."),
        validators=[MinValueValidator(-1440), MaxValueValidator(10_080)],
    )
    told = models.CharField(_("told"), max_length=5, choices=Told.choices)
    tab = models.CharField(_("tab"), max_length=8, choices=Tab.choices)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("escalation step")
        verbose_name_plural = _("escalation steps")
        ordering = ("tab", "minutes", "told")
        constraints = (
            models.UniqueConstraint(name="escalation_step_once", fields=("tab", "minutes", "told")),
        )

    def __str__(self) -> str:
        return f"{self.get_tab_display()} {self.minutes:+d}, {self.get_told_display()}"


class ClockSegment(models.Model):
    """A stretch of a ticket's life in which its clock ran (`counts`), or stood still and why.

    The segments of a ticket join without a gap. A pause that was agreed ends in the future, and the next
    running segment begins there, so that the due time is known all the time.
    """

    class Why(models.TextChoices):
        RUNNING = "RUNNING", _("being worked on")
        CONFIRM_LATER = "CONFIRM_LATER", _("customer asked to be confirmed later")

    ticket = models.ForeignKey(
        "tickets.Ticket", models.PROTECT, related_name="segments", verbose_name=_("ticket")
    )
    why = models.CharField(_("why"), max_length=13, choices=Why.choices)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("clock segment")
        verbose_name_plural = _("clock segments")
        ordering = ("starts_at", "pk")
        constraints = (
            models.CheckConstraint(
                name="segment_in_order",
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")),
            ),
            models.UniqueConstraint(
                name="segment_one_without_end", fields=("ticket",), condition=Q(ends_at__isnull=True)
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_why_display()} {short_moment(self.starts_at)}"

    @property
    def counts(self) -> bool:
        return self.why == self.Why.RUNNING
