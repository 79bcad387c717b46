"""Many at once: unique numbers, none lost, none doubled, one winner of every race. Needs PostgreSQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from common.models import Job
from tests.racing import at_once
from tickets.models import EventKind, Ticket, TicketEvent
from tickets.rules.replay import replay
from tickets.services import clock, ledger, moves, repeats
from tickets.services.ledger import TicketClosed
from tickets.services.report import Report
from tickets.services.tickets import create_ticket
from units.models import User

CLIENTS = 64
EACH = 4
URL = "/api/v1/tickets/"

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time"),
]


@pytest.mark.requirement("R-003-93")
def test_64_clients_lose_nothing_and_double_nothing(
    channel_api: Callable[..., APIClient], form: Callable[..., dict[str, Any]], settings: Any
) -> None:
    """Every request is sent twice with its key, as a client does that heard no answer."""
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_CLASSES": []}
    token = channel_api(scope="tickets")._credentials["HTTP_AUTHORIZATION"]

    def report(number: int) -> list[str]:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=token)
        return [_send(client, form, f"client-{number}-{it}") for it in range(EACH) for _ in range(2)]

    answered = [number for numbers in at_once(report, CLIENTS) for number in numbers]

    assert len(set(answered)) == CLIENTS * EACH
    assert set(Counter(answered).values()) == {2}
    assert set(Ticket.objects.values_list("number", flat=True)) == set(answered)
    assert TicketEvent.objects.filter(kind=EventKind.CREATED).count() == CLIENTS * EACH
    assert Job.objects.filter(kind=ledger.ANNOUNCE).count() == TicketEvent.objects.count()


def _send(client: APIClient, form: Callable[..., dict[str, Any]], ref: str) -> str:
    body = form(channel="PLN_MOBILE", client_ref=ref)
    for _ in range(20):
        response = client.post(URL, body, headers={"Idempotency-Key": f"key-of-{ref}"})
        if response.status_code not in (409, 503):  # still in flight, or busy: try again, as clients do
            break
    assert response.status_code == 201, response.content
    return str(response.json()["number"])


def test_repeats_at_once_are_all_counted(ticket: Ticket, agent: User) -> None:
    at_once(lambda _: repeats.record_repeat(ticket=ticket, by=agent, channel="CC123"), 16)

    ticket.refresh_from_db()
    told = replay(ticket.events.all())
    assert (ticket.repeat_count, told.repeat_count, told.version) == (16, 16, ticket.version)


def test_a_ticket_is_cancelled_once(ticket: Ticket, agent: User) -> None:
    def cancel(_: int) -> bool:
        try:
            moves.cancel_ticket(ticket=ticket, by=agent, reason="Sudah menyala")
        except TicketClosed:
            return False
        return True

    assert Counter(at_once(cancel, 8)) == {True: 1, False: 7}
    assert ticket.events.filter(kind=EventKind.MOVED).count() == 1


def test_two_merges_across_each_other_leave_one_standing(
    report: Callable[..., Report], agent: User, supervisor: User
) -> None:
    pair = [create_ticket(report=report(), by=agent) for _ in range(2)]

    def merge(number: int) -> bool:
        try:
            repeats.merge_ticket(
                ticket=pair[number % 2], into=pair[1 - number % 2], by=supervisor, reason="Sama"
            )
        except (TicketClosed, repeats.HasDuplicates):
            return False
        return True

    assert sum(at_once(merge, 8)) == 1
    assert Ticket.objects.open().count() == 1


def test_two_sweeps_ring_once(ticket: Ticket) -> None:
    late = timezone.now() + timezone.timedelta(hours=4)

    at_once(lambda _: clock.ring_alerts(at=late), 8)

    rung = list(ticket.events.exclude(kind=EventKind.CREATED).values_list("kind", flat=True))
    assert rung == [EventKind.NEAR_DUE, EventKind.OVERDUE, EventKind.ESCALATED]
