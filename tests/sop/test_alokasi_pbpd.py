"""Seed 002: new connection, power change and migration by the meters that are there, over the API."""

from __future__ import annotations

import pytest
from django.utils import timezone

from allocation.models import MeterAvailability
from sop.models import HandOver, SopValue
from tickets.models import Ticket

from .periksa import GAMBIR, IDPEL
from .walking import closed, form_of, keluhan

pytestmark = pytest.mark.django_db

SLUG = "alokasi-pbpd"
ASK = {
    "pemohon": {"nama": "Pemohon Satu", "sapaan": "Bapak", "hp": "081234567890"},
    "wilayah": {"area": GAMBIR},
    "transaksi": "pb",
    "daya": {"daya": "2.200", "tarif": "R1"},
    "produk_pb": {"produk": "PASCABAYAR"},
    "pemasangan": {"kode_pembeda_tarif": "", "kode_multiguna": "", "jenis_program": "NOR"},
}
ADJUSTED = (
    "“... baik Bapak, untuk produk layanan yang akan disambung nanti disesuaikan juga dengan material yang "
    "tersedia di Unit PLN di wilayah Bapak ya ...”"
)
OFFER = (
    "“... Mohon maaf Bapak Pemohon Satu, untuk saat ini Daya 2.200 VA dengan layanan PASKABAYAR belum "
    "tersedia di wilayah Bapak, apakah Bapak bersedia dilayani dengan layanan PRABAYAR? ...”"
)


@pytest.fixture
def stock(menteng, manager_menteng):
    """What the manager of UP3 Menteng has made available, on both phases."""
    seat = manager_menteng.positions.get()

    def set_to(value, by=manager_menteng):
        for phase in (1, 3):
            MeterAvailability.objects.create(
                unit=menteng,
                phase=phase,
                value=value,
                version=1,
                reason="a reason",
                set_by=by,
                position=seat,
                set_at=timezone.now(),
            )

    return set_to


@pytest.fixture
def ring(desk):
    def walk(until=None, **answers):
        return desk.call(SLUG, caller_number="081234567890").walk(until=until, **ASK | answers)

    return walk


# --- The order of the questions -------------------------------------------------------------------


@pytest.mark.requirement("R-002-10", "R-002-11", "R-002-12", "R-002-13", "R-002-15")
def test_region_first_then_power_and_tariff_then_product(ring, stock):
    stock("ALL")
    call = ring()

    asked = [step for step in call.steps if step not in ("pemohon", "transaksi")]
    assert asked[:4] == ["wilayah", "daya", "produk_pb", "disesuaikan"]
    assert call.shown("pemohon")["guide"] == (
        "Permohonan Penyambungan listrik dapat dilayani dengan PASKABAYAR maupun PRABAYAR sesuai kesiapan "
        "produk di wilayah PLN setempat atau Produk Layanan yang dapat diproses pada aplikasi (AP2T)."
    )
    assert call.shown("wilayah")["title"] == (
        "Tanyakan / pastikan dahulu kepada Pemohon, wilayah yang akan dilakukan penyambungan"
    )
    assert call.shown("daya")["title"] == "Tanyakan besaran Daya yang diinginkan & Tarif Keperuntukannya."
    assert call.said("produk_pb") == (
        "“... untuk Penyambungan nanti Bapak menginginkan dengan Layanan PRABAYAR (pengaturan penggunaan "
        "listriknya dengan pembelian pulsa listrik/token) atau PASKABAYAR (pembayaran rekening listrik "
        "setiap bulannya/pembayaran rekening di akhir setelah pemakaian) ?...”"
    )


@pytest.mark.requirement("R-002-27")
@pytest.mark.parametrize(("on", "status"), [("2021-01-25", 404), ("2021-01-26", 201)])
def test_calls_follow_it_from_its_first_day(api, agent, on, status):
    opened = api(agent).post("/api/v1/calls/", {"procedure": SLUG, "on": on, "area": GAMBIR})

    assert opened.status_code == status


@pytest.mark.requirement("R-002-16", "R-002-17")
@pytest.mark.parametrize("product", ["PASCABAYAR", "PRABAYAR"])
@pytest.mark.parametrize("value", ["ALL", "PRABAYAR"])
def test_whatever_is_wanted_the_caller_hears_that_it_depends_on_the_material(ring, stock, product, value):
    stock(value)
    call = ring(until="disesuaikan", produk_pb={"produk": product})

    assert call.shown("disesuaikan")["title"] == (
        "Jika Pemohon/Pelanggan menginformasikan salah satu produk yang diinginkan, maka sampaikan "
        "permohonannya akan disesuaikan dengan ketersediaan material di Unit PLN di wilayahnya."
    )
    assert call.said("disesuaikan") == ADJUSTED


# --- Going on in AP2T -----------------------------------------------------------------------------


@pytest.mark.requirement("R-002-26")
def test_the_application_has_every_field_of_data_pemasangan(ring, stock):
    stock("ALL")
    given = {"kode_pembeda_tarif": "P", "kode_multiguna": "M1", "jenis_program": "NOR"}
    call = ring(pemasangan=given)

    assert call.shown("pemasangan")["title"] == "Data Pemasangan*"
    labels = [field["label"] for field in call.shown("pemasangan")["fields"]]
    assert labels == ["Kode Pembeda Tarif", "Konfirmasi Kode Multiguna", "Jenis Program"]
    assert (call.now["outcome"], call.now["status"]) == ("AP2T", "FINISHED")
    made = HandOver.objects.get(reference=call.now["ticket"])
    assert made.area_id == GAMBIR
    assert (made.transaction, made.product, made.tariff.code, made.power_va) == (
        "PB",
        "PASCABAYAR",
        "R1",
        2200,
    )
    assert {name: made.application["isian"][name] for name in given} == given
    assert made.unit.name == "ULP Gambir"
    assert not Ticket.objects.exists()


@pytest.mark.requirement("R-002-26")
def test_daya_manual_takes_a_power_that_is_no_standard_step(ring, stock):
    stock("ALL")
    ring(daya={"daya": "2.300", "tarif": "R1"})

    assert HandOver.objects.get().power_va == 2300


@pytest.mark.requirement("R-002-26")
def test_lists_that_the_sop_does_not_give_are_marked_and_edited_in_the_admin(ring, stock, browse, sop_author):
    stock("ALL")
    codes = {it.key: it for it in SopValue.objects.filter(is_capture_lost=True)}
    assert all(codes[key].is_assumed for key in ("jenis-program", "kode-multiguna", "kode-pembeda-tarif"))
    assert offered(ring(until="pemasangan")) == {"jenis_program": ["NOR"]}
    pair = {"jenis-program": "NOR | PROMO", "kode-multiguna": "A|B"}
    for key, value in pair.items():
        form = {"key": key, "value": value, "is_capture_lost": "on", "valid_from": "2000-01-01"}
        url = f"/admin/sop/sopvalue/{codes[key].pk}/change/"
        assert browse(sop_author).post(url, form).status_code == 302

    assert offered(ring(until="pemasangan")) == {
        "jenis_program": ["NOR", "PROMO"],
        "kode_multiguna": ["A", "B"],
    }


@pytest.mark.requirement("R-002-26")
def test_the_agents_screen_suggests_what_is_listed(ring, stock):
    stock("ALL")
    call = ring(until="pemasangan")

    page = call.client.get(call.url, HTTP_ACCEPT="text/html").content.decode()

    assert '<option value="NOR">' in page
    assert page.count("<datalist") == 1


def offered(call):
    fields = call.shown("pemasangan")["fields"]
    return {it["name"]: [way["value"] for way in it["choices"]] for it in fields if it["choices"]}


@pytest.mark.requirement("R-002-26")
def test_a_supervisor_reads_the_hand_over_in_the_back_office(ring, stock, browse, supervisor):
    stock("ALL")
    ring()
    made = HandOver.objects.get()

    page = browse(supervisor).get(f"/admin/sop/handover/{made.pk}/change/").content.decode()

    assert "DKI JAKARTA / KOTA ADM. JAKARTA PUSAT / GAMBIR / GAMBIR" in page
    for shown in (made.reference, "R1", "2200", "NOR"):
        assert shown in page


# --- The notification -----------------------------------------------------------------------------


@pytest.mark.requirement("R-002-18", "R-002-19", "R-002-20", "R-002-23", "R-002-25")
def test_what_is_not_there_is_offered_otherwise_and_bersedia_goes_on_with_it(ring, stock):
    stock("PRABAYAR")
    call = ring(tawarkan="bersedia")

    assert call.said("tawarkan") == OFFER
    assert call.shown("tawarkan")["guide"] == (
        "Layanan PASCABAYAR saat ini belum tersedia di Wilayah Anda. "
        "Apakah anda bersedia dilayani dengan Layanan PRABAYAR?"
    )
    assert call.shown("tawarkan")["if_asked"] == [
        {
            "question": "Jika Pelanggan menanyakan lebih lanjut alasannya",
            "say": (
                "saat ini untuk material PASKABAYAR belum tersedia (Produk layanan disesuaikan dengan "
                "notifikasi yang muncul pada aplikasi)."
            ),
        }
    ]
    made = HandOver.objects.get(reference=call.now["ticket"])
    assert (made.transaction, made.product) == ("PB", "PRABAYAR")


@pytest.mark.requirement("R-002-19", "R-002-20")
def test_the_mirror_case_offers_pascabayar(ring, stock):
    stock("PASCABAYAR")
    call = ring(produk_pb={"produk": "PRABAYAR"}, tawarkan="bersedia")

    assert "dengan layanan PRABAYAR belum tersedia" in call.said("tawarkan")
    assert "bersedia dilayani dengan layanan PASKABAYAR?" in call.said("tawarkan")
    assert call.shown("tawarkan")["if_asked"][0]["say"].startswith("saat ini untuk material PRABAYAR belum")
    assert HandOver.objects.get().product == "PASCABAYAR"


@pytest.mark.requirement("R-002-21", "R-002-22")
def test_tidak_bersedia_is_closed_as_pdpb_info(ring, stock):
    stock("PRABAYAR")
    call = ring(tawarkan="tidak_bersedia")

    assert call.shown("closing")["title"] == (
        "Jika “TIDAK BERSEDIA”, tawarkan bantuan lain, Closing (APKT ISSUE CLOSED)."
    )
    assert call.now["outcome"] == "ISSUE_CLOSED"
    assert form_of(call.ticket) == closed(
        "PDPB",
        "Info",
        "PERMOHONAN Penyambungan Baru (PB) DAYA 2.200 VA LAYANAN PASKABAYAR BELUM TERSEDIA, TELAH DIJELASKAN",
    )
    assert (call.ticket.status, call.ticket.is_hard_complaint) == ("ISSUE_CLOSED", False)
    assert not HandOver.objects.exists()


@pytest.mark.requirement("R-002-24")
def test_a_hard_complaint_is_flagged_and_goes_to_the_unit(ring, stock):
    stock("PRABAYAR")
    call = ring(tawarkan="tetap")

    assert call.shown("hard_complaint")["title"].startswith(
        "Jika Pelanggan tetap menginginkan produk layanan tsb (hard complaint), maka buat laporan"
    )
    assert call.now["outcome"] == "KELUHAN_TO_UNIT"
    assert form_of(call.ticket) == keluhan(
        "PDPB",
        "Info",
        "PERMOHONAN Penyambungan Baru (PB) DAYA 2.200 VA, PELANGGAN TETAP MENGINGINKAN LAYANAN PASKABAYAR",
    )
    assert (call.ticket.status, call.ticket.is_hard_complaint) == ("LAPOR", True)
    assert call.ticket.sop_ref == "alokasi-pbpd@1"


@pytest.mark.requirement("R-002-24")
@pytest.mark.parametrize("value", [None, "PRABAYAR"])
def test_where_nothing_can_be_promised_the_unit_can_still_be_asked(ring, stock, value):
    if value:
        stock(value)
    step = "tidak_dilayani" if value else "belum_diatur"

    call = ring(daya={"daya": "13900", "tarif": "R3"}, **{step: "tetap"})

    assert call.now["outcome"] == "KELUHAN_TO_UNIT"
    assert call.ticket.is_hard_complaint


# --- Power change and migration -------------------------------------------------------------------


@pytest.mark.requirement("R-002-8", "R-002-14")
def test_a_power_change_confirms_the_product_that_is_there(ring, stock, household):
    stock("PRABAYAR")
    known = {"transaksi": "pd", "pelanggan": {"pelanggan": household(product="PASCABAYAR").idpel}}
    call = ring(until="produk_pd", **known)

    assert call.shown("produk_pd")["guide"] == (
        "Untuk permohonan Penambahan Daya, lakukan konfirmasi produk layanan yang telah digunakan atau "
        "sesuaikan dengan notifikasi yang muncul."
    )
    assert call.shown("produk_pd")["fields"][0]["value"] == "PASCABAYAR"
    assert call.try_answer({"produk": "PASCABAYAR"}).status_code == 422
    call.walk(produk_pd={"produk_sekarang": "PASCABAYAR", "produk": "PASCABAYAR"}, pemasangan={})

    made = HandOver.objects.get()
    assert (made.transaction, made.product, made.customer.idpel) == ("PD", "PASCABAYAR", IDPEL)


@pytest.mark.requirement("R-002-8")
def test_the_current_service_of_an_unknown_customer_is_asked(ring, stock):
    stock("PRABAYAR")
    call = ring(until="layanan_sekarang", transaksi="pd", pelanggan={"pelanggan": "541199999999"})
    assert call.try_answer({}).status_code == 422

    call.walk(
        **ASK
        | {
            "layanan_sekarang": {"phasa_sekarang": "3"},
            "produk_pd": {"produk_sekarang": "PASCABAYAR", "produk": "PASCABAYAR"},
            "tawarkan": "bersedia",
        }
    )

    made = HandOver.objects.get()
    assert (made.transaction, made.product, made.customer) == ("PD", "PRABAYAR", None)


MIGRATION = {
    "transaksi": "migrasi",
    "daya": {"daya": "900", "tarif": "R1"},
    "produk_migrasi": {"produk_sekarang": "PRABAYAR", "produk": "PASCABAYAR"},
}


@pytest.mark.requirement("R-002-3", "R-002-16", "R-002-26")
def test_a_pure_migration_takes_the_same_way(ring, stock, household):
    stock("ALL")
    call = ring(**MIGRATION, pelanggan={"pelanggan": household().idpel})

    made = HandOver.objects.get(reference=call.now["ticket"])
    assert (made.transaction, made.product, made.power_va) == ("MIGRASI", "PASCABAYAR", 900)
    assert made.application["isian"]["jenis_program"] == "NOR"
    assert call.said("disesuaikan") == ADJUSTED


def test_a_migration_to_what_is_not_there_leaves_the_customer_as_is(ring, stock, household):
    stock("PRABAYAR")
    asked = MIGRATION | {"pelanggan": {"pelanggan": household().idpel}}
    call = ring(**asked, tujuan_belum_tersedia="menerima")

    assert call.shown("tujuan_belum_tersedia")["guide"] == "Layanan Pelanggan tetap PRABAYAR."
    assert call.now["outcome"] == "ISSUE_CLOSED"


@pytest.mark.requirement("R-002-3")
def test_a_migration_to_the_product_in_use_is_asked_again_or_given_up(ring, stock, household):
    stock("ALL")
    same = {"produk_migrasi": {"produk_sekarang": "PRABAYAR", "produk": "PRABAYAR"}}
    asked = MIGRATION | {"pelanggan": {"pelanggan": household().idpel}}

    given_up = ring(**asked | same, produk_sama="tetap")
    assert (given_up.now["outcome"], "disesuaikan" in given_up.steps) == ("ISSUE_CLOSED", False)
    assert given_up.ticket.problem == (
        "MIGRASI MURNI TIDAK DIPROSES, PELANGGAN TETAP DENGAN LAYANAN PRABAYAR, TELAH DIJELASKAN"
    )

    call = ring(until="produk_sama", **asked | same)
    call.answer("diperbaiki")
    call.walk(**ASK | asked, produk_tujuan={"produk": "PASCABAYAR"})
    assert HandOver.objects.get(reference=call.now["ticket"]).product == "PASCABAYAR"
