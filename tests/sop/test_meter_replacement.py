"""Seed 000: free replacement of old or broken meters, walked over the API."""

from __future__ import annotations

import pytest
from django.utils import timezone

from sop.models import Call
from tickets.models import ProblemType, Ticket
from units.models import Unit

from .walking import closed, form_of, keluhan

pytestmark = pytest.mark.django_db

SLUG = "meter-replacement"
PHONE = "081234567890"
NAMED = {"nama": "Penelepon Satu", "sapaan": "Ibu"}
HERE = {
    "asal": "permintaan Pelanggan",
    "alamat": {"street": "Jl. Contoh"},
    "area": "31.71.01.1001",
    "hp": PHONE,
}
TEXTS = {"permasalahan": "KWH METER MACET", "keterangan": "MOHON PENGGANTIAN KWH METER"}
PASCABAYAR = {"tanya_produk": {"produk_sekarang": "PASCABAYAR"}}
WANTS = {"nama": NAMED, "keperluan": "minta_ganti", "pelanggan": HERE}
ALL_UNITS_SEE = """1. Kebijakan tersebut berlaku di seluruh wilayah.
3. Pelanggan tidak dimintakan biaya apapun untuk program/kegiatan tsb.
5. Program ini merupakan program rutin yang dilakukan oleh seluruh unit PLN."""
CRITERIA = [
    "4. Kriteria Usia kWh Meter yang masuk dalam program tsb yaitu:",
    "a. Usia kWh Meter Paskabayar 10 Tahun dan",
    "b. kWh Meter Prabayar 15 Tahun.",
    (
        "c. kWh Meter sudah tidak berfungsi sebagaimana mestinya seperti Macet, Token tidak berkurang "
        "(pemakaian normal) dsb."
    ),
]
ASKED = {
    "sapaan",
    "nama",
    "pelanggan",
    "asal",
    "alamat",
    "area",
    "hp",
    "produk_sekarang",
    "kerusakan",
    "usia_tahun",
    "permasalahan",
    "keterangan",
}


@pytest.fixture
def ring(desk):
    """A call up to the step `until`, or to its end, of a customer who is not known."""

    def walk(until=None, product="PASCABAYAR", **answers):
        call = desk.call(SLUG, caller_number=PHONE)
        return call.walk(until=until, **WANTS | {"tanya_produk": {"produk_sekarang": product}} | answers)

    return walk


def old(years):
    return {"sebab": "usia", "usia": TEXTS | {"usia_tahun": years}}


def broken(kind, **more):
    return {"sebab": "rusak", "kerusakan": TEXTS | {"kerusakan": kind} | more}


# --- What the agent sees and is asked -------------------------------------------------------------


@pytest.mark.requirement("R-000-5", "R-000-6", "R-000-7")
def test_the_criteria_stand_before_the_agent_word_for_word(ring):
    call = ring(until="pelanggan")

    assert call.shown("nama")["guide"].strip() == ALL_UNITS_SEE
    assert call.shown("keperluan")["guide"].splitlines() == CRITERIA


@pytest.mark.requirement("R-000-4", "R-000-17")
@pytest.mark.parametrize("answers", [old(12), broken("macet")])
def test_no_fee_and_no_proof_is_ever_asked_and_the_agent_sees_that_it_is_free(ring, answers):
    call = ring(**answers)

    asked = {field["name"] for step in call.heard if step["kind"] == "collect" for field in step["fields"]}
    assert asked <= ASKED
    assert "tidak dimintakan biaya apapun" in call.shown("nama")["guide"]
    assert call.said("penutup") == (
        f"Laporan Ibu bernomor {call.now['ticket']} telah kami sampaikan ke Unit PLN terkait. "
        "Pelanggan tidak dimintakan biaya apapun untuk program/kegiatan tsb."
    )


@pytest.mark.requirement("R-000-3")
@pytest.mark.parametrize("origin", ["permintaan Pelanggan", "kegiatan petugas ke lokasi Pelanggan"])
def test_a_request_notes_who_raised_it(ring, origin):
    call = ring(pelanggan=HERE | {"asal": origin}, **old(10))

    assert f"Penggantian kWh Meter GRATIS, {origin}" in call.ticket.notes.splitlines()
    assert call.ticket.details["isian"]["asal"] == origin


@pytest.mark.requirement("R-000-3")
@pytest.mark.parametrize("origin", [None, "ide petugas"])
def test_without_an_origin_of_the_two_nothing_moves(ring, origin):
    call = ring(until="pelanggan")

    assert call.try_answer(HERE | {"asal": origin}).status_code == 422
    assert not Ticket.objects.exists()


@pytest.mark.requirement("R-000-2", "R-000-8")
@pytest.mark.parametrize(
    ("area", "on"), [("32.73.01.1001", "2020-11-20"), ("73.71.01.1001", None), ("91.71.01.1001", None)]
)
def test_every_region_takes_requests_and_there_is_no_last_day(desk, area, on):
    call = desk.call(SLUG, area=area, on=on)
    posko = Unit.objects.get(name="Posko Sukajadi")

    asked = {"pelanggan": HERE | {"area": area}, "pilih_unit": {"unit": posko.code}}
    call.walk(**WANTS | asked | PASCABAYAR | old(10))

    assert call.now["outcome"] == "KELUHAN_TO_UNIT"
    assert call.ticket.area_id == area


# --- Only information -----------------------------------------------------------------------------


@pytest.mark.requirement("R-000-9")
def test_a_call_that_only_asks_is_recorded_and_closed(ring):
    call = ring(keperluan="informasi")

    assert call.now["outcome"] == "ISSUE_CLOSED"
    assert form_of(call.ticket) == closed(
        "Penggantian kWh Meter",
        "Info",
        "INFORMASI PENGGANTIAN KWH METER TUA / RUSAK GRATIS, TELAH DIJELASKAN",
    )
    assert call.ticket.status == "ISSUE_CLOSED"


# --- Age ------------------------------------------------------------------------------------------


@pytest.mark.requirement("R-000-5", "R-000-6")
@pytest.mark.parametrize(
    ("product", "years", "qualifies"),
    [
        ("PASCABAYAR", 9.9, False),
        ("PASCABAYAR", 10, True),
        ("PASCABAYAR", 14, True),
        ("PRABAYAR", 14, False),
        ("PRABAYAR", 15, True),
    ],
)
def test_the_limit_of_age_is_that_of_the_product(ring, product, years, qualifies):
    call = ring(product=product, belum_usia="dijelaskan", **old(years))

    assert call.now["outcome"] == ("KELUHAN_TO_UNIT" if qualifies else "ISSUE_CLOSED")


@pytest.mark.requirement("R-000-6")
def test_the_product_must_be_known(ring, desk, household):
    unknown = ring(until="tanya_produk")
    assert unknown.try_answer({}).status_code == 422

    known = household(product="PRABAYAR")
    given = HERE | {"pelanggan": known.idpel}
    call = desk.call(SLUG).walk(**WANTS | {"pelanggan": given}, **old(14), belum_usia="dijelaskan")

    assert "tanya_produk" not in call.steps
    assert call.now["outcome"] == "ISSUE_CLOSED"


@pytest.mark.requirement("R-000-12", "R-000-13", "R-000-14", "R-000-16", "R-000-17", "R-ALL-5")
def test_a_meter_of_age_goes_to_the_unit_on_the_customers_word(ring):
    call = ring(**old(10))

    assert call.now["outcome"] == "KELUHAN_TO_UNIT"
    assert form_of(call.ticket) == keluhan("Penggantian kWh Meter Tua", "Usia kWh Meter", "KWH METER MACET")
    assert call.ticket.notes.splitlines() == [
        "MOHON PENGGANTIAN KWH METER",
        "Penggantian kWh Meter GRATIS, permintaan Pelanggan",
        "Usia kWh Meter 10 tahun sesuai informasi Pelanggan",
    ]
    assert (call.ticket.status, call.ticket.sop_ref) == ("LAPOR", "meter-replacement@1")


@pytest.mark.requirement("R-000-17")
def test_the_customers_word_counts_whatever_is_known_of_the_meter(desk, household):
    known = household(product="PASCABAYAR")
    known.meters.update(installed_on=timezone.localdate())
    given = HERE | {"pelanggan": known.idpel}

    call = desk.call(SLUG).walk(**WANTS | {"pelanggan": given}, **old(10))

    assert call.ticket.problem_type.code == "kwh-meter-tua"


def test_a_supervisor_may_make_an_exception_with_a_reason(ring):
    call = ring(until="pengecualian", belum_usia="pengecualian", **old(9))
    assert call.try_answer({"persetujuan": ""}).status_code == 422

    call.walk(pengecualian={"persetujuan": "Supervisor, pelanggan prioritas"})

    assert call.now["outcome"] == "KELUHAN_TO_UNIT"
    assert "Pengecualian usia 9 tahun: Supervisor, pelanggan prioritas" in call.ticket.notes


# --- Damage ---------------------------------------------------------------------------------------

DAMAGES = {
    "macet": "Macet",
    "token": "Token tidak berkurang (pemakaian normal)",
    "fisik": "Fisik rusak",
    "karat": "Karat",
    "lainnya": "Lainnya",
}


@pytest.mark.requirement("R-000-7", "R-000-12", "R-000-13", "R-000-14")
@pytest.mark.parametrize(("kind", "sub_type"), DAMAGES.items())
def test_a_malfunction_qualifies_at_any_age_with_the_pair_of_its_kind(ring, kind, sub_type):
    call = ring(**broken(kind, usia_tahun=1))

    labels = {it["value"]: it["label"] for it in call.shown("kerusakan")["fields"][0]["choices"]}
    form = form_of(call.ticket)
    assert labels == DAMAGES
    assert (form["tab"], form["type"], form["sub_type"]) == ("KELUHAN", "kWh Meter Rusak", sub_type)
    assert (form["problem"], form["unit"]) == ("KWH METER MACET", "ULP Gambir")
    assert "MOHON PENGGANTIAN KWH METER" in call.ticket.notes
    assert "Usia kWh Meter 1 tahun sesuai informasi Pelanggan" in call.ticket.notes


@pytest.mark.requirement("R-000-13")
@pytest.mark.parametrize("missing", ["permasalahan", "keterangan"])
@pytest.mark.parametrize(
    ("cause", "step"), [("rusak", "kerusakan"), ("usia", "usia"), ("tidak_tahu", "alasan")]
)
def test_problem_and_request_are_both_needed(ring, cause, step, missing):
    call = ring(until=step, sebab=cause)
    given = TEXTS | ({"usia_tahun": 12} if cause == "usia" else {"kerusakan": "fisik"})

    refused = call.try_answer({**given, missing: " "})

    assert refused.status_code == 422
    assert not Ticket.objects.exists()


# --- Neither is known -----------------------------------------------------------------------------


@pytest.mark.requirement("R-000-10")
def test_age_or_fault_must_be_asked(ring):
    call = ring(until="sebab")

    assert call.shown("sebab")["title"] == (
        "harus ditanyakan usia kWh Meternya atau permasalahannya jika kWh Meternya Rusak."
    )
    assert call.try_answer().status_code == 422
    for cause, step, empty in (("usia", "usia", "usia_tahun"), ("rusak", "kerusakan", "kerusakan")):
        asked = ring(until=step, sebab=cause)
        refused = asked.try_answer(TEXTS)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"/fields/{empty}")
    assert not Ticket.objects.exists()


@pytest.mark.requirement("R-000-10", "R-000-11", "R-000-12")
def test_without_the_age_the_reason_is_asked_and_the_request_goes_to_the_unit(ring):
    call = ring(until="alasan", sebab="tidak_tahu")

    assert call.shown("alasan")["title"] == (
        "Jika Pelanggan tidak mengetahui pasti usia kWh Meternya, maka tanyakan alasan permintaan "
        "penggantiannya (Fisik kWh Meternya sudah rusak / karat atau informasi lainnya)."
    )
    reasons = [it["label"] for it in call.shown("alasan")["fields"][0]["choices"]]
    assert reasons == ["Fisik kWh Meternya sudah rusak", "Karat", "Informasi lainnya"]
    assert call.try_answer(TEXTS).status_code == 422
    call.walk(alasan=TEXTS | {"kerusakan": "karat"})

    assert call.now["outcome"] == "KELUHAN_TO_UNIT"
    assert (call.ticket.problem_type.name, call.ticket.problem_type.sub_name) == ("kWh Meter Rusak", "Karat")


# --- Lost pictures --------------------------------------------------------------------------------


def _pair_shown(call):
    """The outcome as the agent saw it before saving."""
    return next(it["outcome"] for it in call.heard if it["outcome"])


@pytest.mark.requirement("R-000-15", "R-000-16")
@pytest.mark.parametrize(
    ("code", "answers"), [("kwh-meter-tua", old(10)), ("kwh-meter-rusak-macet", broken("macet"))]
)
def test_the_pair_is_marked_as_assumed_and_what_people_correct_is_used_at_once(
    ring, browse, back_office, code, answers
):
    pair = ProblemType.objects.get(code=code)
    admin, url = browse(back_office), f"/admin/tickets/problemtype/{pair.pk}/change/"
    assert "asumsi: capture tidak ada dalam teks SOP 20 Nov 2020" in admin.get(url).content.decode()
    form = {"name": "APP", "sub_name": "Ganti APP", "valid_from": "2000-01-01", "basis": "capture"}

    assert _pair_shown(ring(**answers))["assumed"]["type"]

    assert admin.post(url, form).status_code == 302

    call = ring(**answers)
    ticket = call.ticket
    assert not _pair_shown(call)["assumed"]["type"]
    assert (ticket.problem_type.name, ticket.problem_type.sub_name) == ("APP", "Ganti APP")


@pytest.mark.requirement("R-000-15")
def test_the_screen_marks_the_pair_until_somebody_gives_its_source(ring):
    page = ring(until="karena_usia", **old(10))
    assert 'class="assumed"' in page.client.get(page.url, HTTP_ACCEPT="text/html").content.decode()

    ProblemType.objects.filter(code="kwh-meter-tua").update(basis="SOP 20 Nov 2020")

    assert 'class="assumed"' not in page.client.get(page.url, HTTP_ACCEPT="text/html").content.decode()


def test_the_call_keeps_its_version_and_ends(ring):
    call = ring(**old(10))

    kept = Call.objects.get(pk=call.now["id"])
    assert (kept.version.reference, kept.status) == ("meter-replacement@1", "FINISHED")
