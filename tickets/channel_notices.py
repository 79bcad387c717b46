"""What channel systems hear of their reports: what happened, and no reasons, readings, meanings or people."""

from __future__ import annotations

from typing import Any

from tickets.models import EventKind, Status, TicketEvent

# Everything else is of the house.
FOR_CHANNELS = (
    EventKind.CREATED,
    EventKind.MOVED,
    EventKind.REPEATED,
    EventKind.MERGED,
    EventKind.CONFIRMED,
    EventKind.DENIED,
    EventKind.RATED,
    EventKind.CTT_DELIVERED,
    EventKind.INCIDENT,
)
# Which details of an event a channel reads.
DETAILS: dict[str, tuple[str, ...]] = {
    EventKind.MERGED: ("into",),
    EventKind.DENIED: ("followed_by",),
    EventKind.CTT_DELIVERED: ("way",),
    EventKind.INCIDENT: ("outage", "estimate_at"),
}


def is_for_channels(event: TicketEvent) -> bool:
    return event.kind in FOR_CHANNELS


def channel_message(event: TicketEvent) -> dict[str, Any]:
    """The body of a webhook. `status` is the ticket's after the event, whatever it is by now."""
    ticket = event.ticket
    details = {name: event.data[name] for name in DETAILS.get(event.kind, ()) if name in event.data}
    return {
        "type": f"ticket.{event.kind.lower()}",
        "timestamp": event.at.isoformat(),
        "data": {
            "number": ticket.number,
            "client_ref": ticket.client_ref,
            "version": event.version,
            "from_status": event.from_status or None,
            "status": event.to_status,
            "status_label": str(Status(event.to_status).label),
            **details,
        },
    }
