"""PERIKSA, steps 9 to 12: somebody at the place, willing to be guided, and the nine readings."""

from __future__ import annotations

import json

import pytest

from sop.models import CallStep
from tickets.models import SelfDiagnosis

from .periksa import AWAY_NOBODY, AWAY_UNWILLING, AWAY_WILLING, OFF, ON, PHONE, READINGS
from .walking import form_of

pytestmark = pytest.mark.django_db

NOT_TO_BE_SAID = (
    "Untuk keterangan yang terdapat pada poin a s.d i di bawah ini “Tidak Boleh” disampaikan kepada "
    "Penelepon (yang disampaikan kepada Penelepon hanya yang sesuai contoh pertanyaannya saja).\n"
    "Contoh yang tidak boleh disampaikan seperti pada poin a. angka 08 (untuk mengetahui Penyebab Periksa) "
    "dll."
)
FIRST = (
    "“... Pertama, mohon dibantu untuk menekan angka {} kemudian Enter, berapa nilai yang tertera pada "
    "Display kWh Meternya ...?”"
)
NEXT = "“... baik... Kemudian angka {} Enter, berapa nilai yang tertera ...?”"


@pytest.fixture
def call(desk, household):
    household()
    return desk.call("periksa", caller_number=PHONE)


# --- 9 --------------------------------------------------------------------------------------------


@pytest.mark.requirement("R-003-33", "R-003-34")
def test_whoever_is_at_the_place_goes_on_to_step_10(call):
    shown = call.walk(**ON, until="di_lokasi").now["step"]

    assert (shown["number"], shown["title"]) == (
        "9",
        (
            "Pastikan Penelepon / orang yang bertanggung jawab pada persil Pelanggan berada di lokasi yang "
            "dilaporkan :"
        ),
    )
    assert shown["say"] == "“... Apakah saat ini Ibu berada di lokasi yang dilaporkan ? ...”"
    assert [it["label"] for it in shown["choices"]] == ["“YA”", "“TIDAK”"]
    assert call.answer("ya")["step"]["number"] == "10"


@pytest.mark.requirement("R-003-35", "R-003-36")
def test_whoever_is_elsewhere_is_asked_for_somebody_there_and_told_why(call):
    shown = call.walk(**ON | AWAY_NOBODY, until="ada_orang").now["step"]

    assert shown["title"] == (
        "Jika “TIDAK”, maka pastikan di lokasi yang dilaporkan terdapat orang yang dipercaya / yang "
        "bertanggung jawab berada di lokasi tsb, kemudian CSO menjelaskan keperluannya."
    )
    assert shown["say"] == (
        "“... atau ada orang yang Ibu percaya atau bertanggung jawab berada di lokasi saat ini ?, karena "
        "untuk penormalannya memerlukan beberapa pengecekan langsung di kWh Meternya, jika bersedia nanti "
        "kami pandu untuk melakukannya ...”"
    )
    assert [it["label"] for it in shown["choices"]] == [
        "“Ada Orang di Lokasi”",
        "“Tidak Ada Orang di Lokasi”",
    ]


@pytest.mark.requirement("R-003-37", "R-003-38")
def test_somebody_at_the_place_may_call_back(call):
    shown = call.walk(**ON | AWAY_WILLING, until="minta_hubungi").now["step"]

    assert shown["title"] == (
        "Tanyakan kepada Penelepon, kesediaannya menginformasikan kepada orang yang berada di lokasi yang "
        "dilaporkan untuk menghubungi langsung CC PLN 123, karena untuk penormalannya memerlukan beberapa "
        "pengecekan di kWh Meter, dan jika bersedia akan dipandu dalam pengecekannya."
    )
    assert shown["say"] == (
        "“... Baik Ibu... Mohon maaf, karena untuk penormalannya memerlukan beberapa pengecekan langsung di "
        "kWh Meternya, apakah bersedia orang yang dipercaya yang saat ini berada di lokasi dapat "
        "menghubungi kami kembali ?, jika bersedia nanti kami akan pandu ...”"
    )
    assert [it["label"] for it in shown["choices"]] == ["“Bersedia”", "“Tidak Bersedia / Tidak Memungkinkan”"]


@pytest.mark.requirement("R-003-39", "R-003-40")
def test_the_willing_are_thanked_and_the_issue_is_closed(call):
    call.walk(**ON | AWAY_WILLING)

    thanks = call.shown("tunggu_kembali")
    assert thanks["title"] == "Jika “Bersedia”, ucapkan Terima kasih (APKT Issue Closed di CC PLN 123) ."
    assert thanks["say"] == (
        "“... Terima kasih Ibu Penelepon Satu... kami tunggu laporannya kembali ya Ibu ...”"
    )
    assert (call.now["outcome"], call.ticket.status) == ("ISSUE_CLOSED", "ISSUE_CLOSED")
    assert call.ticket.posko is None


@pytest.mark.requirement("R-003-45")
@pytest.mark.parametrize("power", [OFF, ON], ids=["padam", "menyala"])
def test_nobody_there_is_treated_like_somebody_unwilling(desk, household, power):
    household()
    unwilling = desk.call("periksa", caller_number=PHONE).walk(**power | AWAY_UNWILLING)

    nobody = desk.call("periksa", caller_number=PHONE).walk(**power | AWAY_NOBODY)

    assert form_of(nobody.ticket) == form_of(unwilling.ticket)
    assert nobody.ticket.notes == unwilling.ticket.notes
    after = "alamat"
    assert nobody.steps[nobody.steps.index(after) :] == unwilling.steps[unwilling.steps.index(after) :]


# --- 10 and 11 ------------------------------------------------------------------------------------


@pytest.mark.requirement("R-003-47", "R-003-48")
def test_who_is_willing_to_be_guided_goes_to_the_meter(call):
    shown = call.walk(**ON, until="bersedia_dipandu").now["step"]

    assert shown["title"] == (
        "Tanyakan kesediaan Penelepon untuk melakukan beberapa pengecekan pada kWh Meternya."
    )
    assert shown["say"] == (
        "“... Baik, karena untuk penormalannya memerlukan beberapa pengecekan langsung di kWh Meter, apakah "
        "Ibu bersedia kami pandu untuk melakukannya ...”"
    )
    assert [it["label"] for it in shown["choices"]] == ["“BERSEDIA”", "“TIDAK BERSEDIA”"]
    assert call.answer("bersedia")["step"]["number"] == "11"


@pytest.mark.requirement("R-003-52", "R-003-53")
def test_the_readings_begin_only_when_the_caller_stands_at_the_meter(call):
    shown = call.walk(**ON, until="dekati_meter").now["step"]

    assert shown["title"] == "Meminta kesediaan Penelepon untuk mendekati posisi kWh Meternya."
    assert shown["say"] == "“... Maaf Ibu, mohon untuk mendekati kWh Meternya ...”"
    assert shown["guide"].strip().split("\n") == [
        "(Pastikan posisi Penelepon sudah berada dekat dengan kWh Meter)",
        "Memilih Tipe WO : “KWH PERIKSA”",
        "Klik “YA”",
    ]
    assert call.try_answer({"dekat_meter": False}).status_code == 422
    call.answer({"dekat_meter": True})
    assert call.at == "pembuka_diagnosis"


# --- 12 -------------------------------------------------------------------------------------------


@pytest.mark.requirement("R-003-54", "R-003-55", "R-003-56")
def test_the_diagnosis_is_opened_with_its_script_and_the_form_is_named(call):
    shown = call.walk(**ON, until="pembuka_diagnosis").now["step"]

    assert (shown["number"], shown["title"]) == (
        "12",
        (
            "Meminta bantuan kepada Penelepon untuk melakukan beberapa hal di kWh Meternya & CSO menginput "
            "informasi yang disampaikan Penelepon sesuai yang tertera di kWh Meter pada form “Self "
            "Diagnosis – Respon Kode kWh Meter”"
        ),
    )
    assert shown["say"] == (
        "“... Trima kasih Ibu, selanjutnya nanti mohon kesediaanya untuk melakukan beberapa pengecekan di "
        "kWh Meter dengan menekan angka-angka yang akan kami sampaikan dan mohon diinformasikan keterangan "
        "yang muncul di layar kWh Meternya, untuk pelaksanaannya nanti saya pandu ...”"
    )
    assert shown["guide"] == (
        "Jika informasi Pelanggan “Tidak Muncul Angka”, maka klik kolom “Tidak Ada Angka” kolom secara "
        "otomatis akan terisi notif “Null”"
    )


@pytest.mark.requirement("R-003-57")
def test_what_must_not_be_said_is_marked_and_stands_in_no_script(call):
    call.walk(**ON)

    assert call.shown("pembuka_diagnosis")["internal"].strip() == NOT_TO_BE_SAID
    spoken = json.dumps([[it["say"], it["if_asked"]] for it in call.heard], ensure_ascii=False)
    meanings = [it["internal"] for it in call.heard if it["id"].startswith("kode_")]
    assert len(meanings) == 9
    assert all(it.strip("()") not in spoken and "Penyebab" not in spoken for it in meanings)


CODES = [
    ("12a", "08", FIRST, "untuk mengetahui Penyebab Periksa", "R-003-58"),
    ("12b", "70", NEXT, "untuk mengetahui Berapa kali open terminal", "R-003-59"),
    ("12c", "71", NEXT, "untuk mengetahui Berapa kali open cover meter", "R-003-60"),
    ("12d", "41", NEXT, "untuk mengetahui Tegangan di Meter", "R-003-61"),
    ("12e", "44", NEXT, "untuk mengetahui Arus RMS", "R-003-62"),
    ("12f", "45", NEXT, "untuk mengetahui Arus Phasa", "R-003-63"),
    ("12g", "46", NEXT, "untuk mengetahui Arus Netral", "R-003-64"),
    ("12h", "37", NEXT, "untuk mengetahui Sisa Pulsa", "R-003-65"),
    ("12i", "47", NEXT, "untuk menampilkan Daya Sesaat (Watt)", "R-003-66"),
]
READ = [pytest.param(*it[:4], marks=pytest.mark.requirement(it[4]), id=it[1]) for it in CODES]


@pytest.mark.parametrize(("number", "code", "script", "meaning"), READ)
def test_each_code_is_asked_in_its_words_and_its_meaning_kept_apart(call, number, code, script, meaning):
    shown = call.walk(**ON, until=f"kode_{code}").now["step"]

    assert (shown["number"], shown["title"]) == (
        number,
        f"Meminta Pelanggan untuk menekan angka {code} Enter",
    )
    assert shown["say"] == script.format(code)
    assert shown["internal"] == f"({meaning})"
    assert [(it["type"], it["code"], it["required"]) for it in shown["fields"]] == [("reading", code, True)]


@pytest.mark.requirement("R-003-54")
def test_what_the_caller_reads_is_kept_as_it_was_read(call):
    call.walk(**ON)

    diagnosis = SelfDiagnosis.objects.get(ticket=call.ticket)
    assert diagnosis.readings == READINGS
    assert [it for it in call.steps if it.startswith("kode_")] == [f"kode_{code}" for code in READINGS]


@pytest.mark.requirement("R-003-56", "R-003-67")
def test_no_number_is_null_and_neither_zero_nor_not_asked(call):
    answers = ON | {"kode_08": {"kode_08": 0}, "kode_45": {"kode_45": None}}
    call.walk(**answers, until="kode_45")

    assert call.try_answer({}).status_code == 422
    call.walk(**answers)

    readings = SelfDiagnosis.objects.get(ticket=call.ticket).readings
    assert (readings["08"], readings["45"], readings["46"]) == (0, None, 2.4)
    assert CallStep.objects.get(step="kode_45").fields == {"kode_45": None}
    assert next(it for it in call.shown("kode_47")["guide"].split("\n")) == (
        "Apabila sudah ditanyakan semua data Self Diagnosis sesuai yang ada pada aplikasi, dan menginput "
        "hasil yang disampaikan Pelanggan, selanjutnya klik “Simpan”"
    )
