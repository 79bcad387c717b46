"""Where the lines of a payment file stand until the whole file is known to be good.

A temporary table: it belongs to one connection and is gone with it, so that a killed import leaves nothing.
PostgreSQL takes the lines by COPY, as they come; SQLite by `executemany`. From there on both run the same
statements.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from programs.services.payment_file import COLUMNS, MOST_REPORTED
from units.models import Unit

COLUMN_LIST = ", ".join(COLUMNS)
KEY = ("idpel", "period", "reference", "kind")
SAME_KEY = " AND ".join(f"p.{name} = s.{name}" for name in KEY)

POSTGRESQL_TABLE = """
CREATE TEMP SEQUENCE IF NOT EXISTS staged_rows CACHE 10000;
ALTER SEQUENCE staged_rows RESTART;
CREATE TEMP TABLE staged (
    idpel varchar(12), period varchar(7), paid_at timestamptz, amount bigint, product varchar(10),
    tariff varchar(6), power_va integer, kogol smallint, unit_code varchar(12), reference varchar(32),
    kind varchar(8), row_number bigint DEFAULT nextval('staged_rows')
) ON COMMIT DROP
"""
SQLITE_TABLE = f"CREATE TEMP TABLE staged ({COLUMN_LIST}, row_number integer PRIMARY KEY)"

# The local day of payment, counted from the first of the bill's month. Indonesia's zones have no summer time.
PAID_ON = {
    "postgresql": "(paid_at AT TIME ZONE %s)::date",
    "sqlite": "date(paid_at, %s)",
}
DAY = {
    "postgresql": "paid_on - (period || '-01')::date + 1",
    "sqlite": "CAST(julianday(paid_on) - julianday(period || '-01') + 1 AS integer)",
}


def execute(sql: str, params: Iterable[Any] = ()) -> int:
    """Run one statement; answer how many rows it wrote."""
    with connection.cursor() as cursor:
        cursor.execute(sql, tuple(params))
        return int(cursor.rowcount)


def rows(sql: str, params: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, tuple(params))
        return list(cursor.fetchall())


def fill(blocks: Iterator[bytes]) -> int:
    """Put the good lines of a file into a new staging table; answer how many."""
    execute("DROP TABLE IF EXISTS staged")
    if connection.vendor == "postgresql":
        execute(POSTGRESQL_TABLE)
        return _copy(blocks)
    execute(SQLITE_TABLE)
    marks = ", ".join(["%s"] * len(COLUMNS))
    with connection.cursor() as cursor:
        for block in blocks:
            cursor.executemany(f"INSERT INTO staged ({COLUMN_LIST}) VALUES ({marks})", _records(block))  # noqa: S608
    return int(rows("SELECT count(*) FROM staged")[0][0])


def _copy(blocks: Iterator[bytes]) -> int:
    """The lines hold no quote, backslash or NUL, so that the plain text form with a comma is exact."""
    with connection.cursor() as cursor:
        copy = f"COPY staged ({COLUMN_LIST}) FROM STDIN WITH (FORMAT text, DELIMITER ',', NULL '\\N')"
        stream = _Stream(blocks)
        with connection.wrap_database_errors:
            cursor.copy_expert(copy, stream, size=1024 * 1024)
        if stream.error:
            raise stream.error
        count = int(cursor.rowcount)
        cursor.execute("ANALYZE staged")
    return count


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


def _records(block: bytes) -> Iterator[list[Any]]:
    position = COLUMNS.index("paid_at")
    for line in block.decode().splitlines():
        cells: list[Any] = line.split(",")
        paid_at = datetime.fromisoformat(cells[position]).astimezone(UTC)
        cells[position] = connection.ops.adapt_datetimefield_value(paid_at)
        for number in ("amount", "power_va", "kogol"):
            cells[COLUMNS.index(number)] = int(cells[COLUMNS.index(number)])
        yield cells


# --- Questions to the staged lines -----------------------------------------------------------------


def group(unit: Unit) -> None:
    """Count the staged lines once, by all that is checked and charted per group."""
    execute("DROP TABLE IF EXISTS staged_groups")
    on_commit = " ON COMMIT DROP" if connection.vendor == "postgresql" else ""
    paid_on = PAID_ON[connection.vendor]
    execute(
        f"CREATE TEMP TABLE staged_groups{on_commit} AS "  # noqa: S608
        f"SELECT period, unit_code, tariff, kogol, kind, {paid_on} AS paid_on,"
        " count(*) AS payments, sum(amount) AS amount FROM staged GROUP BY 1, 2, 3, 4, 5, 6",
        [_zone(unit)],
    )


def _zone(unit: Unit) -> str:
    if connection.vendor == "postgresql":
        return unit.time_zone
    offset = datetime(2021, 1, 1, tzinfo=unit.zone).utcoffset()
    return f"+{int(offset.total_seconds() // 3600) if offset else 0} hours"


def unknown_values(column: str, known: Iterable[Any]) -> list[Any]:
    """The values of a grouped column that are not among the known ones."""
    known = set(known)
    return [value for (value,) in rows(f"SELECT DISTINCT {column} FROM staged_groups") if value not in known]  # noqa: S608


def lines_with(column: str, values: list[Any]) -> list[int]:
    marks = ", ".join(["%s"] * len(values))
    return _numbers(f"SELECT row_number FROM staged s WHERE {column} IN ({marks})", values)  # noqa: S608


def lines_of_strangers() -> list[int]:
    """Lines whose IDPEL is no customer's."""
    return _numbers(
        "SELECT row_number FROM staged s WHERE NOT EXISTS"
        " (SELECT 1 FROM customers_customer c WHERE c.idpel = s.idpel)"
    )


def repeated_lines() -> list[int]:
    """Lines that say again what an earlier line of the file says."""
    key = ", ".join(KEY)
    return _numbers(
        f"SELECT row_number FROM (SELECT row_number, row_number() OVER"  # noqa: S608
        f" (PARTITION BY {key} ORDER BY row_number) AS time FROM staged) s WHERE time > 1"
    )


def known_lines(replaced_id: int | None) -> list[int]:
    """Lines that an earlier file said, other than the one that is being replaced."""
    return _numbers(
        f"SELECT row_number FROM staged s JOIN programs_payment p ON {SAME_KEY}"  # noqa: S608
        " WHERE p.payment_import_id <> %s",
        [replaced_id or 0],
    )


def orphaned_reversals(replaced_id: int | None) -> list[int]:
    """Reversals of payments that nobody made."""
    same = "x.idpel = s.idpel AND x.period = s.period AND x.reference = s.reference AND x.kind = 'PAYMENT'"
    return _numbers(
        f"SELECT row_number FROM staged s WHERE kind = 'REVERSAL'"  # noqa: S608
        f" AND NOT EXISTS (SELECT 1 FROM staged x WHERE {same})"
        f" AND NOT EXISTS (SELECT 1 FROM programs_payment x WHERE {same} AND x.payment_import_id <> %s)",
        [replaced_id or 0],
    )


def has_reversals() -> bool:
    return bool(rows("SELECT 1 FROM staged_groups WHERE kind = 'REVERSAL' LIMIT 1"))


def _numbers(sql: str, params: Iterable[Any] = ()) -> list[int]:
    found = rows(f"{sql} ORDER BY 1 LIMIT {MOST_REPORTED}", params)
    return [number for (number,) in found]


# --- Writing ---------------------------------------------------------------------------------------


def write_payments(import_id: int) -> int:
    """Copy the staged lines of known customers into the payments, in the order of their key.

    In key order neighbours in the index are written together, which is several times faster than in the
    order of the file.
    """
    columns = ", ".join(f"s.{name}" for name in COLUMNS)
    return execute(
        f"INSERT INTO programs_payment ({COLUMN_LIST}, payment_import_id)"  # noqa: S608
        f" SELECT {columns}, %s FROM staged s JOIN customers_customer c ON c.idpel = s.idpel"
        " ORDER BY s.idpel, s.period, s.reference, s.kind",
        [import_id],
    )


def write_days(import_id: int) -> None:
    """Keep what the charts draw: payments per bill month, unit and local day."""
    execute(
        "INSERT INTO programs_paymentday"  # noqa: S608
        " (payment_import_id, period, unit_code, day, payments, amount)"
        f" SELECT %s, period, unit_code, {DAY[connection.vendor]}, sum(payments), sum(amount)"
        " FROM staged_groups WHERE kind = 'PAYMENT' GROUP BY 2, 3, 4",
        [import_id],
    )


def drop() -> None:
    execute("DROP TABLE IF EXISTS staged")
    execute("DROP TABLE IF EXISTS staged_groups")
