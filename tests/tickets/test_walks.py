"""Random walks over tickets, orders, diagnoses and a wide outage, by the verbs that people and jobs use.

Whatever is tried, nothing illegal happens, a refusal changes nothing, a ticket and its order never fall out
of step, and the events tell all of it. A walk is a list of (action, choice); every walk begins at the same
place, which is made once. PORTAL_WALKS says how many are walked; the long run takes ten thousand.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.models import Customer
from tests.tickets.walking import ACTIONS, Walk
from tickets.models import Crew, Incident
from tickets.services.report import Report
from tickets.services.tickets import create_ticket
from units.models import User

WALKS = int(os.environ.get("PORTAL_WALKS", "60"))
LIKELY = ("dispatch", "advance", "advance", "submit", "decide")
STEP = st.tuples(st.sampled_from((*LIKELY, *ACTIONS)), st.integers(0, 10_000))


@pytest.fixture
def world(
    report: Callable[..., Report],
    on_duty: Callable[..., Crew],
    customer: Customer,
    readings: dict[str, Any],
    gambir: Any,
    agent: User,
    supervisor: User,
    posko_menteng: User,
    vcc_operator: User,
) -> dict[str, Any]:
    """Two dark houses, one complaint, one PERIKSA, two crews, an outage that may come over them."""
    at = timezone.now()
    reports = [report(power_state="PADAM"), report(), report(tab="KELUHAN")]
    reports.append(report(wo_type="KWH_PERIKSA", customer=customer))
    made = [create_ticket(report=it, by=agent, at=at) for it in reports]
    incident = Incident.objects.create(
        unit=made[0].unit, area=gambir, began_at=at - timedelta(minutes=1), version=1
    )
    return {
        "at": at,
        "tickets": [it.pk for it in made],
        "periksa": made[-1].pk,
        "incident": incident.pk,
        "crews": [on_duty("one"), on_duty("two")],
        "readings": readings,
        "agent": agent,
        "supervisor": supervisor,
        "posko": posko_menteng,
        "vcc": vcc_operator,
    }


def test_no_walk_ends_where_the_tables_do_not_lead(world: dict[str, Any]) -> None:
    @settings(
        max_examples=WALKS,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.lists(STEP, min_size=5, max_size=25))
    def walk(steps: list[tuple[str, int]]) -> None:
        with transaction.atomic():
            walking = Walk(world)
            for action, choice in steps:
                walking.take(action, choice)
            walking.check()
            transaction.set_rollback(True)

    walk()
