"""The broker gone, the worker killed: every report is taken, and every order is given out once.

The real thing: RabbitMQ, a Celery worker with its scheduler in processes of its own, 64 clients of the API.
The wire between them and the broker is cut and mended; the broker itself is left alone.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from kombu import Connection
from rest_framework.test import APIClient

from common.models import Job
from tests.racing import at_once
from tests.relay import Relay
from tests.tickets.test_concurrency import CLIENTS
from tests.tickets.test_concurrency import _send as send
from tests.tickets.test_dispatch_races import check_once
from tickets.models import Crew, DispatchRule, EventKind, OrderStatus, Ticket, TicketEvent, WorkOrder
from tickets.services.report import Report
from tickets.services.tickets import create_ticket
from units.models import User

MINUTES_TO_MEND = 3
# The worker and its scheduler, on a queue of this test alone. Dispatching is slowed down, so that a kill
# falls into the middle of it.
WORKER = """
import os, time
import django
django.setup()
from pln_portal.celery import app
from tickets.services import dispatch, orders
give = orders.write
def give_slowly(**asked):
    time.sleep(float(os.environ["DRILL_PAUSE"]))
    return give(**asked)
orders.write = give_slowly
app.conf.task_default_queue = os.environ["DRILL_QUEUE"]
app.conf.worker_enable_remote_control = False
app.worker_main([
    "worker", "--beat", "--concurrency=2", "--loglevel=WARNING", "--without-gossip", "--without-mingle",
    "--schedule=" + os.environ["DRILL_SCHEDULE"],
])
"""

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time"),
    pytest.mark.skipif(not settings.BROKER_URL.startswith("amqp"), reason="needs RabbitMQ in BROKER_URL"),
]


class Drill:
    """The wire to the broker, the queue of this test, and the workers that were started."""

    def __init__(self, folder: Path) -> None:
        broker = urlsplit(settings.BROKER_URL)
        self.folder = folder
        self.queue = f"drill-{uuid.uuid4().hex[:12]}"
        self.relay = Relay((broker.hostname or "127.0.0.1", broker.port or 5672))
        user = f"{broker.username or 'guest'}:{broker.password or 'guest'}"
        self.url = broker._replace(netloc=f"{user}@127.0.0.1:{self.relay.port}").geturl()
        self.workers: list[subprocess.Popen[bytes]] = []

    def start_worker(self, *, pause: float = 0) -> None:
        at = connection.settings_dict
        place = f"{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{at['NAME']}"
        environment = os.environ | {
            "DATABASE_URL": f"postgres://{place}",
            "DJANGO_SETTINGS_MODULE": "pln_portal.settings",
            "PORTAL_ENV": settings.PORTAL_ENV,
            "BROKER_URL": self.url,
            "DRILL_QUEUE": self.queue,
            "DRILL_PAUSE": str(pause),
            "DRILL_SCHEDULE": str(self.folder / "beat"),
        }
        log = (self.folder / f"worker-{len(self.workers)}.log").open("wb")
        self.workers.append(
            subprocess.Popen(
                [sys.executable, "-c", WORKER],
                cwd=settings.BASE_DIR,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        )

    def kill_workers(self) -> None:
        """Kill -9 the worker, its pool and its scheduler, all at once."""
        for worker in self.workers:
            if worker.poll() is None:
                os.killpg(worker.pid, signal.SIGKILL)
                worker.wait()

    def said(self) -> str:
        return "\n".join(path.read_text()[-2000:] for path in sorted(self.folder.glob("*.log")))

    def wait_for(self, what: Callable[[], bool]) -> None:
        end = time.monotonic() + MINUTES_TO_MEND * 60
        while not what():
            assert time.monotonic() < end, f"not in {MINUTES_TO_MEND} minutes: {self.said()}"
            time.sleep(0.05)

    def end(self) -> None:
        self.kill_workers()
        self.relay.cut()
        with Connection(settings.BROKER_URL) as broker:
            broker.default_channel.queue_delete(self.queue)


@pytest.fixture
def drill(tmp_path: Path, on_duty: Callable[..., Crew]) -> Iterator[Drill]:
    DispatchRule.objects.create(max_open_orders=2 * CLIENTS)
    for number in range(2):
        on_duty(f"crew-{number}")
    made = Drill(tmp_path)
    try:
        yield made
    finally:
        made.end()


def given_out() -> int:
    return WorkOrder.objects.with_crew().count()


def test_without_the_broker_every_report_is_taken_and_all_are_given_out_once_it_is_back(
    drill: Drill, channel_api: Callable[..., APIClient], form: Callable[..., dict[str, Any]], settings: Any
) -> None:
    """Each client sends each request twice with its key, as one that heard no answer."""
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_CLASSES": []}
    token = channel_api(scope="tickets")._credentials["HTTP_AUTHORIZATION"]
    drill.start_worker()

    def report(number: int) -> list[str]:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=token)
        return [send(client, form, f"client-{number}") for _ in range(2)]

    answered = [number for numbers in at_once(report, CLIENTS) for number in numbers]

    assert set(Counter(answered).values()) == {2}
    assert set(Ticket.objects.values_list("number", flat=True)) == set(answered)
    assert TicketEvent.objects.filter(kind=EventKind.CREATED).count() == CLIENTS == len(set(answered))
    assert given_out() == 0

    drill.relay.open()
    drill.wait_for(lambda: given_out() == CLIENTS)
    check_once(CLIENTS)
    drill.wait_for(lambda: not Job.objects.exclude(status=Job.Status.DONE).exists())


def test_a_broker_lost_and_a_worker_killed_in_the_middle_of_dispatching_lose_and_double_nothing(
    drill: Drill, report: Callable[..., Report], agent: User
) -> None:
    for _ in range(CLIENTS):
        create_ticket(report=report(), by=agent)
    drill.relay.open()
    drill.start_worker(pause=0.2)
    drill.wait_for(lambda: given_out() > 2)
    drill.kill_workers()
    drill.relay.cut()
    done = given_out()
    assert 2 < done < CLIENTS
    check_once(done)

    for _ in range(8):
        create_ticket(report=report(), by=agent)
    drill.relay.open()
    drill.start_worker()
    drill.wait_for(lambda: given_out() == CLIENTS + 8)

    check_once(CLIENTS + 8)
    assert not WorkOrder.objects.exclude(status=OrderStatus.PENUGASAN_REGU).exists()
