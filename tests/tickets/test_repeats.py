"""Lapor ulang and duplicates: seen while writing, recorded on the first, merged and taken apart."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common.errors import Conflict, Forbidden
from customers.models import Customer
from tests.tickets.copies import copy_ticket
from tickets.models import EventKind, Status, Ticket, TicketMerge, TicketRepeat
from tickets.rules.replay import replay
from tickets.services import clock, moves, repeats
from tickets.services.ledger import TicketClosed
from tickets.services.repeats import Sought, find_candidates
from tickets.services.report import Report
from tickets.services.tickets import create_ticket
from units.models import User

Make = Callable[..., Report]
HERE = {"latitude": Decimal("-6.175000"), "longitude": Decimal("106.827000")}


@pytest.mark.requirement("R-003-16")
@pytest.mark.parametrize(
    ("sought", "reasons"),
    [
        (Sought(phones=("0812 3456 7890",)), ("phone",)),
        (Sought(meter_number="14000000001"), ("meter_number",)),
        (Sought(latitude=-6.1755, longitude=106.827), ("place",)),
        (Sought(meter_number="14000000001", phones=("+6281234567890",)), ("meter_number", "phone")),
        (Sought(latitude=-6.18, longitude=106.827), None),
        (Sought(phones=("0812",)), None),
        (Sought(), None),
    ],
)
def test_an_open_ticket_of_the_same_is_found(
    report: Make, agent: User, sought: Sought, reasons: tuple[str, ...] | None
) -> None:
    create_ticket(report=report(caller_number="081234567890", meter_number="14000000001", **HERE), by=agent)

    found = find_candidates(sought=sought, by=agent)

    assert [it.reasons for it in found] == ([reasons] if reasons else [])


@pytest.mark.requirement("R-003-16")
def test_the_same_idpel_is_found_with_age_and_distance(report: Make, agent: User, customer: Customer) -> None:
    at = timezone.now()
    ticket = create_ticket(report=report(customer=customer, **HERE), by=agent, at=at - timedelta(hours=1))

    (found,) = find_candidates(
        sought=Sought(customer=customer, latitude=-6.176, longitude=106.827), by=agent, at=at
    )

    assert (found.ticket, found.age(at)) == (ticket, timedelta(hours=1))
    assert found.distance_m == pytest.approx(111, abs=1)
    assert found.reasons == ("idpel", "place")


def test_what_is_near_but_old_is_not_the_same(report: Make, agent: User) -> None:
    create_ticket(report=report(**HERE), by=agent, at=timezone.now() - timedelta(hours=25))

    assert find_candidates(sought=Sought(latitude=-6.175, longitude=106.827), by=agent) == []


def test_closed_and_merged_tickets_are_no_candidates(
    report: Make, agent: User, supervisor: User, customer: Customer
) -> None:
    first, second, third = (create_ticket(report=report(customer=customer), by=agent) for _ in range(3))
    repeats.merge_ticket(ticket=second, into=first, by=supervisor, reason="Sama")
    moves.cancel_ticket(ticket=third, by=agent, reason="Sudah menyala")

    assert [it.ticket for it in find_candidates(sought=Sought(customer=customer), by=agent)] == [first]


def test_candidates_are_those_that_the_reader_sees(
    report: Make, agent: User, channel: User, customer: Customer
) -> None:
    create_ticket(report=report(customer=customer), by=agent)

    assert find_candidates(sought=Sought(customer=customer), by=channel) == []


def test_a_dark_quarter_does_not_hide_the_report_of_the_same_house(
    report: Make, agent: User, customer: Customer
) -> None:
    place = {"latitude": Decimal("-6.176700"), "longitude": Decimal("106.826300")}
    first = create_ticket(report=report(customer=customer), by=agent)
    copy_ticket(create_ticket(report=report(**place), by=agent), 60)

    sought = Sought(customer=customer, latitude=-6.1767, longitude=106.8263)
    found = find_candidates(sought=sought, by=agent)

    assert first in [it.ticket for it in found]


def test_candidates_cost_one_query(report: Make, agent: User, customer: Customer) -> None:
    sought = Sought(customer=customer, phones=("081234567890",), latitude=-6.175, longitude=106.827)
    assert agent.positions_in_force
    for _ in range(12):
        create_ticket(report=report(customer=customer, **HERE), by=agent)

    with CaptureQueriesContext(connection) as queries:
        assert len(find_candidates(sought=sought, by=agent)) == 12

    assert len(queries) == 1


def test_a_repeat_raises_the_ticket_in_the_lists_and_makes_no_other(
    ticket: Ticket, report: Make, agent: User
) -> None:
    later = create_ticket(report=report(), by=agent)

    repeats.record_repeat(ticket=later, by=agent, channel="CC123", caller_number="081234567890")

    assert list(Ticket.objects.order_by("queue_key")) == [later, ticket]
    assert TicketRepeat.objects.get().caller_number == "+6281234567890"
    assert later.events.get(kind=EventKind.REPEATED).data == {"channel": "CC123", "count": 1}


def test_a_closed_ticket_takes_no_repeat(ticket: Ticket, agent: User) -> None:
    moves.cancel_ticket(ticket=ticket, by=agent, reason="Sudah menyala")

    with pytest.raises(TicketClosed):
        repeats.record_repeat(ticket=ticket, by=agent, channel="CC123")

    assert not TicketRepeat.objects.exists()


def test_a_repeat_of_a_merged_ticket_counts_for_the_first(
    ticket: Ticket, report: Make, agent: User, supervisor: User
) -> None:
    second = create_ticket(report=report(), by=agent)
    second = repeats.merge_ticket(ticket=second, into=ticket, by=supervisor, reason="Sama")

    assert repeats.record_repeat(ticket=second, by=agent, channel="CC123") == ticket


def test_merging_keeps_both_histories_and_can_be_undone(
    ticket: Ticket, report: Make, agent: User, supervisor: User
) -> None:
    second = create_ticket(report=report(), by=agent)
    before = (second.status, second.due_at, second.alert_at)

    merged = repeats.merge_ticket(ticket=second, into=ticket, by=supervisor, reason="Satu rumah")
    assert not merged.is_open
    assert clock.ring_alerts(at=timezone.now() + timedelta(hours=4)) == 1

    apart = repeats.unmerge_ticket(ticket=merged, by=supervisor, reason="Rumah lain")
    assert (apart.status, apart.due_at, apart.alert_at) == before
    assert [it.kind for it in apart.events.all()] == ["CREATED", "MERGED", "UNMERGED"]
    assert replay(apart.events.all()).merged_into == ""
    assert TicketMerge.objects.get().undone_by == supervisor


def test_merges_that_make_no_sense_are_refused(
    ticket: Ticket, report: Make, agent: User, supervisor: User
) -> None:
    second, third = (create_ticket(report=report(), by=agent) for _ in range(2))
    complaint = create_ticket(report=report(tab="KELUHAN"), by=agent)
    repeats.merge_ticket(ticket=second, into=ticket, by=supervisor, reason="Sama")

    for one, into in ((third, third), (second, third), (third, second), (ticket, third), (complaint, ticket)):
        one, into = Ticket.objects.get(pk=one.pk), Ticket.objects.get(pk=into.pk)
        with pytest.raises(Conflict):
            repeats.merge_ticket(ticket=one, into=into, by=supervisor, reason="Sama")

    assert TicketMerge.objects.count() == 1


def test_a_merged_ticket_does_not_move(ticket: Ticket, report: Make, agent: User, supervisor: User) -> None:
    second = create_ticket(report=report(), by=agent)
    repeats.merge_ticket(ticket=second, into=ticket, by=supervisor, reason="Sama")

    with pytest.raises(TicketClosed) as refusal:
        moves.cancel_ticket(ticket=second, by=agent, reason="x")

    assert refusal.value.code == "ticket_merged"
    assert Ticket.objects.get(pk=second.pk).status == Status.LAPOR


def test_an_agent_merges_nothing(ticket: Ticket, report: Make, agent: User) -> None:
    second = create_ticket(report=report(), by=agent)

    with pytest.raises(Forbidden):
        repeats.merge_ticket(ticket=second, into=ticket, by=agent, reason="Sama")

    assert Ticket.objects.filter(merged_into=None).count() == 2
