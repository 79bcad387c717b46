"""The back office of orders, self-diagnosis, wide outages and webhooks: its pages and their buttons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tickets.models import (
    Crew,
    DiagnosisCoverage,
    Incident,
    OrderStatus,
    SelfDiagnosis,
    SuggestionRule,
    Ticket,
    WebhookDelivery,
    WebhookEndpoint,
)
from tickets.services import announce, dispatch, webhooks
from tickets.services.diagnosis import submit_diagnosis
from tickets.services.report import Report
from tickets.services.tickets import create_ticket
from units.models import User

Browse = Callable[[User], Client]
INSIDERS = {"supervisor", "manager_menteng", "posko_menteng", "vcc_operator", "back_office"}
READERS = INSIDERS | {"srm_jakarta"}
LISTS = {
    "workorder": READERS,
    "crew": READERS,
    "shift": READERS,
    "incident": READERS,
    "dispatchrule": READERS,
    "incidentrule": READERS,
    "selfdiagnosis": INSIDERS,
    "diagnosiscoverage": INSIDERS,
    "suggestionrule": INSIDERS,
    "readingcode": INSIDERS,
    "codemeaning": INSIDERS,
    "webhookendpoint": {"back_office"},
    "webhookdelivery": {"back_office"},
}
PEOPLE = (
    "supervisor",
    "manager_menteng",
    "posko_menteng",
    "vcc_operator",
    "back_office",
    "srm_jakarta",
    "program_jakarta",
    "sop_author",
)


@pytest.fixture
def case(periksa: Ticket, readings: dict[str, Any], agent: User) -> SelfDiagnosis:
    return submit_diagnosis(ticket=periksa, readings=readings | {"41": 500}, by=agent)[0]


@pytest.mark.parametrize("model", LISTS)
def test_each_list_opens_for_its_roles_and_for_no_others(
    browse: Browse, anyone: Callable[[str], User], model: str
) -> None:
    opened = {
        name for name in PEOPLE if browse(anyone(name)).get(f"/admin/tickets/{model}/").status_code == 200
    }

    assert opened == LISTS[model]


def test_an_officer_assigns_a_crew_by_the_page_of_the_order(
    browse: Browse, posko_menteng: User, ticket: Ticket, on_duty: Callable[..., Crew]
) -> None:
    crew, order = on_duty("one"), ticket.orders.get()
    page = f"/admin/tickets/workorder/{order.pk}"
    client = browse(posko_menteng)

    assert f"{page}/assign/" in client.get(f"{page}/change/").content.decode()
    assert client.get(f"{page}/assign/").status_code == 200
    assert client.post(f"{page}/assign/", {"crew": crew.pk}).status_code == 302

    order.refresh_from_db()
    assert (order.status, order.crew, order.dispatched_by) == ("PENUGASAN_REGU", crew, posko_menteng)


def test_a_refusal_of_the_service_is_shown_and_nothing_moves(
    browse: Browse, posko_menteng: User, ticket: Ticket, on_duty: Callable[..., Crew]
) -> None:
    crew, order = on_duty("off", check_in=False), ticket.orders.get()
    client = browse(posko_menteng)

    answer = client.post(f"/admin/tickets/workorder/{order.pk}/assign/", {"crew": crew.pk})
    early = client.post(f"/admin/tickets/workorder/{order.pk}/finish/")

    assert (answer.status_code, early.status_code) == (200, 200)
    order.refresh_from_db()
    assert (order.status, order.version) == (OrderStatus.ANTRE, 1)


def test_a_page_of_a_hidden_order_does_not_exist_and_a_button_needs_its_power(
    browse: Browse, manager_bandung: User, srm_jakarta: User, ticket: Ticket
) -> None:
    order = ticket.orders.get()

    assert browse(manager_bandung).post(f"/admin/tickets/workorder/{order.pk}/take_back/").status_code == 404
    refused = browse(srm_jakarta).post(f"/admin/tickets/workorder/{order.pk}/cancel/", {"reason": "x"})
    assert refused.status_code == 403
    order.refresh_from_db()
    assert order.version == 1


@pytest.mark.requirement("R-003-116")
def test_an_operator_sees_readings_warnings_and_grounds_and_approves(
    browse: Browse, vcc_operator: User, case: SelfDiagnosis
) -> None:
    page = f"/admin/tickets/selfdiagnosis/{case.pk}"
    client = browse(vcc_operator)

    shown = client.get(f"{page}/change/").content.decode()
    assert "A2" in shown
    assert "Tidak Boleh disampaikan" in shown
    assert client.post(f"{page}/approve/", {"reason": ""}).status_code == 200
    assert client.post(f"{page}/approve/", {"reason": "checked by phone", "token": ""}).status_code == 302

    case.refresh_from_db()
    assert (case.status, case.decided_by) == ("CTT_APPROVED", vcc_operator)
    again = client.post(f"{page}/officer/", {"reason": "no"})
    assert again.status_code == 200
    assert "vcc_operator" in again.content.decode()


def test_the_page_of_a_case_never_shows_the_token(
    browse: Browse, vcc_operator: User, case: SelfDiagnosis
) -> None:
    client = browse(vcc_operator)
    given = {"reason": "clear", "token": "12345678901234567890"}
    client.post(f"/admin/tickets/selfdiagnosis/{case.pk}/approve/", given)

    shown = client.get(f"/admin/tickets/selfdiagnosis/{case.pk}/change/").content.decode()

    assert "•••• 7890" in shown
    assert "1234567890" not in shown
    assert "1234 5678" not in shown


def test_the_national_row_is_there_switched_off_and_an_administrator_switches_it_on(
    browse: Browse, back_office: User
) -> None:
    row = DiagnosisCoverage.objects.get(unit__kind="PUSAT")
    assert (row.is_active, str(row.valid_from)) == (False, "2022-06-11")

    answer = browse(back_office).post(
        f"/admin/tickets/diagnosiscoverage/{row.pk}/change/",
        {"unit": row.unit_id, "valid_from": "11/06/2022", "is_active": "on", "basis": "Rev3"},
    )

    row.refresh_from_db()
    assert (answer.status_code, row.is_active) == (302, True)


def test_a_rule_with_limits_that_its_condition_does_not_read_is_refused(
    browse: Browse, back_office: User
) -> None:
    rule = SuggestionRule.objects.get(code="A2")
    form = {
        "code": "A2",
        "position": 2,
        "condition": "voltage_outside",
        "limits": '{"low": "x"}',
        "suggestion": "OFFICER",
        "is_active": "on",
    }

    client = browse(back_office)
    assert client.post(f"/admin/tickets/suggestionrule/{rule.pk}/change/", form).status_code == 200
    rule.refresh_from_db()
    assert rule.limits == {"low": 180, "high": 260}
    good = form | {"limits": '{"low": 190, "high": 250}'}
    assert client.post(f"/admin/tickets/suggestionrule/{rule.pk}/change/", good).status_code == 302


def test_an_officer_confirms_an_outage_by_its_page(
    browse: Browse, posko_menteng: User, ticket: Ticket
) -> None:
    incident = Incident.objects.create(unit=ticket.unit, area=ticket.area, began_at=timezone.now(), version=1)

    client = browse(posko_menteng)
    page = f"/admin/tickets/incident/{incident.pk}"
    assert client.get(f"{page}/change/").status_code == 200
    assert client.post(f"{page}/move/", {"to": "INFO"}).status_code == 302

    incident.refresh_from_db()
    assert (incident.status, incident.confirmed_by) == ("INFO", posko_menteng)


def test_a_webhook_is_added_its_secret_shown_once_and_private_addresses_refused(
    browse: Browse, back_office: User, channel: User
) -> None:
    client = browse(back_office)
    form = {"client": channel.pk, "is_active": "on", "secret": ""}

    refused = client.post("/admin/tickets/webhookendpoint/add/", form | {"url": "ftp://example.com/x"})
    made = client.post(
        "/admin/tickets/webhookendpoint/add/", form | {"url": "https://example.com/x"}, follow=True
    )

    assert refused.status_code == 200
    assert "whsec_" in made.content.decode()
    endpoint = WebhookEndpoint.objects.get()
    again = client.get(f"/admin/tickets/webhookendpoint/{endpoint.pk}/change/").content.decode()
    assert "whsec_" not in again.replace("whsec_ ", "")


def test_a_parked_delivery_is_sent_again_from_the_list(
    browse: Browse, back_office: User, channel: User, report: Callable[..., Report]
) -> None:
    webhooks.save_endpoint(
        endpoint=WebhookEndpoint(client=channel, url="https://example.com/x"), by=back_office
    )
    ticket = create_ticket(report=report(channel="PLN_MOBILE"), by=channel)
    announce.announce(event_id=ticket.events.get().pk)
    WebhookDelivery.objects.update(status="PARKED", attempts=10)

    chosen = {"action": "send_again", "_selected_action": [WebhookDelivery.objects.get().pk]}
    browse(back_office).post("/admin/tickets/webhookdelivery/", chosen)

    delivery = WebhookDelivery.objects.get()
    assert (delivery.status, delivery.attempts) == ("WAITING", 0)


def test_the_board_lists_what_waits_and_pages_open_at_the_same_cost(
    browse: Browse,
    posko_menteng: User,
    report: Callable[..., Report],
    agent: User,
    on_duty: Callable[..., Crew],
    django_assert_max_num_queries: Any,
) -> None:
    on_duty("one")
    client = browse(posko_menteng)
    for count in (1, 8):
        for _ in range(count):
            ticket = create_ticket(report=report(), by=agent)
            dispatch.dispatch(order_id=ticket.orders.get().pk, at=timezone.now())
        with django_assert_max_num_queries(16):
            page = client.get("/admin/tickets/workorder/?list=queue")
        assert page.status_code == 200
