"""The one place that writes tickets: a change, its event and its announcement, or nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from common import jobs
from common.errors import Conflict
from tickets.models import EventKind, Status, Ticket, TicketEvent
from tickets.services.actors import Actor

ANNOUNCE = "tickets.announce"


class ChangedMeanwhile(Conflict):
    """Another writer was first; nothing of this one has happened."""

    code = "changed_meanwhile"


class TicketClosed(Conflict):
    """What is closed or merged is not changed any more."""

    code = "ticket_closed"


def lock(ticket: Ticket) -> Ticket:
    """The row as it is now, locked until the commit, with its units and policy."""
    rows = Ticket.objects.select_for_update(of=("self",))
    return rows.select_related("unit", "posko", "problem_type", "policy__calendar").get(pk=ticket.pk)


def require_open(ticket: Ticket) -> None:
    """Refuse with `TicketClosed` what is closed or merged."""
    if ticket.is_open:
        return
    if ticket.merged_into is not None:
        message = _("%(ticket)s was merged into %(other)s.")
        raise TicketClosed(message % {"ticket": ticket, "other": ticket.merged_into}, code="ticket_merged")
    raise TicketClosed(_("%(ticket)s is closed.") % {"ticket": ticket})


def write(
    *,
    ticket: Ticket,
    kind: EventKind,
    actor: Actor,
    at: datetime,
    reason: str = "",
    data: dict[str, Any] | None = None,
    **changes: Any,
) -> TicketEvent:
    """Change `ticket` and record the event that says so, in the caller's transaction.

    Compare-and-swap on the version: what was decided on an older version is not written.

    Raises:
        ChangedMeanwhile: the ticket is no longer at the version that the caller read.
    """
    before = ticket.status
    found = Ticket.objects.filter(pk=ticket.pk, version=ticket.version)
    if not found.update(version=F("version") + 1, updated_at=at, **changes):
        raise ChangedMeanwhile(_("Somebody else changed %(ticket)s just now.") % {"ticket": ticket})
    ticket.version += 1
    for name, value in changes.items():
        setattr(ticket, name, value)
    return _record(ticket, kind, actor, at, before=before, reason=reason, data=data)


def begin(*, ticket: Ticket, actor: Actor, at: datetime, data: dict[str, Any] | None = None) -> TicketEvent:
    """Insert a new ticket with its first event."""
    ticket.version = 1
    ticket.save(force_insert=True)
    return _record(ticket, EventKind.CREATED, actor, at, before="", reason="", data=data)


def _record(
    ticket: Ticket,
    kind: EventKind,
    actor: Actor,
    at: datetime,
    *,
    before: str,
    reason: str,
    data: dict[str, Any] | None,
) -> TicketEvent:
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("an event is written in the transaction of its change")
    event = TicketEvent.objects.create(
        ticket=ticket,
        version=ticket.version,
        kind=kind,
        from_status=before,
        to_status=Status(ticket.status),
        at=at,
        by=actor.user,
        position=actor.position,
        role=actor.position.role if actor.position else "",
        job=actor.job,
        reason=reason,
        data=data or {},
    )
    jobs.enqueue(ANNOUNCE, by=actor.user, event=event.pk)
    return event
