"""The endpoints of work orders, crews, outages and self-diagnosis, as the permission tests call them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from tests.security.endpoint import Endpoint
from tests.security.order_rows import READINGS
from tests.security.ticket_endpoints import REASON, same, ticket
from tests.security.world import World
from units.models import Area
from units.powers import Power

P = Power
Path = Callable[[World, str], str]


def of(rows: str, name: str, state: str = "", key: str = "pk") -> Path:
    """The address of a row of the place, in the state that the call needs."""

    def path(world: World, place: str) -> str:
        found = getattr(world.field, rows)[(place, state) if state else place]
        return reverse(f"api:{name}", args=[getattr(found, key)])

    return path


def seeing(path: Path, scope: str = "") -> Endpoint:
    return Endpoint(P.SEE_TICKETS, scope, path, hidden=P.SEE_TICKETS)


def listing(name: str, power: P = P.SEE_TICKETS, scope: str = "") -> Endpoint:
    return Endpoint(power, scope, lambda world, place: reverse(f"api:{name}"), per_unit=False)


def acting(power: P, path: Path, body: dict[str, Any] | Callable | None = None, **more: Any) -> Endpoint:
    """Something done to a row: hidden from who does not see its tickets, refused to who may not."""
    given = same(body) if isinstance(body, dict) else body
    scope = more.pop("scope", "")
    return Endpoint(power, scope, path, body=given, hidden=P.SEE_TICKETS, bound=power, **more)


def order(verb: str, status: str) -> Path:
    return of("orders", f"workorder-{verb}", status)


def postponement(world: World, place: str) -> dict[str, Any]:
    return REASON | {"confirm_at": (timezone.now() + timedelta(days=1)).isoformat()}


def declaration(world: World, place: str) -> dict[str, Any]:
    return {"area": Area.objects.filter(level=4).order_by("-pk")[0].pk, "unit": world.units[place].code}


DISPATCH: dict[tuple[str, str], Endpoint] = {
    ("workorder-list", "GET"): listing("workorder-list"),
    ("workorder-detail", "GET"): seeing(order("detail", "ANTRE")),
    ("workorder-events", "GET"): seeing(order("events", "ANTRE")),
    ("workorder-list", "POST"): acting(
        P.DISPATCH_ORDERS,
        lambda world, place: reverse("api:workorder-list"),
        lambda world, place: {"ticket": world.tickets[place, "open"].number},
        ok=201,
    ),
    ("workorder-assign", "POST"): acting(
        P.DISPATCH_ORDERS,
        order("assign", "ANTRE"),
        lambda world, place: {"crew": world.field.crews[place, "idle"].code},
    ),
    ("workorder-take-back", "POST"): acting(P.DISPATCH_ORDERS, order("take-back", "PENUGASAN_REGU"), REASON),
    ("workorder-cancel", "POST"): acting(P.DISPATCH_ORDERS, order("cancel", "ANTRE"), REASON),
    ("workorder-postpone", "POST"): acting(
        P.DISPATCH_ORDERS, order("postpone", "PENUGASAN_REGU"), postponement
    ),
    ("workorder-depart", "POST"): acting(P.WORK_ORDERS, order("depart", "PENUGASAN_REGU")),
    ("workorder-start", "POST"): acting(P.WORK_ORDERS, order("start", "DALAM_PERJALANAN")),
    ("workorder-restore-temporarily", "POST"): acting(
        P.WORK_ORDERS, order("restore-temporarily", "DALAM_PENGERJAAN")
    ),
    ("workorder-restore", "POST"): acting(P.WORK_ORDERS, order("restore", "DALAM_PENGERJAAN")),
    ("workorder-finish", "POST"): acting(P.WORK_ORDERS, order("finish", "NYALA")),
    ("crew-list", "GET"): listing("crew-list"),
    ("crew-detail", "GET"): seeing(of("crews", "crew-detail", "busy", key="code")),
    ("shift-list", "GET"): listing("shift-list"),
    ("shift-detail", "GET"): seeing(of("shifts", "shift-detail", "busy")),
    ("shift-check-in", "POST"): acting(P.WORK_ORDERS, of("shifts", "shift-check-in", "late"), {}),
    ("shift-check-out", "POST"): acting(P.WORK_ORDERS, of("shifts", "shift-check-out", "idle")),
    ("shift-location", "POST"): acting(
        P.WORK_ORDERS, of("shifts", "shift-location", "busy"), {"latitude": -6.2, "longitude": 106.8}
    ),
    ("incident-list", "GET"): listing("incident-list"),
    ("incident-detail", "GET"): seeing(of("incidents", "incident-detail")),
    ("incident-list", "POST"): Endpoint(
        P.DECLARE_INCIDENT,
        "",
        lambda world, place: reverse("api:incident-list"),
        body=declaration,
        bound=P.DECLARE_INCIDENT,
        ok=201,
    ),
    ("incident-move", "POST"): acting(P.DECLARE_INCIDENT, of("incidents", "incident-move"), {"to": "INFO"}),
    ("incident-detach", "POST"): acting(
        P.DECLARE_INCIDENT,
        of("incidents", "incident-detach"),
        lambda world, place: REASON | {"ticket": world.tickets[place, "dark"].number},
    ),
}

DIAGNOSIS: dict[tuple[str, str], Endpoint] = {
    ("readingcode-list", "GET"): listing("readingcode-list", P.SEE_DIAGNOSES),
    ("coverage-check", "POST"): Endpoint(
        P.SUBMIT_DIAGNOSIS,
        "diagnosis",
        lambda world, place: reverse("api:coverage-check"),
        body=same({"area": "31.71.01.1001"}),
        per_unit=False,
        reads=True,
    ),
    ("ticket-diagnosis", "GET"): seeing(ticket("ticket-diagnosis", fate="diagnosed"), "diagnosis"),
    ("ticket-diagnosis", "PUT"): acting(
        P.SUBMIT_DIAGNOSIS,
        ticket("ticket-diagnosis", fate="asked"),
        {"readings": READINGS},
        scope="diagnosis",
        people_only=True,
        ok=201,
    ),
    # Only the app that made the report fetches its token; for everybody else there is none.
    ("ticket-ctt", "GET"): Endpoint(
        P.SUBMIT_DIAGNOSIS,
        "diagnosis",
        ticket("ticket-ctt", fate="approved"),
        hidden=P.SEE_TICKETS,
        ok=404,
    ),
    ("ticket-ctt-read-out", "POST"): acting(
        P.SPEAK_FOR_REPORTER,
        ticket("ticket-ctt-read-out", fate="approved"),
        scope="diagnosis",
        people_only=True,
    ),
    ("selfdiagnosis-list", "GET"): listing("selfdiagnosis-list", scope="diagnosis"),
    ("selfdiagnosis-detail", "GET"): seeing(
        of("diagnoses", "selfdiagnosis-detail", "diagnosed"), "diagnosis"
    ),
    ("selfdiagnosis-approve-ctt", "POST"): acting(
        P.DECIDE_DIAGNOSIS,
        of("diagnoses", "selfdiagnosis-approve-ctt", "diagnosed"),
        REASON | {"token": "1234 5678 9012 3456 7890"},
        scope="diagnosis",
    ),
    ("selfdiagnosis-send-officer", "POST"): acting(
        P.DECIDE_DIAGNOSIS,
        of("diagnoses", "selfdiagnosis-send-officer", "diagnosed"),
        REASON,
        scope="diagnosis",
    ),
    ("selfdiagnosis-deliver", "POST"): acting(
        P.DECIDE_DIAGNOSIS,
        of("diagnoses", "selfdiagnosis-deliver", "approved"),
        {"ways": ["PLN_MOBILE"]},
        scope="diagnosis",
    ),
}

ORDERS = DISPATCH | DIAGNOSIS
