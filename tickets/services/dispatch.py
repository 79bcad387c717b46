"""WO Autodispatch: the order goes to the nearest crew on duty, or waits and is tried again.

Each order is dispatched once, however many workers try: the ticket, the order and the crews of the posko are
locked in that order before anything is decided, and what was decided stands in one transaction.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from tickets.models import ORDER_OVER, Crew, DispatchRule, OrderStatus, Shift, Status, Ticket, WorkOrder
from tickets.rules.dispatch import Candidate, Choice, Place, choose_crew
from tickets.rules.moves import Hand
from tickets.services import ledger, moves, orders
from tickets.services.actors import job
from units.models import Unit

AUTODISPATCH = "autodispatch"
DEFAULT_RULE = DispatchRule()
log = structlog.get_logger(__name__)


@transaction.atomic
def dispatch(*, order_id: int, at: datetime) -> bool:
    """Give a waiting order to a crew; answer whether one got it. May run twice, and at the same time.

    Where no crew is free within reach the order stays in the queue and its next try is set. An order that is
    no longer waiting, or whose time has not come, is left alone.
    """
    known = WorkOrder.objects.select_related("ticket").filter(pk=order_id).first()
    if known is None:
        return False
    ticket = ledger.lock(known.ticket)
    order = orders.lock(known)
    if order.status != OrderStatus.ANTRE or (order.next_try_at is not None and order.next_try_at > at):
        return False
    rule = rule_for(order.posko)
    choice = _choose(order, ticket, rule, at)
    if choice is None:
        _wait(order, rule, at)
        return False
    _hand_over(order, ticket, choice, at)
    return True


def dispatch_waiting(*, at: datetime, limit: int = 200) -> int:
    """Try every waiting order whose time has come, the most urgent first; answer how many got a crew.

    Each in its own transaction: one that fails holds up no other, and is tried again.
    """
    due = WorkOrder.objects.to_dispatch(at).order_by("ticket__queue_key").values_list("pk", flat=True)
    return sum(_try(pk, at) for pk in list(due[:limit]))


def _try(pk: int, at: datetime) -> bool:
    try:
        return dispatch(order_id=pk, at=at)
    except Exception as error:  # the next sweep tries it again; the others go on
        log.error("dispatch_failed", order=pk, kind=type(error).__name__)
        return False


def wake_queue(*, posko: Unit, at: datetime) -> int:
    """Let the waiting orders of `posko` that found no crew be tried at once: one has become free."""
    waiting = WorkOrder.objects.waiting().filter(posko=posko, attempts__gt=0)
    return waiting.update(next_try_at=at)


def rule_for(posko: Unit) -> DispatchRule:
    """The rule of the unit nearest above the posko, else the general one, else 10 km and three orders."""
    fitting = DispatchRule.objects.filter(Q(unit__in=posko.ancestor_ids) | Q(unit=None)).select_related(
        "unit"
    )
    return max(fitting, key=lambda it: len(it.unit.path) if it.unit else 0, default=DEFAULT_RULE)


def _choose(order: WorkOrder, ticket: Ticket, rule: DispatchRule, at: datetime) -> Choice | None:
    crews = lock_crews(order.posko)
    return choose_crew(
        candidates(crews, at),
        target=_place(ticket.latitude, ticket.longitude),
        radius_m=rule.radius_m,
        max_open_orders=rule.max_open_orders,
    )


def lock_crews(posko: Unit) -> list[int]:
    """The crews of a posko, locked in the order of their keys: who gives work to one of them waits here."""
    rows = Crew.objects.select_for_update().filter(posko=posko, is_active=True).order_by("pk")
    return list(rows.values_list("pk", flat=True))


def candidates(crew_ids: list[int], at: datetime) -> list[Candidate]:
    """The crews on duty at `at`, with their place and how many orders they have open. One query."""
    load = (
        WorkOrder.objects.filter(crew=OuterRef("crew"))
        .exclude(status__in=ORDER_OVER)
        .values("crew")
        .annotate(count=Count("pk"))
        .values("count")
    )
    shifts = Shift.objects.on_duty(at).filter(crew__in=crew_ids).annotate(load=Coalesce(Subquery(load), 0))
    return [
        Candidate(shift.crew_id, shift.pk, shift.load, _place(shift.latitude, shift.longitude))
        for shift in shifts
    ]


def _place(latitude: object, longitude: object) -> Place | None:
    if latitude is None or longitude is None:
        return None
    return Place(float(latitude), float(longitude))  # type: ignore[arg-type]


def _wait(order: WorkOrder, rule: DispatchRule, at: datetime) -> None:
    """Come back later; that nobody was free is no event, only a counter."""
    order.attempts += 1
    order.next_try_at = at + timedelta(minutes=rule.retry_minutes)
    order.save(update_fields=["attempts", "next_try_at"])


def _hand_over(order: WorkOrder, ticket: Ticket, choice: Choice, at: datetime) -> None:
    actor = job(AUTODISPATCH)
    orders.write(
        order=order,
        to=OrderStatus.PENUGASAN_REGU,
        actor=actor,
        at=at,
        crew=Crew.objects.get(pk=choice.crew_id),
        shift_id=choice.shift_id,
        dispatched_by=None,
        distance_m=choice.distance_m,
        assigned_at=at,
        next_try_at=None,
        attempts=order.attempts + 1,
    )
    moves.step(
        ticket=ticket,
        to=Status.PENUGASAN_REGU,
        actor=actor,
        hand=Hand.ORDER,
        at=at,
        data={"order": order.pk},
    )
