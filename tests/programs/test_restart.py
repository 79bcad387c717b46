"""PostgreSQL goes down in the middle of an evaluation and comes back: the list is that of a quiet run.

On a PostgreSQL cluster of the test's own, thrown away afterwards, and with a background worker in a process
of its own: server and worker both die, and what is tested is what the portal makes of it by itself.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.db import connection

PROGRAM = "pelanggan-terbaik-2021"
CUSTOMERS = 3_000
WAIT = 120.0
# One round of a background worker: the waiting jobs, and those whose worker is gone, `hours` from now.
WORKER = """
from datetime import timedelta
from django.utils import timezone
from common import jobs
from programs import tasks
at = timezone.now() + timedelta(hours={hours})
for job_id in jobs.take_ready(at=at):
    assert jobs.run(job_id, at=at), "not done"
"""
SET_UP = f"""
from programs.services import demo, reference
from programs.models import Program
from units.models import Position, Unit, User
reference.load()
officer = User.objects.create(username="officer")
jakarta = Unit.objects.get(name="UID Jakarta Raya")
Position.objects.create(
    holder=officer, role="PROGRAM_OFFICER", unit=jakarta, starts_at="2020-01-01T00:00:00Z"
)
program = Program.objects.select_related("unit").get(slug="{PROGRAM}")
generator = demo.generator_for(program, count={CUSTOMERS}, seed=11)
demo.make_customers(generator)
for month in generator.months:
    demo.import_month(generator, month, program=program, by=officer)
"""
ASK = f"""
from programs.models import Program
from programs.services import evaluations
from units.models import User
evaluations.ask_evaluation(program=Program.objects.select_related("unit").get(slug="{PROGRAM}"),
                           by=User.objects.get(username="officer"))
"""
EVALUATIONS = """
SELECT status, digest, entry_count, (SELECT count(*) FROM programs_entry WHERE evaluation_id = e.id)
FROM programs_evaluation e ORDER BY id
"""


def programs_of_postgresql() -> Path | None:
    """Where `initdb` and `pg_ctl` are; Debian keeps them off the PATH."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if on_path := shutil.which("initdb"):
        folders.append(Path(on_path).resolve().parent)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


BIN = programs_of_postgresql()

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif("sqlite" in settings.DATABASES["default"]["ENGINE"], reason="needs PostgreSQL"),
    pytest.mark.skipif(BIN is None, reason="initdb is not installed"),
]


class Cluster:
    """A PostgreSQL of our own on a free port. Root may not run one: then the account postgres does."""

    def __init__(self, folder: Path) -> None:
        self.data, self.log = folder / "data", folder / "log"
        self.port = free_port()
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"
        self._run(
            "initdb", "--auth=trust", "--no-sync", "--username=postgres", "--encoding=UTF8", "--locale=C"
        )
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.write("listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\n")
            conf.write(f"port = {self.port}\nfsync = off\n")  # processes die here, not the machine

    def start(self) -> None:
        self._run("pg_ctl", "start", "--wait", f"--log={self.log}")

    def restart(self) -> None:
        """As after a power cut: nothing is tidied up, the server recovers from its log."""
        self._run("pg_ctl", "restart", "--mode=immediate", "--wait", f"--log={self.log}")

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "--mode=immediate", "--wait")

    def rows(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        with self.session() as cursor:
            cursor.execute(sql, params)
            return list(cursor.fetchall())

    @contextmanager
    def session(self) -> Iterator[Any]:
        connection = psycopg2.connect(self.url)
        connection.autocommit = True
        try:
            yield connection.cursor()
        finally:
            connection.close()

    def _run(self, name: str, *arguments: str) -> None:
        assert BIN
        as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        command = [str(BIN / name), f"--pgdata={self.data}", *arguments]
        done = subprocess.run(
            as_postgres * (os.geteuid() == 0) + command,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # the server would keep a pipe open
            stderr=subprocess.PIPE if name == "initdb" else subprocess.DEVNULL,
            text=True,
            timeout=WAIT,
        )
        assert done.returncode == 0, (name, done.stderr, self.log.read_text() if self.log.exists() else "")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory() as name:  # pytest keeps its own folders from other accounts
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        own = Cluster(folder)
        own.start()
        try:
            yield own
        finally:
            own.stop()


@pytest.fixture
def portal(db: None, cluster: Cluster) -> Portal:
    """The portal on that cluster, begun as a copy of the test database, with five months of payments."""
    assert BIN
    values = connection.settings_dict
    address = f"postgres://{values['USER']}:{values['PASSWORD']}@{values['HOST']}:{values['PORT']}"
    dump = subprocess.run(
        [BIN / "pg_dump", "--no-owner", "--no-privileges", f"{address}/{values['NAME']}"],
        check=True,
        capture_output=True,
    )
    psql = [BIN / "psql", "--quiet", "--set=ON_ERROR_STOP=1", cluster.url]
    subprocess.run(psql, input=dump.stdout, check=True, stdout=subprocess.DEVNULL)
    made = Portal(cluster)
    made.shell(SET_UP)
    return made


class Portal:
    """Processes of the portal on `cluster`."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def start(self, code: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "manage.py", "shell", "--no-imports", "--command", code],
            env=os.environ | {"DATABASE_URL": self.cluster.url, "LOG_LEVEL": "CRITICAL"},
            cwd=settings.BASE_DIR,
            text=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def shell(self, code: str) -> None:
        process = self.start(code)
        _, errors = process.communicate(timeout=WAIT)
        assert process.returncode == 0, errors


def wait_for(cluster: Cluster, sql: str, *params: Any) -> None:
    """Until the question has an answer."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        if cluster.rows(sql, *params):
            return
        time.sleep(0.05)
    raise AssertionError(f"in vain: {sql}")


def break_off(portal: Portal, table: str) -> None:
    """Restart the server while an evaluation waits to write `table`, which is locked until then."""
    cluster = portal.cluster
    with cluster.session() as cursor:
        cursor.execute(f"BEGIN; LOCK TABLE {table} IN SHARE MODE")
        worker = portal.start(ASK + WORKER.format(hours=0))
        wait_for(cluster, "SELECT 1 FROM pg_locks WHERE relation = %s::regclass AND NOT granted", table)
        wait_for(cluster, "SELECT 1 FROM programs_evaluation WHERE status = 'RUNNING' AND stage = 'LISTING'")
        cluster.restart()
    _, errors = worker.communicate(timeout=WAIT)
    assert worker.returncode != 0
    assert "OperationalError" in errors or "InterfaceError" in errors


def test_a_restart_of_the_database_changes_no_digest(portal: Portal) -> None:
    """Broken off before the list is written, and when all of it is but not committed."""
    cluster = portal.cluster
    portal.shell(ASK + WORKER.format(hours=0))
    [(quiet, count)] = cluster.rows(
        "SELECT digest, entry_count FROM programs_evaluation WHERE status = 'DONE'"
    )
    assert count > CUSTOMERS // 3

    for table in ("programs_entry", "programs_entrycount"):
        break_off(portal, table)
        status, entries = cluster.rows(EVALUATIONS)[-1][::3]
        assert (status, entries) == ("RUNNING", 0)
        portal.shell(WORKER.format(hours=1))  # the lease of the dead worker has run out

    assert cluster.rows(EVALUATIONS) == [("DONE", quiet, count, count)] * 3
