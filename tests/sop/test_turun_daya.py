"""Seed 001, 5A: reducing the power, to a subsidised one only for who stands in the register."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from sop.models import CallStep, SopValue
from tickets.models import Ticket

from .walking import closed, form_of, keluhan

pytestmark = pytest.mark.django_db

PHONE = "081234567890"
CALLER = {"nama": "Penelepon Satu", "sapaan": "Bapak", "area": "31.71.01.1001", "hp": PHONE}
NIK = "3171010101900001"
POOR = {"nik": NIK, "daya": "450"}
NOT_IN = (
    "sesuai No. NIK tsb Pelanggan tidak termasuk yang mendapatkan Subsidi dari Pemerintah berdasarkan Data "
    "Terpadu Kesejahteraan Sosial, sehingga Turun Daya ke Daya Subsidi tidak dapat diproses"
)
DTKS = (
    "syarat utama adalah terdaftar dalam Data Terpadu Kesejahteraan Sosial (DTKS) yang dikeluarkan oleh "
    "Kementerian Sosial. Untuk detil informasi mengenai hal ini, dapat berkonsultasi dengan Dinas Sosial "
    "setempat yang mengusulkan kepesertaan dalam DTKS.\n"
    "Untuk pengecekan dalam data terpadu, saat ini bisa langsung via website: "
)
SITE = "https://cekbansos.siks.kemsos.go.id/kemsos/pencarian"


@pytest.mark.requirement("R-001-16", "R-001-17", "R-001-18")
def test_a_reduction_to_no_subsidy_goes_to_the_unit_never_the_caller(desk):
    call = desk.call("turun-daya", caller_number=PHONE).walk(data=CALLER, until="sasaran")

    assert call.shown("data")["guide"] == (
        "Tidak mengarahkan Pelanggan ke Unit; disampaikan ke Unit PLN terkait melalui APKT."
    )
    assert call.shown("sasaran")["title"].endswith("agar tidak diarahkan ke Unit.")
    assert call.try_answer().status_code == 422
    call.walk(sasaran="non_subsidi", daya_non_subsidi={"daya": "2.200"})

    assert call.now["outcome"] == "KELUHAN_TO_UNIT"
    assert form_of(call.ticket) == keluhan(
        "Turun Daya", "Permohonan", "PERMOHONAN TURUN DAYA KE DAYA NON SUBSIDI 2.200 VA"
    )


@pytest.mark.requirement("R-001-19", "R-001-20", "R-001-21")
def test_who_is_not_in_the_register_hears_why_and_the_issue_is_closed(desk, agent):
    call = desk.call("turun-daya").walk(data=CALLER, sasaran="subsidi", nik=POOR, hasil="tidak_terdaftar")

    assert call.shown("nik")["title"].endswith("maka lakukan pengecekan No NIK Pelanggan pada aplikasi :")
    assert call.said("tidak_terdaftar") == NOT_IN
    assert call.shown("tidak_terdaftar")["if_asked"] == [
        {
            "question": "Jika Pelanggan merasa berhak mendapatkan Subsidi dan menanyakan kepesertaan",
            "say": f"{DTKS}{SITE}\n",
        }
    ]
    assert call.now["outcome"] == "ISSUE_CLOSED"
    assert form_of(call.ticket) == closed(
        "Turun Daya",
        "Permohonan",
        "TURUN DAYA KE DAYA SUBSIDI TIDAK DAPAT DIPROSES, NIK TIDAK TERMASUK YANG MENDAPATKAN SUBSIDI, "
        "TELAH DIJELASKAN",
    )
    checked = CallStep.objects.get(step="hasil")
    assert (checked.answer, checked.call.agent) == ("tidak_terdaftar", agent)
    assert abs(checked.at - timezone.now()) < timedelta(minutes=5)
    assert "oleh agent: tidak terdaftar" in call.ticket.notes
    assert (
        NIK
        not in f"{call.now}{call.ticket.notes}{call.ticket.details}{CallStep.objects.values_list('fields')}"
    )


@pytest.mark.requirement("R-001-19", "R-001-23")
def test_who_is_in_the_register_is_sent_to_the_unit(desk):
    call = desk.call("turun-daya").walk(data=CALLER, sasaran="subsidi", nik=POOR, hasil="terdaftar")

    assert form_of(call.ticket) == keluhan(
        "Turun Daya",
        "Permohonan",
        "PERMOHONAN TURUN DAYA KE DAYA SUBSIDI 450 VA, NIK TERDAFTAR SEBAGAI PENERIMA SUBSIDI",
    )


@pytest.mark.requirement("R-001-19", "R-001-23")
@pytest.mark.parametrize(("last", "outcome"), [("1", "KELUHAN_TO_UNIT"), ("2", "ISSUE_CLOSED")])
def test_a_connected_register_answers_by_itself(desk, settings, last, outcome):
    settings.SUBSIDY_REGISTER = "tests.sop.test_checks.Register"

    call = desk.call("turun-daya").walk(data=CALLER, sasaran="subsidi", nik=POOR | {"nik": NIK[:-1] + last})

    assert "hasil" not in call.steps
    assert call.now["outcome"] == outcome


@pytest.mark.requirement("R-001-19")
@pytest.mark.parametrize("nik", ["", "317101010190000", "31710101019000011", "317101010190000A"])
def test_the_nik_has_sixteen_digits(desk, nik):
    call = desk.call("turun-daya").walk(data=CALLER, sasaran="subsidi", until="nik")

    assert call.try_answer(POOR | {"nik": nik}).status_code == 422
    assert not Ticket.objects.exists()


@pytest.mark.requirement("R-001-19")
@pytest.mark.parametrize(("power", "asked"), [(900, False), (1300, True)])
def test_only_who_pays_no_subsidised_tariff_is_looked_up(desk, household, power, asked):
    given = CALLER | {"pelanggan": household(power_va=power).idpel}

    call = desk.call("turun-daya").walk(data=given, sasaran="subsidi", until="nik" if asked else None)

    assert call.now["outcome"] == (None if asked else "ISSUE_CLOSED")


@pytest.mark.requirement("R-001-22")
def test_the_address_of_the_register_is_a_setting(desk, browse, sop_author):
    site = SopValue.objects.get(key="cek-dtks")
    form = {"key": site.key, "default": SITE, "value": "https://contoh.example", "valid_from": "2000-01-01"}
    url = f"/admin/sop/sopvalue/{site.pk}/change/"
    assert browse(sop_author).post(url, form).status_code == 302

    call = desk.call("turun-daya").walk(data=CALLER, sasaran="subsidi", nik=POOR, hasil="tidak_terdaftar")

    assert call.shown("tidak_terdaftar")["if_asked"][0]["say"] == f"{DTKS}https://contoh.example\n"
