"""What people asked for and did not get, and what a change of availability would have meant for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count
from django.db.models.functions import TruncWeek
from django.utils import timezone

from allocation import rules
from allocation.models import AllocationCheck, AllocationRow
from allocation.services import availability
from units import authority
from units.models import Unit, UnitKind, User
from units.powers import Power

QUESTION = ("transaction", "power_va", "product", "current_phase", "current_product")


@dataclass(frozen=True)
class UnmetDemand:
    """How often a product was refused at a power, at a unit, in the week that begins on `week` (a Monday)."""

    unit_code: str
    unit_name: str
    week: date
    power_va: int
    product: str
    count: int


def unmet_demand(*, user: User, since: datetime, until: datetime) -> list[UnmetDemand]:
    """Refused checks from `since` until before `until` at the units `user` may see; the newest week first.

    Weeks are those of the portal's time zone. One query.
    """
    refused = AllocationCheck.objects.visible_to(user).refused().demand()
    grouped = (
        refused.filter(asked_at__gte=since, asked_at__lt=until)
        .annotate(week=TruncWeek("asked_at"))
        .values_list("unit__code", "unit__name", "week", "power_va", "product")
        .annotate(count=Count("pk"))
        .order_by("-week", "unit__code", "power_va", "product")
    )
    return [
        UnmetDemand(code, name, timezone.localdate(week), power_va, product, count)
        for code, name, week, power_va, product, count in grouped
    ]


@dataclass(frozen=True)
class PreviewLine:
    """At one power and for one product: how many checks would have been answered the other way."""

    power_va: int
    product: str
    would_refuse: int
    would_serve: int


@dataclass(frozen=True)
class Preview:
    """What `value` would have changed in the checks of the last `days` days; `checks` were looked at."""

    unit: Unit
    phase: int
    value: str
    days: int
    checks: int
    lines: tuple[PreviewLine, ...]

    @property
    def would_refuse(self) -> int:
        return sum(line.would_refuse for line in self.lines)

    @property
    def would_serve(self) -> int:
        return sum(line.would_serve for line in self.lines)


def preview_change(*, unit: Unit, phase: int, value: str, by: User, at: datetime, days: int = 30) -> Preview:
    """What would have been refused that was served, and the reverse, had `value` applied for `phase`.

    Counts the checks of the units that the setting would apply to: for a UID/UIW, those of its UP3 that
    have not set their own, and its own. Like questions are judged once, so that the work follows the
    number of different questions, not of checks.

    Raises:
        Forbidden: `by` may not see the checks of this unit.
    """
    authority.require(user=by, power=Power.SEE_CHECKS, unit=unit)
    other = rules.ONE if phase == rules.THREE else rules.THREE
    groups = list(
        AllocationCheck.objects.demand()
        .filter(unit__in=_reached(unit, phase, at), asked_at__gt=at - timedelta(days=days), asked_at__lte=at)
        .filter(phases__contains=str(phase))
        .values(*QUESTION, "phases", "outcome", "matrix", f"availability_{other}__value")
        .annotate(count=Count("pk"))
        .order_by()
    )
    matrices = _rows_of({group["matrix"] for group in groups})
    changed: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
    for group in groups:
        values = {phase: value, other: group[f"availability_{other}__value"]}
        is_served = _is_served(group, matrices[group["matrix"]], values)
        if is_served != (group["outcome"] == rules.SERVED):
            changed[group["power_va"], group["product"]][is_served] += group["count"]
    lines = (PreviewLine(*key, *counts) for key, counts in sorted(changed.items()))
    return Preview(unit, phase, value, days, sum(group["count"] for group in groups), tuple(lines))


def _reached(unit: Unit, phase: int, at: datetime) -> list[int]:
    """Ids of the units that a setting of `unit` applies to."""
    if unit.kind not in availability.PARENTS:
        return [unit.pk]
    children = list(Unit.objects.filter(parent=unit, kind=UnitKind.UP3))
    states = availability.in_force(children, at=at, phases=[phase])
    return [unit.pk, *(state.unit.pk for state in states.values() if state.own is None)]


def _rows_of(matrix_ids: Iterable[int]) -> dict[int, list[AllocationRow]]:
    found: dict[int, list[AllocationRow]] = defaultdict(list)
    for row in AllocationRow.objects.filter(matrix__in=matrix_ids):
        found[row.matrix_id].append(row)
    return found


def _is_served(group: dict[str, Any], rows: list[AllocationRow], values: dict[int, str | None]) -> bool:
    question = rules.Question(**{name: group[name] for name in QUESTION})
    judged = {int(phase): values[int(phase)] for phase in group["phases"]}
    deciding = rules.deciding_rows(rows, question=question, availability=judged)
    return rules.judge(question, deciding, rows).outcome == rules.SERVED
