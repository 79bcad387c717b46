"""Who is eligible: asked of every payment at once, kept as a frozen list under a digest."""

from __future__ import annotations

import hashlib
import tempfile
from datetime import timedelta
from typing import Any, Protocol

from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common import jobs
from common.errors import Conflict
from programs.models import (
    Entry,
    EntryCount,
    Evaluation,
    Payment,
    PaymentImport,
    Program,
    ProgramEvent,
    Status,
)
from programs.models.payments import TARIFF_WIDTH, UNIT_WIDTH
from programs.services.events import record
from programs.services.long_work import Cancelled, LongWork, take_time, wait_turn
from units.authority import acting_position
from units.models import Unit, UnitKind, User
from units.powers import Power

EVALUATION_JOB = "programs.evaluate"
TIME_LIMIT = timedelta(minutes=25)
SAMPLE = 20
PIECE = 1024 * 1024


class Writable(Protocol):
    def write(self, piece: bytes, /) -> object: ...


class UnderWay(Conflict):
    """One evaluation of a program at a time."""

    code = "evaluation_under_way"


class NotApproved(Conflict):
    code = "program_not_approved"


class AlreadyOver(Conflict):
    code = "evaluation_over"


@transaction.atomic
def ask_evaluation(*, program: Program, by: User) -> Evaluation:
    """Have the program evaluated in the background. A frozen program may be evaluated again, to compare.

    Raises:
        Forbidden: `by` may not run this program.
        NotApproved: it is still a draft.
        UnderWay: an evaluation is waiting or running.
    """
    acting_position(user=by, power=Power.RUN_PROGRAMS, unit=program.unit, at=timezone.now())
    program = Program.objects.select_for_update(of=("self",)).select_related("unit").get(pk=program.pk)
    if program.status == Status.DRAFT:
        raise NotApproved(_("A draft is not evaluated. Have the program approved first."))
    if program.evaluations.filter(status__in=("WAITING", "RUNNING")).exists():
        raise UnderWay(_("An evaluation of this program is under way."))
    evaluation = Evaluation.objects.create(program=program, asked_by=by)
    record(program, ProgramEvent.Kind.EVALUATION_ASKED, by=by, evaluation=evaluation.pk)
    jobs.enqueue(EVALUATION_JOB, by=by, evaluation_id=evaluation.pk)
    return evaluation


@transaction.atomic
def cancel_evaluation(*, evaluation: Evaluation, by: User) -> Evaluation:
    """Stop an evaluation; nothing of it stays.

    Raises:
        Forbidden: `by` may not run this program.
        AlreadyOver: it has ended.
    """
    acting_position(user=by, power=Power.RUN_PROGRAMS, unit=evaluation.program.unit, at=timezone.now())
    if not Evaluation.objects.filter(pk=evaluation.pk, status__in=("WAITING", "RUNNING")).update(
        cancel_asked=True
    ):
        raise AlreadyOver(_("This evaluation has ended already."))
    jobs.enqueue(EVALUATION_JOB, by=by, evaluation_id=evaluation.pk)  # if nobody runs it, this closes it
    evaluation.refresh_from_db()
    return evaluation


@transaction.atomic
def run_evaluation(*, evaluation_id: int) -> Evaluation:
    """Evaluate. One transaction: broken off, it leaves nothing, and may be run again."""
    take_time()
    wait_turn(f"programs.evaluate.{evaluation_id}")
    evaluation = Evaluation.objects.select_related("program__unit").get(pk=evaluation_id)
    if not evaluation.is_open:
        return evaluation
    started_at = timezone.now()
    try:
        with LongWork(evaluation, status="RUNNING", started_at=started_at) as work, transaction.atomic():
            rule, count = _evaluate(evaluation, work)
            digest = digest_of(evaluation, rule)
    except Cancelled:
        return _close(evaluation, Evaluation.Status.CANCELLED, started_at)
    evaluation.rule, evaluation.entry_count, evaluation.digest = rule, count, digest
    record(evaluation.program, ProgramEvent.Kind.EVALUATED, by=evaluation.asked_by, digest=digest)
    return _close(evaluation, Evaluation.Status.DONE, started_at)


def digest_of(evaluation: Evaluation, rule: str) -> str:
    """SHA-256 of the list in its canonical form."""
    sha = hashlib.sha256()
    write_list(evaluation, rule, _Sink(sha))
    return sha.hexdigest()


def write_list(evaluation: Evaluation, rule: str, to: Writable) -> None:
    """The canonical form: the rule on the first line, then `idpel,tariff,up3` in IDPEL order."""
    to.write(f"{rule}\n".encode())
    entries = (
        "SELECT e.idpel, e.tariff, u.code FROM programs_entry e JOIN units_unit u ON u.id = e.unit_id"
        " WHERE e.evaluation_id = %s ORDER BY e.idpel"
    )
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            query = cursor.mogrify(entries, (evaluation.pk,)).decode()
            copy = f"COPY ({query}) TO STDOUT WITH (FORMAT text, DELIMITER ',')"
            with connection.wrap_database_errors:
                cursor.copy_expert(copy, to, size=PIECE)
        else:
            for row in cursor.execute(entries, (evaluation.pk,)):
                to.write((",".join(row) + "\n").encode())


def differences(evaluation: Evaluation, other: Evaluation) -> dict[str, Any]:
    """What `evaluation` lists that `other` does not, and the reverse: how many, and the first few IDPELs."""
    return {
        "rule_changed": evaluation.rule != other.rule,
        "added": _only_in(evaluation, other),
        "removed": _only_in(other, evaluation),
    }


def imports_in_force() -> list[int]:
    """The numbers of all applied imports, whichever program they were sent in for: payments are one table."""
    applied = PaymentImport.objects.filter(status=PaymentImport.Status.APPLIED)
    return list(applied.order_by("pk").values_list("pk", flat=True))


class _Sink:
    """What COPY writes to: a hash."""

    def __init__(self, sha: Any) -> None:
        self.sha = sha

    def write(self, piece: bytes | str) -> None:
        self.sha.update(piece.encode() if isinstance(piece, str) else piece)


def _evaluate(evaluation: Evaluation, work: LongWork) -> tuple[str, int]:
    """Write the list of one evaluation; answers the rule's text and the number of entries."""
    if evaluation.cancel_asked:
        raise Cancelled
    program = evaluation.program
    rule = program.rule()
    evaluation.payment_imports = imports_in_force()  # before the payments: what comes between shows as new
    work.show(stage="CHOOSING")
    _choose(Payment.objects.eligible(rule))
    work.show(stage="LISTING")
    _map_units(program.unit)
    count = _list(evaluation)
    work.show(stage="SEALING")
    return rule.as_text(), count


def _choose(eligible: models.QuerySet[Any, Any]) -> None:
    """Put the eligible customers aside. As CREATE TABLE AS, PostgreSQL may use several processes."""
    sql, params = eligible.query.get_compiler(using="default").as_sql()
    on_commit = " ON COMMIT DROP" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS chosen")
        cursor.execute(f"CREATE TEMP TABLE chosen{on_commit} AS {sql}", params)


def _map_units(scope: Unit) -> None:
    """The UP3 of each unit in scope; a unit above the UP3s stands for itself."""
    units = {unit.pk: unit for unit in Unit.objects.all()}
    pairs = []
    for unit in units.values():
        if unit.is_within(scope):
            line = [units[pk] for pk in unit.ancestor_ids]
            up3 = next((above for above in line if above.kind == UnitKind.UP3), unit)
            pairs.append((unit.code, up3.pk))
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS up3_of")
        cursor.execute(f"CREATE TEMP TABLE up3_of (code varchar({UNIT_WIDTH}), up3_id bigint)")
        cursor.executemany("INSERT INTO up3_of (code, up3_id) VALUES (%s, %s)", pairs)


def _list(evaluation: Evaluation) -> int:
    """Entries from the chosen, their tariff and unit cut from the fixed-width listing; then their counts."""
    count = _write_entries(evaluation)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE chosen")
        cursor.execute("DROP TABLE up3_of")
    groups = Entry.objects.filter(evaluation=evaluation).values("unit_id", "tariff")
    EntryCount.objects.bulk_create(
        EntryCount(evaluation=evaluation, **group)
        for group in groups.annotate(entries=models.Count("idpel")).order_by("unit_id", "tariff")
    )
    return count


def _write_entries(evaluation: Evaluation) -> int:
    """The entries in IDPEL order; answers how many. COPY writes by the page what INSERT writes by the row."""
    width = TARIFF_WIDTH + UNIT_WIDTH
    entries = (
        f"SELECT %s, c.idpel, rtrim(substr(c.listed, length(c.listed) - {width - 1}, {TARIFF_WIDTH})),"  # noqa: S608  # nosec B608
        " u.up3_id FROM chosen c JOIN up3_of u"
        f" ON u.code = rtrim(substr(c.listed, length(c.listed) - {UNIT_WIDTH - 1}))"
        " ORDER BY c.idpel"
    )
    table = "programs_entry (evaluation_id, idpel, tariff, unit_id)"
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute(f"INSERT INTO {table} {entries}", (evaluation.pk,))
            return int(cursor.rowcount)
        query = cursor.mogrify(entries, (evaluation.pk,)).decode()
        with tempfile.TemporaryFile() as file, connection.wrap_database_errors:
            cursor.copy_expert(f"COPY ({query}) TO STDOUT", file, size=PIECE)
            file.seek(0)
            cursor.copy_expert(f"COPY {table} FROM STDIN", file, size=PIECE)
        return int(cursor.rowcount)


def _close(evaluation: Evaluation, status: Evaluation.Status, started_at: Any) -> Evaluation:
    evaluation.status, evaluation.stage = status, ""
    evaluation.started_at, evaluation.finished_at = started_at, timezone.now()
    evaluation.save()
    return evaluation


def _only_in(evaluation: Evaluation, other: Evaluation) -> dict[str, Any]:
    listed = Entry.objects.filter(evaluation=evaluation).values_list("idpel", "tariff", "unit_id")
    there = Entry.objects.filter(evaluation=other).values_list("idpel", "tariff", "unit_id")
    only = listed.difference(there)
    idpels = sorted({row[0] for row in only[:SAMPLE]})
    return {"count": only.count(), "idpels": idpels}
