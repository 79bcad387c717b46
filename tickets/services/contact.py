"""Who reported, and where: masked everywhere, in full for a reason that is kept."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Invalid
from customers import rules
from tickets.models import Ticket, TicketAccess
from tickets.services.actors import officer, reporter
from units.models import User
from units.powers import Power

MAX_REASON = 500


def masked_contact(ticket: Ticket) -> dict[str, str]:
    """Reporter, numbers and place as everybody who sees the ticket may read them."""
    return {
        "reporter_name": rules.mask_name(ticket.reporter_name),
        "caller_number": rules.mask_phone(ticket.caller_number) if ticket.caller_number else "",
        "mobile_number": rules.mask_phone(ticket.mobile_number) if ticket.mobile_number else "",
        "address": masked_address(ticket),
        "coordinates": rules.MASK if ticket.latitude is not None else "",
    }


def masked_address(ticket: Ticket) -> str:
    """The street without what singles out a house; empty where none was given."""
    details = (ticket.building_number, ticket.rt, ticket.rw, ticket.landmark)
    return rules.mask_address(ticket.street, *details) if ticket.street else ""


@transaction.atomic
def reveal_contact(*, ticket: Ticket, by: User, reason: str, at: datetime | None = None) -> dict[str, str]:
    """The same in full, for whoever has to ring or go there; the look is recorded first.

    Raises:
        Forbidden: `by` may not reveal personal data at the ticket's posko.
        Invalid: no reason, or one that is too long.
    """
    at = at or timezone.now()
    reason = reason.strip()
    if not 0 < len(reason) <= MAX_REASON:
        message = _("Please give a reason, at most 500 characters.")
        raise Invalid(message, code="reason_required", field="reason")
    if ticket.posko is None:
        actor = reporter(user=by, power=Power.REVEAL_CUSTOMERS, unit=None, at=at)
    else:
        actor = officer(user=by, power=Power.REVEAL_CUSTOMERS, unit=ticket.posko, at=at)
    assert actor.position is not None  # a person acts in a position  # noqa: S101
    TicketAccess.objects.create(
        ticket=ticket,
        reader=by,
        position=actor.position,
        role=actor.position.role,
        reason=reason,
        at=at,
    )
    values = {name: getattr(ticket, name) for name in Ticket.PERSONAL}
    return {name: "" if value is None else str(value) for name, value in values.items()}
