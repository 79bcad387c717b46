"""The matrix that decides what may be promised: versions of thirty rows."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allocation.models.choices import Availability, MatrixStatus, Transaction
from common.errors import Conflict
from customers.models import Phase, Product
from units.models import User
from units.powers import Power


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
