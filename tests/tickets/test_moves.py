"""Moving tickets: by the table, by the right hand, once, with an event each time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from common.append_only import AppendOnlyError
from common.errors import Conflict, DomainError, Forbidden, Invalid
from common.models import Job
from customers.models import Customer, Product
from tickets.models import (
    ClockSegment,
    DiagnosisCoverage,
    EventKind,
    OrderStatus,
    Status,
    Tab,
    Ticket,
    TicketEvent,
    WorkOrderType,
)
from tickets.rules.moves import Hand, MoveRefused
from tickets.rules.replay import replay
from tickets.services import ledger, moves
from tickets.services.actors import job
from tickets.services.report import Report
from tickets.services.tickets import create_ticket
from units.models import Position, User

Make = Callable[..., Report]


def by_order(ticket: Ticket, to: str) -> Ticket:
    """A move that a work order makes."""
    with transaction.atomic():
        return moves.step(
            ticket=ledger.lock(ticket), to=to, actor=job("test"), hand=Hand.ORDER, at=timezone.now()
        )


@pytest.fixture
def finished(ticket: Ticket) -> Ticket:
    for to in (
        "PENUGASAN_REGU",
        "DALAM_PERJALANAN",
        "DALAM_PENGERJAAN",
        "NYALA_SEMENTARA",
        "NYALA",
        "SELESAI",
    ):
        ticket = by_order(ticket, to)
    return ticket


def test_every_move_says_who_from_where_to_where_and_why(ticket: Ticket, posko_menteng: User) -> None:
    later = timezone.now() + timedelta(hours=2)

    moved = moves.move_ticket(
        ticket=ticket,
        to=Status.MENUNGGU_KONFIRMASI,
        by=posko_menteng,
        reason="Baru ada sore",
        confirm_at=later,
    )

    event = moved.events.get(kind=EventKind.MOVED)
    assert (event.from_status, event.to_status) == (Status.LAPOR, Status.MENUNGGU_KONFIRMASI)
    assert (event.by, event.role, event.reason) == (posko_menteng, "POSKO_OFFICER", "Baru ada sore")
    assert event.position == posko_menteng.positions.get()


def test_an_event_is_announced_in_the_same_transaction(ticket: Ticket) -> None:
    event = ticket.events.get()

    assert [it.payload for it in Job.objects.filter(kind=ledger.ANNOUNCE)] == [{"event": event.pk}]


def test_a_refused_move_leaves_no_trace(ticket: Ticket, posko_menteng: User) -> None:
    for to in (Status.NYALA, Status.SELESAI, Status.BATAL, Status.LAPOR, Status.ISSUE_CLOSED):
        with pytest.raises(MoveRefused):
            moves.move_ticket(ticket=ticket, to=to, by=posko_menteng, reason="x")

    ticket.refresh_from_db()
    assert (ticket.status, ticket.version, ticket.events.count()) == (Status.LAPOR, 1, 1)


@pytest.mark.parametrize("who", ["manager_bandung", "agent", "back_office", "nobody"])
def test_only_the_unit_moves_its_tickets(request: pytest.FixtureRequest, ticket: Ticket, who: str) -> None:
    with pytest.raises(Forbidden):
        moves.move_ticket(
            ticket=ticket,
            to=Status.MENUNGGU_KONFIRMASI,
            by=request.getfixturevalue(who),
            reason="x",
            confirm_at=timezone.now() + timedelta(hours=1),
        )

    ticket.refresh_from_db()
    assert ticket.status == Status.LAPOR


def test_a_position_that_has_ended_moves_nothing(ticket: Ticket, posko_menteng: User) -> None:
    Position.objects.filter(holder=posko_menteng).update(ends_at=timezone.now())

    with pytest.raises(Forbidden):
        moves.move_ticket(ticket=ticket, to=Status.MENUNGGU_KONFIRMASI, by=posko_menteng, reason="x")


@pytest.mark.parametrize(
    "start", [Status.MENUNGGU_KONFIRMASI, Status.PENUGASAN_REGU, Status.NYALA, Status.SELESAI]
)
def test_the_reporter_cancels_only_before_somebody_took_it_on(
    ticket: Ticket, agent: User, start: str
) -> None:
    Ticket.objects.update(status=start)

    with pytest.raises(Conflict):
        moves.cancel_ticket(ticket=ticket, by=agent, reason="Sudah menyala")

    assert Ticket.objects.get().status == start


def test_two_who_move_at_once_move_once(ticket: Ticket) -> None:
    stale = ledger.lock(ticket)
    by_order(ticket, Status.PENUGASAN_REGU)

    with pytest.raises(ledger.ChangedMeanwhile), transaction.atomic():
        moves.step(
            ticket=stale, to=Status.PENUGASAN_REGU, actor=job("test"), hand=Hand.ORDER, at=timezone.now()
        )

    assert ticket.events.filter(kind=EventKind.MOVED).count() == 1


def test_an_event_outside_a_transaction_is_a_bug(ticket: Ticket) -> None:
    events = TicketEvent.objects.count()
    assert events == 1
    event = TicketEvent.objects.get()

    event.reason = "anders"
    with pytest.raises(AppendOnlyError):
        event.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        TicketEvent.objects.all()._raw_delete("default")  # type: ignore[attr-defined]


@pytest.mark.requirement("R-003-117")
def test_a_yes_closes_the_matter(finished: Ticket, agent: User) -> None:
    ticket, follower = moves.confirm_completion(ticket=finished, is_done=True, by=agent)

    assert (ticket.is_confirmed, follower) == (True, None)
    with pytest.raises(moves.AlreadyAnswered):
        moves.confirm_completion(ticket=finished, is_done=False, by=agent)
    assert Ticket.objects.count() == 1


@pytest.mark.requirement("R-003-117")
def test_a_no_makes_a_linked_ticket_with_a_clock_of_its_own(finished: Ticket, agent: User) -> None:
    ticket, follower = moves.confirm_completion(ticket=finished, is_done=False, by=agent, reason="Padam lagi")

    assert follower is not None
    assert (follower.follows, follower.problem, follower.posko) == (ticket, ticket.problem, ticket.posko)
    assert (follower.status, follower.due_at) == (Status.LAPOR, follower.reported_at + timedelta(hours=3))
    assert ticket.events.get(kind=EventKind.DENIED).data == {"followed_by": follower.number}
    assert ticket.status == Status.SELESAI


@pytest.mark.parametrize("change", ["coverage", "product"])
def test_a_no_is_taken_though_self_diagnosis_has_ended_there(
    periksa: Ticket, customer: Customer, agent: User, change: str
) -> None:
    Ticket.objects.filter(pk=periksa.pk).update(status=Status.SELESAI)
    if change == "coverage":
        DiagnosisCoverage.objects.update(valid_until=timezone.localdate() - timedelta(days=1))
    else:
        Customer.objects.update(product=Product.PASCABAYAR)

    _, follower = moves.confirm_completion(ticket=periksa, is_done=False, by=agent)

    assert follower is not None
    assert (follower.wo_type, follower.status) == (WorkOrderType.WO_AUTODISPATCH, Status.LAPOR)
    assert follower.orders.get().status == OrderStatus.ANTRE


def test_the_customer_is_not_asked_before_the_end(ticket: Ticket, agent: User) -> None:
    with pytest.raises(moves.NotAtTheEnd):
        moves.confirm_completion(ticket=ticket, is_done=False, by=agent)

    assert Ticket.objects.count() == 1


def test_a_follow_up_of_a_channel_stays_with_the_channel(report: Make, channel: User, agent: User) -> None:
    ticket = create_ticket(report=report(channel="PLN_MOBILE", client_ref="app-1"), by=channel)
    Ticket.objects.update(status=Status.SELESAI)

    _, follower = moves.confirm_completion(ticket=ticket, is_done=False, by=agent)

    assert follower is not None
    assert (follower.client, follower.client_ref) == (channel, "")


def test_a_keluhan_is_worked_on_and_finished_by_its_unit(
    report: Make, agent: User, posko_menteng: User
) -> None:
    ticket = create_ticket(report=report(tab=Tab.KELUHAN), by=agent)

    for to in (Status.DALAM_PENGERJAAN, Status.SELESAI):
        ticket = moves.move_ticket(ticket=ticket, to=to, by=posko_menteng)

    assert (ticket.status, ticket.closed_at is not None) == (Status.SELESAI, True)


def test_waiting_for_the_customer_needs_a_reason_and_a_later_moment(
    ticket: Ticket, posko_menteng: User
) -> None:
    now = timezone.now()
    for reason, confirm_at in (("", now + timedelta(hours=1)), ("x", None), ("x", now - timedelta(hours=1))):
        with pytest.raises(Invalid):
            moves.move_ticket(
                ticket=ticket,
                to=Status.MENUNGGU_KONFIRMASI,
                by=posko_menteng,
                reason=reason,
                confirm_at=confirm_at,
            )

    assert ClockSegment.objects.count() == 1


def test_the_events_tell_the_whole_story(finished: Ticket, agent: User) -> None:
    ticket, _ = moves.confirm_completion(ticket=finished, is_done=True, by=agent)
    ticket = moves.rate_ticket(ticket=ticket, rating=5, by=agent, words="Cepat")

    told = replay(ticket.events.all())
    assert (told.status, told.version, told.is_confirmed, told.rating) == ("SELESAI", ticket.version, True, 5)
    assert [event.version for event in ticket.events.all()] == list(range(1, ticket.version + 1))


def test_rpt_and_rct_moments_are_kept(finished: Ticket) -> None:
    assert finished.responded_at is not None
    assert finished.restored_at is not None
    assert finished.reported_at < finished.responded_at < finished.restored_at < finished.closed_at  # type: ignore[operator]


def test_a_work_order_does_not_move_its_ticket_by_hand(ticket: Ticket, posko_menteng: User) -> None:
    with pytest.raises(DomainError):
        moves.move_ticket(ticket=ticket, to=Status.PENUGASAN_REGU, by=posko_menteng, hand=Hand.ORDER)
