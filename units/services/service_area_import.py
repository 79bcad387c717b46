"""Service areas from a CSV file: every line judged, and nothing written unless every line is good."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from common.errors import DomainError, Invalid
from units import authority
from units.models import Area, ServiceArea, Unit, UnitKind, User
from units.powers import Power

REQUIRED_COLUMNS = ("area_code", "unit_code", "valid_from")
OPTIONAL_COLUMNS = ("basis",)
MAX_BYTES = 512 * 1024
MAX_LINES = 5000
DAY = re.compile(r"20\d\d-\d\d-\d\d", re.ASCII)
SERVING_KINDS = {UnitKind.UP3, UnitKind.ULP, UnitKind.POSKO}
REASON = "CSV"


@dataclass(frozen=True)
class ReportLine:
    """What became of one line of the file; line 1 is the one that names the columns."""

    number: int
    is_ok: bool
    message: str


@dataclass(frozen=True)
class ImportReport:
    lines: tuple[ReportLine, ...]
    is_written: bool = False

    @property
    def is_ok(self) -> bool:
        return all(line.is_ok for line in self.lines)


@dataclass(frozen=True)
class _Row:
    number: int
    cells: list[str]
    columns: list[str]

    def __getitem__(self, column: str) -> str:
        return self.cells[self.columns.index(column)].strip() if column in self.columns else ""


class _UnreadableError(Invalid):
    """The file as a whole cannot be read, at this line."""

    def __init__(self, message: str, *, number: int = 1) -> None:
        super().__init__(message)
        self.number = number


def import_service_areas(*, file: BinaryIO, by: User, dry_run: bool) -> ImportReport:
    """Take over who serves which area: columns `area_code`, `unit_code`, `valid_from`, and perhaps `basis`.

    The report has one line for each line of the file. Unless all are good nothing is written, and in a
    `dry_run` nothing is written anyway. A new row ends the open row of the same area on the day before;
    a line that says what is so already changes nothing. The number of queries does not depend on the
    number of lines.

    Raises:
        Forbidden: `by` may not maintain service areas anywhere.
    """
    authority.require(user=by, power=Power.MANAGE_UNITS)
    try:
        rows = list(_read(file))
    except _UnreadableError as error:
        return ImportReport((ReportLine(error.number, False, error.message),))
    with transaction.atomic():
        return _Import(rows, by).run(dry_run=dry_run)


def _read(file: BinaryIO) -> Iterator[_Row]:
    reader = csv.reader(io.StringIO(text := _text(file), newline=""), strict=True, delimiter=_delimiter(text))
    try:
        columns = [name.strip() for name in next(reader, [])]
        _require_columns(columns)
        count = 0
        for count, cells in enumerate(filter(None, reader), 1):
            if count > MAX_LINES:
                message = _("At most %(count)d lines at a time.") % {"count": MAX_LINES}
                raise _UnreadableError(message, number=reader.line_num)
            yield _Row(reader.line_num, cells, columns)
    except csv.Error as error:
        message = _("This line is not valid CSV, or a quotation mark is missing.")
        raise _UnreadableError(message, number=max(reader.line_num, 1)) from error
    if not count:
        raise _UnreadableError(_("The file has no lines below the column names."))


def _text(file: BinaryIO) -> str:
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise _UnreadableError(_("The file is larger than %(size)d KB.") % {"size": MAX_BYTES // 1024})
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = content[: error.start].count(b"\n") + 1
        raise _UnreadableError(_("The file is not UTF-8. Save it as CSV UTF-8."), number=number) from error
    if "\0" in text:
        raise _UnreadableError(
            _("The file is not a text file."), number=text[: text.index("\0")].count("\n") + 1
        )
    return text


def _delimiter(text: str) -> str:
    """Spreadsheets that run in Bahasa Indonesia write semicolons."""
    first = text.split("\n", 1)[0]
    return ";" if ";" in first and "," not in first else ","


def _require_columns(columns: list[str]) -> None:
    missing = [name for name in REQUIRED_COLUMNS if name not in columns]
    if missing:
        raise _UnreadableError(_("Columns are missing: %(names)s.") % {"names": ", ".join(missing)})
    strange = [name for name in columns if name not in REQUIRED_COLUMNS + OPTIONAL_COLUMNS]
    if strange:
        names = ", ".join(name[:30] for name in strange[:5])
        raise _UnreadableError(_("Columns that the portal does not know: %(names)s.") % {"names": names})
    if len(set(columns)) < len(columns):
        raise _UnreadableError(_("A column is named twice."))


class _Import:
    """The rows of one file against the database as it is now, its areas locked."""

    def __init__(self, rows: list[_Row], by: User) -> None:
        self.rows, self.by = rows, by
        codes = [row["area_code"] for row in rows if len(row.cells) == len(row.columns)]
        unit_codes = {row["unit_code"] for row in rows if len(row.cells) == len(row.columns)}
        locked = Area.objects.select_for_update(no_key=True).filter(pk__in=set(codes)).order_by("pk")
        self.areas = {area.pk: area for area in locked}
        self.units = {unit.code: unit for unit in Unit.objects.filter(code__in=unit_codes)}
        self.existing: dict[str, list[ServiceArea]] = {}
        for served in ServiceArea.objects.filter(area__in=self.areas).select_related("unit"):
            self.existing.setdefault(served.area_id, []).append(served)
        self.line_of: dict[str, int] = {}
        self.new: list[ServiceArea] = []
        self.ended: list[ServiceArea] = []

    def run(self, *, dry_run: bool) -> ImportReport:
        report = ImportReport(tuple(self._report(row) for row in self.rows))
        if dry_run or not report.is_ok:
            return report
        if self.ended:
            bulk_update_with_history(
                self.ended, ServiceArea, ["valid_until"], default_user=self.by, default_change_reason=REASON
            )
        if self.new:
            bulk_create_with_history(
                self.new, ServiceArea, default_user=self.by, default_change_reason=REASON
            )
        return ImportReport(report.lines, is_written=True)

    def _report(self, row: _Row) -> ReportLine:
        try:
            return ReportLine(row.number, True, self._judge(row))
        except DomainError as refusal:
            return ReportLine(row.number, False, refusal.message)

    def _judge(self, row: _Row) -> str:
        """Plan what the line asks for; answer it in words, or refuse."""
        if len(row.cells) != len(row.columns):
            raise Invalid(_("This line has another number of columns than the first one."))
        area, unit, day = self._area(row), self._unit(row), _day(row["valid_from"])
        if not (unit.valid_from <= day and (unit.valid_until is None or day <= unit.valid_until)):
            raise Invalid(_("%(unit)s does not exist on that day.") % {"unit": unit})
        if len(row["basis"]) > 200:
            raise Invalid(_("The basis is longer than 200 characters."))
        if self._is_so_already(area, unit, day):
            return _("Already so: %(area)s is served by %(unit)s.") % {"area": area, "unit": unit}
        self._end_present(area, day)
        self.new.append(ServiceArea(area=area, unit=unit, valid_from=day, basis=row["basis"]))
        words = {"area": area, "unit": unit, "day": day.isoformat()}
        return _("%(area)s is served by %(unit)s from %(day)s.") % words

    def _area(self, row: _Row) -> Area:
        area = self.areas.get(row["area_code"])
        if area is None:
            raise Invalid(_("There is no area with the code %(code)s.") % {"code": row["area_code"][:20]})
        if (line := self.line_of.setdefault(area.pk, row.number)) != row.number:
            raise Invalid(_("This area is already on line %(line)d.") % {"line": line})
        return area

    def _unit(self, row: _Row) -> Unit:
        unit = self.units.get(row["unit_code"])
        if unit is None:
            raise Invalid(_("There is no unit with the code %(code)s.") % {"code": row["unit_code"][:20]})
        if unit.kind not in SERVING_KINDS:
            raise Invalid(_("Only an UP3, an ULP or a posko can serve an area."))
        authority.require(user=self.by, power=Power.MANAGE_UNITS, unit=unit)
        return unit

    def _is_so_already(self, area: Area, unit: Unit, day: date) -> bool:
        return any(
            row.unit_id == unit.pk and row.valid_from <= day and row.valid_until is None
            for row in self.existing.get(area.pk, ())
        )

    def _end_present(self, area: Area, day: date) -> None:
        for row in self.existing.get(area.pk, ()):
            if row.valid_until is not None and row.valid_until < day:
                continue
            if row.valid_until is not None or row.valid_from >= day:
                words = {"unit": row.unit, "day": row.valid_from.isoformat()}
                raise Invalid(_("%(unit)s already serves this area from %(day)s.") % words)
            authority.require(user=self.by, power=Power.MANAGE_UNITS, unit=row.unit)
            row.valid_until = day - timedelta(days=1)
            self.ended.append(row)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text if DAY.fullmatch(text) else "")
    except ValueError as error:
        raise Invalid(_("The day must be written as 2026-01-31.")) from error
