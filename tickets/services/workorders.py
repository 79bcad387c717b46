"""What officers and crews do with a work order. Each move of an order moves its ticket, through the one place
that moves tickets; a move that the ticket cannot follow is refused, and then neither has moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Conflict, Invalid
from tickets.models import Crew, EventKind, OrderStatus, Shift, Status, Ticket, WorkOrder
from tickets.rules.moves import Hand, MoveRefused, may_order_move
from tickets.services import ledger, moves, orders
from tickets.services.actors import Actor, officer
from tickets.services.dispatch import candidates, lock_crews, rule_for, wake_queue
from tickets.services.ledger import require_open
from units.models import User
from units.powers import Power

MAX_REASON = 500
TICKET_STATUS = {
    OrderStatus.ANTRE: Status.LAPOR,
    OrderStatus.PENUGASAN_REGU: Status.PENUGASAN_REGU,
    OrderStatus.DALAM_PERJALANAN: Status.DALAM_PERJALANAN,
    OrderStatus.DALAM_PENGERJAAN: Status.DALAM_PENGERJAAN,
    OrderStatus.NYALA_SEMENTARA: Status.NYALA_SEMENTARA,
    OrderStatus.NYALA: Status.NYALA,
    OrderStatus.SELESAI: Status.SELESAI,
    OrderStatus.BATAL: Status.LAPOR,
}
REACHED_AT = {
    OrderStatus.DALAM_PERJALANAN: "departed_at",
    OrderStatus.DALAM_PENGERJAAN: "started_at",
    OrderStatus.NYALA_SEMENTARA: "restored_temporarily_at",
    OrderStatus.NYALA: "restored_at",
    OrderStatus.SELESAI: "finished_at",
}


class CrewOffDuty(Conflict):
    """The crew is on no shift now, or has not checked in."""

    code = "crew_off_duty"


class CrewFull(Conflict):
    """The crew has as many open orders as it may have."""

    code = "crew_full"


class OrderOpen(Conflict):
    """The ticket has an open order already."""

    code = "order_open"


@dataclass(frozen=True)
class _Held:
    """A ticket and its order, both locked, with who acts and when."""

    ticket: Ticket
    order: WorkOrder
    actor: Actor
    at: datetime


@transaction.atomic
def open_by_hand(*, ticket: Ticket, by: User, at: datetime | None = None) -> WorkOrder:
    """Open an order that did not open by itself: for a KELUHAN, or after one was cancelled.

    Raises:
        Forbidden: `by` may not dispatch at the ticket's posko.
        TicketClosed, OrderOpen: there is nothing to open one for.
        MoveRefused: the command centre has not decided yet, or the ticket is beyond work orders.
    """
    at = at or timezone.now()
    ticket = ledger.lock(ticket)
    require_open(ticket)
    actor = officer(user=by, power=Power.DISPATCH_ORDERS, unit=ticket.posko, at=at)  # type: ignore[arg-type]
    if ticket.orders.open().exists():
        raise OrderOpen(_("A work order is open for %(ticket)s already.") % {"ticket": ticket})
    if ticket.status not in (Status.LAPOR, Status.MENUNGGU_KONFIRMASI):
        message = _("%(ticket)s is %(status)s; no work order can be opened for it.")
        raise MoveRefused(message % {"ticket": ticket, "status": ticket.get_status_display()})
    return orders.open_order(ticket, actor=actor, at=at)


@transaction.atomic
def assign_crew(
    *, order: WorkOrder, crew: Crew, by: User, reason: str = "", at: datetime | None = None
) -> WorkOrder:
    """Give an order to a crew of the posko, by an officer's hand; another crew may have had it.

    Raises:
        Forbidden: `by` may not dispatch at the order's posko.
        MoveRefused: the work has gone too far, or is over.
        CrewOffDuty, CrewFull: the crew cannot take it.
        Invalid: a crew of another posko, or no reason for taking it from one.
    """
    held = _hold(order, by, Power.DISPATCH_ORDERS, at)
    _check_move(held.order, OrderStatus.PENUGASAN_REGU)
    if held.order.crew_id is not None:
        reason = _required(reason)
    shift = _duty(held, crew)
    was = held.order.status
    changes = {"crew": shift.crew, "shift": shift, "dispatched_by": by, "distance_m": None}
    _write(held, OrderStatus.PENUGASAN_REGU, reason, assigned_at=held.at, next_try_at=None, **changes)
    if was == OrderStatus.PENUGASAN_REGU:
        _note(held, reason)
    else:
        _follow(held, reason)
    return held.order


@transaction.atomic
def take_back(*, order: WorkOrder, by: User, reason: str, at: datetime | None = None) -> WorkOrder:
    """Take an order from its crew into the queue. Autodispatch tries it again after the posko's pause.

    Raises:
        Forbidden, MoveRefused: as `assign_crew`.
        Invalid: no reason.
    """
    held = _hold(order, by, Power.DISPATCH_ORDERS, at)
    _check_move(held.order, OrderStatus.ANTRE)
    reason = _required(reason)
    pause = timedelta(minutes=rule_for(held.order.posko).retry_minutes)
    _write(
        held,
        OrderStatus.ANTRE,
        reason,
        crew=None,
        shift=None,
        distance_m=None,
        dispatched_by=None,
        next_try_at=held.at + pause,
    )
    _follow(held, reason)
    return held.order


@transaction.atomic
def cancel_order(*, order: WorkOrder, by: User, reason: str, at: datetime | None = None) -> WorkOrder:
    """End an order without a result; its ticket is LAPOR, without an order until an officer opens one.

    Raises:
        Forbidden, MoveRefused: as `assign_crew`.
        Invalid: no reason.
    """
    held = _hold(order, by, Power.DISPATCH_ORDERS, at)
    _check_move(held.order, OrderStatus.BATAL)
    reason = _required(reason)
    had_crew = held.order.status != OrderStatus.ANTRE
    _write(held, OrderStatus.BATAL, reason, cancelled_at=held.at, next_try_at=None)
    if had_crew:
        _follow(held, reason)
        wake_queue(posko=held.order.posko, at=held.at)
    return held.order


@transaction.atomic
def postpone_order(
    *, order: WorkOrder, confirm_at: datetime, by: User, reason: str, at: datetime | None = None
) -> WorkOrder:
    """The customer wants to be asked later: the order ends, its ticket waits for that moment.

    Raises:
        Forbidden: `by` may not dispatch at the order's posko.
        MoveRefused: the crew is on its way already.
        Invalid: no reason, or a moment that has passed.
    """
    held = _hold(order, by, Power.DISPATCH_ORDERS, at)
    _check_move(held.order, OrderStatus.BATAL)
    reason = _required(reason)
    if confirm_at <= held.at:
        message = _("Say when the customer is to be asked, later than now.")
        raise Invalid(message, code="confirm_at_required", field="confirm_at")
    _write(held, OrderStatus.BATAL, reason, cancelled_at=held.at, next_try_at=None)
    moves.step(
        ticket=held.ticket,
        to=Status.MENUNGGU_KONFIRMASI,
        actor=held.actor,
        hand=Hand.ORDER,
        at=held.at,
        reason=reason,
        confirm_at=confirm_at,
        data={"order": held.order.pk},
    )
    wake_queue(posko=held.order.posko, at=held.at)
    return held.order


def depart(*, order: WorkOrder, by: User, at: datetime | None = None) -> WorkOrder:
    """The crew sets out. Raises: as `_advance`."""
    return _advance(order, OrderStatus.DALAM_PERJALANAN, by, at)


def start(*, order: WorkOrder, by: User, at: datetime | None = None) -> WorkOrder:
    """The crew is there and works, for the first time or again after a temporary repair."""
    return _advance(order, OrderStatus.DALAM_PENGERJAAN, by, at)


def restore_temporarily(*, order: WorkOrder, by: User, at: datetime | None = None) -> WorkOrder:
    """The power is back for now; the crew has to come back to it."""
    return _advance(order, OrderStatus.NYALA_SEMENTARA, by, at)


def restore(*, order: WorkOrder, by: User, at: datetime | None = None) -> WorkOrder:
    """The power is back. The ticket's clock stops."""
    return _advance(order, OrderStatus.NYALA, by, at)


def finish(*, order: WorkOrder, by: User, at: datetime | None = None) -> WorkOrder:
    """The work is done; the customer is asked to confirm. The crew is free for what waits."""
    return _advance(order, OrderStatus.SELESAI, by, at)


@transaction.atomic
def _advance(order: WorkOrder, to: OrderStatus, by: User, at: datetime | None) -> WorkOrder:
    """Take an order one step on.

    Raises:
        Forbidden: `by` may not work on orders at the order's posko.
        MoveRefused: that step does not follow, for the order or for its ticket.
    """
    held = _hold(order, by, Power.WORK_ORDERS, at)
    _check_move(held.order, to)
    _write(held, to, "", **{REACHED_AT[to]: held.at})
    _follow(held, "")
    if to == OrderStatus.SELESAI:
        wake_queue(posko=held.order.posko, at=held.at)
    return held.order


def _hold(order: WorkOrder, by: User, power: Power, at: datetime | None) -> _Held:
    """Lock the ticket, then the order, then ask whether `by` may."""
    at = at or timezone.now()
    ticket = ledger.lock(order.ticket)
    held = orders.lock(order)
    return _Held(ticket, held, officer(user=by, power=power, unit=held.posko, at=at), at)


def _check_move(order: WorkOrder, to: OrderStatus) -> None:
    if not may_order_move(start=order.status, to=to):
        message = _("A work order that is %(start)s cannot become %(to)s.")
        raise MoveRefused(message % {"start": order.get_status_display(), "to": to.label})


def _required(reason: str) -> str:
    reason = reason.strip()
    if not 0 < len(reason) <= MAX_REASON:
        message = _("Please give a reason, at most 500 characters.")
        raise Invalid(message, code="reason_required", field="reason")
    return reason


def _duty(held: _Held, crew: Crew) -> Shift:
    """The running shift of a crew that can take one more order; the posko's crews stay locked."""
    ids = lock_crews(held.order.posko)
    if crew.pk not in ids:
        message = _("%(crew)s is no crew of %(posko)s.") % {"crew": crew, "posko": held.order.posko}
        raise Invalid(message, code="foreign_crew", field="crew")
    on_duty = {it.crew_id: it for it in candidates([crew.pk], held.at)}.get(crew.pk)
    if on_duty is None:
        raise CrewOffDuty(_("%(crew)s is not on duty now.") % {"crew": crew})
    has_it = held.order.crew_id == crew.pk
    if on_duty.open_orders - has_it >= rule_for(held.order.posko).max_open_orders:
        raise CrewFull(_("%(crew)s has as many open orders as it may have.") % {"crew": crew})
    return Shift.objects.select_related("crew").get(pk=on_duty.shift_id)


def _write(held: _Held, to: OrderStatus, reason: str, **changes: Any) -> None:
    orders.write(order=held.order, to=to, actor=held.actor, at=held.at, reason=reason, **changes)


def _follow(held: _Held, reason: str) -> None:
    moves.step(
        ticket=held.ticket,
        to=TICKET_STATUS[OrderStatus(held.order.status)],
        actor=held.actor,
        hand=Hand.ORDER,
        at=held.at,
        reason=reason,
        data={"order": held.order.pk},
    )


def _note(held: _Held, reason: str) -> None:
    """Another crew, the same status: the ticket's history says so."""
    data = {"order": held.order.pk, "crew": held.order.crew_id}
    ledger.write(
        ticket=held.ticket, kind=EventKind.ORDER, actor=held.actor, at=held.at, reason=reason, data=data
    )
