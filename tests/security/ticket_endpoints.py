"""The endpoints of tickets, as the permission tests call them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

from django.urls import reverse
from django.utils import timezone
from PIL import Image

from tests.security.endpoint import Endpoint
from tests.security.world import World
from units.powers import Power

P = Power
REASON = {"reason": "Dicatat untuk pengujian hak akses"}


def ticket(name: str, *args: int, fate: str = "open") -> Callable[[World, str], str]:
    """The address of a ticket of the place, in the state that the call needs."""
    return lambda world, place: reverse(f"api:{name}", args=[world.tickets[place, fate].number, *args])


def same(values: dict[str, Any]) -> Callable[[World, str], dict]:
    return lambda world, place: values


def photo() -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (8, 8), "white").save(buffer, "JPEG")
    return buffer.getvalue()


def acting(power: P, name: str, body: Callable[[World, str], dict], **more: Any) -> Endpoint:
    """Something done to a ticket: hidden from who does not see it, refused to who may not do it there."""
    fate = more.pop("fate", "open")
    scope = more.pop("scope", "tickets")
    return Endpoint(
        power, scope, ticket(name, fate=fate), body=body, hidden=P.SEE_TICKETS, bound=power, **more
    )


def seeing(name: str, *args: int) -> Endpoint:
    return Endpoint(P.SEE_TICKETS, "tickets", ticket(name, *args), hidden=P.SEE_TICKETS)


def report(world: World, place: str) -> dict[str, Any]:
    return {
        "tab": "GANGGUAN",
        "problem_type": "tetangga-tidak-turut-padam",
        "wo_type": "WO_AUTODISPATCH",
        "problem": "1 RUMAH PADAM",
        "reporter_name": "Pelapor Uji",
        "channel": "PLN_MOBILE",
        "posko": world.units["UP3 Menteng"].code,
        "unit": world.units["UP3 Menteng"].code,
    }


def last_month(world: World, place: str) -> str:
    now = timezone.now()
    span = f"?since={(now - timedelta(days=30)):%Y-%m-%d}T00:00Z&until={now:%Y-%m-%d}T00:00Z"
    return reverse("api:ticket-performance") + span


TICKETS: dict[tuple[str, str], Endpoint] = {
    ("problemtype-list", "GET"): Endpoint(
        P.SEE_TICKETS, "tickets", lambda world, place: reverse("api:problemtype-list"), per_unit=False
    ),
    ("ticket-list", "GET"): Endpoint(
        P.SEE_TICKETS, "tickets", lambda world, place: reverse("api:ticket-list"), per_unit=False
    ),
    ("ticket-list", "POST"): Endpoint(
        P.CREATE_TICKETS,
        "tickets",
        lambda world, place: reverse("api:ticket-list"),
        body=report,
        per_unit=False,
        ok=201,
    ),
    ("ticket-candidates", "POST"): Endpoint(
        P.CREATE_TICKETS,
        "tickets",
        lambda world, place: reverse("api:ticket-candidates"),
        body=same({"phones": ["081234567890"]}),
        per_unit=False,
        reads=True,
    ),
    ("ticket-search", "POST"): Endpoint(
        P.SEE_TICKETS,
        "tickets",
        lambda world, place: reverse("api:ticket-search"),
        body=same({"phone": "081234567890"}),
        per_unit=False,
        reads=True,
    ),
    ("ticket-duplicates", "GET"): Endpoint(
        P.MERGE_TICKETS, "tickets", ticket("ticket-duplicates"), hidden=P.SEE_TICKETS
    ),
    ("ticket-performance", "GET"): Endpoint(P.EXPORT_TICKETS, "", last_month, per_unit=False),
    ("ticket-detail", "GET"): seeing("ticket-detail"),
    ("ticket-events", "GET"): seeing("ticket-events"),
    ("ticket-photos", "GET"): seeing("ticket-photos"),
    ("ticket-photo", "GET"): seeing("ticket-photo", 1),
    ("ticket-photos", "POST"): acting(P.CREATE_TICKETS, "ticket-photos", same({}), upload=photo, ok=201),
    ("ticket-detail", "PATCH"): acting(P.EDIT_TICKETS, "ticket-detail", same({"notes": "lain"})),
    ("ticket-repeats", "POST"): acting(P.CREATE_TICKETS, "ticket-repeats", same({"words": "lagi"}), ok=201),
    ("ticket-moves", "POST"): acting(P.HANDLE_TICKETS, "ticket-moves", same({"to": "DALAM_PENGERJAAN"})),
    ("ticket-cancel", "POST"): acting(P.SPEAK_FOR_REPORTER, "ticket-cancel", same(REASON)),
    ("ticket-confirm", "POST"): acting(
        P.SPEAK_FOR_REPORTER, "ticket-confirm", same({"is_done": True}), fate="finished"
    ),
    ("ticket-rating", "POST"): acting(
        P.SPEAK_FOR_REPORTER, "ticket-rating", same({"rating": 5}), fate="confirmed"
    ),
    ("ticket-merge", "POST"): acting(
        P.MERGE_TICKETS,
        "ticket-merge",
        lambda world, place: REASON | {"into": world.tickets[place, "twin"].number},
    ),
    ("ticket-unmerge", "POST"): acting(P.MERGE_TICKETS, "ticket-unmerge", same(REASON), fate="merged"),
    ("ticket-reveal", "POST"): acting(P.REVEAL_CUSTOMERS, "ticket-reveal", same(REASON)),
}
