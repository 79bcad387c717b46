"""A call survives what happens to the portal: its rows are all there is, and they are whole or not there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

from sop.models import Call, CallStep
from sop.services import calls, library
from sop.services.calls import Opening
from tickets.models import Ticket

from .conftest import MORNING

NAMED = {"nama": "Penelepon Satu", "sapaan": "ibu"}
GAMBIR = "31.71.01.1001"
KILLED_WHILE_WRITING = """
import os, signal, sys
from datetime import datetime
import django
django.setup()
from sop.models import Call
from sop.services import calls
calls._close = lambda state, moves: os.kill(os.getpid(), signal.SIGKILL)
call = Call.objects.get(pk=sys.argv[1])
at = datetime.fromisoformat(sys.argv[2])
named = {"nama": "Penelepon Satu", "sapaan": "ibu"}
calls.answer(call_id=call.pk, step="nama", given=named, by=call.agent, at=at)
"""


@pytest.mark.django_db
def test_a_call_goes_on_where_it_was_when_nothing_is_left_in_memory(api, agent, padam):
    url = "/api/v1/calls/"
    opened = api(agent).post(url, {"procedure": "padam", "caller_number": "081234567890"}).json()
    url = f"{url}{opened['id']}/"
    api(agent).post(f"{url}answers/", {"step": "salam"})
    before = api(agent).post(f"{url}answers/", {"step": "nama", "fields": NAMED}).json()

    library._linked.cache_clear()
    client = api(agent)

    assert client.get(url).json() == before
    for step, given in (("listrik", {"choice": "padam"}), ("lokasi", {"fields": {"area": GAMBIR}})):
        assert client.post(f"{url}answers/", {"step": step, **given}).status_code == 200
        library._linked.cache_clear()
    ended = client.post(f"{url}answers/", {"step": "lapor"}).json()
    assert ended["ticket"] == Ticket.objects.get().number
    assert Ticket.objects.get().reporter_name == "Penelepon Satu"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="another process cannot reach the test's SQLite"
)
def test_an_answer_whose_process_is_killed_leaves_the_call_where_it_was(agent, padam):
    state = calls.open_call(opening=Opening(procedure="padam"), by=agent, at=MORNING)
    calls.answer(call_id=state.call.pk, step="salam", by=agent, at=MORNING)

    died = subprocess.run(
        [sys.executable, "-c", KILLED_WHILE_WRITING, str(state.call.pk), MORNING.isoformat()],
        env=os.environ | {"DATABASE_URL": _address(), "DJANGO_SETTINGS_MODULE": "pln_portal.settings"},
        cwd=settings.BASE_DIR,
        capture_output=True,
        timeout=120,
    )

    assert died.returncode == -signal.SIGKILL, died.stderr.decode()[-2000:]
    assert CallStep.objects.filter(call=state.call).count() == 1
    assert calls.read(call=Call.objects.get()).walk.current == "nama"
    state = calls.answer(call_id=state.call.pk, step="nama", given=NAMED, by=agent, at=MORNING)
    assert state.walk.current == "listrik"


def _address() -> str:
    of = connection.settings_dict
    password = f":{of['PASSWORD']}" if of["PASSWORD"] else ""
    return f"postgres://{of['USER']}{password}@{of['HOST']}:{of['PORT']}/{of['NAME']}"
