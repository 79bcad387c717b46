"""The matrix of seed 002, published as version 1."""

from __future__ import annotations

from datetime import date

from django.utils import timezone

from allocation.models import AllocationMatrix, AllocationRow
from allocation.services.matrix import ROW_FIELDS, seal
from units.services.reference_file import ReferenceFile

EFFECTIVE_ON = date(2021, 1, 26)  # R-002-1; "sejak diterimanya SOP ini" (A-002-15)
LETTER = "No.1797/AGA.04.01/B01030103/2021"
TEXT_FIELDS = {"availability", "transaction", "current_product"}


def load() -> dict[str, int]:
    """Publish `fixtures/allocation_matrix.csv` as version 1; answer how many rows were written.

    Nobody drafted or published it: it comes with the portal. What is published stays as it is.
    """
    file = ReferenceFile("allocation_matrix.csv")
    if file.is_loaded():
        return {"allocation matrix": 0}
    with file.loading():
        if AllocationMatrix.objects.exists():
            return {"allocation matrix": 0}
        matrix = AllocationMatrix.objects.create(
            version=1, effective_on=EFFECTIVE_ON, source_letter=LETTER, drafted_at=timezone.now()
        )
        rows = [AllocationRow(matrix=matrix, **read_row(row)) for row in file.rows()]
        AllocationRow.objects.bulk_create(rows)
        seal(matrix=matrix, by=None, at=timezone.now())
    return {"allocation matrix": len(rows)}


def read_row(row: dict[str, str]) -> dict[str, str | int | None]:
    """One line of the file; an upper end of `inf` is none ("s.d. ke atas")."""
    return {name: row[name] if name in TEXT_FIELDS else _number(row[name]) for name in ROW_FIELDS}


def _number(text: str) -> int | None:
    return None if text in ("", "inf") else int(text)
