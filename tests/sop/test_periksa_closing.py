"""PERIKSA, steps 18 to 24: the guarantee, the number, the app, the token, and the end of the call."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine

from sop.models import CallStep

from .periksa import AWAY_NOBODY, AWAY_WILLING, BLANK, NO_NUMBER, NOT_GUIDED, OFF, ON, PHONE

pytestmark = pytest.mark.django_db

JAKARTA = ZoneInfo("Asia/Jakarta")
CLOSING = ["garansi", "jelas", "nomor", "edukasi"]
GUARANTEE = [
    (
        "“... Baik Ibu, untuk laporannya akan kami sampaikan ke unit pelayanan terkait untuk segera "
        "ditindaklanjuti ...”"
    ),
    (
        "“... Nanti akan ada petugas yang melakukan konfirmasi melalui nomor telepon yang tadi Ibu "
        "informasikan, baik melalui Telepon atau WA atau SMS atau Petugas akan datang langsung ke "
        "lokasi Ibu.. mohon dipastikan telepon nya dapat dihubungi atau dapat dilihat informasinya di "
        "WA atau SMS nya ...”"
    ),
]


@pytest.fixture
def customer(household):
    return household()


@pytest.fixture
def call(desk, customer):
    return desk.call("periksa", caller_number=PHONE)


def steps_after_the_ticket(call) -> list[str]:
    made = next(index for index, it in enumerate(call.heard) if it["kind"] == "outcome")
    return call.steps[made + 1 :]


@pytest.mark.requirement(
    "R-003-94", "R-003-95", "R-003-96", "R-003-98", "R-003-100", "R-003-103", "R-003-105"
)
@pytest.mark.parametrize(
    "answers",
    [OFF | BLANK, OFF | NO_NUMBER, ON | AWAY_NOBODY, OFF | NOT_GUIDED, ON],
    ids=["O1", "O3", "O8", "O9", "O10"],
)
def test_every_report_is_followed_by_the_guarantee_its_number_and_the_rest_in_order(call, answers):
    call.walk(**answers)

    token = ["ctt"] if call.now["outcome"] == "KWH_PERIKSA" else []
    assert steps_after_the_ticket(call) == [*CLOSING, *token, "bantuan", "salam"]
    guarantee, number = call.shown("garansi"), call.shown("nomor")
    assert (guarantee["number"], guarantee["title"]) == (
        "18",
        "Memberikan Garansi Layanan kepada Penelepon (Tindak lanjut dari laporan Penelepon).",
    )
    assert guarantee["say"].strip().split("\n") == GUARANTEE
    assert (number["number"], number["title"]) == ("20", "Memberikan No Lapor APKT kepada Penelepon")
    assert number["say"].strip().split("\n") == [
        "“... Mohon dicatat untuk nomor bukti laporannya Ibu Penelepon Satu ...”",
        f"... Nomornya {call.ticket.number}”",
    ]


@pytest.mark.requirement("R-003-96", "R-003-97")
def test_what_is_not_clear_is_said_again_until_it_is(call):
    call.walk(**ON | NOT_GUIDED, until="jelas")
    shown = call.now["step"]

    assert (shown["number"], shown["title"]) == ("19", "Menanyakan Kejelasan Informasi yang diberikan")
    assert shown["say"] == "“... Apakah informasi yang saya sampaikan sudah cukup jelas? ...”"
    assert shown["guide"] == (
        "Sampaikan kembali untuk informasi yang menurut Pelanggan belum / kurang jelas."
    )
    assert [it["label"] for it in shown["choices"]] == ["“Sudah Jelas”", "“Belum / Kurang Jelas”"]
    for _again in range(2):
        call.answer("belum")
        assert call.at == "garansi"
        call.answer()
    call.answer("sudah")
    assert call.at == "nomor"


@pytest.mark.requirement("R-003-99")
def test_who_cannot_write_the_number_down_hears_the_guarantee_again(call):
    call.walk(**ON | NOT_GUIDED | {"nomor": "kesulitan"}, until="garansi_kembali")

    assert call.shown("garansi_kembali")["title"] == (
        "Jika penelepon kesulitan dalam mencatat nomor laporan, maka cso memberikan garansi layanan kembali."
    )
    assert call.said("garansi_kembali") == (
        "“ ...Baik Ibu ... Laporannya segera kami sampaikan ke unit pelayanan terkait. “"
    )
    call.answer()
    assert call.at == "edukasi"


@pytest.mark.requirement("R-003-100", "R-003-101")
def test_the_caller_learns_what_the_app_can_do(call):
    call.walk(**ON | NOT_GUIDED)

    shown = call.shown("edukasi")
    assert shown["number"] == "21"
    assert shown["title"] == (
        "Memberikan edukasi kepada Penelepon untuk dapat melakukan pengecekan progres laporannya secara "
        "langsung melalui aplikasi PLN Mobile & Edukasi kepada Penelepon untuk selanjutnya, jika terdapat "
        "permasalahan Display pada APP tertera “PERIKSA”, Penelepon dapat melakukan pelaporan secara "
        "mandiri melalui Aplikasi PLN Mobil dengan Menu “PERIKSA”."
    )
    assert shown["say"] == (
        "“... Untuk mengetahui progres laporannya, Ibu dapat melihatnya secara langsung melalui aplikasi PLN "
        "Mobile, dan untuk selanjutnya apabila Ibu mengalami permasalahan yang sama (Display APP tertera "
        "Periksa), Ibu dapat melaporkannya melalui Aplikasi tersebut dengan Menu Periksa ...”"
    )


# --- 22 -------------------------------------------------------------------------------------------


@pytest.mark.requirement("R-003-102")
def test_after_a_diagnosis_the_caller_has_to_understand_what_the_token_is(desk, customer):
    with time_machine.travel(datetime(2026, 3, 2, 9, 30, tzinfo=JAKARTA), tick=False) as clock:
        call = desk.call("periksa", caller_number=PHONE).walk(**ON, until="ctt")
        clock.shift(25)
        assert call.try_answer({"sudah_memahami": False}).status_code == 422
        call.answer({"sudah_memahami": True})

    shown = call.shown("ctt")
    assert (shown["number"], shown["title"]) == (
        "22",
        "Menyampaikan informasi tanggung jawab PLN dalam penerbitan dan penyampaian CTT kepada Pelanggan.",
    )
    assert shown["say"] == (
        "“... Tanggung jawab PLN dalam hal CTT (Clear Temper Token) hanya pada penerbitan dan penyampaian ke "
        "pelanggan sesuai dengan hasil Self Diagnosis yang dilakukan pelanggan melalui CC PLN 123. Dalam "
        "pemanfaatan CTT yang tidak semestinya menjadi tanggung jawab pelanggan. Apakah Ibu sudah memahami ?"
    )
    assert [it["label"] for it in shown["fields"]] == ["sudah memahami"]
    kept = CallStep.objects.get(step="ctt")
    assert kept.fields == {"sudah_memahami": True}
    assert kept.at == datetime(2026, 3, 2, 9, 30, 25, tzinfo=JAKARTA)


# --- 23 and 24 ------------------------------------------------------------------------------------


@pytest.mark.requirement("R-003-103")
@pytest.mark.parametrize("answers", [ON, OFF | NOT_GUIDED, ON | NO_NUMBER, OFF | AWAY_WILLING])
def test_other_help_is_offered_whatever_came_before(call, answers):
    call.walk(**answers)

    shown = call.shown("bantuan")
    assert (shown["number"], shown["title"]) == ("23", "Menawarkan Bantuan Lain.")
    assert shown["say"] == "“Ada lagi yang dapat dibantu Ibu Penelepon Satu?”"


@pytest.mark.requirement("R-003-104")
def test_the_time_is_said_only_to_who_asks_and_only_where_there_is_a_report(call, desk):
    call.walk(**ON)
    closed = desk.call("periksa", caller_number=PHONE).walk(**ON | AWAY_WILLING)

    assert call.shown("bantuan")["if_asked"] == [
        {
            "question": (
                "Jika penelepon menanyakan estimasi waktu, maka CSO menginformasikan TMP 3 Jam dari waktu "
                "melapor"
            ),
            "say": (
                "“... Estimasi waktu penyelesaiannya ± 3 (tiga) jam dari waktu lapor, Ibu Penelepon Satu ...”"
            ),
        }
    ]
    assert closed.shown("bantuan")["if_asked"] == []
    assert not any("3 (tiga) jam" in it["say"] for it in call.heard)


@pytest.mark.requirement("R-003-105")
@pytest.mark.parametrize(("hour", "greeting"), [(9, "Pagi"), (12, "Siang"), (16, "Sore"), (20, "Malam")])
def test_the_last_words_follow_the_clock_and_hold_no_campaign(desk, customer, hour, greeting):
    with time_machine.travel(datetime(2026, 3, 2, hour, 5, tzinfo=JAKARTA), tick=False):
        call = desk.call("periksa", caller_number=PHONE).walk(**ON | AWAY_WILLING)

    shown = call.heard[-1]
    assert (shown["number"], shown["title"]) == (
        "24",
        "Salam Penutup (Tanpa Campaign ILP & Customer Intimacy).",
    )
    assert shown["say"] == (
        f"“... Terima kasih telah menghubungi PLN 123 selamat {greeting} Ibu Penelepon Satu ...”."
    )
    assert (shown["guide"], shown["if_asked"], call.now["status"]) == ("", [], "FINISHED")


@pytest.mark.requirement("R-003-105")
@pytest.mark.parametrize("answers", [ON, OFF | BLANK, ON | NO_NUMBER])
def test_no_script_of_the_call_is_a_campaign(call, answers):
    call.walk(**answers)

    assert not any("ILP" in it["say"] or "campaign" in it["say"].lower() for it in call.heard)
    assert call.steps[-1] == "salam"
