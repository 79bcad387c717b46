"""Twice is once."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from common import tasks
from common.models import IdempotencyKey
from tests.racing import at_once
from units.models import Unit, UnitAlias, User

pytestmark = pytest.mark.urls("tests.common.probe")
URL = "/api/probe/aliases/"
KEY = "a-key-of-the-caller"


def send(client: APIClient, name: str = "An alias", key: str | None = KEY, **headers: str) -> Any:
    extra = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    return client.post(URL, {"name": name}, **extra, **headers)


def made() -> int:
    return UnitAlias.objects.filter(unit__code="PUSAT").count()


@pytest.fixture
def before(db: None) -> int:
    return made()


def test_the_same_key_and_body_replays_the_stored_answer(api: Callable, agent: User, before: int) -> None:
    client = api(agent)
    first, second = send(client), send(client)

    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert first["Location"] == second["Location"]
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"
    assert made() == before + 1


def test_a_replay_renders_the_same_fragment(api: Callable, agent: User) -> None:
    client = api(agent)
    first, second = send(client, HTTP_ACCEPT="text/html"), send(client, HTTP_ACCEPT="text/html")

    assert first["Content-Type"].startswith("text/html")
    assert first.content == second.content


def test_the_same_key_with_another_body_is_refused(api: Callable, agent: User, before: int) -> None:
    client = api(agent)
    send(client)
    refused = send(client, name="Another")

    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert made() == before + 1


def test_without_a_key_twice_is_twice(api: Callable, agent: User, before: int) -> None:
    send(api(agent), key=None)
    send(api(agent), name="B", key=None)

    assert made() == before + 2


def test_a_channel_must_send_a_key(channel_api: Callable, before: int) -> None:
    client = channel_api()
    without, with_key = send(client, key=None), send(client)

    assert (without.status_code, without.json()["code"]) == (400, "idempotency_key_required")
    assert with_key.status_code == 201
    assert made() == before + 1


@pytest.mark.parametrize("key", ["short", "x" * 256, "seven\x07bells", "tanpa kunci é"])
def test_a_malformed_key_is_refused(api: Callable, agent: User, key: str, before: int) -> None:
    assert send(api(agent), key=key).json()["code"] == "idempotency_key_malformed"
    assert made() == before


@pytest.mark.parametrize(
    ("name", "status"),
    [("refused", 422), ("clash", 409), ("broken", 500), ("busy", 503), ("misfit", 400), ("answered", 409)],
)
def test_what_was_refused_or_broke_leaves_no_key_and_no_effect(
    api: Callable, agent: User, name: str, status: int, before: int
) -> None:
    client = api(agent)

    assert send(client, name=name).status_code == status
    assert not IdempotencyKey.objects.exists()
    assert made() == before
    assert send(client, name="Now right").status_code == 201


def test_the_keys_of_two_users_do_not_meet(api: Callable, agent: User, supervisor: User, before: int) -> None:
    first, second = send(api(agent), name="A"), send(api(supervisor), name="B")

    assert first.status_code == second.status_code == 201
    assert "Idempotency-Replayed" not in second
    assert made() == before + 2


def test_files_count_by_their_content(api: Callable, agent: User) -> None:
    client = api(agent)

    def upload(content: bytes) -> Any:
        data = {"file": SimpleUploadedFile("payments.csv", content)}
        return client.post(URL, data, format="multipart", HTTP_IDEMPOTENCY_KEY=KEY)

    first, same, other = upload(b"a,b"), upload(b"a,b"), upload(b"a,c")

    assert first.json() == same.json() == {"size": 3}
    assert same["Idempotency-Replayed"] == "true"
    assert other.status_code == 422


def test_keys_are_kept_for_72_hours(api: Callable, agent: User) -> None:
    send(api(agent))
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=71))
    tasks.drop_old_records()
    assert IdempotencyKey.objects.exists()

    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=73))
    tasks.drop_old_records()
    assert not IdempotencyKey.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_many_at_once_do_the_work_once(api: Callable, agent: User) -> None:
    before = made()
    answers = at_once(lambda _: send(api(agent)), 8)

    assert made() == before + 1
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time")
def test_a_request_in_flight_is_answered_after_two_seconds(api: Callable, agent: User) -> None:
    claimed, finish = threading.Event(), threading.Event()

    def first_request() -> None:
        with transaction.atomic():
            IdempotencyKey.objects.create(
                user=agent, operation=f"POST {URL}", key=KEY, fingerprint="f" * 64, status=201
            )
            claimed.set()
            finish.wait(10)
        connections.close_all()

    thread = threading.Thread(target=first_request)
    thread.start()
    claimed.wait(10)
    before = made()
    second = send(api(agent))
    finish.set()
    thread.join()

    assert (second.status_code, second.json()["code"]) == (409, "in_flight")
    assert second["Retry-After"] == "1"
    assert made() == before


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="row locks need PostgreSQL")
def test_a_held_lock_is_answered_503_and_nothing_is_applied(api: Callable, agent: User) -> None:
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Unit.objects.select_for_update().get(code="PUSAT")
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE units_unitalias IN ACCESS EXCLUSIVE MODE")
            held.set()
            release.wait(20)
        connections.close_all()

    before = made()
    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    busy = send(api(agent))
    release.set()
    thread.join()

    assert (busy.status_code, busy.json()["code"]) == (503, "busy")
    assert int(busy["Retry-After"]) > 0
    assert made() == before
    assert not IdempotencyKey.objects.exists()
