"""Every question asked, its answer, and what decided."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import TruncDate
from django.utils.translation import gettext_lazy as _

from allocation.models.availability import MeterAvailability
from allocation.models.choices import Channel, Outcome, Transaction
from allocation.models.matrix import AllocationMatrix, AllocationRow
from common.append_only import AppendOnlyModel, AppendOnlyQuerySet
from customers.models import MAX_POWER_VA, Customer, Phase, Product, Tariff
from units.models import Area, Unit, User
from units.powers import Power


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
