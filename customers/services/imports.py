"""New customers from a CSV file: checked first, then taken over as a whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common import jobs
from common.csv_files import MAX_BYTES, CsvLine, UnreadableFile, read_csv
from common.errors import Conflict, Forbidden, TooLarge
from customers import cipher
from customers.models import CustomerImport
from customers.services.bulk import CHUNK, save_all
from customers.services.import_lines import OPTIONAL, REQUIRED, Judge, Judged, Problem
from units.authority import acting_position
from units.models import Position, User
from units.powers import Power

CHECK_JOB = "customers.check_import"
APPLY_JOB = "customers.apply_import"
PLACE = "customers_customerimport.content"
MOST_ERRORS, MOST_WARNINGS = 500, 100
PROGRESS_SECONDS = 3600


class NotReady(Conflict):
    """Only an import that was checked, has no errors and was not applied yet can be applied."""

    code = "import_not_ready"


class _Refused(Exception):
    """Lines that were good when they were checked are not any more."""

    def __init__(self, report: _Report) -> None:
        super().__init__()
        self.report = report


class _Report:
    """Collects what is wrong with a file; keeps the first 500 errors and 100 warnings."""

    def __init__(self) -> None:
        self.row_count = self.error_count = 0
        self.errors: list[Problem] = []
        self.warnings: list[Problem] = []

    def add(self, judged: Judged, row_count: int) -> None:
        self.row_count += row_count
        self.error_count += len(judged.errors)
        self.errors += judged.errors[: MOST_ERRORS - len(self.errors)]
        self.warnings += judged.warnings[: MOST_WARNINGS - len(self.warnings)]

    def stop(self, error: UnreadableFile) -> None:
        self.error_count += 1
        self.errors.append(Problem(error.line, "", error.code, error.params))

    @property
    def rows(self) -> list[list[Any]]:
        return [[it.line, it.column, it.code, it.params] for it in (*self.errors, *self.warnings)]


@transaction.atomic
def upload_import(*, file_name: str, content: bytes, by: User) -> CustomerImport:
    """Take a file in and have it checked in the background. Nothing is imported by this.

    Raises:
        Forbidden: no position of `by` may maintain customers.
        TooLarge: the file is larger than 10 MB.
    """
    if len(content) > MAX_BYTES:
        raise TooLarge(_("The file is larger than 10 MB."), field="file")
    record = CustomerImport.objects.create(
        file_name=PurePath(file_name).name[:120],
        content=cipher.encrypt(content, place=PLACE),
        digest=hashlib.sha256(content).hexdigest(),
        unit=_managing_position(by).unit,
        uploaded_by=by,
    )
    jobs.enqueue(CHECK_JOB, by=by, import_id=record.pk)
    return record


@transaction.atomic
def check_import(*, import_id: int) -> CustomerImport:
    """Judge every line of an uploaded file and keep the report. May run twice; writes no customer."""
    record = CustomerImport.objects.select_for_update().get(pk=import_id)
    if record.status != CustomerImport.Status.CHECKING:
        return record
    report = _run(record, by=User.objects.get(pk=record.uploaded_by_id), save=False)
    failed = bool(report.error_count)
    return _close(record, report, CustomerImport.Status.FAILED if failed else CustomerImport.Status.READY)


@transaction.atomic
def request_apply(*, record: CustomerImport, by: User) -> CustomerImport:
    """Have a checked file taken over in the background.

    Raises:
        Forbidden: `by` may not maintain customers at the unit of the import.
        NotReady: it has errors, or somebody has applied it already.
    """
    acting_position(user=by, power=Power.MANAGE_CUSTOMERS, unit=record.unit, at=timezone.now())
    ready = CustomerImport.objects.filter(pk=record.pk, status=CustomerImport.Status.READY)
    if not ready.update(status=CustomerImport.Status.APPLYING, applied_by=by):
        raise NotReady(_("This import is not ready to be applied."))
    jobs.enqueue(APPLY_JOB, by=by, import_id=record.pk)
    record.refresh_from_db()
    return record


@transaction.atomic
def apply_import(*, import_id: int) -> CustomerImport:
    """Judge every line again and save all customers, or none and a new report. May run twice."""
    record = CustomerImport.objects.select_for_update().get(pk=import_id)
    if record.status != CustomerImport.Status.APPLYING or record.applied_by is None:
        return record
    by = User.objects.get(pk=record.applied_by_id)
    try:
        acting_position(user=by, power=Power.MANAGE_CUSTOMERS, unit=record.unit, at=timezone.now())
        with transaction.atomic():
            report = _run(record, by=by, save=True)
    except _Refused as refused:
        return _close(record, refused.report, CustomerImport.Status.FAILED)
    except Forbidden:
        report = _Report()
        report.stop(UnreadableFile("not_your_unit", line=1))
        return _close(record, report, CustomerImport.Status.FAILED)
    return _close(record, report, CustomerImport.Status.APPLIED)


def progress(record: CustomerImport) -> int:
    """Lines done so far. Not a column: the work is one transaction, and nobody sees into it."""
    return cache.get(_progress_key(record), 0)


def _run(record: CustomerImport, *, by: User, save: bool) -> _Report:
    """Judge the file and, if `save`, save its customers.

    Raises:
        _Refused: `save`, and a line is wrong.
    """
    content = cipher.decrypt(record.content or b"", place=PLACE)
    judge, report = Judge(by=by, on=record.unit.local_date(timezone.now())), _Report()
    try:
        for lines in _chunks(content):
            judged = judge.judge(lines)
            report.add(judged, len(lines))
            if save and not report.error_count:
                save_all(judged.new, by=by, reason=f"import {record.pk}")
            cache.set(_progress_key(record), report.row_count, PROGRESS_SECONDS)
    except UnreadableFile as error:
        report.stop(error)
    if save and report.error_count:
        raise _Refused(report)
    return report


def _chunks(content: bytes) -> Iterator[list[CsvLine]]:
    """The lines by the thousand. Where the file breaks off, the good lines before it come first."""
    chunk: list[CsvLine] = []
    try:
        for line in read_csv(content, required=REQUIRED, optional=OPTIONAL):
            chunk.append(line)
            if len(chunk) == CHUNK:
                yield chunk
                chunk = []
    except UnreadableFile:
        yield chunk
        raise
    yield chunk


def _close(record: CustomerImport, report: _Report, status: CustomerImport.Status) -> CustomerImport:
    record.status, record.report = status, report.rows
    record.row_count, record.error_count = report.row_count, report.error_count
    if status != CustomerImport.Status.READY:
        record.content, record.finished_at = None, timezone.now()
    record.save()
    return record


def _managing_position(user: User) -> Position:
    """The position in which `user` imports: of several, the one highest in the tree."""
    seats = [position for position in user.positions_in_force if position.allows(Power.MANAGE_CUSTOMERS)]
    if not seats:
        raise Forbidden(_("No position of yours allows an import."))
    highest = min(seats, key=lambda position: len(position.unit.path))
    return acting_position(user=user, power=Power.MANAGE_CUSTOMERS, unit=highest.unit, at=timezone.now())


def _progress_key(record: CustomerImport) -> str:
    return f"customer-import-{record.pk}"
