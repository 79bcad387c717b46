"""The first agent screen in a real browser: the flow of the issue, by mouse and by keyboard alone."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import choose_place, fill_in_check

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NOTIFICATION = (
    "Layanan PASCABAYAR saat ini belum tersedia di Wilayah Anda."
    " Apakah anda bersedia dilayani dengan Layanan PRABAYAR?"
)
SCRIPT = (
    "... Mohon maaf Bapak/Ibu, untuk saat ini Daya 2.200 VA dengan layanan PASKABAYAR belum tersedia di"
    " wilayah Bapak/Ibu, apakah bapak/Ibu bersedia dilayani dengan layanan PRABAYAR? ..."
)


@pytest.fixture
def prabayar_only(api, manager_menteng, menteng):
    """UP3 Menteng has prabayar meters only for 1 Phasa, because its manager said so."""
    row = f"/api/v1/allocation/availabilities/{menteng.code}/1/"
    client = api(manager_menteng)
    change = {"value": "PRABAYAR", "reason": "Meter pascabayar habis di gudang"}
    response = client.put(row, change, headers={"If-Match": client.get(row)["ETag"]})
    assert response.status_code == 200


@pytest.fixture
def desk(log_in, agent) -> Page:
    """The agent at the screen of the check."""
    page = log_in(agent)
    expect(page.locator("#check")).to_be_visible()
    return page


def expect_the_offer(page: Page) -> None:
    expect(page.locator("[data-notification] p")).to_have_text(NOTIFICATION)
    expect(page.locator("[data-notification] button")).to_have_text(["Ya", "Tidak"])


@pytest.mark.requirement("R-002-25", "R-002-19")
def test_the_flow_of_the_issue(prabayar_only, desk):
    fill_in_check(desk)
    desk.locator("#submit").click()

    expect_the_offer(desk)
    expect(desk.locator(".read-out blockquote")).to_have_text(f"“{SCRIPT}”")
    expect(desk.locator(".verdict")).to_contain_text("UP3 Menteng")
    expect(desk.locator(".facts").first).to_contain_text("PRABAYAR")


@pytest.mark.requirement("R-002-20")
def test_ya_goes_on_with_the_product_that_is_served(prabayar_only, desk):
    fill_in_check(desk)
    desk.locator("#submit").click()
    desk.get_by_role("button", name="Ya", exact=True).click()

    expect(desk.locator(".answer")).to_have_attribute("data-outcome", "SERVED")
    expect(desk.locator(".next-step")).to_contain_text("PRABAYAR")
    expect(desk.locator(".next-step")).to_contain_text("Jika “BERSEDIA”, lanjut proses pada AP2T.")
    expect(desk.locator("[name=product][value=PRABAYAR]")).to_be_checked()


@pytest.mark.requirement("R-002-21", "R-002-22")
def test_tidak_shows_what_the_sop_says(prabayar_only, desk):
    fill_in_check(desk)
    desk.locator("#submit").click()
    desk.get_by_role("button", name="Tidak", exact=True).click()

    note = desk.locator(".next-step")
    expect(note).to_contain_text("tawarkan bantuan lain, Closing (APKT ISSUE CLOSED)")
    for words in ("Keluhan", "PDPB", "Info", "hard complaint"):
        expect(note).to_contain_text(words)


def type_through_the_form(page: Page) -> None:
    """What an agent types, from the first field to Enter."""
    keys = page.keyboard
    page.locator("#provinsi").focus()
    for name, below in (("DKI", "#kabupaten"), ("KOTA ADM. JAKARTA P", "#kecamatan"), ("GAMBIR", "#desa")):
        keys.type(name)
        expect(page.locator(below)).to_be_enabled()
        keys.press("Tab")
    keys.type("GAMBIR")
    keys.press("Alt+3")
    keys.type("2.200")
    keys.press("Tab")
    keys.type("R1")
    keys.press("Alt+4")
    keys.press("Space")
    keys.press("Enter")


def test_the_flow_by_keyboard_alone(prabayar_only, desk):
    type_through_the_form(desk)

    expect_the_offer(desk)
    expect(desk.locator("#answer")).to_be_focused()
    desk.keyboard.press("y")
    expect(desk.locator(".answer")).to_have_attribute("data-outcome", "SERVED")
    desk.keyboard.press("Escape")
    expect(desk.locator(".waiting")).to_be_visible()
    expect(desk.locator("#provinsi")).to_be_focused()
    expect(desk.locator("#provinsi")).to_have_value("")


def test_the_list_of_shortcuts_opens_and_closes_by_keyboard(desk):
    desk.locator("[data-help-open]").focus()
    desk.keyboard.press("?")
    expect(desk.locator("#help")).to_be_visible()

    desk.keyboard.press("Escape")

    expect(desk.locator("#help")).to_be_hidden()


@pytest.mark.requirement("R-002-11")
def test_the_cascade_opens_level_by_level_and_closes_behind_a_change(desk):
    for level in ("#kabupaten", "#kecamatan", "#desa"):
        expect(desk.locator(level)).to_be_disabled()
    choose_place(desk, "DKI JAKARTA", "KOTA ADM. JAKARTA PUSAT", "GAMBIR", "GAMBIR")
    expect(desk.locator("#area")).to_have_value("31.71.01.1001")

    desk.locator("#kabupaten").select_option("")

    expect(desk.locator("#kecamatan")).to_be_disabled()
    expect(desk.locator("#desa option")).to_have_text(["Pilih Desa..."])
    expect(desk.locator("#area")).to_have_value("")


@pytest.mark.parametrize("screen", ["/alokasi/", "/laporan/", "/tiket/"])
def test_no_form_goes_out_before_its_scripts_are_there(log_in, agent, page, offences, screen):
    page.route("**/htmx*.js", lambda route: route.abort())

    page = log_in(agent, at=screen)

    expect(page.locator("main form button[type=submit]").first).to_be_disabled()
    offences.clear()


def test_what_is_missing_is_said_at_its_field(desk):
    desk.locator("#submit").click()
    expect(desk.locator("[data-problem-for~=area]")).to_have_text("Pilih Provinsi...")
    expect(desk.locator("#provinsi")).to_be_focused()

    choose_place(desk, "DKI JAKARTA", "KOTA ADM. JAKARTA PUSAT", "GAMBIR", "GAMBIR")
    desk.locator("#submit").click()

    for field in ("power_va", "tariff", "product"):
        expect(desk.locator(f"[data-problem-for~={field}]")).not_to_be_empty()
    expect(desk.locator("#power")).to_be_focused()
    expect(desk.locator("#power")).to_have_attribute("aria-invalid", "true")
    expect(desk.locator("#answer [role=alert]")).to_be_visible()


@pytest.mark.parametrize("typed", ["2.200", "2200"])
def test_daya_manual_takes_a_number_with_or_without_dots(prabayar_only, desk, typed):
    fill_in_check(desk, power="manual")
    desk.locator("#manual").fill(typed)
    desk.keyboard.press("Enter")

    expect_the_offer(desk)


def test_a_power_that_is_no_number_is_said_at_the_field(desk):
    fill_in_check(desk, power="manual")
    desk.locator("#manual").fill("banyak")
    desk.keyboard.press("Enter")

    expect(desk.locator("[data-problem-for~=power_va]")).not_to_be_empty()
    expect(desk.locator("#manual")).to_be_focused()
    expect(desk.locator("#manual")).to_have_value("banyak")


def test_a_change_after_the_answer_says_that_it_is_the_answer_to_something_else(prabayar_only, desk):
    fill_in_check(desk)
    desk.locator("#submit").click()
    expect_the_offer(desk)

    desk.locator("#power").select_option("1300")

    expect(desk.locator("#stale")).to_be_visible()
    expect(desk.locator("#asked")).to_contain_text("2.200 VA")


def test_a_reload_keeps_what_was_chosen_and_nothing_about_the_person(desk):
    fill_in_check(desk)
    desk.locator("#applicant").fill("Nama Pemohon Rahasia")
    desk.locator("[name=place][value=idpel]").check()
    desk.locator("#idpel").fill("541234567890")

    desk.reload()

    desk.locator("[name=place][value=area]").check()
    expect(desk.locator("#desa")).to_have_value("31.71.01.1001")
    expect(desk.locator("#power")).to_have_value("2200")
    expect(desk.locator("[name=product][value=PASCABAYAR]")).to_be_checked()
    expect(desk.locator("#applicant")).to_have_value("")
    kept = str(desk.context.storage_state()) + str(desk.evaluate("() => JSON.stringify(sessionStorage)"))
    assert "Rahasia" not in kept
    assert "541234567890" not in kept


def test_the_applicants_name_is_in_the_script_and_in_no_address(prabayar_only, desk):
    addresses: list[str] = []
    desk.on("request", lambda request: addresses.append(request.url))
    fill_in_check(desk)
    desk.locator("#salutation").select_option("Ibu")
    desk.locator("#applicant").fill("Pemohon Uji")
    desk.keyboard.press("Enter")

    expect(desk.locator(".read-out blockquote")).to_contain_text("Pemohon Uji")
    expect(desk.locator(".read-out blockquote")).to_contain_text("di wilayah Ibu")
    assert addresses
    assert not any(re.search("Pemohon", address) for address in addresses)


def test_an_unreachable_portal_loses_nothing_that_was_entered(desk, offences):
    fill_in_check(desk)
    desk.context.set_offline(True)
    desk.locator("#submit").click()

    expect(desk.locator("#answer .message.error")).to_be_visible()
    expect(desk.locator("#power")).to_have_value("2200")
    assert all("htmx:" in noted or "ERR_INTERNET_DISCONNECTED" in noted for noted in offences)
    offences.clear()


def test_the_screen_fits_a_phone(desk):
    desk.set_viewport_size({"width": 390, "height": 844})

    assert desk.evaluate("() => document.documentElement.scrollWidth") <= 390
    fill_in_check(desk)
    desk.locator("#submit").click()

    expect(desk.locator("#answer > *").first).to_be_in_viewport()
