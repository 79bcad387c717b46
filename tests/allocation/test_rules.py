"""The matrix as a pure decision, against the closed form that holds for all 30 rows."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import pytest
from django.conf import settings

from allocation import rules
from allocation.models import AllocationRow
from allocation.services.reference import read_row

HIGHEST = 300_000
RANGES = {
    (1, "PRABAYAR"): (450, 11_000),
    (1, "PASCABAYAR"): (450, 22_000),
    (3, "PRABAYAR"): (3_900, 41_500),
    (3, "PASCABAYAR"): (3_900, None),
}


def read_rows() -> list[AllocationRow]:
    path = settings.BASE_DIR / "fixtures" / "allocation_matrix.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return [AllocationRow(**read_row(line)) for line in csv.DictReader(file)]


ROWS = read_rows()
EDGES = (449, 450, 3_899, 3_900, 11_000, 11_001, 22_000, 22_001, 41_500, 41_501, 52_999, 53_000, HIGHEST)
CURRENT = [(None, ""), *((phase, product) for phase in rules.PHASES for product in rules.PRODUCTS)]


def closed_form(
    phase: int, stock: str, current: tuple[int | None, str], product: str
) -> tuple[int, int | None] | None:
    """Served iff the stock has the product, or the customer's own meter stays, or prepaid does not exist."""
    low, high = RANGES[phase, product]
    if stock in ("ALL", product) or current == (phase, product):
        return low, high
    return (53_000, None) if (phase, product) == (3, "PASCABAYAR") else None


def powers(limits: tuple[int, int | None] | None) -> range:
    """Those of the powers 1 … 300,000 VA that lie within the limits."""
    if limits is None:
        return range(0)
    return range(limits[0], (limits[1] or HIGHEST) + 1)


def questions() -> Iterator[tuple[int, str, tuple[int | None, str], str]]:
    for phase in rules.PHASES:
        for stock in rules.AVAILABILITIES:
            for current in CURRENT:
                for product in rules.PRODUCTS:
                    yield phase, stock, current, product


def question(current: tuple[int | None, str], product: str, power_va: int) -> rules.Question:
    return rules.Question("PD" if current[0] else "PB", power_va, product, *current)


@pytest.mark.requirement("R-002-6", "R-002-9", "R-002-10")
@pytest.mark.parametrize(("phase", "stock", "current", "product"), list(questions()))
def test_the_rows_equal_the_closed_form_for_every_power_up_to_300000_va(
    phase: int, stock: str, current: tuple[int | None, str], product: str
) -> None:
    row = rules.find_row(ROWS, phase=phase, availability=stock, question=question(current, product, 1))
    expected = closed_form(phase, stock, current, product)

    assert row is not None
    assert powers(rules.limits(row, product)) == powers(expected)
    edges = {
        1,
        449,
        450,
        3_899,
        3_900,
        11_000,
        11_001,
        22_000,
        22_001,
        41_500,
        41_501,
        52_999,
        53_000,
        HIGHEST,
    }
    for power_va in {*range(1, HIGHEST + 1, 487), *edges}:
        assert rules.serves(row, product, power_va) == (power_va in powers(expected)), power_va


@pytest.mark.requirement("R-002-25", "R-002-18")
@pytest.mark.parametrize(("phase", "stock", "current", "product"), list(questions()))
def test_the_other_product_is_offered_exactly_when_it_is_served_and_the_wanted_one_is_not(
    phase: int, stock: str, current: tuple[int | None, str], product: str
) -> None:
    other = rules.OTHER[product]
    wanted_powers = powers(closed_form(phase, stock, current, product))
    other_powers = powers(closed_form(phase, stock, current, other))
    for power_va in (1, 449, 450, 3_900, 11_000, 11_001, 22_000, 22_001, 41_500, 45_000, 53_000, HIGHEST):
        asked = question(current, product, power_va)
        deciding = rules.deciding_rows(ROWS, question=asked, availability={phase: stock})
        verdict = rules.judge(asked, deciding, ROWS)

        assert (verdict.outcome == "SERVED") == (power_va in wanted_powers)
        offered = power_va in other_powers and power_va not in wanted_powers
        assert (verdict.outcome == "OFFER_OTHER") == offered
        assert {option.product for option in verdict.options} == {
            *((product,) if power_va in wanted_powers else ()),
            *((other,) if power_va in other_powers else ()),
        }


@pytest.mark.requirement("R-002-3")
def test_a_pure_migration_is_judged_as_a_change_of_power() -> None:
    for current in CURRENT[1:]:
        migration = rules.Question("MIGRASI", 1300, "PRABAYAR", *current)
        change = rules.Question("PD", 1300, "PRABAYAR", *current)
        for stock in rules.AVAILABILITIES:
            found = [
                rules.find_row(ROWS, phase=1, availability=stock, question=it) for it in (migration, change)
            ]
            assert found[0] is found[1] is not None


def test_a_matrix_answers_for_thirty_combinations_each_once() -> None:
    assert len(ROWS) == len(set(rules.combinations())) == 30
    assert not rules.missing(ROWS)
    assert not rules.superfluous(ROWS)
    assert not rules.unsound(ROWS)


def test_a_missing_a_doubled_and_a_senseless_row_are_found() -> None:
    assert rules.missing(ROWS[1:]) == [rules.key_of(ROWS[0])]
    assert rules.superfluous([*ROWS, ROWS[3]]) == [rules.key_of(ROWS[3])]
    wrong = AllocationRow(phase=1, availability="ALL", transaction="PB", prabayar_min=900, prabayar_max=450)
    assert rules.unsound([wrong]) == [(1, "ALL", "PB", None, "")]
    assert rules.unsound([AllocationRow(phase=1, availability="ALL", transaction="PB", pascabayar_max=450)])


def test_the_seal_tells_other_ranges_but_not_another_order() -> None:
    changed = read_rows()
    changed[7].prabayar_max = 10_999

    assert rules.digest(reversed(ROWS)) == rules.digest(ROWS)
    assert rules.digest(changed) != rules.digest(ROWS)


@pytest.mark.parametrize(
    ("step_phase", "asked", "judged"), [(1, None, (1,)), (3, None, (3,)), (None, None, (1, 3)), (1, 3, (3,))]
)
def test_a_standard_step_fixes_the_phase_unless_one_is_asked_for(
    step_phase: int | None, asked: int | None, judged: tuple[int, ...]
) -> None:
    assert rules.phases_for(step_phase=step_phase, asked=asked) == judged


def test_not_set_is_no_answer_for_a_power_that_no_setting_could_serve() -> None:
    asked = rules.Question("PB", 100, "PRABAYAR")

    assert rules.judge(asked, {1: None, 3: None}, ROWS).outcome == "NOTHING_SERVED"
    assert rules.judge(rules.Question("PB", 450, "PRABAYAR"), {1: None}, ROWS).outcome == "NOT_SET"
