"""What the portal says about tickets: lines for the inbox of units, and the text that goes to the unit."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from tickets.models import Notification, Ticket, TicketEvent, Told
from tickets.rules.reachability import confirmation_sentence, reachability_sentence
from units.models import Unit, UnitKind

TOLD_KINDS = {
    Told.UP3: (UnitKind.UP3,),
    Told.UID: (UnitKind.UID, UnitKind.UIW),
}


def tell_units(*, event: TicketEvent, ticket: Ticket, told: Iterable[str]) -> None:
    """Put `event` into the inbox of the ticket's posko, UP3 or UID; a unit is told once."""
    units = {unit.pk for unit in _units(ticket, list(told))}
    lines = [Notification(unit_id=pk, event=event, at=event.at) for pk in sorted(units)]
    Notification.objects.bulk_create(lines, ignore_conflicts=True)


def _units(ticket: Ticket, told: list[str]) -> list[Unit]:
    if ticket.posko is None:
        return []
    found = [ticket.posko] if Told.POSKO in told else []
    kinds = [kind for it in told if it != Told.POSKO for kind in TOLD_KINDS[Told(it)]]
    if kinds:
        found.extend(Unit.objects.filter(pk__in=ticket.posko.ancestor_ids, kind__in=kinds))
    return found


def report_text(ticket: Ticket) -> str:
    """What the unit reads: the problem, how to reach the customer, when to confirm, and the notes."""
    parts = [ticket.problem, reachability(ticket), confirmation(ticket), ticket.address_note, ticket.notes]
    return "\n".join(part for part in parts if part)


def reachability(ticket: Ticket) -> str:
    return reachability_sentence(by_phone=ticket.by_phone, by_wa=ticket.by_wa, by_sms=ticket.by_sms)


def confirmation(ticket: Ticket) -> str:
    """The sentence of R-003-92 in the posko's time; empty where nobody asked to be confirmed first."""
    if ticket.confirm_at is None or ticket.posko is None:
        return ""
    return confirmation_sentence(ticket.confirm_at.astimezone(ticket.posko.zone))


def ctt_message(*, meter_number: str, digits: str) -> str:
    """What the customer gets by WA or SMS: the token and the meter that it is for, and nothing of why."""
    return _("Your Clear Tamper Token (CTT) for meter %(meter)s: %(digits)s. Enter it on the meter.") % {
        "meter": f"••••{meter_number[-4:]}",
        "digits": digits,
    }
