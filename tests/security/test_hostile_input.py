"""A corpus of malformed input, made by hand: what each asks for differs, what none may get is a 5xx."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from common.admin import ScopedAdmin
from tests.security.changes import Watch
from tests.security.hostile import JSON, is_problem
from tests.security.world import World, appoint, logged_in
from units.models import User
from units.powers import Role

pytestmark = pytest.mark.django_db

CHECKS = "/api/v1/allocation/checks/"
FORM = "application/x-www-form-urlencoded"
DEEP = 20_000

PATHS = {
    "/api/v1/units/%00/": 400,
    "/api/v1/units/a%00b/": 400,
    "/api/v1/units/%ED%A0%80/": 404,
    "/api/v1/units/%ff%fe/": 404,
    "/api/v1/units/..%2f..%2fetc%2fpasswd/": 404,
    "/api/v1/units/" + "A" * 3000 + "/": 404,
    "/api/v1/units/' OR 1=1--/": 404,
    "/api/v1/units/{{7*7}}/": 404,
    "/api/v1/areas/../": 404,
    "/api/v1/areas/" + "9" * 13 + "/": 404,
    "/api/v1/customers/000000000000/": 404,
    "/api/v1/customers/٣٢١٠٠٠٠٠٠٠٠٠/": 404,
    "/api/v1/allocation/checks/" + "9" * 18 + "/": 404,
    "/api/v1/allocation/checks/" + "9" * 40 + "/": 404,
    "/api/v1/allocation/checks/-1/": 404,
    "/api/v1/allocation/availabilities/NIX/1/": 404,
    "/api/v1/allocation/availabilities/PUSAT/2/": 404,
    "/api/v1//units/": 404,
    "/api/v1/\ud800/".encode("utf-8", "surrogatepass").decode("latin-1"): 404,
    "/health/ready/../../admin/": 404,
}

CURSORS = (
    base64.b64encode(b"p=\x00").decode(),
    base64.b64encode(b"p=abc&r=1").decode(),
    base64.b64encode(b"p=" + b"9" * 400).decode(),
    base64.b64encode(b"o=99999999999").decode(),
    base64.b64encode("p=é\ud7ff".encode()).decode(),
    "not-base64!",
    "%ff%ff",
)
QUERIES = {
    "units/?search=%00": 400,
    "units/?search=%ED%A0%80": 200,
    "units/?search=" + "x" * 5000: 400,
    "units/?search=%25_%5C'%22": 200,
    "units/?kind=NIX": 400,
    "units/?kind=UP3&nix=1": 400,
    "units/?__proto__=1": 400,
    "units/?kind__in=UP3": 400,
    "units/?parent__history__id=1": 400,
    "units/?page_size=0": 400,
    "units/?page_size=201": 400,
    "units/?page_size=1e3": 400,
    "units/?page_size=²": 400,
    "units/?page_size=" + "9" * 5000: 400,
    "units/?ordering=password": 400,
    "units/?ordering=": 400,
    "units/PUSAT/?search=x": 400,
    "areas/?level=99999999999999999999999": 400,
    "areas/?level=1.5": 400,
    "areas/?level=NaN": 400,
    "areas/?parent=" + "3" * 4000: 200,
    "customers/?nik=1": 400,
    "customers/?nik_hash__startswith=a": 400,
    "customers/?idpel=x": 400,
    "customers/?phone=%2B%2B%2B": 400,
    "allocation/matrix/?on=2021-02-30": 400,
    "allocation/matrix/?on=0000-00-00": 400,
    "allocation/matrix/?on=99999-01-01": 400,
    "allocation/checks/?unit=%F0%9F%92%A9": None,
    "allocation/availabilities/?phase=x": 400,
    "me/?x=1": 400,
    **{f"allocation/checks/?cursor={cursor}": None for cursor in CURSORS},
    **{f"units/?cursor={cursor}": None for cursor in CURSORS},
}

BODIES: dict[str, tuple[bytes, str, int]] = {
    "nothing": (b"", JSON, 400),
    "not JSON": (b"{", JSON, 400),
    "a list": (b"[]", JSON, 400),
    "a number": (b"7", JSON, 400),
    "null": (b"null", JSON, 400),
    "NUL in a value": (b'{"tariff": "R1\\u0000"}', JSON, 400),
    "NUL in a name": (b'{"a\\u0000": 1}', JSON, 400),
    "NUL deep inside": (b'{"a": [{"b": ["\\u0000"]}]}', JSON, 400),
    "half a surrogate pair": (b'{"tariff": "\\ud800"}', JSON, 400),
    "nested too deeply": (b'{"a":' + b"[" * DEEP + b"]" * DEEP + b"}", JSON, 400),
    "nested a little too deeply": (b'{"a":' + b"[" * 40 + b"]" * 40 + b"}", JSON, 400),
    "an unclosed nest": (b'{"a":' + b"[" * DEEP, JSON, 400),
    "NaN": (b'{"power_va": NaN}', JSON, 400),
    "infinity": (b'{"power_va": -Infinity}', JSON, 400),
    "too large a float": (b'{"power_va": 1e999}', JSON, 400),
    "a number without end": (b'{"power_va": ' + b"9" * 5000 + b"}", JSON, 400),
    "a number past 64 bits": (b'{"power_va": 99999999999999999999}', JSON, 400),
    "a name twice": (b'{"unit": "A", "unit": "B"}', JSON, 400),
    "invalid UTF-8": (b'{"tariff": "\xff\xfe"}', JSON, 400),
    "UTF-16": ('{"tariff": "R1"}'.encode("utf-16"), JSON, 400),
    "a byte order mark": (b'\xef\xbb\xbf{"tariff": "R1"}', JSON, 400),
    "another charset": (b'{"tariff": "R1"}', JSON + "; charset=utf-7", 400),
    "an unknown charset": (b"{}", JSON + "; charset=nix", 400),
    "wrong types": (b'{"transaction": {}, "unit": [], "power_va": true, "product": 1}', JSON, 400),
    "too large": (b'{"a": "' + b"x" * 262_144 + b'"}', JSON, 413),
    "far too large": (b'{"a": "' + b"x" * 3_000_000 + b'"}', JSON, 413),
    "plain text": (b"hello", "text/plain", 415),
    "XML": (b"<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]><x>&y;</x>", "application/xml", 415),
    "multipart without a boundary": (b"x", "multipart/form-data", 415),
    "no type": (b"{}", "", 415),
    "a broken type": (b"{}", ";;;=", 415),
    "a form with NUL": (b"tariff=%00", FORM, 400),
    "a form with raw bytes": (b"tariff=\xff\xfe&\x80", FORM, 400),
    "a form too large": (b"a=" + b"x" * 300_000, FORM, 413),
    "a form with 5,000 fields": (b"&".join(b"a%d=1" % n for n in range(5000)), FORM, 400),
    "a placeholder": (b'{"applicant_name": "{waktu.__class__}{{7*7}}"}', JSON, 400),
}

HEADERS: dict[str, dict[str, str]] = {
    "a token of bytes": {"HTTP_AUTHORIZATION": "Bearer \xff\xfe"},
    "a token without end": {"HTTP_AUTHORIZATION": "Bearer " + "x" * 100_000},
    "a token of two parts": {"HTTP_AUTHORIZATION": "Bearer a b c"},
    "an empty token": {"HTTP_AUTHORIZATION": "Bearer"},
    "basic with junk": {"HTTP_AUTHORIZATION": "Basic !!!"},
    "an unknown language": {"HTTP_ACCEPT_LANGUAGE": "xx-" + "y" * 5000},
    "nothing acceptable": {"HTTP_ACCEPT": "image/png"},
    "a broken Accept": {"HTTP_ACCEPT": ";;q=,/,*"},
    "a long request number": {"HTTP_X_REQUEST_ID": "x" * 10_000},
    "a request number with a line break": {"HTTP_X_REQUEST_ID": "a\r\nSet-Cookie: b=c"},
    "a forged address": {"HTTP_X_FORWARDED_FOR": "1.2.3.4, nix, \x00"},
    "another host": {"HTTP_HOST": "evil.example"},
    "a broken host": {"HTTP_HOST": "a b:99999"},
    "a broken key": {"HTTP_IDEMPOTENCY_KEY": "\xff"},
    "a session of NUL": {"HTTP_COOKIE": 'sessionid="\\000\\000aaaaaaaaaaaaa"'},
    "a session of junk": {"HTTP_COOKIE": "sessionid=" + "é" * 900},
    "a language cookie of junk": {"HTTP_COOKIE": "django_language=../../x\\000"},
    "a messages cookie of junk": {"HTTP_COOKIE": "messages=\\x80\\x05nix"},
    "a negative length": {"CONTENT_LENGTH": "-1"},
}


@pytest.fixture
def reader(agent: User) -> Client:
    return logged_in(agent)


def test_the_corpus_is_large_enough() -> None:
    assert len(PATHS) + len(QUERIES) + len(BODIES) + len(HEADERS) >= 110


@pytest.mark.parametrize(("path", "status"), PATHS.items(), ids=lambda value: str(value)[:50])
def test_a_hostile_path(reader: Client, path: str, status: int) -> None:
    answer = reader.get(path)

    assert answer.status_code == status
    assert not path.startswith("/api/") or is_problem(answer)


@pytest.mark.parametrize(("query", "status"), QUERIES.items(), ids=lambda value: str(value)[:50])
def test_a_hostile_query(reader: Client, query: str, status: int | None) -> None:
    answer = reader.get(f"/api/v1/{query}")

    assert answer.status_code in ({status} if status else {200, 400})
    assert answer.status_code == 200 or is_problem(answer)


@pytest.mark.parametrize("case", BODIES)
@pytest.mark.parametrize("path", [CHECKS, "reveal"])
def test_a_hostile_body_is_refused_and_changes_nothing(
    reader: Client, world: World, case: str, path: str
) -> None:
    body, content_type, status = BODIES[case]
    if path == "reveal":
        path = reverse("api:customer-reveal", args=[world.customers["UP3 Menteng"].idpel])
    watch = Watch()
    answer = reader.generic("POST", path, body, content_type=content_type)

    assert answer.status_code == status
    assert is_problem(answer)
    assert watch.changes() == []


@pytest.mark.parametrize("case", HEADERS)
@pytest.mark.parametrize("path", ["/api/v1/me/", "/admin/", "/accounts/login/", "/health/live"])
def test_a_hostile_header(client: Client, case: str, path: str) -> None:
    client.raise_request_exception = False
    answer = client.get(path, **HEADERS[case])

    assert answer.status_code < 500
    assert "evil" not in answer.headers.get("Location", "")
    assert "b=c" not in str(answer.headers)


def test_a_put_of_something_else_than_an_object(manager_menteng: User, world: World) -> None:
    client = logged_in(manager_menteng)
    path = reverse("api:availability-detail", args=[world.units["UP3 Menteng"].code, 1])
    for body in (b"[]", b'"x"', b"null", b"1", b"", b'{"value": null}', b'{"value": ["ALL"], "reason": {}}'):
        answer = client.generic("PUT", path, body, content_type=JSON, HTTP_IF_MATCH="*")
        assert (answer.status_code, is_problem(answer)) == (400, True)


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"username": "\x00", "password": "\x00"},
        {"username": "x" * 100_000, "password": "y" * 100_000},
        {"username": "é\u202e\U0001f4a9", "password": "p"},
        {"username": ["a", "b"], "password": "p", "next": "//evil.example"},
        {"username": "' OR 1=1--", "password": "{{7*7}}"},
    ],
    ids=str,
)
def test_the_log_in_form_takes_anything(client: Client, form: dict) -> None:
    client.raise_request_exception = False
    answer = client.post("/accounts/login/", form, HTTP_USER_AGENT="x" * 2000)

    assert answer.status_code in (200, 400)


OAUTH = ({}, {"grant_type": "\x00"}, {"grant_type": "password"}, {"client_id": "\x00" * 9, "grant_type": "x"})


@pytest.mark.parametrize("page", ["authorize", "token", "revoke-token"])
@pytest.mark.parametrize("form", OAUTH, ids=str)
def test_the_oauth_pages_take_anything(reader: Client, page: str, form: dict) -> None:
    path = reverse(f"oauth2_provider:{page}")

    assert reader.get(path, form).status_code < 500
    assert reader.post(path, form).status_code < 500
    assert reader.post(path, form, HTTP_AUTHORIZATION="Basic AAAA/w==").status_code < 500


def admin_queries() -> list[str]:
    lists = [
        reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_changelist")
        for page in admin.site._registry.values()
        if isinstance(page, ScopedAdmin)
    ]
    hostile = (
        "q=%00",
        "q=%ED%A0%80" + "%20x" * 300 + "&p=-9&o=9.-9.x",
        "id__exact=x",
        "nix__in=1&_popup=x&_to_field=password",
        "unit__id__exact=99999999999999999999",
    )
    return [f"{path}?{query}" for path in lists for query in hostile]


def test_the_admins_lists_take_any_query(world: World) -> None:
    client = logged_in(appoint("b", Role.BACK_OFFICE, world.units["PLN Pusat"]))
    failed = [path for path in admin_queries() if client.get(path).status_code >= 500]

    assert failed == []


@pytest.mark.parametrize(
    ("page", "query", "status"),
    [
        ("customers_customer", "name__startswith=P", 400),
        ("customers_customer", "street__contains=a", 400),
        ("customers_customer", "nik_hash__startswith=a", 400),
        ("customers_customer", "phones__number__startswith=%2B62", 400),
        ("customers_customer", "product__exact=PRABAYAR", 200),
        ("tickets_ticket", "reporter_name__startswith=P", 400),
        ("tickets_ticket", "caller_number__startswith=%2B62", 400),
        ("tickets_ticket", "customer__name__startswith=P", 400),
        ("tickets_ticket", "status__exact=LAPOR", 200),
        ("tickets_ticket", "list=late", 200),
    ],
)
def test_nobody_finds_out_letter_by_letter_what_a_list_masks(
    page: str, query: str, status: int, world: World
) -> None:
    client = logged_in(appoint("b", Role.SUPERVISOR, world.units["PLN Pusat"]))

    assert client.get(f"{reverse(f'admin:{page}_changelist')}?{query}").status_code == status


def test_the_admins_forms_take_anything(world: World) -> None:
    client = logged_in(appoint("b", Role.BACK_OFFICE, world.units["PLN Pusat"]))
    junk = ("\x00", "9" * 400, "{{7*7}}-" + "x" * 5000)
    failed = []
    for page in admin.site._registry.values():
        if not isinstance(page, ScopedAdmin):
            continue
        path = reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_add")
        fields = [field.name for field in page.opts.get_fields() if field.concrete]
        for value in junk:
            if client.post(path, dict.fromkeys(fields, value)).status_code >= 500:
                failed.append((path, value))

    assert failed == []


def test_a_hostile_answer_is_in_the_readers_language(api: Callable, agent: User) -> None:
    indonesian = api(agent).get("/api/v1/units/?nix=1")
    english = api(agent).get("/api/v1/units/?nix=1", HTTP_ACCEPT_LANGUAGE="en")

    assert english.json()["title"] == "The request cannot be understood"
    assert english.headers["Content-Language"] == "en"
    assert indonesian.headers["Content-Language"] == "id"
