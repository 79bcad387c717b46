"""What the surroundings ask: does it live, can it serve, how much is there to do."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from common.models import Job
from pln_portal import health

pytestmark = pytest.mark.django_db

TOKEN = "only-prometheus-knows-these-40-characters"
BEARER = f"Bearer {TOKEN}"


@pytest.fixture
def counted(settings):
    settings.METRICS_TOKEN = TOKEN


def gauges(client: Client) -> dict[str, float]:
    """The portal's own counts."""
    text = client.get("/metrics", headers={"Authorization": BEARER}).content.decode()
    return {name: float(value) for name, value in re.findall(r"^(portal_\S+) (\S+)$", text, re.MULTILINE)}


def job(status: str, **fields: object) -> Job:
    return Job.objects.create(kind="test", status=status, run_at=timezone.now(), **fields)


def test_it_is_ready_when_everything_that_it_needs_answers(client):
    answer = client.get("/health/ready")

    assert answer.status_code == 200
    assert answer.json()["checks"] == {"database": "ok", "cache": "ok", "broker": "ok"}


@pytest.mark.parametrize("part", ["database", "cache", "broker"])
def test_it_names_what_does_not_answer_and_nothing_more(client, monkeypatch, part):
    def fail() -> None:
        raise ConnectionError("secret.host:5432 refused")

    monkeypatch.setattr(health, f"_{part}", fail)
    answer = client.get("/health/ready")

    assert answer.status_code == 503
    assert [name for name, state in answer.json()["checks"].items() if state == "down"] == [part]
    assert b"secret.host" not in answer.content
    assert client.get("/health/live").status_code == 200


def test_without_a_token_of_its_own_the_portal_serves_no_counts(client, settings):
    settings.METRICS_TOKEN = ""

    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize("given", [None, "Bearer", "Bearer ", f"Bearer {TOKEN[:-1]}", TOKEN, "Bearer é"])
@pytest.mark.usefixtures("counted")
def test_a_wrong_token_is_told_nothing(client, given):
    answer = client.get("/metrics", headers={"Authorization": given} if given else {})

    assert (answer.status_code, answer.content) == (401, b"")


@pytest.mark.usefixtures("counted")
def test_a_session_is_no_token(client, admin_user):
    client.force_login(admin_user)

    assert client.get("/metrics").status_code == 401


@pytest.mark.usefixtures("counted")
def test_the_counts_name_views_and_statuses_and_nobody(client):
    client.get("/api/v1/customers/540123456789/")
    text = client.get("/metrics", headers={"Authorization": BEARER}).content.decode()

    assert 'django_http_responses_total_by_status_view_method_total{method="GET",status="401"' in text
    assert "540123456789" not in text


@pytest.mark.usefixtures("counted")
def test_jobs_that_are_not_done_are_counted(client):
    for status in ("WAITING", "WAITING", "RUNNING", "PARKED", "DONE"):
        job(status)

    counts = gauges(client)
    assert counts['portal_jobs{status="waiting"}'] == 2
    assert counts['portal_jobs{status="running"}'] == 1
    assert counts['portal_jobs{status="parked"}'] == 1
    assert not any("done" in name for name in counts)


@pytest.mark.usefixtures("counted")
def test_a_job_that_nobody_begins_grows_old(client):
    assert gauges(client)["portal_oldest_job_seconds"] == 0
    late, tried = job("WAITING"), job("WAITING", attempts=2)
    now = timezone.now()
    Job.objects.filter(pk=late.pk).update(created_at=now - timedelta(minutes=10))
    Job.objects.filter(pk=tried.pk).update(created_at=now - timedelta(hours=3))

    assert 600 <= gauges(client)["portal_oldest_job_seconds"] < 700


@pytest.mark.usefixtures("counted")
def test_counting_jobs_is_one_question_to_the_database(client, django_assert_num_queries):
    job("WAITING")

    with django_assert_num_queries(1):
        client.get("/metrics", headers={"Authorization": BEARER})
