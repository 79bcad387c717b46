"""Padam meluas: when reports of one place make one outage, and how an outage goes on."""

from __future__ import annotations

from collections.abc import Sequence

from tickets.models.choices import IncidentStatus

# In the words that customers read, PLN Mobile's own (domain.md 1.3).
INCIDENT_MOVES: dict[IncidentStatus, tuple[IncidentStatus, ...]] = {
    IncidentStatus.PROPOSED: (IncidentStatus.INFO, IncidentStatus.DISMISSED),
    IncidentStatus.INFO: (
        IncidentStatus.PERBAIKAN,
        IncidentStatus.NYALA_BERTAHAP,
        IncidentStatus.NYALA,
        IncidentStatus.DISMISSED,
    ),
    IncidentStatus.PERBAIKAN: (
        IncidentStatus.PERBAIKAN,  # with another estimate
        IncidentStatus.NYALA_BERTAHAP,
        IncidentStatus.NYALA,
    ),
    IncidentStatus.NYALA_BERTAHAP: (IncidentStatus.PERBAIKAN, IncidentStatus.NYALA),
    IncidentStatus.NYALA: (IncidentStatus.SELESAI,),
}


def may_incident_move(*, start: str, to: str) -> bool:
    return IncidentStatus(to) in INCIDENT_MOVES.get(IncidentStatus(start), ())


def next_statuses(start: str) -> tuple[IncidentStatus, ...]:
    return INCIDENT_MOVES.get(IncidentStatus(start), ())


def area_at_level(lineage: Sequence[str], level: int) -> str | None:
    """The code, at `level` of the area tree, that a place lies in; None where it is not known."""
    return lineage[level - 1] if len(lineage) >= level else None
