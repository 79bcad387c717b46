"""Numbers about a program: per UP3, and on which days people pay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q, Sum

from programs.models import EntryCount, Evaluation, PaymentDay, PaymentImport, Program, Winner
from units.models import Unit, User
from units.powers import Power

DAYS = 31
NUMBERS = ("eligible", "winners", "told", "handed_over", "not_collected", "left")


@dataclass(frozen=True)
class UnitLine:
    """One UP3: eligible in the newest list, winners, told, handed over, not collected, left to hand over."""

    unit: Unit
    eligible: int
    winners: int
    told: int
    handed_over: int
    not_collected: int

    @property
    def left(self) -> int:
        return self.winners - self.handed_over - self.not_collected


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
        not_collected=Count("pk", filter=Q(status=Winner.Status.NOT_COLLECTED)),
    )
    won = {
        row["unit_id"]: (row["winners"], row["told"], row["handed_over"], row["not_collected"])
        for row in rows
    }
    return [UnitLine(unit, eligible.get(unit.pk, 0), *won.get(unit.pk, (0, 0, 0, 0))) for unit in units]


@dataclass(frozen=True)
class MonthInTime:
    """The bills of one month: how many were paid, and how many of them on the days that count."""

    period: str
    is_before: bool
    bills: int
    in_time: int

    @property
    def share(self) -> float:
        return round(self.in_time * 100 / self.bills, 1) if self.bills else 0.0


def payment_days(program: Program) -> dict[str, list[float]]:
    """For before and during the program: what share of bills (per cent) was paid on each day of its month.

    R-004-2: does the program bring the cash in earlier? Answers `{"before": [...], "during": [...]}`, 31
    values each; later days count as the last, earlier ones as the first.
    """
    counted = {"before": [0] * DAYS, "during": [0] * DAYS}
    for period, day, count in _paid(program):
        part = counted["before" if _is_before(period, program) else "during"]
        part[min(max(day, 1), DAYS) - 1] += count
    return {name: _shares(values) for name, values in counted.items()}


def months_in_time(program: Program) -> list[MonthInTime]:
    """Month by month, before and during the program, how many bills were paid on the days that count."""
    bills: Counter[str] = Counter()
    in_time: Counter[str] = Counter()
    for period, day, count in _paid(program):
        bills[period] += count
        in_time[period] += count if program.first_day <= day <= program.last_day else 0
    return [
        MonthInTime(period, _is_before(period, program), bills[period], in_time[period])
        for period in sorted(bills)
    ]


def share_in_time(months: list[MonthInTime]) -> dict[str, float | None]:
    """What share of all bills (per cent) was paid on the days that count; None where no bill is known."""
    shares: dict[str, float | None] = {}
    for name, is_before in (("before", True), ("during", False)):
        chosen = [month for month in months if month.is_before == is_before]
        bills, in_time = sum(month.bills for month in chosen), sum(month.in_time for month in chosen)
        shares[name] = round(in_time * 100 / bills, 1) if bills else None
    return shares


def _paid(program: Program) -> Iterator[tuple[str, int, int]]:
    """Bill month, day of that month (32 and more: after it), and how many bills were paid then."""
    rows = PaymentDay.objects.filter(
        payment_import__program=program, payment_import__status=PaymentImport.Status.APPLIED
    )
    for period, paid_on, count in rows.values_list("period", "paid_on").annotate(count=Sum("payments")):
        yield period, (paid_on - date.fromisoformat(f"{period}-01")).days + 1, count


def _is_before(period: str, program: Program) -> bool:
    return period < f"{program.period_start:%Y-%m}"


def total(lines: list[UnitLine]) -> dict[str, int]:
    """The UP3s together."""
    return {name: sum(getattr(line, name) for line in lines) for name in NUMBERS}


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
