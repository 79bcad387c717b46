"""Versions of the matrix: drafted, checked, published by a second person, never changed after."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from allocation.models import AllocationMatrix, AllocationRow, MatrixIsPublished
from allocation.services import matrix, reference
from common.errors import Forbidden, Invalid
from units.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def first() -> AllocationMatrix:
    return AllocationMatrix.objects.get(version=1)


@pytest.fixture
def draft(first: AllocationMatrix, sop_author: User) -> AllocationMatrix:
    return matrix.draft_matrix(
        source=first,
        effective_on=timezone.localdate() + timedelta(days=7),
        source_letter="a letter",
        by=sop_author,
        at=timezone.now(),
    )


@pytest.mark.requirement("R-002-1", "R-002-27")
def test_version_one_is_the_matrix_of_the_letter_in_force_from_26_january_2021(
    first: AllocationMatrix,
) -> None:
    assert first.source_letter == "No.1797/AGA.04.01/B01030103/2021"
    assert matrix.matrix_in_force(date(2021, 1, 26)) == first
    assert first.rows.count() == 30
    with pytest.raises(matrix.NoMatrix):
        matrix.matrix_in_force(date(2021, 1, 25))


def test_loading_it_again_costs_one_query_and_writes_nothing(django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        assert reference.load() == {"allocation matrix": 0}


def test_a_draft_copies_the_rows_and_changes_nothing_in_force(draft: AllocationMatrix) -> None:
    assert draft.version == 2
    assert draft.rows.count() == 30
    assert matrix.matrix_in_force(draft.effective_on).version == 1


def test_what_a_second_person_publishes_rules_from_its_day_on(
    draft: AllocationMatrix, sop_author: User, sop_approver: User
) -> None:
    row = draft.rows.get(phase=1, availability="ALL", transaction="PB")
    matrix.edit_row(row=row, by=sop_author, ranges={"prabayar_max": 7700})
    published = matrix.publish_matrix(matrix=draft, by=sop_approver, at=timezone.now())

    assert published.digest
    assert matrix.matrix_in_force(draft.effective_on) == published
    assert matrix.matrix_in_force(draft.effective_on - timedelta(days=1)).version == 1


def test_nobody_publishes_what_they_drafted(first: AllocationMatrix, back_office: User) -> None:
    own = matrix.draft_matrix(
        source=first,
        effective_on=timezone.localdate(),
        source_letter="a letter",
        by=back_office,
        at=timezone.now(),
    )
    with pytest.raises(matrix.SamePerson):
        matrix.publish_matrix(matrix=own, by=back_office, at=timezone.now())
    own.refresh_from_db()
    assert not own.is_published


@pytest.mark.parametrize("who", ["agent", "manager_menteng", "srm_jakarta", "channel"])
def test_others_neither_draft_nor_edit_nor_publish(anyone, who: str, draft: AllocationMatrix) -> None:
    user, now = anyone(who), timezone.now()
    with pytest.raises(Forbidden):
        matrix.draft_matrix(source=draft, effective_on=now.date(), source_letter="x", by=user, at=now)
    with pytest.raises(Forbidden):
        matrix.edit_row(row=draft.rows.all()[0], by=user, ranges={"prabayar_max": 1})
    with pytest.raises(Forbidden):
        matrix.publish_matrix(matrix=draft, by=user, at=now)
    draft.refresh_from_db()
    assert not draft.is_published
    assert AllocationMatrix.objects.count() == 2


def test_an_incomplete_matrix_is_not_published(draft: AllocationMatrix, sop_approver: User) -> None:
    draft.rows.filter(phase=3, availability="ALL", transaction="PB").delete()
    with pytest.raises(matrix.MatrixIncomplete, match="3 ALL PB"):
        matrix.publish_matrix(matrix=draft, by=sop_approver, at=timezone.now())
    draft.refresh_from_db()
    assert not draft.is_published


def test_a_matrix_does_not_begin_in_the_past_or_on_a_day_taken(
    draft: AllocationMatrix, sop_author: User, sop_approver: User
) -> None:
    now = timezone.now()
    with pytest.raises(Invalid) as refusal:
        matrix.publish_matrix(matrix=draft, by=sop_approver, at=now + timedelta(days=9))
    assert refusal.value.code == "in_the_past"
    matrix.publish_matrix(matrix=draft, by=sop_approver, at=now)
    rival = matrix.draft_matrix(
        source=draft, effective_on=draft.effective_on, source_letter="x", by=sop_author, at=now
    )
    with pytest.raises(matrix.DayTaken):
        matrix.publish_matrix(matrix=rival, by=sop_approver, at=now)
    with pytest.raises(MatrixIsPublished):
        matrix.publish_matrix(matrix=draft, by=sop_approver, at=now)


def test_a_range_that_makes_no_sense_is_refused_at_once(draft: AllocationMatrix, sop_author: User) -> None:
    row = draft.rows.all()[0]
    with pytest.raises(ValidationError):
        matrix.edit_row(row=row, by=sop_author, ranges={"prabayar_min": 900, "prabayar_max": 450})
    assert AllocationRow.objects.get(pk=row.pk).prabayar_max == 11000


def test_a_published_matrix_cannot_be_changed_through_the_model(
    first: AllocationMatrix, sop_author: User
) -> None:
    row = first.rows.all()[0]
    row.prabayar_max = 1
    for change in (row.save, first.save):
        with pytest.raises(MatrixIsPublished):
            change()
    with pytest.raises(MatrixIsPublished):
        matrix.edit_row(row=row, by=sop_author, ranges={"prabayar_max": 1})


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE allocation_allocationmatrix SET effective_on = '2020-01-01'",
        "DELETE FROM allocation_allocationmatrix",
        "UPDATE allocation_allocationrow SET prabayar_max = 1",
        "DELETE FROM allocation_allocationrow",
        """INSERT INTO allocation_allocationrow
           (matrix_id, phase, availability, "transaction", current_product)
           SELECT id, 1, 'X', 'PB', '' FROM allocation_allocationmatrix""",
    ],
)
def test_nor_in_the_database(first: AllocationMatrix, statement: str) -> None:
    before = list(first.rows.values())
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert list(first.rows.values()) == before


@pytest.mark.requirement("R-002-6")
def test_the_rows_in_force_are_read_over_the_api(api, channel, django_assert_num_queries) -> None:
    client = api(channel)
    with django_assert_num_queries(5):
        answer = client.get("/api/v1/allocation/matrix/")

    assert answer.status_code == 200
    assert len(answer.json()["rows"]) == 30
    assert answer.json()["effective_on"] == "2021-01-26"
    assert client.get("/api/v1/allocation/matrix/?on=2021-01-25").json()["code"] == "no_matrix"
    assert client.get("/api/v1/allocation/matrix/?on=yesterday").status_code == 400
    assert client.get("/api/v1/allocation/matrix/?day=2021-01-26").status_code == 400
