"""What the OpenAPI document allows, and what it does not, thrown at the API: no answer may be a 5xx.

`FUZZ_CASES` is the number of requests of all callers together: 210 unless it says otherwise. The requests
run in the test's transaction, so that nothing they create stays. The same number gives the same requests.
"""

from __future__ import annotations

import functools
import os
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import requests
import schemathesis
from django.core.cache import caches
from django.http import HttpResponse
from django.test import Client
from django.utils import translation
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode

from tests.security.world import World
from units.models import User

CASES = int(os.environ.get("FUZZ_CASES", "210"))
PEOPLE = ("agent", "manager_menteng", "vcc_operator", "posko_menteng", "program_jakarta", "back_office")
CALLERS = (*PEOPLE, "channel")
ANOTHER_ADDRESS = {"301", "405"}  # a path parameter with a slash, or none, names another operation


@functools.cache
def cases() -> st.SearchStrategy[Case]:
    """Any operation, with parameters, headers and a body that fit the document, or do not."""
    with translation.override("en"):
        schema = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(public=True))
    operations = [result.ok() for result in schema.get_all_operations()]
    kinds = st.tuples(st.sampled_from(operations), st.sampled_from(list(GenerationMode)))
    return kinds.flatmap(lambda kind: kind[0].as_strategy(kind[1]))


def send(client: Client, case: Case) -> HttpResponse:
    request = requests.Request(**_arguments(case)).prepare()
    body = request.body.encode() if isinstance(request.body, str) else request.body or b""
    given_type = request.headers.pop("Content-Type", "application/json")
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()}
    for ours in ("HTTP_AUTHORIZATION", "HTTP_COOKIE", "HTTP_CONTENT_LENGTH"):
        headers.pop(ours, None)
    return client.generic(request.method or "GET", request.path_url, body, content_type=given_type, **headers)


def _arguments(case: Case) -> dict[str, Any]:
    sent = case.as_transport_kwargs(base_url="http://testserver")
    return {
        name: sent[name] for name in ("method", "url", "headers", "params", "data", "json") if name in sent
    }


@pytest.fixture
def caller(
    request: pytest.FixtureRequest, browse: Callable[[User], Client], channel_api: Callable[..., Client]
) -> Client:
    if request.param == "channel":
        return channel_api("read allocation tickets diagnosis")
    return browse(request.getfixturevalue(request.param))


@pytest.mark.parametrize("caller", CALLERS, indirect=True)
def test_no_input_makes_the_api_fail(caller: Client, world: World) -> None:
    sent = []

    @settings(
        max_examples=max(CASES // len(CALLERS), 1),
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def throw(case: Case) -> None:
        answer = send(caller, case)
        sent.append(answer.status_code)
        if answer.status_code == 429:
            caches["default"].key_prefix = uuid.uuid4().hex  # the throttles count anew
        declared = set(case.operation.definition.raw["responses"]) | ANOTHER_ADDRESS
        assert answer.status_code < 500, answer.content
        assert str(answer.status_code) in declared, f"{answer.status_code}: {answer.content!r}"
        if answer.status_code >= 400:
            assert answer.headers["Content-Type"] == "application/problem+json"

    throw()

    assert len(sent) >= 0.9 * CASES // len(CALLERS)
    assert any(status < 300 for status in sent)
    assert any(status >= 400 for status in sent)
