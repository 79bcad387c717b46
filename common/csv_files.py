"""Reading a CSV file that somebody uploads: UTF-8, known columns, sane lines; or the line that is not."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MAX_BYTES = 10 * 1024 * 1024
MAX_LINE = 4000

MESSAGES: dict[str, str | Promise] = {
    "too_large": _("The file is larger than 10 MB."),
    "empty": _("The file has no lines below the column names."),
    "not_utf8": _("The file is not UTF-8. Save it as CSV UTF-8."),
    "not_text": _("The file is not a text file."),
    "not_csv": _("This line is not valid CSV, or a quotation mark is missing."),
    "missing_columns": _("Columns are missing: %(names)s."),
    "unknown_columns": _("Columns that the portal does not know: %(names)s."),
    "column_twice": _("A column is named twice."),
    "line_too_long": _("This line is longer than 4,000 characters."),
    "cell_count": _("This line has another number of columns than the first one."),
}


class UnreadableFile(Exception):
    """The file cannot be read from `line` on. `code` is a key of MESSAGES, `params` fill it."""

    def __init__(self, code: str, *, line: int = 1, **params: str) -> None:
        super().__init__(code)
        self.code, self.line, self.params = code, line, params


@dataclass(frozen=True)
class CsvLine:
    """A line by its number in the file (the column names are line 1), its cells stripped.

    `cells` is None where the line has too few or too many of them.
    """

    number: int
    cells: dict[str, str] | None


def read_csv(content: bytes, *, required: Collection[str], optional: Collection[str]) -> Iterator[CsvLine]:
    """The lines of a CSV file, comma or semicolon between the cells; empty lines are passed over.

    Raises:
        UnreadableFile: while reading, so that a caller has seen the lines before it.
    """
    text = _text(content)
    reader = csv.reader(_lines(text), strict=True, delimiter=_delimiter(text))
    try:
        columns = [name.strip() for name in next(reader, [])]
        _check_columns(columns, required, optional)
        number = None
        for cells in filter(None, reader):
            number = reader.line_num
            yield CsvLine(number, _cells(columns, cells))
    except csv.Error as error:
        raise UnreadableFile("not_csv", line=max(reader.line_num, 1)) from error
    if number is None:
        raise UnreadableFile("empty")


def _text(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise UnreadableFile("too_large")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFile("not_utf8", line=content[: error.start].count(b"\n") + 1) from error
    if "\0" in text:
        raise UnreadableFile("not_text", line=text[: text.index("\0")].count("\n") + 1)
    return text


def _lines(text: str) -> Iterator[str]:
    for number, line in enumerate(io.StringIO(text, newline=""), 1):
        if len(line) > MAX_LINE:
            raise UnreadableFile("line_too_long", line=number)
        yield line


def _delimiter(text: str) -> str:
    """Spreadsheets that run in Bahasa Indonesia write semicolons."""
    first = text.split("\n", 1)[0]
    return ";" if first.count(";") > first.count(",") else ","


def _check_columns(columns: list[str], required: Collection[str], optional: Collection[str]) -> None:
    missing = [name for name in required if name not in columns]
    unknown = [name[:30] for name in columns if name not in required and name not in optional]
    if missing:
        raise UnreadableFile("missing_columns", names=", ".join(missing))
    if unknown:
        raise UnreadableFile("unknown_columns", names=", ".join(unknown[:5]))
    if len(set(columns)) < len(columns):
        raise UnreadableFile("column_twice")


def _cells(columns: list[str], cells: list[Any]) -> dict[str, str] | None:
    if len(cells) != len(columns):
        return None
    return dict(zip(columns, (cell.strip() for cell in cells), strict=True))
