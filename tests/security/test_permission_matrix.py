"""Every role, at two seats, on every endpoint of the API, at its own unit, below, above and elsewhere.

What is expected is read off `units.powers.POWERS`. Here stands only which power each endpoint asks for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application

from allocation.services.availability import SETTING_KINDS
from pln_portal import api
from tests.security.changes import NOT_THE_WORK, Watch, undone
from tests.security.endpoint import Endpoint
from tests.security.order_endpoints import ORDERS
from tests.security.program_endpoints import PROGRAMS
from tests.security.sop_endpoints import SOPS
from tests.security.ticket_endpoints import TICKETS
from tests.security.world import SEATS, World, appoint, logged_in, reaches
from units.models import Position, Unit, User
from units.powers import POWERS, Power, Role

pytestmark = pytest.mark.django_db

REASON = "Dicatat untuk pengujian hak akses"


def at_unit(name: str) -> Callable[[World, str], str]:
    return lambda world, place: reverse(f"api:{name}", args=[world.units[place].code, 1])


def plain(name: str, query: str = "") -> Callable[[World, str], str]:
    return lambda world, place: reverse(f"api:{name}") + query


P = Power
MATRIX: dict[tuple[str, str], Endpoint] = {
    ("me", "GET"): Endpoint(None, "read", plain("me"), per_unit=False),
    ("schema", "GET"): Endpoint(None, "", plain("schema"), per_unit=False),
    ("unit-list", "GET"): Endpoint(P.SEE_UNITS, "read", plain("unit-list"), per_unit=False),
    ("unit-detail", "GET"): Endpoint(
        P.SEE_UNITS,
        "read",
        lambda world, place: reverse("api:unit-detail", args=[world.units[place].code]),
        hidden=P.SEE_UNITS,
    ),
    ("area-list", "GET"): Endpoint(P.SEE_UNITS, "read", plain("area-list"), per_unit=False),
    ("area-detail", "GET"): Endpoint(
        P.SEE_UNITS, "read", lambda world, place: reverse("api:area-detail", args=["31"]), per_unit=False
    ),
    ("customer-list", "GET"): Endpoint(
        P.SEE_CUSTOMERS, "", plain("customer-list", "?idpel=998800000000"), per_unit=False
    ),
    ("customer-detail", "GET"): Endpoint(
        P.SEE_CUSTOMERS,
        "",
        lambda world, place: reverse("api:customer-detail", args=[world.customers[place].idpel]),
        hidden=P.SEE_CUSTOMERS,
    ),
    ("customer-reveal", "POST"): Endpoint(
        P.REVEAL_CUSTOMERS,
        "",
        lambda world, place: reverse("api:customer-reveal", args=[world.customers[place].idpel]),
        body=lambda world, place: {"fields": ["name"], "reason": REASON},
        hidden=P.SEE_CUSTOMERS,
        bound=P.REVEAL_CUSTOMERS,
    ),
    ("allocationcheck-list", "GET"): Endpoint(
        P.SEE_CHECKS, "allocation", plain("allocationcheck-list"), per_unit=False
    ),
    ("allocationcheck-list", "POST"): Endpoint(
        P.CHECK_ALLOCATION,
        "allocation",
        plain("allocationcheck-list"),
        body=lambda world, place: {
            "transaction": "PB",
            "unit": world.units["UP3 Menteng"].code,
            "power_va": 2200,
            "product": "PASCABAYAR",
            "tariff": "R1",
        },
        per_unit=False,
    ),
    ("allocationcheck-detail", "GET"): Endpoint(
        P.SEE_CHECKS,
        "allocation",
        lambda world, place: reverse("api:allocationcheck-detail", args=[world.checks[place].pk]),
        hidden=P.SEE_CHECKS,
    ),
    ("availability-list", "GET"): Endpoint(
        P.SEE_ALLOCATION, "read", plain("availability-list"), per_unit=False
    ),
    ("availability-detail", "GET"): Endpoint(
        P.SEE_ALLOCATION, "read", at_unit("availability-detail"), settable=True
    ),
    ("availability-detail", "PUT"): Endpoint(
        P.SET_AVAILABILITY,
        "",
        at_unit("availability-detail"),
        body=lambda world, place: {"value": "PRABAYAR", "reason": REASON},
        bound=P.SET_AVAILABILITY,
        settable=True,
    ),
    ("availability-history", "GET"): Endpoint(
        P.SEE_ALLOCATION, "read", at_unit("availability-history"), settable=True
    ),
    ("availability-preview", "GET"): Endpoint(
        P.SEE_CHECKS,
        "read",
        lambda world, place: at_unit("availability-preview")(world, place) + "?value=PRABAYAR",
        bound=P.SEE_CHECKS,
        settable=True,
    ),
    ("matrix", "GET"): Endpoint(P.SEE_ALLOCATION, "read", plain("matrix"), per_unit=False),
} | {**TICKETS, **ORDERS, **PROGRAMS, **SOPS}
PAGES = {("docs", "GET")}  # a page for people: sends to the log-in form


def call(client: Client, world: World, name: str, method: str, place: str) -> Any:
    """Send the request as a well-behaved caller would, with the newest ETag and a key."""
    endpoint = MATRIX[name, method]
    path = endpoint.path(world, place)
    headers = {"HTTP_IDEMPOTENCY_KEY": "a-key-of-this-test"}
    if method in ("PUT", "PATCH"):
        headers["HTTP_IF_MATCH"] = client.get(path).headers.get("ETag", '"none"')
    if endpoint.upload:
        kind = "image/jpeg" if endpoint.upload_as == "photo" else "text/csv"
        sent = SimpleUploadedFile("file", endpoint.upload(), content_type=kind)
        return client.post(path, {endpoint.upload_as: sent}, **headers)
    body = endpoint.body(world, place) if endpoint.body else None
    return client.generic(
        method, path, _json(body) if body else b"", content_type="application/json", **headers
    )


def _json(body: dict) -> bytes:
    return json.dumps(body).encode()


def expected(endpoint: Endpoint, role: Role, seat: Unit, target: Unit) -> int:
    """The status that the table of powers asks for."""
    if endpoint.power is None:
        return 200
    if endpoint.power not in POWERS[role]:
        return 403
    if endpoint.settable and target.kind not in SETTING_KINDS:
        return 404
    if endpoint.hidden and endpoint.per_unit and not reaches(role, endpoint.hidden, seat, target):
        return 404
    if endpoint.bound and not reaches(role, endpoint.bound, seat, target):
        return 403
    if endpoint.people_only and role == Role.CHANNEL:
        return 403
    return endpoint.ok


def described_endpoints() -> Iterator[tuple[str, str]]:
    """Every address and method of the API, found by walking its URL patterns."""

    def walk(patterns: list) -> Iterator[URLPattern]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns)
            else:
                yield pattern

    for pattern in walk(api.urlpatterns):
        view = pattern.callback
        methods = getattr(view, "actions", None) or _methods_of(view)
        for method in methods:
            if method != "head":
                yield pattern.name, method.upper()


def _methods_of(view: Any) -> list[str]:
    """The methods that a view which is no viewset answers; a page behind the log-in form answers GET."""
    view_class = getattr(view, "cls", None) or getattr(view, "view_class", None)
    return [name for name in ("get", "post", "put", "patch", "delete") if hasattr(view_class, name)] or [
        "get"
    ]


def test_every_endpoint_is_described() -> None:
    assert set(described_endpoints()) == set(MATRIX) | PAGES


@pytest.mark.parametrize("seat", SEATS)
@pytest.mark.parametrize("role", Role)
def test_a_role_may_exactly_what_the_table_says(role: Role, seat: str, world: World) -> None:
    """Refused calls, and calls that only read, change nothing, down to the last row."""
    client = logged_in(appoint("actor", role, world.units[seat]))
    client.get(reverse("api:me"))
    watch = Watch()

    wrong = [
        f"{method} {name}, {relation}: {what}"
        for (name, method), endpoint in MATRIX.items()
        for relation, place in (SEATS[seat] if endpoint.per_unit else {"own": seat}).items()
        for what in amiss(client, world, (name, method, place), watch, role, seat)
    ]

    assert wrong == []


def amiss(
    client: Client, world: World, asked: tuple[str, str, str], watch: Watch, role: Role, seat: str
) -> Iterator[str]:
    """What is not as the table says when `role` at `seat` makes this call. The call is undone."""
    name, method, place = asked
    endpoint = MATRIX[name, method]
    want = expected(endpoint, role, world.units[seat], world.units[place])
    watch.start_anew()
    with undone():
        answer = call(client, world, name, method, place)
        changed = watch.changes()
    if answer.status_code != want:
        yield f"{answer.status_code}, not {want}"
    if changed and (want >= 400 or not endpoint.changes(method)):
        yield f"changed {changed}"
    if want < 400 and endpoint.changes(method) and not set(changed) - {NOT_THE_WORK}:
        yield "allowed, yet nothing changed"


def everywhere(client: Client, world: World) -> dict[tuple[str, str], int]:
    """The status of each endpoint at the actor's own unit; none of the calls leaves a change."""
    watch = Watch()
    statuses = {}
    for name, method in MATRIX:
        watch.start_anew()
        with undone():
            statuses[name, method] = call(client, world, name, method, "UP3 Menteng").status_code
            if statuses[name, method] >= 400:
                assert watch.changes() == [], (name, method)
    return statuses


def powerless(world: World) -> dict[tuple[str, str], int]:
    """What somebody with an account and no power gets."""
    return {key: 200 if endpoint.power is None else 403 for key, endpoint in MATRIX.items()}


def test_without_logging_in_everything_is_401(world: World) -> None:
    assert everywhere(logged_in(None), world) == dict.fromkeys(MATRIX, 401)


def test_the_api_page_sends_to_the_log_in_form(client: Client, world: World) -> None:
    answer = client.get(reverse("api:docs"))

    assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (302, reverse("login"))


def test_an_account_without_a_position_may_nothing(world: World, nobody: User) -> None:
    assert everywhere(logged_in(nobody), world) == powerless(world)


def test_a_superuser_without_a_position_may_nothing(world: World) -> None:
    root = User.objects.create(username="root", is_superuser=True, is_staff=True)

    assert everywhere(logged_in(root), world) == powerless(world)


@pytest.mark.parametrize("role", [Role.MANAGER_UP3, Role.BACK_OFFICE, Role.SUPERVISOR])
@pytest.mark.parametrize(
    ("starts", "ends"), [(-30, -1), (1, None), (1, 30)], ids=["expired", "in the future", "later"]
)
def test_a_position_out_of_its_time_gives_nothing(
    world: World, role: Role, starts: int, ends: int | None
) -> None:
    now = timezone.now()
    times = {
        "starts_at": now + timedelta(days=starts),
        "ends_at": now + timedelta(days=ends) if ends is not None else None,
    }
    actor = appoint("actor", role, world.units["UP3 Menteng"], **times)

    assert everywhere(logged_in(actor), world) == powerless(world)


def test_a_position_that_ended_a_second_ago_has_no_power_in_a_session_already_open(world: World) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        actor = appoint("actor", Role.MANAGER_UP3, world.units["UP3 Menteng"])
        client = logged_in(actor)
        assert call(client, world, "unit-list", "GET", "UP3 Menteng").status_code == 200
        Position.objects.filter(holder=actor).update(ends_at=timezone.now())

        assert everywhere(client, world) == powerless(world)
        clock.shift(1)
        assert everywhere(client, world) == powerless(world)


def bearer(token: AccessToken, secret: str) -> Client:
    token.token = secret
    token.save()
    return Client(raise_request_exception=False, HTTP_AUTHORIZATION=f"Bearer {secret}")


def token_of(user: User, scope: str, *, channel: bool, **fields: Any) -> Client:
    grant = "client-credentials" if channel else "authorization-code"
    application = Application.objects.create(
        name=grant, user=user, client_type="confidential", authorization_grant_type=grant
    )
    fields.setdefault("expires", timezone.now() + timedelta(hours=1))
    token = AccessToken(application=application, user=None if channel else user, scope=scope, **fields)
    return bearer(token, "a-secret-of-this-test")


@pytest.mark.parametrize(
    "scope", ["read", "allocation", "tickets", "diagnosis", "read allocation", "", "no-such-scope"]
)
def test_a_channel_may_what_its_powers_and_its_scopes_both_say(world: World, scope: str) -> None:
    seat = world.units["UP3 Menteng"]
    client = token_of(appoint("channel", Role.CHANNEL, seat), scope, channel=True)
    want = {
        key: expected(endpoint, Role.CHANNEL, seat, seat) if endpoint.scope in scope.split() else 403
        for key, endpoint in MATRIX.items()
    }

    assert everywhere(client, world) == want


def test_the_scope_agent_acts_as_the_person(world: World) -> None:
    seat = world.units["UP3 Menteng"]
    manager = appoint("manager", Role.MANAGER_UP3, seat)

    want = everywhere(logged_in(manager), world)
    client = token_of(manager, "agent", channel=False)
    assert everywhere(client, world) == want

    Position.objects.filter(holder=manager).update(ends_at=timezone.now())
    assert everywhere(client, world) == powerless(world)


def test_a_token_that_is_expired_revoked_or_of_a_closed_account_is_401_everywhere(world: World) -> None:
    seat = world.units["UP3 Menteng"]
    actor = appoint("actor", Role.MANAGER_UP3, seat)
    client = token_of(actor, "agent", channel=False)
    refused = dict.fromkeys(MATRIX, 401)

    AccessToken.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert everywhere(client, world) == refused
    AccessToken.objects.update(expires=timezone.now() + timedelta(hours=1))
    User.objects.filter(pk=actor.pk).update(is_active=False)
    assert everywhere(client, world) == refused
    User.objects.filter(pk=actor.pk).update(is_active=True)
    AccessToken.objects.all().delete()
    assert everywhere(client, world) == refused
