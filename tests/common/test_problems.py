"""One shape for every refusal of the API, in the reader's language."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from redis.exceptions import ConnectionError as RedisDown
from rest_framework.throttling import UserRateThrottle

from common.throttling import RevealThrottle
from units.models import Unit, User

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.common.probe")]
URL = "/api/probe/aliases/"


def described(answer: Any) -> tuple[int, str]:
    """Status and code of a problem, after a look at its shape."""
    body = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert body["status"] == answer.status_code
    assert body["type"] == f"urn:pln-portal:problem:{body['code']}"
    assert body["title"]
    assert body["detail"]
    return answer.status_code, body["code"]


@pytest.mark.parametrize(
    ("name", "want"),
    [
        ("refused", (422, "invalid")),
        ("clash", (409, "conflict")),
        ("broken", (500, "error")),
        ("busy", (503, "busy")),
        ("misfit", (400, "bad_data")),
        ("huge", (400, "bad_data")),
        ("model", (400, "invalid")),
        ("x" * 121, (400, "invalid")),
    ],
)
def test_every_failure_is_a_problem(api: Callable, agent: User, name: str, want: tuple[int, str]) -> None:
    answer = api(agent).post(URL, {"name": name})

    assert described(answer) == want
    assert (answer.status_code == 503) == ("Retry-After" in answer.headers)
    assert b"canary" not in answer.content


@pytest.mark.parametrize("name", ["refused", "model", "x" * 121, ""])
def test_a_problem_points_at_the_input(api: Callable, agent: User, name: str) -> None:
    errors = api(agent).post(URL, {"name": name}).json()["errors"]

    assert [error["pointer"] for error in errors] == ["/name"]
    assert all(error["code"] and error["detail"] for error in errors)


def test_a_pointer_escapes_what_a_name_may_hold(api: Callable, agent: User) -> None:
    errors = api(agent).post(f"{URL}?a/b~c=1", {"name": "x"}).json()["errors"]

    assert errors[0]["pointer"] == "/a~1b~0c"


def test_an_agent_screen_gets_the_problem_as_a_fragment(api: Callable, agent: User) -> None:
    answer = api(agent).post(URL, {"name": "refused"}, HTTP_ACCEPT="text/html")

    assert answer.status_code == 422
    assert answer.headers["Content-Type"].startswith("text/html")
    assert b'data-code="invalid"' in answer.content


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch", "options", "head"])
def test_a_method_that_is_not_offered_is_405(api: Callable, agent: User, method: str) -> None:
    answer = getattr(api(agent), method)(URL)

    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert method == "head" or described(answer) == (405, "method_not_allowed")


def test_head_answers_as_get_without_a_body(api: Callable, agent: User) -> None:
    answer = api(agent).head("/api/v1/units/")

    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("path", ["/api/", "/api/v1/nix/", "/api/v2/units/", "/api/v1/units/NIX/"])
def test_an_address_that_does_not_exist_is_a_problem(api: Callable, agent: User, path: str) -> None:
    assert described(api(agent).get(path)) == (404, "not_found")


def test_who_is_not_logged_in_is_told_how(api: Callable) -> None:
    answer = api().get("/api/v1/me/")

    assert described(answer) == (401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_session_needs_the_csrf_token(agent: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(agent, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post(URL, {"name": "x"}, content_type="application/json")

    assert described(answer) == (403, "permission_denied")


def test_another_host_is_a_problem_too(api: Callable) -> None:
    assert described(api().get("/api/v1/units", HTTP_HOST="evil.example")) == (400, "bad_request")


@pytest.mark.parametrize(
    ("language", "title"), [("en", "Not found"), ("id", None), ("fr, en;q=0.5", "Not found")]
)
def test_a_problem_speaks_the_readers_language(
    api: Callable, agent: User, language: str, title: str | None
) -> None:
    answer = api(agent).get("/api/v1/units/NIX/", HTTP_ACCEPT_LANGUAGE=language)

    assert answer.headers["Content-Language"] == language[:2].replace("fr", "en")
    assert title is None or answer.json()["title"] == title


@pytest.mark.parametrize("header", [None, '"unit-2"', "*", 'W/"unit-1"', ""])
def test_a_write_that_does_not_name_the_version_it_read_is_refused(
    api: Callable, agent: User, header: str | None
) -> None:
    extra = {} if header is None else {"HTTP_IF_MATCH": header}
    answer = api(agent).put(f"{URL}PUSAT/", {}, **extra)

    assert described(answer) == ((428, "precondition_required") if header is None else (412, "stale"))
    assert (answer.status_code == 412) == (answer.headers.get("ETag") == '"unit-1"')


@pytest.mark.parametrize("header", ['"unit-1"', '"other", "unit-1"'])
def test_a_write_that_names_the_version_it_read_goes_through(api: Callable, agent: User, header: str) -> None:
    assert api(agent).put(f"{URL}PUSAT/", {}, HTTP_IF_MATCH=header).status_code == 200


def test_too_many_requests_say_when_to_come_back(
    api: Callable, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(UserRateThrottle, "THROTTLE_RATES", {"agent": "2/min", "channel": "2/min"})
    client = api(agent)
    answers = [client.get("/api/v1/me/") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert described(answers[2]) == (429, "throttled")
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 61


def test_channels_are_counted_apart(channel_api: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UserRateThrottle, "THROTTLE_RATES", {"agent": "1/min", "channel": "2/min"})
    client = channel_api()

    assert [client.get("/api/v1/me/").status_code for _ in range(3)] == [200, 200, 429]


def _no_cache(*args: Any, **kwargs: Any) -> None:
    raise RedisDown("refused")


def test_without_the_cache_agents_work_on_and_revealing_stops(
    api: Callable, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(UserRateThrottle, "cache", type("Down", (), {"get": _no_cache, "set": _no_cache})())

    assert api(agent).get("/api/v1/me/").status_code == 200
    monkeypatch.setattr("tests.common.probe.AliasViewSet.throttle_classes", [RevealThrottle])
    assert described(api(agent).post(URL, {"name": "x"})) == (503, "busy")


def test_a_page_of_a_database_that_does_not_answer_is_503(
    browse: Callable, back_office: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browse(back_office)
    client.raise_request_exception = False
    client.get("/admin/")

    def down(*args: Any) -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr("units.models.UnitQuerySet.visible_to", down)
    page, answer = client.get("/admin/units/unit/"), client.get("/api/v1/units/")

    assert (page.status_code, page.headers["Retry-After"]) == (503, "2")
    assert described(answer) == (503, "busy")
    assert Unit.objects.exists()
