"""The contract's endpoints: who may, who sees, what comes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.translation import gettext

from customers.models import Customer
from programs.models import Evaluation, Payment, PaymentImport, Program, Winner
from programs.notices import IMPORT, VERDICTS
from programs.rules import Verdict
from programs.services import programs, rewards
from tests.programs import hostile
from tests.programs.conftest import AFTER_THE_PERIOD as AT
from tests.programs.conftest import PERIODS, PICK_UP_DAY, payment_file
from units.models import Unit, User

pytestmark = pytest.mark.django_db
Api = Callable[..., Any]
URL = "/api/v1/programs/pelanggan-terbaik-2021/"
NOTE = "Metode penyampaian dengan memperhatikan protokol kesehatan pencegahan Covid-19."
SAID = [  # the seed's own words, its typing errors too
    (
        "Kriteria Pemenang adalah setiap Pelanggan dari masing-masing tarif diluar “Pelanggan Pemerintah dan"
        " Dinas (Kogol 1, 2 dan 3)” yang membayar pemakaian listriknya pada tanggal 1 s.d 5 setiap bulan"
        " selama 5 bulan."
    ),
    (
        "Pemenang akan dihubungi oleh UP3 yang terkait dan reward yang diberikan disesuaikan oleh"
        " masing-masing UP3."
    ),
    f"Pengumumang pemenang disampaikan kepada Pelanggan sebelum tanggal 17 Juni 2021. {NOTE}",
    "Reward bisa diambil di kantor UP3 pada tanggal 17 Juni 2021.",
]


@pytest.mark.requirement("R-004-2", "R-004-3", "R-004-4", "R-004-8", "R-004-9", "R-004-10")
def test_the_program_is_there_as_the_letter_says(program: Program, api: Api, agent: User) -> None:
    found = api(agent).get(URL).json()

    assert found["name"] == "PELANGGAN TERBAIK (PELANGGAN TERTib BAYar listrik)"
    assert found["alias"] == "PLN TERBAIK"
    assert found["unit"]["name"] == "UID Jakarta Raya"
    assert found["letter"] == (
        "sesuai surat Senior Manager Niaga dan Pelayanan Pelanggan PLN UID Jakarta Raya dan telah"
        " dikomunikasikan dengan Divisi Pemasaran dan Pelayanan Pelanggan PLN Pusat"
    )
    assert found["purpose"] == (
        "untuk meningkatkan percepatan cash-in dengan cara pemberian reward bagi Pelanggan yang membayar"
        " penggunaan listrik mereka di awal bulan pada tanggal 1 s.d tanggal 5 setiap bulannya"
    )
    assert (found["periods"], found["first_day"], found["last_day"]) == (list(PERIODS), 1, 5)
    assert (found["products"], found["excluded_kogol"]) == (["PASCABAYAR"], [1, 2, 3])
    assert (found["announce_before"], found["pick_up_from"]) == ("2021-06-17", "2021-06-17")
    assert found["pick_up_place"] == "kantor UP3"
    assert found["announcement_note"] == NOTE


def test_programs_are_listed_for_a_day_and_a_unit(
    program: Program, api: Api, agent: User, menteng: Unit, bandung: Unit
) -> None:
    def slugs(query: str) -> list[str]:
        return [row["slug"] for row in api(agent).get(f"/api/v1/programs/?{query}").json()["results"]]

    assert slugs("") == slugs("on=2021-03-01") == slugs(f"unit={menteng.code}") == [program.slug]
    assert slugs("on=2021-06-18") == slugs("on=2020-12-31") == slugs(f"unit={bandung.code}") == []
    assert api(agent).get("/api/v1/programs/?on=tomorrow").status_code == 400
    assert api(agent).get("/api/v1/programs/?city=x").status_code == 400


@pytest.mark.requirement("R-004-11")
def test_the_standing_explains_each_month(
    program: Program,
    customers: list[Customer],
    line: Callable[..., str],
    import_file: Callable[..., PaymentImport],
    api: Api,
    agent: User,
) -> None:
    import_file(
        payment_file(
            line(period="2021-01"),
            line(period="2021-02", paid_at="2021-02-06T00:00:00+07:00"),
            line(period="2021-03"),
            line(period="2021-03", kind="REVERSAL"),
            line(period="2021-04", kogol=2),
        )
    )

    found = api(agent).get(f"{URL}standing/?idpel=540000000001").json()

    assert [month["reason"] for month in found["months"]] == [
        "COUNTED", "PAID_LATE", "REVERSED", "EXCLUDED_KOGOL", "NOT_PAID",
    ]  # fmt: skip
    assert [month["counted"] for month in found["months"]] == [True] + [False] * 4
    assert (found["verdict"], found["listed"], found["winner"]) == ("NOT_ELIGIBLE", None, None)
    assert found["customer"] == "P•••• C••••"
    assert "PELANGGAN CONTOH" not in json.dumps(found)


@pytest.mark.requirement("R-004-4", "R-004-7", "R-004-8", "R-004-9", "R-004-10", "R-004-11")
def test_the_agent_explains_what_the_letter_says_and_promises_nothing(
    program: Program, paid_in_time: None, api: Api, agent: User
) -> None:
    found = api(agent).get(f"{URL}standing/?idpel=540000000001").json()

    assert found["verdict"] == "ELIGIBLE"
    assert found["say"][:-1] == SAID
    assert found["say"][-1] == str(VERDICTS[Verdict.ELIGIBLE]) + " " + gettext(
        "Winners are contacted by their UP3. Which reward they get is up to the UP3."
    )
    assert found["must_not"] == (
        "Jangan menjanjikan reward maupun jenisnya, dan jangan menyatakan seseorang sebagai pemenang."
    )
    assert found["warning"] == ""
    with time_machine.travel(PICK_UP_DAY + timedelta(days=1)):  # A-004-9: over, and still explained
        assert api(agent).get(f"{URL}standing/?idpel=540000000001").json()["warning"]


@pytest.mark.parametrize(
    ("criteria", "days", "said"),
    [
        ({}, (), "Winners are contacted by their UP3. Which reward they get is up to the UP3."),
        ({"winners_per_group": 1}, (), "The winners are drawn among all who paid in time."),
        ({}, ("REVERSAL",), "When the list was closed, every month had been paid in time."),
    ],
)
def test_once_the_list_is_frozen_it_decides_what_is_said(
    program: Program,
    paid_in_time: None,
    line: Callable[..., str],
    import_file: Callable[..., PaymentImport],
    evaluate: Callable[..., Evaluation],
    srm_jakarta: User,
    api: Api,
    agent: User,
    criteria: dict[str, Any],
    days: tuple[str, ...],
    said: str,
) -> None:
    Program.objects.filter(pk=program.pk).update(**criteria)
    program.refresh_from_db()
    programs.freeze_list(evaluation=evaluate(program), by=srm_jakarta, at=AT)
    for kind in days:
        assert import_file(payment_file(line(kind=kind, day=20))).status == "APPLIED"

    found = api(agent).get(f"{URL}standing/?idpel=540000000001").json()

    assert found["listed"] is True
    assert gettext(said) in found["say"][-1]


def test_who_is_not_on_the_frozen_list_hears_so_although_a_payment_came_later(
    program: Program,
    paid_in_time: None,
    make_customer: Callable[..., Customer],
    line: Callable[..., str],
    import_file: Callable[..., PaymentImport],
    evaluate: Callable[..., Evaluation],
    srm_jakarta: User,
    api: Api,
    agent: User,
) -> None:
    make_customer("540000000004")
    programs.freeze_list(evaluation=evaluate(), by=srm_jakarta, at=AT)
    import_file(payment_file(*(line("540000000004", period) for period in PERIODS)))

    found = api(agent).get(f"{URL}standing/?idpel=540000000004").json()

    assert (found["verdict"], found["listed"]) == ("ELIGIBLE", False)
    assert found["say"][-1].startswith(
        gettext("When the list was closed, not every month was known to be paid in time.")
    )


def test_standing_takes_three_queries_at_most(
    program: Program, paid_in_time: None, agent: User, django_assert_max_num_queries: Any
) -> None:
    from programs.services.standing import standing_of

    with django_assert_max_num_queries(3):
        standing_of(program=program, idpel="540000000001", to=agent, at=AT)


def test_standing_as_a_fragment_for_the_agent_screen(
    program: Program, paid_in_time: None, api: Api, agent: User
) -> None:
    answer = api(agent).get(f"{URL}standing/?idpel=540000000001", headers={"Accept": "text/html"})

    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/html")
    text = answer.content.decode()
    assert text.count("<tr data-reason=") == 5
    assert "PELANGGAN CONTOH" not in text
    for url in (URL, "/api/v1/programs/"):
        assert api(agent).get(url, headers={"Accept": "text/html"}).status_code == 200


def test_a_customer_out_of_sight_has_no_standing(
    program: Program, make_customer: Callable[..., Customer], api: Api, manager_menteng: User
) -> None:
    make_customer("530000000001", at="UP3 Bandung")

    for idpel in ("530000000001", "540000000099"):
        assert api(manager_menteng).get(f"{URL}standing/?idpel={idpel}").status_code == 404


@pytest.mark.parametrize("idpel", ["", "5400000000", "%00", "1' OR 1=1", "５４００００００００００１"])
def test_a_bad_idpel_is_refused(program: Program, api: Api, agent: User, idpel: str) -> None:
    assert api(agent).get(f"{URL}standing/?idpel={idpel}").status_code in (400, 422)


# --- Imports and evaluations -----------------------------------------------------------------------


def upload(client: Any, content: bytes, **more: Any) -> Any:
    file = SimpleUploadedFile("january.csv", content, content_type="text/csv")
    return client.post(f"{URL}payment-imports/", {"file": file, **more}, format="multipart")


def test_a_file_is_sent_in_and_its_report_read(
    program: Program,
    customers: list[Customer],
    line: Callable[..., str],
    api: Api,
    program_jakarta: User,
    work: Callable[[], None],
) -> None:
    client = api(program_jakarta)
    sent = upload(client, payment_file(line(), line("540000000099", "2021-02")))
    assert (sent.status_code, sent.json()["status"]) == (202, "WAITING")
    work()

    found = client.get(f"{URL}payment-imports/{sent.json()['id']}/").json()

    assert (found["status"], found["error_count"]) == ("FAILED", 1)
    assert [(row["line"], row["column"]) for row in found["report"]] == [(3, "idpel")]


def test_a_hostile_upload_gives_a_report_and_no_error(
    program: Program,
    customers: list[Customer],
    line: Callable[..., str],
    api: Api,
    program_jakarta: User,
    work: Callable[[], None],
) -> None:
    client = api(program_jakarta)
    for name, (content, row) in hostile.files(line).items():
        sent = upload(client, content)
        assert (name, sent.status_code) == (name, 202)
        work()

        found = client.get(f"{URL}payment-imports/{sent.json()['id']}/").json()
        assert (name, found["status"]) == (name, "FAILED")
        number, column, code = row
        assert {"line": number, "column": column, "message": str(IMPORT[code])} in found["report"], name
    assert not Payment.objects.exists()


@pytest.mark.parametrize(("body", "status"), [({}, 400), ({"file": "text"}, 400), ({"replaces": "x"}, 400)])
def test_an_upload_without_a_file_is_refused(
    program: Program, api: Api, program_jakarta: User, body: dict, status: int
) -> None:
    assert api(program_jakarta).post(f"{URL}payment-imports/", body, format="multipart").status_code == status
    assert not PaymentImport.objects.exists()


def test_a_broken_multipart_body_is_refused(program: Program, api: Api, program_jakarta: User) -> None:
    answer = api(program_jakarta).post(
        f"{URL}payment-imports/", b"--x\r\nnonsense", content_type="multipart/form-data; boundary=x"
    )

    assert answer.status_code == 400
    assert not PaymentImport.objects.exists()


def test_a_program_is_evaluated_over_the_api(
    program: Program, paid_in_time: None, api: Api, program_jakarta: User, work: Callable[[], None]
) -> None:
    client = api(program_jakarta)
    asked = client.post(f"{URL}evaluations/")
    assert asked.status_code == 202
    assert client.post(f"{URL}evaluations/").json()["code"] == "evaluation_under_way"
    work()

    found = client.get(f"{URL}evaluations/{asked.json()['id']}/").json()

    assert (found["status"], found["entry_count"], found["is_frozen"]) == ("DONE", 3, False)
    assert client.post(f"{URL}evaluations/{found['id']}/cancel/").status_code == 409


@pytest.mark.parametrize(
    "name", ["agent", "manager_menteng", "srm_jakarta", "back_office", "manager_bandung"]
)
def test_only_program_officers_run_programs(
    program: Program, api: Api, anyone: Callable[[str], User], line: Callable[..., str], name: str
) -> None:
    client = api(anyone(name))

    assert upload(client, payment_file(line())).status_code == 403
    assert client.post(f"{URL}evaluations/").status_code == 403
    assert not PaymentImport.objects.exists()
    assert not Evaluation.objects.exists()


def test_the_contract_describes_the_endpoints(api: Api, agent: User) -> None:
    paths = api(agent).get("/api/v1/schema/?format=json").json()["paths"]

    for path in ("standing/", "payment-imports/", "evaluations/", "winners/"):
        assert f"/api/v1/programs/{{slug}}/{path}" in paths
    upload = paths["/api/v1/programs/{slug}/payment-imports/"]["post"]["requestBody"]
    assert list(upload["content"]) == ["multipart/form-data"]
    assert "/api/v1/winners/{id}/hand-over/" in paths


def test_channels_and_strangers_see_nothing(
    program: Program, api: Api, channel_api: Api, nobody: User
) -> None:
    assert api().get(URL).status_code in (401, 403)
    assert api(nobody).get(URL).status_code == 403
    assert channel_api().get(URL).status_code == 403


# --- Winners ---------------------------------------------------------------------------------------


@pytest.fixture
def winner(
    program: Program,
    paid_in_time: None,
    evaluate: Callable[..., Evaluation],
    srm_jakarta: User,
    program_jakarta: User,
    work: Callable[[], None],
) -> Winner:
    programs.freeze_list(evaluation=evaluate(), by=srm_jakarta, at=AT)
    work()
    programs.announce_program(program=program, by=program_jakarta, at=AT)
    return Winner.objects.select_related("unit", "program", "customer").order_by("pk")[0]


def test_winners_are_masked_and_filtered(
    winner: Winner, api: Api, agent: User, menteng: Unit, django_assert_max_num_queries: Any
) -> None:
    client = api(agent)
    with django_assert_max_num_queries(6):
        found = client.get(f"{URL}winners/?unit={menteng.code}&tariff=R1").json()["results"]

    assert len(found) == 3
    assert found[0]["name"] == "P•••• C••••"
    assert found[0]["idpel"] == "••••••••0001"
    assert "54000000000" not in json.dumps(found)
    assert api(agent).get(f"{URL}winners/?tariff=R2").json()["results"] == []


def test_a_manager_sees_the_winners_of_the_own_up3_only(
    winner: Winner, api: Api, manager_menteng: User, manager_bandung: User
) -> None:
    assert len(api(manager_menteng).get(f"{URL}winners/").json()["results"]) == 3
    assert api(manager_bandung).get(f"{URL}winners/").json()["results"] == []
    assert api(manager_bandung).get(f"/api/v1/winners/{winner.pk}/").status_code == 404


@pytest.mark.requirement("R-004-7", "R-004-10")
def test_the_up3_tells_and_hands_over(
    winner: Winner, api: Api, manager_menteng: User, manager_bandung: User, menteng: Unit
) -> None:
    url = f"/api/v1/winners/{winner.pk}/"
    reward = rewards.set_reward(
        program=winner.program, unit=menteng, name="Payung", stock=1, by=manager_menteng, at=AT
    )
    rewards.assign_reward(winner=winner, reward=reward, by=manager_menteng, at=AT)
    told = {"method": "PHONE", "reached": True}
    assert api(manager_bandung).post(f"{url}contact/", told).status_code == 404
    assert api(manager_menteng).post(f"{url}contact/", told).json()["status"] == "TOLD"
    body = {"code": rewards.code_of(winner), "identity": "KTP", "identity_last4": "0001"}

    assert api(manager_menteng).post(f"{url}hand-over/", body).json()["code"] == "no_pick_up_day"
    with time_machine.travel(PICK_UP_DAY):
        assert api(manager_bandung).post(f"{url}hand-over/", body).status_code == 404
        wrong = api(manager_menteng).post(f"{url}hand-over/", body | {"code": "AAAAAAAA"})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "wrong_code")
        done = api(manager_menteng).post(f"{url}hand-over/", body)
        assert (done.status_code, done.json()["status"]) == (200, "HANDED_OVER")
        assert api(manager_menteng).post(f"{url}hand-over/", body).json()["code"] == "already_handed_over"


@pytest.mark.requirement("R-004-7")
def test_the_agent_learns_of_no_reward(
    winner: Winner, api: Api, agent: User, manager_menteng: User, menteng: Unit
) -> None:
    reward = rewards.set_reward(
        program=winner.program, unit=menteng, name="Payung", stock=1, by=manager_menteng, at=AT
    )
    rewards.assign_reward(winner=winner, reward=reward, by=manager_menteng, at=AT)

    pages = (URL, f"{URL}standing/?idpel={winner.customer.idpel}", f"{URL}winners/")
    for page in (*pages, f"/api/v1/winners/{winner.pk}/"):
        answer = api(agent).get(page)
        assert answer.status_code == 200
        assert "Payung" not in json.dumps(answer.json()), page
    assert "Payung" in json.dumps(api(manager_menteng).get(f"{URL}winners/").json())


@pytest.mark.requirement("R-004-7", "R-004-8")
def test_nobody_but_who_sees_to_winners_knows_them_before_the_announcement(
    winner: Winner, api: Api, agent: User, manager_menteng: User
) -> None:
    Program.objects.update(status="EVALUATED")
    standing = f"{URL}standing/?idpel={winner.customer.idpel}"

    assert api(agent).get(f"{URL}winners/").json()["results"] == []
    assert api(agent).get(f"/api/v1/winners/{winner.pk}/").status_code == 404
    assert api(agent).get(standing).json()["winner"] is None
    assert len(api(manager_menteng).get(f"{URL}winners/").json()["results"]) == 3

    Program.objects.update(status="ANNOUNCED")
    assert api(agent).get(standing).json()["winner"] == {"unit": "UP3 Menteng", "status": "SELECTED"}
    assert len(api(agent).get(f"{URL}winners/").json()["results"]) == 3


def test_a_wrong_code_counts_also_under_an_idempotency_key(
    winner: Winner, api: Api, manager_menteng: User, menteng: Unit
) -> None:
    reward = rewards.set_reward(
        program=winner.program, unit=menteng, name="Payung", stock=1, by=manager_menteng, at=AT
    )
    Winner.objects.filter(pk=winner.pk).update(status="TOLD", told_at=AT, reward=reward)
    body = {"code": "AAAAAAAA", "identity": "KTP", "identity_last4": "0001"}

    for number in range(6):
        headers = {"Idempotency-Key": f"attempt-{number}"}
        with time_machine.travel(PICK_UP_DAY):
            api(manager_menteng).post(f"/api/v1/winners/{winner.pk}/hand-over/", body, headers=headers)

    winner.refresh_from_db()
    assert (winner.wrong_codes, winner.status) == (5, "TOLD")
