"""Killed at any moment, an import or evaluation leaves nothing, and the next run gives the same list.

On PostgreSQL, with processes of their own: what is tested is what the database keeps.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from programs.models import Entry, Evaluation, Payment, PaymentImport, Program
from programs.services import demo, evaluations, imports, long_work, reference
from programs.services.generator import Generator
from units.models import User

COUNT = 10_000
KILLED = 0.02, 0.9  # between which parts of a file

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("sqlite" in settings.DATABASES["default"]["ENGINE"], reason="needs PostgreSQL"),
]


@pytest.fixture
def program(transactional_db: None) -> Program:
    reference.load()
    return Program.objects.select_related("unit").get(slug="pelanggan-terbaik-2021")


@pytest.fixture
def officer(program: Program, program_jakarta: User) -> User:
    program_jakarta.positions.update(starts_at="2020-01-01T00:00:00Z")  # the processes have today's clock
    return program_jakarta


@pytest.fixture
def files(program: Program, officer: User, tmp_path: Path) -> list[Path]:
    """The customers in the database, and five payment files on disk."""
    generator: Generator = demo.generator_for(program, count=COUNT, seed=11)
    demo.make_customers(generator)
    paths = []
    for month in generator.months:
        path = tmp_path / f"{month:%Y-%m}.csv"
        path.write_text(demo.HEADER + "".join(generator.lines(month)))
        paths.append(path)
    return paths


@pytest.fixture
def manage() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start `manage.py` on the test's database, as a process of its own."""
    started: list[subprocess.Popen[str]] = []
    database = connection.settings_dict
    address = f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}"

    def start(*arguments: str) -> subprocess.Popen[str]:
        environment = os.environ | {"DATABASE_URL": f"{address}/{database['NAME']}"}
        process = subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            env=environment,
            cwd=settings.BASE_DIR,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def make_large(path: Path, times: int) -> int:
    """Pay every bill `times` more, so that there is time to break the import off; answers the lines."""
    lines = path.read_text().splitlines(keepends=True)[1:]
    with path.open("a") as file:
        for number in range(times):
            file.writelines(line.replace(",T21", f",U{number}") for line in lines)
    return len(lines) * (times + 1)


def import_command(path: Path) -> tuple[str, ...]:
    return "import_payments", str(path), "--program", "pelanggan-terbaik-2021", "--by", "program_jakarta"


class Gate:
    """Whoever writes row number `row` into the table waits there while it is shut: a moment nobody misses."""

    KEY = 20_210_611

    def __init__(self, table: str, row: int) -> None:
        self.table, self.row = table, row

    def __enter__(self) -> Gate:
        self._run("CREATE SEQUENCE gate")
        self._run(
            "CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" IF nextval('gate') = {self.row} THEN PERFORM pg_advisory_xact_lock({self.KEY}); END IF;"
            " RETURN NEW; END $$"
        )
        self._run(f"CREATE TRIGGER gate BEFORE INSERT ON {self.table} FOR EACH ROW EXECUTE FUNCTION gate()")
        return self

    def __exit__(self, *_: object) -> None:
        self._run(f"DROP TRIGGER gate ON {self.table}")
        self._run("DROP FUNCTION gate; DROP SEQUENCE gate")

    def shut(self) -> None:
        """For everybody but this connection."""
        self._run(f"SELECT pg_advisory_lock({self.KEY})")

    def open(self) -> None:
        self._run(f"SELECT pg_advisory_unlock({self.KEY})")

    def wait_for_somebody(self) -> int:
        """The process of the server that stands before it."""
        end = time.monotonic() + 120
        with connection.cursor() as cursor:
            while time.monotonic() < end:
                cursor.execute("SELECT pid FROM pg_locks WHERE NOT granted AND objid = %s", (self.KEY,))
                if found := cursor.fetchone():
                    return found[0]
                time.sleep(0.01)
        raise AssertionError("nobody came so far")

    def _run(self, sql: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql)


def evaluate(program: Program, officer: User) -> Evaluation:
    asked = evaluations.ask_evaluation(program=program, by=officer)
    return evaluations.run_evaluation(evaluation_id=asked.pk)


def test_an_import_killed_at_random_moments_leaves_nothing(
    program: Program, officer: User, files: list[Path], manage: Callable[..., subprocess.Popen[str]]
) -> None:
    """Each of the five files is killed once on its way, then imported; the list is that of a quiet run."""
    chance = random.Random(5)
    for path in files:
        lines = make_large(path, 2)
        before = Payment.objects.count()
        with Gate("programs_payment", row=int(lines * chance.uniform(*KILLED))) as gate:
            gate.shut()
            process = manage(*import_command(path))
            gate.wait_for_somebody()
            process.send_signal(signal.SIGKILL)
            process.wait()
            gate.open()
            _wait_until_it_is_gone()
        assert not PaymentImport.objects.filter(file_name=path.name, status="APPLIED").exists()
        assert Payment.objects.count() == before
        again = manage(*import_command(path))
        assert again.wait(120) == 0, again.stderr and again.stderr.read()
    assert not PaymentImport.objects.filter(status="RUNNING").exists()
    disturbed = evaluate(program, officer)

    Payment.objects.all()._raw_delete("default")
    PaymentImport.objects.update(status="REPLACED")
    for path in files:
        with path.open("rb") as raw:
            done = imports.import_now(
                program=program, raw=raw, name=path.name, size=path.stat().st_size, by=officer
            )
        assert done.status == "APPLIED", done.report
    assert evaluate(program, officer).digest == disturbed.digest


def _wait_until_it_is_gone() -> None:
    """The server notices a dead client when it next reads from or writes to it."""
    for _ in range(600):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
            if cursor.fetchone()[0] == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the killed import still holds its turn")


def test_a_server_that_drops_the_evaluation_changes_no_digest(
    program: Program, officer: User, files: list[Path]
) -> None:
    """Its backend is terminated in the middle, as by a restart; the next run gives the same list."""
    for path in files:
        with path.open("rb") as raw:
            imports.import_now(program=program, raw=raw, name=path.name, size=1, by=officer)
    quiet = evaluate(program, officer)
    asked = evaluations.ask_evaluation(program=program, by=officer)
    is_shut = threading.Event()
    with Gate("programs_entry", row=quiet.entry_count // 2) as gate:
        killer = threading.Thread(target=_terminate_before, args=(gate, is_shut))
        killer.start()
        is_shut.wait()
        with pytest.raises((OperationalError, InterfaceError)):
            evaluations.run_evaluation(evaluation_id=asked.pk)
        killer.join()
        connection.close()

    assert not Entry.objects.filter(evaluation=asked).exists()
    again = evaluations.run_evaluation(evaluation_id=asked.pk)
    assert (again.status, again.digest) == ("DONE", quiet.digest)


def _terminate_before(gate: Gate, is_shut: threading.Event) -> None:
    """End the backend that comes to the gate."""
    try:
        gate.shut()
        is_shut.set()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", (gate.wait_for_somebody(),))
    finally:
        connection.close()


def test_a_running_import_shows_its_progress_and_can_be_cancelled(
    program: Program, officer: User, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_work, "SECONDS", 0.02)
    make_large(files[0], 11)
    found: list[str] = []

    def cancel() -> None:
        for _ in range(600):
            running = PaymentImport.objects.filter(status="RUNNING", row_count__gt=0).first()
            if running:
                found.append(running.stage)
                imports.cancel_import(payment_import=running, by=officer)
                break
            time.sleep(0.02)
        connection.close()

    thread = threading.Thread(target=cancel)
    thread.start()
    with files[0].open("rb") as raw:
        done = imports.import_now(program=program, raw=raw, name="large.csv", size=1, by=officer)
    thread.join()

    assert found
    assert done.status == "CANCELLED"
    assert not Payment.objects.exists()
