"""Running a call: step by step, back, to its end; what is written and what is refused."""

import pytest

from sop.services import calls
from sop.services.calls import Opening
from tickets.models import Ticket

from .conftest import MORNING

pytestmark = pytest.mark.django_db

MOBILE = "081234567890"


@pytest.fixture
def ring(agent, padam):
    """A call of the agent, at the given step after the given answers."""

    def start(*answers, caller_number=MOBILE, **opening):
        state = calls.open_call(
            opening=Opening(procedure="padam", caller_number=caller_number, **opening), by=agent, at=MORNING
        )
        return go_on(state, agent, *answers)

    return start


def go_on(state, agent, *answers):
    for given in answers:
        kind = {"choice": given} if isinstance(given, str) else {"given": given}
        state = calls.answer(
            call=state.call, step=state.walk.current, by=agent, at=MORNING, **(kind if given else {})
        )
    return state


NAMED = {"nama": "Penelepon Satu", "sapaan": "ibu"}


def test_a_call_walks_to_a_ticket(ring, agent):
    state = ring(None, NAMED, "padam", {"area": "31.71.01.1001"}, {})

    ticket = Ticket.objects.get()
    assert state.call.ticket_number == ticket.number
    assert state.walk.current == "nomor"
    assert ticket.problem == "1 RUMAH PADAM (Sudah Padam)"
