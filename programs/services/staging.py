"""Which lines of a refused payment file are to blame.

The file is read again, into a temporary table with line numbers. It belongs to one connection and is gone
with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import connection

from programs.services.bulk_sql import COLUMN_LIST, execute, pour, rows
from programs.services.payment_file import MOST_REPORTED

KEY = ("idpel", "period", "reference", "kind")
SAME_KEY = " AND ".join(f"p.{name} = s.{name}" for name in KEY)

POSTGRESQL_TABLE = """
CREATE TEMP TABLE staged (
    idpel varchar(12), period varchar(7), paid_at timestamptz, amount bigint, product varchar(10),
    tariff varchar(6), power_va integer, kogol smallint, unit_code varchar(12), reference varchar(32),
    kind varchar(8), row_number bigserial
) ON COMMIT DROP
"""
SQLITE_TABLE = f"CREATE TEMP TABLE staged ({COLUMN_LIST}, row_number integer PRIMARY KEY)"


def stage(blocks: Iterator[bytes]) -> None:
    """Put the good lines of a file into a new staging table, numbered from 1."""
    execute("DROP TABLE IF EXISTS staged")
    execute(POSTGRESQL_TABLE if connection.vendor == "postgresql" else SQLITE_TABLE)
    pour(blocks, table="staged")


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


def _numbers(sql: str, params: Iterable[Any] = ()) -> list[int]:
    found = rows(f"{sql} ORDER BY 1 LIMIT {MOST_REPORTED}", params)
    return [number for (number,) in found]
