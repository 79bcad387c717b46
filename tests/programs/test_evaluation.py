"""The evaluation against a slow, independent reading of the rule; its list, frozen under a digest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.models import Customer
from programs import rules
from programs.models import Entry, Evaluation, Payment, PaymentImport, Program
from programs.services import demo, evaluations
from programs.services.generator import PATTERNS, Generator
from tests.programs import oracle
from tests.programs.conftest import PERIODS, payment_file
from units.models import Unit, UnitKind, User

pytestmark = pytest.mark.django_db
AT = datetime(2021, 7, 1, tzinfo=UTC)


def listed(evaluation: Evaluation) -> dict[str, tuple[str, str]]:
    rows = Entry.objects.filter(evaluation=evaluation).select_related("unit")
    return {row.idpel: (row.tariff, row.unit.code) for row in rows}


@pytest.mark.requirement("R-004-4", "R-004-5", "R-004-6")
def test_the_list_equals_the_slow_reading_for_fifty_thousand_customers(
    program: Program,
    import_file: Callable[..., PaymentImport],
    evaluate: Callable[..., Evaluation],
) -> None:
    generator = demo.generator_for(program, count=50_000, seed=7)
    demo.make_customers(generator)
    files = [list(generator.lines(month)) for month in generator.months]
    for lines in files:
        done = import_file(payment_file(*lines))
        assert done.status == "APPLIED", done.report

    evaluation = evaluate()

    expected = oracle.eligible([line for lines in files for line in lines], set(generator.unit_codes))
    assert len(expected) > 10_000
    assert listed(evaluation) == expected
    assert evaluation.entry_count == len(expected)
    assert {generator.customer(int(idpel[4:])).pattern for idpel in expected} == {
        pattern.name
        for pattern in PATTERNS
        if pattern.name not in ("first second too late", "missing month", "reversed", "kogol", "prabayar")
    }


def test_the_python_reading_agrees_with_the_list(
    program: Program, import_file: Callable[..., PaymentImport], evaluate: Callable[..., Evaluation]
) -> None:
    generator = demo.generator_for(program, count=2000, seed=3)
    demo.make_customers(generator)
    for month in generator.months:
        import_file(payment_file(*generator.lines(month)))
    entries = listed(evaluate())
    rule = program.rule()

    for made in generator.customers():
        months = rules.judge(rule, list(Payment.objects.filter(idpel=made.idpel)), at=AT)
        assert (rules.verdict(months) == rules.Verdict.ELIGIBLE) == (made.idpel in entries), made
        if made.idpel in entries:
            bill = months[-1].bill
            assert bill is not None
            assert entries[made.idpel] == (bill.tariff, bill.unit_code)


EDGES = st.sampled_from(
    [
        timedelta(0),
        timedelta(microseconds=-1),
        timedelta(days=5),
        timedelta(days=5, microseconds=-1),
        timedelta(days=2),
        timedelta(days=9),
        timedelta(hours=7),
        timedelta(days=5, hours=-7),
    ]
)
BILLS = st.lists(
    st.tuples(
        st.integers(0, 4),
        EDGES,
        st.sampled_from(["PASCABAYAR"] * 4 + ["PRABAYAR"]),
        st.sampled_from([0, 0, 0, 4, 1, 2, 3]),
        st.sampled_from(["UP3 Menteng"] * 4 + ["UP3 Bandung"]),
        st.sampled_from(["R1", "B2"]),
        st.booleans(),
    ),
    max_size=14,
)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # the program is only read
@given(bills=BILLS, complete=st.booleans())
@pytest.mark.requirement("R-004-4", "R-004-5")
def test_sql_python_and_the_slow_reading_agree_on_edge_cases(
    program: Program, bills: list[Any], complete: bool
) -> None:
    """`complete` begins with a customer who paid everything, so that the edges decide."""
    good = (timedelta(days=2), "PASCABAYAR", 0, "UP3 Menteng", "R1", False)
    bills = [(month, *good) for month in range(5)] * complete + bills
    units = dict(Unit.objects.filter(name__in=["UP3 Menteng", "UP3 Bandung"]).values_list("name", "code"))
    payments, lines = _payments(program, bills, units)
    with transaction.atomic():
        Payment.objects.bulk_create(payments)
        rule = program.rule()
        by_sql = {row["idpel"]: row["listed"] for row in Payment.objects.eligible(rule)}
        transaction.set_rollback(True)

    months = rules.judge(rule, payments, at=AT)
    expected = oracle.eligible(lines, {units["UP3 Menteng"]})
    assert bool(by_sql) == (rules.verdict(months) == rules.Verdict.ELIGIBLE) == bool(expected)
    for idpel, text in by_sql.items():
        tariff, unit_code = text[-18:-12].strip(), text[-12:].strip()
        assert (tariff, unit_code) == expected[idpel]


def _payments(program: Program, bills: list[Any], units: dict[str, str]) -> tuple[list[Payment], list[str]]:
    payments, lines = [], []
    for number, (month, edge, product, kogol, unit, tariff, is_reversed) in enumerate(bills):
        rule_month = program.months_of_rule[month]
        paid_at = rule_month.opens_at + edge
        for kind in ("PAYMENT", "REVERSAL")[: 1 + is_reversed]:
            cells = [
                "540000000001", rule_month.period, paid_at.isoformat(), 1, product, tariff, 1300, kogol,
                units[unit], f"T{number:03}", kind,
            ]  # fmt: skip
            lines.append(",".join(map(str, cells)))
            payments.append(
                Payment(
                    idpel="540000000001", period=rule_month.period, paid_at=paid_at, amount=1,
                    product=product, tariff=tariff, power_va=1300, kogol=kogol, unit_code=units[unit],
                    reference=f"T{number:03}", kind=kind, payment_import_id=1,
                )
            )  # fmt: skip
    return payments, lines


@pytest.mark.parametrize(
    ("paid_at", "counts"),
    [
        ("2021-02-01T00:00:00+07:00", True),
        ("2021-01-31T23:59:59+07:00", False),
        ("2021-02-05T23:59:59+07:00", True),
        ("2021-02-06T00:00:00+07:00", False),
        ("2021-02-05T16:59:59Z", True),
        ("2021-02-05T17:00:00Z", False),
        ("2021-01-31T17:00:00Z", True),
        ("2021-02-06T00:59:59+08:00", True),
    ],
)
@pytest.mark.requirement("R-004-4")
def test_the_days_are_days_in_wib(
    program: Program,
    customers: list[Customer],
    line: Callable[..., str],
    import_file: Callable[..., PaymentImport],
    evaluate: Callable[..., Evaluation],
    paid_at: str,
    counts: bool,
) -> None:
    lines = [line(period=period) for period in PERIODS if period != "2021-02"]
    import_file(payment_file(*lines, line(period="2021-02", paid_at=paid_at)))

    assert bool(listed(evaluate())) == counts


@pytest.mark.requirement("R-004-6")
def test_a_winner_is_listed_under_tariff_and_up3_of_the_last_bill(
    customers: list[Customer],
    line: Callable[..., str],
    import_file: Callable[..., PaymentImport],
    evaluate: Callable[..., Evaluation],
    unit: Callable[[str], Unit],
) -> None:
    bulungan = unit("UP3 Bulungan").code
    before = [line(period=period) for period in PERIODS[:4]]
    import_file(payment_file(*before, line(period="2021-05", tariff="R2", power_va=3500, unit_code=bulungan)))

    assert listed(evaluate()) == {"540000000001": ("R2", bulungan)}


def test_every_unit_below_a_up3_counts_for_it(
    program: Program,
    menteng: Unit,
    customers: list[Customer],
    line: Callable[..., str],
    import_file: Callable[..., PaymentImport],
    evaluate: Callable[..., Evaluation],
) -> None:
    ulp = Unit.objects.create(
        code="54999",
        name="ULP Contoh",
        kind=UnitKind.ULP,
        parent=menteng,
        path="",
        time_zone=menteng.time_zone,
    )
    Unit.objects.filter(pk=ulp.pk).update(path=f"{menteng.path}{ulp.pk}/")
    import_file(payment_file(*(line(period=period, unit_code="54999") for period in PERIODS)))

    assert listed(evaluate()) == {"540000000001": ("R1", menteng.code)}


@pytest.mark.parametrize(
    ("criteria", "is_listed"),
    [
        ({"tariffs": ["R1"]}, True),
        ({"tariffs": ["R2", "B1"]}, False),
        ({"min_va": 1300, "max_va": 1300}, True),
        ({"min_va": 1301}, False),
        ({"max_va": 1299}, False),
        ({"products": ["PRABAYAR"]}, False),
        ({"excluded_kogol": [0]}, False),
        ({"last_day": 2}, False),
        ({"months": 6}, False),
    ],
)
def test_a_new_campaign_needs_no_code(
    program: Program,
    paid_in_time: None,
    evaluate: Callable[..., Evaluation],
    criteria: dict[str, Any],
    is_listed: bool,
) -> None:
    Program.objects.filter(pk=program.pk).update(**criteria)
    program.refresh_from_db()

    evaluation = evaluate(program)

    assert bool(evaluation.entry_count) == is_listed
    months = rules.judge(program.rule(), list(Payment.objects.filter(idpel="540000000001")), at=AT)
    assert (rules.verdict(months) == rules.Verdict.ELIGIBLE) == is_listed


def test_the_digest_is_that_of_the_canonical_form(
    program: Program, paid_in_time: None, evaluate: Callable[..., Evaluation], menteng: Unit
) -> None:
    evaluation = evaluate()

    lines = [f"54000000000{number},R1,{menteng.code}\n" for number in (1, 2, 3)]
    text = program.rule().as_text() + "\n" + "".join(lines)
    assert evaluation.digest == hashlib.sha256(text.encode()).hexdigest()


def test_the_same_question_gives_the_same_digest(
    paid_in_time: None, evaluate: Callable[..., Evaluation]
) -> None:
    first, second = evaluate(), evaluate()

    assert first.pk != second.pk
    assert first.digest == second.digest


def test_a_later_reversal_shows_as_what_changed(
    paid_in_time: None,
    evaluate: Callable[..., Evaluation],
    line: Callable[..., str],
    import_file: Callable[..., PaymentImport],
) -> None:
    before = evaluate()
    import_file(payment_file(line(kind="REVERSAL", day=9)))
    after = evaluate()

    assert after.digest != before.digest
    assert evaluations.differences(after, before) == {
        "rule_changed": False,
        "added": {"count": 0, "idpels": []},
        "removed": {"count": 1, "idpels": ["540000000001"]},
    }


def test_a_finished_list_takes_no_entry_and_loses_none(
    paid_in_time: None, evaluate: Callable[..., Evaluation], menteng: Unit
) -> None:
    evaluation = evaluate()

    with pytest.raises(IntegrityError), transaction.atomic():
        Entry.objects.create(evaluation=evaluation, idpel="540000000009", tariff="R1", unit=menteng)
    with pytest.raises(IntegrityError), transaction.atomic():
        Entry.objects.filter(evaluation=evaluation)._raw_delete("default")
    assert len(listed(evaluation)) == 3


def test_one_evaluation_at_a_time(program: Program, program_jakarta: User) -> None:
    evaluations.ask_evaluation(program=program, by=program_jakarta)

    with pytest.raises(evaluations.UnderWay):
        evaluations.ask_evaluation(program=program, by=program_jakarta)
    assert Evaluation.objects.count() == 1


def test_a_cancelled_evaluation_leaves_no_list(
    program: Program, program_jakarta: User, paid_in_time: None
) -> None:
    asked = evaluations.ask_evaluation(program=program, by=program_jakarta)
    evaluations.cancel_evaluation(evaluation=asked, by=program_jakarta)

    evaluations.run_evaluation(evaluation_id=asked.pk)

    asked.refresh_from_db()
    assert asked.status == Evaluation.Status.CANCELLED
    assert not Entry.objects.exists()


def test_generated_customers_depend_on_the_seed_only() -> None:
    def lines(seed: int) -> list[str]:
        months = [datetime(2021, month, 1, tzinfo=UTC).date() for month in range(1, 6)]
        made = Generator(count=300, seed=seed, unit_codes=["A", "B"], months=months)
        return [line for month in months for line in made.lines(month)]

    assert lines(1) == lines(1)
    assert lines(1) != lines(2)
    assert len({line.split(",")[0] for line in lines(1)}) == 300


def test_months_run_over_the_end_of_the_year() -> None:
    zone = oracle.WIB
    months = rules.months_from(datetime(2021, 11, 1, tzinfo=UTC).date(), 3, 1, 28, zone)

    assert [month.period for month in months] == ["2021-11", "2021-12", "2022-01"]
    assert months[1].closes_at == datetime(2021, 12, 29, tzinfo=zone)


def test_a_month_that_is_not_over_is_not_lost(program: Program) -> None:
    months = rules.judge(program.rule(), [], at=datetime(2021, 1, 3, tzinfo=UTC))

    assert rules.verdict(months) == rules.Verdict.POSSIBLE
    assert {month.reason for month in months} == {rules.Reason.NOT_YET}


def test_a_pick_up_code_belongs_to_one_winner_of_one_program() -> None:
    codes = {rules.pick_up_code("key", slug, idpel) for slug in "ab" for idpel in ("1", "2")}
    code = rules.pick_up_code("key", "a", "1")

    assert len(codes) == 4
    assert rules.is_same_code(f" {code[:4].lower()}-{code[4:]} ", code)
    assert not rules.is_same_code("", code)
    assert SimpleNamespace(code=rules.pick_up_code("other", "a", "1")).code != code
