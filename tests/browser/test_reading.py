"""An agent reads what is new, says so, and finds it again by its words; the desk answers beside the call."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from sop.models import Acknowledgement, SopVersion
from sop.services.reading import acknowledge
from tests.browser.test_calls import IDPEL, begin, customer, desk  # noqa: F401  (fixtures)
from tests.browser.test_everybody_can_use_it import barriers
from tests.programs.conftest import program  # noqa: F401  (a fixture)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_an_agent_reads_what_changed_and_acknowledges_it(log_in, agent):
    known = SopVersion.objects.get(document__slug="periksa", number=1)
    acknowledge(version=known, by=agent, at=timezone.now())
    page = log_in(agent, at="/sop/")
    page.locator("#sop-search").fill("tertera periksa")
    expect(page.locator(".documents mark").first).to_be_visible()
    assert barriers(page) == []
    page.locator(".documents a[href='/sop/periksa/2/']").click()

    expect(page.locator(".whats-new ins").first).to_be_visible()
    expect(page.locator(".versions li")).to_have_count(2)
    assert barriers(page) == []
    page.locator(".version footer button").click()
    expect(page.locator(".acknowledged")).to_be_visible()
    assert Acknowledgement.objects.filter(reader=agent, version__number=2).count() == 1

    page.locator(".versions button").click()
    expect(page.locator(".difference del").first).to_be_visible()


def test_the_day_decides_which_version_is_named(log_in, agent, unit):
    page = log_in(agent, at="/sop/")
    page.locator("#sop-unit").select_option(unit("UP3 Bandung").code)
    for day, named in ((date(2022, 2, 17), "periksa@1"), (date(2022, 2, 18), "periksa@2")):
        page.locator("#sop-on").fill(day.isoformat())
        page.locator(".shelf-search button").click()
        expect(page.locator("[data-sop=periksa] a")).to_have_attribute("data-version", named)


def test_the_standing_in_a_program_is_shown_beside_the_call(program, customer, desk):  # noqa: F811
    begin(desk)
    desk.keyboard.press("Alt+p")
    expect(desk.locator("#standing-idpel")).to_be_focused()
    desk.keyboard.type(IDPEL)
    desk.keyboard.press("Enter")

    expect(desk.locator("#standing-answer .standing")).to_be_visible()
    assert barriers(desk) == []
    desk.keyboard.press("Escape")
    expect(desk.locator("[data-standing-open]")).to_be_focused()
    expect(desk.locator(".call")).to_have_attribute("data-at", "salam")


def test_after_a_call_that_was_broken_off_enter_begins_afresh(desk):  # noqa: F811
    begin(desk)
    desk.locator(".abandon summary").click()
    desk.locator("#abandon-reason").fill("Telepon terputus")
    desk.locator(".abandon button").click()
    expect(desk.locator("[data-new-call]")).to_be_visible()

    desk.keyboard.press("Enter")

    expect(desk.locator("#caller_number")).to_be_focused()
    expect(desk.locator("#caller_number")).to_have_value("")
    expect(desk.locator("#search")).to_have_value("")
    expect(desk.locator("#call")).to_be_hidden()
