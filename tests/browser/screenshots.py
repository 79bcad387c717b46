"""The pictures of the README, from a running portal with demo data.

.venv/bin/python -m tests.browser.screenshots http://127.0.0.1:8000
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from time import time

from playwright.sync_api import Page, sync_playwright

from tests.browser.steps import fill_in_check

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "images"
PASSWORD = os.environ.get("DEMO_PASSWORD", "pln-demo-123")


def log_in(page: Page, home: str, username: str) -> None:
    page.context.clear_cookies()
    page.goto(f"{home}/accounts/login/")
    page.locator("[name=username]").fill(username)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main form button").click()
    page.wait_for_load_state()


def make_menteng_prabayar_only(page: Page, home: str) -> None:
    """As its manager does it, in the admin."""
    log_in(page, home, "manager.menteng")
    page.goto(f"{home}/admin/allocation/meteravailability/overview/")
    page.locator("a[href$='/1/']").first.click()
    page.locator("[name=value][value=PRABAYAR]").check()
    page.locator("[name=reason]").fill("Meter pascabayar 1 phasa habis di gudang")
    page.get_by_role("button", name="Simpan").click()
    page.wait_for_url("**/overview/")


def agent_check(page: Page, home: str) -> None:
    log_in(page, home, "cso")
    page.locator("#salutation").select_option("Bapak")
    fill_in_check(page)
    page.locator("#submit").click()
    page.locator("[data-notification]").wait_for()
    page.screenshot(path=FOLDER / "agent-check.png")


def call_desk(page: Page, home: str) -> None:
    """PERIKSA up to step 5: what to say, what to do, the path so far."""
    log_in(page, home, "cso")
    page.goto(f"{home}/panggilan/")
    page.locator("#caller_number").fill(f"0812{int(time()) % 10**8:08d}")  # nobody whom the portal knows
    page.locator("#search").fill("token ditolak")
    page.locator(".procedures li", has_text="PERIKSA").locator("button").click()
    for step, key in (
        ("salam", "Enter"),
        ("nama", ""),
        ("listrik", "1"),
        ("layar", "1"),
        ("keterangan", ""),
        ("mcb", "1"),
        ("empati", "Enter"),
    ):
        page.locator(f".call[data-at={step}]").wait_for()
        if step == "nama":
            page.locator("[name='fields.nama']").fill("Penelepon Satu")
            page.locator("[name='fields.sapaan']").first.check()
            page.locator("[data-next]").click()
        elif step == "keterangan":
            page.locator(".call input[type=checkbox]").check()
            page.locator("[data-next]").click()
        else:
            page.keyboard.press(key)
    page.locator(".call[data-at=pernah_lapor]").wait_for()
    page.screenshot(path=FOLDER / "call-desk.png")


def decision(page: Page, home: str) -> None:
    """A self-diagnosis for which the rules suggest a token."""
    log_in(page, home, "vcc")
    page.goto(f"{home}/vcc/")
    page.locator("#queue .case:has([data-suggestion=CTT])").first.click()
    page.locator(".case-detail .photos").wait_for()
    page.locator("#reason").fill("Pembacaan wajar, tutup terminal pernah dibuka")
    page.screenshot(path=FOLDER / "command-centre.png")


def board(page: Page, home: str) -> None:
    log_in(page, home, "posko.menteng")
    page.goto(f"{home}/posko/")
    page.locator("#board .order").first.wait_for()
    page.wait_for_timeout(1500)  # the countdowns begin with the next second
    page.screenshot(path=FOLDER / "posko-board.png")


def main(home: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(locale="id-ID", viewport={"width": 1280, "height": 900})
        make_menteng_prabayar_only(page, home)
        agent_check(page, home)
        call_desk(page, home)
        decision(page, home)
        board(page, home)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
