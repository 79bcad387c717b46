"""Files that leave the portal: CSV and XLSX that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

Row = Sequence[Any]

FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def csv_file(columns: Row, rows: Iterable[Row]) -> bytes:
    """UTF-8 with a byte order mark, every cell quoted, CRLF. Text that begins like a formula gets a `'`."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([_safe(column) for column in columns])
    writer.writerows([_safe(value) for value in row] for row in rows)
    return buffer.getvalue().encode("utf-8-sig")


def xlsx_file(columns: Row, rows: Iterable[Row], *, title: str) -> bytes:
    """One sheet. Numbers and dates keep their type; text is stored as text, whatever it begins with."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", title)[:31])
    for row in (columns, *rows):
        sheet.append([_cell(sheet, value) for value in row])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _safe(value: Any) -> str:
    """Text for a CSV cell. A number is not text: -5 stays -5."""
    text = "" if value is None else UNPRINTABLE.sub("", str(value))
    is_text = not isinstance(value, (int, float, date))
    return f"'{text}" if is_text and text.startswith(FORMULA_START) else text


def _cell(sheet: Any, value: Any) -> Any:
    if value is None or isinstance(value, (int, float)):
        return value
    if isinstance(value, datetime):
        return timezone.make_naive(value)  # a sheet knows no zones
    if isinstance(value, date):
        return value
    cell = WriteOnlyCell(sheet, value=UNPRINTABLE.sub("", str(value))[:32767])
    cell.data_type = "s"
    return cell
