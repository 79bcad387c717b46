"""Drafting, checking and publishing the matrix; and which one rules."""

from __future__ import annotations

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from allocation import rules
from allocation.models import AllocationMatrix, AllocationRow, MatrixStatus, refuse_published
from common.errors import Conflict, Forbidden, Invalid
from units import authority
from units.models import User
from units.powers import Power

ROW_FIELDS = (
    "phase",
    "availability",
    "transaction",
    "current_phase",
    "current_product",
    "prabayar_min",
    "prabayar_max",
    "pascabayar_min",
    "pascabayar_max",
)
RANGE_FIELDS = ROW_FIELDS[5:]


class NoMatrix(Invalid):
    """No matrix was in force on that day."""

    code = "no_matrix"


class MatrixIncomplete(Invalid):
    """Some combination has no row, several rows, or a range that makes no sense."""

    code = "matrix_incomplete"


class SamePerson(Forbidden):
    """Who drafted a matrix does not publish it."""

    code = "same_person"


class DayTaken(Conflict):
    """Another published matrix begins on that day."""

    code = "matrix_day_taken"


def rows_in_force(on: date) -> list[AllocationRow]:
    """The 30 rows that rule on `on`, each with its matrix. One query.

    Raises:
        NoMatrix: the first matrix begins later.
    """
    rows = list(AllocationRow.objects.ruling(on))
    if not rows:
        raise NoMatrix(_("No allocation matrix was in force on that day."), field="on")
    return rows


def matrix_in_force(on: date) -> AllocationMatrix:
    """The published matrix that rules on `on`.

    Raises:
        NoMatrix: the first matrix begins later.
    """
    return rows_in_force(on)[0].matrix


@transaction.atomic
def draft_matrix(
    *, source: AllocationMatrix, effective_on: date, source_letter: str, by: User, at: datetime
) -> AllocationMatrix:
    """A new draft with the rows of `source`, for somebody to edit and somebody else to publish.

    Raises:
        Forbidden: `by` may not draft a matrix.
        Invalid: no source letter.
    """
    authority.require(user=by, power=Power.DRAFT_MATRIX)
    matrix = AllocationMatrix(
        version=_next_version(),
        effective_on=effective_on,
        source_letter=source_letter.strip(),
        drafted_by=by,
        drafted_at=at,
    )
    if not matrix.source_letter:
        raise Invalid(_("Name the letter that the matrix rests on."), field="source_letter")
    matrix.save()
    copies = [AllocationRow(matrix=matrix, **_values(row)) for row in source.rows.all()]
    AllocationRow.objects.bulk_create(copies)
    return matrix


def _next_version() -> int:
    """One more than the newest; two drafts at once wait for each other."""
    list(AllocationMatrix.objects.select_for_update().order_by("pk"))
    return (AllocationMatrix.objects.aggregate(newest=Max("version"))["newest"] or 0) + 1


def _values(row: AllocationRow) -> dict[str, object]:
    return {name: getattr(row, name) for name in ROW_FIELDS}


@transaction.atomic
def edit_row(*, row: AllocationRow, by: User, ranges: dict[str, int | None]) -> AllocationRow:
    """Set the ranges of one row of a draft: some of `prabayar_min`, `…_max`, `pascabayar_min`, `…_max`.

    Raises:
        Forbidden: `by` may not draft a matrix.
        MatrixIsPublished: the row belongs to a published matrix.
        ValidationError: the range makes no sense.
    """
    authority.require(user=by, power=Power.DRAFT_MATRIX)
    _lock_draft(row.matrix_id)
    row = AllocationRow.objects.get(pk=row.pk)
    for name in RANGE_FIELDS:
        setattr(row, name, ranges.get(name, getattr(row, name)))
    row.full_clean(exclude=["matrix"])
    row.save()
    return row


@transaction.atomic
def publish_matrix(*, matrix: AllocationMatrix, by: User, at: datetime) -> AllocationMatrix:
    """Put a draft in force from its effective date on; it never changes afterwards.

    Raises:
        Forbidden: `by` may not publish a matrix.
        SamePerson: `by` drafted it.
        MatrixIsPublished: it was published before, perhaps a moment ago by somebody else.
        MatrixIncomplete: see `shortcomings`.
        Invalid: the effective date lies in the past; answers that were given would change.
        DayTaken: another published matrix begins on that day.
    """
    authority.require(user=by, power=Power.PUBLISH_MATRIX)
    matrix = _lock_draft(matrix.pk)
    if matrix.drafted_by_id == by.pk:
        raise SamePerson(_("Another person must publish what you drafted."))
    if problems := shortcomings(matrix):
        raise MatrixIncomplete(" ".join(problems))
    if matrix.effective_on < timezone.localdate(at):
        raise Invalid(_("The effective date lies in the past."), code="in_the_past", field="effective_on")
    return seal(matrix=matrix, by=by, at=at)


def seal(*, matrix: AllocationMatrix, by: User | None, at: datetime) -> AllocationMatrix:
    """Mark a complete draft as published. Callers have made sure that it may be."""
    matrix.status = MatrixStatus.PUBLISHED
    matrix.published_by = by
    matrix.published_at = at
    matrix.digest = rules.digest(matrix.rows.all())
    try:
        with transaction.atomic():
            matrix.save()
    except IntegrityError as error:
        raise DayTaken(_("Another published matrix begins on that day."), field="effective_on") from error
    return matrix


def shortcomings(matrix: AllocationMatrix) -> list[str]:
    """Why the matrix cannot be published yet, in words; empty when it can."""
    rows = list(matrix.rows.all())
    found = (
        (_("No row for: %(rows)s."), rules.missing(rows)),
        (_("More than one row, or none such: %(rows)s."), rules.superfluous(rows)),
        (_("The range makes no sense: %(rows)s."), rules.unsound(rows)),
    )
    return [text % {"rows": ", ".join(map(_name, keys[:5]))} for text, keys in found if keys]


def _name(key: rules.Key) -> str:
    return " ".join(str(part) for part in key if part)


def _lock_draft(pk: int) -> AllocationMatrix:
    """The draft, locked until the commit; rows are edited and a matrix is published one at a time."""
    matrix = AllocationMatrix.objects.select_for_update().get(pk=pk)
    refuse_published(pk)
    return matrix
