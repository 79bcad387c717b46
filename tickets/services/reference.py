"""Problem types, service targets and calendars that come with the portal; edited afterwards in the admin."""

from __future__ import annotations

from typing import Any

from django.db.models import Model

from tickets.models import (
    Calendar,
    CalendarInterval,
    EscalationStep,
    Holiday,
    ProblemType,
    ServicePolicy,
)
from tickets.services import diagnosis_reference
from units.services.reference_file import ReferenceFile


def load() -> dict[str, int]:
    """Add what is missing of each file; answer the rows written of each.

    Rows that exist stay as they are, edited or not. An unchanged file costs one query.
    """
    return {
        "problem types": _load("ticket_types.csv", ProblemType, ("code",)),
        "calendars": _load_calendars(),
        "holidays": _load("holidays.csv", Holiday, ("calendar", "on")),
        "service targets": _load_targets(),
        "escalation steps": _load("escalation_steps.csv", EscalationStep, ("tab", "minutes", "told")),
        **diagnosis_reference.load(),
    }


def _load(filename: str, model: type[Model], key: tuple[str, ...]) -> int:
    file = ReferenceFile(filename)
    if file.is_loaded():
        return 0
    with file.loading():
        return sum(_add(model, key, dict(row)) for row in file.rows())


def _add(model: type[Model], key: tuple[str, ...], values: dict[str, Any]) -> int:
    """Create the row that `key` names unless it is there; answer how many rows that made."""
    if code := values.get("calendar"):
        values["calendar"] = Calendar.objects.get(code=code)
    named = {name: values.pop(name) for name in key}
    return int(model._default_manager.get_or_create(**named, defaults=values)[1])


def _load_calendars() -> int:
    """A calendar that exists keeps its own intervals, whatever the file says of it."""
    file = ReferenceFile("work_calendars.csv")
    if file.is_loaded():
        return 0
    with file.loading():
        known = set(Calendar.objects.values_list("code", flat=True))
        return sum(_add_interval(row) for row in file.rows() if row["calendar"] not in known)


def _add_interval(row: dict[str, str]) -> int:
    around_the_clock = row["is_around_the_clock"] == "1"
    calendar, is_new = Calendar.objects.get_or_create(
        code=row["calendar"],
        defaults={"name": row["name"], "is_around_the_clock": around_the_clock},
    )
    if not around_the_clock:
        CalendarInterval.objects.create(
            calendar=calendar, weekday=int(row["weekday"]), starts=row["starts"], ends=row["ends"]
        )
    return int(is_new)


def _load_targets() -> int:
    """The first version of each target that has none."""
    file = ReferenceFile("service_targets.csv")
    if file.is_loaded():
        return 0
    with file.loading():
        return sum(_add(ServicePolicy, ("code", "version"), row | {"version": 1}) for row in file.rows())
