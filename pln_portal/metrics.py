"""What Prometheus may count: requests by view and status, and how the background jobs stand.

Nobody is served unless `METRICS_TOKEN` is set; then whoever brings it.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.db.models import Count, Min, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django_prometheus.exports import ExportToDjangoView
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from common.models import Job

OPEN = (Job.Status.WAITING, Job.Status.RUNNING, Job.Status.PARKED)


def metrics(request: HttpRequest) -> HttpResponse:
    if not settings.METRICS_TOKEN:
        raise Http404
    given = request.headers.get("Authorization", "")
    if not constant_time_compare(given, f"Bearer {settings.METRICS_TOKEN}"):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    jobs = CollectorRegistry()
    jobs.register(Jobs())
    answer = ExportToDjangoView(request)
    answer.write(generate_latest(jobs))
    return answer


class Jobs(Collector):
    """The jobs that are not done: they stand in the database, so that every process tells the same."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        rows = Job.objects.filter(status__in=OPEN).order_by().values("status")
        untried = Min("created_at", filter=Q(attempts=0))
        found = {row["status"]: row for row in rows.annotate(count=Count("pk"), untried=untried)}
        count = GaugeMetricFamily("portal_jobs", "Background jobs that are not done", labels=["status"])
        for status in OPEN:
            count.add_metric([status.value.lower()], found[status]["count"] if status in found else 0)
        yield count
        since = found[Job.Status.WAITING]["untried"] if Job.Status.WAITING in found else None
        age = (timezone.now() - since).total_seconds() if since else 0
        yield GaugeMetricFamily("portal_oldest_job_seconds", "Age of the oldest job nobody has begun", age)
