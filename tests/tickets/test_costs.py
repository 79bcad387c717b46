"""Every list and every page of the API of tickets takes as many queries for a thousand rows as for ten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern
from django.utils import timezone
from rest_framework.test import APIClient

from customers.models import Customer
from tickets.api.urls import urlpatterns
from tickets.models import (
    ClearTamperToken,
    Crew,
    TicketPhoto,
)
from tickets.services import dispatch, incidents
from tickets.services.diagnosis import approve_ctt, submit_diagnosis
from tickets.services.tickets import create_ticket
from units.models import User

# By endpoint: who asks, and how many queries the answer takes: session, user and positions; then the rows.
COSTS: dict[str, tuple[str, int]] = {
    "ticket-list": ("agent", 4),
    "ticket-search": ("agent", 4),
    "ticket-candidates": ("agent", 4),
    "ticket-detail": ("agent", 4),
    "ticket-duplicates": ("supervisor", 6),
    "ticket-events": ("agent", 5),
    "ticket-photos": ("agent", 5),
    "ticket-photo": ("agent", 5),
    "ticket-diagnosis": ("agent", 7),
    "ticket-ctt": ("channel", 9),
    "ticket-performance": ("posko_menteng", 4),
    "problemtype-list": ("agent", 4),
    "readingcode-list": ("agent", 4),
    "selfdiagnosis-list": ("vcc_operator", 4),
    "selfdiagnosis-detail": ("vcc_operator", 7),
    "workorder-list": ("posko_menteng", 4),
    "workorder-detail": ("posko_menteng", 5),
    "workorder-events": ("posko_menteng", 5),
    "crew-list": ("posko_menteng", 4),
    "crew-detail": ("posko_menteng", 4),
    "shift-list": ("posko_menteng", 4),
    "shift-detail": ("posko_menteng", 4),
    "incident-list": ("posko_menteng", 4),
    "incident-detail": ("posko_menteng", 5),
}
ROUTES = {it.name: it for it in urlpatterns if isinstance(it, URLPattern)}
POSTED = ("ticket-search", "ticket-candidates")  # lists that are asked for by a POST


def test_every_list_and_every_page_is_here() -> None:
    read = {name for name, it in ROUTES.items() if "get" in it.callback.actions}  # type: ignore[attr-defined]

    assert set(COSTS) == read | set(POSTED)


@pytest.fixture
def first(
    report: Callable[..., Any],
    on_duty: Callable[..., Crew],
    customer: Customer,
    readings: dict[str, Any],
    channel: User,
    agent: User,
    vcc_operator: User,
    manager_menteng: User,
) -> dict[str, Any]:
    """One row of everything, made by the services."""
    crew = on_duty("first", latitude=-6.17, longitude=106.81)
    dark = create_ticket(report=report(), by=agent)
    dispatch.dispatch(order_id=dark.orders.get().pk, at=timezone.now())
    body = report(wo_type="KWH_PERIKSA", customer=customer, channel="PLN_MOBILE", client_ref="m-1")
    ticket = create_ticket(report=body, by=channel)
    case, _ = submit_diagnosis(ticket=ticket, readings=readings, by=channel)
    approve_ctt(diagnosis=case, by=vcc_operator, reason="Tutup terminal terbuka")
    ticket.refresh_from_db()
    assert dark.area is not None
    assert dark.unit is not None
    outage = incidents.declare_incident(area=dark.area, unit=dark.unit, by=manager_menteng)
    picture = {"width": 1, "height": 1, "size": 1, "added_at": timezone.now(), "added_by": agent}
    photo = TicketPhoto(ticket=ticket, slot=1, **picture)
    photo.image.save("1.jpg", ContentFile(b"a picture"))
    return {"ticket": ticket, "order": dark.orders.get(), "crew": crew, "case": case, "outage": outage}


def grow(first: dict[str, Any], start: int, stop: int) -> None:
    """Copies of everything, the ones numbered `start` to `stop`."""
    ticket, order, case = first["ticket"], first["order"], first["case"]
    every = range(start, stop)
    numbers = {it: f"G260101{it:06d}" for it in every}
    tickets = copies(
        ticket,
        (
            {"number": number, "queue_key": number, "client_ref": number}
            | {"merged_into_id": ticket.pk if it % 2 else None}
            for it, number in numbers.items()
        ),
    )
    copies(order, ({"ticket_id": it.pk} for it in tickets))
    cases = copies(case, ({"ticket_id": it.pk} for it in tickets))
    token = ClearTamperToken.objects.get(diagnosis=case)
    copies(token, ({"diagnosis_id": it.pk, "fingerprint": f"copy-{it.pk}"} for it in cases))
    copies(token.deliveries.first(), ({} for _ in every))
    for event in (ticket.events.first(), order.events.first(), first["outage"].events.first()):
        copies(event, ({"version": 100 + it} for it in every))
    crews = copies(first["crew"], ({"code": f"copy-{it}"} for it in every))
    copies(first["crew"].shifts.first(), ({"crew_id": it.pk} for it in crews))
    copies(first["outage"], ({"status": "SELESAI", "ended_at": timezone.now()} for _ in every))
    copies(ticket.problem_type, ({"code": f"copy-{it}", "sub_name": f"copy {it}"} for it in every))
    if start > 1:
        copies(ticket.photos.get(), ({"slot": slot} for slot in (2, 3)))


def copies(row: Any, changes: Any) -> list[Any]:
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields} | {
        "id": None
    }
    return type(row)._base_manager.bulk_create([type(row)(**values | changed) for changed in changes])


def ask(client: APIClient, name: str, first: dict[str, Any]) -> int:
    """The queries of one answer."""
    now = timezone.now()
    span = {"since": (now - timedelta(days=1)).isoformat(), "until": (now + timedelta(days=1)).isoformat()}
    owner = {"workorder": "order", "selfdiagnosis": "case", "incident": "outage"}.get(name.split("-")[0])
    pk = first["crew"].shifts.first().pk if name.startswith("shift") else first[owner].pk if owner else 0
    path = str(ROUTES[name].pattern).strip("^$")
    for given, value in {
        r"(?P<number>[GK][0-9]{12})": first["ticket"].number,
        r"(?P<slot>[1-3])": "1",
        r"(?P<pk>[0-9]{1,18})": str(pk),
        r"(?P<code>[^/]{1,40})": first["crew"].code,
    }.items():
        path = path.replace(given, value)
    with CaptureQueriesContext(connection) as queries:
        if name in POSTED:
            body = {"meter_number": first["ticket"].meter_number}
            answer = client.post(f"/api/v1/{path}", body)
        else:
            query = span if name == "ticket-performance" else {}
            answer = client.get(f"/api/v1/{path}", query)
    assert answer.status_code == 200, (name, path, answer.content)
    return len(queries)


def test_a_thousand_rows_take_the_queries_of_ten(
    api: Callable[[User], APIClient], anyone: Callable[[str], User], first: dict[str, Any]
) -> None:
    clients = {who: api(anyone(who)) for who in {who for who, _ in COSTS.values()}}

    def counted() -> dict[str, int]:
        return {name: ask(clients[who], name, first) for name, (who, _) in COSTS.items()}

    wanted = {name: count for name, (_, count) in COSTS.items()}

    grow(first, 1, 10)
    assert counted() == wanted
    grow(first, 10, 1000)
    assert counted() == wanted
