"""Numbers about a program: per UP3, and on which days people pay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q, Sum

from programs.models import EntryCount, Evaluation, PaymentDay, PaymentImport, Program, Winner
from units.models import Unit, User
from units.powers import Power

DAYS = 31


@dataclass(frozen=True)
class UnitLine:
    """One UP3: eligible in the newest list, winners, told, handed over, and still to be handed over."""

    unit: Unit
    eligible: int
    winners: int
    told: int
    handed_over: int

    @property
    def left(self) -> int:
        return self.winners - self.handed_over


def newest_list(program: Program) -> Evaluation | None:
    """The frozen list, or else the newest evaluation that is done."""
    if program.evaluation_id:
        return program.evaluation
    return program.evaluations.filter(status=Evaluation.Status.DONE).order_by("-pk").first()


def per_unit(program: Program, to: User) -> list[UnitLine]:
    """A line for each UP3 whose winners `to` may see. Three queries."""
    evaluation = newest_list(program)
    units = Unit.objects.below(program.unit).filter(kind="UP3").filter(to.within(Power.SEE_WINNERS, field=""))
    counts = EntryCount.objects.filter(evaluation=evaluation).values("unit_id").annotate(count=Sum("entries"))
    eligible = {row["unit_id"]: row["count"] for row in counts}
    groups = Winner.objects.filter(program=program).selected().values("unit_id")
    rows = groups.annotate(
        winners=Count("pk"),
        told=Count("pk", filter=Q(told_at__isnull=False)),
        handed_over=Count("pk", filter=Q(status=Winner.Status.HANDED_OVER)),
    )
    won = {row["unit_id"]: (row["winners"], row["told"], row["handed_over"]) for row in rows}
    return [UnitLine(unit, eligible.get(unit.pk, 0), *won.get(unit.pk, (0, 0, 0))) for unit in units]


def payment_days(program: Program) -> dict[str, list[float]]:
    """For before and during the program: what share of bills (per cent) was paid on each day of its month.

    R-004-2: does the program bring the cash in earlier? Answers `{"before": [...], "during": [...]}`, 31
    values each; later days count as the last.
    """
    rows = PaymentDay.objects.filter(
        payment_import__program=program, payment_import__status=PaymentImport.Status.APPLIED
    )
    counted = {"before": [0] * DAYS, "during": [0] * DAYS}
    first = f"{program.period_start:%Y-%m}"
    for period, paid_on, count in rows.values_list("period", "paid_on").annotate(count=Sum("payments")):
        day = (paid_on - date.fromisoformat(f"{period}-01")).days + 1
        part = counted["before" if period < first else "during"]
        part[min(max(day, 1), DAYS) - 1] += count
    return {name: _shares(values) for name, values in counted.items()}


def share_in_time(program: Program, days: dict[str, list[float]]) -> dict[str, float | None]:
    """What share of bills (per cent) was paid on the days that count; None where no bill is known."""
    counted = slice(program.first_day - 1, program.last_day)
    return {part: round(sum(shares[counted]), 1) if any(shares) else None for part, shares in days.items()}


def total(lines: list[UnitLine]) -> dict[str, int]:
    """The UP3s together."""
    names = ("eligible", "winners", "told", "handed_over", "left")
    return {name: sum(getattr(line, name) for line in lines) for name in names}


def progress(work: PaymentImport | Evaluation, at: Any) -> dict[str, Any]:
    """How far an import is: share of the file, rows a second, seconds left. Unknown is None."""
    found: dict[str, Any] = {"percent": None, "rate": None, "seconds_left": None}
    if not isinstance(work, PaymentImport) or not (work.started_at and work.file_size):
        return found
    seconds = max(((work.finished_at or at) - work.started_at).total_seconds(), 0.001)
    done = min(work.bytes_read / work.file_size, 1.0)
    found |= {"percent": round(done * 100), "rate": round(work.row_count / seconds)}
    if work.is_open and done > 0:
        found["seconds_left"] = round(seconds * (1 - done) / done)
    return found


def _shares(values: list[int]) -> list[float]:
    total = sum(values)
    return [round(value * 100 / total, 2) if total else 0.0 for value in values]
