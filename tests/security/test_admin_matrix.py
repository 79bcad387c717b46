"""Every role on every page of the admin: lists, forms, histories, deletions, and each page of our own.

What is expected follows from `ScopedAdmin.see` and `change` and the table of powers. Reading a page by GET
never changes anything, whoever reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest
from django.template.base import Template
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString

from common.admin import ScopedAdmin
from common.models import Job
from tests.security.changes import Watch
from tests.security.world import World, appoint, logged_in
from units.models import Unit, User
from units.powers import POWERS, Power, Role

pytestmark = pytest.mark.django_db

# Pages of libraries, and of technical records: for superusers only, by Django's own model permissions.
THIRD_PARTY = {"axes", "django_celery_beat", "oauth2_provider", "otp_static", "otp_totp"}
TECHNICAL = {Job}

# Pages beside list, form, history and deletion that ask for another power than the list does.
OWN_POWER = {
    "units_servicearea_import": Power.MANAGE_UNITS,
    "customers_customer_reveal": Power.REVEAL_CUSTOMERS,
    "allocation_meteravailability_set": Power.SET_AVAILABILITY,
    "allocation_allocationmatrix_publish": Power.PUBLISH_MATRIX,
    "allocation_allocationmatrix_draft_from_this": Power.DRAFT_MATRIX,
    "tickets_ticket_move": Power.HANDLE_TICKETS,
    "tickets_ticket_merge": Power.MERGE_TICKETS,
    "tickets_ticket_unmerge": Power.MERGE_TICKETS,
    "tickets_ticket_reveal": Power.REVEAL_CUSTOMERS,
    "tickets_ticket_export": Power.EXPORT_TICKETS,
    "tickets_ticket_performance": Power.EXPORT_TICKETS,
    **dict.fromkeys(
        (f"tickets_selfdiagnosis_{it}" for it in ("approve", "officer", "deliver")), Power.DECIDE_DIAGNOSIS
    ),
    "tickets_incident_move": Power.DECLARE_INCIDENT,
    **dict.fromkeys(
        (f"tickets_workorder_{it}" for it in ("assign", "take_back", "postpone", "cancel")),
        Power.DISPATCH_ORDERS,
    ),
    **dict.fromkeys(
        (f"tickets_workorder_{it}" for it in ("depart", "start", "restore_temporarily", "restore", "finish")),
        Power.WORK_ORDERS,
    ),
    "programs_winner_reach": Power.HAND_OVER_REWARDS,
    "programs_winner_contact": Power.HAND_OVER_REWARDS,
    "programs_winner_assign": Power.SET_REWARDS,
    "programs_winner_show_code": Power.HAND_OVER_REWARDS,
    "programs_winner_hand_over": Power.HAND_OVER_REWARDS,
    "programs_winner_not_collected": Power.HAND_OVER_REWARDS,
    "programs_winner_unlock": Power.RUN_PROGRAMS,
    "sop_sopdocument_reviewed": Power.APPROVE_SOP,
    "sop_sopversion_acknowledge": Power.SEE_SOP,
}
# Pages that the power of their list opens as well: authors and approvers say that an SOP still holds.
ALSO_OPENED_BY = {"sop_sopdocument_reviewed": Power.AUTHOR_SOP}
# Models whose pages a further power opens for reading: approvers, too, see what is due for review.
ALSO_SEEN_WITH = {"sop.ReviewReminder": Power.APPROVE_SOP}
STANDARD = ("changelist", "add", "change", "delete", "history")
WRITING = ("add", "change", "delete")
REFUSED = {302, 403, 404, 405}
Everything = dict[ModelAdmin, list[tuple[str, str]]]


def scoped() -> list[ScopedAdmin]:
    return [page for page in admin.site._registry.values() if isinstance(page, ScopedAdmin)]


def technical() -> list[ModelAdmin]:
    return [page for page in admin.site._registry.values() if not isinstance(page, ScopedAdmin)]


def powers_of(page: ScopedAdmin) -> set[str]:
    also = ALSO_SEEN_WITH.get(page.opts.label, "")
    return {power for power in (page.see, page.change, also) if power}


def row_of(page: ModelAdmin) -> Any:
    """Some row of this page's model, or a key that no row has."""
    row = page.model._base_manager.first()
    return row.pk if row else 0


def addresses(page: ModelAdmin) -> Iterator[tuple[str, str]]:
    """Name and address of every page of one model."""
    prefix = f"{page.opts.app_label}_{page.opts.model_name}_"
    for pattern in page.get_urls():
        if pattern.name:
            yield (
                pattern.name.removeprefix(prefix) if pattern.name.startswith(prefix) else pattern.name,
                (_reversed(pattern.name, page)),
            )


def _reversed(name: str, page: ModelAdmin) -> str:
    """The address, with whatever arguments its pattern takes."""
    row = row_of(page)
    past = page.model.history.first() if hasattr(page.model, "history") else None
    for given in ([], [row], [row, past.pk if past else 0], [_settable().code, 1]):
        try:
            return reverse(f"admin:{name}", args=given)
        except NoReverseMatch:
            continue
    raise AssertionError(f"how is {name} addressed?")


def _settable() -> Unit:
    return Unit.objects.get(name="UP3 Menteng")


@pytest.fixture(scope="module")
def everything(stage: World, django_db_blocker: Any) -> Everything:
    """Every page of the admin with its addresses."""
    with django_db_blocker.unblock():
        return {page: list(addresses(page)) for page in admin.site._registry.values()}


@pytest.fixture
def one_menu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The menu is made once for the test's one reader, not again for each page: that took half the time."""
    for name in ("get_app_list", "get_sidebar_list"):
        monkeypatch.setattr(admin.site, name, _made_once(getattr(admin.site, name)))


def _made_once(make: Callable[..., list]) -> Callable[..., list]:
    made: dict[Any, list] = {}

    def make_or_recall(request: HttpRequest, app_label: str | None = None) -> list:
        if app_label not in made:
            made[app_label] = make(request, app_label) if app_label else make(request)
        return made[app_label]

    return make_or_recall


@pytest.fixture
def unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers without their look: for tests that ask only what an answer did. Readers see every page."""
    monkeypatch.setattr(Template, "render", lambda template, context: SafeString(""))


def expected(page: ScopedAdmin, name: str, held: set[str]) -> set[int]:
    """Which statuses the powers allow for reading this page."""
    full_name = f"{page.opts.app_label}_{page.opts.model_name}_{name}"
    sees, changes = bool(powers_of(page) & held), bool(page.change and page.change in held)
    opened = bool(openers(full_name) & held)
    if not sees and not opened:
        return REFUSED
    if name in ("changelist", "changelist_stats"):
        return {200}
    if name in ("change", "history"):  # 302 to the list: the row is not this reader's to see
        return {200, 302}
    if name == "add" and not _overrides(page, "has_add_permission"):
        return {200} if changes else {403}
    if name == "delete" and not _overrides(page, "has_delete_permission"):
        return {403}
    if full_name in OWN_POWER and not opened:
        return REFUSED
    return {200, *REFUSED}


def openers(full_name: str) -> set[str]:
    """The powers that open a page of its own, where it has any."""
    return {power[full_name].value for power in (OWN_POWER, ALSO_OPENED_BY) if full_name in power}


def may_write(page: ScopedAdmin, name: str, held: set[str]) -> bool:
    """Whether a page beside the usual form lets its own power, or that of an admin which adds, do more."""
    if name == "add" and _overrides(page, "has_add_permission"):
        return bool(powers_of(page) & held)
    return bool(openers(f"{page.opts.app_label}_{page.opts.model_name}_{name}") & held)


def _overrides(page: ScopedAdmin, method: str) -> bool:
    return getattr(type(page), method) is not getattr(ScopedAdmin, method)


def read_all(client: Client, who: str, held: set[str], everything: Everything) -> list[str]:
    """Read every page as `who`; answers what was not as the powers say."""
    wrong = []
    for page in scoped():
        for name, address in everything[page]:
            answer = client.get(address)
            if answer.status_code not in (want := expected(page, name, held)):
                wrong.append(f"{who}, GET {address}: {answer.status_code}, not {sorted(want)}")
    return wrong


def test_every_page_is_scoped_or_known_to_be_technical() -> None:
    unknown = [
        page.opts.label
        for page in technical()
        if page.opts.app_label not in THIRD_PARTY and page.model not in TECHNICAL
    ]

    assert unknown == []
    assert [page.opts.label for page in scoped() if not powers_of(page)] == []


@pytest.mark.parametrize("role", [role for role in Role if role != Role.CHANNEL])
@pytest.mark.usefixtures("one_menu")
def test_a_role_reads_exactly_the_pages_its_powers_open(
    role: Role, world: World, everything: Everything
) -> None:
    client = logged_in(appoint("actor", role, world.units["PLN Pusat"]))
    client.get(reverse("admin:index"))
    watch = Watch()

    wrong = read_all(client, role, {power.value for power in POWERS[role]}, everything)

    assert wrong == []
    assert watch.changes() == []


@pytest.mark.parametrize("role", [role for role in Role if role != Role.CHANNEL])
@pytest.mark.usefixtures("one_menu", "unseen")
def test_a_role_without_the_power_changes_nothing_by_posting(
    role: Role, world: World, everything: Everything
) -> None:
    client = logged_in(appoint("actor", role, world.units["PLN Pusat"]))
    held = {power.value for power in POWERS[role]}
    client.get(reverse("admin:index"))
    watch, wrong = Watch(), []
    for page in scoped():
        if page.change in held:
            continue
        for name, address in everything[page]:
            if may_write(page, name, held):
                continue
            status = client.post(address, {"post": "yes"}).status_code
            if status >= 500 or (name in WRITING and status not in REFUSED):
                wrong.append(f"{role}, POST {address}: {status}")
        if changed := watch.changes():
            wrong.append(f"{role}, POST to the pages of {page.opts.label}: changed {changed}")
            watch = Watch()

    assert wrong == []


@pytest.mark.parametrize("who", ["nobody", "channel", "staff without a position", "anonymous"])
@pytest.mark.usefixtures("one_menu")
def test_without_a_position_the_admin_shows_nothing(
    who: str, world: World, nobody: User, everything: Everything
) -> None:
    actors = {
        "nobody": lambda: nobody,
        "channel": lambda: appoint("c", Role.CHANNEL, world.units["PLN Pusat"]),
        "staff without a position": lambda: User.objects.create(username="s", is_staff=True),
        "anonymous": lambda: None,
    }
    client = logged_in(actors[who]())
    shown = []
    for pages in everything.values():
        for _, address in pages:
            if (
                client.get(address).status_code not in REFUSED
                or client.post(address).status_code not in REFUSED
            ):
                shown.append(address)

    assert shown == []


def test_technical_pages_are_for_superusers_only(world: World) -> None:
    back_office = logged_in(appoint("b", Role.BACK_OFFICE, world.units["PLN Pusat"]))
    root = logged_in(User.objects.create(username="root", is_staff=True, is_superuser=True))
    lists = [
        reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_changelist") for page in technical()
    ]

    assert {back_office.get(address).status_code for address in lists} == {403}
    assert {address: root.get(address).status_code for address in lists} == dict.fromkeys(lists, 200)


@pytest.mark.usefixtures("one_menu")
def test_a_superuser_without_a_position_opens_no_page_of_the_trade(
    world: World, everything: Everything
) -> None:
    root = logged_in(User.objects.create(username="root", is_staff=True, is_superuser=True))
    opened = [
        address
        for page in scoped()
        for name, address in everything[page]
        if name in STANDARD and root.get(address).status_code == 200
    ]

    assert opened == []
