"""PERIKSA, steps 13 to 17: the address, its coordinates, the unit, how to reach the caller, and the form."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine

from tickets.notices import report_text
from units.models import Unit

from .periksa import NO_NUMBER, NOT_GUIDED, OFF, ON, PHONE

pytestmark = pytest.mark.django_db

JAKARTA = ZoneInfo("Asia/Jakarta")
PSTN = "0215551234"
OTHER = "081298765432"
REPORTED = OFF | NOT_GUIDED
NOWHERE = REPORTED | NO_NUMBER | {"alamat": {"alamat": {"street": "Jl. Contoh"}}}


@pytest.fixture
def customer(household):
    return household()


@pytest.fixture
def call(desk, customer):
    return desk.call("periksa", caller_number=PHONE)


@pytest.fixture
def pstn(desk, customer):
    return desk.call("periksa", caller_number=PSTN)


# --- 13 -------------------------------------------------------------------------------------------


@pytest.mark.requirement("R-003-68", "R-003-69", "R-003-70")
def test_the_address_is_gone_through_with_the_street_on_record(call):
    shown = call.walk(**REPORTED, until="alamat").now["step"]

    assert (shown["number"], shown["title"]) == (
        "13",
        "Tanyakan Kelengkapan Alamat Penelepon / Alamat Persil yang Terjadi Gangguan.",
    )
    assert shown["say"].strip().split("\n") == [
        '"Untuk menyamakan data, Alamatnya di Jl. Kenanga',
        '"Acuan lokasinya dekat apa ?"',
    ]
    assert shown["guide"].strip().split("\n") == [
        "Tanyakan kelengkapan alamat penelepon beserta acuan lokasi.",
        (
            "(tanyakan kelengkapan data lainnya (Nomor bangunan, RT/RW dl), dengan mengulang dahulu semua "
            "data alamat sesuai yang tertera pada IDPEL/No.Meter)"
        ),
    ]


@pytest.mark.requirement("R-003-69", "R-003-70", "R-003-82", "R-003-87")
def test_what_the_caller_adds_to_the_address_goes_onto_the_ticket(call):
    parts = {"street": "Jl. Melati", "building_number": "12A", "rt": "003", "rw": "004", "landmark": "Masjid"}

    ticket = call.walk(**REPORTED | {"alamat": {"alamat": parts}}).ticket

    assert {name: getattr(ticket, name) for name in parts} == parts
    assert ticket.reporter_name == "Penelepon Satu"


# --- 14 and 15 ------------------------------------------------------------------------------------


@pytest.mark.requirement("R-003-71", "R-003-72", "R-003-73")
def test_coordinates_are_looked_up_where_there_are_none(call):
    shown = call.walk(**REPORTED, until="koordinat").now["step"]

    assert (shown["number"], shown["title"]) == (
        "14",
        "Cek Titik Koordinat Alamat Penelepon, apakah sudah terisi atau belum.",
    )
    assert shown["guide"].strip().split("\n") == [
        "a. Jika belum terisi, maka :",
        "- Klik Maps",
        "- Isi alamat Penelepon sesuai APKT pada pencarian dan klik cari",
        "- Double klik icon warna merah",
        "- Klik tanda silang dipojok kanan atas",
        "- Pastikan CSO menginput alamat yang sama pada APKT dan pencarian di Maps",
        "b. Jika sudah terisi, Lanjut ke poin berikutnya",
    ]


@pytest.mark.requirement("R-003-72", "R-003-73")
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({}, (None, None)),
        (
            {"koordinat": {"latitude": -6.17, "longitude": 106.82}},
            (Decimal("-6.17"), Decimal("106.82")),
        ),
    ],
    ids=["none", "filled in"],
)
def test_coordinates_go_onto_the_ticket_or_the_call_goes_on_without(call, given, kept):
    ticket = call.walk(**REPORTED | {"koordinat": given}).ticket

    assert (ticket.latitude, ticket.longitude) == kept


@pytest.mark.requirement("R-003-74", "R-003-88")
def test_a_unit_that_follows_from_the_customer_is_not_asked_for(call):
    call.walk(**REPORTED)

    assert "pilih_unit" not in call.steps
    assert (call.ticket.unit.name, call.ticket.posko.name) == ("ULP Gambir", "Posko Gambir")


@pytest.mark.requirement("R-003-74", "R-003-89")
def test_a_unit_that_nothing_tells_is_chosen_before_anything_is_saved(call):
    shown = call.walk(**NOWHERE, until="pilih_unit").now["step"]

    assert (shown["number"], shown["title"], shown["guide"]) == (
        "15b",
        "Cek Kolom Nama Unit/Posko, apakah sudah terisi atau belum.",
        "Jika belum terisi, maka tentukan Unit/Posko sesuai alamat Penelepon",
    )
    assert call.try_answer({}).status_code == 422

    posko = Unit.objects.get(name="Posko Gambir")
    call.walk(**NOWHERE | {"pilih_unit": {"unit": posko.code}})
    assert call.ticket.posko == posko


# --- 16 -------------------------------------------------------------------------------------------


@pytest.mark.requirement("R-003-75", "R-003-76")
def test_a_caller_from_a_pstn_line_is_asked_for_a_mobile_number(pstn):
    shown = pstn.walk(**REPORTED, until="hp_pstn").now["step"]

    assert (shown["number"], shown["guide"]) == (
        "16a",
        (
            "Jika Nomor Id Caller adalah Nomor PSTN, maka tanyakan nomor handphone penelepon yang dapat "
            "dihubungi"
        ),
    )
    assert shown["say"] == "“Bisa dibantu nomor handphone yang dapat dihubungi?”"

    ticket = pstn.walk(**REPORTED | {"hp_pstn": {"hp": OTHER}}).ticket
    assert (ticket.caller_number, ticket.caller_kind) == ("+62215551234", "PSTN")
    assert ticket.mobile_number == "+6281298765432"


@pytest.mark.requirement("R-003-75", "R-003-77", "R-003-83")
def test_a_caller_from_a_mobile_is_asked_whether_that_number_can_be_reached(call):
    shown = call.walk(**REPORTED, until="nomor_ini").now["step"]

    assert (shown["number"], shown["title"]) == (
        "16b",
        (
            "Jika Nomor Id Caller bukan Nomor PSTN (Nomor Handphone), maka tanyakan apakah nomor tersebut "
            "dapat dihubungi"
        ),
    )
    assert shown["say"] == "“... Apakah Nomor telepon yang digunakan saat ini dapat dihubungi ? ...”"

    ticket = call.walk(**REPORTED).ticket
    assert "hp_lain" not in call.steps
    assert (ticket.caller_number, ticket.caller_kind, ticket.mobile_number) == (
        "+6281234567890",
        "MOBILE",
        "",
    )


@pytest.mark.requirement("R-003-78")
def test_where_it_cannot_another_mobile_number_is_asked_for(call):
    answers = REPORTED | {"nomor_ini": "tidak", "hp_lain": {"hp": OTHER}}
    shown = call.walk(**answers, until="hp_lain").now["step"]

    assert shown["guide"] == "Jika tidak dapat dihubungi, maka tanyakan nomor handphone lainnya"
    assert shown["say"] == "“Bisa dibantu nomor handphone lain yang dapat dihubungi?”"
    assert call.try_answer({}).status_code == 422

    assert call.walk(**answers).ticket.mobile_number == "+6281298765432"


@pytest.mark.requirement("R-003-79", "R-003-80")
@pytest.mark.parametrize(
    ("ways", "sentence"),
    [
        ((True, True, True), "Pelanggan dapat dihubungi via Telepon, WA & SMS"),
        ((True, False, True), "Pelanggan dapat dihubungi via Telepon & SMS"),
        ((False, True, True), "Pelanggan dapat dihubungi via WA & SMS"),
    ],
)
def test_the_ways_to_reach_the_caller_are_written_into_the_report(call, ways, sentence):
    asked = dict(zip(("hubungi_telepon", "hubungi_wa", "hubungi_sms"), ways, strict=True))
    shown = call.walk(**REPORTED, until="wa_sms").now["step"]

    assert (shown["number"], shown["title"]) == (
        "16c",
        "Tanyakan apakah nomor handphone-nya dapat dihubungi melalui Whatsapp (WA) atau SMS.",
    )
    assert shown["say"] == "“... Apakah Nomor Handphonenya dapat dihubungi melalui WA atau SMS ? ...”"
    assert (
        shown["guide"] == "Jawaban Informasi dari Penelepon agar diinput pada laporan yang dikirim ke Unit."
    )

    ticket = call.walk(**REPORTED | {"wa_sms": asked}).ticket
    assert sentence in report_text(ticket).splitlines()


# --- 17 -------------------------------------------------------------------------------------------


@pytest.mark.requirement("R-003-81", "R-003-82", "R-003-83", "R-003-84", "R-003-85", "R-003-86", "R-003-87")
def test_the_form_is_filled_in_as_the_sop_lists_it(call):
    shown = call.walk(**REPORTED, until="apkt").now["step"]

    assert (shown["number"], shown["title"]) == ("17", "Pengisian Aplikasi (APKT), CSO harus melakukan :")
    assert shown["guide"].strip().split("\n") == [
        "a. Isi ID Pelanggan (Jika diinformasikan)",
        "b. Isi Nama Penelepon (Pelapor : sesuai di APKT)",
        "c. Isi Alamat penelepon",
        "d. Isi Nomor telepon penelepon (Sesuai tampilan No.id Caller pada Aplikasi CRM)",
        "e. Hp Penelepon dapat diisi jika ada",
        "f. Pemilihan Tipe WO disesuaikan dengan kondisi & keterangan di atas.",
        (
            "g. Membuat Notifikasi pada kolom permasalahan disesuaikan dengan transaksi permasalahan seperti "
            "contoh keterangan di atas."
        ),
        "h. Melakukan pengisian untuk Tanggal Padam serta perkiraan waktu padam jika ada",
        "i. Isi Lokasi kejadian sesuai dengan alamat Penelepon.",
    ]


@pytest.mark.requirement("R-003-81")
def test_the_customer_stands_on_the_ticket_where_the_number_is_known(desk, customer):
    known = desk.call("periksa", caller_number=PHONE).walk(**REPORTED).ticket
    unknown = desk.call("periksa", caller_number=PHONE).walk(**OFF | NO_NUMBER).ticket

    assert (known.customer, unknown.customer) == (customer, None)


@pytest.mark.requirement("R-003-86")
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({}, (None, None)),
        ({"padam_sejak": "2026-03-02T06:45"}, (date(2026, 3, 2), time(6, 45))),
    ],
    ids=["not known", "known"],
)
def test_day_and_hour_of_the_outage_are_noted_where_they_are_known(desk, customer, given, kept):
    with time_machine.travel(datetime(2026, 3, 2, 9, 30, tzinfo=JAKARTA), tick=False):
        ticket = desk.call("periksa", caller_number=PHONE).walk(**REPORTED | {"apkt": given}).ticket

    assert (ticket.outage_on, ticket.outage_time) == kept


@pytest.mark.requirement("R-003-84")
@pytest.mark.parametrize(("answers", "wo_type"), [(REPORTED, "WO_AUTODISPATCH"), (ON, "KWH_PERIKSA")])
def test_the_branch_chooses_the_tipe_wo_and_nobody_else(call, answers, wo_type):
    call.walk(**answers, until="apkt")
    assert call.try_answer({"wo_type": "WO_AUTODISPATCH"}).status_code == 422

    assert call.walk(**answers).ticket.wo_type == wo_type


@pytest.mark.requirement("R-003-90")
def test_who_wishes_to_be_confirmed_first_names_day_and_hour(call):
    call.walk(**REPORTED | {"konfirmasi": "yes"}, until="waktu")

    for given in ({}, *({"konfirmasi_pada": it} for it in ("", "2026-03-02", "2026-03-02T16:30+07:00"))):
        refused = call.try_answer(given)
        assert refused.status_code == 422, given
        assert refused.json()["errors"][0]["pointer"] == "/fields/konfirmasi_pada"
