"""The one way to write a program's history."""

from __future__ import annotations

from typing import Any

from programs.models import Program, ProgramEvent, Winner
from units.models import User


def record(
    program: Program,
    kind: ProgramEvent.Kind,
    *,
    by: User | None,
    winner: Winner | None = None,
    **data: Any,
) -> ProgramEvent:
    """Add an event in the caller's transaction. `data` holds numbers and reasons, no personal data."""
    return ProgramEvent.objects.create(program=program, kind=kind, by=by, winner=winner, data=data)
