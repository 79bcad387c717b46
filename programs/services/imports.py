"""Payment files: taken in, then read, checked and applied as a whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
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
from programs.services import landing, staging
from programs.services.bulk_sql import execute
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
Progress = Callable[[int, int], None]


class NotCorrectable(Invalid):
    """Only an applied import of the same program can be corrected by another."""

    code = "not_correctable"

    def __init__(self, *, field: str = "") -> None:
        super().__init__(_("Only an applied import of this program can be corrected."), field=field)


class AlreadyOver(Conflict):
    code = "import_over"


class _Doubt(Exception):
    """A line cannot stand. What was written is rolled back; a second reading finds out which."""


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
    *,
    program: Program,
    raw: IO[bytes],
    name: str,
    size: int,
    by: User,
    replaces: PaymentImport | None = None,
    on_progress: Progress | None = None,
) -> PaymentImport:
    """Import a file of any size at once, in this process, for the command line and for demo data.

    `on_progress` hears of the lines and the bytes read so far.
    """
    with transaction.atomic():
        _check(program, by, replaces)
        made = _create(program, name, size, by, replaces)
    with transaction.atomic():
        return _run(made, raw, on_progress)


@transaction.atomic
def run_import(*, import_id: int) -> PaymentImport:
    """Import an uploaded file. May run twice: an import that is over stays as it is."""
    made = PaymentImport.objects.select_related("program__unit").get(pk=import_id)
    if not made.is_open or not made.file:
        return made  # without a file: the command line runs it
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
    jobs.enqueue(IMPORT_JOB, by=by, import_id=payment_import.pk)  # if nobody runs it, this closes it
    payment_import.refresh_from_db()
    return payment_import


def _check(program: Program, by: User, replaces: PaymentImport | None) -> None:
    acting_position(user=by, power=Power.RUN_PROGRAMS, unit=program.unit, at=timezone.now())
    if program.status in (Status.DRAFT, Status.CLOSED):
        raise Conflict(_("Payments are imported for an approved program, until it is closed."))
    if replaces and (replaces.program_id != program.pk or replaces.status != PaymentImport.Status.APPLIED):
        raise NotCorrectable(field="replaces")


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


def _run(made: PaymentImport, raw: IO[bytes], on_progress: Progress | None = None) -> PaymentImport:
    """Read, write and check, in the caller's transaction; a refused file leaves only its report."""
    take_time()
    wait_turn(TURN)
    made.refresh_from_db()
    if not made.is_open:
        return made
    started_at = timezone.now()
    work = LongWork(made, status="RUNNING", started_at=started_at)
    file, status = _file(made, raw), PaymentImport.Status.FAILED
    try:
        with work:
            file, status = _apply_or_diagnose(made, raw, work, on_progress)
    except Cancelled:
        status = PaymentImport.Status.CANCELLED
    return _close(made, file, status, started_at)


def _apply_or_diagnose(
    made: PaymentImport, raw: IO[bytes], work: LongWork, on_progress: Progress | None
) -> tuple[PaymentFile, PaymentImport.Status]:
    _forget_interrupted(made)
    if made.cancel_asked:
        raise Cancelled
    file = _file(made, raw)
    file.on_progress = _both(lambda lines, size: work.show(row_count=lines, bytes_read=size), on_progress)
    try:
        with transaction.atomic():
            _apply(made, file, work)
            return file, PaymentImport.Status.APPLIED
    except UnreadableFile as error:
        file.refuse(error.line, "", error.code)
    except (_Doubt, IntegrityError):
        raw.seek(0)
        file = _file(made, raw)
        with transaction.atomic():
            work.show(stage="FINDING")
            _diagnose(made, file)
    return file, PaymentImport.Status.FAILED


def _both(first: Progress, second: Progress | None) -> Progress:
    def tell(lines: int, size: int) -> None:
        first(lines, size)
        if second:
            second(lines, size)

    return tell


def _apply(made: PaymentImport, file: PaymentFile, work: LongWork) -> None:
    """Write all payments, and look at them as a whole.

    Raises:
        UnreadableFile: it breaks off.
        _Doubt, IntegrityError: some line cannot stand.
    """
    work.show(stage="READING")
    _take_out(made.replaces_id)
    landed = landing.land(_while_good(file), made.pk)
    work.show(stage="CHECKING")
    if _is_known(file) or landing.has_strangers(landed):
        raise _Doubt
    if file.has_reversals and landing.has_orphans(landed):
        raise _Doubt
    PaymentDay.objects.bulk_create(
        PaymentDay(payment_import=made, period=period, paid_on=day, payments=count)
        for (period, day), count in file.paid_on.items()
    )


def _while_good(file: PaymentFile) -> Iterator[bytes]:
    for block in file.blocks():
        if file.error_count:
            raise _Doubt
        yield block
    if file.error_count:
        raise _Doubt


def _file(made: PaymentImport, raw: IO[bytes]) -> PaymentFile:
    """The file, read for the units and tariffs a bill of this program may name.

    AP2T marks the tariffs of prabayar customers with a T.
    """
    tariffs = set(Tariff.objects.values_list("code", flat=True))
    units = Unit.objects.below(made.unit).values_list("code", flat=True)
    known = {"unit_code": set(units), "tariff": tariffs | {f"{code}T" for code in tariffs}}
    return PaymentFile(raw, known=known, zone=made.unit.zone)


def _is_known(file: PaymentFile) -> bool:
    """Each file once. The unique constraint has the last word; this has the better answer."""
    return PaymentImport.objects.filter(digest=file.digest, status=PaymentImport.Status.APPLIED).exists()


def _diagnose(made: PaymentImport, file: PaymentFile) -> None:
    """Fill the report of a file that cannot be applied."""
    try:
        staging.stage(file.blocks())
    except UnreadableFile as error:
        file.refuse(error.line, "", error.code)
        return
    if _is_known(file):
        file.refuse(0, "", "already_imported")
        return
    _report(file, staging.lines_of_strangers(), "idpel", "unknown_idpel")
    _report(file, staging.repeated_lines(), "reference", "repeated")
    _report(file, staging.known_lines(made.replaces_id), "reference", "known")
    _report(file, staging.orphaned_reversals(made.replaces_id), "reference", "no_payment")
    if not file.error_count:
        raise RuntimeError("the file was refused, and nothing is wrong with it")


def _take_out(replaced_id: int | None) -> None:
    """Remove exactly the rows of the import that is being corrected."""
    if replaced_id is None:
        return
    execute("DELETE FROM programs_payment WHERE payment_import_id = %s", [replaced_id])
    PaymentDay.objects.filter(payment_import=replaced_id).delete()
    applied = PaymentImport.objects.filter(pk=replaced_id, status=PaymentImport.Status.APPLIED)
    if not applied.update(status=PaymentImport.Status.REPLACED):
        raise NotCorrectable()


def _report(file: PaymentFile, rows: list[int], column: str, code: str) -> None:
    for row in rows:
        file.refuse(file.line_of(row), column, code)


def _forget_interrupted(made: PaymentImport) -> None:
    """Imports of the command line whose process died: nobody will run them again."""
    dead = PaymentImport.objects.filter(status=PaymentImport.Status.RUNNING, file="").exclude(pk=made.pk)
    dead.update(status=PaymentImport.Status.FAILED, report=[[0, "", "interrupted"]], error_count=1)


def _close(
    made: PaymentImport, file: PaymentFile, status: PaymentImport.Status, started_at: datetime
) -> PaymentImport:
    made.status, made.stage, made.digest = status, "", file.digest
    made.row_count, made.bytes_read = max(file.line_count - 1, 0), file.bytes_read
    made.error_count, made.report = file.error_count, sorted(file.report)
    made.started_at, made.finished_at = started_at, timezone.now()
    if made.file:
        path, storage = str(made.file.name), made.file.storage
        made.file = ""
        transaction.on_commit(lambda: storage.delete(path), robust=True)
    made.save()
    if status == PaymentImport.Status.APPLIED:
        data: dict[str, Any] = {"rows": made.row_count, "digest": file.digest, "payment_import": made.pk}
        record(made.program, ProgramEvent.Kind.IMPORTED, by=made.uploaded_by, **data)
    return made
