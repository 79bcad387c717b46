"""Background jobs that survive: a row in the business transaction, a lease, a sweep.

A web request never talks to the broker. It writes the row; the sweep, every few seconds, sends the numbers
of ready rows to the workers. A worker that dies lets its lease run out, and the job is tried again.
"""

from __future__ import annotations

from collections.abc import Callable
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

Handler = Callable[..., None]
HANDLERS: dict[str, Handler] = {}
log = structlog.get_logger(__name__)


class LeaseLost(Exception):
    """Another worker has taken the job over; what this one did is rolled back."""


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that does the jobs of `kind`; it gets the payload as keywords, and may run twice."""

    def register(handler: Handler) -> Handler:
        HANDLERS[kind] = handler
        return handler

    return register


def enqueue(kind: str, *, by: Any = None, run_at: datetime | None = None, **payload: Any) -> Job:
    """Write a job in the caller's transaction; it runs soon after the commit, and never without it."""
    return Job.objects.create(kind=kind, payload=payload, run_at=run_at or timezone.now(), created_by=by)


def take_ready(*, at: datetime, limit: int = 100) -> list[int]:
    """Ids of jobs to send to workers now; each is not offered again for half a minute."""
    ids = list(Job.objects.ready(at).order_by("run_at").values_list("pk", flat=True)[:limit])
    Job.objects.filter(pk__in=ids, status=Job.Status.WAITING).update(run_at=at + RESEND_AFTER)
    Job.objects.filter(pk__in=ids, status=Job.Status.RUNNING).update(
        status=Job.Status.WAITING, run_at=at + RESEND_AFTER
    )
    return ids


def run(job_id: int, *, at: datetime) -> bool:
    """Do one job if nobody else has it. Answers whether it was done."""
    claimed = Job.objects.filter(pk=job_id, status=Job.Status.WAITING).update(
        status=Job.Status.RUNNING, leased_until=at + LEASE, attempts=F("attempts") + 1
    )
    if not claimed:
        return False
    job = Job.objects.get(pk=job_id)
    try:
        with transaction.atomic():
            HANDLERS[job.kind](**job.payload)
            _finish(job)
    except Exception as error:  # a job may fail in any way; the row says how, the sweep tries again
        _give_back(job, error)
        return False
    return True


def retry(job: Job) -> None:
    """Put a parked job back in the queue, with all its attempts."""
    Job.objects.filter(pk=job.pk, status=Job.Status.PARKED).update(
        status=Job.Status.WAITING, attempts=0, run_at=timezone.now()
    )


def _finish(job: Job) -> None:
    """Mark the job done in the transaction of its effect, unless its lease ran out and another took it."""
    mine = Job.objects.filter(pk=job.pk, status=Job.Status.RUNNING, attempts=job.attempts)
    if not mine.update(status=Job.Status.DONE, finished_at=timezone.now(), error=""):
        raise LeaseLost(f"job {job.pk} was taken over")


def _give_back(job: Job, error: Exception) -> None:
    log.error("job_failed", job=job.pk, kind=job.kind, attempts=job.attempts, error=type(error).__name__)
    if isinstance(error, LeaseLost):
        return
    job.status = Job.Status.PARKED if job.attempts >= MAX_ATTEMPTS else Job.Status.WAITING
    job.run_at = timezone.now() + timedelta(seconds=5 * 3**job.attempts)
    job.error = f"{type(error).__name__}: {error}"[:300]
    job.save(update_fields=["status", "run_at", "error"])
