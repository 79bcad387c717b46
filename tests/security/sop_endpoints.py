"""The endpoints of SOPs and calls, as the permission tests call them.

The calls of the world are another agent's: a supervisor sees those of their site, and nobody goes on with
them. What agents do on their own calls is tested with the calls.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import reverse

from tests.security.endpoint import Endpoint
from tests.security.sop_rows import SLUG
from tests.security.ticket_endpoints import REASON, same
from tests.security.world import World
from units.powers import Power

P = Power
Path = Callable[[World, str], str]


def plain(name: str, *args: Any) -> Path:
    return lambda world, place: reverse(f"api:{name}", args=args)


def reading(path: Path) -> Endpoint:
    """Published SOPs are for every reader, wherever they sit."""
    return Endpoint(P.SEE_SOP, "", path, per_unit=False)


def call(name: str) -> Path:
    return lambda world, place: reverse(f"api:{name}", args=[world.sop.calls[place].pk])


def going_on(name: str, body: dict[str, Any]) -> Endpoint:
    return Endpoint(P.RUN_CALLS, "", call(name), body=same(body), hidden=P.SEE_CALLS, ok=403)


def attachment(world: World, place: str) -> str:
    return reverse("api:sop-attachment", args=[SLUG, 1, world.sop.attachment.pk])


SOPS: dict[tuple[str, str], Endpoint] = {
    ("sopdocument-list", "GET"): reading(plain("sopdocument-list")),
    ("sopdocument-detail", "GET"): reading(plain("sopdocument-detail", SLUG)),
    ("sop-version", "GET"): reading(plain("sop-version", SLUG, 2)),
    ("sop-diff", "GET"): reading(plain("sop-diff", SLUG, 1, 2)),
    ("sop-attachment", "GET"): reading(attachment),
    ("sop-acknowledge", "POST"): reading(plain("sop-acknowledge", SLUG, 2)),
    ("call-list", "GET"): Endpoint(P.RUN_CALLS, "", plain("call-list"), per_unit=False),
    ("call-list", "POST"): Endpoint(
        P.RUN_CALLS, "", plain("call-list"), body=same({"procedure": SLUG}), per_unit=False, ok=201
    ),
    ("call-procedures", "GET"): Endpoint(P.RUN_CALLS, "", plain("call-procedures"), per_unit=False),
    ("call-detail", "GET"): Endpoint(P.RUN_CALLS, "", call("call-detail"), hidden=P.SEE_CALLS),
    ("call-answers", "POST"): going_on("call-answers", {"step": "salam"}),
    ("call-back", "POST"): going_on("call-back", {}),
    ("call-abandon", "POST"): going_on("call-abandon", REASON),
}
