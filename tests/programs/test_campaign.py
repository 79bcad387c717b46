"""A new campaign needs no code: drafted in the admin with other criteria, approved, evaluated, drawn."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from customers.models import Customer
from programs.models import Evaluation, PaymentImport, Program, Winner
from programs.services import draws, programs
from tests.programs.conftest import payment_file
from tests.programs.test_admin import CRITERIA, Browse, take
from tests.programs.test_evaluation import listed
from units.models import Unit, User

pytestmark = pytest.mark.django_db
AFTER = datetime(2022, 3, 1, 3, tzinfo=UTC)
# November 2021 to January 2022, day 10 to 20, both products, R1 from 900 to 2200 VA, of one UP3.
TOKEN_TERTIB = CRITERIA | {
    "name": "TOKEN TERTIB", "slug": "token-tertib", "period_start": "2021-11-01", "months": 3,
    "first_day": 10, "last_day": 20, "products": ["PASCABAYAR", "PRABAYAR"], "excluded_kogol": ["4"],
    "tariffs": ["R1"], "min_va": 900, "max_va": 2200, "winners_per_group": 2, "reserves_per_group": 1,
    "grouping": "UNIT", "announce_before": "2022-03-10", "pick_up_from": "2022-03-10",
    "pick_up_until": "2022-03-12",
}  # fmt: skip
MONTHS = ("2021-11", "2021-12", "2022-01")
PAID: dict[int, tuple[dict[str, Any], bool]] = {  # what is unusual, and whether they are on the list
    1: ({}, True),
    2: ({"product": "PRABAYAR"}, True),
    3: ({"product": "PRABAYAR", "tariff": "R1T"}, False),
    4: ({"kogol": 1}, True),
    5: ({"kogol": 4}, False),
    6: ({"tariff": "R2"}, False),
    7: ({"power_va": 450}, False),
    8: ({"power_va": 900}, True),
    9: ({"power_va": 3500}, False),
}
DAYS = {9: False, 10: True, 20: True, 21: False}
UP3 = "UP3 Bulungan"


@pytest.fixture
def campaign(browse: Browse, program_jakarta: User, srm_jakarta: User, menteng: Unit) -> Program:
    form = TOKEN_TERTIB | {"unit": menteng.pk}
    answer = browse(program_jakarta).post(reverse("admin:programs_program_add"), form)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    program = Program.objects.get(slug="token-tertib")
    take(browse(srm_jakarta), program, "approve")
    return Program.objects.select_related("unit").get(pk=program.pk)


@pytest.fixture
def paid(
    campaign: Program,
    make_customer: Callable[..., Customer],
    line: Callable[..., str],
    import_file: Callable[..., PaymentImport],
) -> set[str]:
    """Payments of everybody in `PAID` and `DAYS`; answers who should be on the list."""
    lines: list[str] = []
    expected = set()

    def pays(number: int, is_listed: bool, days: tuple[int, ...] = (15, 15, 15), **cells: Any) -> None:
        idpel = make_customer(f"5400000000{number:02}").idpel
        lines.extend(line(idpel, period, day, **cells) for period, day in zip(MONTHS, days, strict=False))
        expected.update([idpel] if is_listed else [])

    for number, (cells, is_listed) in PAID.items():
        pays(number, is_listed, **cells)
    for day, is_listed in DAYS.items():
        pays(20 + day, is_listed, (15, day, 15))
    pays(50, False, (15, 15))  # two of three months
    with time_machine.travel(AFTER):
        done = import_file(payment_file(*lines), program=campaign)
    assert done.status == "APPLIED", done.report
    return expected


def test_the_evaluation_follows_what_was_typed(
    program: Program, campaign: Program, paid: set[str], evaluate: Callable[..., Evaluation]
) -> None:
    assert set(listed(evaluate(campaign))) == paid
    assert evaluate(program).entry_count == 0  # PELANGGAN TERBAIK asks for other months


def test_its_files_name_only_units_of_its_own(
    campaign: Program,
    make_customer: Callable[..., Customer],
    line: Callable[..., str],
    import_file: Callable[..., PaymentImport],
    unit: Callable[[str], Unit],
) -> None:
    idpel = make_customer("540000000040", at=UP3).idpel

    done = import_file(payment_file(line(idpel, MONTHS[0], 15, unit_code=unit(UP3).code)), program=campaign)

    assert done.report == [[2, "unit_code", "unknown_unit_code"]]


def test_it_is_drawn_among_the_group_it_names(
    campaign: Program,
    paid: set[str],
    evaluate: Callable[..., Evaluation],
    program_jakarta: User,
    srm_jakarta: User,
    work: Callable[[], None],
) -> None:
    evaluation = evaluate(campaign)
    draws.commit_secret(program=campaign, secret="a long enough secret", by=program_jakarta, at=AFTER)
    programs.freeze_list(evaluation=evaluation, by=srm_jakarta, at=AFTER)
    draws.give_second_seed(program=campaign, seed="7", by=srm_jakarta, at=AFTER)
    draws.draw_winners(program=campaign, secret="a long enough secret", by=program_jakarta, at=AFTER)
    work()

    found = sorted(Winner.objects.values_list("rank", "status"))
    assert found == [(1, "SELECTED"), (2, "SELECTED"), (3, "RESERVE")]
    assert set(Winner.objects.values_list("customer__idpel", flat=True)) <= paid
