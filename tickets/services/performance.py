"""Response and recovery: how fast units and crews were, month by month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q
from django.db.models.functions import TruncMonth

from tickets.models import Status, Ticket, WorkOrder
from units.models import User
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


def by_unit(*, user: User, since: datetime, until: datetime) -> list[Performance]:
    """Per posko and month, of the tickets of the poskos that `user` may export. One query."""
    rows = Ticket.objects.filter(user.within(Power.EXPORT_TICKETS, "posko"))
    rows = rows.filter(reported_at__gte=since, reported_at__lt=until)
    rows = rows.exclude(status__in=(Status.ISSUE_CLOSED, Status.BATAL))
    return [_performance(row) for row in _grouped(rows, code="posko__code", name="posko__name")]


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
        in_time=Count(restored, filter=Q(**{f"{restored}__lte": F(f"{at}due_at")})),
    ).order_by("month", "code")


def _span(start: str, end: str) -> ExpressionWrapper:
    return ExpressionWrapper(F(end) - F(start), output_field=DurationField())


def _performance(row: dict[str, Any]) -> Performance:
    return Performance(**row | {"month": row["month"].date()})
