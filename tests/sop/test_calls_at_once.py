"""Two answers to the same step at the same moment: one counts, the other is told."""

import pytest
from django.db import connection

from sop.models import CallStep
from sop.services import calls
from sop.services.calls import Opening
from sop.services.running import StaleStep
from tests.racing import at_once

from .conftest import MORNING

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgres,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time"),
]


def test_two_answers_at_once_move_a_call_once(agent, padam):
    state = calls.open_call(opening=Opening(procedure="padam"), by=agent, at=MORNING)

    def answer(_: int) -> str:
        try:
            calls.answer(call_id=state.call.pk, step="salam", by=agent, at=MORNING)
        except StaleStep:
            return "stale"
        return "done"

    assert sorted(at_once(answer, 4)) == ["done", "stale", "stale", "stale"]
    assert CallStep.objects.filter(call=state.call).count() == 1
