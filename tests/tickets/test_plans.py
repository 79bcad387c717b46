"""PostgreSQL finds the rows of every list by an index, and counts nothing. Needs PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client

from benchmarks.ticket_lists import LISTS, open_list, trouble_of
from benchmarks.ticket_rows import OPEN, fill
from tickets.models import Ticket
from units.models import User

ROWS = 40_000
AT_MOST = 7 * OPEN  # an officer of a UP3 may look through what is open once per posko

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="plans are PostgreSQL's"),
]


@pytest.fixture
def clients(
    ticket: Ticket,
    agent: User,
    vcc_operator: User,
    posko_menteng: User,
    appoint: Callable[..., User],
    browse: Callable[[User], Client],
) -> dict[str, Client]:
    """Somebody for each kind of reader, before a table with years of history."""
    quiet = fill(ticket, start=0, stop=ROWS, total=ROWS)
    people = {
        "agent": agent,
        "operator": vcc_operator,
        "posko": posko_menteng,
        "quiet": appoint("quiet_posko", "POSKO_OFFICER", quiet.name),
    }
    return {name: browse(user) for name, user in people.items()}


def test_no_list_reads_much_more_than_what_is_open_or_counts_anything(clients: dict[str, Client]) -> None:
    found = []
    for who, address in LISTS:
        for sql in open_list(clients[who], address):
            found += [f"{who} {address} {trouble}: {sql}" for trouble in trouble_of(sql, at_most=AT_MOST)]

    assert not found, "\n\n".join(found)
