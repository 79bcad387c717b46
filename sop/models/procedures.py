"""Procedures as data, and the values that people maintain for them."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from sop.models.documents import SopVersion
from units.models import Unit, User, in_force
from units.powers import Power


class OutcomeKind(models.TextChoices):
    """How a call can end (R-ALL-2). A step's kind of outcome is fixed by its procedure."""

    ISSUE_CLOSED = "ISSUE_CLOSED", _("Issue Closed at the contact centre")
    KELUHAN_TO_UNIT = "KELUHAN_TO_UNIT", _("to the PLN unit concerned via APKT")
    GANGGUAN_AUTODISPATCH = "GANGGUAN_AUTODISPATCH", _("APKT GANGGUAN – WO Autodispatch")
    KWH_PERIKSA = "KWH_PERIKSA", _("WO KWH PERIKSA")
    AP2T = "AP2T", _("goes on in AP2T")
    LAPOR_ULANG = "LAPOR_ULANG", _("repeat report")
    CALL_BACK = "CALL_BACK", _("the caller will call back")


class ProcedureQuerySet(models.QuerySet["Procedure"]):
    def visible_to(self, user: User) -> ProcedureQuerySet:
        return self.filter(version__in=SopVersion.objects.visible_to(user))


class Procedure(models.Model):
    """What an agent does on a call, step by step, as a version of an SOP says it.

    `source` is the YAML that people write; `compiled` what the portal runs, made from it (`sop.rules`).
    An entry can be started by an agent, others are called. An addendum puts its steps before every outcome
    of the kinds in `before`, in whatever procedure, while its version is in force.
    """

    version = models.ForeignKey(
        SopVersion, models.CASCADE, related_name="procedures", verbose_name=_("SOP version")
    )
    slug = models.SlugField(_("short name"), max_length=60)
    title = models.CharField(_("title"), max_length=200)
    keywords = models.JSONField(_("what callers say"), default=list, blank=True)
    source = models.TextField(_("steps (YAML)"))
    compiled = models.JSONField(_("compiled"), default=dict, editable=False)
    is_entry = models.BooleanField(_("agents start it"), default=True)
    before = models.JSONField(_("addendum before outcomes"), default=list, blank=True)

    objects = ProcedureQuerySet.as_manager()

    class Meta:
        verbose_name = _("procedure")
        verbose_name_plural = _("procedures")
        ordering = ("version", "slug")
        constraints = (models.UniqueConstraint(name="procedure_once", fields=("version", "slug")),)

    def __str__(self) -> str:
        return self.title


class SopValueQuerySet(models.QuerySet["SopValue"]):
    def visible_to(self, user: User) -> SopValueQuerySet:
        return self if user.may(Power.SEE_SOP) else self.none()

    def in_force(self, on: date) -> SopValueQuerySet:
        return self.filter(in_force(on))


class SopValue(models.Model):
    """A value that a procedure names by key, so that people correct it without a new version.

    Above all what stood in a picture that is lost: `default` is then what the portal assumes, and `value`
    what somebody who knows has put in its place.
    """

    key = models.SlugField(_("key"), max_length=80)
    value = models.CharField(_("value"), max_length=300, blank=True)
    default = models.CharField(_("assumed"), max_length=300, blank=True)
    is_capture_lost = models.BooleanField(_("the SOP's picture is lost"), default=False)
    note = models.CharField(_("note"), max_length=300, blank=True)
    valid_from = models.DateField(_("valid from"), default=date(2000, 1, 1))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    history = HistoricalRecords()
    objects = SopValueQuerySet.as_manager()

    class Meta:
        verbose_name = _("value of the SOPs")
        verbose_name_plural = _("values of the SOPs")
        ordering = ("key", "-valid_from")
        constraints = (
            models.UniqueConstraint(name="sop_value_once_a_day", fields=("key", "valid_from")),
            models.CheckConstraint(
                name="sop_value_validity_in_order",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                violation_error_message=_("The end lies before the beginning."),
            ),
        )

    def __str__(self) -> str:
        return self.key

    @property
    def text(self) -> str:
        return self.value or self.default

    @property
    def is_assumed(self) -> bool:
        """Whether nobody has confirmed the value yet."""
        return self.is_capture_lost and not self.value


class PsSchemeQuerySet(models.QuerySet["PsScheme"]):
    def visible_to(self, user: User) -> PsSchemeQuerySet:
        return self.filter(user.within(Power.SEE_SOP))

    def ruling(self, unit: Unit, on: date) -> PsSchemeQuerySet:
        """Schemes in force for `unit`, the one set nearest to it first."""
        rows = self.filter(in_force(on), unit_id__in=unit.ancestor_ids)
        return rows.order_by(Length("unit__path").desc(), "-valid_from")


class PsScheme(models.Model):
    """Which scheme a unit uses for temporary supply (PS): "skema 1 atau 2 sesuai wilayahnya" (R-001-12)."""

    class Scheme(models.IntegerChoices):
        ONE = 1, _("scheme 1")
        TWO = 2, _("scheme 2")

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="ps_schemes", verbose_name=_("unit"))
    scheme = models.PositiveSmallIntegerField(_("scheme"), choices=Scheme.choices)
    basis = models.CharField(_("basis"), max_length=200, blank=True)
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    history = HistoricalRecords()
    objects = PsSchemeQuerySet.as_manager()

    class Meta:
        verbose_name = _("PS scheme")
        verbose_name_plural = _("PS schemes")
        ordering = ("unit", "-valid_from")
        constraints = (
            models.UniqueConstraint(
                name="ps_scheme_once_a_day",
                fields=("unit", "valid_from"),
                violation_error_message=_("This unit already has a scheme from that day."),
            ),
            models.CheckConstraint(
                name="ps_scheme_validity_in_order",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                violation_error_message=_("The end lies before the beginning."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.unit}: {self.get_scheme_display()}"
