"""What can be learned from calls. Everything takes the calls its reader may see, and asks one query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Avg, Count, F, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import RowNumber

from sop.models import CallStatus, CallStep, StepEvent
from sop.models.calls import CallQuerySet
from sop.rules.graph import Step
from sop.services import library

PROCEDURE = ("version__document__slug", "version__number", "procedure__slug", "procedure__title")
FINISHED, ABANDONED = Q(status=CallStatus.FINISHED), Q(status=CallStatus.ABANDONED)

Rows = QuerySet[Any, dict[str, Any]]


def runs(calls: CallQuerySet) -> Rows:
    """Per procedure and version: `runs`, `finished`, `abandoned`, those of the latter that came to no outcome
    (`fruitless`), and the average `duration` of the finished."""
    return (
        calls.order_by()
        .values(*PROCEDURE)
        .annotate(
            runs=Count("pk"),
            finished=Count("pk", filter=FINISHED),
            abandoned=Count("pk", filter=ABANDONED),
            fruitless=Count("pk", filter=ABANDONED & Q(outcome="")),
            duration=Avg(F("closed_at") - F("opened_at"), filter=FINISHED),
        )
        .order_by(*PROCEDURE)
    )


def outcomes(calls: CallQuerySet) -> Rows:
    """Per procedure, version and outcome: how many calls ended so (`count`)."""
    ended = calls.exclude(outcome="").order_by().values(*PROCEDURE, "outcome")
    return ended.annotate(count=Count("pk")).order_by(*PROCEDURE, "-count")


def drop_offs(calls: CallQuerySet) -> Rows:
    """Per procedure, version and `last_step`: how many calls were broken off after it (`count`)."""
    newest = CallStep.objects.filter(call=OuterRef("pk")).order_by("-sequence").values("step")[:1]
    broken = calls.filter(ABANDONED).annotate(last_step=Subquery(newest)).order_by()
    return broken.values(*PROCEDURE, "last_step").annotate(count=Count("pk")).order_by(*PROCEDURE, "-count")


def steps(calls: CallQuerySet) -> Rows:
    """Per procedure, version and step that agents answer: `answered`, average `seconds` to answer, `back`:
    how often they came back to it."""
    inside = [f"call__{name}" for name in PROCEDURE]
    rows = CallStep.objects.filter(call__in=calls.order_by().values("pk")).order_by()
    answered = Q(event=StepEvent.ANSWERED)
    return (
        rows.values(*inside, "step")
        .annotate(
            answered=Count("pk", filter=answered),
            seconds=Avg("seconds", filter=answered),
            back=Count("pk", filter=Q(event=StepEvent.BACK)),
        )
        .filter(Q(answered__gt=0) | Q(back__gt=0))
        .order_by(*inside, "step")
    )


def written(calls: CallQuerySet) -> dict[tuple[Any, ...], Mapping[str, Step]]:
    """Per procedure and version its steps in their order, as the newest of these calls had them.

    One more query for each procedure that this process has not read before.
    """
    of_one_version = Window(RowNumber(), partition_by=["version", "procedure"], order_by="-opened_at")
    newest = calls.order_by().annotate(nth=of_one_version).filter(nth=1)
    rows = newest.values_list(*PROCEDURE, "pins")
    return {tuple(key): library.pinned_graph(pins).in_order() for *key, pins in rows}


def agents(calls: CallQuerySet) -> Rows:
    """Per site and agent: `runs`, `finished`, `abandoned`, and how many moves went `back`."""
    return _compared(calls, "site__name", "agent__username")


def sites(calls: CallQuerySet) -> Rows:
    """The same per site."""
    return _compared(calls, "site__name")


def _compared(calls: CallQuerySet, *place: str) -> Rows:
    return (
        calls.order_by()
        .values(*place)
        .annotate(
            runs=Count("pk", distinct=True),
            finished=Count("pk", filter=FINISHED, distinct=True),
            abandoned=Count("pk", filter=ABANDONED, distinct=True),
            back=Count("steps", filter=Q(steps__event=StepEvent.BACK)),
        )
        .order_by(*place)
    )
