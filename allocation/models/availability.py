"""What a unit can install."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from allocation.models.choices import Availability
from common.append_only import AppendOnlyModel, AppendOnlyQuerySet
from customers.models import Phase
from units.models import Position, Unit, User
from units.powers import Power


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
