"""Random walks over orders, diagnoses and outages: a ticket and its order never fall out of step.

PORTAL_WALKS says how many are walked; the long run takes ten thousand.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.errors import DomainError
from customers.models import Customer
from tickets.models import (
    Crew,
    DiagnosisStatus,
    Incident,
    IncidentStatus,
    OrderStatus,
    SelfDiagnosis,
    Status,
    Ticket,
    WorkOrder,
)
from tickets.rules.replay import replay
from tickets.services import ctt, dispatch, incidents, moves, workorders
from tickets.services.diagnosis import approve_ctt, send_officer, submit_diagnosis
from tickets.services.tickets import Report, create_ticket
from units.models import User

WALKS = int(os.environ.get("PORTAL_WALKS", "40"))
ADVANCES = (
    workorders.depart,
    workorders.start,
    workorders.restore_temporarily,
    workorders.restore,
    workorders.finish,
)
OUTAGE = (
    IncidentStatus.INFO,
    IncidentStatus.PERBAIKAN,
    IncidentStatus.NYALA_BERTAHAP,
    IncidentStatus.NYALA,
    IncidentStatus.SELESAI,
    IncidentStatus.DISMISSED,
)


class Walk:
    """An ordinary ticket, a PERIKSA ticket, two crews and an outage that may come over them."""

    def __init__(self, world: dict[str, Any]) -> None:
        self.world, self.at = world, timezone.now()
        report, agent, gambir = world["report"], world["agent"], world["gambir"]
        dark = create_ticket(report=report(power_state="PADAM"), by=agent, at=self.at)
        periksa = create_ticket(
            report=report(wo_type="KWH_PERIKSA", customer=world["customer"]), by=agent, at=self.at
        )
        self.tickets = [dark, periksa]
        self.incident = Incident.objects.create(
            unit=dark.unit, area=gambir, began_at=self.at - timedelta(minutes=1), version=1
        )

    def take(self, action: str, choice: int) -> None:
        self.at += timedelta(minutes=1 + choice % 3)
        ticket = Ticket.objects.get(pk=self.tickets[choice % len(self.tickets)].pk)
        before = self._stand()
        try:
            with transaction.atomic():
                getattr(self, action)(ticket, choice, self.at)
        except DomainError:
            assert self._stand() == before

    def _stand(self) -> list[tuple[Any, ...]]:
        tickets = Ticket.objects.order_by("pk").values_list("pk", "version", "status")
        orders = WorkOrder.objects.order_by("pk").values_list("pk", "version", "status")
        return [*tickets, *orders, *SelfDiagnosis.objects.values_list("pk", "version", "status")]

    def dispatch(self, ticket: Ticket, choice: int, at: datetime) -> None:
        dispatch.dispatch_waiting(at=at)

    def advance(self, ticket: Ticket, choice: int, at: datetime) -> None:
        for order in ticket.orders.open():
            ADVANCES[choice % len(ADVANCES)](order=order, by=self.world["posko"], at=at)

    def intervene(self, ticket: Ticket, choice: int, at: datetime) -> None:
        verbs: tuple[Callable[..., Any], ...] = (workorders.take_back, workorders.cancel_order)
        for order in ticket.orders.open():
            verbs[choice % 2](order=order, by=self.world["posko"], reason="x" * (choice % 3), at=at)

    def assign(self, ticket: Ticket, choice: int, at: datetime) -> None:
        crew = self.world["crews"][choice % 2]
        for order in ticket.orders.open():
            workorders.assign_crew(order=order, crew=crew, by=self.world["posko"], reason="x", at=at)

    def reopen(self, ticket: Ticket, choice: int, at: datetime) -> None:
        workorders.open_by_hand(ticket=ticket, by=self.world["posko"], at=at)

    def officer(self, ticket: Ticket, choice: int, at: datetime) -> None:
        to = tuple(Status)[choice % len(Status)]
        later = at + timedelta(minutes=20)
        moves.move_ticket(ticket=ticket, to=to, by=self.world["posko"], reason="x", confirm_at=later, at=at)

    def cancel(self, ticket: Ticket, choice: int, at: datetime) -> None:
        moves.cancel_ticket(ticket=ticket, by=self.world["agent"], reason="x", at=at)

    def submit(self, ticket: Ticket, choice: int, at: datetime) -> None:
        readings = self.world["readings"] | {"71": choice % 2}
        submit_diagnosis(ticket=ticket, readings=readings, by=self.world["agent"], version=1, at=at)

    def decide(self, ticket: Ticket, choice: int, at: datetime) -> None:
        by = self.world["agent" if choice % 5 == 0 else "vcc"]
        verb = approve_ctt if choice % 2 else send_officer
        for case in SelfDiagnosis.objects.all():
            verb(diagnosis=case, by=by, reason="x", at=at)

    def answer(self, ticket: Ticket, choice: int, at: datetime) -> None:
        _, follower = ctt.answer_completion(
            ticket=ticket, is_done=choice % 2 == 0, by=self.world["agent"], at=at
        )
        if follower:
            self.tickets.append(follower)

    def lead(self, ticket: Ticket, choice: int, at: datetime) -> None:
        to = OUTAGE[choice % len(OUTAGE)]
        moved = incidents.move_incident(
            incident=self.incident,
            to=to,
            by=self.world["posko"],
            reason="x",
            estimate_at=at + timedelta(hours=1),
            at=at,
        )
        if moved.events.count() > 1:
            incidents.follow(incident_id=moved.pk, version=moved.version, after=0, at=at)

    def check(self) -> None:
        for ticket in Ticket.objects.all():
            self._check_orders(ticket)
            told = replay(ticket.events.order_by("version"))
            assert (told.status, told.version) == (ticket.status, ticket.version)
        for case in SelfDiagnosis.objects.exclude(status=DiagnosisStatus.SUBMITTED):
            assert case.ticket.status != Status.LAPOR_PERIKSA
            assert hasattr(case, "token") == (case.status == DiagnosisStatus.CTT_APPROVED)
            assert case.decided_by_id != case.submitted_by_id
        for crew in self.world["crews"]:
            assert WorkOrder.objects.with_crew().filter(crew=crew).count() <= 3

    def _check_orders(self, ticket: Ticket) -> None:
        order = ticket.orders.open().first()
        assert ticket.orders.open().count() <= 1
        if order is None:
            on_the_way = (Status.PENUGASAN_REGU, Status.DALAM_PERJALANAN, Status.NYALA_SEMENTARA)
            assert ticket.status not in on_the_way
        elif order.status == OrderStatus.ANTRE:
            assert ticket.status in (Status.LAPOR, Status.MENUNGGU_KONFIRMASI)
        else:
            assert ticket.status == order.status
        for each in ticket.orders.all():
            events = list(each.events.order_by("version"))
            assert [event.version for event in events] == list(range(1, each.version + 1))
            assert events[-1].to_status == each.status


ACTIONS = (
    "dispatch",
    "advance",
    "intervene",
    "assign",
    "reopen",
    "officer",
    "cancel",
    "submit",
    "decide",
    "answer",
    "lead",
)
STEP = st.tuples(st.sampled_from(("dispatch", "advance", "submit", "decide", *ACTIONS)), st.integers(0, 59))


@pytest.fixture
def world(
    report: Callable[..., Report],
    on_duty: Callable[..., Crew],
    customer: Customer,
    readings: dict[str, Any],
    gambir: Any,
    agent: User,
    posko_menteng: User,
    vcc_operator: User,
) -> dict[str, Any]:
    return {
        "report": report,
        "crews": [on_duty("one"), on_duty("two")],
        "customer": customer,
        "readings": readings,
        "gambir": gambir,
        "agent": agent,
        "posko": posko_menteng,
        "vcc": vcc_operator,
    }


def test_no_walk_takes_a_ticket_and_its_order_out_of_step(world: dict[str, Any]) -> None:
    @settings(
        max_examples=WALKS,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.lists(STEP, min_size=5, max_size=25))
    def walk(steps: list[tuple[str, int]]) -> None:
        with transaction.atomic():
            walking = Walk(world)
            for action, choice in steps:
                walking.take(action, choice)
                walking.check()
            transaction.set_rollback(True)

    walk()
