"""What supervisors see of calls in the back office."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from sop.models import OutcomeKind
from sop.services import calls
from sop.services.calls import Opening
from units.powers import Role

from .periksa import GAMBIR

pytestmark = pytest.mark.django_db

NAME = {"nama": "Penelepon Rahasia", "sapaan": "ibu"}


@pytest.fixture
def talk(padam):
    """A call of `by` in the made-up procedure, after some answers."""

    def make(by, *answers):
        at = timezone.now() - timedelta(minutes=5)
        state = calls.open_call(
            opening=Opening(procedure="padam", caller_number="081234567890"), by=by, at=at
        )
        for given in answers:
            at += timedelta(seconds=30)
            kind = {"choice": given} if isinstance(given, str) else {"given": given}
            step = state.walk.current
            state = calls.answer(call_id=state.call.pk, step=step, by=by, at=at, **(kind if given else {}))
        return state.call

    return make


@pytest.fixture
def learned(browse, supervisor):
    def get(**query):
        return browse(supervisor).get(reverse("admin:sop_call_statistics"), query)

    return get


def test_runs_outcomes_drop_offs_and_times_are_shown(talk, agent, learned):
    talk(agent, None, NAME, "menyala", {})
    broken = talk(agent, None, NAME)
    calls.abandon(call_id=broken.pk, reason="terputus", by=agent, at=timezone.now())

    answer = learned()

    run = answer.context["runs"][0]
    assert (run["runs"], run["finished"], run["abandoned"]) == (2, 1, 1)
    assert [(it["outcome"], it["count"]) for it in answer.context["outcomes"]] == [("ISSUE_CLOSED", 1)]
    assert [(it["last_step"], it["count"]) for it in answer.context["drop_offs"]] == [("nama", 1)]
    _title, steps, chart = answer.context["steps"][0]
    drawn = json.loads(chart)
    assert dict(zip(drawn["labels"], drawn["datasets"][2]["data"], strict=True))["nama"] == 1
    assert dict(zip(drawn["labels"], drawn["datasets"][0]["data"], strict=True))["nama"] == 30
    assert {it["step"]: it["seconds"] for it in steps}["nama"] == 30
    assert "ISSUE_CLOSED" not in answer.content.decode()
    chart = json.loads(answer.context["chart"])
    assert sum(sum(it["data"]) for it in chart["datasets"]) == 2


def test_a_call_broken_off_after_its_outcome_counts_as_that_outcome(talk, agent, learned):
    broken = talk(agent, None, NAME, "padam", {"area": GAMBIR}, {})
    calls.abandon(call_id=broken.pk, reason="terputus", by=agent, at=timezone.now())

    answer = learned()

    assert answer.context["runs"][0]["abandoned"] == 1
    bars = json.loads(answer.context["chart"])["datasets"]
    assert [(it["label"], it["data"]) for it in bars] == [(OutcomeKind.GANGGUAN_AUTODISPATCH.label, [1])]


def test_steps_stand_in_the_order_of_the_call_with_number_and_title(talk, agent, learned):
    talk(agent, None, NAME, "padam")

    answer = learned()

    _title, steps, chart = answer.context["steps"][0]
    assert [it["step"] for it in steps] == ["salam", "nama", "listrik"]
    assert (steps[0]["number"], steps[0]["title"]) == ("1", "Salam Pembuka.")
    assert "Salam Pembuka." in answer.content.decode()
    assert json.loads(chart)["labels"] == ["1 salam", "nama", "3 listrik"]


def test_agents_are_compared_by_site_within_ones_reach(talk, agent, appoint, browse):
    near = appoint("agent_jakarta", Role.CSO, "UID Jakarta Raya")
    regional = appoint("supervisor_jakarta", Role.SUPERVISOR, "UID Jakarta Raya")
    talk(agent, None, NAME, "menyala", {})
    talk(near, None, NAME)

    answer = browse(regional).get(reverse("admin:sop_call_statistics"))

    assert [it["agent__username"] for it in answer.context["agents"]] == ["agent_jakarta"]
    assert [it["site__name"] for it in answer.context["sites"]] == ["UID Jakarta Raya"]


@pytest.mark.parametrize("days", ["7", "365", "0", "x", "99999999999999999999"])
def test_any_span_is_answered(learned, days):
    assert learned(days=days).status_code == 200


def test_a_supervisor_reads_the_path_of_a_call_with_personal_data_masked(talk, agent, browse, supervisor):
    call = talk(agent, None, NAME, "padam")

    shown = browse(supervisor).get(reverse("admin:sop_call_change", args=[call.pk])).content.decode()

    assert "Sudah Padam" in shown
    assert "Penelepon Rahasia" not in shown
    assert "81234567890" not in shown


def test_nobody_changes_a_call(talk, agent, browse, supervisor):
    call = talk(agent, None)
    client = browse(supervisor)

    assert client.post(reverse("admin:sop_call_change", args=[call.pk]), {"status": "X"}).status_code == 403
    assert client.post(reverse("admin:sop_call_delete", args=[call.pk]), {"post": "yes"}).status_code == 403
    call.refresh_from_db()
    assert call.status == "OPEN"
