"""Seed 004: telling who asks about PELANGGAN TERBAIK, and the closed Keluhan that records it."""

from __future__ import annotations

import pytest

from programs.models import Program
from programs.services import reference
from sop.models import HandOver, SopVersion
from tickets.models import Ticket, WorkOrder
from units.models import Unit

from .periksa import GAMBIR, PHONE
from .walking import form_of

pytestmark = pytest.mark.django_db

SLUG = "pln-terbaik"
URL = "/api/v1/calls/"
IN_FORCE = "2021-06-11"
PROBLEM = "INFORMASI PROGRAM PELANGGAN TERBAIK PLN UID JAKARTA, TELAH DIJELASKAN & PELANGGAN MENGERTI"
TOLD = [
    (
        "PELANGGAN TERBAIK (PELANGGAN TERTib BAYar listrik) yaitu kegiatan yang diadakan untuk meningkatkan "
        "percepatan cash-in dengan cara pemberian reward bagi Pelanggan yang membayar penggunaan listrik "
        "mereka di awal bulan pada tanggal 1 s.d tanggal 5 setiap bulannya"
    ),
    (
        "1. Kriteria Pemenang adalah setiap Pelanggan dari masing-masing tarif diluar “Pelanggan Pemerintah "
        "dan Dinas (Kogol 1, 2 dan 3)” yang membayar pemakaian listriknya pada tanggal 1 s.d 5 setiap bulan "
        "selama 5 bulan."
    ),
    (
        "2. Pemenang akan dihubungi oleh UP3 yang terkait dan reward yang diberikan disesuaikan oleh "
        "masing-masing UP3."
    ),
    (
        "3. Pengumumang pemenang disampaikan kepada Pelanggan sebelum tanggal 17 Juni 2021. Metode "
        "penyampaian dengan memperhatikan protokol kesehatan pencegahan Covid-19."
    ),
    "4. Reward bisa diambil di kantor UP3 pada tanggal 17 Juni 2021.",
]


@pytest.fixture(autouse=True)
def program(db):
    reference.load()
    return Program.objects.get(slug="pelanggan-terbaik-2021")


@pytest.fixture
def ring(desk):
    """A caller from Gambir who asks whether the program is true, on a day of June 2021."""

    def walk(until=None, on=IN_FORCE, area=GAMBIR, **answers):
        gambir = Unit.objects.get(name="ULP Gambir")
        given = {
            "penelepon": {"nama": "Penelepon Satu", "sapaan": "Ibu"},
            "informasi": "mengerti",
            "layanan": {"unit": gambir.code, "lokasi": "Gambir"},
        }
        opening = {"area": area} if area else {}
        return desk.call(SLUG, caller_number=PHONE, on=on, **opening).walk(until=until, **given | answers)

    return walk


# --- What is told ---------------------------------------------------------------------------------


@pytest.mark.requirement("R-004-2", "R-004-4", "R-004-7", "R-004-8", "R-004-9", "R-004-10", "R-004-11")
def test_who_asks_hears_the_program_word_for_word_and_no_prize_is_promised(ring):
    call = ring(until="informasi")

    step = call.shown("informasi")
    assert step["title"] == (
        "Memberikan informasi sesuai keterangan di atas kepada Pelanggan yang menanyakan kebenaran program "
        "tsb."
    )
    assert step["say"].splitlines() == TOLD
    assert step["internal"] == (
        "Jangan menjanjikan reward atau jenisnya; hanya UP3 terkait yang menghubungi pemenang."
    )
    assert step["internal"] not in step["say"]


def test_it_is_told_again_to_who_has_not_understood(ring):
    assert ring(informasi="ulang").said("informasi_ulang") == TOLD[2].removeprefix("2. ")


# --- What is recorded -----------------------------------------------------------------------------


@pytest.mark.requirement("R-004-12", "R-004-13", "R-004-14")
def test_the_call_is_recorded_as_a_closed_keluhan_with_the_values_of_the_form(ring, jakarta):
    call = ring(until="catat")
    assert call.shown("layanan")["title"] == (
        "Laporan di catat pada APKT “KELUHAN” (ISSUE CLOSED) dengan pemilihan Tipe Permasalahan & Keterangan "
        "sesuai capture di bawah ini."
    )
    form = call.shown("catat")["outcome"]
    assert (form["tab"], form["type"], form["sub_type"]) == ("KELUHAN", "Informasi", "Umum")
    assert (form["problem"], form["unit"]) == (PROBLEM, {"code": "54", "name": "UID Jakarta Raya"})
    call.walk()

    assert call.now["outcome"] == "ISSUE_CLOSED"
    assert form_of(call.ticket) == {
        "tab": "KELUHAN",
        "type": "Informasi",
        "sub_type": "Umum",
        "problem": PROBLEM,
        "wo_type": "",
        "unit": "UID Jakarta Raya",
        "posko": "",
    }
    assert jakarta.aliases.filter(name="DISTRIBUSI JAKARTA RAYA").exists()
    assert call.ticket.notes.splitlines() == [
        "Unit: DISTRIBUSI JAKARTA RAYA",
        "Unit Pelayanan: ULP Gambir",
        "Lokasi: Gambir",
    ]
    assert (call.ticket.status, call.ticket.sop_ref) == ("ISSUE_CLOSED", "pln-terbaik@1")
    assert call.said("nomor") == f"Nomor laporan Ibu: {call.now['ticket']}."


@pytest.mark.requirement("R-004-13")
@pytest.mark.parametrize("given", [{}, {"unit": ""}, {"unit": "99999"}])
def test_unit_pelayanan_is_required_and_must_exist(ring, given):
    call = ring(until="layanan")
    assert [it["required"] for it in call.shown("layanan")["fields"]] == [True, False]

    assert call.try_answer(given).status_code == 422
    assert not Ticket.objects.exists()


@pytest.mark.requirement("R-004-14")
def test_the_problem_is_filled_in_and_may_be_edited_but_not_emptied(ring):
    call = ring(until="catat")
    call.answer({"permasalahan": "INFORMASI PROGRAM, PELANGGAN BELUM MENGERTI"})

    assert call.ticket.problem == "INFORMASI PROGRAM, PELANGGAN BELUM MENGERTI"
    assert ring(catat={"permasalahan": ""}).ticket.problem == PROBLEM


@pytest.mark.requirement("R-004-14")
def test_the_cut_off_word_of_the_picture_stays_in_the_text_of_the_sop():
    assert "PELANGGAN MENGETI" in SopVersion.objects.get(document__slug=SLUG).text


@pytest.mark.requirement("R-004-15")
def test_no_report_goes_to_a_unit(ring, posko_menteng, manager_menteng, srm_jakarta):
    call = ring()

    assert (call.ticket.posko, call.ticket.due_at, call.ticket.closed_at is None) == (None, None, False)
    assert not WorkOrder.objects.exists()
    assert not HandOver.objects.exists()
    for reader in (posko_menteng, manager_menteng, srm_jakarta):
        assert not Ticket.objects.visible_to(reader).exists()


# --- Where and when -------------------------------------------------------------------------------


@pytest.mark.requirement("R-004-1")
@pytest.mark.parametrize(
    ("on", "area", "status"),
    [
        ("2021-06-10", GAMBIR, 404),
        ("2021-06-11", GAMBIR, 201),
        ("2021-06-17", GAMBIR, 201),
        ("2021-06-18", GAMBIR, 404),
        ("2021-06-17", "32.73.01.1001", 404),
        (None, GAMBIR, 404),
    ],
)
def test_calls_follow_it_in_its_region_until_its_last_day(api, agent, on, area, status):
    opened = api(agent).post(URL, {"procedure": SLUG, "on": on, "area": area})

    assert opened.status_code == status
    assert status == 201 or opened.json()["code"] == "not_in_force"


@pytest.mark.requirement("R-004-1")
def test_a_caller_from_elsewhere_hears_where_it_applies_and_the_unit_stays(ring, household):
    there = household(area="32.73.01.1001", at="UP3 Bandung")
    caller = {"nama": "Penelepon Satu", "pelanggan": there.idpel}

    call = ring(area=None, penelepon=caller)

    assert call.said("informasi_luar") == (
        "Program PELANGGAN TERBAIK hanya untuk wilayah kerja PLN UID Jakarta Raya."
    )
    assert "informasi" not in call.steps
    assert form_of(call.ticket)["unit"] == "UID Jakarta Raya"


def test_a_program_that_is_not_running_is_not_explained_as_if_it_were(ring, program):
    Program.objects.filter(pk=program.pk).update(status="DRAFT")

    assert "informasi" not in ring().steps
