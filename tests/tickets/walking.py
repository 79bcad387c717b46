"""What a walk is: reports to begin with, everything that may be tried with them, and what must hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import connection, transaction

from common.errors import DomainError
from tickets.models import (
    CLOSED,
    DiagnosisStatus,
    Incident,
    IncidentStatus,
    OrderStatus,
    SelfDiagnosis,
    Status,
    Ticket,
    TicketEvent,
    WorkOrder,
)
from tickets.rules.moves import Hand, hands_for
from tickets.rules.replay import replay
from tickets.services import clock, ctt, dispatch, incidents, moves, repeats, workorders
from tickets.services.corrections import edit_ticket
from tickets.services.diagnosis import approve_ctt, send_officer, submit_diagnosis

STATUSES = tuple(Status)
OUTAGE = tuple(IncidentStatus)
CREW_LIMIT = 3
ADVANCES = (
    workorders.depart,
    workorders.start,
    workorders.restore_temporarily,
    workorders.restore,
    workorders.finish,
)
ON_THE_WAY = {Status.PENUGASAN_REGU, Status.DALAM_PERJALANAN, Status.NYALA_SEMENTARA}
QUEUED = {Status.LAPOR, Status.MENUNGGU_KONFIRMASI}
# One statement, for it is asked after every step.
STAND = """
    SELECT 'ticket' AS kind, id, version, status, merged_into_id AS ticket, NULL AS crew FROM tickets_ticket
    UNION ALL SELECT 'order', id, version, status, ticket_id, crew_id FROM tickets_workorder
    UNION ALL SELECT 'diagnosis', id, version, status, ticket_id, NULL FROM tickets_selfdiagnosis
    ORDER BY 1, 2
"""
ACTIONS = (
    "dispatch",
    "advance",
    "submit",
    "decide",
    "intervene",
    "assign",
    "reopen",
    "officer",
    "cancel",
    "answer",
    "rate",
    "repeat",
    "merge",
    "unmerge",
    "correct",
    "ring",
    "lead",
)


class Walk:
    """From one beginning, a clock that only goes on, and the verbs that agents, units and jobs use."""

    def __init__(self, world: dict[str, Any]) -> None:
        self.world, self.at = world, world["at"]
        self.tickets: list[int] = list(world["tickets"])
        self.began = self.stand = stand()

    def take(self, action: str, choice: int) -> None:
        """Try `action`; a refusal must leave everything as it was, and nothing leads to an illegal state."""
        self.at += timedelta(minutes=1 + choice % 13)
        ticket = Ticket.objects.get(pk=self.tickets[choice % len(self.tickets)])
        try:
            with transaction.atomic():
                getattr(self, action)(ticket, choice // len(self.tickets), self.at)
        except DomainError:
            assert stand() == self.stand, f"{action} was refused and changed something"
        else:
            self.stand = stand()
            check_stand(self.stand)

    def check(self) -> None:
        """The events of whatever was touched tell all of it."""
        touched = set(self.stand) - set(self.began)
        keys = {key if kind == "ticket" else of for kind, key, _, _, of, _ in touched}
        for ticket in Ticket.objects.filter(pk__in=keys):
            check(ticket)
            check_orders(ticket)
        check_diagnoses()

    # --- orders -----------------------------------------------------------------------------------

    def dispatch(self, ticket: Ticket, choice: int, at: datetime) -> None:
        dispatch.dispatch_waiting(at=at)

    def advance(self, ticket: Ticket, choice: int, at: datetime) -> None:
        for order in ticket.orders.open():
            next_one = {
                OrderStatus.PENUGASAN_REGU: 0,
                OrderStatus.DALAM_PERJALANAN: 1,
                OrderStatus.DALAM_PENGERJAAN: 2 + choice % 2,
                OrderStatus.NYALA_SEMENTARA: 3,
                OrderStatus.NYALA: 4,
            }.get(order.status, 0)
            verb = ADVANCES[next_one if choice % 4 else choice // 4 % len(ADVANCES)]
            verb(order=order, by=self.world["posko"], at=at)

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

    # --- diagnoses --------------------------------------------------------------------------------

    def submit(self, ticket: Ticket, choice: int, at: datetime) -> None:
        ticket = Ticket.objects.get(pk=self.world["periksa"]) if choice % 2 else ticket
        readings = self.world["readings"] | {"71": choice // 2 % 2}
        before = SelfDiagnosis.objects.filter(ticket=ticket).first()
        version = before.version - (choice % 5 == 0) if before else None
        submit_diagnosis(ticket=ticket, readings=readings, by=self.world["agent"], version=version, at=at)

    def decide(self, ticket: Ticket, choice: int, at: datetime) -> None:
        by = self.world["agent" if choice % 5 == 0 else "vcc"]
        verb = approve_ctt if choice % 2 else send_officer
        for case in SelfDiagnosis.objects.all():
            verb(diagnosis=case, by=by, reason="x", at=at)

    # --- tickets ----------------------------------------------------------------------------------

    def officer(self, ticket: Ticket, choice: int, at: datetime) -> None:
        later = at + timedelta(hours=choice % 9) if choice % 4 else None
        to = STATUSES[choice % len(STATUSES)]
        moves.move_ticket(ticket=ticket, to=to, by=self.world["posko"], reason="x", confirm_at=later, at=at)

    def cancel(self, ticket: Ticket, choice: int, at: datetime) -> None:
        moves.cancel_ticket(ticket=ticket, by=self.world["agent"], reason="x" * (choice % 2), at=at)

    def answer(self, ticket: Ticket, choice: int, at: datetime) -> None:
        _, follower = ctt.answer_completion(
            ticket=ticket, is_done=choice % 3 > 0, by=self.world["agent"], at=at
        )
        if follower:
            self.tickets.append(follower.pk)

    def rate(self, ticket: Ticket, choice: int, at: datetime) -> None:
        moves.rate_ticket(ticket=ticket, rating=choice % 7, by=self.world["agent"], at=at)

    def repeat(self, ticket: Ticket, choice: int, at: datetime) -> None:
        repeats.record_repeat(ticket=ticket, by=self.world["agent"], channel="CC123", at=at)

    def merge(self, ticket: Ticket, choice: int, at: datetime) -> None:
        into = Ticket.objects.get(pk=self.tickets[choice % len(self.tickets)])
        repeats.merge_ticket(ticket=ticket, into=into, by=self.world["supervisor"], reason="x", at=at)

    def unmerge(self, ticket: Ticket, choice: int, at: datetime) -> None:
        repeats.unmerge_ticket(ticket=ticket, by=self.world["supervisor"], reason="x", at=at)

    def correct(self, ticket: Ticket, choice: int, at: datetime) -> None:
        changes = {"notes": str(choice), "is_hard_complaint": bool(choice % 2)}
        edit_ticket(ticket=ticket, changes=changes, by=self.world["agent"], at=at)

    def ring(self, ticket: Ticket, choice: int, at: datetime) -> None:
        self.at = at = at + timedelta(minutes=choice % 200)
        clock.ring_alerts(at=at)

    def lead(self, ticket: Ticket, choice: int, at: datetime) -> None:
        moved = incidents.move_incident(
            incident=Incident.objects.get(pk=self.world["incident"]),
            to=OUTAGE[choice % len(OUTAGE)],
            by=self.world["posko"],
            reason="x",
            estimate_at=at + timedelta(hours=1),
            at=at,
        )
        if moved.events.count() > 1:
            incidents.follow(incident_id=moved.pk, version=moved.version, after=0, at=at)


# --- What must hold -------------------------------------------------------------------------------


def stand() -> list[tuple[Any, ...]]:
    """Every ticket, order and diagnosis as it is now."""
    with connection.cursor() as cursor:
        cursor.execute(STAND)
        return [tuple(row) for row in cursor.fetchall()]


def check_stand(rows: list[tuple[Any, ...]]) -> None:
    """No ticket out of step with its order, no crew with too much, no decided case still waiting."""
    statuses = {key: status for kind, key, _, status, _, _ in rows if kind == "ticket"}
    orders: dict[int, str] = {}
    loads: dict[int, int] = {}
    for kind, _, _, status, ticket, crew in rows:
        if kind == "order" and status not in (OrderStatus.SELESAI, OrderStatus.BATAL):
            assert ticket not in orders, "two open orders of one ticket"
            orders[ticket] = status
            loads[crew] = loads.get(crew, 0) + 1
        elif kind == "diagnosis" and status != DiagnosisStatus.SUBMITTED:
            assert statuses[ticket] != Status.LAPOR_PERIKSA
    loads.pop(None, None)  # type: ignore[call-overload]
    assert max(loads.values(), default=0) <= CREW_LIMIT
    for ticket, status in statuses.items():
        _check_step_of_order(status, orders.get(ticket))


def _check_step_of_order(status: str, order: str | None) -> None:
    if order is None:
        assert status not in ON_THE_WAY
    elif order == OrderStatus.ANTRE:
        assert status in QUEUED
    else:
        assert status == order


def check_orders(ticket: Ticket) -> None:
    """The events of each order lead to where it is, one version after the other."""
    for order in WorkOrder.objects.filter(ticket=ticket).prefetch_related("events"):
        events = sorted(order.events.all(), key=lambda it: it.version)
        assert [event.version for event in events] == list(range(1, order.version + 1))
        assert events[-1].to_status == order.status
        for one, other in pairwise(events):
            assert one.to_status == other.from_status


def check_diagnoses() -> None:
    for case in SelfDiagnosis.objects.select_related("token"):
        assert hasattr(case, "token") == (case.status == DiagnosisStatus.CTT_APPROVED)
        assert case.decided_by_id != case.submitted_by_id
        assert case.held_until is None
        told = [it for it in case.ticket.events.all() if it.kind in ("CTT_APPROVED", "OFFICER_SENT")]
        assert [it.kind for it in told] == [case.status] * (case.status != DiagnosisStatus.SUBMITTED)


def check(ticket: Ticket) -> None:
    """What must hold of any ticket: its events tell where it is, and its clock how it got late."""
    events = list(ticket.events.order_by("version"))
    told = replay(events)
    assert [it.version for it in events] == list(range(1, ticket.version + 1))
    assert told.status == ticket.status
    assert told.repeat_count == ticket.repeat_count == ticket.repeats.count()
    assert told.merged_into == (ticket.merged_into.number if ticket.merged_into else "")
    assert (told.is_confirmed, told.rating) == (ticket.is_confirmed, ticket.rating)
    assert told.alert_step == ticket.alert_step
    for earlier, later in pairwise(events):
        _check_step(ticket, earlier, later)
    _check_clock(ticket)


def _check_step(ticket: Ticket, earlier: TicketEvent, later: TicketEvent) -> None:
    assert later.from_status == earlier.to_status
    assert later.at >= earlier.at
    assert later.by_id or later.job
    if later.from_status != later.to_status:
        hand = Hand(later.data["hand"])
        assert hand in hands_for(tab=ticket.tab, start=later.from_status, to=later.to_status)


def _check_clock(ticket: Ticket) -> None:
    """Segments join without a gap, and what is derived is what is stored."""
    segments = list(ticket.segments.all())
    for one, other in pairwise(segments):
        assert one.ends_at == other.starts_at
    is_running = segments[-1].ends_at is None
    assert is_running == (ticket.status not in clock.STOPPING)
    if is_running:
        derived = clock.derived(ticket)
        assert derived["due_at"] == ticket.due_at
        assert derived["queue_key"] == ticket.queue_key
    if ticket.status in CLOSED:
        assert ticket.alert_at is None
        assert ticket.closed_at is not None
