"""Payments straight into their table, then checked there as a whole; what fails is rolled back.

COPY writes many rows at a time, which no INSERT … SELECT from a staging table does: checking in place is
what keeps an import near the speed of a bare `\\copy` (docs/decisions/0012).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from programs.services.bulk_sql import execute, pour, rows


@dataclass(frozen=True)
class Landed:
    """The payments that one import has written, and where in the table they begin."""

    import_id: int
    count: int
    first_page: int

    @property
    def place(self) -> str:
        """A condition that lets PostgreSQL pass over what was there before. It may miss rows: count them."""
        is_postgresql = connection.vendor == "postgresql"
        return f"p.ctid >= '({self.first_page},0)'::tid" if is_postgresql else "1 = 1"


def land(blocks: Iterator[bytes], import_id: int) -> Landed:
    """Write the payments of one import.

    Raises:
        IntegrityError: a line says again what this or another file said.
    """
    first_page = 0
    if connection.vendor == "postgresql":
        [(pages,)] = rows(
            "SELECT pg_relation_size('programs_payment') / current_setting('block_size')::integer"
        )
        first_page = max(pages - 1, 0)
    count = pour(blocks, table="programs_payment", import_id=import_id)
    return Landed(import_id, count, first_page)


def has_strangers(landed: Landed) -> bool:
    """Whether an IDPEL is no customer's."""
    if connection.vendor == "postgresql":
        # The planner cannot know yet how many rows have just come: a look-up for each would take minutes.
        execute("SET LOCAL enable_nestloop = off")
    seen, known = _count_known(landed, landed.place)
    if seen != landed.count:  # some lie in gaps that deleted rows left
        _, known = _count_known(landed, "1 = 1")
    if connection.vendor == "postgresql":
        execute("SET LOCAL enable_nestloop = on")
    return known != landed.count


def _count_known(landed: Landed, place: str) -> tuple[int, int]:
    """How many payments are found at `place`, and how many of them are a customer's."""
    [counts] = rows(
        "SELECT count(*), count(c.idpel) FROM programs_payment p"  # noqa: S608
        " LEFT JOIN customers_customer c ON c.idpel = p.idpel"
        f" WHERE p.payment_import_id = %s AND {place}",
        [landed.import_id],
    )
    return counts[0], counts[1]


def has_orphans(landed: Landed) -> bool:
    """Whether a reversal takes back a payment that nobody made."""
    return bool(
        rows(
            "SELECT 1 FROM programs_payment r WHERE payment_import_id = %s AND kind = 'REVERSAL'"
            " AND NOT EXISTS (SELECT 1 FROM programs_payment p WHERE p.idpel = r.idpel"
            " AND p.period = r.period AND p.reference = r.reference AND p.kind = 'PAYMENT') LIMIT 1",
            [landed.import_id],
        )
    )
