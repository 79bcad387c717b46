"""Correcting what an open report says, and sending it elsewhere."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Conflict, Invalid, Stale
from tickets.models import EventKind, PowerState, Ticket
from tickets.services import clock, ledger, orders
from tickets.services.actors import Actor, officer, reporter
from tickets.services.ledger import require_open
from tickets.services.report import check_row, phone_at
from tickets.services.routing import find_place
from units.models import User
from units.powers import Power

EDITABLE = frozenset(
    {
        "external_number",
        "reporter_name",
        "mobile_number",
        "by_phone",
        "by_wa",
        "by_sms",
        "street",
        "building_number",
        "rt",
        "rw",
        "landmark",
        "address_note",
        "latitude",
        "longitude",
        "problem",
        "power_state",
        "outage_on",
        "outage_time",
        "notes",
        "is_hard_complaint",
        "unit",
        "posko",
    }
)


@transaction.atomic
def edit_ticket(*, ticket: Ticket, changes: dict[str, Any], by: User, at: datetime | None = None) -> Ticket:
    """Correct what an open report says; with `unit` or `posko`, send it elsewhere.

    The event names the fields, never their values.

    Raises:
        Forbidden: `by` may not correct reports of this posko.
        TicketClosed: it is closed or merged.
        Stale: somebody changed it since `ticket` was read.
        Invalid: values that do not fit.
    """
    at = at or timezone.now()
    current = ledger.lock(ticket)
    actor = _editor(by, current, at)
    if current.version != ticket.version:
        message = _("Somebody else changed this since you read it. Read it again, then decide.")
        raise Stale(message, etag=current.etag)
    require_open(current)
    changes = _known_changes(changes)
    changed = {name: value for name, value in changes.items() if getattr(current, name) != value}
    if not changed:
        return current
    changed |= _reroute(current, changed, at)
    _check_edit(current, changed)
    changed |= clock.queue_place(current, **changed)
    names = sorted(set(changed) & EDITABLE)
    ledger.write(ticket=current, kind=EventKind.EDITED, actor=actor, at=at, data={"fields": names}, **changed)
    if "posko" in changed:
        orders.keep_up(current, actor=actor, at=at)
    return current


def _editor(by: User, ticket: Ticket, at: datetime) -> Actor:
    """Who may correct it; where it has no posko, only who corrects everywhere."""
    if ticket.posko is None:
        return reporter(user=by, power=Power.EDIT_TICKETS, unit=None, at=at)
    return officer(user=by, power=Power.EDIT_TICKETS, unit=ticket.posko, at=at)


def _known_changes(changes: dict[str, Any]) -> dict[str, Any]:
    if unknown := sorted(set(changes) - EDITABLE):
        raise Invalid(_("This cannot be changed."), code="not_editable", field=unknown[0])
    if "mobile_number" in changes:
        mobile = phone_at(changes["mobile_number"], "mobile_number")
        changes = changes | {"mobile_number": mobile.number if mobile else ""}
    return changes


def _reroute(ticket: Ticket, changed: dict[str, Any], at: datetime) -> dict[str, Any]:
    """The new unit and posko, and the policy's clock in the new posko's time."""
    if not {"unit", "posko"} & set(changed):
        return {}
    if ticket.orders.with_crew().exists():
        message = _("A work order is open for %(ticket)s; take it back first.") % {"ticket": ticket}
        raise Conflict(message, code="order_open")
    unit = changed.get("unit") or (None if "posko" in changed else ticket.unit)
    place = find_place(
        customer=None, area=None, unit=unit, posko=changed.get("posko"), on=timezone.localdate(at)
    )
    return {"unit": place.unit, "posko": place.posko} | clock.derived(ticket, posko=place.posko)


def _check_edit(ticket: Ticket, changed: dict[str, Any]) -> None:
    """Judge the ticket as it would be, without touching the one at hand."""
    wanted = Ticket(**{it.attname: getattr(ticket, it.attname) for it in Ticket._meta.concrete_fields})
    for name, value in changed.items():
        setattr(wanted, name, value)
    if changed.get("power_state", "") not in ("", *PowerState.values):
        raise Invalid(_("Padam or Menyala."), code="invalid", field="power_state")
    check_row(wanted)
