"""A browser that works as an agent does, and that reports what no page may do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import ConsoleMessage, Page, Request

from units.models import User

HTMX_SAYS = ("htmx:sendError", "htmx:sendAbort", "htmx:afterRequest")  # of what `watch_failure` judges


@pytest.fixture
def offences() -> list[str]:
    """What the page did that it may not; a test that provokes something clears it."""
    return []


@pytest.fixture
def page(page: Page, live_server: object, offences: list[str]) -> Iterator[Page]:
    """Fails its test when the browser leaves the machine, is refused by the CSP, or meets an error."""
    home = urlsplit(live_server.url).netloc

    def watch_request(request: Request) -> None:
        if urlsplit(request.url).scheme not in ("data", "blob") and urlsplit(request.url).netloc != home:
            offences.append(f"request to {request.url}")

    def watch_console(message: ConsoleMessage) -> None:
        refused_by_us = "status of 4" in message.text  # the browser's own note of a 4xx answer
        of_request = message.text.startswith(HTMX_SAYS)
        if message.type in ("error", "warning") and not refused_by_us and not of_request:
            offences.append(message.text)

    def watch_failure(request: Request) -> None:
        left_the_page = request.failure == "net::ERR_ABORTED"
        if not left_the_page:
            offences.append(f"{request.failure} for {request.url}")

    page.on("request", watch_request)
    page.on("requestfailed", watch_failure)
    page.on("console", watch_console)
    page.on("pageerror", lambda error: offences.append(str(error)))
    page.set_default_timeout(10_000)
    yield page
    assert offences == []


@pytest.fixture
def log_in(page: Page, live_server: object) -> Callable[..., Page]:
    """Log in by the form, as `user`; lands on `at`."""

    def enter(user: User, at: str = "/") -> Page:
        page.context.clear_cookies()
        page.goto(f"{live_server.url}/accounts/login/?next={at}")
        page.get_by_label("Nama pengguna").fill(user.username)
        page.get_by_label("Sandi").fill("a-password-for-tests")
        page.locator("main form button").click()
        page.wait_for_url(lambda url: urlsplit(url).path != "/accounts/login/")  # and for its scripts
        return page

    return enter
