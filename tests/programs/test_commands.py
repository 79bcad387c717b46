"""The same work from the command line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from customers.models import Customer
from programs.management.progress import progress_line
from programs.models import Evaluation, Payment, PaymentImport, Program, Winner
from programs.notices import IMPORT
from programs.services import demo, draws, programs
from programs.services.imports import import_now
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


def test_a_new_evaluation_is_held_against_the_frozen_list(
    program: Program,
    customers: list[Customer],
    file: Path,
    program_jakarta: User,
    srm_jakarta: User,
    line: Callable[..., str],
    import_file: Callable[..., PaymentImport],
) -> None:
    run("import_payments", str(file), "--program", SLUG, "--by", "program_jakarta")
    run("evaluate_program", SLUG, "--by", "program_jakarta")
    programs.freeze_list(evaluation=Evaluation.objects.get(), by=srm_jakarta, at=AT)
    assert "the same as the frozen list" in run("evaluate_program", SLUG, "--by", "program_jakarta")

    import_file(payment_file(line(kind="REVERSAL", day=20)))

    told = run("evaluate_program", SLUG, "--by", "program_jakarta")
    assert "1 fewer than the frozen list: 540000000001" in told
    assert "0 more than the frozen list: -" in told


@pytest.mark.parametrize("grouping", ["TARIFF", "UNIT", "TARIFF_UNIT"])
def test_an_outsider_recomputes_the_draw_from_the_exported_list(
    program: Program,
    program_jakarta: User,
    srm_jakarta: User,
    tmp_path: Path,
    work: Callable[[], None],
    grouping: str,
) -> None:
    """With the frozen list and the published seeds only: a script that knows neither portal nor database."""
    Program.objects.update(winners_per_group=2, reserves_per_group=1, grouping=grouping)
    made_up(300)
    exported, asked = tmp_path / "list.txt", {"by": program_jakarta, "at": AT}
    with pytest.raises(CommandError, match=r"."):
        run("export_list", SLUG, str(exported), "--by", "program_jakarta")
    assert not exported.exists()
    run("evaluate_program", SLUG, "--by", "program_jakarta")
    draws.commit_secret(program=program, secret="a long secret", **asked)
    frozen = programs.freeze_list(evaluation=Evaluation.objects.get(), by=srm_jakarta, at=AT)
    draws.give_second_seed(program=program, seed="4 8 15", by=srm_jakarta, at=AT)
    draws.draw_winners(program=program, secret="a long secret", **asked)
    work()
    program.refresh_from_db()

    run("export_list", SLUG, str(exported), "--by", "program_jakarta")
    columns = [
        name for name, field in (("tariff", "tariff"), ("up3", "unit")) if field in frozen.group_fields
    ]
    command = ["script/recompute_draw.py", str(exported), "--secret=a long secret", "--second-seed=4 8 15"]
    told = subprocess.run(
        [sys.executable, "-I", *command, "--winners=2", "--reserves=1", "--group", *columns],
        capture_output=True, text=True, check=True, cwd=settings.BASE_DIR,
    ).stdout.splitlines()  # fmt: skip

    assert told[:4] == [
        f"list {frozen.evaluation.digest}",
        f"commitment {program.seeds.get(kind='COMMITMENT').value}",
        f"seed {program.draw.seed}",
        f"winners {program.winners_digest}",
    ]
    kept = Winner.objects.values_list("customer__idpel", "tariff", "unit__code", "rank", "status")
    words = {"SELECTED": "winner", "RESERVE": "reserve"}
    assert told[4:] == sorted(",".join(map(str, (*row[:4], words[row[4]]))) for row in kept)
    assert len(told) > 10


def made_up(count: int) -> None:
    run("make_payments", SLUG, "--customers", str(count), "--by", "program_jakarta")


def test_a_bad_file_is_told_line_by_line(
    program: Program, customers: list[Customer], file: Path, program_jakarta: User, line: Callable[..., str]
) -> None:
    file.write_bytes(payment_file(line(), line(kogol="x")))
    out = StringIO()

    with pytest.raises(SystemExit):
        call_command("import_payments", str(file), program=SLUG, by="program_jakarta", stderr=out)

    assert "line 3, kogol" in out.getvalue()
    assert not Payment.objects.exists()


def test_a_bad_file_is_told_as_a_whole(
    program: Program, customers: list[Customer], file: Path, program_jakarta: User
) -> None:
    file.write_bytes(b"PK\x03\x04")
    out = StringIO()

    with pytest.raises(SystemExit):
        call_command("import_payments", str(file), program=SLUG, by="program_jakarta", stderr=out)

    assert f"the file: {IMPORT['is_zip']}" in out.getvalue()


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


@pytest.mark.parametrize(
    ("customers", "by"), [("0", "program_jakarta"), ("-1", "program_jakarta"), ("5", "agent"), ("5", "x")]
)
def test_payments_are_not_made_up_for_nobody_or_by_anybody(
    program: Program, program_jakarta: User, agent: User, customers: str, by: str
) -> None:
    with pytest.raises(CommandError):
        run("make_payments", SLUG, f"--customers={customers}", "--by", by)
    assert not Customer.objects.filter(is_demo=True, idpel__startswith="5499").exists()


def test_payments_are_made_up_once(program: Program, program_jakarta: User) -> None:
    made_up(20)

    with pytest.raises(CommandError, match="already"):
        made_up(20)
    assert PaymentImport.objects.count() == 5


def test_the_terminal_tells_rows_rate_and_what_remains() -> None:
    assert progress_line(0, 0, 100, 2.0) == "nothing read yet; one file is imported at a time"
    assert progress_line(50_000, 25, 100, 2.0) == " 25 %  50,000 rows  25,000 rows/s  6 s left"
    assert progress_line(200_000, 100, 100, 8.0) == "100 %  200,000 rows  25,000 rows/s  checking"


def test_an_import_tells_how_far_it_is(
    program: Program, customers: list[Customer], file: Path, program_jakarta: User
) -> None:
    told: list[tuple[int, int]] = []
    with file.open("rb") as raw:
        import_now(
            program=program,
            raw=raw,
            name="x.csv",
            size=file.stat().st_size,
            by=program_jakarta,
            on_progress=lambda rows, size: told.append((rows, size)),
        )

    assert told[-1] == (6, file.stat().st_size)


def test_made_up_payments_come_by_the_month(program: Program, program_jakarta: User) -> None:
    told = run("make_payments", SLUG, "--customers", "50", "--by", "program_jakarta")

    assert told.count("payments") == 5
    assert Payment.objects.values("idpel").distinct().count() == 50
