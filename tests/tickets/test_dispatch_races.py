"""Dispatch and decisions under load: once each, whoever else tries, and whoever dies. Needs PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from tests.racing import at_once
from tickets.models import (
    ClearTamperToken,
    Crew,
    DispatchRule,
    OrderStatus,
    SelfDiagnosis,
    Status,
    Ticket,
    WorkOrder,
    WorkOrderEvent,
)
from tickets.services import dispatch, workorders
from tickets.services.decisions import AlreadyDecided, BeingDecided
from tickets.services.diagnosis import approve_ctt, send_officer, submit_diagnosis
from tickets.services.tickets import Report, create_ticket
from units.models import User

ORDERS = 30
KILLS = 4
WORKER = """
import django, time
django.setup()
from django.utils import timezone
from tickets.services import dispatch
from tickets.models import WorkOrder
while True:
    for pk in WorkOrder.objects.to_dispatch(timezone.now()).values_list("pk", flat=True)[:5]:
        dispatch.dispatch(order_id=pk, at=timezone.now())
        print("tried", flush=True)
"""

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time"),
]


@pytest.fixture
def waiting(report: Callable[..., Report], agent: User) -> list[Ticket]:
    return [create_ticket(report=report(), by=agent) for _ in range(ORDERS)]


def check_once(count: int) -> None:
    """So many orders have a crew, each given out by one event, its ticket moved by one."""
    given = WorkOrderEvent.objects.filter(to_status=OrderStatus.PENUGASAN_REGU)
    assert set(Counter(given.values_list("order", flat=True)).values()) == {1}
    assert WorkOrder.objects.filter(status=OrderStatus.PENUGASAN_REGU).count() == count == given.count()
    moved = Ticket.objects.filter(status=Status.PENUGASAN_REGU)
    assert moved.count() == count
    for ticket in moved:
        assert ticket.events.filter(to_status=Status.PENUGASAN_REGU, from_status=Status.LAPOR).count() == 1


def loads() -> list[int]:
    return sorted(Counter(WorkOrder.objects.with_crew().values_list("crew", flat=True)).values())


def test_many_workers_give_each_order_once_and_no_crew_more_than_three(
    waiting: list[Ticket], on_duty: Callable[..., Crew]
) -> None:
    for number in range(4):
        on_duty(f"crew-{number}")
    keys = [ticket.orders.get().pk for ticket in waiting]

    def work(number: int) -> int:
        ordered = keys[number:] + keys[:number]
        return sum(dispatch.dispatch(order_id=pk, at=timezone.now()) for pk in ordered)

    assert sum(at_once(work, 12)) == 12
    check_once(12)
    assert loads() == [3, 3, 3, 3]


def test_an_officer_and_autodispatch_give_an_order_once(
    waiting: list[Ticket], on_duty: Callable[..., Crew], posko_menteng: User
) -> None:
    crew = on_duty("crew")
    order = waiting[0].orders.get()

    def work(number: int) -> bool:
        if number % 2:
            return dispatch.dispatch(order_id=order.pk, at=timezone.now())
        try:
            workorders.assign_crew(order=order, crew=crew, by=posko_menteng)
        except Exception:  # every refusal is fine: the order was given by somebody else
            return False
        return True

    assert sum(at_once(work, 8)) == 1
    assert order.events.filter(to_status=OrderStatus.PENUGASAN_REGU).count() == 1


def test_workers_killed_in_the_middle_lose_and_double_nothing(
    waiting: list[Ticket], on_duty: Callable[..., Crew]
) -> None:
    DispatchRule.objects.create(max_open_orders=20)
    for number in range(2):
        on_duty(f"crew-{number}")
    for number in range(KILLS):
        worker = _worker()
        assert worker.stdout is not None
        for _ in range(number + 1):
            worker.stdout.readline()
        time.sleep(0.01 * number)
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()

    done = WorkOrder.objects.with_crew().count()
    assert 0 < done < ORDERS
    for _ in range(3):
        dispatch.dispatch_waiting(at=timezone.now())

    check_once(ORDERS)


def _worker() -> subprocess.Popen[str]:
    """A process of its own that dispatches until it is killed, on the database of this test."""
    at = connection.settings_dict
    place = f"{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{at['NAME']}"
    environment = os.environ | {
        "DATABASE_URL": f"postgres://{place}",
        "DJANGO_SETTINGS_MODULE": "pln_portal.settings",
        "PORTAL_ENV": settings.PORTAL_ENV,
    }
    return subprocess.Popen(
        [sys.executable, "-c", WORKER],
        cwd=settings.BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_of_many_operators_at_once_one_decides_and_the_others_are_told(
    periksa: Ticket, readings: dict[str, Any], agent: User, appoint: Callable[..., User]
) -> None:
    case, _ = submit_diagnosis(ticket=periksa, readings=readings, by=agent)
    operators = [appoint(f"operator-{number}", "VCC_OPERATOR", "PLN Pusat") for number in range(8)]

    def decide(number: int) -> str:
        verb = approve_ctt if number % 2 else send_officer
        try:
            verb(diagnosis=case, by=operators[number], reason="looked at it")
        except (AlreadyDecided, BeingDecided) as refusal:
            return refusal.code
        return "decided"

    answers = Counter(at_once(decide, 8))

    decided = SelfDiagnosis.objects.get()
    assert answers["decided"] == 1
    assert answers["already_decided"] + answers["being_decided"] == 7
    assert ClearTamperToken.objects.count() == (decided.status == "CTT_APPROVED")
    periksa.refresh_from_db()
    assert periksa.status == (
        Status.MENUNGGU_KONFIRMASI if decided.status == "CTT_APPROVED" else Status.LAPOR
    )
