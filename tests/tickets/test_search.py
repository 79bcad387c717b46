"""Looking for tickets by what a caller says, and for those that may be about the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from customers.models import Customer
from tests.tickets.copies import copy_ticket
from tickets.models import Ticket
from tickets.services.repeats import merge_ticket
from tickets.services.report import Report
from tickets.services.tickets import create_ticket
from units.models import User

URL = "/api/v1/tickets/search/"
Api = Callable[[User], Client]
Make = Callable[..., Report]


def numbers(client: Client, **sought: Any) -> list[str]:
    return [it["number"] for it in client.post(URL, sought).json()["results"]]


@pytest.mark.parametrize("phone", ["0812 3456 7890", "+62 812-3456-7890", "081298765432"])
def test_a_phone_finds_who_called_and_who_is_to_be_rung(
    api: Api, agent: User, report: Make, phone: str
) -> None:
    asked = report(caller_number="081234567890", mobile_number="081298765432")
    made = create_ticket(report=asked, by=agent)
    create_ticket(report=report(caller_number="081234567899"), by=agent)

    assert numbers(api(agent), phone=phone) == [made.number]


@pytest.mark.parametrize("field", ["number", "idpel", "meter_number"])
def test_number_idpel_and_meter_find_their_ticket(api: Api, agent: User, periksa: Ticket, field: str) -> None:
    values = {"number": periksa.number, "idpel": "540520000001", "meter_number": "14000000001"}

    assert numbers(api(agent), **{field: values[field]}) == [periksa.number]
    another = values[field][:-1] + str((int(values[field][-1]) + 1) % 10)
    assert numbers(api(agent), **{field: another}) == []


def test_only_open_ones_on_demand(api: Api, agent: User, report: Make) -> None:
    closed = create_ticket(report=report(is_issue_closed=True, caller_number="081234567890"), by=agent)

    assert numbers(api(agent), phone="081234567890") == [closed.number]
    assert numbers(api(agent), phone="081234567890", is_open=True) == []


@pytest.mark.parametrize("sought", [{}, {"is_open": True}, {"phone": "abc"}, {"phone": ""}, {"nik": "1"}])
def test_a_search_for_nothing_or_nonsense_is_a_400(api: Api, agent: User, sought: dict[str, Any]) -> None:
    assert api(agent).post(URL, sought).status_code == 400


def test_a_phone_in_an_address_is_refused(api: Api, agent: User) -> None:
    assert api(agent).get("/api/v1/tickets/?phone=081234567890").status_code == 400
    assert api(agent).post(f"{URL}?phone=081234567890", {"phone": "081234567890"}).status_code == 400


def test_a_search_finds_only_what_the_reader_sees(
    api: Api, manager_menteng: User, manager_bandung: User, agent: User, report: Make
) -> None:
    made = create_ticket(report=report(caller_number="081234567890"), by=agent)

    assert numbers(api(manager_menteng), phone="081234567890") == [made.number]
    assert numbers(api(manager_bandung), phone="081234567890") == []


def test_many_finds_come_in_pages_that_cost_the_same(api: Api, agent: User, report: Make) -> None:
    client = api(agent)
    first = create_ticket(report=report(caller_number="081234567890"), by=agent)
    copy_ticket(first, 9)
    at_ten = _cost(client)
    copy_ticket(first, 190, start=10)

    assert _cost(client) == at_ten <= 6
    page = client.post(URL, {"phone": "081234567890"}).json()
    assert "0812" not in page["next"]
    assert len(client.post(page["next"], {"phone": "081234567890"}).json()["results"]) == 50


def _cost(client: Client) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.post(URL, {"phone": "081234567890"}).status_code == 200
    return len(queries)


def duplicates(client: Client, ticket: Ticket) -> dict[str, Any]:
    return client.get(f"/api/v1/tickets/{ticket.number}/duplicates/").json()


def test_the_open_tickets_of_the_same_customer_and_what_was_merged_are_named(
    api: Api, agent: User, posko_menteng: User, report: Make, customer: Customer
) -> None:
    first, second, third = (create_ticket(report=report(customer=customer), by=agent) for _ in range(3))
    create_ticket(report=report(), by=agent)
    merge_ticket(ticket=third, into=first, by=posko_menteng, reason="Rumah yang sama")

    found = duplicates(api(posko_menteng), first)

    assert found["merged"] == [third.number]
    assert [it["number"] for it in found["similar"]] == [second.number]
    assert duplicates(api(posko_menteng), third) == {"number": third.number, "merged": [], "similar": []}


def test_a_complaint_is_no_duplicate_of_an_outage(
    api: Api, agent: User, posko_menteng: User, report: Make, customer: Customer
) -> None:
    outage = create_ticket(report=report(customer=customer), by=agent)
    create_ticket(report=report(customer=customer, tab="KELUHAN"), by=agent)

    assert duplicates(api(posko_menteng), outage)["similar"] == []
