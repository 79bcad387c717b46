"""Reading a payment file of any size in bounded memory: clean lines out, a report of the others.

The file is UTF-8 text, plain or gzipped, one payment a line, columns as in `COLUMNS`. A whole block whose
lines all have the exact form passes through one regular expression; only a block that does not is read
line by line. Nothing is kept of what was read but the report, and how many were paid on which day.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import re
import zlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, datetime, tzinfo
from typing import IO, Any

from django.conf import settings

from programs.rules import BOMB_RATIO, COLUMNS

BLOCK = 1024 * 1024
MAX_LINE = 1000
BOMB_BYTES = 16 * 1024 * 1024  # below this, no ratio harms
MOST_REPORTED = 1000
MOST_DROPPED = 10_000

_DAY = r"20[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?"
_ZONE = r"(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])"
PATTERNS = {
    "idpel": r"[0-9]{12}",
    "period": r"20[0-9]{2}-(?:0[1-9]|1[0-2])",
    "paid_at": f"{_DAY}T{_TIME}{_ZONE}",
    "amount": r"[1-9][0-9]{0,11}",
    "product": r"(?:PASCABAYAR|PRABAYAR)",
    "tariff": r"[A-Z0-9]{1,6}",
    "power_va": r"[1-9][0-9]{0,8}",
    "kogol": r"[0-9]",
    "unit_code": r"[0-9A-Za-z.-]{1,12}",
    "reference": r"[0-9A-Za-z./-]{1,32}",
    "kind": r"(?:PAYMENT|REVERSAL)",
}
CELLS = {name: re.compile(pattern) for name, pattern in PATTERNS.items()}
# Bill month and day of payment, at their fixed places in a clean line.
PAID = re.compile(rb".{13}(.{18}).*\n")
SHORT_MONTH_END = re.compile(rb",20[0-9]{2}-(?:02-(?:29|3[01])|(?:04|06|09|11)-31)T")

ReportRow = list[Any]  # [line, column, code]


class UnreadableFile(Exception):
    """The file as a whole cannot be read, from this line on. `code` is a key of `notices.IMPORT`."""

    def __init__(self, code: str, *, line: int = 0) -> None:
        super().__init__(code)
        self.code, self.line = code, line


class PaymentFile:
    """One pass over a payment file. Afterwards: `digest`, `line_count`, `error_count`, `report`, `paid_on`.

    `known` holds the values a column may have, where only some are possible. `zone` says what a day is.
    """

    def __init__(
        self,
        raw: IO[bytes],
        *,
        known: Mapping[str, Collection[str]],
        zone: tzinfo,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.raw, self.known, self.zone = raw, known, zone
        self.on_progress = on_progress
        self.paid_on: Counter[tuple[str, date]] = Counter()  # payments per bill month and local day
        self.has_reversals = False
        self._days: Counter[bytes] = Counter()
        self._clean = _pattern_of(known)
        self._offset = datetime(2021, 1, 1, tzinfo=zone).isoformat()[-6:].encode() + b","
        self.line_count = self.error_count = self.bytes_read = 0
        self.report: list[ReportRow] = []
        self._sha = hashlib.sha256()
        self._dropped: list[int] = []  # rows that came out before each line that did not

    @property
    def digest(self) -> str:
        """SHA-256 of the unpacked content read so far."""
        return self._sha.hexdigest()

    def blocks(self) -> Iterator[bytes]:
        """The good lines, whole, about a megabyte at a time: commas, no quotes, `\\n` at each end.

        Raises:
            UnreadableFile: no payment file at all, or not beyond some line.
        """
        pending, is_first = b"", True
        for piece in self._unpacked():
            complete, newline, pending = (pending + piece).rpartition(b"\n")
            block = complete + newline
            if is_first and block:
                block, is_first = self._without_header(block), False
            if len(pending) > MAX_LINE:
                self._take(block)  # count what comes before, so that the line number is right
                raise UnreadableFile("line_too_long", line=self.line_count + 1)
            if not newline:
                continue
            yield self._counted(self._take(block))
            self._tell()
        if pending:
            block = pending + b"\n"
            yield self._counted(self._take(self._without_header(block) if is_first else block))
        self._tell()
        for text, count in self._days.items():
            period, _, day = text.decode().partition(",")
            self.paid_on[period, date.fromisoformat(day)] += count
        if self.line_count <= 1 and not self.error_count:
            raise UnreadableFile("empty", line=1)

    def line_of(self, row: int) -> int:
        """The line of the file from which the good row `row` (1 is the first) was read."""
        return row + 1 + bisect_right(self._dropped, row - 1)

    def refuse(self, line: int, column: str, code: str) -> None:
        """Add an error to the report; only the first thousand are kept, all are counted."""
        self.error_count += 1
        if len(self.report) < MOST_REPORTED:
            self.report.append([line, column, code])

    def _unpacked(self) -> Iterator[bytes]:
        magic = self.raw.read(4)
        self.raw.seek(0)
        if magic.startswith(b"PK"):
            raise UnreadableFile("is_zip")
        is_packed = magic.startswith(b"\x1f\x8b")
        stream: Any = gzip.GzipFile(fileobj=self.raw) if is_packed else self.raw
        size = 0
        try:
            while piece := stream.read(BLOCK):
                size += len(piece)
                if is_packed:
                    self._check_unpacked(size)
                self._sha.update(piece)
                yield piece
        except (OSError, EOFError, zlib.error) as error:
            raise UnreadableFile("bad_gzip", line=self.line_count + 1) from error

    def _check_unpacked(self, size: int) -> None:
        """Bound what a packed file may fill memory, disk and time with."""
        if size > BOMB_BYTES and size > BOMB_RATIO * self.raw.tell():
            raise UnreadableFile("bomb")
        if size > settings.PAYMENT_FILE_MAX_GB * 1024**3:
            raise UnreadableFile("too_large", line=self.line_count + 1)

    def _without_header(self, block: bytes) -> bytes:
        header, _, rest = block.partition(b"\n")
        names = header.removeprefix(b"\xef\xbb\xbf").replace(b'"', b"").split(b",")
        if [name.strip() for name in names] != [name.encode() for name in COLUMNS]:
            raise UnreadableFile("columns", line=1)
        self.line_count = 1
        return rest

    def _take(self, block: bytes) -> bytes:
        """The good lines of a block, the others counted and reported."""
        if b"\r" in block:
            block = block.replace(b"\r\n", b"\n")
        if self._clean.fullmatch(block) and not SHORT_MONTH_END.search(block):
            self.line_count += block.count(b"\n")
            return block
        return b"".join(self._careful(block))

    def _careful(self, block: bytes) -> Iterator[bytes]:
        good_before = self.line_count - 1 - len(self._dropped)
        for line in block.split(b"\n")[:-1]:
            self.line_count += 1
            cells = self._cells(line)
            if cells is None:
                self._drop(good_before)
            else:
                good_before += 1
                yield (",".join(cells) + "\n").encode()

    def _drop(self, good_before: int) -> None:
        self._dropped.append(good_before)
        if len(self._dropped) > MOST_DROPPED:
            raise UnreadableFile("too_many_errors", line=self.line_count)

    def _cells(self, line: bytes) -> list[str] | None:
        """The checked cells of one line; None, and a report, where it cannot stand. Blank lines pass over."""
        number = self.line_count
        if b"\0" in line:
            raise UnreadableFile("not_text", line=number)
        if len(line) > MAX_LINE:
            raise UnreadableFile("line_too_long", line=number)
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise UnreadableFile("not_utf8", line=number) from error
        if not text.strip():
            return None
        cells = _split(text)
        if cells is None or len(cells) != len(COLUMNS):
            self.refuse(number, "", "cell_count")
            return None
        wrong = {name: self._fault(name, cell) for name, cell in zip(COLUMNS, cells, strict=True)}
        for name, fault in wrong.items():
            if fault:
                self.refuse(number, name, fault)
        return None if any(wrong.values()) else cells

    def _fault(self, column: str, cell: str) -> str:
        if not is_good(column, cell):
            return f"bad_{column}"
        return f"unknown_{column}" if column in self.known and cell not in self.known[column] else ""

    def _counted(self, block: bytes) -> bytes:
        """Count the payments of a clean block per bill month and local day."""
        *reversals, _ = block.split(b",REVERSAL\n")
        self.has_reversals |= bool(reversals)
        if block.count(self._offset) == block.count(b"\n"):  # every line names its time in our zone
            self._days.update(PAID.findall(block))
            starts = ((before, before.rfind(b"\n") + 1) for before in reversals)
            self._days.subtract(before[start + 13 : start + 31] for before, start in starts)
            return block
        for line in block.decode().splitlines():
            cells = line.split(",")
            if cells[-1] == "PAYMENT":
                local = datetime.fromisoformat(cells[2]).astimezone(self.zone)
                self.paid_on[cells[1], local.date()] += 1
        return block

    def _tell(self) -> None:
        self.bytes_read = self.raw.tell()
        if self.on_progress:
            self.on_progress(self.line_count, self.bytes_read)


def _pattern_of(known: Mapping[str, Collection[str]]) -> re.Pattern[bytes]:
    """What a whole block of good lines looks like."""
    any_of = {name: "(?:" + "|".join(map(re.escape, values)) + ")" for name, values in known.items()}
    line = ",".join(any_of.get(name, pattern) for name, pattern in PATTERNS.items())
    return re.compile(f"(?:{line}\n)*+".encode())


def is_good(column: str, cell: str) -> bool:
    """Whether a cell has its column's exact form; a moment must also be a day of the calendar."""
    if not CELLS[column].fullmatch(cell):
        return False
    return column != "paid_at" or _is_moment(cell)


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _split(text: str) -> list[str] | None:
    try:
        return [cell.strip() for cell in next(csv.reader([text], strict=True))]
    except (csv.Error, StopIteration):
        return None
