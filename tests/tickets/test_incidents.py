"""Padam meluas: many reports of one place become one outage, which its tickets follow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from common import jobs
from common.errors import Forbidden, Invalid
from common.models import Job
from customers.models import Customer
from tickets import tasks  # noqa: F401  (registers the jobs)
from tickets.models import (
    EventKind,
    Incident,
    IncidentRule,
    IncidentStatus,
    Notification,
    OrderStatus,
    Status,
    Ticket,
)
from tickets.rules.moves import MoveRefused
from tickets.services import dispatch, incidents
from tickets.services.moves import confirm_completion
from tickets.services.outages import current_outage
from tickets.services.report import Report
from tickets.services.tickets import create_ticket
from units.models import Area, User

Make = Callable[..., Report]


@pytest.fixture
def dark(report: Make, agent: User) -> Callable[..., list[Ticket]]:
    """So many reports of houses without power in Gambir, looked at as the background does."""

    def make(count: int, **fields: object) -> list[Ticket]:
        made = []
        for _ in range(count):
            ticket = create_ticket(report=report(power_state="PADAM", **fields), by=agent)
            incidents.consider(ticket=ticket, at=timezone.now())
            made.append(ticket)
        return made

    return make


def follow() -> None:
    """Do the waiting jobs of outages."""
    for job in Job.objects.filter(kind=incidents.FOLLOW, status=Job.Status.WAITING).order_by("pk"):
        assert jobs.run(job.pk, at=timezone.now())


def test_enough_reports_of_one_area_propose_one_outage_and_tell_the_units(
    dark: Callable[..., list[Ticket]], gambir: Area
) -> None:
    dark(4)
    assert not Incident.objects.exists()
    tickets = dark(3)

    incident = Incident.objects.get()
    assert (incident.status, incident.area, incident.report_count) == (IncidentStatus.PROPOSED, gambir, 5)
    assert Notification.objects.filter(event__kind=EventKind.SUSPECTED).count() == 2
    assert all(ticket.incident_id is None for ticket in tickets)


def test_reports_that_name_only_the_customer_count_where_the_customer_lives(
    dark: Callable[..., list[Ticket]], customer: Customer, gambir: Area
) -> None:
    tickets = dark(5, customer=customer, area=None)

    assert Incident.objects.get().area == gambir
    assert {ticket.area for ticket in tickets} == {gambir}


def test_a_house_with_power_and_an_old_report_do_not_count(
    dark: Callable[..., list[Ticket]], report: Make, agent: User
) -> None:
    old = timezone.now() - timedelta(minutes=31)
    for _ in range(4):
        create_ticket(report=report(power_state="PADAM"), by=agent, at=old)
        create_ticket(report=report(power_state="MENYALA"), by=agent)

    dark(4)

    assert not Incident.objects.exists()


def test_the_count_and_the_window_are_edited(dark: Callable[..., list[Ticket]]) -> None:
    IncidentRule.objects.create(reports=2, minutes=5)

    dark(2)

    assert Incident.objects.get().report_count == 2


def test_a_confirmed_outage_marks_its_tickets_and_takes_their_orders_out_of_the_queue(
    dark: Callable[..., list[Ticket]], posko_menteng: User
) -> None:
    tickets = dark(5)

    incident = incidents.move_incident(incident=Incident.objects.get(), to="INFO", by=posko_menteng)
    follow()

    for ticket in Ticket.objects.filter(pk__in=[it.pk for it in tickets]):
        assert (ticket.incident, ticket.status) == (incident, Status.LAPOR)
        assert ticket.orders.get().status == OrderStatus.BATAL
        assert ticket.events.last().data["outage"] == "INFO"
    assert dispatch.dispatch_waiting(at=timezone.now()) == 0


def test_a_new_report_there_is_attached_told_the_estimate_and_opens_no_order(
    dark: Callable[..., list[Ticket]], report: Make, agent: User, posko_menteng: User, gambir: Area
) -> None:
    dark(5)
    incident = incidents.move_incident(incident=Incident.objects.get(), to="INFO", by=posko_menteng)
    expected = timezone.now() + timedelta(hours=2)
    incidents.move_incident(incident=incident, to="PERBAIKAN", estimate_at=expected, by=posko_menteng)

    ticket = create_ticket(report=report(power_state="PADAM"), by=agent)

    assert current_outage(gambir) == incident
    assert (ticket.incident, ticket.incident.estimate_at) == (incident, expected)
    assert not ticket.orders.exists()
    assert ticket.events.get().data == {"incident": incident.pk}


def test_tickets_follow_the_outage_to_its_end_and_the_customer_is_asked(
    dark: Callable[..., list[Ticket]], posko_menteng: User, agent: User
) -> None:
    first, *_ = dark(5)
    incident = Incident.objects.get()
    soon = timezone.now() + timedelta(hours=1)
    for to in ("INFO", "PERBAIKAN", "NYALA_BERTAHAP", "NYALA", "SELESAI"):
        incidents.move_incident(incident=incident, to=to, by=posko_menteng, estimate_at=soon)
        follow()

    first.refresh_from_db()
    told = [event.data["outage"] for event in first.events.filter(kind=EventKind.INCIDENT)]
    assert told == ["INFO", "PERBAIKAN", "NYALA_BERTAHAP", "NYALA", "SELESAI"]
    assert set(Ticket.objects.values_list("status", flat=True)) == {Status.SELESAI}
    _, follower = confirm_completion(ticket=first, is_done=False, by=agent)
    assert follower is not None
    assert (follower.incident, follower.orders.get().status) == (None, OrderStatus.ANTRE)


def test_jobs_that_run_out_of_turn_bring_the_tickets_to_the_end_all_the_same(
    dark: Callable[..., list[Ticket]], posko_menteng: User
) -> None:
    dark(5)
    incident = Incident.objects.get()
    for to in ("INFO", "NYALA", "SELESAI"):
        incidents.move_incident(incident=incident, to=to, by=posko_menteng)
        if to == "INFO":
            follow()

    for job in Job.objects.filter(kind=incidents.FOLLOW, status=Job.Status.WAITING).order_by("-pk"):
        jobs.run(job.pk, at=timezone.now())

    assert set(Ticket.objects.values_list("status", flat=True)) == {Status.SELESAI}


def test_the_status_goes_down_only_a_crew_that_works_alone_changes_nothing_above(
    dark: Callable[..., list[Ticket]], posko_menteng: User, on_duty: Callable[..., object]
) -> None:
    on_duty("crew")
    first, *_ = dark(5)
    assert dispatch.dispatch(order_id=first.orders.get().pk, at=timezone.now())

    incident = incidents.move_incident(incident=Incident.objects.get(), to="INFO", by=posko_menteng)
    incidents.move_incident(incident=incident, to="NYALA", by=posko_menteng)
    follow()

    first.refresh_from_db()
    incident.refresh_from_db()
    assert (first.status, incident.status) == (Status.PENUGASAN_REGU, IncidentStatus.NYALA)


def test_an_outage_declared_by_mistake_gives_the_tickets_back_their_orders(
    dark: Callable[..., list[Ticket]], posko_menteng: User
) -> None:
    ticket, *_ = dark(5)
    incident = incidents.move_incident(incident=Incident.objects.get(), to="INFO", by=posko_menteng)
    follow()

    with pytest.raises(Invalid):
        incidents.move_incident(incident=incident, to="DISMISSED", by=posko_menteng)
    incidents.move_incident(incident=incident, to="DISMISSED", by=posko_menteng, reason="one street")
    follow()

    ticket.refresh_from_db()
    assert ticket.incident is None
    assert ticket.orders.open().get().status == OrderStatus.ANTRE


def test_a_dismissed_proposal_is_not_proposed_again_for_the_same_reports(
    dark: Callable[..., list[Ticket]], posko_menteng: User
) -> None:
    dark(5)
    incidents.move_incident(incident=Incident.objects.get(), to="DISMISSED", by=posko_menteng, reason="no")

    dark(4)
    assert Incident.objects.count() == 1
    dark(1)
    assert Incident.objects.count() == 2


def test_a_house_with_a_fault_of_its_own_leaves_the_outage(
    dark: Callable[..., list[Ticket]], posko_menteng: User
) -> None:
    ticket, *_ = dark(5)
    incidents.move_incident(incident=Incident.objects.get(), to="INFO", by=posko_menteng)
    follow()

    incidents.detach(ticket=ticket, by=posko_menteng, reason="its MCB")

    ticket.refresh_from_db()
    assert (ticket.incident, ticket.orders.open().count()) == (None, 1)
    with pytest.raises(incidents.NotPartOfIt):
        incidents.detach(ticket=ticket, by=posko_menteng, reason="again")


def test_repair_needs_an_estimate_in_the_future(
    dark: Callable[..., list[Ticket]], posko_menteng: User
) -> None:
    dark(5)
    incident = incidents.move_incident(incident=Incident.objects.get(), to="INFO", by=posko_menteng)

    for estimate in (None, timezone.now() - timedelta(minutes=1)):
        with pytest.raises(Invalid) as refusal:
            incidents.move_incident(incident=incident, to="PERBAIKAN", estimate_at=estimate, by=posko_menteng)
        assert refusal.value.field == "estimate_at"

    incident.refresh_from_db()
    assert incident.status == IncidentStatus.INFO


def test_an_outage_does_not_go_back(dark: Callable[..., list[Ticket]], posko_menteng: User) -> None:
    dark(5)
    incident = Incident.objects.get()
    for to in ("NYALA", "SELESAI", "PERBAIKAN"):
        with pytest.raises(MoveRefused):
            incidents.move_incident(incident=incident, to=to, by=posko_menteng)

    incident.refresh_from_db()
    assert (incident.status, incident.events.count()) == (IncidentStatus.PROPOSED, 1)


def test_nobody_from_elsewhere_leads_an_outage(
    dark: Callable[..., list[Ticket]], manager_bandung: User, agent: User, gambir: Area
) -> None:
    dark(5)
    incident = Incident.objects.get()

    for person in (manager_bandung, agent):
        with pytest.raises(Forbidden):
            incidents.move_incident(incident=incident, to="INFO", by=person)

    incident.refresh_from_db()
    assert incident.status == IncidentStatus.PROPOSED


def test_an_officer_who_knows_declares_an_outage_without_reports(
    posko_menteng: User, gambir: Area, ticket: Ticket
) -> None:
    made = incidents.declare_incident(area=gambir, unit=ticket.unit, by=posko_menteng, cause="Trafo")

    assert (made.status, made.confirmed_by) == (IncidentStatus.INFO, posko_menteng)
    with pytest.raises(incidents.OutageOpen):
        incidents.declare_incident(area=gambir, unit=ticket.unit, by=posko_menteng)
    assert Incident.objects.count() == 1


def test_what_was_reported_just_before_a_declared_outage_belongs_to_it(
    dark: Callable[..., list[Ticket]], report: Make, agent: User, posko_menteng: User, gambir: Area
) -> None:
    old = timezone.now() - timedelta(minutes=31)
    create_ticket(report=report(power_state="PADAM"), by=agent, at=old)
    first, second = dark(2)

    made = incidents.declare_incident(area=gambir, unit=first.unit, by=posko_menteng)
    follow()

    assert made.began_at == first.reported_at
    assert list(made.tickets.order_by("pk")) == [first, second]
    dark(1)
    assert Incident.objects.with_reports().get().reports == 3
