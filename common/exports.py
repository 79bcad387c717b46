"""Files that leave the portal: CSV and XLSX that no spreadsheet takes for formulas."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import chain
from typing import Any, BinaryIO

from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

Row = Sequence[Any]

FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
SHEET_ROWS = 1_000_000  # below the 1,048,576 of the format, with the column names
CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def csv_file(columns: Row, rows: Iterable[Row]) -> bytes:
    """UTF-8 with a byte order mark, every cell quoted, CRLF. Text that begins like a formula gets a `'`."""
    return b"".join(csv_lines(columns, rows))


def csv_lines(columns: Row, rows: Iterable[Row]) -> Iterator[bytes]:
    """The same, line by line, for files that are sent while they are made."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    yield codecs.BOM_UTF8
    for row in chain([columns], rows):
        writer.writerow([_safe(value) for value in row])
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()


def xlsx_file(columns: Row, rows: Iterable[Row], *, title: str) -> bytes:
    """Numbers and dates keep their type; text is stored as text, whatever it begins with."""
    buffer = io.BytesIO()
    write_xlsx(buffer, columns, rows, title=title)
    return buffer.getvalue()


def write_xlsx(to: BinaryIO, columns: Row, rows: Iterable[Row], *, title: str) -> None:
    """The same into a file, row by row. What is more than a sheet holds goes on in another one."""
    book = Workbook(write_only=True)
    name = re.sub(r"[\[\]:*?/\\]", " ", title)[:27]
    sheet: Any = None
    for number, row in enumerate(rows):
        if number % SHEET_ROWS == 0:
            sheet = _sheet(book, columns, f"{name} {number // SHEET_ROWS + 1}" if number else name)
        sheet.append([_cell(sheet, value) for value in row])
    if sheet is None:
        _sheet(book, columns, name)
    book.save(to)


def _sheet(book: Workbook, columns: Row, name: str) -> Any:
    sheet = book.create_sheet(name)
    sheet.append([_cell(sheet, column) for column in columns])
    return sheet


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
