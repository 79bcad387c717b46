"""Background jobs: written with their cause, run once, tried again, parked."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from common import jobs, tasks
from common.models import Job
from tests.racing import at_once
from units.models import Unit, UnitAlias, User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two kinds of jobs that exist in these tests only."""
    monkeypatch.setattr(jobs, "HANDLERS", dict(jobs.HANDLERS))

    @jobs.handles("name")
    def name_unit(code: str, alias: str) -> None:
        UnitAlias.objects.create(unit=Unit.objects.get(code=code), name=alias)

    @jobs.handles("fail")
    def fail(code: str) -> None:
        UnitAlias.objects.create(unit=Unit.objects.get(code=code), name="half done")
        raise ValueError("Pelanggan 081234567890 of Jalan Uji")

    return


def name_job(**fields: Any) -> Job:
    return jobs.enqueue("name", code="PUSAT", alias="Pusat-Baru", **fields)


def done(alias: str = "Pusat-Baru") -> int:
    return UnitAlias.objects.filter(name=alias).count()


def at(minutes: float = 0) -> datetime:
    return timezone.now() + timedelta(minutes=minutes)


def test_a_job_runs_once_and_is_done(agent: User) -> None:
    job = name_job(by=agent)

    assert jobs.take_ready(at=at()) == [job.pk]
    assert jobs.run(job.pk, at=at()) is True
    assert jobs.run(job.pk, at=at()) is False
    job.refresh_from_db()
    assert (job.status, job.attempts, job.created_by, done()) == ("DONE", 1, agent, 1)


def test_a_job_of_a_transaction_that_was_rolled_back_never_runs() -> None:
    with transaction.atomic():
        name_job()
        transaction.set_rollback(True)

    assert not Job.objects.exists()
    assert jobs.take_ready(at=at()) == []


def test_a_job_waits_until_it_is_due() -> None:
    job = name_job(run_at=at(10))

    assert jobs.take_ready(at=at()) == []
    assert jobs.take_ready(at=at(11)) == [job.pk]


def test_a_job_that_was_sent_is_not_sent_again_for_half_a_minute() -> None:
    job = name_job()
    now = at()

    assert jobs.take_ready(at=now) == [job.pk]
    assert jobs.take_ready(at=now + timedelta(seconds=29)) == []
    assert jobs.take_ready(at=now + timedelta(seconds=31)) == [job.pk]


def test_a_job_that_fails_leaves_nothing_behind_and_is_tried_later() -> None:
    job = jobs.enqueue("fail", code="PUSAT")

    assert jobs.run(job.pk, at=at()) is False
    job.refresh_from_db()
    assert (job.status, job.attempts) == ("WAITING", 1)
    assert job.run_at > at()
    assert done("half done") == 0


def test_after_five_attempts_a_job_is_parked_and_a_person_may_start_it_again() -> None:
    job = jobs.enqueue("fail", code="PUSAT")
    other = name_job()
    for attempt in range(7):
        jobs.run(job.pk, at=at(attempt * 60))
    jobs.run(other.pk, at=at())

    job.refresh_from_db()
    assert (job.status, job.attempts) == ("PARKED", 5)
    assert done() == 1, "the others flow"
    assert jobs.retry(job) is True
    assert jobs.retry(job) is False
    assert jobs.take_ready(at=at(1)) == [job.pk]


def test_what_went_wrong_is_kept_without_the_message_which_may_name_a_customer() -> None:
    job = jobs.enqueue("fail", code="PUSAT")
    jobs.run(job.pk, at=at())

    job.refresh_from_db()
    assert job.error.startswith("ValueError at fail:")
    assert "0812" not in job.error


@pytest.mark.parametrize("value", ["Pelanggan Uji", "Jalan Uji 7", {"name": "x"}, ["a"], 1.5, "x" * 65])
def test_a_payload_names_rows_and_never_says_what_they_hold(value: Any) -> None:
    with pytest.raises(ValueError, match="short reference"):
        jobs.enqueue("name", alias=value)

    assert not Job.objects.exists()


def test_a_job_whose_worker_fell_silent_goes_to_another() -> None:
    job = name_job()
    Job.objects.filter(pk=job.pk).update(status=Job.Status.RUNNING, leased_until=at(-1), attempts=1)

    assert jobs.take_ready(at=at()) == [job.pk]
    assert jobs.run(job.pk, at=at()) is True
    assert done() == 1


def test_a_job_that_kills_its_workers_is_parked() -> None:
    job = name_job()
    for _ in range(jobs.MAX_ATTEMPTS):
        Job.objects.filter(pk=job.pk).update(
            status=Job.Status.RUNNING, leased_until=at(-1), attempts=jobs.MAX_ATTEMPTS
        )

    assert jobs.take_ready(at=at()) == []
    job.refresh_from_db()
    assert (job.status, job.error) == ("PARKED", "WorkerLost")


def test_a_worker_that_lost_its_lease_changes_nothing() -> None:
    job = name_job()

    @jobs.handles("name")
    def slow(**payload: str) -> None:
        UnitAlias.objects.create(unit=Unit.objects.get(code="PUSAT"), name=payload["alias"])
        Job.objects.filter(pk=job.pk).update(attempts=2)  # the sweep gave it to another worker

    assert jobs.run(job.pk, at=at()) is False
    job.refresh_from_db()
    assert done() == 0
    assert job.status != "DONE"


def test_a_failure_after_the_lease_ran_out_does_not_reopen_a_job_that_is_done() -> None:
    job = name_job()
    claimed = Job.objects.filter(pk=job.pk)
    claimed.update(status=Job.Status.RUNNING, attempts=1)
    stale = Job.objects.get(pk=job.pk)
    claimed.update(status=Job.Status.DONE, attempts=2)
    jobs._give_back(stale, _raised())

    assert Job.objects.get(pk=job.pk).status == "DONE"


def _raised() -> Exception:
    try:
        raise TimeoutError
    except TimeoutError as error:
        return error


def test_an_unknown_kind_is_parked_in_the_end() -> None:
    job = jobs.enqueue("no-such-kind")
    for _ in range(5):
        jobs.run(job.pk, at=at())

    assert Job.objects.get(pk=job.pk).status == "PARKED"


def test_finished_jobs_go_after_30_days_and_parked_ones_stay() -> None:
    old = {"finished_at": at(-31 * 24 * 60), "run_at": at(-31 * 24 * 60)}
    Job.objects.create(kind="name", status=Job.Status.DONE, **old)
    parked = Job.objects.create(kind="name", status=Job.Status.PARKED, **old)
    tasks.drop_old_records()

    assert list(Job.objects.all()) == [parked]


@pytest.mark.django_db(transaction=True)
def test_many_workers_do_a_job_once() -> None:
    job = name_job()

    def work(_: int) -> bool:
        jobs.take_ready(at=timezone.now())
        return jobs.run(job.pk, at=timezone.now())

    assert sorted(at_once(work, 8)) == [False] * 7 + [True]
    assert done() == 1
    assert Job.objects.get(pk=job.pk).attempts == 1
