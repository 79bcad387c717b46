"""Every kind of page carries its guards, and no line of the log says who a customer is."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from io import StringIO

import pytest
from django.test import Client

from pln_portal.logs import json_formatter
from tests.security.world import World, logged_in
from units.models import User

pytestmark = pytest.mark.django_db

PAGES = {
    "an answer of the API": "/api/v1/me/",
    "a refusal of the API": "/api/v1/units/?nix=1",
    "an address that the API has not": "/api/v1/nix/",
    "a guarded address": "/api/v1/units/?search=%00",
    "the API's document": "/api/v1/schema/",
    "the API's page": "/api/v1/docs/",
    "a fragment": "/api/v1/areas/?parent=31",
    "the console": "/",
    "the admin": "/admin/",
    "a list of the admin": "/admin/units/unit/",
    "a page of the admin that is not there": "/admin/nix/",
    "a page that is not there": "/nix",
    "a redirect": "/api/v1/units",
    "the log-in form": "/accounts/login/",
    "health": "/health/live",
    "readiness": "/health/ready",
    "the counts": "/metrics",
    "an OAuth page": "/oauth/authorize/",
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("logged", [True, False], ids=["logged in", "not logged in"])
def test_every_kind_of_page_carries_its_guards(page: str, logged: bool, back_office: User) -> None:
    client = logged_in(back_office if logged else None)
    headers = client.get(PAGES[page], HTTP_ACCEPT="text/html, */*").headers

    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["object-src"] == "'none'"
    assert policy["form-action"] == policy["connect-src"] == "'self'"
    is_admin = PAGES[page].startswith("/admin/")
    assert policy["script-src"] == ("'self' 'unsafe-eval'" if is_admin else "'self'")
    assert "unsafe" not in policy["style-src"] or is_admin or "docs" in PAGES[page]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in headers["Cache-Control"]
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "geolocation=()" in headers["Permissions-Policy"]
    assert re.fullmatch(r"[0-9a-f-]{36}", headers["X-Request-ID"])
    assert "Server" not in headers


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(agent: User) -> None:
    client = Client()
    client.get("/accounts/login/")
    client.post("/accounts/login/", {"username": "agent", "password": "a-password-for-tests"})
    session = client.cookies["sessionid"]

    assert session["httponly"] is True
    assert session["samesite"] == client.cookies["csrftoken"]["samesite"] == "Lax"


def test_a_request_keeps_the_number_it_came_with(client: Client) -> None:
    assert (
        client.get("/health/live", HTTP_X_REQUEST_ID="call-2026.11_21")["X-Request-ID"] == "call-2026.11_21"
    )


@pytest.mark.parametrize("number", ["short", "x" * 65, "with space", 'quote"quote', "é" * 10, ""])
def test_a_request_number_that_could_do_harm_is_replaced(client: Client, number: str) -> None:
    assert client.get("/health/live", HTTP_X_REQUEST_ID=number)["X-Request-ID"] != number


@pytest.fixture
def log() -> Iterator[StringIO]:
    """Everything that is logged meanwhile, as the log would hold it."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(json_formatter())
    root = logging.getLogger()
    level, root.level = root.level, logging.INFO
    names = ("django", "django.request", "django.server", "axes", "common", "customers")
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.INFO)
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)
    for name, old in before.items():
        logging.getLogger(name).setLevel(old)


CANARIES = (
    "Kenari Rahasia",
    "+6281234567899",
    "81234567899",
    "998877665544",
    "3171010101019999",
    "Jalan Kenari",
)


def test_no_line_of_the_log_says_who_a_customer_is(
    api: Callable, supervisor: User, world: World, log: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = world.customers["UP3 Menteng"]
    type(customer).objects.filter(pk=customer.pk).update(
        idpel="998877665544", name="Kenari Rahasia", street="Jalan Kenari"
    )
    customer.phones.update(number="+6281234567899")
    client, path = api(supervisor), "/api/v1/customers/998877665544/"
    revealed = client.post(
        f"{path}reveal/", {"fields": ["name", "phones"], "reason": "Pelanggan menelepon kembali"}
    )
    client.get("/api/v1/customers/?phone=081234567899")
    client.get(path)
    client.post("/api/v1/allocation/checks/", {"applicant_name": "Kenari Rahasia", "idpel": "998877665544"})
    client.get("/api/v1/customers/998877665544/nix/")

    def broken(*args: object, **kwargs: object) -> None:
        name, phone = "Kenari Rahasia", "+6281234567899"
        raise RuntimeError(f"failed for {phone} 3171010101019999 {len(name)}")

    monkeypatch.setattr("customers.models.CustomerQuerySet.visible_to", broken)
    assert client.get(path).status_code == 500

    written = log.getvalue()
    assert revealed.json()["values"]["name"] == "Kenari Rahasia"
    assert '"path"' in written
    assert "RuntimeError" in written
    assert [canary for canary in CANARIES if canary in written] == []
    assert all(json.loads(line) for line in written.splitlines())


def test_what_a_database_complains_about_is_logged_without_the_row(log: StringIO) -> None:
    try:
        raise ValueError(
            'duplicate key\nDETAIL:  Failing row contains (7, "Kenari Rahasia", 3171010101019999).'
        )
    except ValueError:
        logging.getLogger("customers").exception("import failed for 3171010101019999")

    assert "duplicate key" in log.getvalue()
    assert [canary for canary in CANARIES if canary in log.getvalue()] == []


def test_a_log_line_names_account_path_status_and_request(api: Callable, agent: User, log: StringIO) -> None:
    answer = api(agent).get("/api/v1/units/?search=rahasia")
    line = next(json.loads(line) for line in log.getvalue().splitlines() if '"request"' in line)

    assert (line["method"], line["path"], line["status"], line["user"]) == (
        "GET",
        "/api/v1/units/",
        200,
        agent.pk,
    )
    assert line["request_id"] == answer["X-Request-ID"]
    assert "rahasia" not in log.getvalue()
