"""Which meters a unit has: what applies, since when and from whom; setting it; and its history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import transaction
from django.utils.translation import gettext as _

from allocation.models import Availability, MeterAvailability
from common.errors import Invalid, Stale
from customers.models import Phase
from units.authority import acting_position
from units.models import Unit, UnitKind, User
from units.powers import Power

PARENTS = (UnitKind.UID, UnitKind.UIW)
SETTING_KINDS = (UnitKind.UP3, *PARENTS)
MIN_REASON, MAX_REASON = 5, 500


class ReasonRequired(Invalid):
    """A change of availability says why."""

    code = "reason_required"


@dataclass(frozen=True)
class InForce:
    """What applies at `unit` for `phase`: `row` is None where neither it nor its UID/UIW has set anything."""

    unit: Unit
    phase: int
    row: MeterAvailability | None
    own: MeterAvailability | None

    @property
    def value(self) -> str | None:
        return self.row.value if self.row else None

    @property
    def is_inherited(self) -> bool:
        return self.row is not None and self.row.unit_id != self.unit.pk

    @property
    def etag(self) -> str:
        """Names the unit's own version and the row that applies, so that an inherited change counts too."""
        own_version = self.own.version if self.own else 0
        return f'"{self.unit.code}-{self.phase}-{own_version}.{self.row.pk if self.row else 0}"'


def in_force(
    units: Iterable[Unit], *, at: datetime, phases: Iterable[int] = (Phase.ONE, Phase.THREE)
) -> dict[tuple[int, int], InForce]:
    """What applies at each of `units` (UP3, UID or UIW) at the moment `at`, by unit id and phase.

    One query for any number of units. An UP3's own row wins, else that of its UID/UIW (A-002-10).
    """
    units, phases = list(units), list(phases)
    ids = {unit.pk for unit in units} | {unit.parent_id for unit in units if unit.kind == UnitKind.UP3}
    rows = MeterAvailability.objects.newest(at).filter(unit_id__in=ids, phase__in=phases)
    rows = rows.select_related("unit", "set_by", "position__unit")
    found = {(row.unit_id, row.phase): row for row in rows}
    return {(unit.pk, phase): _apply(unit, phase, found) for unit in units for phase in phases}


def _apply(unit: Unit, phase: int, found: dict[tuple[int, int], MeterAvailability]) -> InForce:
    own = found.get((unit.pk, phase))
    inherited = found.get((unit.parent_id or 0, phase)) if unit.kind == UnitKind.UP3 else None
    return InForce(unit=unit, phase=phase, row=own or inherited, own=own)


def current(*, unit: Unit, phase: int, at: datetime) -> InForce:
    """What applies at one unit for one phase."""
    return in_force([unit], at=at, phases=[phase])[unit.pk, phase]


def moment_of(on: date, unit: Unit, now: datetime) -> datetime:
    """The moment whose setting counts for `on`: the end of that day at the unit, but not after `now`."""
    return min(now, datetime.combine(on, time.max, unit.zone))


@transaction.atomic
def set_availability(
    *, unit: Unit, phase: int, value: str, reason: str, by: User, expected_etag: str, at: datetime
) -> InForce:
    """Say which meters `unit` has for `phase` from now on, and keep who said so, why and in which position.

    `expected_etag` is that of the state which the manager saw (`InForce.etag`).

    Raises:
        Invalid: the unit is neither UP3 nor UID/UIW, the value is none, or there is no reason.
        Forbidden: no position of `by` in force lets them set it at this unit (R-002-4).
        Stale: the unit's setting, or the one it inherits, has changed since; nothing is written.
    """
    _require_sense(unit, value)
    reason = _clean_reason(reason)
    position = acting_position(user=by, power=Power.SET_AVAILABILITY, unit=unit, at=at)
    _lock(unit)
    state = current(unit=unit, phase=phase, at=at)
    newest = MeterAvailability.objects.filter(unit=unit, phase=phase).order_by("-version").first()
    if state.etag != expected_etag or newest != state.own:
        message = _("Somebody else changed this since you read it. Read it again, then decide.")
        raise Stale(message, etag=state.etag)
    row = MeterAvailability.objects.create(
        unit=unit,
        phase=phase,
        value=value,
        reason=reason,
        version=newest.version + 1 if newest else 1,
        set_at=at,
        set_by=by,
        position=position,
    )
    return InForce(unit=unit, phase=phase, row=row, own=row)


def _require_sense(unit: Unit, value: str) -> None:
    if unit.kind not in SETTING_KINDS:
        raise Invalid(_("Availability is set at an UP3 or a UID/UIW."), code="unit_kind", field="unit")
    if value not in Availability.values:
        raise Invalid(_("Choose one of ALL, PASCABAYAR and PRABAYAR."), field="value")


def _clean_reason(reason: str) -> str:
    reason = reason.strip()
    if not MIN_REASON <= len(reason) <= MAX_REASON:
        words = {"min": MIN_REASON, "max": MAX_REASON}
        message = _("Give a reason of %(min)d to %(max)d characters.") % words
        raise ReasonRequired(message, field="reason")
    return reason


def _lock(unit: Unit) -> None:
    """Lock the unit and the UID/UIW it inherits from, so that neither setting moves under this one.

    Checks being written at the same time only need the unit's key, which stays readable.
    """
    ids = {unit.pk, unit.parent_id or unit.pk} if unit.kind == UnitKind.UP3 else {unit.pk}
    list(Unit.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))
