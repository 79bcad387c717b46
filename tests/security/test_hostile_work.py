"""Malformed input for every endpoint that the permission matrix knows.

The endpoints come from the matrix, so that a new one is tried as soon as it is described there. What each
input deserves differs; what none may get is a 5xx, and what is refused changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest
from django.urls import resolve

from allocation.api.serializers import CheckRequestSerializer
from sop.api.call_serializers import OpeningSerializer
from tests.security.changes import undone
from tests.security.hostile import SEAT, Key, Users, send, tried
from tests.security.test_hostile_input import BODIES
from tests.security.test_permission_matrix import MATRIX
from tests.security.world import World
from tickets.api.finding import CandidatesRequestSerializer, SearchSerializer
from tickets.api.serializers import CorrectionSerializer, ReportSerializer

pytestmark = pytest.mark.django_db

WITH_BODY = [key for key, it in MATRIX.items() if key[1] != "GET" and not it.upload]
READING = [key for key, it in MATRIX.items() if key[1] == "GET"]
FIELDS: dict[Key, Any] = {
    ("ticket-list", "POST"): ReportSerializer,
    ("ticket-detail", "PATCH"): CorrectionSerializer,
    ("ticket-candidates", "POST"): CandidatesRequestSerializer,
    ("ticket-search", "POST"): SearchSerializer,
    ("call-list", "POST"): OpeningSerializer,
    ("allocationcheck-list", "POST"): CheckRequestSerializer,
}
VALUES: tuple[Any, ...] = (
    None,
    1e300,
    "NaN",
    "x" * 5000,
    "9" * 40,
    "' OR 1=1--{{7*7}}\u202e\U0001f4a9",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59",
    [[{"a": None}]],
)
JUNK = ("%00", "%ED%A0%80", "9" * 40, "x" * 3000, "0001-01-01T00:00:00%2B23:59", "NaN", "%5B%5D%E2%80%AE")
# What a parser refuses, it refuses everywhere alike, see `test_hostile_input`; these come past it, or nearly.
COMING_PAST = (
    "nothing",
    "a list",
    "null",
    "NUL in a value",
    "a number past 64 bits",
    "wrong types",
    "multipart without a boundary",
    "a form with raw bytes",
    "a form with 5,000 fields",
    "a placeholder",
)


@pytest.fixture
def users(world: World) -> Users:
    return Users(world, MATRIX)


def test_a_hostile_body_breaks_no_endpoint(users: Users) -> None:
    wrong, watch = [], users.all_there()
    for key in WITH_BODY:
        ask = users.asking(key)
        for case in COMING_PAST:
            body, content_type, _ = BODIES[case]
            wrong += [f"{key}, {case}: {it}" for it in tried(watch, partial(ask, body, content_type))]
    assert wrong == []


def bodies(world: World, key: Key) -> Iterator[tuple[str, dict[str, Any]]]:
    """The good body of an endpoint with one field spoilt, for each of its fields and each bad value."""
    endpoint = MATRIX[key]
    good = endpoint.body(world, SEAT) if endpoint.body else {}
    fields = set(good) | set(FIELDS[key]().fields if key in FIELDS else ())
    for field in sorted(fields):
        for value in VALUES:
            yield f"{field}={str(value)[:30]}", good | {field: value}


def is_counted(key: Key, fault: str) -> bool:
    """A wrong pick-up code is refused and counted, so that nobody tries them all."""
    return key[0] == "winner-hand-over" and fault.startswith("422, yet")


def test_a_hostile_value_in_any_field_breaks_no_endpoint(world: World, users: Users) -> None:
    wrong, sent, watch = [], 0, users.all_there()
    for key in WITH_BODY:
        ask = users.asking(key)
        for case, body in bodies(world, key):
            found = tried(watch, partial(ask, json.dumps(body).encode()))
            wrong += [f"{key}, {case}: {it}" for it in found if not is_counted(key, it)]
            sent += 1
    assert wrong == []
    assert sent > 500


def parameters(path: str) -> set[str]:
    """The query parameters that the endpoint at `path` knows."""
    view = resolve(path.partition("?")[0]).func
    view_class = getattr(view, "cls", None)
    action = getattr(view, "actions", {}).get("get", "")
    known = set(getattr(view_class, "query_params", {}).get(action, ()))
    if action == "list":
        known |= {"cursor", "page_size", "ordering"}
        known |= set(getattr(getattr(view_class, "filterset_class", None), "base_filters", ()))
    return known


def test_a_hostile_query_breaks_no_endpoint(users: Users) -> None:
    wrong = []
    for name, method in READING:
        client, path = users.who(name, method), users.path(name, method)
        for parameter in sorted(parameters(path)):
            for junk in JUNK:
                with undone():  # the database may have refused the whole transaction
                    status = client.get(f"{path}?{parameter}={junk}").status_code
                if status >= 500:
                    wrong.append(f"{path}?{parameter}={junk[:30]}: {status}")
    assert wrong == []


def test_a_hostile_address_breaks_no_endpoint(users: Users) -> None:
    wrong = []
    for name, method in MATRIX:
        client, path = users.who(name, method), users.path(name, method)
        for argument in {str(value) for value in resolve(path).kwargs.values()}:
            for junk in (*JUNK, "..%2f..%2fetc%2fpasswd", "%7B%7B7%2A7%7D%7D"):
                at = path.replace(f"/{quote(argument)}/", f"/{junk}/")
                assert at != path
                with undone():
                    status = send(client, method, at, b"{}").status_code
                if status >= 500 or (status < 400 and method != "GET"):
                    wrong.append(f"{method} {at[:90]}: {status}")
    assert wrong == []
