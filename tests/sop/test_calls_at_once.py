"""Two answers to the same step at the same moment: one counts, the other is told."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from sop.models import CallStep
from sop.services import calls
from sop.services.calls import Opening
from sop.services.running import StaleStep

from .conftest import MORNING

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgres,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time"),
]


def test_two_answers_at_once_move_a_call_once(agent, padam):
    state = calls.open_call(opening=Opening(procedure="padam"), by=agent, at=MORNING)

    def answer(_index: int) -> str:
        try:
            calls.answer(call_id=state.call.pk, step="salam", by=agent, at=MORNING)
        except StaleStep:
            return "stale"
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(answer, range(4)))

    assert answers == ["done", "stale", "stale", "stale"]
    assert CallStep.objects.filter(call=state.call).count() == 1
