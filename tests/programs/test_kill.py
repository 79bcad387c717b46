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
        process = manage(*import_command(path))
        _wait_until_it_has_written(int(lines * chance.uniform(*KILLED)))
        process.send_signal(signal.SIGKILL)
        process.wait()
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


def _wait_until_it_has_written(lines: int) -> None:
    end = time.monotonic() + 120
    with connection.cursor() as cursor:
        while time.monotonic() < end:
            cursor.execute(
                "SELECT max(tuples_processed) FROM pg_stat_progress_copy"
                " WHERE datname = current_database() AND relid = 'programs_payment'::regclass"
            )
            if (cursor.fetchone()[0] or 0) >= lines:
                return
    raise AssertionError("the import did not get so far")


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
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        victim = cursor.fetchone()[0]
    killer = threading.Thread(target=_terminate, args=(victim, asked.pk))
    killer.start()
    with pytest.raises((OperationalError, InterfaceError)):
        evaluations.run_evaluation(evaluation_id=asked.pk)
    killer.join()
    connection.close()

    assert not Entry.objects.filter(evaluation=asked).exists()
    again = evaluations.run_evaluation(evaluation_id=asked.pk)
    assert (again.status, again.digest) == ("DONE", quiet.digest)


def _terminate(pid: int, evaluation_id: int) -> None:
    """End a backend as soon as its evaluation can be seen to run."""
    while not Evaluation.objects.filter(pk=evaluation_id, status="RUNNING").exists():
        time.sleep(0.005)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", (pid,))
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
