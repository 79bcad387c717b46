"""Work orders: opened with their ticket, dispatched to the nearest crew, moved by officers and crews."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from common.errors import Forbidden, Invalid
from tickets.models import (
    Crew,
    DispatchRule,
    OrderStatus,
    Shift,
    Status,
    Tab,
    Ticket,
    WorkOrder,
    WorkOrderEvent,
)
from tickets.rules.moves import MoveRefused
from tickets.services import crews, dispatch, workorders
from tickets.services.corrections import edit_ticket
from tickets.services.moves import cancel_ticket, move_ticket
from tickets.services.repeats import merge_ticket, unmerge_ticket
from tickets.services.report import Report
from tickets.services.tickets import create_ticket
from units.models import Unit, User
from units.powers import Role

Make = Callable[..., Report]
OnDuty = Callable[..., Crew]
HERE = {"latitude": Decimal("-6.170000"), "longitude": Decimal("106.820000")}


def order_of(ticket: Ticket) -> WorkOrder:
    return ticket.orders.get()


def dispatch_now(ticket: Ticket) -> bool:
    return dispatch.dispatch(order_id=order_of(ticket).pk, at=timezone.now())


def test_a_report_for_a_unit_opens_one_order_in_the_queue_of_its_posko(
    ticket: Ticket, posko_gambir: Unit
) -> None:
    order = order_of(ticket)

    assert (order.status, order.posko, order.crew) == (OrderStatus.ANTRE, posko_gambir, None)
    assert [event.to_status for event in order.events.all()] == [OrderStatus.ANTRE]


@pytest.mark.parametrize("fields", [{"tab": Tab.KELUHAN}, {"is_issue_closed": True}])
def test_a_keluhan_and_a_closed_issue_open_none(report: Make, agent: User, fields: dict) -> None:
    create_ticket(report=report(**fields), by=agent)

    assert not WorkOrder.objects.exists()


def test_the_nearest_crew_on_duty_gets_the_order_and_the_ticket_moves(
    report: Make, agent: User, on_duty: OnDuty
) -> None:
    on_duty("far", latitude=Decimal("-6.200000"), longitude=Decimal("106.820000"))
    near = on_duty("near", latitude=Decimal("-6.171000"), longitude=Decimal("106.820000"))
    ticket = create_ticket(report=report(**HERE), by=agent)

    assert dispatch_now(ticket)

    ticket.refresh_from_db()
    order = order_of(ticket)
    assert (order.crew, order.distance_m, order.dispatched_by) == (near, 111, None)
    assert (order.status, ticket.status) == (OrderStatus.PENUGASAN_REGU, Status.PENUGASAN_REGU)
    assert order.events.last().job == "autodispatch"


def test_a_second_try_dispatches_nothing_again(ticket: Ticket, on_duty: OnDuty) -> None:
    on_duty("only")

    assert (dispatch_now(ticket), dispatch_now(ticket)) == (True, False)
    assert order_of(ticket).events.filter(to_status=OrderStatus.PENUGASAN_REGU).count() == 1


def test_a_crew_outside_the_radius_is_not_sent_until_the_radius_is_edited(
    report: Make, agent: User, on_duty: OnDuty
) -> None:
    on_duty("far", latitude=Decimal("-6.400000"), longitude=Decimal("106.820000"))
    ticket = create_ticket(report=report(**HERE), by=agent)

    assert not dispatch_now(ticket)
    DispatchRule.objects.create(radius_m=30_000)
    later = timezone.now() + timedelta(minutes=5)

    assert dispatch.dispatch(order_id=order_of(ticket).pk, at=later)


def test_a_crew_with_three_open_orders_gets_no_fourth(report: Make, agent: User, on_duty: OnDuty) -> None:
    on_duty("busy")
    tickets = [create_ticket(report=report(), by=agent) for _ in range(4)]

    assert [dispatch_now(ticket) for ticket in tickets] == [True, True, True, False]


def test_an_order_that_found_nobody_waits_and_is_tried_again(ticket: Ticket, on_duty: OnDuty) -> None:
    now = timezone.now()
    dispatch.dispatch_waiting(at=now)
    waiting = order_of(ticket)
    on_duty("later")

    assert (waiting.attempts, waiting.status) == (1, OrderStatus.ANTRE)
    assert waiting.next_try_at == now + timedelta(minutes=2)
    assert dispatch.dispatch_waiting(at=waiting.next_try_at) == 1
    assert order_of(ticket).status == OrderStatus.PENUGASAN_REGU


def test_a_check_in_lets_the_queue_be_tried_at_once(ticket: Ticket, on_duty: OnDuty) -> None:
    dispatch.dispatch_waiting(at=timezone.now())
    on_duty("fresh")

    assert dispatch.dispatch_waiting(at=timezone.now()) == 1


@pytest.mark.parametrize("state", ["not checked in", "checked out", "shift over", "out of service"])
def test_a_crew_that_is_not_on_duty_gets_nothing(
    ticket: Ticket, on_duty: OnDuty, posko_menteng: User, state: str
) -> None:
    crew = on_duty("off", check_in=state != "not checked in")
    if state == "checked out":
        crews.check_out(shift=crew.shifts.get(), by=posko_menteng)
    if state == "shift over":
        crew.shifts.update(ends_at=timezone.now() - timedelta(minutes=1))
    if state == "out of service":
        Crew.objects.update(is_active=False)

    assert not dispatch_now(ticket)
    assert order_of(ticket).status == OrderStatus.ANTRE


def test_an_order_waits_until_the_customer_wants_to_be_confirmed(
    report: Make, agent: User, on_duty: OnDuty
) -> None:
    on_duty("ready")
    agreed = timezone.now() + timedelta(hours=2)
    ticket = create_ticket(report=report(confirm_at=agreed), by=agent)

    assert not dispatch_now(ticket)
    assert dispatch.dispatch(order_id=order_of(ticket).pk, at=agreed)


def test_the_crew_takes_the_ticket_to_its_end(ticket: Ticket, on_duty: OnDuty, posko_menteng: User) -> None:
    on_duty("crew")
    dispatch_now(ticket)
    seen = []
    for move in (
        workorders.depart,
        workorders.start,
        workorders.restore_temporarily,
        workorders.restore,
        workorders.finish,
    ):
        order = move(order=order_of(ticket), by=posko_menteng)
        ticket.refresh_from_db()
        assert order.status == ticket.status
        seen.append(ticket.status)

    order = order_of(ticket)
    moments = [order.assigned_at, order.departed_at, order.started_at]
    moments += [order.restored_temporarily_at, order.restored_at, order.finished_at]
    assert seen[-1] == Status.SELESAI
    assert moments == sorted(moments)
    assert list(order.events.values_list("version", flat=True)) == list(range(1, 8))


def test_a_step_that_does_not_follow_is_refused_and_nothing_moves(
    ticket: Ticket, on_duty: OnDuty, posko_menteng: User
) -> None:
    on_duty("crew")
    dispatch_now(ticket)

    with pytest.raises(MoveRefused):
        workorders.finish(order=order_of(ticket), by=posko_menteng)

    ticket.refresh_from_db()
    assert (order_of(ticket).status, ticket.status) == (OrderStatus.PENUGASAN_REGU, Status.PENUGASAN_REGU)
    assert ticket.events.count() == 2


def test_a_gangguan_is_not_finished_before_the_power_is_back(
    ticket: Ticket, on_duty: OnDuty, posko_menteng: User
) -> None:
    on_duty("crew")
    dispatch_now(ticket)
    workorders.depart(order=order_of(ticket), by=posko_menteng)
    workorders.start(order=order_of(ticket), by=posko_menteng)

    with pytest.raises(MoveRefused):
        workorders.finish(order=order_of(ticket), by=posko_menteng)

    assert order_of(ticket).status == OrderStatus.DALAM_PENGERJAAN


def test_a_keluhan_gets_an_order_by_hand_and_is_finished_without_power_words(
    report: Make, agent: User, on_duty: OnDuty, posko_menteng: User
) -> None:
    crew = on_duty("crew")
    ticket = create_ticket(report=report(tab=Tab.KELUHAN), by=agent)

    order = workorders.open_by_hand(ticket=ticket, by=posko_menteng)
    workorders.assign_crew(order=order, crew=crew, by=posko_menteng)
    for move in (workorders.depart, workorders.start, workorders.finish):
        move(order=order, by=posko_menteng)

    ticket.refresh_from_db()
    assert ticket.status == Status.SELESAI


def test_an_officer_gives_an_order_to_another_crew_and_says_why(
    ticket: Ticket, on_duty: OnDuty, posko_menteng: User
) -> None:
    on_duty("first")
    second = on_duty("second")
    dispatch_now(ticket)

    with pytest.raises(Invalid):
        workorders.assign_crew(order=order_of(ticket), crew=second, by=posko_menteng)
    order = workorders.assign_crew(order=order_of(ticket), crew=second, by=posko_menteng, reason="nearer")

    assert (order.crew, order.dispatched_by) == (second, posko_menteng)
    assert ticket.events.last().data == {"order": order.pk, "crew": second.pk}


def test_a_full_crew_is_refused_to_an_officer_too(
    report: Make, agent: User, on_duty: OnDuty, posko_menteng: User
) -> None:
    crew = on_duty("busy")
    tickets = [create_ticket(report=report(), by=agent) for _ in range(4)]
    for ticket in tickets[:3]:
        dispatch_now(ticket)

    with pytest.raises(workorders.CrewFull):
        workorders.assign_crew(order=order_of(tickets[3]), crew=crew, by=posko_menteng)

    assert order_of(tickets[3]).crew is None


def test_a_crew_of_another_posko_and_one_off_duty_are_refused(
    ticket: Ticket, on_duty: OnDuty, posko_menteng: User, menteng: Unit
) -> None:
    foreign = on_duty("foreign", posko=menteng)
    off = on_duty("off", check_in=False)

    with pytest.raises(Invalid):
        workorders.assign_crew(order=order_of(ticket), crew=foreign, by=posko_menteng)
    with pytest.raises(workorders.CrewOffDuty):
        workorders.assign_crew(order=order_of(ticket), crew=off, by=posko_menteng)

    assert order_of(ticket).status == OrderStatus.ANTRE


def test_an_order_taken_back_returns_to_the_queue_with_its_ticket(
    ticket: Ticket, on_duty: OnDuty, posko_menteng: User
) -> None:
    on_duty("crew")
    dispatch_now(ticket)

    order = workorders.take_back(order=order_of(ticket), by=posko_menteng, reason="road closed")

    ticket.refresh_from_db()
    assert (order.status, order.crew, ticket.status) == (OrderStatus.ANTRE, None, Status.LAPOR)
    assert not dispatch_now(ticket)
    assert dispatch.dispatch(order_id=order.pk, at=order.next_try_at)


def test_a_cancelled_order_leaves_its_ticket_without_one_until_an_officer_opens_the_next(
    ticket: Ticket, on_duty: OnDuty, posko_menteng: User
) -> None:
    on_duty("crew")
    dispatch_now(ticket)
    first = order_of(ticket)

    workorders.cancel_order(order=first, by=posko_menteng, reason="wrong address")

    ticket.refresh_from_db()
    assert (ticket.status, ticket.orders.open().exists()) == (Status.LAPOR, False)
    again = workorders.open_by_hand(ticket=ticket, by=posko_menteng)
    assert again.pk != first.pk
    with pytest.raises(workorders.OrderOpen):
        workorders.open_by_hand(ticket=ticket, by=posko_menteng)


def test_a_postponed_order_ends_and_the_next_opens_when_the_customer_is_ready(
    ticket: Ticket, on_duty: OnDuty, posko_menteng: User
) -> None:
    on_duty("crew")
    dispatch_now(ticket)
    agreed = timezone.now() + timedelta(hours=3)

    workorders.postpone_order(
        order=order_of(ticket), confirm_at=agreed, by=posko_menteng, reason="nobody at home"
    )

    ticket.refresh_from_db()
    assert (ticket.status, ticket.confirm_at) == (Status.MENUNGGU_KONFIRMASI, agreed)
    assert not ticket.orders.open().exists()
    move_ticket(ticket=ticket, to=Status.LAPOR, by=posko_menteng, at=agreed)
    assert ticket.orders.open().get().status == OrderStatus.ANTRE


def test_a_cancelled_report_takes_its_waiting_order_along(ticket: Ticket, agent: User) -> None:
    cancel_ticket(ticket=ticket, by=agent, reason="power is back")

    order = order_of(ticket)
    assert (order.status, order.events.last().by) == (OrderStatus.BATAL, agent)
    assert not dispatch_now(ticket)


def test_a_merged_report_has_no_order_and_gets_one_again_when_taken_apart(
    report: Make, agent: User, supervisor: User
) -> None:
    first, second = (create_ticket(report=report(), by=agent) for _ in range(2))

    merge_ticket(ticket=second, into=first, by=supervisor, reason="same house")
    assert not second.orders.open().exists()

    second.refresh_from_db()
    unmerge_ticket(ticket=second, by=supervisor, reason="two houses")
    assert second.orders.open().get().status == OrderStatus.ANTRE


def test_a_report_sent_to_another_posko_waits_in_that_queue(
    ticket: Ticket, supervisor: User, menteng: Unit
) -> None:
    other = Unit.objects.below(menteng).filter(kind="POSKO").exclude(pk=ticket.posko_id).first()

    edit_ticket(ticket=ticket, changes={"posko": other}, by=supervisor)

    assert ticket.orders.open().get().posko == other
    assert ticket.orders.filter(status=OrderStatus.BATAL).count() == 1


def test_nobody_of_another_unit_moves_an_order(
    ticket: Ticket, on_duty: OnDuty, manager_bandung: User, appoint: Callable[..., User]
) -> None:
    stranger = appoint("posko_bandung", Role.POSKO_OFFICER, "UP3 Bandung")
    crew = on_duty("crew")
    dispatch_now(ticket)
    before = WorkOrderEvent.objects.count()

    with pytest.raises(Forbidden):
        workorders.depart(order=order_of(ticket), by=stranger)
    with pytest.raises(Forbidden):
        workorders.assign_crew(order=order_of(ticket), crew=crew, by=manager_bandung, reason="x")

    assert WorkOrderEvent.objects.count() == before


def test_an_agent_does_not_work_on_orders(ticket: Ticket, on_duty: OnDuty, agent: User) -> None:
    on_duty("crew")
    dispatch_now(ticket)

    with pytest.raises(Forbidden):
        workorders.depart(order=order_of(ticket), by=agent)

    assert order_of(ticket).status == OrderStatus.PENUGASAN_REGU


def test_a_crew_checks_out_with_empty_hands_only(
    ticket: Ticket, on_duty: OnDuty, posko_menteng: User
) -> None:
    shift = on_duty("crew").shifts.get()
    dispatch_now(ticket)

    with pytest.raises(crews.OrdersInHand):
        crews.check_out(shift=shift, by=posko_menteng)

    assert Shift.objects.on_duty(timezone.now()).get() == shift


def test_a_crew_is_on_one_shift_at_a_time(on_duty: OnDuty, posko_menteng: User) -> None:
    crew = on_duty("crew")
    now = timezone.now()
    second = Shift.objects.create(crew=crew, name="second", starts_at=now, ends_at=now + timedelta(hours=8))

    with pytest.raises(crews.AlreadyOnDuty):
        crews.check_in(shift=second, by=posko_menteng)

    crew.shifts.exclude(pk=second.pk).update(ends_at=now)
    crews.check_in(shift=second, by=posko_menteng)
    assert Shift.objects.on_duty(timezone.now()).get() == second
