"""Seed 001: the results of the video conference of 7 April 2020 and what came with them, over the API."""

from __future__ import annotations

from datetime import date

import pytest

from sop.models import HandOver, PsScheme, SopValue
from tickets.models import Ticket

from .walking import closed, form_of, keluhan

pytestmark = pytest.mark.django_db

PHONE = "081234567890"
GAMBIR = "31.71.01.1001"
CALLER = {"nama": "Penelepon Satu", "sapaan": "Bapak", "area": GAMBIR, "hp": PHONE}
PANDEMIC = "2020-04-10"


# --- 1. Permohonan Niaga --------------------------------------------------------------------------

NIAGA = ("Permohonan Niaga", "Belum terealisasi")
SIGNED_UP = {"kanal_daftar": "CC PLN 123", "tanggal_daftar": "2020-03-30"}
URGENT = {
    "kondisi": {"kondisi_disampaikan": True},
    "mendesak": "mendesak",
    "akses": "ada",
    "situasi": {"situasi_disampaikan": True},
}


STEPS_A_TO_D = {
    "kondisi": (
        "guide",
        "Sampaikan dahulu kondisi saat ini kepada Pelanggan terkait Pademi Covid-19 sesuai SOP,",
    ),
    "mendesak": ("title", "Tanyakan apakah ini mendesak atau dapat ditunda permohonannya"),
    "akses": ("title", "Tanyakan apakah ada pembatasan akses masuk ke lokasi Pelanggan."),
    "situasi": (
        "guide",
        (
            "Kemudian sampaikan untuk proses permohonan dikarenakan kondisi Covid maka pelayanan melihat "
            "situasi dsb."
        ),
    ),
}


@pytest.fixture
def niaga(desk):
    """A caller whose application of 30 March 2020 is not done; five working days are declared."""
    SopValue.objects.create(key="tmp-penyambungan", default="5")

    def walk(until=None, on=PANDEMIC, permohonan=SIGNED_UP, **answers):
        call = desk.call("permohonan-niaga", caller_number=PHONE, on=on)
        return call.walk(until=until, data=CALLER, permohonan=permohonan, **URGENT | answers)

    return walk


@pytest.mark.requirement("R-001-2")
@pytest.mark.parametrize("channel", ["Web/pendaftaran secara mandiri", "CC PLN 123"])
@pytest.mark.parametrize(
    ("registered", "problem"),
    [
        ("2020-04-02", "PERMOHONAN NIAGA BELUM TEREALISASI MELEBIHI TMP, KONDISI MENDESAK"),
        ("2020-04-03", "PERMOHONAN NIAGA BELUM TEREALISASI, BELUM MELEBIHI TMP, TELAH DIJELASKAN"),
    ],
)
def test_the_portal_works_out_whether_tmp_has_passed(niaga, channel, registered, problem):
    call = niaga(permohonan={"kanal_daftar": channel, "tanggal_daftar": registered})

    day, due = {"2020-04-02": ("02/04/2020", "09/04/2020"), "2020-04-03": ("03/04/2020", "10/04/2020")}[
        registered
    ]
    assert call.ticket.problem == problem
    assert f"Daftar melalui {channel}, {day}" in call.ticket.notes
    assert f"TMP penyambungan 5 hari kerja, jatuh tempo {due}" in call.ticket.notes


@pytest.mark.requirement("R-001-2")
def test_channel_and_date_are_needed_and_what_is_not_declared_is_asked(niaga):
    asked = niaga(until="permohonan")
    for missing in SIGNED_UP:
        given = {name: value for name, value in SIGNED_UP.items() if name != missing}
        assert asked.try_answer(given).status_code == 422
    SopValue.objects.filter(key="tmp-penyambungan").delete()

    call = niaga(until="tanya_tmp")

    assert "TMP penyambungan unit ini belum diatur" in call.shown("tanya_tmp")["title"]
    assert call.answer("melebihi")["step"]["id"] == "kondisi"


@pytest.mark.requirement("R-001-3", "R-001-4", "R-001-5", "R-001-6", "R-001-9")
def test_the_steps_a_to_d_come_in_their_order_and_word_for_word(niaga):
    call = niaga(until="kondisi")

    for name, (place, words) in STEPS_A_TO_D.items():
        given = URGENT[name]
        assert (call.at, call.shown(name)[place]) == (name, words)
        skipped = call.client.post(f"{call.url}answers/", {"step": "ke_unit"})
        assert (skipped.status_code, skipped.json()["code"]) == (409, "stale_step")
        assert isinstance(given, str) or call.try_answer({}).status_code == 422
        call.answer(given)

    assert call.numbers[-5:] == ["1a", "1b", "1c", "1d", "1e"]
    assert not Ticket.objects.exists()


@pytest.mark.requirement("R-001-7", "R-001-9", "R-001-16")
def test_an_urgent_request_goes_to_the_unit_with_the_answer_about_access(niaga):
    call = niaga()

    assert call.now["outcome"] == "KELUHAN_TO_UNIT"
    assert call.shown("ke_unit")["title"] == (
        'Jika kondisi mendesak, maka laporannya dikirim "ke Unit PLN terkait via APKT".'
    )
    assert form_of(call.ticket) == keluhan(
        *NIAGA, "PERMOHONAN NIAGA BELUM TEREALISASI MELEBIHI TMP, KONDISI MENDESAK"
    )
    assert "Pembatasan akses masuk ke lokasi: Ada pembatasan akses masuk" in call.ticket.notes
    assert call.ticket.sop_ref == "vc-7-april-2020@1"


@pytest.mark.requirement("R-001-8", "R-001-9")
def test_a_request_that_can_wait_is_closed_after_the_information(niaga):
    call = niaga(mendesak="ditunda", akses="tidak")

    assert call.steps.index("situasi") < call.steps.index("tutup")
    assert call.shown("tutup")["title"] == (
        "Jika Tidak mendesak, setelah menyampaikan informasi sesuai point C di atas, maka laporan Pelanggan "
        'dapat diclosed di CC "(APKT ISSUE CLOSED)".'
    )
    assert form_of(call.ticket) == closed(
        *NIAGA, "PERMOHONAN NIAGA BELUM TEREALISASI MELEBIHI TMP, TIDAK MENDESAK, TELAH DIJELASKAN"
    )
    assert call.ticket.status == "ISSUE_CLOSED"
    assert "Pembatasan akses masuk ke lokasi: Tidak ada" in call.ticket.notes


# --- 2 and 3. Penyambungan Sementara --------------------------------------------------------------

WELDING = {"keperluan": "Pengelasan untuk Rumah Tinggal", "daya": "5500"}
OPEN_WAY = (
    "Agar benar2 dipastikan bahwa untuk menuju lokasi Bapak tidak ada penutupan akses oleh pemerintah atau "
    "warga setempat"
)


@pytest.fixture
def schemes(jakarta):
    PsScheme.objects.create(unit=jakarta, scheme=2, valid_from=date(2020, 1, 1))


@pytest.mark.requirement("R-001-10", "R-001-11", "R-001-12")
@pytest.mark.parametrize("purpose", ["Pengelasan untuk Rumah Tinggal", "keperluan lain"])
def test_any_purpose_goes_on_when_the_customer_says_it_is_urgent(desk, schemes, purpose):
    call = desk.call("ps-pengelasan", caller_number=PHONE).walk(
        data=CALLER,
        keperluan=WELDING | {"keperluan": purpose},
        mendesak="mendesak",
        akses={"akses_dipastikan": True},
    )

    assert call.shown("mendesak")["title"].startswith("Jika ada pernyataan Pelanggan hal tsb untuk kebutuhan")
    assert call.now["outcome"] == "AP2T"
    made = HandOver.objects.get(reference=call.now["ticket"])
    assert (made.transaction, made.power_va, made.unit.name) == ("PS", 5500, "ULP Gambir")
    assert f"PS {purpose}, mendesak sesuai pernyataan Pelanggan" in made.application["catatan"]
    assert "Skema: skema 2" in made.application["catatan"]
    assert not Ticket.objects.exists()


@pytest.mark.requirement("R-001-12")
def test_a_scheme_that_is_not_set_blocks_nothing_and_is_never_chosen(desk):
    call = desk.call("ps-kedukaan").walk(data=CALLER)

    assert not any("skema" in field["name"] for step in call.heard for field in step["fields"])
    assert call.now["outcome"] == "AP2T"
    assert "Skema: belum diatur" in HandOver.objects.get().application["catatan"]


@pytest.mark.requirement("R-001-13")
def test_the_open_way_is_read_out_and_ticked(desk):
    call = desk.call("ps-pengelasan").walk(data=CALLER, keperluan=WELDING, mendesak="mendesak", until="akses")

    assert call.said("akses") == OPEN_WAY
    for given in ({}, {"akses_dipastikan": False}):
        assert call.try_answer(given).status_code == 422
    assert not HandOver.objects.exists()


@pytest.mark.requirement("R-001-10")
def test_what_is_not_urgent_is_closed(desk):
    call = desk.call("ps-pengelasan").walk(data=CALLER, keperluan=WELDING, mendesak="tidak")

    assert form_of(call.ticket) == closed(
        "Penyambungan Sementara",
        "Permohonan",
        "PERMOHONAN PS TIDAK MENDESAK, DAPAT DITUNDA, TELAH DIJELASKAN",
    )


@pytest.mark.requirement("R-001-14", "R-001-15")
def test_bereavement_is_urgent_without_asking_and_goes_straight_on(desk, schemes):
    call = desk.call("ps-kedukaan", caller_number=PHONE).walk(data=CALLER)

    assert call.shown("urgent")["title"] == "PS Kedukaan masuk dalam kategori Urgent:"
    assert call.shown("urgent")["guide"] == (
        "Dapat langsung diproses sesuai SOP dengan skema 1 atau 2 sesuai wilayah (intinya jika Pelanggan "
        "menyatakan permohonan tsb Urgent, maka layanan mengacu pada permohonan yang bersifat Urgent)."
    )
    assert not any(step["kind"] == "choose" for step in call.heard)
    made = HandOver.objects.get(reference=call.now["ticket"])
    assert made.transaction == "PS"
    assert made.application["catatan"] == ["PS Kedukaan (Urgent)", "Skema: skema 2"]


# --- 5B. Lebih Tagih ------------------------------------------------------------------------------

POLICY = (
    "kebijakan pengenaan tagihan rekening dihitung rata2 3 bulan sebelumnya, dan akan dilakukan penyesuaian "
    "jika kondisi normal."
)


@pytest.mark.requirement("R-001-24", "R-001-25", "R-001-26")
def test_who_accepts_the_policy_is_closed(desk):
    call = desk.call("lebih-tagih").walk(data=CALLER, kebijakan="menerima")

    assert call.shown("kebijakan")["title"] == (
        "keluhan Lebih Tagih dan Pelanggan keberatan untuk membayar (Pelanggan meminta koreksi rekening)"
    )
    assert call.said("kebijakan") == POLICY
    assert call.now["outcome"] == "ISSUE_CLOSED"
    assert form_of(call.ticket) == closed(
        "Lebih Tagih",
        "Koreksi rekening",
        "LEBIH TAGIH, KEBIJAKAN TAGIHAN RATA-RATA 3 BULAN TELAH DIJELASKAN & PELANGGAN MENERIMA",
    )


@pytest.mark.requirement("R-001-24", "R-001-27")
def test_who_still_objects_gives_the_meter_stand_and_goes_to_the_unit(desk):
    call = desk.call("lebih-tagih").walk(data=CALLER, kebijakan="berkeberatan", until="stand")
    read = {"stand_app": "1234567,89", "stand_pada": "2020-04-10T09:30"}
    for missing in read:
        assert call.try_answer({**read, missing: ""}).status_code == 422

    call.walk(stand=read)

    assert call.now["outcome"] == "KELUHAN_TO_UNIT"
    assert form_of(call.ticket) == keluhan(
        "Lebih Tagih",
        "Koreksi rekening",
        "LEBIH TAGIH, PELANGGAN BERKEBERATAN & MEMINTA KOREKSI REKENING, STAND APP 1234567,89",
    )
    assert "Stand APP 1234567,89, dibaca 10/04/2020 09.30" in call.ticket.notes
