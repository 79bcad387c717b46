"""Background jobs that survive: a row in the business transaction, a lease, a sweep.

A web request never talks to the broker. It writes the row; the sweep, every few seconds, sends the numbers
of ready rows to the workers. A worker that dies lets its lease run out, and the job is tried again; after
five attempts it is parked, for a person to look at.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from common.models import Job

LEASE = timedelta(minutes=6)
RESEND_AFTER = timedelta(seconds=30)
MAX_ATTEMPTS = 5

REFERENCE = re.compile(r"[A-Za-z0-9_.:/-]{1,64}")

Handler = Callable[..., None]
HANDLERS: dict[str, Handler] = {}
TIME_LIMITS: dict[str, timedelta] = {}
# The job that this process works on, for long work that renews its lease.
current_job: ContextVar[Job | None] = ContextVar("current_job", default=None)
log = structlog.get_logger(__name__)


class LeaseLost(Exception):
    """Another worker has taken the job over; what this one did is rolled back."""


def handles(kind: str, *, time_limit: timedelta | None = None) -> Callable[[Handler], Handler]:
    """Register what does the jobs of `kind`; it gets the payload as keywords, and may run twice.

    What takes longer than the usual five minutes names its `time_limit`, and calls `renew` as it goes.
    """

    def register(handler: Handler) -> Handler:
        HANDLERS[kind] = handler
        if time_limit:
            TIME_LIMITS[kind] = time_limit
        return handler

    return register


def enqueue(kind: str, *, by: Any = None, run_at: datetime | None = None, **payload: Any) -> Job:
    """Write a job in the caller's transaction; it runs soon after the commit, and never without it.

    Raises:
        ValueError: the payload holds text. A payload names rows by number, code or date; what they say
            stays in their tables.
    """
    for name, value in payload.items():
        if not _is_reference(value):
            raise ValueError(f"{name} of a {kind} job must be a number or a short reference, not text")
    return Job.objects.create(kind=kind, payload=payload, run_at=run_at or timezone.now(), created_by=by)


def take_ready(*, at: datetime, limit: int = 100) -> list[int]:
    """Ids of jobs to send to workers now; each is not offered again for half a minute.

    A job whose last attempt ended with its worker is parked: it may be what kills them.
    """
    Job.objects.abandoned(at).filter(attempts__gte=MAX_ATTEMPTS).update(
        status=Job.Status.PARKED, error="WorkerLost"
    )
    ids = list(Job.objects.ready(at).order_by("run_at").values_list("pk", flat=True)[:limit])
    Job.objects.ready(at).filter(pk__in=ids).update(status=Job.Status.WAITING, run_at=at + RESEND_AFTER)
    return ids


def run(job_id: int, *, at: datetime) -> bool:
    """Do one job if nobody else has it. Answers whether it was done."""
    claimed = Job.objects.filter(pk=job_id, status=Job.Status.WAITING).update(
        status=Job.Status.RUNNING, leased_until=at + LEASE, attempts=F("attempts") + 1
    )
    if not claimed:
        return False
    job = Job.objects.get(pk=job_id)
    token = current_job.set(job)
    try:
        with transaction.atomic():
            HANDLERS[job.kind](**job.payload)
            _finish(job)
    except Exception as error:  # a job may fail in any way; the row says how, the sweep tries again
        _give_back(job, error)
        return False
    finally:
        current_job.reset(token)
    return True


def time_limits(job_ids: Iterable[int]) -> dict[int, float]:
    """The seconds that each of these jobs may take, where its kind has a limit of its own."""
    long = Job.objects.filter(pk__in=job_ids, kind__in=TIME_LIMITS)
    return {pk: TIME_LIMITS[kind].total_seconds() for pk, kind in long.values_list("pk", "kind")}


def renew(job: Job, cursor: Any) -> None:
    """Keep the lease of a long job, through a cursor outside the job's own transaction."""
    cursor.execute(
        "UPDATE common_job SET leased_until = %s WHERE id = %s AND status = 'RUNNING' AND attempts = %s",
        (timezone.now() + LEASE, job.pk, job.attempts),
    )


def retry(job: Job) -> bool:
    """Put a parked job back in the queue, with all its attempts. Answers whether it was parked."""
    parked = Job.objects.filter(pk=job.pk, status=Job.Status.PARKED)
    return bool(parked.update(status=Job.Status.WAITING, attempts=0, run_at=timezone.now()))


def _is_reference(value: Any) -> bool:
    if isinstance(value, str):
        return bool(REFERENCE.fullmatch(value))
    return value is None or isinstance(value, int)


def _mine(job: Job) -> Any:
    """The job's row while this attempt still holds it: each claim raises the count of attempts."""
    return Job.objects.filter(pk=job.pk, status=Job.Status.RUNNING, attempts=job.attempts)


def _finish(job: Job) -> None:
    """Mark the job done in the transaction of its effect, unless its lease ran out and another took it."""
    if not _mine(job).update(status=Job.Status.DONE, finished_at=timezone.now(), error=""):
        raise LeaseLost(f"job {job.pk} was taken over")


def _give_back(job: Job, error: Exception) -> None:
    reason = _describe(error)
    log.error("job_failed", job=job.pk, kind=job.kind, attempts=job.attempts, error=reason)
    _mine(job).update(
        status=Job.Status.PARKED if job.attempts >= MAX_ATTEMPTS else Job.Status.WAITING,
        run_at=timezone.now() + timedelta(seconds=5 * 3**job.attempts),
        error=reason,
    )


def _describe(error: Exception) -> str:
    """What went wrong and where; not the message, which may quote a customer's data."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {place.name}:{place.lineno}"[:300]
