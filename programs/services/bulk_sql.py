"""Plain SQL where rows come by the million: lines into a table, and questions to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Literal

from django.db import connection

from programs.rules import COLUMNS

COLUMN_LIST = ", ".join(COLUMNS)
NUMBERS = [COLUMNS.index(name) for name in ("amount", "power_va", "kogol")]
Table = Literal["programs_payment", "staged"]  # a name that goes into SQL as it is
PAID_AT = COLUMNS.index("paid_at")


def execute(sql: str, params: Iterable[Any] = ()) -> int:
    """Run one statement; answer how many rows it wrote."""
    with connection.cursor() as cursor:
        cursor.execute(sql, tuple(params))
        return int(cursor.rowcount)


def rows(sql: str, params: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, tuple(params))
        return list(cursor.fetchall())


def pour(blocks: Iterator[bytes], *, table: Table, import_id: int | None = None) -> int:
    """Put the clean lines of a payment file into `table`, each with `import_id` where it is given.

    PostgreSQL takes the blocks by COPY as they are, SQLite row by row. Answers the number of rows.
    """
    columns = COLUMN_LIST if import_id is None else f"{COLUMN_LIST}, payment_import_id"
    if connection.vendor == "postgresql":
        end = b"\n" if import_id is None else f",{import_id}\n".encode()
        # No line holds a quote, backslash or NUL: the plain text form with a comma is exact.
        sql = f"COPY {table} ({columns}) FROM STDIN WITH (FORMAT text, DELIMITER ',', NULL '\\N')"
        return copy_from((block.replace(b"\n", end) for block in blocks), sql)
    more = [] if import_id is None else [import_id]
    marks = ", ".join(["%s"] * (len(COLUMNS) + len(more)))
    count = 0
    with connection.cursor() as cursor:
        for block in blocks:
            records = [[*_record(line), *more] for line in block.decode().splitlines()]
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", records)  # noqa: S608  # nosec B608
            count += len(records)
    return count


def copy_from(blocks: Iterator[bytes], sql: str) -> int:
    """Run `COPY … FROM STDIN` with the blocks; an error in between is raised as what it is."""
    stream = _Stream(blocks)
    with connection.cursor() as cursor:
        with connection.wrap_database_errors:
            cursor.copy_expert(sql, stream, size=1024 * 1024)
        if stream.error:
            raise stream.error
        return int(cursor.rowcount)


class _Stream:
    """What COPY reads: the blocks, one after the other. An error in between ends it, and is kept."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self.blocks, self.rest = blocks, b""
        self.error: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        while not self.rest and not self.error:
            try:
                self.rest = next(self.blocks)
            except StopIteration:
                return b""
            except Exception as error:  # the driver would say only that reading failed
                self.error = error
        piece, self.rest = self.rest[:size], self.rest[size:]
        return piece


def _record(line: str) -> list[Any]:
    cells: list[Any] = line.split(",")
    paid_at = datetime.fromisoformat(cells[PAID_AT]).astimezone(UTC)
    cells[PAID_AT] = connection.ops.adapt_datetimefield_value(paid_at)
    for number in NUMBERS:
        cells[number] = int(cells[number])
    return cells
