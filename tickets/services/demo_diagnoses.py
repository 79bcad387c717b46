"""Self-diagnoses for the demo's PERIKSA tickets: one of each kind that the command centre meets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from tickets.models import SelfDiagnosis, Status, Ticket, WorkOrderType
from tickets.services.diagnosis import approve_ctt, send_officer, submit_diagnosis
from units.models import User

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
# Terminal opened; cover opened; leakage; nothing to read; unknown cause with an implausible voltage.
KINDS: tuple[dict[str, Any], ...] = (
    NORMAL,
    NORMAL | {"71": 2},
    NORMAL | {"45": 6.2, "46": 3.9},
    dict.fromkeys(NORMAL),
    NORMAL | {"08": 7, "70": 0, "41": 412},
)
WAITING = 3


@transaction.atomic
def load() -> int:
    """Readings for every demo ticket that waits for them, and a decision for all but a few; answers how many.

    Creates none where there are diagnoses already.
    """
    tickets = Ticket.objects.filter(
        is_demo=True, wo_type=WorkOrderType.KWH_PERIKSA, status=Status.LAPOR_PERIKSA
    ).order_by("pk")
    if SelfDiagnosis.objects.exists():
        return 0
    agent, operator = User.objects.get(username="cso"), User.objects.get(username="vcc")
    found = list(tickets)
    for number, ticket in enumerate(found):
        at = min(ticket.reported_at + timedelta(minutes=4), timezone.now())
        case, _ = submit_diagnosis(ticket=ticket, readings=KINDS[number % len(KINDS)], by=agent, at=at)
        if number < len(found) - WAITING:
            _decide(case, operator)
    return len(found)


def _decide(case: SelfDiagnosis, operator: User) -> None:
    at = min(case.submitted_at + timedelta(minutes=9), timezone.now())
    if case.suggestion == "OFFICER":
        send_officer(diagnosis=case, by=operator, reason="Perlu pemeriksaan kelistrikan di lokasi", at=at)
    else:
        approve_ctt(diagnosis=case, by=operator, reason="Pembacaan wajar, terminal pernah dibuka", at=at)
