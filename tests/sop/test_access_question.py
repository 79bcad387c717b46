"""Seed 001, 5C: the question about access while the pandemic lasts, and the switch that ends it."""

from __future__ import annotations

import pytest
from django.utils import timezone

from sop.models import SopDocument, SopVersion
from sop.services import documents, publishing
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

PHONE = "081234567890"
URL = "/api/v1/calls/"
LAST_DAY, DAY_AFTER = "2023-06-21", "2023-06-22"
ADVICE = (
    "melakukan koordinasi ke RT atau perangkat daerah setempat, sehingga apabila petugas PLN datang dapat "
    "diijinkan akses ke lokasi Pelanggan."
)
BLANK = {
    "nama": {"nama": "Penelepon Satu", "sapaan": "Ibu"},
    "sapa": {"nama": "Penelepon Satu", "sapaan": "Ibu"},
    "listrik": "padam",
    "layar": "blank",
    "alamat": {"alamat": {"street": "Jl. Contoh"}, "area": "31.71.01.1001"},
    "nomor_ini": "ya",
    "wa_sms": {"hubungi_telepon": True, "hubungi_wa": False, "hubungi_sms": False},
}


@pytest.fixture
def dark(desk):
    """A caller whose display is blank: an officer is sent to one premises."""

    def walk(until, on=None, **answers):
        call = desk.call("periksa", caller_number=PHONE, on=on, area="31.71.01.1001")
        return call.walk(until=until, **BLANK | answers)

    return walk


@pytest.mark.requirement("R-001-28", "R-001-29", "R-001-30")
def test_a_fault_of_one_premises_asks_about_access_and_keeps_answer_and_advice(dark):
    call = dark("akses", on=LAST_DAY)

    assert call.shown("akses")["title"] == (
        "Menanyakan apakah di wilayah / lokasi Pelanggan terdapat pembatasan akses masuk."
    )
    assert [it["label"] for it in call.shown("akses")["choices"]] == [
        "Ada pembatasan akses masuk",
        "Tidak ada",
    ]
    call.answer("ada")
    assert call.said("saran") == ADVICE
    assert call.try_answer({}).status_code == 422
    call.answer({"saran_disampaikan": True})
    assert (call.at, Ticket.objects.count()) == ("lapor_blank", 0)
    call.answer()

    assert call.now["outcome"] == "GANGGUAN_AUTODISPATCH"
    lines = call.ticket.notes.splitlines()
    assert "Pembatasan akses masuk ke lokasi Pelanggan: Ada pembatasan akses masuk" in lines
    assert "Koordinasi ke RT atau perangkat daerah setempat sudah disarankan: ya" in lines


@pytest.mark.requirement("R-001-28")
def test_without_a_restriction_no_advice_is_read_and_the_answer_is_kept(dark):
    call = dark("lapor_blank", on=LAST_DAY, akses="tidak")
    call.answer()

    assert "saran" not in call.steps
    assert "Pembatasan akses masuk ke lokasi Pelanggan: Tidak ada" in call.ticket.notes
    assert "sudah disarankan" not in call.ticket.notes


@pytest.mark.requirement("R-001-31")
@pytest.mark.parametrize("on", [DAY_AFTER, None])
def test_after_its_last_day_the_question_is_gone(dark, on):
    call = dark("lapor_blank", on=on)
    call.answer()

    assert "akses" not in call.steps
    assert "Pembatasan akses" not in call.ticket.notes


@pytest.mark.requirement("R-001-31")
def test_the_questions_are_switched_on_by_a_new_version_and_off_by_its_withdrawal(
    dark, sop_author, sop_approver
):
    now, document = timezone.now(), SopDocument.objects.get(slug="pandemi-covid-19")
    old = SopVersion.objects.get(document=document)
    draft = documents.draft_version(document=document, source=old, by=sop_author, at=now)
    publishing.submit_version(version=draft, by=sop_author, at=now)
    assert dark("lapor_blank")

    publishing.publish_version(version=draft, by=sop_approver, at=now)
    running = dark("akses")

    publishing.withdraw_version(version=draft, reason="kondisi normal", by=sop_approver, at=now)
    assert "akses" not in dark("lapor_blank").steps
    assert running.answer("tidak")["step"]["id"].endswith("lapor_blank")  # what has begun goes on as it was


NIAGA = {
    "data": {"nama": "Penelepon Satu", "area": "31.71.01.1001"},
    "permohonan": {"kanal_daftar": "CC PLN 123", "tanggal_daftar": "2020-03-30"},
    "tanya_tmp": "melebihi",
}


@pytest.mark.requirement("R-001-31")
@pytest.mark.parametrize(("on", "first"), [(LAST_DAY, "kondisi"), (DAY_AFTER, "mendesak_biasa")])
def test_applications_ask_about_the_pandemic_only_while_it_lasts(desk, on, first):
    call = desk.call("permohonan-niaga", on=on).walk(**NIAGA, until=first)

    if first == "mendesak_biasa":
        call.walk(mendesak_biasa="mendesak")
        assert not {"kondisi", "akses", "situasi"} & set(call.steps)
        assert call.now["outcome"] == "KELUHAN_TO_UNIT"
        assert "Pembatasan akses" not in call.ticket.notes


@pytest.mark.requirement("R-001-31")
@pytest.mark.parametrize(
    "procedure", ["permohonan-niaga", "ps-pengelasan", "ps-kedukaan", "turun-daya", "lebih-tagih"]
)
@pytest.mark.parametrize(("on", "status"), [("2020-04-09", 404), ("2020-04-10", 201), (DAY_AFTER, 201)])
def test_its_procedures_begin_with_the_sop_and_outlast_the_pandemic(api, agent, procedure, on, status):
    opened = api(agent).post(URL, {"procedure": procedure, "on": on})

    assert opened.status_code == status
    assert status == 404 or opened.json()["sop"] == "vc-7-april-2020@1"
