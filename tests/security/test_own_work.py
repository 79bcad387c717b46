"""What is one's own: the call that an agent runs, and the token of a report that an app made.

In the permission matrix both belong to somebody else, so that there they are only ever refused.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sop.models import Call
from tests.security.changes import Watch
from tests.security.sop_rows import SLUG
from tests.security.test_permission_matrix import token_of
from tests.security.ticket_endpoints import REASON
from tests.security.world import SEATS, World, appoint, logged_in
from tickets.models import SelfDiagnosis, Ticket, TokenDelivery
from units.models import Position, User
from units.powers import POWERS, Power, Role, roles_with

pytestmark = pytest.mark.django_db

SEAT = "UP3 Menteng"
RUNNERS = tuple(roles_with(Power.RUN_CALLS))
GOING_ON = {"call-answers": {"step": "salam"}, "call-back": {}, "call-abandon": REASON}


def send(client: Client, name: str, body: dict[str, Any], *args: Any) -> Any:
    return client.post(reverse(f"api:{name}", args=args), json.dumps(body), content_type="application/json")


def opened(client: Client) -> str:
    answer = send(client, "call-list", {"procedure": SLUG})
    assert answer.status_code == 201
    return answer.json()["id"]


# --- Calls -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seat", SEATS)
@pytest.mark.parametrize("role", RUNNERS)
def test_who_may_run_calls_goes_through_their_own(role: Role, seat: str, world: World) -> None:
    client = logged_in(appoint("actor", role, world.units[seat]))
    call = opened(client)
    walked = [
        send(client, "call-answers", {"step": "salam"}, call),
        send(client, "call-back", {}, call),
        client.get(reverse("api:call-detail", args=[call])),
        send(client, "call-abandon", REASON, call),
    ]

    assert [answer.status_code for answer in walked] == [200] * 4
    assert [answer.json()["step"]["id"] for answer in walked[:3]] == ["listrik", "salam", "salam"]
    assert Call.objects.get(pk=call).status == "ABANDONED"


@pytest.mark.parametrize("name", GOING_ON)
@pytest.mark.parametrize("role", Role)
def test_nobody_goes_on_with_the_call_of_another(role: Role, name: str, world: World) -> None:
    """Not at the same unit either: who sees the call is told no, a colleague that there is none."""
    call = opened(logged_in(appoint("agent", Role.CSO, world.units[SEAT])))
    client = logged_in(appoint("actor", role, world.units[SEAT]))
    client.get(reverse("api:me"))
    watch = Watch()

    status = send(client, name, GOING_ON[name], call).status_code

    runs, sees = role in RUNNERS, Power.SEE_CALLS in POWERS[role]
    assert status == (404 if runs and not sees else 403)
    assert watch.changes() == []


@pytest.mark.parametrize("name", GOING_ON)
def test_an_agent_without_a_position_any_more_does_not_go_on_with_their_call(name: str, world: World) -> None:
    agent = appoint("actor", Role.CSO, world.units[SEAT])
    client = logged_in(agent)
    call = opened(client)
    Position.objects.filter(holder=agent).update(ends_at=timezone.now())
    watch = Watch()

    assert send(client, name, GOING_ON[name], call).status_code == 403
    assert watch.changes() == []


def test_an_agent_who_moved_to_another_site_does_not_take_the_call_along(world: World) -> None:
    """The power to run calls reaches the units below one's own, and a call stays at its site."""
    agent = appoint("actor", Role.CSO, world.units[SEAT])
    client = logged_in(agent)
    call = opened(client)
    Position.objects.filter(holder=agent).update(ends_at=timezone.now())
    Position.objects.create(holder=agent, role=Role.CSO, unit=world.units["UP3 Bandung"])

    assert send(client, "call-answers", {"step": "salam"}, call).status_code == 403


# --- The token of a report --------------------------------------------------------------------------


@pytest.fixture
def ticket(world: World) -> Ticket:
    return world.tickets[SEAT, "approved"]


@pytest.fixture
def app(world: World, ticket: Ticket) -> User:
    """The channel that made the report of `ticket`."""
    app = appoint("app", Role.CHANNEL, world.units["PLN Pusat"])
    Ticket.objects.filter(pk=ticket.pk).update(client=app)
    return app


@pytest.fixture
def delivery(ticket: Ticket, app: User) -> TokenDelivery:
    token = SelfDiagnosis.objects.get(ticket=ticket).token
    now = timezone.now()
    return TokenDelivery.objects.create(
        token=token, way="PLN_MOBILE", result="SENT", at=now, sent_at=now, by=app
    )


def fetch(client: Client, ticket: Ticket) -> Any:
    return client.get(reverse("api:ticket-ctt", args=[ticket.number]))


def test_the_app_that_reported_fetches_the_token_that_was_delivered_to_it(
    world: World, ticket: Ticket, app: User, delivery: TokenDelivery
) -> None:
    answer = fetch(token_of(app, "diagnosis", channel=True), ticket)

    assert answer.status_code == 200
    assert answer.json()["token"].replace(" ", "") == f"{list(world.units).index(SEAT):020}"
    delivery.refresh_from_db()
    assert delivery.result == "CONFIRMED"


def test_before_it_is_delivered_there_the_app_finds_no_token(ticket: Ticket, app: User) -> None:
    client = token_of(app, "diagnosis", channel=True)
    watch = Watch()

    answer = fetch(client, ticket)

    assert (answer.status_code, "token" in answer.json()) == (404, False)
    assert watch.changes() == []


@pytest.mark.parametrize("scope", ["read", "tickets", "allocation", ""])
def test_without_its_scope_the_app_fetches_nothing(
    ticket: Ticket, app: User, delivery: TokenDelivery, scope: str
) -> None:
    assert fetch(token_of(app, scope, channel=True), ticket).status_code == 403


@pytest.mark.parametrize("role", Role)
def test_nobody_else_fetches_the_token_of_an_app(
    role: Role, world: World, ticket: Ticket, delivery: TokenDelivery
) -> None:
    """Not who sees the ticket, and not another app, though it sits where the ticket is worked on."""
    actor = appoint("actor", role, world.units[SEAT])
    client = token_of(actor, "diagnosis", channel=True) if role == Role.CHANNEL else logged_in(actor)
    client.get(reverse("api:me"))
    watch = Watch()

    answer = fetch(client, ticket)

    assert answer.status_code == (404 if Power.SUBMIT_DIAGNOSIS in POWERS[role] else 403)
    assert "token" not in answer.json()
    assert watch.changes() == []
