"""Units, areas and the reader's own positions over the API."""

from collections.abc import Callable

import pytest
from pytest_django.asserts import assertNumQueries

from units.models import Area, Position, Unit, User
from units.powers import POWERS, Role

pytestmark = pytest.mark.django_db
UNITS, AREAS = "/api/v1/units/", "/api/v1/areas/"


def codes(answer: object) -> set[str]:
    return {row["code"] for row in answer.json()["results"]}


def test_me_names_the_positions_in_force_and_what_they_allow(api: Callable, manager_menteng: User) -> None:
    body = api(manager_menteng).get("/api/v1/me/").json()

    assert body["username"] == manager_menteng.username
    assert [(p["role"], p["unit"]["name"]) for p in body["positions"]] == [("MANAGER_UP3", "UP3 Menteng")]
    assert body["positions"][0]["powers"]["SET_AVAILABILITY"] == "OWN"
    assert body["permissions"] == sorted(POWERS[Role.MANAGER_UP3])


def test_me_of_an_account_without_a_position_is_empty(api: Callable, nobody: User) -> None:
    body = api(nobody).get("/api/v1/me/").json()

    assert (body["positions"], body["permissions"]) == ([], [])


def test_an_acting_position_is_named_as_such(api: Callable, manager_menteng: User, bandung: Unit) -> None:
    Position.objects.create(holder=manager_menteng, role=Role.MANAGER_UP3, unit=bandung, is_acting=True)
    acting = {
        p["unit"]["name"]: p["is_acting"] for p in api(manager_menteng).get("/api/v1/me/").json()["positions"]
    }

    assert acting == {"UP3 Menteng": False, "UP3 Bandung": True}


def test_units_are_found_by_kind_parent_and_name(
    api: Callable, agent: User, jakarta: Unit, menteng: Unit
) -> None:
    client = api(agent)

    assert codes(client.get(UNITS, {"kind": "PUSAT"})) == {"PUSAT"}
    below = codes(client.get(UNITS, {"parent": jakarta.code, "page_size": 200}))
    assert below == set(Unit.objects.filter(parent=jakarta).values_list("code", flat=True))
    assert menteng.code in codes(client.get(UNITS, {"search": "menteng"}))
    alias = Unit.objects.filter(aliases__isnull=False).first()
    assert alias.code in codes(client.get(UNITS, {"search": alias.aliases.first().name}))


def test_one_unit_names_its_parent_aliases_and_validity(api: Callable, agent: User, menteng: Unit) -> None:
    body = api(agent).get(f"{UNITS}{menteng.code}/").json()

    assert body["parent"] == menteng.parent.code
    assert body["time_zone"] == "Asia/Jakarta"
    assert body["valid_from"] == menteng.valid_from.isoformat()
    assert body["aliases"] == [alias.name for alias in menteng.aliases.all()]


def test_areas_begin_with_the_provinces_and_go_down_by_parent(api: Callable, agent: User) -> None:
    client = api(agent)
    provinces = codes(client.get(AREAS, {"page_size": 200}))

    assert provinces == set(Area.objects.filter(level=1).values_list("code", flat=True))
    assert codes(client.get(AREAS, {"parent": "31"})) == set(
        Area.objects.filter(parent="31").values_list("code", flat=True)
    )
    assert all(code.startswith("31.71") for code in codes(client.get(AREAS, {"parent": "31.71"})))


def test_an_area_names_its_lineage_and_the_units_that_serve_it(api: Callable, agent: User) -> None:
    village = Area.objects.filter(level=4, code__startswith="31.71").first()
    body = api(agent).get(f"{AREAS}{village.code}/").json()

    assert [step["code"] for step in body["lineage"]] == village.lineage
    assert {"code", "name", "kind"} == set(body["units"][0])


def test_the_agent_screen_gets_areas_as_options(api: Callable, agent: User) -> None:
    answer = api(agent).get(AREAS, {"parent": "31"}, HTTP_ACCEPT="text/html")

    assert answer.headers["Content-Type"].startswith("text/html")
    assert b'<option value="31.71"' in answer.content


@pytest.mark.parametrize(
    ("path", "queries"),
    [("me/", 3), ("units/?page_size=200", 5), ("areas/?parent=31.71", 4), ("areas/31.71/", 6)],
)
def test_answers_cost_the_same_number_of_queries_whatever_they_hold(
    api: Callable, agent: User, path: str, queries: int
) -> None:
    client = api(agent)
    client.get("/api/v1/me/")
    with assertNumQueries(queries):
        assert client.get(f"/api/v1/{path}").status_code == 200
