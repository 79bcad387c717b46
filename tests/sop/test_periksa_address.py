"""PERIKSA, steps 6 to 8: the number, the address that goes with it, and whether the region is covered."""

from __future__ import annotations

import json

import pytest

from .periksa import (
    AUTODISPATCH,
    AWAY_NOBODY,
    AWAY_WILLING,
    CLOSED,
    IDPEL,
    METER,
    NO_NUMBER,
    NOT_GUIDED,
    OFF,
    ON,
    PHONE,
)
from .walking import form_of

pytestmark = pytest.mark.django_db

DIFFERS = {"verifikasi": "beda", "beda_alamat": {"beda_alamat": "Pemekaran, dahulu Kelurahan Petojo"}}
UNKNOWN = {"pelanggan": {"pelanggan": "540529999999"}, "tidak_ditemukan": {"nomor_diulangi": True}}


@pytest.fixture
def customer(household):
    return household(building_number="8899", rt="071", rw="072", landmark="Masjid Uji")


@pytest.fixture
def call(desk, customer):
    return desk.call("periksa", caller_number=PHONE)


# --- 6 --------------------------------------------------------------------------------------------


@pytest.mark.requirement("R-003-18", "R-003-19")
def test_the_number_is_asked_and_who_cannot_find_it_is_pointed_to_the_meter(call):
    shown = call.walk(**ON, until="identitas").now["step"]

    assert (shown["number"], shown["title"]) == ("6", "Menanyakan ID Pelanggan/No Meter Penelepon")
    assert shown["say"] == "“... Baik ... Mohon dibantu berapa ID Pelanggan atau No Meternya ... ?”"
    assert shown["guide"] == (
        "Jika Penelepon kesulitan mencari ID Pelanggan / No. Meter, maka arahkan Penelepon untuk melihatnya "
        "pada kWh Meter (lanjut ke poin berikutnya)."
    )


@pytest.mark.requirement("R-003-18")
@pytest.mark.parametrize("number", [IDPEL, METER, "5405 2000 0001"])
def test_an_idpel_and_a_meter_number_both_find_the_customer(call, number):
    call.walk(**ON | {"pelanggan": {"pelanggan": number}}, until="di_lokasi")

    assert "Lokasinya di Jl. Kenanga ya Ibu?" in call.said("verifikasi")


@pytest.mark.requirement("R-003-18")
@pytest.mark.parametrize("number", ["5405200000", "5405200000012", "54052000000A", ""])
def test_another_number_of_digits_is_no_number(call, number):
    call.walk(**ON, until="pelanggan")

    refused = call.try_answer({"pelanggan": number})

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/fields/pelanggan"


@pytest.mark.requirement("R-003-20", "R-003-21")
def test_no_number_and_no_power_is_an_outage_of_one_house(call):
    call.walk(**OFF | NO_NUMBER)

    assert call.shown("lapor_tanpa_id")["title"] == (
        "Jika kondisi listriknya “Padam”, maka buat laporan gangguan satu persil seperti biasa dengan "
        "memilih “WO Autodispatch”."
    )
    assert call.now["outcome"] == "GANGGUAN_AUTODISPATCH"
    assert form_of(call.ticket) == AUTODISPATCH | {
        "problem": "1 RUMAH PADAM (DISPLAY APP TERTERA PERIKSA, ID PELANGGAN / NO METER TIDAK DIKETAHUI)"
    }
    assert call.ticket.customer is None


@pytest.mark.requirement("R-003-20", "R-003-22")
def test_no_number_but_power_is_an_apology_and_a_closed_issue(call):
    call.walk(**ON | NO_NUMBER)

    shown = call.shown("siapkan_id")
    assert f"{shown['title']} {shown['say']} {shown['guide']}." == (
        "Jika kondisi listriknya “Masih Menyala”, maka sampaikan kepada Pelanggan permohonan maaf, untuk "
        "menindaklanjuti permasalahannya diperlukan ID Pelanggan / No.Meter, Pelanggan diminta untuk "
        "mempersiapkan dahulu ID Pelanggan / No. Meternya, kemudian Pelanggan dapat menghubungi kembali "
        "CC123 atau dapat dilaporkan langsung melalui aplikasi PLN Mobile (Issue Closed di CC PLN 123)."
    )
    assert (call.now["outcome"], call.ticket.status) == ("ISSUE_CLOSED", "ISSUE_CLOSED")
    assert CLOSED.items() <= form_of(call.ticket).items()
    assert call.steps[-2:] == ["bantuan", "salam"]


@pytest.mark.requirement("R-003-20")
@pytest.mark.parametrize(("answers", "outcome"), [(OFF, "GANGGUAN_AUTODISPATCH"), (ON, "ISSUE_CLOSED")])
def test_a_number_that_no_customer_has_counts_as_none_and_its_address_is_not_made_up(call, answers, outcome):
    call.walk(**answers | UNKNOWN | {"alamat": NO_NUMBER["alamat"]})

    assert "verifikasi" not in call.steps
    assert call.now["outcome"] == outcome
    if outcome == "GANGGUAN_AUTODISPATCH":
        assert "tidak ditemukan: 540529999999" in call.ticket.notes


# --- 7 --------------------------------------------------------------------------------------------


@pytest.mark.requirement("R-003-23", "R-003-24")
def test_the_address_is_verified_by_street_or_area_of_the_customer(call):
    shown = call.walk(**ON, until="verifikasi").now["step"]

    assert (shown["number"], shown["title"]) == (
        "7",
        "Melakukan verifikasi alamat sesuai IDPEL / No. Meter yang diberikan (Jalan Besar atau Wilayah).",
    )
    assert shown["say"].strip().split("\n") == [
        "“... Berdasarkan data pada ID pelanggan, Lokasinya di Jl. Kenanga ya Ibu? ...”",
        "“... Berdasarkan data pada ID pelanggan, Lokasinya di Wilayah Gambir ya Ibu? ...”",
    ]


@pytest.mark.requirement("R-003-23")
def test_the_rest_of_the_stored_address_is_never_shown_to_be_read_out(call):
    call.walk(**ON, until="di_lokasi")

    everything = json.dumps(call.heard)
    assert not [part for part in ("8899", "071", "072", "Masjid Uji", "Pelanggan Uji") if part in everything]


@pytest.mark.requirement("R-003-25", "R-003-26")
def test_a_different_address_is_looked_into_and_its_reason_demanded(call):
    shown = call.walk(**ON | DIFFERS, until="beda_alamat").now["step"]

    assert (shown["number"], shown["title"]) == (
        "7a",
        (
            "Jika terdapat perbedaan alamat antara Data pada IDPEL dengan alamat yang disampaikan "
            "Penelepon, maka pastikan bahwa IDPEL yang diberikan adalah benar alamat yang dilaporkan."
        ),
    )
    assert shown["guide"] == (
        "Tanyakan mengenai perbedaan alamat tsb, misal karena terdapat pemekaran /pengembangan wilayah dll. "
        "(catat keterangannya pada laporan)."
    )
    for nothing in ({}, {"beda_alamat": " "}):
        assert call.try_answer(nothing).status_code == 422


@pytest.mark.requirement("R-003-26")
@pytest.mark.parametrize(
    "answers",
    [ON, OFF, OFF | NOT_GUIDED, ON | NOT_GUIDED, OFF | AWAY_NOBODY, ON | AWAY_NOBODY, ON | AWAY_WILLING],
    ids=["O10-on", "O10-off", "O9-off", "O9-on", "O8-off", "O8-on", "O6"],
)
def test_the_reason_goes_onto_the_ticket_whatever_the_outcome(call, answers):
    call.walk(**answers | DIFFERS)

    assert "Perbedaan alamat: Pemekaran, dahulu Kelurahan Petojo" in call.ticket.notes.split("\n")


def test_without_a_difference_nothing_is_noted_about_it(call):
    assert "Perbedaan" not in call.walk(**ON).ticket.notes


# --- 8 --------------------------------------------------------------------------------------------


@pytest.mark.requirement("R-003-27", "R-003-28")
def test_inside_the_covered_units_the_portal_goes_on_by_itself(call):
    call.walk(**ON, until="di_lokasi")

    found = next(it for it in call.now["path"] if it["step"] == "wilayah")
    assert (found["kind"], found["answer"], found["event"]) == ("check", "dicakup", "CHECKED")


def test_a_pascabayar_meter_cannot_show_periksa_so_that_the_unit_looks(desk, household):
    household(product="PASCABAYAR")

    call = desk.call("periksa", caller_number=PHONE).walk(**OFF)

    assert form_of(call.ticket) == AUTODISPATCH | {"problem": "1 RUMAH PADAM (DISPLAY APP TERTERA PERIKSA)"}
    assert "di_lokasi" not in call.steps
