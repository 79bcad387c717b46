"""Many tickets at little cost, for tests that count queries."""

from tickets.models import Ticket


def copy_ticket(ticket: Ticket, count: int, start: int = 1) -> None:
    """Insert `count` tickets like `ticket`, without events, numbered G260101… from `start` on."""
    values = {field.attname: getattr(ticket, field.attname) for field in Ticket._meta.concrete_fields}
    numbers = [f"G260101{serial:06d}" for serial in range(start, start + count)]
    Ticket.objects.bulk_create(
        Ticket(**values | {"id": None, "number": number, "queue_key": number}) for number in numbers
    )
