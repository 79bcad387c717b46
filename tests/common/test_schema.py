"""The OpenAPI document: valid, committed, complete, and shown without help from another machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import translation
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator

from units.models import User

COMMITTED = Path(settings.BASE_DIR) / "docs" / "openapi.yaml"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    with translation.override("en"):
        return SchemaGenerator().get_schema(public=True)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_committed_document_is_the_one_the_code_makes(tmp_path: Path) -> None:
    """Make it anew with `manage.py spectacular --lang en --file docs/openapi.yaml`."""
    made = tmp_path / "openapi.yaml"
    GENERATOR_STATS.reset()
    call_command("spectacular", "--lang", "en", "--validate", "--fail-on-warn", "--file", str(made))

    assert made.read_text() == COMMITTED.read_text()


def test_every_operation_declares_its_refusals_and_who_may(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        statuses = set(operation["responses"])
        assert statuses >= {"400", "401", "403", "404", "406", "422", "429", "500", "503"}, path
        assert method == "get" or statuses >= {"409", "413", "415"}, path
        assert {"cookieAuth": []} in operation["security"], path
        assert any("oauth2" in scheme for scheme in operation["security"]), path
        assert operation.get("description"), path


def parameters(operation: dict) -> dict[str, dict]:
    return {parameter["name"]: parameter for parameter in operation.get("parameters", [])}


def test_writes_declare_their_headers(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        headers = {
            name: parameter.get("required", False)
            for name, parameter in parameters(operation).items()
            if parameter["in"] == "header"
        }
        if method == "put":
            assert headers == {"If-Match": True}, path
            assert operation["responses"]["200"]["headers"]["ETag"], path
            assert {"412", "428"} <= set(operation["responses"]), path
        if path == "/api/v1/allocation/checks/" and method == "post":
            assert headers == {"Idempotency-Key": False}


def test_lists_declare_their_limits(document: dict[str, Any]) -> None:
    lists = [
        known for _, _, operation in operations(document) if "cursor" in (known := parameters(operation))
    ]
    for known in lists:
        assert known["page_size"]["schema"]["maximum"] == 200
        assert known["ordering"]["schema"]["enum"]

    assert len(lists) >= 5


@pytest.mark.django_db
def test_the_document_is_for_those_who_are_logged_in(api: Callable, agent: User) -> None:
    assert api().get("/api/v1/schema/").status_code == 401
    answer = api(agent).get("/api/v1/schema/", HTTP_ACCEPT="application/vnd.oai.openapi+json")
    assert answer.json()["openapi"].startswith("3.1")


@pytest.mark.browser
def test_the_page_of_the_api_works_under_its_policy_and_asks_no_other_machine(
    live_server: Any, agent: User, page: Any
) -> None:
    asked, complaints = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto(f"{live_server.url}/accounts/login/?next=/api/v1/docs/")
    page.fill("input[name=username]", agent.username)
    page.fill("input[name=password]", "a-password-for-tests")
    page.press("input[name=password]", "Enter")
    page.wait_for_selector("text=/api/v1/units/", timeout=30_000)

    elsewhere = [url for url in asked if not url.startswith((live_server.url, "data:", "blob:"))]
    assert elsewhere == []
    assert complaints == []
