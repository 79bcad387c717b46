"""Nothing serious for axe on any list and form of the back office; every page has its icon and its title."""

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.urls import reverse
from playwright.sync_api import Page

from tests.browser.test_everybody_can_use_it import barriers
from units.models import User
from units.powers import Role

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OWN_PAGES = (
    "admin:index",
    "admin:allocation_meteravailability_overview",
    "admin:allocation_allocationcheck_demand",
    "admin:tickets_ticket_performance",
    "admin:sop_call_statistics",
)


@pytest.fixture
def everybody(appoint) -> User:
    """One account that may open every page."""
    for role, at in (
        (Role.BACK_OFFICE, "PLN Pusat"),
        (Role.SUPERVISOR, "PLN Pusat"),
        (Role.MANAGER_UP3, "UP3 Menteng"),
        (Role.PROGRAM_OFFICER, "UID Jakarta Raya"),
        (Role.SOP_AUTHOR, "PLN Pusat"),
        (Role.POSKO_OFFICER, "UP3 Menteng"),
    ):
        user = appoint("everybody", role, at)
    user.is_superuser = True
    user.save()
    return user


def pages_of(model_admin: ModelAdmin) -> Iterator[str]:
    """The list of a model, the page of its first row, and the empty form."""
    name = f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}"
    yield reverse(f"{name}_changelist")
    first = model_admin.model._default_manager.order_by("pk").first()
    if first is not None:
        yield reverse(f"{name}_change", args=[first.pk])
    yield reverse(f"{name}_add")


def visit(page: Page, home: str, path: str) -> list[str]:
    """What is wrong with the page at `path`; nothing where it is not to be opened at all."""
    answer = page.goto(f"{home}{path}")
    if answer is None or answer.status in (403, 404):
        return []
    page.wait_for_load_state()
    found = barriers(page, schemes=("light",))
    if page.locator("link[rel=icon]").count() != 1:
        found.append("no icon")
    if not page.title().partition("|")[0].strip():
        found.append("no title")
    return [f"{path}: {it}" for it in found]


def test_the_pages_of_the_back_office_hold_no_barriers(log_in, live_server, everybody):
    page = log_in(everybody, at="/admin/")

    found = [it for name in OWN_PAGES for it in visit(page, live_server.url, reverse(name))]

    assert found == []


@pytest.mark.parametrize("app", sorted({model._meta.app_label for model in admin.site._registry}))
def test_lists_and_forms_hold_no_barriers(log_in, live_server, everybody, app):
    page = log_in(everybody, at="/admin/")
    models = [it for it in admin.site._registry.values() if it.opts.app_label == app]

    found = [it for one in models for path in pages_of(one) for it in visit(page, live_server.url, path)]

    assert found == []
