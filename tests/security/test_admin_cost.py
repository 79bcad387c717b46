"""No list of the admin asks the database once per row."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from common.admin import ScopedAdmin
from tests.security.test_admin_matrix import powers_of, scoped
from tests.security.world import World, appoint, logged_in
from units.powers import POWERS, Role

pytestmark = pytest.mark.django_db

VALUE = re.compile(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b")
MOST = 2  # rows, or times that a list may put the same question
# Lists whose rows the world makes several of; a list of one row would prove nothing.
LONG = {
    "allocation.AllocationCheck",
    "customers.Customer",
    "programs.Program",
    "programs.Reward",
    "programs.Winner",
    "sop.Call",
    "sop.SopDocument",
    "sop.SopVersion",
    "tickets.Crew",
    "tickets.Incident",
    "tickets.SelfDiagnosis",
    "tickets.Shift",
    "tickets.Ticket",
    "tickets.WorkOrder",
    "units.Area",
    "units.Position",
    "units.ServiceArea",
    "units.Unit",
}


@pytest.fixture
def readers(world: World) -> dict[Role, Client]:
    """Somebody of every role at the top, who sees every row that the role may."""
    seat = world.units["PLN Pusat"]
    roles = [role for role in Role if role != Role.CHANNEL]
    return {role: logged_in(appoint(role.lower(), role, seat)) for role in roles}


def asked_for(page: ScopedAdmin, client: Client) -> tuple[int, Counter[str]]:
    """How many rows the list shows, and how often each question was put, whatever its values."""
    address = reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_changelist")
    with CaptureQueriesContext(connection) as queries:
        shown = client.get(address).context["cl"].result_list
    return len(shown), Counter(VALUE.sub("?", it["sql"]) for it in queries)


def test_no_list_asks_the_same_question_for_each_of_its_rows(readers: dict[Role, Client]) -> None:
    wrong, long = {}, set()
    for page in scoped():
        for role, client in readers.items():
            if not {power.value for power in POWERS[role]} & powers_of(page):
                continue
            rows, asked = asked_for(page, client)
            wrong |= {(page.opts.label, sql[:300]): it for sql, it in asked.items() if it > MOST}
            if rows > MOST:
                long.add(page.opts.label)
                break

    assert wrong == {}
    assert LONG - long == set()
