"""The SOPs that come with the portal: their texts word for word, and which rules where and when."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings

from sop.models import SopDocument, SopValue, SopVersion
from sop.services import library, reference
from tests.sop.conftest import ruling
from units.models import Unit

pytestmark = pytest.mark.django_db

FOLDER = settings.BASE_DIR / "fixtures" / "sop"
TEXTS = sorted(FOLDER.glob("*/[0-9]*.md"))
QUOTED = re.compile(r"“[^“”]+”|“[^“”\n]+|\"[^\"\n]{12,}\"")  # some seeds leave a quote open
NO_SCRIPTS = {
    "Update Hasil VC Tgl 7 April 2020 dan Informasi Lainnya",  # the name of the SOP, in the addendum
    *("Pengaduan", "Gangguan kWh meter saya menunjukkan PERIKSA", "Submit"),  # what customers tap on
}
MARKS = re.compile(r"[*_\\]+|^[ >o-]+", re.MULTILINE)


def plain(text: str) -> str:
    """Without the marks of Markdown, and with every run of white space as one blank."""
    return " ".join(MARKS.sub("", text).split())


def shown_by(document: str, number: int) -> str:
    """Every text of the procedures of a version, with the templates of their outcomes."""
    version = SopVersion.objects.get(document__slug=document, number=number)
    templates = [
        str(step.get("template", ""))
        for compiled in version.procedures.values_list("compiled", flat=True)
        for step in compiled["steps"].values()
    ]
    return plain("\n".join([version.scripts, *templates]))


def version_at(document: str, unit: str, on: date) -> int | None:
    """Number of the version of `document` that rules at the unit of that name."""
    found = ruling(SopDocument.objects.get(slug=document), Unit.objects.get(name=unit), on)
    return found.number if found else None


# --- Word for word --------------------------------------------------------------------------------


@pytest.mark.requirement("R-ALL-1")
@pytest.mark.parametrize("path", TEXTS, ids=lambda it: f"{it.parent.name}-{it.stem}")
def test_the_text_of_a_seed_is_in_the_database_word_for_word(path):
    version = SopVersion.objects.get(document__slug=path.parent.name, number=int(path.stem))

    assert version.text == path.read_text("utf-8")


def scripts_of(path: Path) -> set[str]:
    """The quoted lines of an SOP, without the marks around them."""
    return {plain(quote).strip('“”"') for quote in QUOTED.findall(path.read_text("utf-8"))} - NO_SCRIPTS


SCRIPTS = [
    pytest.param(path.parent.name, int(path.stem), script, id=f"{path.parent.name}-{path.stem}-{script[:40]}")
    for path in TEXTS
    for script in sorted(scripts_of(path))
]


def test_the_seeds_hold_the_scripts_that_are_looked_for():
    assert len(SCRIPTS) > 60


@pytest.mark.requirement("R-ALL-4")
@pytest.mark.parametrize(("document", "number", "script"), SCRIPTS)
def test_every_quoted_script_line_is_in_the_procedures_of_its_sop(document, number, script):
    assert script in shown_by(document, number)


# --- Headers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slug", "number", "title", "dated", "origin"),
    [
        pytest.param(
            "meter-replacement",
            1,
            "Penggantian kWh Meter Tua / Rusak GRATIS",
            date(2020, 11, 20),
            "Divisi Pemasaran dan Pelayanan Pelanggan",
            marks=pytest.mark.requirement("R-000-1"),
        ),
        pytest.param(
            "vc-7-april-2020",
            1,
            "Update Hasil VC Tgl 7 April 2020 dan Informasi Lainnya",
            date(2020, 4, 10),
            "Video Conference Tgl. 7 April 2020",
            marks=pytest.mark.requirement("R-001-1"),
        ),
        pytest.param(
            "alokasi-pbpd",
            1,
            "Pengaturan Alokasi Meter Layanan PB/PD",
            date(2021, 1, 26),
            "No.1797/AGA.04.01/B01030103/2021",
            marks=pytest.mark.requirement("R-002-1"),
        ),
        pytest.param(
            "periksa",
            2,
            "Laporan terkait Display APP Tertera “PERIKSA” Untuk Wilayah UID Jakarta, Banten, Jawa Barat, "
            "Jawa Tengah & DIY",
            date(2022, 2, 18),
            "CSO PLN 123",
            marks=pytest.mark.requirement("R-003-1"),
        ),
        pytest.param(
            "pln-terbaik",
            1,
            "Penyampaian Informasi Program “PLN TERBAIK” di Wilayah Kerja PLN UID Jakarta Raya",
            date(2021, 6, 11),
            "Senior Manager Niaga dan Pelayanan Pelanggan PLN UID Jakarta Raya",
            marks=pytest.mark.requirement("R-004-1", "R-004-3"),
        ),
    ],
)
def test_each_seed_has_its_title_date_and_origin(slug, number, title, dated, origin):
    version = SopVersion.objects.get(document__slug=slug, number=number)

    assert (version.title, version.dated_on) == (title, dated)
    assert origin in version.origin
    assert (version.status, version.author, version.approver) == ("PUBLISHED", None, None)


# --- Where and when -------------------------------------------------------------------------------


@pytest.mark.requirement("R-003-27", "R-003-30", "R-003-31", "R-003-32")
@pytest.mark.parametrize(
    ("unit", "on", "number"),
    [
        ("UP3 Menteng", date(2021, 12, 21), 1),
        ("UP3 Menteng", date(2021, 12, 22), 2),
        ("UP3 Bandung", date(2022, 2, 17), 1),
        ("UP3 Bandung", date(2022, 2, 18), 2),
        ("UID Banten", date(2021, 12, 22), 2),
        ("UID Jawa Tengah & D.I. Yogyakarta", date(2022, 2, 17), 1),
        ("UID Jawa Tengah & D.I. Yogyakarta", date(2022, 2, 18), 2),
        ("UIW Sulawesi Selatan, Tenggara & Barat", date(2021, 12, 21), 1),
        ("UIW Sulawesi Selatan, Tenggara & Barat", date(2026, 1, 1), 1),
        ("PLN Pusat", date(2026, 1, 1), 1),
    ],
)
def test_periksa_rules_by_region_and_day(unit, on, number):
    found = version_at("periksa", unit, on)

    assert found == number


@pytest.mark.requirement("R-000-2", "R-000-8", "R-002-27", "R-004-1")
@pytest.mark.parametrize(
    ("document", "unit", "on", "number"),
    [
        ("meter-replacement", "UP3 Bandung", date(2020, 11, 19), None),
        ("meter-replacement", "UP3 Bandung", date(2020, 11, 20), 1),
        ("meter-replacement", "UP3 Menteng", date(2030, 1, 1), 1),
        ("alokasi-pbpd", "UP3 Menteng", date(2021, 1, 25), None),
        ("alokasi-pbpd", "UP3 Menteng", date(2021, 1, 26), 1),
        ("pln-terbaik", "UP3 Menteng", date(2021, 6, 10), None),
        ("pln-terbaik", "UP3 Menteng", date(2021, 6, 17), 1),
        ("pln-terbaik", "UP3 Menteng", date(2021, 6, 18), None),
        ("pln-terbaik", "UP3 Bandung", date(2021, 6, 17), None),
        ("pandemi-covid-19", "UP3 Bandung", date(2020, 4, 9), None),
        ("pandemi-covid-19", "UP3 Bandung", date(2023, 6, 21), 1),
        ("pandemi-covid-19", "UP3 Bandung", date(2023, 6, 22), None),
    ],
)
def test_each_sop_rules_from_its_first_to_its_last_day_in_its_region(document, unit, on, number):
    assert version_at(document, unit, on) == number


@pytest.mark.requirement("R-001-30", "R-001-31")
@pytest.mark.parametrize(("on", "is_asked"), [(date(2023, 6, 21), True), (date(2023, 6, 22), False)])
def test_the_question_about_access_stands_before_officers_are_sent_while_its_sop_is_in_force(on, is_asked):
    book = library.rulebook(unit=Unit.objects.get(name="UP3 Menteng"), on=on)
    graph = library.graph_in(book, book.entry("periksa"))

    sent = [it for it in graph.steps.values() if it.body.get("outcome") == "GANGGUAN_AUTODISPATCH"]
    others = [it for it in graph.steps.values() if it.kind == "outcome" and it not in sent]
    assert len(sent) >= 8
    assert {f"{it.address}+pembatasan-akses/akses" in graph.steps for it in sent} == {is_asked}
    assert not any(f"{it.address}+pembatasan-akses/akses" in graph.steps for it in others)


@pytest.mark.requirement("R-001-29")
def test_the_answer_about_access_goes_into_the_notes_of_the_ticket():
    book = library.rulebook(unit=Unit.objects.get(name="UP3 Menteng"), on=date(2022, 3, 1))

    graph = library.graph_in(book, book.entry("periksa"))

    notes = graph["lapor_blank"].body["template"]["notes"]
    assert "Pembatasan akses masuk ke lokasi Pelanggan: {jawaban.lapor_blank+pembatasan-akses/akses}" in notes


# --- Loading --------------------------------------------------------------------------------------


def test_loading_again_writes_nothing(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert reference.load() == {"SOP versions": 0, "SOP values": 0}


def test_a_value_that_people_changed_stays_theirs(tmp_path):
    SopValue.objects.filter(key="periksa-tipe-kwh").update(value="PERIKSA METER")
    (tmp_path / "values.yaml").write_text(
        "- {key: periksa-tipe-kwh, default: LAIN, lost: true, note: ''}\n"
        "- {key: nilai-baru, default: BARU, lost: false, note: ''}\n"
    )

    assert reference.load(folder=tmp_path) == {"SOP versions": 0, "SOP values": 1}

    assert SopValue.objects.get(key="periksa-tipe-kwh").text == "PERIKSA METER"
    assert SopValue.objects.get(key="nilai-baru").text == "BARU"


def test_what_stood_in_a_lost_picture_is_marked_as_assumed():
    lost = SopValue.objects.filter(is_capture_lost=True)

    assert lost.count() >= 9
    assert all(it.is_assumed for it in lost)
    assert {it.key for it in lost if not it.text} == {"kode-multiguna", "kode-pembeda-tarif"}
