"""The question "may this person do that there?", asked again inside the transaction that does it."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.utils.translation import gettext as _

from common.errors import Forbidden
from units.models import Position, Unit, User
from units.powers import Power


def acting_position(*, user: User, power: Power, unit: Unit, at: datetime) -> Position:
    """The position, in force at `at`, in which `user` uses `power` at `unit`; locked until the commit.

    Call it inside the writing transaction: a position that is being ended at the same time is waited for,
    and once ended gives nothing.

    Raises:
        Forbidden: no position in force gives this power at this unit.
    """
    positions = Position.objects.filter(holder=user).select_related("unit")
    if connection.vendor == "postgresql":
        positions = positions.select_for_update(of=("self",))
    candidates = sorted(positions, key=lambda position: position.is_acting)
    for position in candidates:
        if position.is_in_force(at) and position.allows(power, unit):
            return position
    raise Forbidden(_("No position of yours allows this at %(unit)s.") % {"unit": unit})


def require(*, user: User, power: Power, unit: Unit | None = None) -> None:
    """Refuse with `Forbidden` unless a position in force gives `power` at `unit` (anywhere without one)."""
    if not user.may(power, unit):
        place = unit or _("any unit")
        raise Forbidden(_("No position of yours allows this at %(unit)s.") % {"unit": place})
