"""The state of a ticket, told from its events alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from tickets.models.choices import EventKind


class Happened(Protocol):
    """What replaying reads of an event."""

    kind: str
    to_status: str
    version: int
    data: dict[str, Any]


@dataclass(frozen=True)
class Standing:
    """What the events add up to."""

    status: str = ""
    version: int = 0
    repeat_count: int = 0
    merged_into: str = ""
    is_confirmed: bool | None = None
    rating: int | None = None
    alert_step: int = 0


def replay(events: Iterable[Happened]) -> Standing:
    """Fold the events, oldest first."""
    standing = Standing()
    for event in events:
        standing = _after(standing, event)
    return standing


def _after(standing: Standing, event: Happened) -> Standing:
    standing = replace(standing, status=event.to_status, version=event.version)
    match event.kind:
        case EventKind.REPEATED:
            return replace(standing, repeat_count=standing.repeat_count + 1)
        case EventKind.MERGED:
            return replace(standing, merged_into=event.data["into"])
        case EventKind.UNMERGED:
            return replace(standing, merged_into="")
        case EventKind.CONFIRMED | EventKind.DENIED:
            return replace(standing, is_confirmed=event.kind == EventKind.CONFIRMED)
        case EventKind.RATED:
            return replace(standing, rating=event.data["rating"])
        case EventKind.NEAR_DUE | EventKind.OVERDUE | EventKind.ESCALATED:
            return replace(standing, alert_step=event.data["step"])
        case _:
            return standing
