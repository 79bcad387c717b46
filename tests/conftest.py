"""One cast of accounts for all tests, named by role; units and a few areas are always there."""

from __future__ import annotations

import functools
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.core.cache import caches
from django.test import Client, TransactionTestCase
from django.utils import timezone
from oauth2_provider.models import Application, get_access_token_model
from rest_framework.test import APIClient

from tests import reference
from tests.flushing import triggers_lifted, wait_for_answers
from units.models import Position, Unit, User
from units.powers import Role

pytest_plugins = ("tests.requirements_plugin",)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
os.environ.setdefault(
    "DJANGO_ALLOW_ASYNC_UNSAFE", "1"
)  # the browser tests' event loop and the ORM share a thread


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that empty the database run last; the others find the reference data that was loaded once."""
    items.sort(key=_empties_the_database)
    if CHROMIUM:
        return
    no_browser = pytest.mark.skip(reason="Chromium is not installed, so nothing was tested in a browser")
    for item in items:
        if "browser" in item.keywords:
            item.add_marker(no_browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Any:
    """With PORTAL_NO_SKIPS a skipped test is a failed one: CI must have what every test needs."""
    report = yield
    if report.skipped and os.environ.get("PORTAL_NO_SKIPS"):
        report.outcome = "failed"
    return report


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        reference.load()


@pytest.fixture(scope="session", autouse=True)
def _flushing_is_allowed() -> Iterator[None]:
    """Tables are emptied between tests once nothing stands in the way, see `tests.flushing`."""
    teardown = TransactionTestCase._fixture_teardown

    def lifted(case: TransactionTestCase) -> None:
        wait_for_answers()
        with triggers_lifted():
            teardown(case)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lifted)
        yield


@pytest.fixture(autouse=True)
def _clean_slate(request: pytest.FixtureRequest) -> None:
    """Reference data for tests that flush the database, and no throttle counts from other tests.

    Several tests run at once and share one cache, so each gets a name space instead of an empty cache.
    """
    caches["default"].key_prefix = uuid.uuid4().hex
    if _empties_the_database(request.node):
        request.getfixturevalue("transactional_db")
        if not Unit.objects.exists():
            reference.load()


def _empties_the_database(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    fixtures = set(getattr(item, "fixturenames", ()))
    is_transactional = bool(marker and marker.kwargs.get("transaction"))
    return is_transactional or bool({"transactional_db", "live_server"} & fixtures)


@pytest.fixture(autouse=True)
def _files_of_the_test(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def unit(db: None) -> Callable[[str], Unit]:
    """The unit of that name."""
    return lambda name: Unit.objects.get(name=name)


@functools.cache
def _hashed_once() -> str:
    """The hash of everybody's password; making it anew for each account would cost most of a test."""
    return make_password("a-password-for-tests")


LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)  # before every day of which a test speaks


@pytest.fixture
def appoint(db: None) -> Callable[..., User]:
    """An account that holds `role` at the unit named `at`."""

    def make(username: str, role: Role, at: str, **fields: Any) -> User:
        fresh = {"is_staff": role != Role.CHANNEL, "password": _hashed_once()}
        user, _ = User.objects.get_or_create(username=username, defaults=fresh)
        fields.setdefault("starts_at", LONG_AGO)
        Position.objects.create(holder=user, role=role, unit=Unit.objects.get(name=at), **fields)
        return user

    return make


CAST = {
    "agent": (Role.CSO, "PLN Pusat"),
    "supervisor": (Role.SUPERVISOR, "PLN Pusat"),
    "manager_menteng": (Role.MANAGER_UP3, "UP3 Menteng"),
    "manager_bandung": (Role.MANAGER_UP3, "UP3 Bandung"),
    "srm_jakarta": (Role.SRM_NIAGA, "UID Jakarta Raya"),
    "vcc_operator": (Role.VCC_OPERATOR, "PLN Pusat"),
    "posko_menteng": (Role.POSKO_OFFICER, "UP3 Menteng"),
    "program_jakarta": (Role.PROGRAM_OFFICER, "UID Jakarta Raya"),
    "sop_author": (Role.SOP_AUTHOR, "PLN Pusat"),
    "sop_approver": (Role.SOP_APPROVER, "PLN Pusat"),
    "back_office": (Role.BACK_OFFICE, "PLN Pusat"),
    "channel": (Role.CHANNEL, "PLN Pusat"),
}


def _member(name: str) -> Any:
    @pytest.fixture(name=name)
    def fixture(appoint: Callable[..., User]) -> User:
        role, at = CAST[name]
        return appoint(name, role, at)

    return fixture


agent = _member("agent")
supervisor = _member("supervisor")
manager_menteng = _member("manager_menteng")
manager_bandung = _member("manager_bandung")
srm_jakarta = _member("srm_jakarta")
vcc_operator = _member("vcc_operator")
posko_menteng = _member("posko_menteng")
program_jakarta = _member("program_jakarta")
sop_author = _member("sop_author")
sop_approver = _member("sop_approver")
back_office = _member("back_office")
channel = _member("channel")


@pytest.fixture
def nobody(db: None) -> User:
    """An account without any position."""
    return User.objects.create(username="nobody", password=_hashed_once())


@pytest.fixture
def menteng(unit: Callable[[str], Unit]) -> Unit:
    return unit("UP3 Menteng")


@pytest.fixture
def bandung(unit: Callable[[str], Unit]) -> Unit:
    return unit("UP3 Bandung")


@pytest.fixture
def jakarta(unit: Callable[[str], Unit]) -> Unit:
    return unit("UID Jakarta Raya")


@pytest.fixture
def api() -> Callable[[User | None], APIClient]:
    """A client of the API, logged in by session as `user`."""

    def client(user: User | None = None) -> APIClient:
        made = APIClient(raise_request_exception=False)
        if user:
            made.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return made

    return client


@pytest.fixture
def browse() -> Callable[[User], Client]:
    """A client of the pages and the admin, logged in as `user`."""

    def client(user: User) -> Client:
        made = Client()
        made.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return made

    return client


@pytest.fixture
def channel_api(channel: User) -> Callable[..., APIClient]:
    """A client of the API with a channel's own token (client credentials)."""

    def client(scope: str = "read allocation") -> APIClient:
        application = Application.objects.create(
            name="a channel",
            user=channel,
            client_type=Application.CLIENT_CONFIDENTIAL,
            authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        )
        token = get_access_token_model().objects.create(
            application=application,
            token=f"token-{application.pk}",
            scope=scope,
            expires=timezone.now() + timezone.timedelta(hours=1),
        )
        made = APIClient(raise_request_exception=False)
        made.credentials(HTTP_AUTHORIZATION=f"Bearer {token.token}")
        return made

    return client


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    return {
        **browser_type_launch_args,
        "executable_path": CHROMIUM,
        "args": ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"],
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict) -> dict:
    return {**browser_context_args, "locale": "id-ID", "viewport": {"width": 1280, "height": 900}}


@pytest.fixture
def anyone(appoint: Callable[..., User]) -> Callable[[str], User]:
    """Any member of the cast, by name."""
    return lambda name: appoint(name, *CAST[name])
