"""PERIKSA, steps 1 to 5: who calls, whether there is power, and whether it was reported before."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine

from sop.models import Call, CallStep
from tickets.models import ProblemType
from tickets.services.report import Report
from tickets.services.tickets import create_ticket

from .periksa import BLANK, IDPEL, NAMED, NOT_GUIDED, OFF, ON, PHONE
from .walking import form_of

pytestmark = pytest.mark.django_db

JAKARTA = ZoneInfo("Asia/Jakarta")


@pytest.fixture
def customer(household):
    return household()


@pytest.fixture
def call(desk, customer):
    return desk.call("periksa", caller_number=PHONE)


# --- In order -------------------------------------------------------------------------------------


@pytest.mark.requirement("R-003-1", "R-003-2")
def test_the_24_steps_come_in_the_order_of_the_sop(call):
    call.walk(**OFF)

    numbers = dict.fromkeys(number.rstrip("abcdefghi") for number in call.numbers if number)
    # 8 and 15 are worked out by the portal; 12 saves the report that 13 to 17 complete.
    assert list(numbers) == [
        *("1", "2", "3", "4", "5", "6", "7", "9", "10", "11", "12", "13", "14", "16", "17"),
        *("18", "19", "20", "21", "22", "23", "24"),
    ]
    assert [it["number"] for it in call.now["path"] if it["step"] == "wilayah"] == ["8"]
    assert [it["number"] for it in call.now["path"] if it["step"].endswith("/unit")] == ["15"]
    assert (call.now["status"], call.now["outcome"]) == ("FINISHED", "KWH_PERIKSA")


@pytest.mark.requirement("R-003-2")
def test_every_answer_is_kept_with_its_time(desk, customer):
    with time_machine.travel(datetime(2026, 3, 2, 9, 30, tzinfo=JAKARTA), tick=False) as clock:
        call = desk.call("periksa", caller_number=PHONE).walk(**ON, until="listrik")
        clock.shift(40)
        call.answer("menyala")

    row = CallStep.objects.get(step="listrik")
    assert (row.answer, row.seconds) == ("menyala", 40)
    assert row.at == datetime(2026, 3, 2, 9, 30, 40, tzinfo=JAKARTA)


@pytest.mark.requirement("R-003-2")
def test_a_step_shows_its_number_its_script_and_a_button_for_each_branch(call):
    shown = call.walk(**ON, until="pernah_lapor").now["step"]

    assert (shown["number"], shown["kind"]) == ("5", "choose")
    assert shown["say"]
    assert [(it["key"], it["value"]) for it in shown["choices"]] == [(1, "pernah"), (2, "belum")]


# --- 1 and 2 --------------------------------------------------------------------------------------


@pytest.mark.requirement("R-003-3", "R-003-4")
@pytest.mark.parametrize(
    ("hour", "greeting"),
    [(4, "Pagi"), (10, "Pagi"), (11, "Siang"), (15, "Sore"), (18, "Malam"), (3, "Malam")],
)
def test_the_greeting_follows_the_clock_of_the_office(desk, hour, greeting):
    with time_machine.travel(datetime(2026, 3, 2, hour, 5, tzinfo=JAKARTA), tick=False):
        shown = desk.call("periksa", caller_number=PHONE).now["step"]

    assert (shown["number"], shown["title"]) == ("1", "Salam Pembuka.")
    assert shown["say"] == f"“PLN 123 selamat {greeting}, dengan agent bisa dibantu?”"
    assert shown["guide"] == "(Penelepon mengeluhkan kWh Meternya Tertera Periksa)"


@pytest.mark.requirement("R-003-4")
@pytest.mark.parametrize("words", ["kWh meter saya tertera PERIKSA", "token saya ditolak"])
def test_the_procedure_is_found_by_the_complaint(desk, words):
    found = desk.client.get("/api/v1/calls/procedures/", {"search": words}).json()

    assert found[0]["slug"] == "periksa"


@pytest.mark.requirement("R-003-5")
def test_a_caller_who_is_not_known_is_asked_for_the_name(call):
    shown = call.walk(until="nama").now["step"]

    assert (shown["number"], shown["title"]) == ("2", "Menanyakan Nama atau Menyapa Penelepon.")
    assert shown["say"] == "“Mohon maaf, dengan Bapak/Ibu siapa saya berbicara?”"
    assert not any(it["value"] for it in shown["fields"])


@pytest.mark.requirement("R-003-6")
def test_a_caller_whose_number_called_before_is_greeted_by_name(desk, call):
    call.walk(**ON)

    again = desk.call("periksa", caller_number=PHONE).walk(until="sapa")

    assert again.steps == ["salam_dikenal", "sapa"]
    assert again.said("salam_dikenal").startswith("“PLN 123 selamat ")
    shown = again.now["step"]
    assert (shown["number"], shown["say"]) == ("2", "")
    assert shown["guide"] == (
        "Jika data penelepon tampil pada Aplikasi CRM (Pernah menghubungi CC PLN 123 dengan nomor telepon "
        "yang digunakan sebelumnya), maka lihat SOP Menyapa Nama Pelanggan."
    )
    assert {it["name"]: it["value"] for it in shown["fields"]}["nama"] == "Penelepon Satu"
    assert again.now["caller"]["offered_name"] == "Penelepon Satu"
    again.answer(NAMED)
    assert "Baik Ibu Penelepon Satu ..." in again.said("listrik")


# --- 3 --------------------------------------------------------------------------------------------


@pytest.mark.requirement("R-003-7")
def test_the_state_of_the_power_is_asked(call):
    shown = call.walk(**ON, until="listrik").now["step"]

    assert (shown["number"], shown["title"]) == (
        "3",
        "Menanyakan Kondisi Listriknya Padam / Masih Menyala.",
    )
    assert shown["say"] == (
        "“... Baik Ibu Penelepon Satu ... saat ini listriknya Padam atau masih menyala ? ...”"
    )
    assert [it["label"] for it in shown["choices"]] == ["Sudah Padam", "Masih Menyala"]


@pytest.mark.requirement("R-003-13")
def test_with_power_on_neither_display_nor_breaker_is_asked(call):
    call.walk(**ON, until="identitas")

    assert call.steps[call.steps.index("listrik") + 1] == "empati"
    assert not {"layar", "keterangan", "mcb"} & set(call.steps)


@pytest.mark.requirement("R-003-8")
def test_with_power_off_the_display_is_asked(call):
    shown = call.walk(**OFF, until="layar").now["step"]

    assert shown["title"] == (
        "Tanyakan Display / Layar kWh Meternya apakah masih dapat terlihat atau blank (gelap)."
    )
    assert [it["label"] for it in shown["choices"]] == [
        "Masih Dapat Terlihat Keterangan",
        "“Blank (Gelap)”",
        "Keterangan yang ada bukan “PERIKSA”",
    ]


@pytest.mark.requirement("R-003-9")
def test_a_readable_display_has_to_be_confirmed_to_say_periksa(call):
    call.walk(**OFF, until="keterangan")

    assert call.shown("keterangan")["guide"] == "(Pastikan keterangan yang ada adalah “PERIKSA”)"
    for unconfirmed in ({"tertera_periksa": False}, {}):
        refused = call.try_answer(unconfirmed)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (
            422,
            "/fields/tertera_periksa",
        )
    call.answer({"tertera_periksa": True})
    assert call.at == "mcb"


def test_a_display_that_shows_something_else_leaves_this_sop_without_a_ticket(call):
    call.walk(**OFF | {"layar": "lain"})

    assert (call.now["outcome"], call.now["ticket"]) == ("CALL_BACK", None)


@pytest.mark.requirement("R-003-10", "R-003-11")
def test_a_blank_display_is_reported_at_once_and_not_diagnosed(call):
    call.walk(**OFF | BLANK)

    assert call.shown("pelanggan_blank")["guide"] == (
        "Lihat SOP sebelumnya mengenai Gangguan Periksa (Melengkapi data-data yang diperlukan serta membuat "
        "& menyampaikan laporannya ke Unit PLN Terkait melalui APKT GANGGUAN – WO Autodispatch)."
    )
    assert not [name for name in call.steps if name.startswith("kode_") or name == "pernah_lapor"]
    assert form_of(call.ticket)["wo_type"] == "WO_AUTODISPATCH"
    assert call.ticket.problem == "1 RUMAH PADAM (LAYAR APP BLANK/GELAP, SEBELUMNYA TERTERA PERIKSA)"
    assert call.ticket.customer.idpel == IDPEL


@pytest.mark.requirement("R-003-12")
def test_with_power_off_breaker_and_fuse_have_to_be_on(call):
    shown = call.walk(**OFF, until="mcb").now["step"]

    assert shown["title"] == (
        "Pastikan kepada Penelepon bahwa MCB pada kWh Meter dan Sikring dalam keadaan “ON”"
    )
    assert shown["choices"][0]["label"] == "“ON”"
    assert call.try_answer().status_code == 422
    call.answer("on")
    assert call.at == "empati"
    assert CallStep.objects.get(step="mcb").answer == "on"


def test_a_breaker_that_brings_the_power_back_closes_the_issue(call):
    call.walk(**OFF | {"mcb": "teratasi"})

    assert (call.now["outcome"], call.ticket.status) == ("ISSUE_CLOSED", "ISSUE_CLOSED")
    assert call.ticket.problem == "LISTRIK MENYALA SETELAH MCB / SIKRING DI-ON-KAN"


def test_a_breaker_that_brings_the_power_back_with_periksa_goes_on_with_power_on(call):
    call.walk(**OFF, until="mcb").back("listrik")

    call.walk(**ON | NOT_GUIDED)

    assert call.ticket.power_state == "MENYALA"
    assert "LISTRIK MASIH MENYALA" in call.ticket.problem


# --- 4 and 5 --------------------------------------------------------------------------------------


@pytest.mark.requirement("R-003-14", "R-003-15", "R-003-17")
def test_empathy_comes_first_and_then_the_question_about_an_earlier_report(call):
    call.walk(**ON, until="identitas")

    assert call.steps[-3:] == ["empati", "pernah_lapor", "identitas"]
    assert call.shown("empati")["title"] == "Memberikan Empati atas Permasalahan Pelanggan."
    assert call.said("empati") == "“... Mohon maaf atas permasalahannya Ibu ...”"
    asked = call.shown("pernah_lapor")
    assert asked["title"] == "Menanyakan Apakah Penelepon Pernah Melapor Sebelumnya."
    assert asked["say"] == "“... Apakah Ibu telah melaporkan hal ini sebelumnya ?...”"


@pytest.mark.requirement("R-003-16")
def test_who_reported_before_gets_a_repeat_on_that_report_and_no_second_one(desk, call):
    first = call.walk(**ON | NOT_GUIDED).ticket

    again = desk.call("periksa", caller_number=PHONE).walk(**ON | {"pernah_lapor": "pernah"})

    assert again.shown("lapor_ulang")["title"] == (
        "Jika Penelepon telah melapor sebelumnya, maka CSO melihat SOP Lapor ulang"
    )
    assert (again.now["outcome"], again.now["ticket"]) == ("LAPOR_ULANG", first.number)
    assert again.ticket.repeat_count == 1
    assert again.steps[-3:] == ["lapor_ulang", "bantuan", "salam"]
    assert "identitas" not in again.steps


@pytest.mark.requirement("R-003-16")
def test_a_complaint_about_a_bill_is_no_earlier_report_of_periksa(desk, customer, agent):
    bill = Report(
        tab="KELUHAN",
        problem_type=ProblemType.objects.get(code="lebih-tagih"),
        problem="LEBIH TAGIH",
        reporter_name="Penelepon Satu",
        customer=customer,
        caller_number=PHONE,
    )
    create_ticket(report=bill, by=agent)

    call = desk.call("periksa", caller_number=PHONE).walk(
        **ON | {"pernah_lapor": "pernah"}, until="cari_laporan"
    )

    assert call.steps[-2:] == ["pernah_lapor", "cari_laporan"]


@pytest.mark.requirement("R-003-16")
def test_an_earlier_report_from_another_phone_is_found_by_its_number(desk, call):
    first = call.walk(**ON | NOT_GUIDED).ticket
    other = desk.call("periksa", caller_number="081200000009")

    other.walk(
        **ON | {"pernah_lapor": "pernah", "cari_laporan": "ada_nomor"},
        nomor_laporan_lama={"laporan": first.number},
    )

    assert (other.now["outcome"], other.now["ticket"]) == ("LAPOR_ULANG", first.number)
    assert Call.objects.filter(ticket_number=first.number).count() == 2
