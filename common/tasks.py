"""What the scheduler starts. Each finds its own work and may run twice."""

from datetime import timedelta

from celery import shared_task
from django.core.management import call_command
from django.utils import timezone

from common import jobs
from common.models import IdempotencyKey, Job

KEEP_KEYS = timedelta(hours=72)
KEEP_JOBS = timedelta(days=30)


@shared_task
def sweep_jobs() -> None:
    """Send the ready jobs to the workers."""
    job_ids = jobs.take_ready(at=timezone.now())
    limits = jobs.time_limits(job_ids)
    for job_id in job_ids:
        limit = limits.get(job_id)  # None: the usual one
        run_job.apply_async((job_id,), time_limit=limit, soft_time_limit=limit)


@shared_task
def run_job(job_id: int) -> None:
    jobs.run(job_id, at=timezone.now())


@shared_task
def drop_old_records() -> None:
    """Idempotency keys after 72 hours, finished jobs after 30 days, expired sessions and tokens."""
    now = timezone.now()
    IdempotencyKey.objects.filter(created_at__lt=now - KEEP_KEYS).delete()
    Job.objects.filter(status=Job.Status.DONE, finished_at__lt=now - KEEP_JOBS).delete()
    call_command("clearsessions")
    call_command("cleartokens")
