"""Payment files: taken in, then read, checked and applied as a whole or not at all."""

from __future__ import annotations

from datetime import timedelta
from pathlib import PurePath
from typing import IO, Any

from django.core.files import File
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common import jobs
from common.errors import Conflict, Invalid
from customers.models import Tariff
from programs.models import PaymentDay, PaymentImport, Program, ProgramEvent, Status
from programs.services import staging
from programs.services.events import record
from programs.services.long_work import Cancelled, LongWork, take_time, wait_turn
from programs.services.payment_file import PaymentFile, UnreadableFile
from units.authority import acting_position
from units.models import Unit, User
from units.powers import Power

IMPORT_JOB = "programs.import_payments"
TIME_LIMIT = timedelta(minutes=25)
MAX_UPLOAD = 2 * 1024**3
TURN = "programs.import_payments"


class NotCorrectable(Invalid):
    """Only an applied import of the same program can be corrected by another."""

    code = "not_correctable"


class AlreadyOver(Conflict):
    code = "import_over"


class _RefusedFile(Exception):
    """The file cannot be applied; its report says why. What was written is rolled back."""


@transaction.atomic
def upload_payments(
    *, program: Program, file: File, by: User, replaces: PaymentImport | None = None
) -> PaymentImport:
    """Take a payment file in and have it imported in the background.

    Raises:
        Forbidden: `by` may not run this program.
        NotCorrectable: `replaces` is no applied import of this program.
        Invalid: the file is larger than 2 GB; such a file goes in by `manage.py import_payments`.
    """
    _check(program, by, replaces)
    if (file.size or 0) > MAX_UPLOAD:
        raise Invalid(_("The file is larger than 2 GB. Use the command import_payments."), field="file")
    made = _create(program, file.name or "", file.size or 0, by, replaces)
    made.file.save(f"{made.pk}.payments", file, save=True)
    jobs.enqueue(IMPORT_JOB, by=by, import_id=made.pk)
    return made


def import_now(
    *, program: Program, raw: IO[bytes], name: str, size: int, by: User, replaces: PaymentImport | None = None
) -> PaymentImport:
    """Import a file of any size at once, in this process, for the command line and for demo data."""
    with transaction.atomic():
        _check(program, by, replaces)
        made = _create(program, name, size, by, replaces)
    with transaction.atomic():
        return _run(made, raw)


@transaction.atomic
def run_import(*, import_id: int) -> PaymentImport:
    """Import an uploaded file. May run twice: an import that is over stays as it is."""
    made = PaymentImport.objects.select_related("program__unit").get(pk=import_id)
    if not made.is_open:
        return made
    with made.file.open("rb") as raw:
        return _run(made, raw)


@transaction.atomic
def cancel_import(*, payment_import: PaymentImport, by: User) -> PaymentImport:
    """Stop an import; nothing of it stays.

    Raises:
        Forbidden: `by` may not run this program.
        AlreadyOver: it has ended.
    """
    acting_position(user=by, power=Power.RUN_PROGRAMS, unit=payment_import.unit, at=timezone.now())
    waiting = PaymentImport.objects.filter(pk=payment_import.pk, status__in=("WAITING", "RUNNING"))
    if not waiting.update(cancel_asked=True):
        raise AlreadyOver(_("This import has ended already."))
    payment_import.refresh_from_db()
    return payment_import


def _check(program: Program, by: User, replaces: PaymentImport | None) -> None:
    acting_position(user=by, power=Power.RUN_PROGRAMS, unit=program.unit, at=timezone.now())
    if program.status in (Status.DRAFT, Status.CLOSED):
        raise Conflict(_("Payments are imported for an approved program, until it is closed."))
    if replaces and (replaces.program_id != program.pk or replaces.status != PaymentImport.Status.APPLIED):
        raise NotCorrectable(_("Only an applied import of this program can be corrected."), field="replaces")


def _create(
    program: Program, name: str, size: int, by: User, replaces: PaymentImport | None
) -> PaymentImport:
    return PaymentImport.objects.create(
        program=program,
        unit=program.unit,
        file_name=PurePath(name).name[:120],
        file_size=size,
        uploaded_by=by,
        replaces=replaces,
    )


def _run(made: PaymentImport, raw: IO[bytes]) -> PaymentImport:
    """Read, check and apply, in the caller's transaction; a refused file leaves only its report."""
    take_time()
    wait_turn(TURN)
    made.refresh_from_db()
    if not made.is_open:
        return made
    started_at = timezone.now()
    file = PaymentFile(raw)
    status, count = PaymentImport.Status.FAILED, 0
    try:
        with LongWork(made, status="RUNNING", started_at=started_at) as work, transaction.atomic():
            count = _apply(made, file, work)
            status = PaymentImport.Status.APPLIED
    except Cancelled:
        status = PaymentImport.Status.CANCELLED
    except UnreadableFile as error:
        file.refuse(error.line, "", error.code)
    except _RefusedFile:
        pass
    return _close(made, file, status, count, started_at)


def _apply(made: PaymentImport, file: PaymentFile, work: LongWork) -> int:
    """Everything of one import, to be rolled back as a whole; answers the rows written.

    Raises:
        UnreadableFile, _RefusedFile, Cancelled
    """
    _forget_interrupted(made)
    if made.cancel_asked:
        raise Cancelled
    file.on_progress = lambda lines, size: work.show(row_count=lines, bytes_read=size)
    work.show(stage="READING")
    count = staging.fill(file.blocks())
    work.show(stage="WRITING")
    _check_digest(file)
    staging.group(made.unit)
    _check_groups(made, file)
    if not file.error_count:
        _write(made, file, count)
    if file.error_count:
        raise _RefusedFile
    staging.drop()
    return count


def _check_digest(file: PaymentFile) -> None:
    """Each file once. The unique constraint has the last word; this one has the better answer."""
    if PaymentImport.objects.filter(digest=file.digest, status=PaymentImport.Status.APPLIED).exists():
        file.refuse(0, "", "already_imported")
        raise _RefusedFile


def _check_groups(made: PaymentImport, file: PaymentFile) -> None:
    """Values the portal does not know, found by group and reported by line."""
    tariffs = set(Tariff.objects.values_list("code", flat=True))
    known: dict[str, Any] = {
        "unit_code": Unit.objects.below(made.unit).values_list("code", flat=True),
        "tariff": tariffs | {f"{code}T" for code in tariffs},  # AP2T marks prabayar with a T
    }
    for column, values in known.items():
        if unknown := staging.unknown_values(column, values):
            _report(file, staging.lines_with(column, unknown), column, f"unknown_{column}")
    if staging.has_reversals():
        _report(file, staging.orphaned_reversals(made.replaces_id), "reference", "no_payment")


def _write(made: PaymentImport, file: PaymentFile, count: int) -> None:
    """Write all payments at once; where the database refuses, find out which lines are to blame."""
    try:
        with transaction.atomic():
            _take_out(made.replaces_id)
            written = staging.write_payments(made.pk)
            staging.write_days(made.pk)
    except IntegrityError:
        _report(file, staging.repeated_lines(), "reference", "repeated")
        _report(file, staging.known_lines(made.replaces_id), "reference", "known")
        if not file.error_count:
            raise
        return
    if written != count:
        _report(file, staging.lines_of_strangers(), "idpel", "unknown_idpel")


def _take_out(replaced_id: int | None) -> None:
    """Remove exactly the rows of the import that is being corrected."""
    if replaced_id is None:
        return
    staging.execute("DELETE FROM programs_payment WHERE payment_import_id = %s", [replaced_id])
    PaymentDay.objects.filter(payment_import=replaced_id).delete()
    applied = PaymentImport.objects.filter(pk=replaced_id, status=PaymentImport.Status.APPLIED)
    if not applied.update(status=PaymentImport.Status.REPLACED):
        raise NotCorrectable(_("Only an applied import of this program can be corrected."))


def _report(file: PaymentFile, rows: list[int], column: str, code: str) -> None:
    for row in rows:
        file.refuse(file.line_of(row), column, code)


def _forget_interrupted(made: PaymentImport) -> None:
    """Imports of the command line whose process died: nobody will run them again."""
    dead = PaymentImport.objects.filter(status=PaymentImport.Status.RUNNING, file="").exclude(pk=made.pk)
    dead.update(status=PaymentImport.Status.FAILED, report=[[0, "", "interrupted"]], error_count=1)


def _close(
    made: PaymentImport, file: PaymentFile, status: PaymentImport.Status, count: int, started_at: Any
) -> PaymentImport:
    made.status, made.stage, made.digest = status, "", file.digest
    made.row_count = count if status == PaymentImport.Status.APPLIED else max(file.line_count - 1, 0)
    made.bytes_read, made.error_count, made.report = file.bytes_read, file.error_count, file.report
    made.started_at, made.finished_at = started_at, timezone.now()
    if made.file:
        path, storage = made.file.name, made.file.storage
        made.file = ""
        transaction.on_commit(lambda: storage.delete(path), robust=True)
    made.save()
    if status == PaymentImport.Status.APPLIED:
        record(made.program, ProgramEvent.Kind.IMPORTED, by=made.uploaded_by, rows=count, digest=file.digest)
    return made
