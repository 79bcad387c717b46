"""Nothing serious for axe on any page of the console, light or dark; and the log-in needs no script."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice
from oauth2_provider.models import Application
from playwright.sync_api import Browser, Page, expect

from tests.browser.steps import fill_in_check
from units.models import User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SERIOUS = {"serious", "critical"}


def barriers(page: Page, schemes: tuple[str, ...] = ("light", "dark")) -> list[str]:
    """What axe finds serious or critical, with the places."""
    found = []
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        for violation in Axe().run(page).response["violations"]:
            if violation["impact"] in SERIOUS:
                places = [node["html"][:120] for node in violation["nodes"]]
                found.append(f"{scheme}: {violation['id']}: {places}")
    return found


def test_the_log_in_page(page, live_server, agent):
    page.goto(f"{live_server.url}/accounts/login/")
    assert barriers(page) == []

    page.get_by_label("Nama pengguna").fill("agent")
    page.get_by_label("Sandi").fill("wrong")
    page.locator("main form button").click()

    expect(page.get_by_role("alert")).to_be_visible()
    assert barriers(page) == []


def test_the_second_step(log_in, agent):
    TOTPDevice.objects.create(user=agent, name="app", confirmed=True)

    page = log_in(agent)

    page.wait_for_url("**/code/")
    assert barriers(page) == []


def test_the_page_of_the_second_step(log_in, agent):
    page = log_in(agent, at="/accounts/mfa/")
    assert barriers(page) == []
    page.locator("button[value=begin]").click()
    expect(page.locator(".qr")).to_be_visible()
    assert barriers(page) == []

    device = TOTPDevice.objects.get(user=agent)
    page.locator("#id_code").fill(f"{TOTP(device.bin_key).token():06d}")
    page.locator("button[value=confirm]").click()

    expect(page.locator(".codes li")).to_have_count(10)
    assert barriers(page) == []


def test_the_first_page(log_in, manager_menteng):
    page = log_in(manager_menteng)

    expect(page.locator(".tile").first).to_be_visible()
    assert barriers(page) == []


def test_the_first_page_without_a_position(page, log_in, live_server):
    log_in(User.objects.create_user("nobody", password="a-password-for-tests"))

    expect(page.locator(".notice")).to_be_visible()
    assert barriers(page) == []


def test_the_check_before_and_after_an_answer(log_in, agent):
    page = log_in(agent)
    assert barriers(page) == []
    page.locator(".account summary").click()
    page.locator(".scripts summary").click()
    page.locator("[name=transaction][value=PD]").check()
    assert barriers(page) == []
    page.locator("[name=transaction][value=PB]").check()
    page.locator("#submit").click()
    assert barriers(page) == []

    fill_in_check(page)
    page.locator("#submit").click()

    expect(page.locator(".answer")).to_be_visible()
    assert barriers(page) == []


def test_the_offer_and_what_follows(log_in, agent, api, manager_menteng, menteng):
    row = f"/api/v1/allocation/availabilities/{menteng.code}/1/"
    change = {"value": "PRABAYAR", "reason": "Meter pascabayar habis di gudang"}
    api(manager_menteng).put(row, change, headers={"If-Match": api(manager_menteng).get(row)["ETag"]})
    page = log_in(agent)
    fill_in_check(page)
    page.locator("#submit").click()

    page.get_by_role("button", name="Tidak", exact=True).click()
    assert barriers(page) == []
    page.get_by_role("button", name="Ya", exact=True).click()

    expect(page.locator(".next-step.good")).to_be_visible()
    assert barriers(page) == []


def test_the_pages_that_say_no(page, log_in, live_server, manager_menteng):
    log_in(manager_menteng)
    for address in ("/tidak-ada/", "/alokasi/"):
        page.goto(f"{live_server.url}{address}")
        expect(page.locator(".big-code")).to_be_visible()
        assert barriers(page) == []


def test_the_consent_page(log_in, agent):
    Application.objects.create(
        name="Layar lain",
        client_id="another-frontend",
        client_type=Application.CLIENT_PUBLIC,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        redirect_uris="http://127.0.0.1/back",
    )
    asked = "response_type=code%26client_id=another-frontend%26scope=agent%26state=x"
    asked += "%26redirect_uri=http%253A%252F%252F127.0.0.1%252Fback"
    asked += f"%26code_challenge={'a' * 43}%26code_challenge_method=S256"

    page = log_in(agent, at=f"/oauth/authorize/?{asked}")

    expect(page.get_by_role("heading", level=1)).to_contain_text("Layar lain")
    assert barriers(page) == []


def test_the_log_in_works_without_script(browser: Browser, live_server, agent):
    context = browser.new_context(locale="id-ID", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_server.url}/accounts/login/?next=/accounts/mfa/")
    page.get_by_label("Nama pengguna").fill("agent")
    page.get_by_label("Sandi").fill("a-password-for-tests")
    page.locator("main form button").click()

    expect(page.locator("button[value=begin]")).to_be_visible()
    context.close()
