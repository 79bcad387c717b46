"""Work orders, crews and wide outages over the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from tickets.models import Crew, Incident, Shift, Status, Ticket
from tickets.services import dispatch, incidents
from tickets.services.report import Report
from tickets.services.tickets import create_ticket
from units.models import Area, User

Api = Callable[[User | None], APIClient]
ORDERS = "/api/v1/work-orders/"


def where(ticket: Ticket, verb: str = "") -> str:
    return f"{ORDERS}{ticket.orders.get().pk}/{verb}"


def test_an_officer_takes_an_order_from_the_queue_to_the_end(
    api: Api, posko_menteng: User, ticket: Ticket, on_duty: Callable[..., Crew]
) -> None:
    on_duty("one")
    client = api(posko_menteng)

    [waiting] = client.get(ORDERS, {"unit": ticket.posko.code, "status": "ANTRE"}).json()["results"]
    assert (waiting["ticket"], waiting["crew"]) == (ticket.number, None)
    assigned = client.post(where(ticket, "assign/"), {"crew": "regu-one"})
    assert (assigned.status_code, assigned.json()["crew"]["code"]) == (200, "regu-one")
    for verb in ("depart", "start", "restore-temporarily", "restore", "finish"):
        assert client.post(where(ticket, f"{verb}/")).status_code == 200

    ticket.refresh_from_db()
    assert ticket.status == Status.SELESAI
    events = client.get(where(ticket, "events/")).json()
    assert [event["to_status"] for event in events][-1] == "SELESAI"


def test_moves_out_of_turn_and_unknown_crews_are_refused(
    api: Api, posko_menteng: User, ticket: Ticket, on_duty: Callable[..., Crew]
) -> None:
    client = api(posko_menteng)

    assert client.post(where(ticket, "finish/")).status_code == 409
    assert client.post(where(ticket, "assign/"), {"crew": "nobody"}).status_code == 400
    assert client.post(where(ticket, "cancel/"), {}).status_code == 400
    on_duty("off", check_in=False)
    off = client.post(where(ticket, "assign/"), {"crew": "regu-off"})
    assert (off.status_code, off.json()["code"]) == (409, "crew_off_duty")
    assert ticket.orders.get().version == 1


def test_orders_of_other_units_do_not_exist_and_agents_only_look(
    api: Api, manager_bandung: User, agent: User, channel_api: Callable[..., APIClient], ticket: Ticket
) -> None:
    assert api(manager_bandung).get(where(ticket)).status_code == 404
    assert api(manager_bandung).post(where(ticket, "cancel/"), {"reason": "x"}).status_code == 404
    assert api(agent).get(where(ticket)).status_code == 200
    assert api(agent).post(where(ticket, "depart/")).status_code == 403
    assert channel_api("tickets diagnosis").get(ORDERS).status_code == 403
    assert ticket.orders.get().version == 1


def test_an_order_shows_no_reporter_and_no_house(
    api: Api, posko_menteng: User, report: Callable[..., Report], agent: User
) -> None:
    ticket = create_ticket(
        report=report(street="Jalan Rahasia", building_number="77", caller_number="081234567890"), by=agent
    )

    text = api(posko_menteng).get(where(ticket)).content.decode()

    assert "Rahasia" not in text
    assert "81234567890" not in text
    assert "Pelapor" not in text


def test_a_crew_checks_in_says_where_it_is_and_checks_out(
    api: Api, posko_menteng: User, on_duty: Callable[..., Crew]
) -> None:
    shift = on_duty("one", check_in=False).shifts.get()
    client, base = api(posko_menteng), f"/api/v1/shifts/{shift.pk}/"

    assert client.post(f"{base}location/", {"latitude": -6.1, "longitude": 106.8}).status_code == 409
    assert client.post(f"{base}check-in/", {}).status_code == 200
    assert client.post(f"{base}check-in/", {}).status_code == 409
    assert client.post(f"{base}location/", {"latitude": 91, "longitude": 0}).status_code == 400
    assert client.post(f"{base}location/", {"latitude": -6.17, "longitude": 106.82}).status_code == 200
    [crew] = client.get("/api/v1/crews/", {"is_on_duty": "true"}).json()["results"]
    assert (crew["code"], crew["open_orders"], crew["is_on_duty"]) == ("regu-one", 0, True)
    assert client.post(f"{base}check-out/").status_code == 200
    assert not Shift.objects.on_duty(timezone.now()).exists()


def test_an_agent_sees_the_outage_of_a_place_and_an_officer_leads_it(
    api: Api, agent: User, posko_menteng: User, ticket: Ticket, gambir: Area
) -> None:
    asked = {"area": gambir.pk, "is_current": "true"}
    assert api(agent).get("/api/v1/incidents/", asked).json()["results"] == []
    body = {"area": "31.71.01", "unit": ticket.unit.code, "cause": "Penyulang"}
    assert api(agent).post("/api/v1/incidents/", body).status_code == 403

    made = api(posko_menteng).post("/api/v1/incidents/", body)
    assert made.status_code == 201
    [seen] = api(agent).get("/api/v1/incidents/", asked).json()["results"]
    assert (seen["status"], seen["area"]) == ("INFO", "31.71.01")
    move = f"/api/v1/incidents/{made.json()['id']}/move/"
    assert api(posko_menteng).post(move, {"to": "PERBAIKAN"}).status_code == 422
    soon = (timezone.now() + timedelta(hours=1)).isoformat()
    told = api(posko_menteng).post(move, {"to": "PERBAIKAN", "estimate_at": soon})
    assert (told.status_code, told.json()["moves"]) == (200, ["PERBAIKAN", "NYALA_BERTAHAP", "NYALA"])
    assert api(posko_menteng).post(move, {"to": "INFO"}).status_code == 409


def test_a_channel_is_told_of_the_outage_and_the_estimate(
    channel_api: Callable[..., APIClient], posko_menteng: User, ticket: Ticket, form: Callable[..., Any]
) -> None:
    soon = timezone.now() + timedelta(hours=1)
    incident = incidents.declare_incident(area=ticket.area, unit=ticket.unit, by=posko_menteng)
    incidents.move_incident(incident=incident, to="PERBAIKAN", estimate_at=soon, by=posko_menteng)

    made = channel_api("tickets").post(
        "/api/v1/tickets/",
        form(power_state="PADAM", channel="PLN_MOBILE", client_ref="o-1"),
        headers={"Idempotency-Key": "outage-1"},
    )

    assert made.status_code == 201
    assert made.json()["outage"]["status"] == "PERBAIKAN"
    assert made.json()["outage"]["estimate_at"] is not None
    assert not Ticket.objects.get(client_ref="o-1").orders.exists()


@pytest.mark.parametrize(
    ("path", "queries"),
    [("work-orders", 4), ("crews", 4), ("shifts", 4), ("incidents", 4)],
)
def test_every_list_costs_the_same_for_few_and_for_many(
    api: Api,
    posko_menteng: User,
    agent: User,
    report: Callable[..., Report],
    on_duty: Callable[..., Crew],
    path: str,
    queries: int,
    django_assert_num_queries: Any,
) -> None:
    client = api(posko_menteng)
    for start in (0, 8):
        for index in range(start, start + (1 if start == 0 else 8)):
            on_duty(f"crew-{index}")
            ticket = create_ticket(report=report(), by=agent)
            dispatch.dispatch(order_id=ticket.orders.get().pk, at=timezone.now())
            Incident.objects.create(
                unit=ticket.unit,
                area=Area.objects.filter(level=4).order_by("pk")[index],
                began_at=timezone.now(),
            )
        with django_assert_num_queries(queries):
            assert client.get(f"/api/v1/{path}/").status_code == 200
