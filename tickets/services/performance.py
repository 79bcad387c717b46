"""Response and recovery: how fast units and crews were, month by month."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q
from django.db.models.functions import TruncMonth

from tickets.models import Status, Ticket, WorkOrder
from units.models import Unit, User
from units.powers import Power


@dataclass(frozen=True)
class Performance:
    """Of the tickets reported in a month: how many, and the averages of those that came so far.

    RPT: from the report until the crew was on site. RCT: from the report until power was back.
    """

    month: date
    code: str
    name: str
    tickets: int
    rpt: timedelta | None
    rct: timedelta | None
    in_time: int
    restored: int
    responded: int


def by_unit(*, user: User, since: datetime, until: datetime) -> list[Performance]:
    """Per posko and month, of the tickets of the poskos that `user` may export. One query."""
    rows = Ticket.objects.filter(user.within(Power.EXPORT_TICKETS, "posko"))
    rows = rows.filter(reported_at__gte=since, reported_at__lt=until)
    rows = rows.exclude(status__in=(Status.ISSUE_CLOSED, Status.BATAL))
    return [_performance(row) for row in _grouped(rows, code="posko__code", name="posko__name")]


def by_parent(*, kinds: Sequence[str], user: User, since: datetime, until: datetime) -> list[Performance]:
    """The same, taken together for the unit of one of `kinds` at or above each posko. Two queries."""
    found = by_unit(user=user, since=since, until=until)
    units = {unit.pk: unit for unit in Unit.objects.all()}
    named = {unit.code: unit for unit in units.values()}
    parts: dict[tuple[date, str], list[Performance]] = {}
    for row in found:
        for unit in (units[pk] for pk in named[row.code].ancestor_ids):
            if unit.kind in kinds:
                parts.setdefault((row.month, unit.code), []).append(row)
    return [_together(month, named[code], parts[month, code]) for month, code in sorted(parts)]


def _together(month: date, unit: Unit, parts: list[Performance]) -> Performance:
    return Performance(
        month=month,
        code=unit.code,
        name=unit.name,
        tickets=sum(it.tickets for it in parts),
        rpt=_mean((it.rpt, it.responded) for it in parts),
        rct=_mean((it.rct, it.restored) for it in parts),
        in_time=sum(it.in_time for it in parts),
        restored=sum(it.restored for it in parts),
        responded=sum(it.responded for it in parts),
    )


def _mean(averages: Iterable[tuple[timedelta | None, int]]) -> timedelta | None:
    """One average of several, each by how many it is of."""
    known = [(average, count) for average, count in averages if average is not None]
    total = sum((average * count for average, count in known), timedelta(0))
    return total / sum(count for _, count in known) if known else None


def by_crew(*, user: User, since: datetime, until: datetime) -> list[Performance]:
    """Per crew and month, of the finished orders of the poskos that `user` may export. One query."""
    rows = WorkOrder.objects.filter(user.within(Power.EXPORT_TICKETS, "posko")).filter(
        ticket__reported_at__gte=since, ticket__reported_at__lt=until, finished_at__isnull=False
    )
    return [_performance(row) for row in _grouped(rows, code="crew__code", name="crew__name", at="ticket__")]


def _grouped(rows: Any, *, code: str, name: str, at: str = "") -> Any:
    reported, restored = f"{at}reported_at", f"{at}restored_at"
    grouped = rows.annotate(month=TruncMonth(reported)).values("month", code=F(code), name=F(name))
    return grouped.annotate(
        tickets=Count(f"{at}number", distinct=True),
        rpt=Avg(_span(reported, f"{at}responded_at")),
        rct=Avg(_span(reported, restored)),
        restored=Count(restored),
        responded=Count(f"{at}responded_at"),
        in_time=Count(restored, filter=Q(**{f"{restored}__lte": F(f"{at}due_at")})),
    ).order_by("month", "code")


def _span(start: str, end: str) -> ExpressionWrapper:
    return ExpressionWrapper(F(end) - F(start), output_field=DurationField())


def _performance(row: dict[str, Any]) -> Performance:
    return Performance(**row | {"month": row["month"].date()})
