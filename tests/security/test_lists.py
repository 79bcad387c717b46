"""Every list shows exactly the rows of the units within reach, in the API and in the admin.

The statuses of lists are the permission matrix's business; here it is whose rows appear in them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from operator import attrgetter
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.security.program_endpoints import of_program
from tests.security.test_permission_matrix import MATRIX, token_of
from tests.security.world import PLACES, SEATS, World, appoint, logged_in, reaches
from units.powers import POWERS, Power, Role

pytestmark = pytest.mark.django_db

P = Power
Path = Callable[[World, str], str]


@dataclass(frozen=True)
class Listing:
    """A list, the rows of the world that it may show with their places, and the powers that show them.

    `key` names a row in the answer. Where `of_each` place has a list, they are read as one.
    """

    shown_by: tuple[Power, ...]
    rows: Callable[[World], dict[Any, str]]
    key: str
    path: Path
    of_each: bool = False
    body: Callable[[World, str], dict] | None = None

    def shown(self, world: World, role: Role, seat: str) -> set[Any]:
        """The rows that the table of powers lets `role` at `seat` see."""
        within = {
            place
            for place, unit in world.units.items()
            if any(reaches(role, power, world.units[seat], unit) for power in self.shown_by)
        }
        return {row for row, place in self.rows(world).items() if place in within}

    def read(self, client: Client, world: World) -> set[Any]:
        """The world's rows that the list shows, over all its pages."""
        places = PLACES if self.of_each else PLACES[:1]
        return self.rows(world).keys() & {row for place in places for row in self._rows(client, world, place)}

    def _rows(self, client: Client, world: World, place: str) -> Iterator[Any]:
        path: str | None = self.path(world, place)
        while path:
            answer = self._ask(client, path, world, place)
            page = answer.json()
            rows, path = (page, None) if isinstance(page, list) else (page["results"], page["next"])
            yield from (row[self.key] for row in rows)

    def _ask(self, client: Client, path: str, world: World, place: str) -> Any:
        if self.body is None:
            answer = client.get(path)
        else:
            answer = client.post(path, json.dumps(self.body(world, place)), content_type="application/json")
        assert answer.status_code == 200, (path, answer.content)
        return answer


def all_of(name: str) -> Path:
    return lambda world, place: reverse(f"api:{name}") + "?page_size=200"


def looked_up(name: str, value: Callable[[World, str], str]) -> Path:
    return lambda world, place: reverse(f"api:{name}") + value(world, place)


def kept(rows: str, key: str = "pk", name: str = "") -> Callable[[World], dict[Any, str]]:
    """Rows that the world keeps under their place, or under it and a name: all, or those of that name."""

    def found(world: World) -> dict[Any, str]:
        return {
            attrgetter(key)(row): under if isinstance(under, str) else under[0]
            for under, row in attrgetter(rows)(world).items()
            if not name or under[1] == name
        }

    return found


def asked(world: World) -> dict[str, str]:
    """The tickets of one customer at each place."""
    names = ("asked", "diagnosed", "approved")
    return {row.number: place for (place, fate), row in world.tickets.items() if fate in names}


def code(world: World, place: str) -> str:
    return f"?search={world.units[place].code}"


def these_days(world: World, place: str) -> str:
    since, until = (timezone.now() + timedelta(days=days) for days in (-1, 1))
    return reverse("api:ticket-performance") + f"?since={since:%Y-%m-%dT%H:%MZ}&until={until:%Y-%m-%dT%H:%MZ}"


UNITS = kept("units", "code")
SEEN = (P.SEE_TICKETS,)
# By endpoint, and by what is looked for in it.
LISTS: dict[tuple[str, str], Listing] = {
    ("unit-list", ""): Listing((P.SEE_UNITS,), UNITS, "code", looked_up("unit-list", code), of_each=True),
    ("customer-list", "by IDPEL"): Listing(
        (P.SEE_CUSTOMERS,),
        kept("customers", "idpel"),
        "idpel",
        looked_up("customer-list", lambda world, place: f"?idpel={world.customers[place].idpel}"),
        of_each=True,
    ),
    ("customer-list", "by telephone"): Listing(
        (P.SEE_CUSTOMERS,),
        kept("customers", "idpel"),
        "idpel",
        looked_up(
            "customer-list",
            lambda world, place: f"?phone=0{world.customers[place].phones.get().number.removeprefix('+62')}",
        ),
        of_each=True,
    ),
    ("allocationcheck-list", ""): Listing(
        (P.SEE_CHECKS,), kept("checks"), "id", all_of("allocationcheck-list")
    ),
    ("ticket-list", ""): Listing(SEEN, kept("tickets", "number"), "number", all_of("ticket-list")),
    ("ticket-list", "by IDPEL"): Listing(
        SEEN,
        asked,
        "number",
        looked_up("ticket-list", lambda world, place: f"?idpel={world.customers[place].idpel}"),
        of_each=True,
    ),
    ("ticket-search", ""): Listing(
        SEEN,
        asked,
        "number",
        lambda world, place: reverse("api:ticket-search"),
        of_each=True,
        body=lambda world, place: {"idpel": world.customers[place].idpel},
    ),
    ("ticket-performance", ""): Listing((P.EXPORT_TICKETS,), UNITS, "code", these_days),
    ("ticket-performance", "per crew"): Listing(
        (P.EXPORT_TICKETS,),
        kept("field.crews", "code", "busy"),
        "code",
        lambda world, place: these_days(world, place) + "&by=crew",
    ),
    ("workorder-list", ""): Listing(SEEN, kept("field.orders"), "id", all_of("workorder-list")),
    ("crew-list", ""): Listing(SEEN, kept("field.crews", "code"), "code", all_of("crew-list")),
    ("shift-list", ""): Listing(SEEN, kept("field.shifts"), "id", all_of("shift-list")),
    ("incident-list", ""): Listing(SEEN, kept("field.incidents"), "id", all_of("incident-list")),
    ("selfdiagnosis-list", ""): Listing(
        SEEN, kept("field.diagnoses", "ticket.number"), "ticket", all_of("selfdiagnosis-list")
    ),
    ("program-list", "approved"): Listing(
        (P.SEE_PROGRAMS,), kept("programs.programs", "slug", "approved"), "slug", all_of("program-list")
    ),
    ("program-list", "drafts"): Listing(
        (P.RUN_PROGRAMS, P.APPROVE_PROGRAMS),
        kept("programs.programs", "slug", "draft"),
        "slug",
        all_of("program-list"),
    ),
    ("paymentimport-list", ""): Listing(
        (P.RUN_PROGRAMS,),
        kept("programs.imports"),
        "id",
        of_program("paymentimport-list", "asked"),
        of_each=True,
    ),
    ("evaluation-list", ""): Listing(
        (P.RUN_PROGRAMS,),
        kept("programs.evaluations"),
        "id",
        of_program("evaluation-list", "asked"),
        of_each=True,
    ),
    ("program-winner-list", ""): Listing(
        (P.SEE_WINNERS,),
        kept("programs.winners"),
        "id",
        of_program("program-winner-list", "announced"),
        of_each=True,
    ),
    ("sopdocument-list", "drafts"): Listing(
        (P.AUTHOR_SOP, P.APPROVE_SOP), kept("sop.drafts", "slug"), "slug", all_of("sopdocument-list")
    ),
    ("call-list", "of others"): Listing(
        (P.SEE_CALLS,),
        lambda world: {str(row.pk): at for at, row in world.sop.calls.items()},
        "id",
        all_of("call-list"),
    ),
    ("ticket-candidates", ""): Listing(
        SEEN,
        asked,
        "number",
        lambda world, place: reverse("api:ticket-candidates"),
        of_each=True,
        body=lambda world, place: {"meter_number": world.customers[place].meters.get().number},
    ),
}
# The same for every reader who may read them at all.
FOR_ALL = {"area-list", "availability-list", "problemtype-list", "readingcode-list"}

SEATED = [(role, seat) for role in Role for seat in SEATS]


def test_every_list_is_described() -> None:
    lists = {name for name, method in MATRIX if name.endswith("-list") and method == "GET"}

    assert lists - FOR_ALL == {name for name, _ in LISTS} - {
        "ticket-performance",
        "ticket-candidates",
        "ticket-search",
    }


@pytest.mark.parametrize(("role", "seat"), SEATED)
def test_a_list_shows_exactly_the_rows_within_reach(role: Role, seat: str, world: World) -> None:
    client = logged_in(appoint("actor", role, world.units[seat]))
    wrong = {
        key: (sorted(map(str, found - want)), sorted(map(str, want - found)))
        for key, listing in LISTS.items()
        if may_read(role, key[0])
        and (found := listing.read(client, world)) != (want := listing.shown(world, role, seat))
    }

    assert wrong == {}, "by list, the rows too many and the rows too few"


def may_read(role: Role, name: str) -> bool:
    endpoint = MATRIX.get((name, "GET")) or MATRIX[name, "POST"]
    return endpoint.power in POWERS[role]


def test_every_list_shows_something_to_somebody_and_hides_something_from_somebody(world: World) -> None:
    for key, listing in LISTS.items():
        seen = {frozenset(listing.shown(world, *who)) for who in SEATED if may_read(who[0], key[0])}
        assert listing.rows(world), key
        assert any(seen), key
        assert len(seen) > 1 or set(listing.shown_by) <= {P.SEE_UNITS, P.SEE_PROGRAMS}, key


def test_a_channel_finds_the_tickets_it_made_wherever_they_are_and_no_others(world: World) -> None:
    channel = appoint("channel", Role.CHANNEL, world.units["PLN Pusat"])
    own = world.tickets["UP3 Bandung", "open"]
    type(own).objects.filter(pk=own.pk).update(client=channel)
    client = token_of(channel, "tickets", channel=True)

    listed = LISTS["ticket-list", ""].read(client, world)

    at_its_seat = {row.number for (place, _), row in world.tickets.items() if place == "PLN Pusat"}
    assert listed == at_its_seat | {own.number}


# In the admin, by model: the rows, and the powers that show them.
ADMIN: dict[str, tuple[Callable[[World], dict[Any, str]], tuple[Power, ...]]] = {
    "customers.Customer": (kept("customers"), (P.SEE_CUSTOMERS,)),
    "allocation.AllocationCheck": (kept("checks"), (P.SEE_CHECKS,)),
    "tickets.Ticket": (kept("tickets"), SEEN),
    "tickets.WorkOrder": (kept("field.orders"), SEEN),
    "tickets.Crew": (kept("field.crews"), SEEN),
    "tickets.Shift": (kept("field.shifts"), SEEN),
    "tickets.Incident": (kept("field.incidents"), SEEN),
    "tickets.SelfDiagnosis": (kept("field.diagnoses"), SEEN),
    "programs.Program": (kept("programs.programs", name="draft"), (P.RUN_PROGRAMS, P.APPROVE_PROGRAMS)),
    "programs.Reward": (kept("programs.winners", "reward.pk"), (P.SEE_WINNERS,)),
    "programs.Winner": (kept("programs.winners"), (P.SEE_WINNERS,)),
    "sop.Call": (kept("sop.calls"), (P.SEE_CALLS,)),
    "sop.SopDocument": (kept("sop.drafts"), (P.AUTHOR_SOP, P.APPROVE_SOP)),
}


@pytest.mark.parametrize(("role", "seat"), [it for it in SEATED if it[0] != Role.CHANNEL])
def test_a_list_of_the_admin_shows_exactly_the_rows_within_reach(role: Role, seat: str, world: World) -> None:
    client = logged_in(appoint("actor", role, world.units[seat]))
    pages = {page.opts.label: page for page in admin.site._registry.values()}
    wrong = {}
    for label, (rows, powers) in ADMIN.items():
        found = listed(client, pages[label], rows(world))
        want = Listing(powers, rows, "pk", all_of("")).shown(world, role, seat)
        if found is not None and found != want:
            wrong[label] = (found - want, want - found)

    assert wrong == {}, "by model, the rows too many and the rows too few"


def listed(client: Client, page: ModelAdmin, rows: dict[Any, str]) -> set[Any] | None:
    """Those of `rows` that the list of the admin holds, on all its pages; None where it is not shown."""
    answer = client.get(reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_changelist"))
    if answer.status_code == 403:
        return None
    return set(answer.context["cl"].queryset.values_list("pk", flat=True)) & rows.keys()
