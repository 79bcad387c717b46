"""The issue from end to end: a manager changes what a unit has, and the next caller hears it."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from allocation.models import MeterAvailability
from tests.browser.steps import fill_in_check
from tests.browser.test_check import NOTIFICATION

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.requirement("R-002-4", "R-002-25")
def test_a_manager_sets_prabayar_and_the_agent_offers_it(log_in, manager_menteng, menteng, agent):
    page = log_in(manager_menteng)
    page.locator(".tile[href*=meteravailability]").click()
    page.locator(
        f"a[href='{reverse('admin:allocation_meteravailability_set', args=[menteng.code, 1])}']"
    ).click()
    page.locator("[name=value][value=PRABAYAR]").check()
    page.locator("[name=reason]").fill("Meter pascabayar habis di gudang")
    page.get_by_role("button", name="Simpan").click()
    page.wait_for_url("**/overview/")
    assert MeterAvailability.objects.get(unit=menteng, phase=1).set_by == manager_menteng

    page = log_in(agent)
    fill_in_check(page)
    page.keyboard.press("Enter")

    expect(page.locator("[data-notification] p")).to_have_text(NOTIFICATION)
    expect(page.locator("[data-notification] button")).to_have_text(["Ya", "Tidak"])
