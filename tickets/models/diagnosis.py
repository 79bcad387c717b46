"""Self-diagnosis of prepaid meters: where it is in force, the readings, the suggestion, and the token."""

from __future__ import annotations

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from allocation.models import Channel
from tickets.models.choices import DiagnosisStatus, Status
from tickets.models.ticket import Ticket, seen_by
from tickets.rules.suggestions import LIMITS, limits_fit
from units.models import Area, Position, Unit, User, in_force
from units.powers import Power


class CoverageQuerySet(models.QuerySet["DiagnosisCoverage"]):
    def in_force(self, on: date) -> CoverageQuerySet:
        return self.filter(in_force(on), is_active=True)


class DiagnosisCoverage(models.Model):
    """From when a unit (and what is below it) or a province uses self-diagnosis (R-003-30..32)."""

    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("unit and below")
    )
    province = models.ForeignKey(
        Area, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("province")
    )
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    is_active = models.BooleanField(
        _("switched on"), default=True, help_text=_("Off: kept for the record, not in force on any day.")
    )
    notice = models.CharField(
        _("notice to the customer"),
        max_length=300,
        blank=True,
        help_text=_("What a channel shows where self-diagnosis can be used."),
    )
    basis = models.CharField(_("basis"), max_length=200, blank=True)

    history = HistoricalRecords()
    objects = CoverageQuerySet.as_manager()

    class Meta:
        verbose_name = _("area of self-diagnosis")
        verbose_name_plural = _("areas of self-diagnosis")
        ordering = ("-valid_from", "pk")
        constraints = (
            models.CheckConstraint(
                name="coverage_unit_or_province",
                condition=Q(unit__isnull=True) ^ Q(province__isnull=True),
                violation_error_message=_("Name a unit or a province."),
            ),
            models.CheckConstraint(
                name="coverage_validity_in_order",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                violation_error_message=_("The end lies before the beginning."),
            ),
            models.UniqueConstraint(name="coverage_unit_once_a_day", fields=("unit", "valid_from")),
            models.UniqueConstraint(name="coverage_province_once_a_day", fields=("province", "valid_from")),
        )

    def __str__(self) -> str:
        return f"{self.unit or self.province} {self.valid_from}"


class ReadingCode(models.Model):
    """One of the nine short codes, in the order in which they are asked. `meaning` is never for customers."""

    code = models.CharField(_("code"), max_length=2, primary_key=True)
    position = models.PositiveSmallIntegerField(_("place"), unique=True)
    meaning = models.CharField(_("meaning (Tidak Boleh disampaikan)"), max_length=120)
    measure = models.CharField(_("measured in"), max_length=20, blank=True)
    plausible_min = models.DecimalField(_("plausible from"), max_digits=10, decimal_places=2)
    plausible_max = models.DecimalField(_("plausible up to"), max_digits=10, decimal_places=2)
    basis = models.CharField(_("basis"), max_length=200, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("short code")
        verbose_name_plural = _("short codes")
        ordering = ("position",)

    def __str__(self) -> str:
        return self.code


class CodeMeaning(models.Model):
    """What a value of a short code means, per brand. Internal: never for customers (R-003-57)."""

    code = models.ForeignKey(ReadingCode, models.PROTECT, related_name="meanings", verbose_name=_("code"))
    brand = models.CharField(_("brand"), max_length=40, blank=True)
    value = models.DecimalField(_("value"), max_digits=12, decimal_places=3)
    meaning = models.CharField(_("meaning (Tidak Boleh disampaikan)"), max_length=200)
    basis = models.CharField(_("basis"), max_length=200)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("meaning of a value")
        verbose_name_plural = _("meanings of values")
        ordering = ("code", "brand", "value")
        constraints = (models.UniqueConstraint(name="code_meaning_once", fields=("code", "brand", "value")),)

    def __str__(self) -> str:
        return f"{self.code_id} = {self.value.normalize():f}"


class Suggestion(models.TextChoices):
    """What a rule proposes; the operator decides."""

    CTT = "CTT", "CTT"
    OFFICER = "OFFICER", _("send an officer")
    NONE = "NONE", _("no suggestion")


class SuggestionRule(models.Model):
    """One of the rules A1 to A8: assumptions, editable, looked at in order; the first that fits wins."""

    code = models.CharField(_("rule"), max_length=10, unique=True)
    position = models.PositiveSmallIntegerField(_("place"), unique=True)
    condition = models.CharField(_("condition"), max_length=40)
    limits = models.JSONField(_("limits"), default=dict, blank=True)
    suggestion = models.CharField(_("suggestion"), max_length=7, choices=Suggestion.choices)
    note = models.CharField(_("note for the operator"), max_length=200, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("suggestion rule (assumption)")
        verbose_name_plural = _("suggestion rules (assumptions)")
        ordering = ("position",)

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        if self.condition not in LIMITS:
            known = ", ".join(LIMITS)
            raise ValidationError({"condition": _("Choose one of: %(known)s.") % {"known": known}})
        if not limits_fit(self.condition, self.limits):
            needed = ", ".join(LIMITS[self.condition]) or "–"
            raise ValidationError(
                {"limits": _("Give exactly these limits: %(needed)s.") % {"needed": needed}}
            )


class SelfDiagnosisQuerySet(models.QuerySet["SelfDiagnosis"]):
    def visible_to(self, user: User) -> SelfDiagnosisQuerySet:
        return self.filter(seen_by(user, "ticket__"))

    def waiting(self) -> SelfDiagnosisQuerySet:
        """For the command centre to decide: neither decided nor cancelled meanwhile."""
        return self.filter(
            status=DiagnosisStatus.SUBMITTED,
            ticket__status=Status.LAPOR_PERIKSA,
            ticket__merged_into=None,
        )


class SelfDiagnosis(models.Model):
    """The nine readings of one ticket: a number each, or null for "Tidak Ada Angka" (R-003-56)."""

    ticket = models.OneToOneField(Ticket, models.PROTECT, related_name="diagnosis", verbose_name=_("ticket"))
    meter_number = models.CharField(_("meter number"), max_length=11)
    readings = models.JSONField(_("readings"))
    warnings = models.JSONField(_("warnings"), default=list)
    suggestion = models.CharField(_("suggestion"), max_length=7, choices=Suggestion.choices)
    triggers = models.JSONField(_("what triggered it"), default=list)
    status = models.CharField(
        _("status"), max_length=12, choices=DiagnosisStatus.choices, default=DiagnosisStatus.SUBMITTED
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    submitted_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("submitted by"))
    submitted_at = models.DateTimeField(_("submitted"))
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    decided_in = models.ForeignKey(
        Position,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("in which position"),
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    # Who is getting a token for it just now, and until when the others wait for that.
    held_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    held_until = models.DateTimeField(null=True, blank=True, editable=False)

    objects = SelfDiagnosisQuerySet.as_manager()

    class Meta:
        verbose_name = _("self-diagnosis")
        verbose_name_plural = _("self-diagnoses")
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(
                name="diagnosis_decided_in_full",
                condition=Q(status="SUBMITTED", decided_by__isnull=True, decided_at__isnull=True)
                | (
                    ~Q(status="SUBMITTED")
                    & Q(decided_by__isnull=False, decided_at__isnull=False)
                    & ~Q(reason="")
                ),
            ),
            models.CheckConstraint(
                name="diagnosis_not_decided_by_submitter",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("submitted_by")),
            ),
        )
        indexes = (
            models.Index(name="diagnosis_waiting", fields=("id",), condition=Q(status="SUBMITTED")),
            models.Index(name="diagnosis_of_meter", fields=("meter_number", "decided_at")),
        )

    def __str__(self) -> str:
        return f"Self Diagnosis {self.ticket}"

    def is_held(self, *, at: datetime) -> bool:
        """Whether an operator is getting a token for it at `at`."""
        return self.held_until is not None and at < self.held_until

    @property
    def etag(self) -> str:
        return f'"{self.pk}-{self.version}"'


class ClearTamperTokenQuerySet(models.QuerySet["ClearTamperToken"]):
    def visible_to(self, user: User) -> ClearTamperTokenQuerySet:
        return self.filter(user.within(Power.SEE_DIAGNOSES, "diagnosis__ticket__posko"))


class ClearTamperToken(models.Model):
    """A CTT: 20 digits for one meter, kept encrypted, shown masked. Used once: the fingerprint is unique."""

    diagnosis = models.OneToOneField(
        SelfDiagnosis, models.PROTECT, related_name="token", verbose_name=_("self-diagnosis")
    )
    meter_number = models.CharField(_("meter number"), max_length=11, db_index=True)
    encrypted = models.BinaryField(editable=False)
    fingerprint = models.CharField(max_length=64, unique=True, editable=False)
    ending = models.CharField(_("last four digits"), max_length=4)
    source = models.CharField(_("issued by (vending service)"), max_length=40)
    issued_at = models.DateTimeField(_("issued"))

    objects = ClearTamperTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("Clear Tamper Token (CTT)")
        verbose_name_plural = _("Clear Tamper Tokens (CTT)")
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"•••• {self.ending}"


class TokenWay(models.TextChoices):
    """How a CTT can reach the customer."""

    PLN_MOBILE = "PLN_MOBILE", "PLN Mobile"
    WA = "WA", "WhatsApp"
    SMS = "SMS", "SMS"
    PHONE = "PHONE", _("telephone")


class TokenDelivery(models.Model):
    """One way in which a CTT was brought to the customer, and whether it arrived."""

    Way = TokenWay

    class Result(models.TextChoices):
        WAITING = "WAITING", _("on its way")
        SENT = "SENT", _("sent")
        CONFIRMED = "CONFIRMED", _("confirmed")
        FAILED = "FAILED", _("failed")

    token = models.ForeignKey(
        ClearTamperToken, models.PROTECT, related_name="deliveries", verbose_name=_("CTT")
    )
    way = models.CharField(_("way"), max_length=10, choices=Way.choices)
    result = models.CharField(_("result"), max_length=9, choices=Result.choices, default=Result.WAITING)
    at = models.DateTimeField(_("asked for"))
    by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("asked for by")
    )
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("delivery of a CTT")
        verbose_name_plural = _("deliveries of CTTs")
        ordering = ("pk",)
