"""What a unit can install, the matrix that decides what may be promised, and every question asked."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import TruncDate
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.append_only import AppendOnlyModel, AppendOnlyQuerySet
from common.errors import Conflict
from customers.models import MAX_POWER_VA, Customer, Phase, Product, Tariff
from units.models import Area, Position, Unit, User
from units.powers import Power


class Transaction(models.TextChoices):
    """What the applicant wants (R-002-3). MIGRASI (Migrasi Murni) is judged as PD."""

    PB = "PB", _("New connection (PB)")
    PD = "PD", _("Change of power (PD)")
    MIGRASI = "MIGRASI", _("Pure migration (Migrasi Murni)")


class Availability(models.TextChoices):
    """Which meters a unit has, for one phase (R-002-5)."""

    ALL = "ALL", _("ALL (Pascabayar and Prabayar)")
    PASCABAYAR = "PASCABAYAR", "Pascabayar"
    PRABAYAR = "PRABAYAR", "Prabayar"


class Channel(models.TextChoices):
    """Where the question comes from (R-002-3). It never changes the answer (R-002-7)."""

    CC123 = "CC123", "CC PLN 123"
    WEB_PLN = "WEB_PLN", "Web PLN"
    PLN_MOBILE = "PLN_MOBILE", "PLN Mobile"
    FIELD = "FIELD", _("Field officer")


class Outcome(models.TextChoices):
    """What the answer to a check was."""

    SERVED = "SERVED", _("served")
    OFFER_OTHER = "OFFER_OTHER", _("the other product was offered")
    NOTHING_SERVED = "NOTHING_SERVED", _("neither product can be served")
    NOT_SET = "NOT_SET", _("the unit has not set its meters")


class MatrixStatus(models.TextChoices):
    DRAFT = "DRAFT", _("draft")
    PUBLISHED = "PUBLISHED", _("published")


class MatrixIsPublished(Conflict):
    """A published matrix never changes; draft another one."""

    code = "matrix_published"


class AllocationMatrixQuerySet(models.QuerySet["AllocationMatrix"]):
    def visible_to(self, user: User) -> AllocationMatrixQuerySet:
        """Published ones for every reader; drafts for those who write or publish them."""
        if user.may(Power.DRAFT_MATRIX) or user.may(Power.PUBLISH_MATRIX):
            return self
        return self.published() if user.may(Power.SEE_ALLOCATION) else self.none()

    def published(self) -> AllocationMatrixQuerySet:
        return self.filter(status=MatrixStatus.PUBLISHED)

    def in_force(self, on: date) -> AllocationMatrixQuerySet:
        """Published matrices that had begun on `on`, the one that rules first."""
        return self.published().filter(effective_on__lte=on).order_by("-effective_on")


class AllocationMatrix(models.Model):
    """One version of the matrix: 30 rows. Drafted by one person, published by another, then frozen."""

    version = models.PositiveIntegerField(_("version"), unique=True)
    effective_on = models.DateField(_("effective on"))
    source_letter = models.CharField(_("source letter"), max_length=120)
    status = models.CharField(
        _("status"), max_length=9, choices=MatrixStatus.choices, default=MatrixStatus.DRAFT
    )
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("drafted by"),
    )
    drafted_at = models.DateTimeField(_("drafted at"))
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("published by"),
    )
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    digest = models.CharField(_("digest of the rows"), max_length=64, blank=True)

    objects = AllocationMatrixQuerySet.as_manager()

    class Meta:
        verbose_name = _("allocation matrix")
        verbose_name_plural = _("allocation matrices")
        ordering = ("-version",)
        constraints = (
            models.UniqueConstraint(
                name="matrix_one_a_day",
                fields=("effective_on",),
                condition=Q(status="PUBLISHED"),
                violation_error_message=_("Another published matrix begins on that day."),
            ),
            models.CheckConstraint(
                name="matrix_four_eyes",
                condition=Q(drafted_by__isnull=True)
                | Q(published_by__isnull=True)
                | ~Q(drafted_by=F("published_by")),
                violation_error_message=_("Another person must publish what you drafted."),
            ),
            models.CheckConstraint(
                name="matrix_published_is_sealed",
                condition=(Q(status="DRAFT", published_at__isnull=True, published_by__isnull=True, digest=""))
                | (Q(status="PUBLISHED", published_at__isnull=False) & ~Q(digest="")),
            ),
        )

    def __str__(self) -> str:
        return _("Matrix %(version)s, from %(day)s") % {
            "version": self.version,
            "day": date_format(self.effective_on),
        }

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk:
            refuse_published(self.pk)
        super().save(*args, **kwargs)

    @property
    def is_published(self) -> bool:
        return self.status == MatrixStatus.PUBLISHED


def refuse_published(matrix_id: int) -> None:
    """Raises: MatrixIsPublished."""
    if AllocationMatrix.objects.published().filter(pk=matrix_id).exists():
        raise MatrixIsPublished(gettext("A published matrix never changes. Draft another one."))


class AllocationRowQuerySet(models.QuerySet["AllocationRow"]):
    def visible_to(self, user: User) -> AllocationRowQuerySet:
        return self.filter(matrix__in=AllocationMatrix.objects.visible_to(user))

    def ruling(self, on: date) -> AllocationRowQuerySet:
        """The rows of the matrix in force on `on`, each with its matrix, in one query."""
        ruling = AllocationMatrix.objects.in_force(on).values("pk")[:1]
        return self.filter(matrix=ruling).select_related("matrix")


def _range_in_order(product: str) -> models.CheckConstraint:
    low, high = f"{product}_min", f"{product}_max"
    return models.CheckConstraint(
        name=f"matrix_row_{product}_in_order",
        condition=Q(**{f"{low}__isnull": True, f"{high}__isnull": True})
        | (Q(**{f"{low}__gte": 1}) & (Q(**{f"{high}__isnull": True}) | Q(**{f"{high}__gte": F(low)}))),
        violation_error_message=_("A range begins at 1 VA or more and ends no lower than it begins."),
    )


class AllocationRow(models.Model):
    """Which powers (VA, both ends inclusive) each product serves, for one combination.

    A product without a lower end is not served; one with a lower end but no upper end is served
    "s.d. ke atas". PB has no current service; PD names it.
    """

    matrix = models.ForeignKey(
        AllocationMatrix, models.CASCADE, related_name="rows", verbose_name=_("matrix")
    )
    phase = models.PositiveSmallIntegerField(_("phase"), choices=Phase.choices)
    availability = models.CharField(_("availability"), max_length=10, choices=Availability.choices)
    transaction = models.CharField(
        _("transaction"),
        max_length=2,
        choices=[(Transaction.PB.value, Transaction.PB.label), (Transaction.PD.value, Transaction.PD.label)],
    )
    current_phase = models.PositiveSmallIntegerField(
        _("current phase"), choices=Phase.choices, null=True, blank=True
    )
    current_product = models.CharField(
        _("current product"), max_length=10, choices=Product.choices, blank=True
    )
    prabayar_min = models.PositiveIntegerField(_("prabayar from (VA)"), null=True, blank=True)
    prabayar_max = models.PositiveIntegerField(_("prabayar to (VA)"), null=True, blank=True)
    pascabayar_min = models.PositiveIntegerField(_("pascabayar from (VA)"), null=True, blank=True)
    pascabayar_max = models.PositiveIntegerField(_("pascabayar to (VA)"), null=True, blank=True)

    objects = AllocationRowQuerySet.as_manager()

    class Meta:
        verbose_name = _("matrix row")
        verbose_name_plural = _("matrix rows")
        ordering = ("matrix", "phase", "availability", "transaction", "current_phase", "current_product")
        constraints = (
            models.UniqueConstraint(
                name="matrix_row_once_pb",
                fields=("matrix", "phase", "availability"),
                condition=Q(transaction="PB"),
            ),
            models.UniqueConstraint(
                name="matrix_row_once_pd",
                fields=("matrix", "phase", "availability", "current_phase", "current_product"),
                condition=Q(transaction="PD"),
            ),
            models.CheckConstraint(
                name="matrix_row_current_service",
                condition=Q(transaction="PB", current_phase__isnull=True, current_product="")
                | (Q(transaction="PD", current_phase__isnull=False) & ~Q(current_product="")),
                violation_error_message=_("PD names the current service, PB has none."),
            ),
            _range_in_order("prabayar"),
            _range_in_order("pascabayar"),
        )

    def __str__(self) -> str:
        current = f" ← {self.current_phase} {self.current_product}" if self.current_phase else ""
        return f"{self.phase} / {self.availability} / {self.transaction}{current}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        refuse_published(self.matrix_id)
        super().save(*args, **kwargs)


class MeterAvailabilityQuerySet(AppendOnlyQuerySet):
    def visible_to(self, user: User) -> MeterAvailabilityQuerySet:
        return self.filter(user.within(Power.SEE_ALLOCATION))

    def newest(self, at: datetime) -> MeterAvailabilityQuerySet:
        """Per unit and phase, the row that ruled at the moment `at`."""
        later = MeterAvailability.objects.filter(
            unit=OuterRef("unit"), phase=OuterRef("phase"), version__gt=OuterRef("version"), set_at__lte=at
        )
        return self.filter(~Exists(later), set_at__lte=at)


class MeterAvailability(AppendOnlyModel):
    """Which meters a unit can install, for one phase. Append-only; the newest row rules.

    Set at an UP3, or at a UID/UIW for those of its UP3 that have not set their own (A-002-10). `position`
    is the one in which it was set, and says whether its holder was acting.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="availabilities", verbose_name=_("unit"))
    phase = models.PositiveSmallIntegerField(_("phase"), choices=Phase.choices)
    value = models.CharField(_("available meters"), max_length=10, choices=Availability.choices)
    reason = models.CharField(_("reason"), max_length=500)
    version = models.PositiveIntegerField(_("version"))
    set_at = models.DateTimeField(_("set at"))
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("set by")
    )
    position = models.ForeignKey(
        Position, models.PROTECT, related_name="+", verbose_name=_("in the position")
    )

    objects = MeterAvailabilityQuerySet.as_manager()

    class Meta:
        verbose_name = _("meter availability")
        verbose_name_plural = _("meter availabilities")
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(name="availability_version_once", fields=("unit", "phase", "version")),
            models.CheckConstraint(
                name="availability_has_a_reason", condition=~Q(reason="") & Q(version__gte=1)
            ),
        )

    def __str__(self) -> str:
        return f"{self.unit}, {self.get_phase_display()}: {self.get_value_display()}"


class AllocationCheckQuerySet(AppendOnlyQuerySet):
    def visible_to(self, user: User) -> AllocationCheckQuerySet:
        return self.filter(user.within(Power.SEE_CHECKS))

    def refused(self) -> AllocationCheckQuerySet:
        return self.exclude(outcome=Outcome.SERVED)

    def demand(self) -> AllocationCheckQuerySet:
        """Questions about the day they were asked on, or a later one: looking back is no demand."""
        return self.filter(on__gte=TruncDate("asked_at"))

    def with_grounds(self) -> AllocationCheckQuerySet:
        """With everything that an answer about the decision names."""
        return self.select_related(
            "unit",
            "area",
            "customer",
            "tariff",
            "asked_by",
            "matrix",
            "row_1",
            "row_3",
            "availability_1__unit",
            "availability_1__set_by",
            "availability_1__position__unit",
            "availability_3__unit",
            "availability_3__set_by",
            "availability_3__position__unit",
        )


class AllocationCheck(AppendOnlyModel):
    """One question "may this meter be promised?", its answer, and the rows that decided. Append-only.

    `phases` holds the phases that were judged: "1", "3", or "13" where the power fixed none. `phase` is
    the one the answer speaks of. A judged phase whose unit had set nothing has neither row nor availability.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="allocation_checks", verbose_name=_("unit"))
    area = models.ForeignKey(
        Area, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("area")
    )
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("customer")
    )
    transaction = models.CharField(_("transaction"), max_length=7, choices=Transaction.choices)
    power_va = models.PositiveIntegerField(_("power (VA)"))
    product = models.CharField(_("wanted product"), max_length=10, choices=Product.choices)
    tariff = models.ForeignKey(Tariff, models.PROTECT, related_name="+", verbose_name=_("tariff"))
    phase_asked = models.PositiveSmallIntegerField(
        _("phase asked for"), choices=Phase.choices, null=True, blank=True
    )
    current_phase = models.PositiveSmallIntegerField(
        _("current phase"), choices=Phase.choices, null=True, blank=True
    )
    current_product = models.CharField(
        _("current product"), max_length=10, choices=Product.choices, blank=True
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices, blank=True)
    on = models.DateField(_("for the day"))
    asked_at = models.DateTimeField(_("asked at"), db_index=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked by")
    )
    outcome = models.CharField(_("outcome"), max_length=14, choices=Outcome.choices)
    phases = models.CharField(_("phases judged"), max_length=2)
    phase = models.PositiveSmallIntegerField(_("phase"), choices=Phase.choices, null=True, blank=True)
    warnings = models.JSONField(_("warnings"), default=list, blank=True)
    matrix = models.ForeignKey(AllocationMatrix, models.PROTECT, related_name="+", verbose_name=_("matrix"))
    row_1 = models.ForeignKey(
        AllocationRow,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("matrix row, 1 phase"),
    )
    row_3 = models.ForeignKey(
        AllocationRow,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("matrix row, 3 phases"),
    )
    availability_1 = models.ForeignKey(
        MeterAvailability,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("availability, 1 phase"),
    )
    availability_3 = models.ForeignKey(
        MeterAvailability,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("availability, 3 phases"),
    )

    objects = AllocationCheckQuerySet.as_manager()

    class Meta:
        verbose_name = _("allocation check")
        verbose_name_plural = _("allocation checks")
        ordering = ("-pk",)
        indexes = (models.Index(name="check_unit_time", fields=("unit", "asked_at")),)
        constraints = (
            models.CheckConstraint(
                name="check_power_in_range", condition=Q(power_va__gte=1, power_va__lte=MAX_POWER_VA)
            ),
        )

    def __str__(self) -> str:
        return f"{self.transaction} {self.power_va} VA {self.product}, {self.unit}"

    @property
    def is_served(self) -> bool:
        return self.outcome == Outcome.SERVED

    @property
    def deciding_rows(self) -> dict[int, AllocationRow | None]:
        """Per judged phase the row that decided; None where nothing was set."""
        return {int(phase): getattr(self, f"row_{phase}") for phase in self.phases}

    @property
    def availabilities(self) -> dict[int, MeterAvailability | None]:
        """Per phase, judged or not, what applied at the unit."""
        return {Phase.ONE.value: self.availability_1, Phase.THREE.value: self.availability_3}
