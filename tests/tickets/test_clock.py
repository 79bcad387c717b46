"""The clock of a ticket in the database: pinned, paused, rung."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from common.errors import Forbidden, Invalid
from tickets.models import (
    Calendar,
    ClockSegment,
    EventKind,
    Notification,
    ProblemType,
    ServicePolicy,
    Status,
    Tab,
    Ticket,
)
from tickets.rules.clock import worked
from tickets.services import clock, moves, policies
from tickets.services.report import Report
from tickets.services.tickets import create_ticket
from units.models import Unit, User

Make = Callable[..., Report]
HOUR = timedelta(hours=1)


@pytest.mark.requirement("R-003-104")
def test_a_gangguan_is_due_three_hours_after_it_was_saved(ticket: Ticket) -> None:
    assert ticket.due_at == ticket.reported_at + 3 * HOUR
    assert ticket.policy.code == "gangguan"


@pytest.mark.requirement("R-003-104")
def test_a_periksa_is_due_three_hours_after_it_was_saved(report: Make, agent: User, customer: object) -> None:
    ticket = create_ticket(report=report(customer=customer, wo_type="KWH_PERIKSA"), by=agent)

    assert ticket.due_at == ticket.reported_at + 3 * HOUR


def test_a_keluhan_counts_working_hours_of_its_unit(report: Make, agent: User) -> None:
    ticket = create_ticket(report=report(tab=Tab.KELUHAN), by=agent)

    assert ticket.policy.calendar.code == "hari-kerja"
    assert ticket.due_at > ticket.reported_at + 24 * HOUR
    calendar = policies.work_calendar(ticket.policy.calendar)
    counted = worked(calendar, ticket.posko.zone, ticket.reported_at, ticket.due_at)
    assert counted == timedelta(minutes=ticket.policy.minutes)


def test_the_nearest_units_target_rules(
    report: Make, agent: User, back_office: User, menteng: Unit, posko_gambir: Unit
) -> None:
    _revise(back_office, "menteng", unit=menteng, minutes=120)
    _revise(back_office, "gambir", unit=posko_gambir, minutes=90)

    ticket = create_ticket(report=report(), by=agent)

    assert ticket.policy.code == "gambir"
    assert ticket.due_at == ticket.reported_at + timedelta(minutes=90)


def test_a_more_precise_target_rules(report: Make, agent: User, back_office: User) -> None:
    kind = ProblemType.objects.get(code="tetangga-tidak-turut-padam")
    _revise(back_office, "wo", wo_type="WO_AUTODISPATCH", minutes=100)
    _revise(back_office, "jenis", problem_type=kind, minutes=50)

    assert create_ticket(report=report(), by=agent).policy.code == "jenis"


def test_a_ticket_keeps_the_version_it_was_made_under(
    report: Make, agent: User, back_office: User, ticket: Ticket
) -> None:
    _revise(back_office, "gangguan", minutes=60)

    later = create_ticket(report=report(), by=agent)

    ticket.refresh_from_db()
    assert (ticket.policy.version, ticket.due_at - ticket.reported_at) == (1, 3 * HOUR)
    assert (later.policy.version, later.due_at - later.reported_at) == (2, HOUR)


def test_an_ended_target_rules_no_more(report: Make, agent: User, back_office: User) -> None:
    _revise(back_office, "gangguan", minutes=None)

    ticket = create_ticket(report=report(), by=agent)

    assert (ticket.policy, ticket.due_at, ticket.alert_at) == (None, None, None)


def test_a_version_cannot_begin_before_the_one_it_replaces(back_office: User) -> None:
    today = timezone.localdate()
    _revise(back_office, "gangguan", minutes=60, valid_from=today)

    with pytest.raises(Invalid):
        _revise(back_office, "gangguan", minutes=30, valid_from=today - timedelta(days=1))
    with pytest.raises(ValidationError):
        _revise(back_office, "gangguan", minutes=0, valid_from=today)
    assert ServicePolicy.objects.filter(code="gangguan").count() == 2


def test_only_who_maintains_targets_revises_them(manager_menteng: User) -> None:
    with pytest.raises(Forbidden):
        _revise(manager_menteng, "gangguan", minutes=600)

    assert ServicePolicy.objects.filter(code="gangguan").count() == 1


def _revise(by: User, code: str, **values: object) -> ServicePolicy:
    defaults = {
        "tab": Tab.GANGGUAN,
        "calendar": Calendar.objects.get(code="24-7"),
        "valid_from": timezone.localdate() - timedelta(days=1),
    }
    return policies.revise_policy(code=code, by=by, **defaults | values)


@pytest.mark.requirement("R-003-90")
def test_a_confirmation_asked_for_later_starts_the_clock_then(report: Make, agent: User) -> None:
    at = timezone.now()
    wanted = at + 5 * HOUR

    ticket = create_ticket(report=report(confirm_at=wanted), by=agent, at=at)

    assert ticket.due_at == wanted + 3 * HOUR
    assert [it.counts for it in ticket.segments.all()] == [False, True]


def test_a_postponed_ticket_stands_still_until_the_agreed_moment(ticket: Ticket, posko_menteng: User) -> None:
    at = ticket.reported_at + HOUR
    until = at + 10 * HOUR

    waiting = moves.move_ticket(
        ticket=ticket,
        to=Status.MENUNGGU_KONFIRMASI,
        by=posko_menteng,
        reason="Pelanggan kembali besok",
        confirm_at=until,
        at=at,
    )

    assert waiting.due_at == until + 2 * HOUR
    assert _stored(waiting) == [("RUNNING", HOUR), ("CONFIRM_LATER", 10 * HOUR), ("RUNNING", None)]


def test_a_customer_who_is_back_early_ends_the_pause(ticket: Ticket, posko_menteng: User) -> None:
    start = ticket.reported_at
    postpone = {"reason": "x", "confirm_at": start + 10 * HOUR, "at": start + HOUR}
    waiting = moves.move_ticket(ticket=ticket, to="MENUNGGU_KONFIRMASI", by=posko_menteng, **postpone)

    back = moves.move_ticket(ticket=waiting, to=Status.LAPOR, by=posko_menteng, at=start + 3 * HOUR)

    assert back.due_at == start + 5 * HOUR
    assert _stored(back) == [("RUNNING", HOUR), ("CONFIRM_LATER", 2 * HOUR), ("RUNNING", None)]


def _stored(ticket: Ticket) -> list[tuple[str, timedelta | None]]:
    rows = ClockSegment.objects.filter(ticket=ticket)
    return [(it.why, it.ends_at - it.starts_at if it.ends_at else None) for it in rows]


def test_alerts_ring_near_the_target_at_it_and_after_it(ticket: Ticket, jakarta: Unit) -> None:
    assert ticket.due_at is not None
    assert clock.ring_alerts(at=ticket.due_at - timedelta(minutes=31)) == 0
    assert clock.ring_alerts(at=ticket.due_at - timedelta(minutes=30)) == 1
    assert clock.ring_alerts(at=ticket.due_at - timedelta(minutes=29)) == 0
    assert clock.ring_alerts(at=ticket.due_at) == 1
    assert clock.ring_alerts(at=ticket.due_at + HOUR) == 1
    assert clock.ring_alerts(at=ticket.due_at + 100 * HOUR) == 0

    rung = [it.kind for it in ticket.events.exclude(kind=EventKind.CREATED)]
    assert rung == [EventKind.NEAR_DUE, EventKind.OVERDUE, EventKind.ESCALATED]
    for told in (ticket.posko, jakarta):
        lines = Notification.objects.filter(unit=told).order_by("pk")
        assert [it.event.kind for it in lines] == rung[: lines.count()]
        assert {EventKind.NEAR_DUE, EventKind.OVERDUE} <= {it.event.kind for it in lines}


def test_a_long_silence_rings_every_step_once(ticket: Ticket) -> None:
    assert ticket.due_at is not None

    clock.ring_alerts(at=ticket.due_at + 9 * HOUR)
    clock.ring_alerts(at=ticket.due_at + 9 * HOUR)

    assert [it.job for it in ticket.events.exclude(kind=EventKind.CREATED)] == ["clock"] * 3


def test_nobody_is_told_of_what_is_closed(ticket: Ticket, agent: User) -> None:
    moves.cancel_ticket(ticket=ticket, by=agent, reason="Sudah menyala")

    assert clock.ring_alerts(at=ticket.reported_at + 9 * HOUR) == 0
    assert not Notification.objects.exists()


def test_an_inbox_belongs_to_its_unit(
    ticket: Ticket, appoint: Callable[..., User], manager_bandung: User
) -> None:
    officer = appoint("posko_gambir_officer", "POSKO_OFFICER", "Posko Gambir")
    clock.ring_alerts(at=ticket.due_at)  # type: ignore[arg-type]

    assert Notification.objects.visible_to(officer).count() == 2
    assert not Notification.objects.visible_to(manager_bandung).exists()


def test_the_lists_over_sla_tell_begun_from_not_begun(ticket: Ticket, report: Make, agent: User) -> None:
    begun = create_ticket(report=report(), by=agent)
    Ticket.objects.filter(pk=begun.pk).update(status=Status.DALAM_PERJALANAN)
    restored = create_ticket(report=report(), by=agent)
    Ticket.objects.filter(pk=restored.pk).update(status=Status.NYALA)
    late = Ticket.objects.overdue(timezone.now() + 4 * HOUR)

    assert not Ticket.objects.overdue(timezone.now()).exists()
    assert list(late.not_begun()) == [ticket]
    assert list(late.begun()) == [begun]
