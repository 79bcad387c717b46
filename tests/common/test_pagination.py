"""Lists are read by key."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from pytest_django.asserts import assertNumQueries

from units.models import Unit, User

pytestmark = pytest.mark.django_db
URL = "/api/v1/units/"


def walk(client: Any, path: str, link: str = "next") -> list[str]:
    codes, address = [], path
    while address:
        body = client.get(address).json()
        codes.append([row["code"] for row in body["results"]])
        address = body[link]
    return [code for page in codes for code in page]


@pytest.mark.parametrize("ordering", ["code", "-code"])
def test_the_pages_together_are_the_list(api: Callable, agent: User, ordering: str) -> None:
    want = list(Unit.objects.order_by(ordering).values_list("code", flat=True))

    assert walk(api(agent), f"{URL}?page_size=17&ordering={ordering}") == want


def test_the_way_back_leads_to_the_first_page(api: Callable, agent: User) -> None:
    client = api(agent)
    first = client.get(f"{URL}?page_size=5").json()
    second = client.get(first["next"]).json()

    assert client.get(second["previous"]).json()["results"] == first["results"]


def test_a_row_that_comes_in_between_neither_repeats_nor_hides_another(api: Callable, agent: User) -> None:
    client = api(agent)
    first = client.get(f"{URL}?page_size=5").json()
    parent = Unit.objects.get(kind="PUSAT")
    Unit.objects.create(code="000", name="Baru", kind="UID", parent=parent, path=f"{parent.path}0/")

    second = client.get(first["next"]).json()
    codes = [row["code"] for row in (*first["results"], *second["results"])]
    assert codes == list(Unit.objects.exclude(code="000").values_list("code", flat=True)[: len(codes)])


def test_a_page_has_at_most_200_rows(api: Callable, agent: User) -> None:
    assert api(agent).get(f"{URL}?page_size=200").status_code == 200
    assert api(agent).get(f"{URL}?page_size=201").json()["errors"][0]["pointer"] == "/page_size"


@pytest.mark.parametrize("position", ["abc", "\x00", "9" * 400, "-1"])
def test_a_cursor_made_by_somebody_else_is_refused(api: Callable, supervisor: User, position: str) -> None:
    """On a list ordered by number, a position that is none."""
    cursor = base64.urlsafe_b64encode(f"p={position}".encode()).decode()
    answer = api(supervisor).get("/api/v1/allocation/checks/", {"cursor": cursor})

    assert answer.status_code in {200, 400}
    assert answer.status_code == 200 or answer.json()["errors"][0]["pointer"] == "/cursor"


def test_a_page_costs_the_same_wherever_it_stands(api: Callable, agent: User) -> None:
    client = api(agent)
    client.get(URL)
    for path in (f"{URL}?page_size=2", f"{URL}?page_size=200", f"{URL}?page_size=20&ordering=-code"):
        with assertNumQueries(5):
            client.get(path)
