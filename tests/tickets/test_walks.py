"""Random walks over tickets: whatever is tried, nothing illegal happens, and the events tell all of it.

A walk is a list of (action, choice). PORTAL_WALKS says how many are walked; the long run takes ten thousand.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.errors import DomainError
from tickets.models import CLOSED, Status, Tab, Ticket, TicketEvent
from tickets.rules.moves import Hand, hands_for
from tickets.rules.replay import replay
from tickets.services import clock, ledger, moves, repeats
from tickets.services.actors import job
from tickets.services.corrections import edit_ticket
from tickets.services.report import Report
from tickets.services.tickets import create_ticket
from units.models import User

WALKS = int(os.environ.get("PORTAL_WALKS", "60"))
STATUSES = tuple(Status)


class Walk:
    """Two tickets, a clock that only goes on, and everything that may be tried with them."""

    def __init__(self, report: Callable[..., Report], cast: dict[str, User], tab: Tab) -> None:
        self.cast = cast
        self.at = timezone.now()
        self.tickets = [create_ticket(report=report(tab=tab), by=cast["agent"], at=self.at) for _ in range(2)]

    def take(self, action: str, choice: int) -> None:
        """Try `action`; a refusal must leave everything as it was."""
        self.at += timedelta(minutes=7 + choice % 50)
        ticket = self.tickets[choice % len(self.tickets)]
        before = self._stand()
        try:
            with transaction.atomic():
                getattr(self, action)(Ticket.objects.get(pk=ticket.pk), choice, self.at)
        except DomainError:
            assert self._stand() == before

    def _stand(self) -> list[tuple[Any, ...]]:
        return list(Ticket.objects.order_by("pk").values_list("pk", "version", "status", "due_at"))

    def officer(self, ticket: Ticket, choice: int, at: datetime) -> None:
        later = at + timedelta(hours=choice % 9) if choice % 4 else None
        to = STATUSES[choice % len(STATUSES)]
        moves.move_ticket(ticket=ticket, to=to, by=self.cast["posko"], reason="x", confirm_at=later, at=at)

    def order(self, ticket: Ticket, choice: int, at: datetime) -> None:
        to = STATUSES[choice % len(STATUSES)]
        locked = ledger.lock(ticket)
        moves.step(ticket=locked, to=to, actor=job("walk"), hand=Hand.ORDER, at=at)

    def cancel(self, ticket: Ticket, choice: int, at: datetime) -> None:
        moves.cancel_ticket(ticket=ticket, by=self.cast["agent"], reason="x" * (choice % 2), at=at)

    def answer(self, ticket: Ticket, choice: int, at: datetime) -> None:
        _, follower = moves.confirm_completion(
            ticket=ticket, is_done=choice % 3 > 0, by=self.cast["agent"], at=at
        )
        if follower:
            self.tickets.append(follower)

    def rate(self, ticket: Ticket, choice: int, at: datetime) -> None:
        moves.rate_ticket(ticket=ticket, rating=choice % 7, by=self.cast["agent"], at=at)

    def repeat(self, ticket: Ticket, choice: int, at: datetime) -> None:
        repeats.record_repeat(ticket=ticket, by=self.cast["agent"], channel="CC123", at=at)

    def merge(self, ticket: Ticket, choice: int, at: datetime) -> None:
        into = self.tickets[(choice // 7) % len(self.tickets)]
        repeats.merge_ticket(ticket=ticket, into=into, by=self.cast["supervisor"], reason="x", at=at)

    def unmerge(self, ticket: Ticket, choice: int, at: datetime) -> None:
        repeats.unmerge_ticket(ticket=ticket, by=self.cast["supervisor"], reason="x", at=at)

    def correct(self, ticket: Ticket, choice: int, at: datetime) -> None:
        changes = {"notes": str(choice), "is_hard_complaint": bool(choice % 2)}
        edit_ticket(ticket=ticket, changes=changes, by=self.cast["agent"], at=at)

    def ring(self, ticket: Ticket, choice: int, at: datetime) -> None:
        clock.ring_alerts(at=at)


ACTIONS = (
    "officer",
    "order",
    "order",
    "cancel",
    "answer",
    "rate",
    "repeat",
    "merge",
    "unmerge",
    "correct",
    "ring",
)


@pytest.mark.django_db
@settings(
    max_examples=WALKS,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    tab=st.sampled_from(list(Tab)),
    steps=st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 10_000)), min_size=5, max_size=25),
)
def test_no_walk_ends_where_the_table_does_not_lead(
    report: Callable[..., Report],
    agent: User,
    posko_menteng: User,
    supervisor: User,
    tab: Tab,
    steps: list[tuple[str, int]],
) -> None:
    cast = {"agent": agent, "posko": posko_menteng, "supervisor": supervisor}
    with transaction.atomic():
        walk = Walk(report, cast, tab)
        for action, choice in steps:
            walk.take(action, choice)
        for ticket in Ticket.objects.all():
            check(ticket)
        transaction.set_rollback(True)


def check(ticket: Ticket) -> None:
    """What must hold of any ticket at any time."""
    events = list(ticket.events.all())
    told = replay(events)
    assert [it.version for it in events] == list(range(1, ticket.version + 1))
    assert told.status == ticket.status
    assert told.repeat_count == ticket.repeat_count == ticket.repeats.count()
    assert told.merged_into == (ticket.merged_into.number if ticket.merged_into else "")
    assert (told.is_confirmed, told.rating) == (ticket.is_confirmed, ticket.rating)
    assert told.alert_step == ticket.alert_step
    for earlier, later in pairwise(events):
        check_step(ticket, earlier, later)
    check_clock(ticket)


def check_step(ticket: Ticket, earlier: TicketEvent, later: TicketEvent) -> None:
    assert later.from_status == earlier.to_status
    assert later.at >= earlier.at
    if later.from_status != later.to_status:
        hand = Hand(later.data["hand"])
        assert hand in hands_for(tab=ticket.tab, start=later.from_status, to=later.to_status)
        assert (later.by is None) == (hand is Hand.ORDER)


def check_clock(ticket: Ticket) -> None:
    """Segments join without a gap, and what is derived is what is stored."""
    segments = list(ticket.segments.all())
    for one, other in pairwise(segments):
        assert one.ends_at == other.starts_at
    is_running = segments[-1].ends_at is None
    assert is_running == (ticket.status not in clock.STOPPING)
    if is_running:
        assert clock.derived(ticket)["due_at"] == ticket.due_at
        assert clock.derived(ticket)["queue_key"] == ticket.queue_key
    if ticket.status in CLOSED:
        assert ticket.alert_at is None
        assert ticket.closed_at is not None
