"""What the command centre has before it in a demo: self-diagnoses of each kind, and a wide outage."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from tickets.models import (
    IncidentStatus,
    PowerState,
    ProblemType,
    SelfDiagnosis,
    Status,
    Tab,
    Ticket,
    WorkOrderType,
)
from tickets.services.diagnosis import approve_ctt, send_officer, submit_diagnosis
from tickets.services.incidents import declare_incident, move_incident
from tickets.services.report import Report
from tickets.services.tickets import create_ticket
from units.models import Area, User

NORMAL: dict[str, Any] = {
    "08": 1,
    "70": 1,
    "71": 0,
    "41": 228.4,
    "44": 2.1,
    "45": 2.1,
    "46": 2.1,
    "37": 14.25,
    "47": 480,
}
# Terminal opened; cover opened; leakage; nothing to read; unknown cause and an implausible power.
KINDS: tuple[dict[str, Any], ...] = (
    NORMAL,
    NORMAL | {"71": 2},
    NORMAL | {"45": 6.2, "46": 3.9},
    dict.fromkeys(NORMAL),
    NORMAL | {"08": 7, "70": 0, "47": 30000},
)
WAITING = 3
DARK_HOUSES = 6


@transaction.atomic
def load() -> int:
    """Readings for every demo ticket that waits for them, a decision for all but a few, and one outage with
    its reports.

    Answers how many diagnoses; creates nothing where there are some already.
    """
    tickets = Ticket.objects.filter(
        is_demo=True, wo_type=WorkOrderType.KWH_PERIKSA, status=Status.LAPOR_PERIKSA
    ).order_by("reported_at", "pk")
    if SelfDiagnosis.objects.exists():
        return 0
    agent, operator = User.objects.get(username="cso"), User.objects.get(username="vcc")
    found = list(tickets)
    for number, ticket in enumerate(found):
        at = min(ticket.reported_at + timedelta(minutes=4), timezone.now())
        case, _ = submit_diagnosis(ticket=ticket, readings=KINDS[number % len(KINDS)], by=agent, at=at)
        if number < len(found) - WAITING:
            _decide(case, operator)
    if found:
        _declare(found[0], agent, operator)
    return len(found)


def _declare(ticket: Ticket, agent: User, operator: User) -> None:
    """Reports of houses without power in a kelurahan beside the ticket's, and their outage, under repair."""
    now = timezone.now()
    assert ticket.area is not None  # that of the customer  # noqa: S101
    area = Area.objects.filter(parent=ticket.area.parent).exclude(pk=ticket.area.pk).order_by("-pk")[0]
    for number in range(DARK_HOUSES):
        at = now - timedelta(minutes=3 * (DARK_HOUSES - number))
        dark = create_ticket(report=_dark_house(area, number), by=agent, at=at)
    assert dark.unit is not None  # it follows from the area  # noqa: S101
    incident = declare_incident(area=area, unit=dark.unit, by=operator, cause="Gangguan penyulang (demo)")
    soon = now + timedelta(hours=2)
    move_incident(incident=incident, to=IncidentStatus.PERBAIKAN, by=operator, estimate_at=soon)


def _dark_house(area: Area, number: int) -> Report:
    return Report(
        tab=Tab.GANGGUAN,
        problem_type=ProblemType.objects.get(code="tetangga-turut-padam"),
        problem="PADAM BERSAMA TETANGGA",
        wo_type=WorkOrderType.WO_AUTODISPATCH,
        reporter_name=f"Pelapor Padam Demo {number + 1}",
        caller_number=f"08120001{number:04d}",
        area=area,
        street="Jl. Padam Demo",
        building_number=str(number + 1),
        power_state=PowerState.PADAM,
        is_demo=True,
    )


def _decide(case: SelfDiagnosis, operator: User) -> None:
    at = min(case.submitted_at + timedelta(minutes=9), timezone.now())
    if case.suggestion == "OFFICER":
        send_officer(diagnosis=case, by=operator, reason="Perlu pemeriksaan kelistrikan di lokasi", at=at)
    else:
        approve_ctt(diagnosis=case, by=operator, reason="Pembacaan wajar, terminal pernah dibuka", at=at)
