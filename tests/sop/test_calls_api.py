"""Calls over the API: the contract, both renderings, who may, and twice is once."""

import pytest

from sop.models import Call, CallStep
from tickets.models import Ticket
from units.powers import POWERS, Power, Role

from .conftest import PADAM

pytestmark = pytest.mark.django_db

URL = "/api/v1/calls/"
HTML = {"HTTP_ACCEPT": "text/html"}
NAMED = {"nama": "Penelepon Satu", "sapaan": "ibu"}


@pytest.fixture
def phone(api, agent, padam):
    """The agent's client, a call opened, and its address."""
    client = api(agent)
    made = client.post(URL, {"procedure": "padam", "caller_number": "081234567890"})
    assert made.status_code == 201
    return client, f"{URL}{made.json()['id']}/"


def test_a_call_is_opened_and_answered_as_the_contract_says(phone):
    client, url = phone
    opened = client.get(url).json()

    assert opened["sop"] == "contoh@1"
    assert (opened["status"], opened["ticket"], opened["outcome"], opened["path"]) == ("OPEN", None, None, [])
    assert opened["caller"]["number"] == "0812••••890"
    client.post(f"{url}answers/", {"step": "salam"})
    listrik = client.post(f"{url}answers/", {"step": "nama", "fields": NAMED}).json()["step"]

    assert (listrik["id"], listrik["kind"], listrik["number"]) == ("listrik", "choose", "3")
    assert listrik["say"].startswith("“... Baik Ibu Penelepon Satu")
    assert listrik["internal"] == "rahasia dapur" not in listrik["say"]
    assert listrik["fields"] == []
    assert [(it["value"], it["label"], it["key"]) for it in listrik["choices"]] == [
        ("padam", "Sudah Padam", 1),
        ("menyala", "Masih Menyala", 2),
    ]
    client.post(f"{url}answers/", {"step": "listrik", "choice": "padam"})
    lapor = client.post(f"{url}answers/", {"step": "lokasi", "fields": {"area": "31.71.01.1001"}}).json()
    assert lapor["step"]["outcome"]["kind"] == "GANGGUAN_AUTODISPATCH"
    assert lapor["step"]["outcome"]["problem"] == "1 RUMAH PADAM (Sudah Padam)"
    done = client.post(f"{url}answers/", {"step": "lapor"}).json()
    assert done["ticket"] == Ticket.objects.get().number
    assert done["outcome"] == "GANGGUAN_AUTODISPATCH"
    assert [it["step"] for it in done["path"]] == ["salam", "nama", "listrik", "jenis", "lokasi", "lapor"]


def test_a_stale_answer_is_409_with_its_code(phone):
    client, url = phone

    refused = client.post(f"{url}answers/", {"step": "nama", "fields": NAMED})

    assert (refused.status_code, refused.json()["code"]) == (409, "stale_step")
    assert not CallStep.objects.exists()


def test_the_same_key_opens_one_call(api, agent, padam):
    client = api(agent)
    body = {"procedure": "padam", "caller_number": "081234567890"}

    first = client.post(URL, body, HTTP_IDEMPOTENCY_KEY="panggilan-1")
    second = client.post(URL, body, HTTP_IDEMPOTENCY_KEY="panggilan-1")

    assert first.json()["id"] == second.json()["id"]
    assert Call.objects.count() == 1


def test_a_form_answers_the_same_steps_and_gets_a_fragment(phone):
    client, url = phone
    client.post(f"{url}answers/", {"step": "salam"})

    page = client.post(
        f"{url}answers/",
        "step=nama&fields.nama=Penelepon+Satu&fields.sapaan=bapak",
        content_type="application/x-www-form-urlencoded",
        **HTML,
    )

    text = page.content.decode()
    assert page.status_code == 200
    assert "Baik Bapak Penelepon Satu" in text
    assert "Tidak boleh disampaikan" in text
    assert 'value="padam"' in text


def test_what_a_caller_says_is_never_html(phone):
    client, url = phone
    client.post(f"{url}answers/", {"step": "salam"})
    client.post(f"{url}answers/", {"step": "nama", "fields": NAMED | {"nama": "<script>alert(1)</script>"}})

    page = client.get(url, **HTML).content.decode()

    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_back_and_breaking_off(phone):
    client, url = phone
    client.post(f"{url}answers/", {"step": "salam"})

    back = client.post(f"{url}back/", {})
    assert (back.status_code, back.json()["step"]["id"]) == (200, "salam")
    assert client.post(f"{url}back/", {}).json()["code"] == "no_way_back"
    assert client.post(f"{url}abandon/", {}).status_code == 400
    gone = client.post(f"{url}abandon/", {"reason": "terputus"}).json()

    assert (gone["status"], gone["step"]) == ("ABANDONED", None)
    assert client.post(f"{url}answers/", {"step": "salam"}).json()["code"] == "call_closed"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"procedure": "tidak-ada"},
        {"procedure": "padam", "caller_number": "bukan nomor"},
        {"procedure": "padam", "idpel": "123"},
        {"procedure": "padam", "idpel": "999999999999"},
        {"procedure": "padam", "area": "99.99"},
        {"procedure": "padam", "on": "2999-01-01"},
        {"procedure": "padam", "channel": "MERPATI"},
        {"procedure": "padam", "agent": 1},
        {"procedure": ["padam"]},
        {"procedure": "padam", "on": {"a": 1}},
    ],
)
def test_an_opening_that_makes_no_sense_is_refused_and_opens_nothing(api, agent, padam, body):
    refused = api(agent).post(URL, body)

    assert 400 <= refused.status_code < 500
    assert refused["Content-Type"] == "application/problem+json"
    assert not Call.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"nama": 1},
        {"nama": ["x"]},
        {"nama": {"a": 1}},
        {"nama": "x" * 300, "sapaan": "ibu"},
        {"nama": "x", "sapaan": "tuan"},
        [],
        "x",
        {"nama": None, "sapaan": None},
        {"nama": "x", "sapaan": "ibu", "nik": "3171"},
    ],
)
def test_fields_of_a_wrong_kind_are_refused_and_nothing_moves(phone, fields):
    client, url = phone
    client.post(f"{url}answers/", {"step": "salam"})

    refused = client.post(f"{url}answers/", {"step": "nama", "fields": fields})

    assert 400 <= refused.status_code < 500
    assert CallStep.objects.count() == 1


def test_a_procedure_is_found_by_what_the_caller_says(api, agent, padam):
    client = api(agent)

    found = client.get(f"{URL}procedures/", {"search": "rumah saya LISTRIK mati"}).json()
    assert {
        "slug": "padam",
        "title": "Laporan padam",
        "keywords": ["listrik mati"],
        "sop": "contoh@1",
    } in found
    assert client.get(f"{URL}procedures/", {"search": "zzzz"}).json() == []
    assert client.get(f"{URL}procedures/", {"search": "padam", "on": "2019-12-31"}).json() == []
    assert client.get(f"{URL}procedures/", {"area": "99"}).status_code == 422
    assert client.get(f"{URL}procedures/", {"on": "kemarin"}).status_code == 400
    assert client.get(f"{URL}procedures/", {"nol": "1"}).status_code == 400
    assert "Laporan padam" in client.get(f"{URL}procedures/", **HTML).content.decode()


# --- Who ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role)
def test_only_who_runs_calls_reaches_them(role, api, appoint, padam):
    seats = {"MANAGER_UP3": "UP3 Menteng", "SRM_NIAGA": "UID Jakarta Raya", "POSKO_OFFICER": "UP3 Menteng"}
    user = appoint("somebody", role, seats.get(role, "PLN Pusat"))
    may = Power.RUN_CALLS in POWERS[role]

    made = api(user).post(URL, {"procedure": "padam"}, HTTP_IDEMPOTENCY_KEY="panggilan-1")

    assert made.status_code == (201 if may else 403)
    assert Call.objects.exists() is may


def test_an_agent_sees_only_own_calls_and_a_supervisor_those_of_the_site(
    phone, api, appoint, supervisor, agent
):
    _client, url = phone
    other = api(appoint("other", Role.CSO, "PLN Pusat"))
    assert other.get(url).status_code == 404
    assert other.post(f"{url}answers/", {"step": "salam"}).status_code == 404
    assert other.get(URL).json()["results"] == []

    assert api(supervisor).get(url).status_code == 200
    assert len(api(supervisor).get(URL).json()["results"]) == 1
    refused = api(supervisor).post(f"{url}answers/", {"step": "salam"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_your_call")
    assert not CallStep.objects.exists()


def test_nobody_without_an_account_reaches_calls(api, padam):
    assert api().post(URL, {"procedure": "padam"}).status_code in (401, 403)


def test_a_channel_never_reads_what_is_internal(channel_api, phone):
    _client, url = phone
    client = channel_api("read allocation tickets")

    for answer in (client.get(url), client.get(URL), client.get(url, **HTML)):
        assert answer.status_code in (403, 404)
        assert "rahasia dapur" not in answer.content.decode()


def test_a_list_costs_the_same_for_one_call_and_for_many(phone, django_assert_max_num_queries, api, agent):
    client, _url = phone
    for _index in range(20):
        client.post(URL, {"procedure": "padam"})

    with django_assert_max_num_queries(4):
        assert len(client.get(URL).json()["results"]) > 10


@pytest.mark.parametrize("ordering", ["-opened_at", "opened_at"])
def test_calls_of_one_moment_are_each_listed_once(phone, ordering):
    client, _url = phone
    for _index in range(6):
        client.post(URL, {"procedure": "padam"})
    Call.objects.update(opened_at=Call.objects.earliest("opened_at").opened_at)

    found, page = [], f"{URL}?page_size=2&ordering={ordering}"
    while page:
        answer = client.get(page).json()
        found += [row["id"] for row in answer["results"]]
        page = answer["next"]

    assert len(found) == 7
    assert set(found) == {str(pk) for pk in Call.objects.values_list("pk", flat=True)}


def test_the_source_of_the_example_is_the_one_published(padam):
    assert padam.source == PADAM
