"""Work orders as rows: opening them, writing their moves with events, and keeping up with their ticket.

`workorders` and `dispatch` stand on this; so do the services that change tickets, which call `keep_up`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from common import jobs
from common.errors import Conflict
from tickets.models import (
    OrderStatus,
    Status,
    Tab,
    Ticket,
    WorkOrder,
    WorkOrderEvent,
    WorkOrderType,
)
from tickets.services.actors import Actor

DISPATCH = "tickets.dispatch"


class OrderChanged(Conflict):
    """Somebody else moved the order first; nothing of this has happened."""

    code = "changed_meanwhile"


def lock(order: WorkOrder) -> WorkOrder:
    """The row as it is now, locked until the commit. Lock its ticket before it."""
    rows = WorkOrder.objects.select_for_update(of=("self",))
    return rows.select_related("posko", "crew", "shift").get(pk=order.pk)


def begin(ticket: Ticket, *, actor: Actor, at: datetime) -> None:
    """Open the order that a new ticket needs, if it needs one."""
    if needs_order(ticket):
        open_order(ticket, actor=actor, at=at)


def keep_up(ticket: Ticket, *, actor: Actor, at: datetime, reason: str = "") -> None:
    """After `ticket` changed: open the order that it now needs, end the waiting one that it no longer needs.

    Call it with the ticket locked, in the transaction of the change. Orders with a crew are left alone:
    they end by the crew's hand or an officer's.
    """
    waiting = ticket.orders.waiting().select_related("posko", "crew").first()
    if waiting and (not needs_order(ticket) or waiting.posko_id != ticket.posko_id):
        write(order=waiting, to=OrderStatus.BATAL, actor=actor, at=at, reason=reason, cancelled_at=at)
        waiting = None
    if waiting is None and needs_order(ticket) and not ticket.orders.open().exists():
        open_order(ticket, actor=actor, at=at)


def needs_order(ticket: Ticket) -> bool:
    """A GANGGUAN that the posko has to work on. A wide outage is worked on as one, not house by house."""
    is_alone = ticket.incident is None or ticket.incident.is_over
    return ticket.tab == Tab.GANGGUAN and ticket.status == Status.LAPOR and ticket.is_open and is_alone


def open_order(ticket: Ticket, *, actor: Actor, at: datetime) -> WorkOrder:
    """Put an order into the posko's queue, to be tried now or when the customer wants to be confirmed."""
    assert ticket.posko is not None  # only a report closed at the contact centre has none  # noqa: S101
    first_try = max(at, ticket.confirm_at or at)
    order = WorkOrder.objects.create(
        ticket=ticket,
        posko=ticket.posko,
        type=ticket.wo_type or WorkOrderType.WO_AUTODISPATCH,
        version=1,
        created_at=at,
        next_try_at=first_try,
    )
    _record(order, actor, at, before="", reason="")
    jobs.enqueue(DISPATCH, by=actor.user, run_at=first_try, order=order.pk)
    return order


def write(
    *, order: WorkOrder, to: str, actor: Actor, at: datetime, reason: str = "", **changes: Any
) -> WorkOrderEvent:
    """Put `order` at `to` with `changes`, and record it, in the caller's transaction.

    Raises:
        OrderChanged: the order is no longer at the version that the caller read.
    """
    before = order.status
    found = WorkOrder.objects.filter(pk=order.pk, version=order.version)
    if not found.update(status=to, version=F("version") + 1, **changes):
        raise OrderChanged(_("Somebody else changed %(order)s just now.") % {"order": order})
    order.version += 1
    for name, value in (changes | {"status": to}).items():
        setattr(order, name, value)
    return _record(order, actor, at, before=before, reason=reason)


def _record(order: WorkOrder, actor: Actor, at: datetime, *, before: str, reason: str) -> WorkOrderEvent:
    return WorkOrderEvent.objects.create(
        order=order,
        version=order.version,
        from_status=before,
        to_status=order.status,
        crew=order.crew,
        at=at,
        by=actor.user,
        position=actor.position,
        role=actor.position.role if actor.position else "",
        job=actor.job,
        reason=reason.strip(),
    )
