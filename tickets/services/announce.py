"""What follows from an event once it is committed: the outbox of tickets."""

from __future__ import annotations

from tickets import notices
from tickets.models import EventKind, TicketEvent, Told
from tickets.services import incidents, webhooks

# Whose inbox hears of what. The clock's alarms tell those whom the escalation steps name.
TOLD_OF = {
    EventKind.CREATED: (Told.POSKO,),
    EventKind.REPEATED: (Told.POSKO,),
    EventKind.DENIED: (Told.POSKO, Told.UID),
    EventKind.OFFICER_SENT: (Told.POSKO,),
}


def announce(*, event_id: int) -> None:
    """Tell everybody who has to hear of the event. Runs after the commit, and may run twice."""
    event = TicketEvent.objects.select_related("ticket__posko", "ticket__area", "ticket__unit").get(
        pk=event_id
    )
    webhooks.fan_out(event=event)
    if event.kind == EventKind.CREATED:
        incidents.consider(ticket=event.ticket, at=event.at)
    notices.tell_units(event=event, ticket=event.ticket, told=TOLD_OF.get(EventKind(event.kind), ()))
