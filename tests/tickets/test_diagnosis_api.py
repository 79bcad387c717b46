"""Self-diagnosis over the API: submitted, decided, and nothing internal gets out."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.core.serializers import serialize
from rest_framework.test import APIClient

from customers.models import Customer
from tickets.channel_notices import channel_message
from tickets.models import (
    CodeMeaning,
    DiagnosisCoverage,
    ReadingCode,
    SelfDiagnosis,
    Status,
    SuggestionRule,
    Ticket,
)
from tickets.services.coverage import find_coverage
from tickets.services.diagnosis import submit_diagnosis
from tickets.services.report import Report
from tickets.services.tickets import create_ticket
from units.models import Area, User

Api = Callable[[User | None], APIClient]


def url(ticket: Ticket, rest: str = "self-diagnosis/") -> str:
    return f"/api/v1/tickets/{ticket.number}/{rest}"


@pytest.fixture
def mobile(channel_api: Callable[..., APIClient]) -> APIClient:
    """PLN Mobile with the scopes it needs."""
    return channel_api("tickets diagnosis")


@pytest.fixture
def mobile_periksa(report: Callable[..., Report], channel: User, customer: Customer) -> Ticket:
    """A PERIKSA report from the app."""
    return create_ticket(
        report=report(wo_type="KWH_PERIKSA", customer=customer, channel="PLN_MOBILE", client_ref="m-1"),
        by=channel,
    )


@pytest.mark.requirement("R-003-67", "R-003-112")
def test_an_agent_submits_nine_readings_and_the_operator_finds_them_with_warnings(
    api: Api, agent: User, vcc_operator: User, periksa: Ticket, readings: dict[str, Any]
) -> None:
    answer = api(agent).put(url(periksa), {"readings": readings | {"41": 500}})

    assert (answer.status_code, answer["ETag"]) == (201, answer["ETag"])
    [case] = api(vcc_operator).get("/api/v1/self-diagnoses/?status=SUBMITTED").json()["results"]
    assert (case["ticket"], case["suggestion"], case["is_assumption"]) == (periksa.number, "OFFICER", True)
    assert case["readings"]["41"] == 500
    assert any("41" in warning for warning in case["warnings"])
    assert "A2" in case["triggers"][0]
    assert "41 = 500" in case["triggers"][0]


@pytest.mark.requirement("R-003-56")
def test_a_missing_key_is_refused_at_its_place_and_null_is_not(
    api: Api, agent: User, periksa: Ticket, readings: dict[str, Any]
) -> None:
    missing = {code: value for code, value in readings.items() if code != "47"}

    refused = api(agent).put(url(periksa), {"readings": missing})

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/readings/47"
    assert not SelfDiagnosis.objects.exists()
    accepted = api(agent).put(url(periksa), {"readings": missing | {"47": None}})
    assert accepted.json()["readings"]["47"] is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"readings": None},
        {"readings": []},
        {"readings": "08"},
        {"readings": {"08": "x"}},
        {"readings": {"99": 1}},
        {"readings": {}, "status": "CTT_APPROVED"},
        {"readings": dict.fromkeys(("08", "70", "71", "41", "44", "45", "46", "37", "47"), True)},
    ],
)
def test_bad_bodies_are_refused_and_nothing_is_kept(
    api: Api, agent: User, periksa: Ticket, body: dict[str, Any]
) -> None:
    assert api(agent).put(url(periksa), body).status_code in (400, 422)
    assert not SelfDiagnosis.objects.exists()


def test_the_same_readings_again_are_no_conflict_and_others_need_if_match(
    api: Api, agent: User, periksa: Ticket, readings: dict[str, Any]
) -> None:
    client = api(agent)
    etag = client.put(url(periksa), {"readings": readings})["ETag"]
    changed = {"readings": readings | {"37": 1}}

    assert client.put(url(periksa), {"readings": readings}).status_code == 200
    assert client.put(url(periksa), changed).status_code == 428
    assert client.put(url(periksa), changed, headers={"If-Match": '"9-9"'}).status_code == 412
    assert client.put(url(periksa), changed, headers={"If-Match": etag}).status_code == 200
    assert SelfDiagnosis.objects.get().version == 2


@pytest.mark.requirement("R-003-116")
def test_an_operator_approves_once_and_the_second_is_told(
    api: Api,
    agent: User,
    vcc_operator: User,
    appoint: Callable[..., User],
    periksa: Ticket,
    readings: dict[str, Any],
) -> None:
    case, _ = submit_diagnosis(ticket=periksa, readings=readings, by=agent)
    second = appoint("second_operator", "VCC_OPERATOR", "PLN Pusat")
    where = f"/api/v1/self-diagnoses/{case.pk}"

    assert api(vcc_operator).post(f"{where}/approve-ctt/", {}).status_code == 400
    approved = api(vcc_operator).post(f"{where}/approve-ctt/", {"reason": "terminal opened"})
    late = api(second).post(f"{where}/send-officer/", {"reason": "look"})

    assert (approved.status_code, approved.json()["status"]) == (200, "CTT_APPROVED")
    assert approved.json()["token"]["masked"].startswith("••••")
    assert (late.status_code, late.json()["code"]) == (409, "already_decided")
    periksa.refresh_from_db()
    assert periksa.status == Status.MENUNGGU_KONFIRMASI


def test_agents_units_and_channels_do_not_decide(
    api: Api,
    mobile: APIClient,
    agent: User,
    supervisor: User,
    posko_menteng: User,
    periksa: Ticket,
    readings: dict[str, Any],
) -> None:
    case, _ = submit_diagnosis(ticket=periksa, readings=readings, by=agent)
    for client in (api(agent), api(supervisor), api(posko_menteng)):
        for verb in ("approve-ctt", "send-officer", "deliver"):
            answer = client.post(f"/api/v1/self-diagnoses/{case.pk}/{verb}/", {"reason": "x"})
            assert answer.status_code == 403
    assert mobile.post(f"/api/v1/self-diagnoses/{case.pk}/approve-ctt/", {"reason": "x"}).status_code == 403
    case.refresh_from_db()
    assert case.status == "SUBMITTED"


@pytest.mark.requirement("R-003-108", "R-003-109", "R-003-111", "R-003-114", "R-003-115", "R-003-117")
def test_an_app_goes_from_its_menu_over_nine_entries_to_its_token_and_confirms(
    api: Api, mobile: APIClient, vcc_operator: User, mobile_periksa: Ticket, readings: dict[str, Any]
) -> None:
    menu = mobile.get("/api/v1/problem-types/", {"tab": "GANGGUAN"}).json()["results"]
    assert "periksa" in {entry["code"] for entry in menu}
    assert mobile.put(url(mobile_periksa), {"readings": readings}).status_code == 201
    assert mobile.get(url(mobile_periksa, "ctt/")).status_code == 404
    case = SelfDiagnosis.objects.get()
    api(vcc_operator).post(f"/api/v1/self-diagnoses/{case.pk}/approve-ctt/", {"reason": "clear"})

    progress = mobile.get(url(mobile_periksa, "")).json()
    token = mobile.get(url(mobile_periksa, "ctt/")).json()
    assert (progress["has_ctt"], progress["asks_confirmation"]) == (True, True)
    assert len(token["token"].replace(" ", "")) == 20
    assert case.ticket.events.last().data == {"way": "PLN_MOBILE"}
    delivery = api(vcc_operator).get(f"/api/v1/self-diagnoses/{case.pk}/").json()["token"]["deliveries"][0]
    assert (delivery["way"], delivery["result"]) == ("PLN_MOBILE", "CONFIRMED")

    done = mobile.post(
        url(mobile_periksa, "confirm/"), {"is_done": True}, headers={"Idempotency-Key": "confirm-1"}
    )
    assert (done.status_code, done.json()["status"], done.json()["is_confirmed"]) == (200, "SELESAI", True)


@pytest.mark.requirement("R-003-106")
def test_an_agent_follows_a_report_from_outside_the_app(
    api: Api, agent: User, vcc_operator: User, periksa: Ticket, readings: dict[str, Any]
) -> None:
    case, _ = submit_diagnosis(ticket=periksa, readings=readings, by=agent)
    api(vcc_operator).post(f"/api/v1/self-diagnoses/{case.pk}/send-officer/", {"reason": "look"})

    [found] = api(agent).get("/api/v1/tickets/", {"idpel": "540520000001"}).json()["results"]
    steps = api(agent).get(url(periksa, "events/")).json()["results"]
    assert (found["number"], found["channel"], found["status"]) == (periksa.number, "CC123", "LAPOR")
    assert [step["kind"] for step in steps] == ["CREATED", "DIAGNOSED", "MOVED", "OFFICER_SENT"]


def test_a_token_stands_in_clear_in_no_table(
    api: Api, agent: User, vcc_operator: User, periksa: Ticket, readings: dict[str, Any]
) -> None:
    case, _ = submit_diagnosis(ticket=periksa, readings=readings, by=agent)
    typed = {"reason": "clear", "token": "1234 5678 9012 3456 7890"}
    answer = api(vcc_operator).post(
        f"/api/v1/self-diagnoses/{case.pk}/approve-ctt/", typed, headers={"Idempotency-Key": "approve-1"}
    )

    assert answer.status_code == 200
    kept = serialize("json", [row for model in apps.get_models() for row in model._base_manager.all()[:500]])
    assert "approve-1" in kept
    for form in ("12345678901234567890", "1234 5678 9012 3456 7890"):
        assert form not in kept
        assert form not in answer.content.decode()


def test_the_unit_decides_before_the_province(
    api: Api, agent: User, unit: Callable[[str], Any], gambir: Any
) -> None:
    """Pondok Gede lies in Jawa Barat and is served by UID Jakarta Raya: in scope from 22 December 2021."""
    jakarta, bekasi = unit("UP3 Menteng"), Area.objects.get(pk="32.75")
    days = {"in Jakarta's time": date(2021, 12, 22), "in Jawa Barat's": date(2022, 2, 18)}

    first = find_coverage(unit=jakarta, area=bekasi, on=days["in Jakarta's time"])
    assert first is not None
    assert first.unit == unit("UID Jakarta Raya")
    assert find_coverage(unit=None, area=bekasi, on=days["in Jakarta's time"]) is None
    fallback = find_coverage(unit=None, area=bekasi, on=days["in Jawa Barat's"])
    assert fallback is not None
    assert fallback.province_id == "32"
    assert find_coverage(unit=None, area=None, on=days["in Jawa Barat's"]) is None


def test_the_national_row_covers_everybody_once_it_is_switched_on(api: Api, agent: User) -> None:
    ask = {"area": "73.71", "on": "2022-06-11"}
    before = api(agent).post("/api/v1/coverage-checks/", ask).json()
    DiagnosisCoverage.objects.filter(unit__kind="PUSAT").update(is_active=True)

    after = api(agent).post("/api/v1/coverage-checks/", ask).json()
    earlier = api(agent).post("/api/v1/coverage-checks/", ask | {"on": "2022-06-10"}).json()

    answers = [it["is_covered"] for it in (before, after, earlier)]
    assert answers == [False, True, False]


def test_a_channel_meets_only_its_own_cases_and_tokens(
    api: Api,
    mobile: APIClient,
    agent: User,
    vcc_operator: User,
    periksa: Ticket,
    readings: dict[str, Any],
) -> None:
    case, _ = submit_diagnosis(ticket=periksa, readings=readings, by=agent)
    api(vcc_operator).post(f"/api/v1/self-diagnoses/{case.pk}/approve-ctt/", {"reason": "clear"})

    assert mobile.get(url(periksa)).status_code == 404
    assert mobile.get(url(periksa, "ctt/")).status_code == 404
    assert mobile.put(url(periksa), {"readings": readings}).status_code == 404
    assert mobile.get("/api/v1/self-diagnoses/").json()["results"] == []
    assert mobile.get(f"/api/v1/self-diagnoses/{case.pk}/").status_code == 404


def test_without_its_scope_a_channel_submits_nothing(
    channel_api: Callable[..., APIClient], mobile_periksa: Ticket, readings: dict[str, Any]
) -> None:
    client = channel_api("read tickets")

    assert client.put(url(mobile_periksa), {"readings": readings}).status_code == 403
    assert client.get(url(mobile_periksa, "ctt/")).status_code == 403
    assert not SelfDiagnosis.objects.exists()


@pytest.mark.requirement("R-003-57")
def test_no_answer_to_a_channel_holds_a_meaning_a_warning_or_a_suggestion(
    api: Api, mobile: APIClient, vcc_operator: User, mobile_periksa: Ticket, readings: dict[str, Any]
) -> None:
    """Every address that a channel may read, before and after the decision, and every webhook."""
    odd = readings | {"41": 500, "71": 3}
    answers = [mobile.put(url(mobile_periksa), {"readings": odd})]
    case = SelfDiagnosis.objects.get()
    answers += _everything(mobile, mobile_periksa, case)
    send = {"reason": "RAHASIA: tutup meter dibuka"}
    api(vcc_operator).post(f"/api/v1/self-diagnoses/{case.pk}/send-officer/", send)
    answers += _everything(mobile, mobile_periksa, case)
    sent = [json.dumps(channel_message(event)) for event in mobile_periksa.events.select_related("ticket")]

    said = [answer.content.decode().lower() for answer in answers] + [text.lower() for text in sent]
    assert any('"08"' in text for text in said)
    for secret in _secrets():
        assert not any(secret in text for text in said), secret


def _everything(mobile: APIClient, ticket: Ticket, case: SelfDiagnosis) -> list[Any]:
    paths = [url(ticket, rest) for rest in ("", "events/", "photos/", "self-diagnosis/", "ctt/")]
    paths += ["/api/v1/tickets/", "/api/v1/self-diagnoses/", f"/api/v1/self-diagnoses/{case.pk}/"]
    paths += ["/api/v1/reading-codes/", "/api/v1/work-orders/", "/api/v1/incidents/", "/api/v1/crews/"]
    return [mobile.get(path) for path in paths]


def _secrets() -> list[str]:
    """What must not be said: meanings of codes and values, notes of rules, their names, people, reasons."""
    meanings = [*ReadingCode.objects.values_list("meaning", flat=True)]
    meanings += CodeMeaning.objects.values_list("meaning", flat=True)
    meanings += SuggestionRule.objects.values_list("note", flat=True)
    words = ["penyebab periksa", "open terminal", "open cover", "rahasia", "suggestion", "warning", "trigger"]
    words += ["vcc_operator", "plausible", "meaning", "reason"]
    return [text.lower() for text in (*meanings, *words) if text]


@pytest.mark.requirement("R-003-110")
def test_a_channel_asks_whether_a_customer_is_covered(
    mobile: APIClient, customer: Customer, periksa: Ticket
) -> None:
    ask = "/api/v1/coverage-checks/"

    by_idpel = mobile.post(ask, {"idpel": customer.idpel}).json()
    by_meter = mobile.post(ask, {"meter_number": "14000000001", "on": "2021-12-21"}).json()

    assert (by_idpel["is_covered"], by_idpel["wo_type"]) == (True, "KWH_PERIKSA")
    assert (by_meter["is_covered"], by_meter["wo_type"]) == (False, "WO_AUTODISPATCH")
    assert customer.name not in json.dumps(by_idpel)
    assert mobile.post(ask, {"idpel": "999999999999"}).status_code == 404
    assert mobile.post(ask, {}).status_code == 400
    assert mobile.post(ask, {"idpel": customer.idpel, "area": "31.71.01.1001"}).status_code == 400


@pytest.mark.requirement("R-003-27", "R-003-28", "R-003-29", "R-003-30", "R-003-31", "R-003-32")
@pytest.mark.parametrize(
    ("area", "on", "is_covered"),
    [
        ("31.71.01.1001", "2021-12-21", False),
        ("31.71.01.1001", "2021-12-22", True),
        ("36.74", "2021-12-21", False),
        ("36.74", "2021-12-22", True),
        ("32.73", "2022-02-17", False),
        ("32.73", "2022-02-18", True),
        ("34.71", "2022-02-17", False),
        ("34.71", "2022-02-18", True),
        ("73.71", "2026-01-01", False),
        ("91.71", "2026-01-01", False),
    ],
)
def test_both_sides_of_each_effective_date(
    api: Api, agent: User, area: str, on: str, is_covered: bool
) -> None:
    answer = api(agent).post("/api/v1/coverage-checks/", {"area": area, "on": on}).json()

    assert answer["is_covered"] is is_covered


def test_reading_a_token_out_is_logged_and_a_channel_cannot(
    api: Api, agent: User, vcc_operator: User, mobile: APIClient, periksa: Ticket, readings: dict[str, Any]
) -> None:
    case, _ = submit_diagnosis(ticket=periksa, readings=readings, by=agent)
    assert api(agent).post(url(periksa, "ctt/read-out/")).status_code == 409
    api(vcc_operator).post(f"/api/v1/self-diagnoses/{case.pk}/approve-ctt/", {"reason": "clear"})

    said = api(agent).post(url(periksa, "ctt/read-out/")).json()

    log = api(vcc_operator).get(f"/api/v1/self-diagnoses/{case.pk}/").json()["token"]["deliveries"]
    assert len(said["token"].replace(" ", "")) == 20
    assert [(it["way"], it["by"]) for it in log] == [("PHONE", "agent")]
    assert mobile.post(url(periksa, "ctt/read-out/")).status_code == 404


def test_the_list_of_cases_costs_the_same_for_one_and_for_many(
    api: Api,
    agent: User,
    vcc_operator: User,
    report: Callable[..., Report],
    customer: Customer,
    readings: dict[str, Any],
    django_assert_num_queries: Any,
) -> None:
    def add(count: int) -> None:
        for _ in range(count):
            made = create_ticket(report=report(wo_type="KWH_PERIKSA", customer=customer), by=agent)
            submit_diagnosis(ticket=made, readings=readings, by=agent)

    client = api(vcc_operator)
    for count in (1, 9):
        add(count)
        with django_assert_num_queries(4):
            client.get("/api/v1/self-diagnoses/?status=SUBMITTED")
