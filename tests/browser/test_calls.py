"""The call desk in a real browser: PERIKSA by keyboard, a reload in the middle, and what is never kept."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from customers.models import Customer, Meter, Tariff
from sop.models import Call, CallStatus, CallStep
from tests.browser.steps import GAMBIR, choose_place
from tickets.models import Ticket
from units.models import Area, Unit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

IDPEL = "541100000017"
GREETING = re.compile(r"^“PLN 123 selamat (Pagi|Siang|Sore|Malam), dengan agent bisa dibantu\?”$")
POWER = "“... Baik Ibu Penelepon Uji ... saat ini listriknya Padam atau masih menyala ? ...”"
EMPATHY = "“... Mohon maaf atas permasalahannya Ibu ...”"
BEFORE = "“... Apakah Ibu telah melaporkan hal ini sebelumnya ?...”"
IDENTITY = "“... Baik ... Mohon dibantu berapa ID Pelanggan atau No Meternya ... ?”"
AT_PLACE = "“... Apakah saat ini Ibu berada di lokasi yang dilaporkan ? ...”"
GUIDED = (
    "“... Baik, karena untuk penormalannya memerlukan beberapa pengecekan langsung di kWh Meter, apakah Ibu"
    " bersedia kami pandu untuk melakukannya ...”"
)
GUARANTEE = (
    "“... Baik Ibu, untuk laporannya akan kami sampaikan ke unit pelayanan terkait untuk segera"
    " ditindaklanjuti ...”"
)
CLEAR = "“... Apakah informasi yang saya sampaikan sudah cukup jelas? ...”"
MORE = "“Ada lagi yang dapat dibantu Ibu Penelepon Uji?”"
FAREWELL = re.compile(
    r"^“... Terima kasih telah menghubungi PLN 123 selamat (Pagi|Siang|Sore|Malam) Ibu Penelepon Uji ...”\.$"
)
PROBLEM = "1 RUMAH PADAM (DISPLAY PADA APP TERTERA PERIKSA, PELANGGAN TIDAK BERSEDIA DIPANDU)"


@pytest.fixture
def customer(db: None) -> Customer:
    """A prabayar customer in Gambir, where self-diagnosis is in force."""
    made = Customer.objects.create(
        idpel=IDPEL,
        name="Pelanggan Uji",
        street="Jl. Contoh",
        area=Area.objects.get(pk="31.71.01.1001"),
        unit=Unit.objects.get(name="ULP Gambir"),
        tariff=Tariff.objects.get(code="R1"),
        power_va=900,
        phase=1,
        product="PRABAYAR",
    )
    Meter.objects.create(number="14000000001", customer=made, installed_on=date(2015, 3, 2))
    return made


@pytest.fixture
def desk(log_in: Any, agent: Any) -> Page:
    page = log_in(agent, at="/panggilan/")
    expect(page.locator("#caller_number")).to_be_focused()
    expect(page.locator(".procedures li")).not_to_have_count(0)
    return page


def says(page: Page, script: str | re.Pattern[str]) -> None:
    """The step on the screen is read out like this, word for word."""
    expect(page.locator("#say")).to_have_text(script)


def stands_at(page: Page, step: str) -> None:
    expect(page.locator(".call")).to_have_attribute("data-at", step)


def press(page: Page, key: str, *, then: str) -> None:
    page.keyboard.press(key)
    stands_at(page, then)


def begin(page: Page) -> None:
    """A mobile number, a place in Jakarta, what the caller says, and Enter."""
    page.keyboard.type("081234567890")
    choose_place(page, *GAMBIR)
    page.locator("#search").focus()
    page.keyboard.type("token saya ditolak")
    expect(page.locator(".procedures li").first).to_contain_text("PERIKSA")
    page.keyboard.press("Enter")
    stands_at(page, "salam")


def give_name(page: Page) -> None:
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.type("Penelepon Uji")
    press(page, "Enter", then="listrik")


def up_to_the_customer(page: Page) -> None:
    """Steps 1 to 6 by keyboard."""
    says(page, GREETING)
    press(page, "Enter", then="nama")
    give_name(page)
    says(page, POWER)
    press(page, "1", then="layar")
    press(page, "1", then="keterangan")
    page.keyboard.press("Space")
    press(page, "Enter", then="mcb")
    press(page, "1", then="empati")
    says(page, EMPATHY)
    press(page, "Enter", then="pernah_lapor")
    says(page, BEFORE)
    press(page, "2", then="identitas")
    says(page, IDENTITY)
    press(page, "1", then="pelanggan")


def refuse_guidance(page: Page) -> None:
    """Steps 6 to 10b: the customer's number, the address is right, at the place, not guided."""
    page.keyboard.type(IDPEL)
    press(page, "Enter", then="verifikasi")
    expect(page.locator("#say")).to_contain_text("Lokasinya di Jl. Contoh ya Ibu? ...”")
    press(page, "1", then="di_lokasi")
    says(page, AT_PLACE)
    press(page, "1", then="bersedia_dipandu")
    says(page, GUIDED)
    press(page, "2", then="data_tidak_dipandu/alamat")


def complete_the_report(page: Page) -> None:
    """Steps 13 to 17k."""
    page.locator("#field-alamat").fill("Jl. Contoh")
    press(page, "Enter", then="data_tidak_dipandu/koordinat")
    press(page, "Enter", then="data_tidak_dipandu/nomor_ini")
    press(page, "1", then="data_tidak_dipandu/wa_sms")
    for name, key in (("telepon", "Space"), ("wa", "Space"), ("sms", "ArrowRight")):
        page.locator(f"#field-hubungi_{name}").focus()
        page.keyboard.press(key)
    press(page, "Enter", then="data_tidak_dipandu/apkt")
    press(page, "Enter", then="konfirmasi_tidak_dipandu/konfirmasi")
    press(page, "2", then="lapor_tidak_dipandu_padam")


def close(page: Page) -> None:
    """Steps 18 to 24."""
    expect(page.locator("#say")).to_contain_text(GUARANTEE)
    press(page, "Enter", then="tutup_laporan/jelas")
    says(page, CLEAR)
    press(page, "1", then="tutup_laporan/nomor")
    expect(page.locator("#say")).to_contain_text(f"Nomornya {Ticket.objects.get().number}")
    press(page, "1", then="tutup_laporan/edukasi")
    press(page, "Enter", then="bantuan_laporan/bantuan")
    says(page, MORE)
    press(page, "Enter", then="bantuan_laporan/salam")
    says(page, FAREWELL)
    page.keyboard.press("Enter")


def barriers(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{it['id']}: {[node['html'][:120] for node in it['nodes']]}"
        for it in found
        if it["impact"] in ("serious", "critical")
    ]


def kept_by(page: Page) -> dict[str, str]:
    """Everything that the tab remembers."""
    return json.loads(page.evaluate("() => JSON.stringify({...sessionStorage, ...localStorage})"))


@pytest.mark.requirement("R-003-50")
def test_a_padam_customer_of_jakarta_who_refuses_guidance_gets_a_number(desk, customer):
    begin(desk)
    up_to_the_customer(desk)
    refuse_guidance(desk)
    complete_the_report(desk)
    expect(desk.locator("[name='fields.permasalahan']")).to_have_value(PROBLEM)
    press(desk, "Enter", then="tutup_laporan/garansi")

    ticket = Ticket.objects.get()
    assert ticket.number.startswith("G")
    assert (ticket.problem, ticket.wo_type) == (PROBLEM, "WO_AUTODISPATCH")
    expect(desk.locator(".ticket-number output")).to_have_text(ticket.number)
    close(desk)
    expect(desk.locator(".call")).to_have_attribute("data-status", "FINISHED")
    expect(desk.locator(".ticket-number output")).to_have_text(ticket.number)
    call = Call.objects.get()
    assert (call.version.reference, call.ticket_number) == ("periksa@2", ticket.number)


def test_a_reload_in_the_middle_goes_on_where_it_was(desk, customer):
    begin(desk)
    up_to_the_customer(desk)
    path = desk.locator(".path li").all_inner_texts()

    desk.reload()

    stands_at(desk, "pelanggan")
    assert desk.locator(".path li").all_inner_texts() == path
    expect(desk.locator("#field-pelanggan")).to_be_focused()
    refuse_guidance(desk)
    assert Call.objects.count() == 1


def test_what_was_typed_and_not_sent_survives_a_reload_but_nothing_about_a_person_is_kept(desk, customer):
    begin(desk)
    press(desk, "Enter", then="nama")
    desk.keyboard.press("ArrowRight")
    desk.locator("#field-nama").fill("Penelepon Rahasia")
    asked: list[str] = []
    desk.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))

    desk.reload()

    stands_at(desk, "nama")
    expect(desk.locator("[name='fields.sapaan'][value=Ibu]")).to_be_checked()
    expect(desk.locator("#field-nama")).to_have_value("")
    assert asked == ["beforeunload"]  # the browser asks before a name that is not kept is lost
    kept = json.dumps(kept_by(desk))
    assert "sapaan" in kept
    assert "Rahasia" not in kept
    assert "81234567890" not in kept


def test_a_half_typed_beginning_survives_a_reload_without_the_number(desk):
    desk.on("dialog", lambda dialog: dialog.accept())
    desk.locator("#caller_number").fill("081234567890")
    choose_place(desk, *GAMBIR)
    desk.locator("#search").fill("token")

    desk.reload()

    expect(desk.locator("#search")).to_have_value("token")
    expect(desk.locator("#desa")).to_have_value("31.71.01.1001")
    expect(desk.locator("#caller_number")).to_have_value("")
    assert "81234567890" not in json.dumps(kept_by(desk))


def test_a_reading_is_a_number_or_null_and_a_note_is_kept_unless_it_holds_a_long_number(desk, customer):
    begin(desk)
    up_to_the_customer(desk)
    desk.keyboard.type(IDPEL)
    press(desk, "Enter", then="verifikasi")
    press(desk, "2", then="beda_alamat")
    desk.keyboard.type("Jalan berganti nama")
    desk.reload()
    expect(desk.locator("#field-beda_alamat")).to_have_value("Jalan berganti nama")
    desk.locator("#field-beda_alamat").fill("Hubungi 0812 3456 7890")
    assert "Hubungi" not in json.dumps(kept_by(desk))

    press(desk, "Control+Enter", then="di_lokasi")
    press(desk, "1", then="bersedia_dipandu")
    press(desk, "1", then="dekati_meter")
    desk.keyboard.press("Space")
    press(desk, "Enter", then="pembuka_diagnosis")
    expect(desk.locator(".internal h4")).to_have_text("Tidak boleh disampaikan")
    expect(desk.locator("#say")).not_to_contain_text("Tidak Boleh")
    press(desk, "Enter", then="kode_08")
    desk.keyboard.press("Enter")
    expect(desk.locator("[data-problem-for=kode_08]")).to_be_visible()
    desk.keyboard.press("Alt+n")
    expect(desk.locator("#field-kode_08")).to_have_attribute("placeholder", "Null")
    press(desk, "Enter", then="kode_70")
    desk.keyboard.type("2,5")
    press(desk, "Enter", then="kode_71")

    readings = CallStep.objects.filter(step__in=("kode_08", "kode_70")).order_by("sequence")
    assert [it.fields for it in readings] == [{"kode_08": None}, {"kode_70": 2.5}]


def test_what_is_wrong_stands_at_its_field_and_nothing_moves(desk, customer):
    begin(desk)
    up_to_the_customer(desk)
    desk.keyboard.press("Enter")
    expect(desk.locator("[data-problem-for=pelanggan]")).to_be_visible()
    desk.keyboard.type("123")
    desk.keyboard.press("Enter")

    expect(desk.locator("[data-problem-for=pelanggan]")).to_contain_text("IDPEL")
    expect(desk.locator("#field-pelanggan")).to_be_focused()
    expect(desk.locator("#field-pelanggan")).to_have_value("123")
    stands_at(desk, "pelanggan")


def test_back_by_key_and_by_the_path_and_breaking_off_with_a_reason(desk, customer):
    begin(desk)
    up_to_the_customer(desk)
    press(desk, "Alt+0", then="identitas")
    press(desk, "0", then="pernah_lapor")
    desk.locator(".path button[value=listrik]").click()
    stands_at(desk, "listrik")
    expect(desk.locator(".call-choices [aria-current]")).to_contain_text("Sudah Padam")

    desk.locator(".abandon summary").click()
    desk.locator(".abandon button").click()
    expect(desk.locator("[data-problem-for=reason]")).to_be_visible()
    desk.locator("#abandon-reason").fill("Telepon terputus")
    desk.keyboard.press("Enter")

    expect(desk.locator(".call")).to_have_attribute("data-status", "ABANDONED")
    call = Call.objects.get()
    assert (call.status, call.abandon_reason) == (CallStatus.ABANDONED, "Telepon terputus")
    desk.keyboard.press("Enter")
    expect(desk.locator("#caller_number")).to_be_focused()


def test_an_answer_from_another_tab_shows_where_the_call_stands_now(desk, api, agent):
    begin(desk)
    url = f"/api/v1/calls/{Call.objects.get().pk}/answers/"
    assert api(agent).post(url, {"step": "salam"}).status_code == 200

    press(desk, "Enter", then="nama")

    assert CallStep.objects.filter(step="salam").count() == 1


def test_an_unreachable_portal_loses_nothing(desk, offences):
    begin(desk)
    press(desk, "Enter", then="nama")
    desk.locator("#field-nama").fill("Penelepon Uji")
    desk.context.set_offline(True)
    desk.keyboard.press("Enter")

    expect(desk.locator(".answer-step .message.error")).to_be_visible()
    expect(desk.locator("#field-nama")).to_have_value("Penelepon Uji")
    assert all("htmx:" in noted or "ERR_INTERNET_DISCONNECTED" in noted for noted in offences)
    offences.clear()
    desk.context.set_offline(False)
    press(desk, "Enter", then="listrik")


def test_nothing_serious_for_axe_and_it_fits_a_phone(desk, customer):
    assert barriers(desk) == []
    begin(desk)
    assert barriers(desk) == []
    up_to_the_customer(desk)
    refuse_guidance(desk)
    for scheme in ("dark", "light"):
        desk.emulate_media(color_scheme=scheme)
        assert barriers(desk) == []
    complete_the_report(desk)
    assert barriers(desk) == []

    desk.set_viewport_size({"width": 390, "height": 844})
    assert desk.evaluate("() => document.documentElement.scrollWidth") <= 390
