"""The same work from the command line."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from customers.models import Customer
from programs.models import Evaluation, Payment, PaymentImport, Program, Winner
from programs.services import demo, programs
from tests.programs.conftest import AFTER_THE_PERIOD as AT
from tests.programs.conftest import PERIODS, payment_file
from units.models import User

pytestmark = pytest.mark.django_db
SLUG = "pelanggan-terbaik-2021"


def run(name: str, *arguments: str) -> str:
    out = StringIO()
    call_command(name, *arguments, stdout=out, stderr=out)
    return out.getvalue()


@pytest.fixture
def file(line: Callable[..., str], tmp_path: Path) -> Path:
    path = tmp_path / "payments.csv"
    path.write_bytes(payment_file(*(line(period=period) for period in PERIODS)))
    return path


def test_a_file_is_imported_evaluated_and_verified(
    program: Program,
    customers: list[Customer],
    file: Path,
    program_jakarta: User,
    srm_jakarta: User,
    work: Callable[[], None],
) -> None:
    assert "5 rows" in run("import_payments", str(file), "--program", SLUG, "--by", "program_jakarta")
    assert "1 eligible" in run("evaluate_program", SLUG, "--by", "program_jakarta")
    with pytest.raises(CommandError):
        run("verify_program", SLUG)
    programs.freeze_list(evaluation=Evaluation.objects.get(), by=srm_jakarta, at=AT)
    work()
    assert "are the same" in run("verify_program", SLUG)

    Winner.objects.update(tariff="R2")
    with pytest.raises(CommandError, match="winners"):
        run("verify_program", SLUG)


def test_a_bad_file_is_told_line_by_line(
    program: Program, customers: list[Customer], file: Path, program_jakarta: User, line: Callable[..., str]
) -> None:
    file.write_bytes(payment_file(line(), line(kogol="x")))
    out = StringIO()

    with pytest.raises(SystemExit):
        call_command("import_payments", str(file), program=SLUG, by="program_jakarta", stderr=out)

    assert "line 3, kogol" in out.getvalue()
    assert not Payment.objects.exists()


@pytest.mark.parametrize("by", ["nobody_at_all", "agent"])
def test_the_command_line_asks_for_the_power_too(
    program: Program, customers: list[Customer], file: Path, agent: User, by: str
) -> None:
    with pytest.raises(CommandError):
        run("import_payments", str(file), "--program", SLUG, "--by", by)
    assert not PaymentImport.objects.exists()


def test_the_demo_shows_both_sides_of_every_rule(program: Program, program_jakarta: User) -> None:
    assert demo.load(count=300) == 300
    assert demo.load(count=300) == 0

    assert set(PaymentImport.objects.values_list("status", flat=True)) == {"APPLIED"}
    assert PaymentImport.objects.count() == 7
    assert Customer.objects.filter(is_demo=True).count() == 300


def test_made_up_payments_come_by_the_month(program: Program, program_jakarta: User) -> None:
    told = run("make_payments", SLUG, "--customers", "50", "--by", "program_jakarta")

    assert told.count("payments") == 5
    assert Payment.objects.values("idpel").distinct().count() == 50
