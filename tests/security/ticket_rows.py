"""Tickets of five units for the permission tests, in every state that some endpoint needs."""

from __future__ import annotations

from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from tickets.models import (
    DispatchRule,
    IncidentRule,
    ProblemType,
    Tab,
    Ticket,
    TicketMerge,
    TicketPhoto,
    WebhookEndpoint,
)
from tickets.services.report import Report
from tickets.services.tickets import create_ticket
from units.models import Unit, User

OUTAGE = {"tab": "GANGGUAN", "wo_type": "WO_AUTODISPATCH", "power_state": "PADAM"}
PERIKSA = {"tab": "GANGGUAN", "wo_type": "KWH_PERIKSA", "status": "LAPOR_PERIKSA"}
FATES: dict[str, dict[str, Any]] = {
    "open": {},
    "twin": {},
    "finished": {"status": "SELESAI"},
    "confirmed": {"status": "SELESAI", "is_confirmed": True},
    "merged": {},
    "dark": OUTAGE,
    "asked": PERIKSA,
    "diagnosed": PERIKSA,
    "approved": PERIKSA | {"status": "MENUNGGU_KONFIRMASI"},
    "ANTRE": OUTAGE,
    "PENUGASAN_REGU": OUTAGE | {"status": "PENUGASAN_REGU"},
    "DALAM_PERJALANAN": OUTAGE | {"status": "DALAM_PERJALANAN"},
    "DALAM_PENGERJAAN": OUTAGE | {"status": "DALAM_PENGERJAAN"},
    "NYALA": OUTAGE | {"status": "NYALA"},
}


def ticket_rows(agent: User, units: dict[str, Unit]) -> dict[tuple[str, str], Ticket]:
    """By place and fate. Each is a ticket of UP3 Menteng, kept as one of its place."""
    rows = {(place, fate): _row(agent, units, place, fate) for place in units for fate in FATES}
    _rest(agent, units["UP3 Menteng"])
    for place in units:
        _photo(rows[place, "open"], agent)
        _merge(rows[place, "merged"], rows[place, "twin"], agent)
    return rows


def _rest(agent: User, posko: Unit) -> None:
    """One row of whatever else has a page with a history."""
    DispatchRule.objects.create(unit=posko)
    IncidentRule.objects.create(unit=posko)
    WebhookEndpoint.objects.create(client=agent, url="https://example.com/hook", secret_encrypted=b"sealed")


def _row(agent: User, units: dict[str, Unit], place: str, fate: str) -> Ticket:
    report = Report(
        tab=Tab.KELUHAN,
        problem_type=ProblemType.objects.get(code="lebih-tagih"),
        problem="LEBIH TAGIH",
        reporter_name="Pelapor Uji",
        unit=units["UP3 Menteng"],
        posko=units["UP3 Menteng"],
    )
    ticket = create_ticket(report=report, by=agent)
    Ticket.objects.filter(pk=ticket.pk).update(unit=units[place], posko=units[place], **FATES[fate])
    ticket.refresh_from_db()
    return ticket


def _photo(ticket: Ticket, agent: User) -> None:
    photo = TicketPhoto(
        ticket=ticket,
        slot=1,
        width=1,
        height=1,
        size=1,
        digest="0" * 64,
        added_by=agent,
        added_at=timezone.now(),
    )
    photo.image.save("photo.jpg", ContentFile(b"a picture"), save=False)
    photo.save()


def _merge(ticket: Ticket, into: Ticket, agent: User) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(merged_into=into)
    TicketMerge.objects.create(ticket=ticket, into=into, at=timezone.now(), by=agent, reason="sama")
    ticket.refresh_from_db()
