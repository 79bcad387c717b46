"""A program in a real browser: from its draft to a reward in hand, by three people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from customers.models import Customer
from programs.models import Program, Winner
from programs.services.rewards import code_of
from tests.programs.conftest import customers, line, make_customer, payment_file, work
from units.models import User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["customers", "line", "make_customer", "work"]


def months_before(today: date, count: int) -> list[date]:
    """The first days of the last `count` whole months."""
    months = [today.replace(day=1)]
    while len(months) <= count:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    return sorted(months)[:-1]


def take(page: Page, step: str, status: str) -> None:
    """Press the button of a step, and see in which stage the program is then."""
    with page.expect_navigation():
        page.locator(f"form[data-step={step}] button[type=submit]").click()
    expect(page.locator(f"[data-status={status}]")).to_be_visible()


@pytest.mark.requirement("R-004-4", "R-004-7", "R-004-10")
def test_from_a_draft_to_a_reward_handed_over(
    log_in: Callable[..., Page],
    live_server: object,
    program_jakarta: User,
    srm_jakarta: User,
    manager_menteng: User,
    customers: list[Customer],
    line: Callable[..., str],
    work: Callable[[], None],
    tmp_path: Path,
) -> None:
    today = timezone.localdate()
    months = months_before(today, 2)
    page = log_in(program_jakarta, at="/admin/programs/program/add/")
    fill_in_draft(page, today, months)
    page.get_by_role("button", name="Simpan", exact=True).click()
    expect(page.locator("body")).to_contain_text("PELANGGAN RAJIN")
    program = Program.objects.get(slug="pelanggan-rajin")
    desk = f"/admin/programs/program/{program.pk}/desk/"

    page = log_in(srm_jakarta, at=desk)
    take(page, "approve", "APPROVED")

    page = log_in(program_jakarta, at=desk)
    file = tmp_path / "bayar.csv"
    periods = [f"{month:%Y-%m}" for month in months]
    file.write_bytes(
        payment_file(*(line(customer.idpel, period) for customer in customers for period in periods))
    )
    page.locator("input[type=file]").set_input_files(file)
    take(page, "upload", "APPROVED")
    work()
    page.reload()
    expect(page.locator("#imports")).to_contain_text("bayar.csv")
    expect(page.locator("#imports")).to_contain_text("6")
    take(page, "evaluate", "APPROVED")
    work()

    page = log_in(srm_jakarta, at=desk)
    take(page, "freeze", "EVALUATED")
    work()
    page = log_in(program_jakarta, at=desk)
    take(page, "announce", "ANNOUNCED")
    expect(page.locator("#units")).to_contain_text("UP3 Menteng")
    expect(page.locator("canvas.chart")).to_be_visible()

    hand_over(log_in(manager_menteng, at="/admin/programs/reward/add/"), live_server, program)
    winner = Winner.objects.order_by("pk")[0]
    assert (winner.status, winner.handed_over_by) == ("HANDED_OVER", manager_menteng)


def fill_in_draft(page: Page, today: date, months: list[date]) -> None:
    values = {
        "name": "PELANGGAN RAJIN",
        "period_start": f"{months[0]:%Y-%m-%d}",
        "months": str(len(months)),
        "announce_before": f"{today + timedelta(days=1):%Y-%m-%d}",
        "pick_up_from": f"{today:%Y-%m-%d}",
        "pick_up_until": f"{today:%Y-%m-%d}",
        "agent_may_say": "Bayar tanggal 1 s.d. 5.",
    }
    for name, value in values.items():
        page.locator(f"[name={name}]").fill(value)
    page.locator("[name=unit]").select_option(label="UID Jakarta Raya")
    page.locator("[name=excluded_kogol][value='1']").check()


def hand_over(page: Page, live_server: object, program: Program) -> None:
    """The manager sets a reward, gives it to a winner, tells them, and hands it over."""
    page.locator("[name=name]").fill("Payung")
    page.locator("[name=stock]").fill("3")
    page.locator("[name=unit]").select_option(label="UP3 Menteng")
    page.locator("[name=program]").select_option(label="PELANGGAN RAJIN", force=True)
    page.get_by_role("button", name="Simpan", exact=True).click()
    expect(page.locator("body")).to_contain_text("Payung")
    winner = Winner.objects.select_related("program", "customer").order_by("pk")[0]
    page.goto(f"{live_server.url}/admin/programs/winner/{winner.pk}/change/")  # type: ignore[attr-defined]
    act(page, "assign", reward="Payung")
    act(page, "contact", reached=True)
    act(page, "hand_over", code=code_of(winner), identity_last4="0001")


def act(page: Page, action: str, **values: str | bool) -> None:
    """Open a dialog of the winner's page, fill it in, and send it."""
    page.locator(f"[hx-get*='/{action}/'], a[href*='/{action}/']").first.click()
    form = page.locator(f"form[hx-post*='/{action}/'], form[action*='/{action}/']").first
    for name, value in values.items():
        field = form.locator(f"[name={name}]")
        expect(field).to_be_visible()
        if value is True:
            field.check(force=True)
        elif name == "reward":
            field.select_option(label=str(value))
        else:
            field.fill(str(value))
    with page.expect_navigation():
        form.locator("button[type=submit]").click()
    expect(page.locator("body")).to_contain_text("PELANGGAN RAJIN")
