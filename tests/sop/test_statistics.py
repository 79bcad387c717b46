"""Learning from calls: runs, outcomes, drop-offs, time per step, steps back."""

from datetime import timedelta

import pytest

from sop.models import Call
from sop.services import calls, statistics
from sop.services.calls import Opening

from .conftest import MORNING

pytestmark = pytest.mark.django_db

NAMED = {"nama": "Penelepon Satu", "sapaan": "ibu"}


@pytest.fixture
def learned(agent, padam):
    """Two calls that ended, one broken off after the name was asked, one still running."""

    def ring():
        state = calls.open_call(opening=Opening(procedure="padam"), by=agent, at=MORNING)
        return state.call.pk

    def answer(pk, step, seconds, **given):
        at = MORNING + timedelta(seconds=seconds)
        calls.answer(call_id=pk, step=step, by=agent, at=at, **given)

    for _index in range(2):
        pk = ring()
        answer(pk, "salam", 10)
        answer(pk, "nama", 30, given=NAMED)
        answer(pk, "listrik", 40, choice="menyala")
        answer(pk, "tutup", 60)
    broken = ring()
    answer(broken, "salam", 20)
    calls.go_back(call_id=broken, by=agent, at=MORNING + timedelta(seconds=25))
    answer(broken, "salam", 30)
    answer(broken, "nama", 50, given=NAMED)
    calls.abandon(call_id=broken, reason="terputus", by=agent, at=MORNING + timedelta(seconds=60))
    ring()


def test_runs_and_outcomes_per_procedure_and_version(learned, supervisor, django_assert_num_queries):
    seen = Call.objects.visible_to(supervisor)

    with django_assert_num_queries(1):
        (row,) = statistics.runs(seen)
    assert (row["version__document__slug"], row["version__number"]) == ("contoh", 1)
    assert (row["runs"], row["finished"], row["abandoned"]) == (4, 2, 1)
    assert row["duration"] == timedelta(seconds=60)
    assert [(it["outcome"], it["count"]) for it in statistics.outcomes(seen)] == [("ISSUE_CLOSED", 2)]


def test_drop_offs_name_the_last_step(learned, supervisor):
    rows = statistics.drop_offs(Call.objects.visible_to(supervisor))

    assert [(it["last_step"], it["count"]) for it in rows] == [("nama", 1)]


def test_steps_tell_how_long_they_take_and_where_agents_go_back(learned, supervisor):
    rows = {it["step"]: it for it in statistics.steps(Call.objects.visible_to(supervisor))}

    assert (rows["salam"]["answered"], rows["salam"]["back"]) == (4, 1)
    assert rows["salam"]["seconds"] == (10 + 10 + 20 + 5) / 4
    assert rows["nama"]["seconds"] == 20
    assert rows["nama"]["back"] == 0


def test_steps_are_named_as_in_the_newest_call(learned, supervisor, django_assert_max_num_queries):
    with django_assert_max_num_queries(2):  # the calls, and the procedure where it is not known yet
        (steps,) = statistics.written(Call.objects.visible_to(supervisor)).values()

    expected = ["salam", "nama", "listrik", "jenis", "hp", "lokasi", "lapor", "nomor", "tutup"]
    assert list(steps) == expected
    assert steps["salam"].body["title"] == "Salam Pembuka."


def test_agents_are_compared_per_site_and_others_see_nothing(learned, supervisor, manager_menteng):
    row = statistics.agents(Call.objects.visible_to(supervisor)).get()

    assert (row["agent__username"], row["runs"], row["finished"], row["abandoned"], row["back"]) == (
        "agent",
        4,
        2,
        1,
        1,
    )
    assert not statistics.agents(Call.objects.visible_to(manager_menteng)).exists()
