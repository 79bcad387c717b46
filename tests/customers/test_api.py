"""Customers over the API: one exact look-up, masked; revealed for a reason."""

import json
import logging

import pytest

from customers.models import AccessLog
from tests.customers.conftest import NIK, leaks

pytestmark = pytest.mark.django_db

LIST = "/api/v1/customers/"
REASON = "penelepon meminta dibacakan"


def detail(customer):
    return f"{LIST}{customer.idpel}/"


def reveal(customer):
    return f"{LIST}{customer.idpel}/reveal/"


@pytest.mark.parametrize(
    "query",
    ["idpel=540520000017", "meter_number=14520000017", "phone=081299990789", "phone=%2B6281299990789"],
)
def test_one_exact_number_finds_the_customer_masked(api, agent, customer, query):
    response = api(agent).get(f"{LIST}?{query}")

    assert response.status_code == 200
    [found] = response.json()["results"]
    assert found["idpel"] == customer.idpel
    assert found["name"] == "P•••• K••••"
    assert found["nik"] == "3171••••••••0000"
    assert found["phones"] == [
        {"number": "0812••••789", "kind": "MOBILE"},
        {"number": "0215••••123", "kind": "PSTN"},
    ]
    assert leaks(response.content) == []


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("", "/"),
        ("idpel=", "/"),
        ("idpel=540520000017&phone=081299990789", "/"),
        ("idpel=5405", "/idpel"),
        ("phone=123", "/phone"),
        ("meter_number=x", "/meter_number"),
        ("name=KENARI", "/name"),
        ("idpel=540520000017&area=31", "/area"),
    ],
)
def test_anything_else_is_400_at_the_parameter(api, agent, customer, query, pointer):
    response = api(agent).get(f"{LIST}?{query}")

    assert response.status_code == 400
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]


def test_a_number_nobody_has_finds_nobody(api, agent, customer):
    assert api(agent).get(f"{LIST}?idpel=540520000099").json()["results"] == []


def test_the_detail_is_masked_and_says_what_the_agent_needs(api, agent, customer):
    response = api(agent).get(detail(customer))

    answer = response.json()
    assert leaks(response.content) == []
    assert (answer["phase"], answer["product"], answer["power_va"], answer["tariff"]) == (
        1,
        "PRABAYAR",
        900,
        "R1",
    )
    assert answer["is_subsidised"] is True
    assert answer["unit"]["name"] == "UP3 Menteng"
    assert answer["area"]["code"] == "31.71.01.1001"
    assert answer["area"]["place"].endswith("DKI JAKARTA")
    assert answer["meter"]["brand"] == "Hexing"
    assert answer["meter"]["age_years"] >= 14
    assert answer["meter"]["is_number_plausible"] is False


@pytest.mark.parametrize(
    "address", ["/api/v1/customers/?idpel=540520000017", "/api/v1/customers/540520000017/"]
)
def test_the_agent_screen_gets_a_masked_card(api, agent, customer, address):
    response = api(agent).get(address, HTTP_ACCEPT="text/html")

    assert response.status_code == 200
    assert "540520000017" in response.content.decode()
    assert "P•••• K••••" in response.content.decode()
    assert leaks(response.content) == []


@pytest.mark.parametrize(
    ("reader", "status"),
    [
        ("agent", 200),
        ("manager_menteng", 200),
        ("srm_jakarta", 200),
        ("posko_menteng", 200),
        ("manager_bandung", 404),
        ("sop_author", 403),
        ("channel", 403),
        ("nobody", 403),
    ],
)
def test_customers_are_seen_within_the_unit(api, request, customer, reader, status):
    client = api(request.getfixturevalue(reader))

    assert client.get(detail(customer)).status_code == status
    listed = client.get(f"{LIST}?idpel={customer.idpel}")
    assert len(listed.json().get("results", [])) == (1 if status == 200 else 0)


def test_without_login_nothing_is_answered(api, customer):
    assert api().get(detail(customer)).status_code == 401


def test_a_channel_token_reads_no_customers(channel_api, customer):
    assert channel_api().get(detail(customer)).status_code == 403


def test_a_reveal_answers_in_full_and_is_recorded_once(api, agent, customer):
    body = {"fields": ["nik", "phones"], "reason": REASON}
    response = api(agent).post(reveal(customer), body)

    assert response.status_code == 200
    assert response.json() == {
        "idpel": customer.idpel,
        "values": {
            "nik": NIK,
            "phones": [
                {"number": "+6281299990789", "kind": "MOBILE"},
                {"number": "+62215559123", "kind": "PSTN"},
            ],
        },
    }
    assert response["Cache-Control"] == "no-store"
    access = AccessLog.objects.get()
    assert access.fields == ["nik", "phones"]
    assert access.request_id


def test_the_agent_screen_reveals_with_a_form(api, agent, customer):
    response = api(agent).post(
        reveal(customer),
        "fields=name&fields=nik&reason=penelepon+meminta+dibacakan",
        content_type="application/x-www-form-urlencoded",
        HTTP_ACCEPT="text/html",
    )

    assert response.status_code == 200
    assert "PELANGGAN KENARI" in response.content.decode()
    assert NIK in response.content.decode()
    assert AccessLog.objects.get().fields == ["name", "nik"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"fields": ["nik"]},
        {"fields": [], "reason": REASON},
        {"fields": ["idpel"], "reason": REASON},
        {"fields": "nik", "reason": REASON},
        {"fields": ["nik"], "reason": "singkat"},
        {"fields": ["nik"], "reason": "x" * 501},
        {"fields": ["nik"], "reason": {"a": 1}},
        [],
    ],
)
def test_a_reveal_without_field_or_reason_is_400_and_not_recorded(api, agent, customer, body):
    response = api(agent).post(reveal(customer), json.dumps(body), content_type="application/json")

    assert response.status_code == 400
    assert leaks(response.content) == []
    assert not AccessLog.objects.exists()


@pytest.mark.parametrize(
    ("reader", "status"), [("manager_menteng", 403), ("manager_bandung", 403), ("nobody", 403)]
)
def test_a_refused_reveal_reveals_and_records_nothing(api, request, customer, reader, status):
    body = {"fields": ["nik"], "reason": REASON}
    response = api(request.getfixturevalue(reader)).post(reveal(customer), body)

    assert response.status_code == 403
    assert leaks(response.content) == []
    assert not AccessLog.objects.exists()


def test_a_hidden_customer_is_not_there_to_reveal(api, posko_menteng, elsewhere):
    response = api(posko_menteng).post(reveal(elsewhere), {"fields": ["nik"], "reason": REASON})

    assert response.status_code == 404
    assert not AccessLog.objects.exists()


def test_revealing_has_a_limit_by_the_hour(api, agent, customer):
    client, body = api(agent), {"fields": ["name"], "reason": REASON}
    for _ in range(30):
        assert client.post(reveal(customer), body).status_code == 200

    refused = client.post(reveal(customer), body)

    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    assert AccessLog.objects.count() == 30


def test_the_request_log_holds_no_number_of_a_caller(api, agent, customer, caplog):
    with caplog.at_level(logging.INFO):
        api(agent).get(f"{LIST}?phone=081299990789")

    assert "/api/v1/customers/" in caplog.text
    assert leaks(caplog.text) == []


@pytest.mark.parametrize("many", [1, 6])
def test_a_look_up_costs_the_same_for_one_and_for_many(api, agent, register, many, django_assert_num_queries):
    for number in range(many):
        register(f"54052000{number:04d}", "UP3 Menteng")
    client = api(agent)
    client.get(f"{LIST}?phone=081299990789")

    with django_assert_num_queries(6):
        response = client.get(f"{LIST}?phone=081299990789")

    assert len(response.json()["results"]) == many
