"""Which crew an order goes to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tickets.rules.nearness import distance_m


@dataclass(frozen=True)
class Place:
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Candidate:
    """A crew on duty: where it was seen last, and how many orders it has open."""

    crew_id: int
    shift_id: int
    open_orders: int
    place: Place | None = None


@dataclass(frozen=True)
class Choice:
    """The crew to send; the distance in metres where both places are known."""

    crew_id: int
    shift_id: int
    distance_m: int | None


def choose_crew(
    candidates: Iterable[Candidate], *, target: Place | None, radius_m: int, max_open_orders: int
) -> Choice | None:
    """The nearest crew within the radius with fewer than `max_open_orders`; None where there is none.

    Where the distance is not known the crew counts as within reach, behind every crew whose distance is:
    it belongs to the posko that serves the place. Equal ones: the fewer open orders, then the lower key.
    """
    free = [it for it in candidates if it.open_orders < max_open_orders]
    reached = [(it, distance) for it in free if _is_within(distance := _distance(it, target), radius_m)]
    if not reached:
        return None
    best, distance = min(reached, key=lambda pair: _precedence(*pair))
    return Choice(best.crew_id, best.shift_id, distance)


def _distance(candidate: Candidate, target: Place | None) -> int | None:
    if candidate.place is None or target is None:
        return None
    here, there = candidate.place, target
    return round(distance_m(here.latitude, here.longitude, there.latitude, there.longitude))


def _is_within(distance: int | None, radius_m: int) -> bool:
    return distance is None or distance <= radius_m


def _precedence(candidate: Candidate, distance: int | None) -> tuple[bool, int, int, int]:
    return distance is None, distance or 0, candidate.open_orders, candidate.crew_id
