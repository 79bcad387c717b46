"""Who does something to a ticket: a person in a position, or a background job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from common.errors import Forbidden
from units.authority import acting_position
from units.models import Position, Unit, User
from units.powers import Power, Role


@dataclass(frozen=True)
class Actor:
    """Either a person with the position acted in, or a named job (and, where known, who caused it)."""

    user: User | None = None
    position: Position | None = None
    job: str = ""

    @property
    def is_channel(self) -> bool:
        return self.position is not None and self.position.role == Role.CHANNEL


def officer(*, user: User, power: Power, unit: Unit, at: datetime) -> Actor:
    """`user` using `power` at `unit`, in a position that stays locked until the commit.

    Raises:
        Forbidden: no position in force gives this power there.
    """
    return Actor(user=user, position=acting_position(user=user, power=power, unit=unit, at=at))


def reporter(
    *, user: User, power: Power, unit: Unit | None, at: datetime, held: Position | None = None
) -> Actor:
    """As `officer`, without a lock: a channel's one account reports for thousands at the same time.

    A report that crosses the end of the position by a moment is still a report. Without a unit (a report
    closed at the contact centre) the power must reach every unit. `held`, a position of theirs that the
    caller has locked, is tried first.

    Raises:
        Forbidden: no position in force gives this power there.
    """
    place = unit or _nowhere()
    if held is not None and held.is_in_force(at) and held.allows(power, place):
        return Actor(user=user, position=held)
    positions = (
        Position.objects.active(at).filter(holder=user).select_related("unit").order_by("is_acting", "pk")
    )
    for position in positions:
        if position.allows(power, place):
            return Actor(user=user, position=position)
    raise Forbidden(_("No position of yours allows this."))


def job(name: str) -> Actor:
    """A background job. It has no powers to ask for; its name is its answer to "who"."""
    return Actor(job=name)


def _nowhere() -> Unit:
    """A unit that no position reaches except one that reaches every unit."""
    return Unit(pk=0, path="-")
