"""All 30 rows, at every standard power and both edges of every range, over HTTP: equal to the file."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import pytest
from django.conf import settings

from customers.models import PowerStep
from tests.allocation.conftest import CHECKS

pytestmark = pytest.mark.django_db
PRODUCTS = ("PRABAYAR", "PASCABAYAR")


def lines() -> list[dict[str, str]]:
    path = settings.BASE_DIR / "fixtures" / "allocation_matrix.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def limits(line: dict[str, str], product: str) -> tuple[int, float] | None:
    low, high = line[f"{product.lower()}_min"], line[f"{product.lower()}_max"]
    return (int(low), float(high)) if low else None


def is_served(line: dict[str, str], product: str, power_va: int) -> bool:
    found = limits(line, product)
    return found is not None and found[0] <= power_va <= found[1]


def powers(phase: int) -> set[int]:
    """The standard steps of the phase, and both edges of every range of the file, one VA to each side."""
    steps = set(PowerStep.objects.filter(phase=phase).values_list("va", flat=True))
    ranges = [
        limits(line, product) for line in lines() for product in PRODUCTS if line["phase"] == str(phase)
    ]
    ends = {int(end) for found in ranges if found for end in found if end != float("inf")}
    return steps | {end + by for end in ends for by in (-1, 0, 1)}


def name(line: dict[str, str]) -> str:
    return "-".join(filter(None, list(line.values())[:5]))


def cases(line: dict[str, str]) -> Iterator[tuple[int, str]]:
    for power_va in sorted(powers(int(line["phase"]))):
        for product in PRODUCTS:
            yield power_va, product


@pytest.mark.requirement("R-002-2", "R-002-5", "R-002-6", "R-002-8", "R-002-9", "R-002-25")
@pytest.mark.parametrize("line", lines(), ids=name)
def test_the_answer_is_that_of_the_file(api, agent, setting, srm_jakarta, menteng, line) -> None:
    setting(menteng, int(line["phase"]), line["availability"], srm_jakarta)
    client = api(agent)
    body = {
        "transaction": line["transaction"],
        "unit": menteng.code,
        "tariff": "R1",
        "phase": int(line["phase"]),
    }
    if line["transaction"] == "PD":
        body |= {"current_phase": int(line["current_phase"]), "current_product": line["current_product"]}

    for power_va, product in cases(line):
        answer = client.post(CHECKS, body | {"power_va": power_va, "product": product}).json()
        served = {it for it in PRODUCTS if is_served(line, it, power_va)}

        assert answer["served"] == (product in served), (power_va, product)
        assert {option["product"] for option in answer["options"]} == served, (power_va, product)
        for option in answer["options"]:
            low, high = limits(line, option["product"]) or (0, 0)
            assert (option["min_va"], option["max_va"] or float("inf")) == (low, high)
        is_offered = "Apakah anda bersedia dilayani" in (answer["notification"] or "")
        assert is_offered == (bool(served) and product not in served), (power_va, product)
        assert (answer["notification"] is None) == answer["served"]


@pytest.mark.requirement("R-002-6")
def test_a_standard_step_needs_no_phase(ask, setting, srm_jakarta, menteng) -> None:
    for phase in (1, 3):
        setting(menteng, phase, "ALL", srm_jakarta)
    for va, phase in PowerStep.objects.values_list("va", "phase"):
        answer = ask(power_va=va).json()
        judged = {option["phase"] for option in answer["options"]}

        assert judged == {phase}
        assert answer["phase"] == phase
        assert answer["warnings"] == []
