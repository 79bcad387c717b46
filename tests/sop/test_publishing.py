"""From a draft to what rules: who may, what is refused, and that a published version never changes."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from common.errors import DomainError, Forbidden
from sop.models import SopDocument, SopVersion
from sop.services import documents, publishing, reading
from sop.services.documents import Region
from tests.racing import at_once
from tests.sop.conftest import JAKARTA, PADAM, ruling
from units.powers import Role

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 9, tzinfo=JAKARTA)
TODAY = NOW.date()


@pytest.fixture
def document(sop_author, unit):
    return documents.create_document(
        slug="contoh", title="Contoh", owner_unit=unit("PLN Pusat"), by=sop_author, at=NOW
    )


@pytest.fixture
def draft(document, sop_author, unit):
    """A draft with a text, a region and a sound procedure."""

    def make(at="PLN Pusat", *, effective_from=TODAY, source=None, procedure=PADAM, **fields):
        fields = {"text": "Isi SOP.", "valid_from": effective_from} | fields
        version = documents.draft_version(document=document, by=sop_author, at=NOW, source=source, **fields)
        regions = [Region(unit(at), effective_from)]
        documents.set_regions(version=version, regions=regions, by=sop_author, at=NOW)
        if procedure and not source:
            documents.save_procedure(version=version, source=procedure, by=sop_author, at=NOW)
        return version

    return make


@pytest.fixture
def publish(draft, sop_author, sop_approver):
    def make(*args, **fields):
        version = draft(*args, **fields)
        publishing.submit_version(version=version, by=sop_author, at=NOW)
        return publishing.publish_version(version=version, by=sop_approver, at=NOW)

    return make


def status_of(version):
    return SopVersion.objects.get(pk=version.pk).status


# --- The way to being published -------------------------------------------------------------------


def test_a_draft_is_submitted_approved_by_another_and_rules(publish, document, menteng, sop_approver):
    version = publish()

    assert (version.status, version.approver) == ("PUBLISHED", sop_approver)
    assert version.procedures.get().compiled["slug"] == "padam"
    assert "selamat Pagi/Siang/Sore/Malam" in version.scripts
    assert ruling(document, menteng, TODAY) == version


def test_nobody_approves_what_they_wrote(draft, appoint, document):
    both = appoint("writes_and_approves", Role.BACK_OFFICE, "PLN Pusat")
    version = documents.draft_version(document=document, by=both, at=NOW, source=draft())
    documents.set_regions(version=version, regions=[Region(document.owner_unit, TODAY)], by=both, at=NOW)
    publishing.submit_version(version=version, by=both, at=NOW)

    with pytest.raises(publishing.SamePerson):
        publishing.publish_version(version=version, by=both, at=NOW)

    assert status_of(version) == "IN_REVIEW"


def test_only_the_author_edits_a_draft(draft, appoint):
    version = draft()
    other = appoint("other_author", Role.SOP_AUTHOR, "PLN Pusat")

    with pytest.raises(documents.NotTheAuthor):
        documents.edit_version(version=version, changes={"text": "Lain."}, by=other, at=NOW)

    assert SopVersion.objects.get(pk=version.pk).text == "Isi SOP."


@pytest.mark.parametrize("who", ["agent", "supervisor", "manager_menteng", "sop_author"])
def test_only_an_approver_publishes(draft, sop_author, anyone, who):
    version = draft()
    publishing.submit_version(version=version, by=sop_author, at=NOW)

    with pytest.raises(Forbidden):
        publishing.publish_version(version=version, by=anyone(who), at=NOW)

    assert status_of(version) == "IN_REVIEW"


def test_an_approver_of_one_region_does_not_approve_for_the_whole_country(draft, sop_author, appoint):
    version = draft()
    publishing.submit_version(version=version, by=sop_author, at=NOW)
    regional = appoint("approver_jakarta", Role.SOP_APPROVER, "UID Jakarta Raya")

    with pytest.raises(Forbidden):
        publishing.publish_version(version=version, by=regional, at=NOW)


@pytest.mark.parametrize("who", ["agent", "sop_approver", "manager_menteng"])
def test_only_an_author_drafts(document, anyone, who):
    with pytest.raises(Forbidden):
        documents.draft_version(document=document, by=anyone(who), at=NOW)

    assert not document.versions.exists()


def test_a_draft_that_was_not_submitted_is_not_published(draft, sop_approver):
    with pytest.raises(publishing.NotInReview):
        publishing.publish_version(version=draft(), by=sop_approver, at=NOW)


def test_a_version_in_review_is_not_edited_until_it_is_taken_back(draft, sop_author):
    version = draft()
    publishing.submit_version(version=version, by=sop_author, at=NOW)

    with pytest.raises(documents.NotADraft):
        documents.edit_version(version=version, changes={"text": "Lain."}, by=sop_author, at=NOW)
    publishing.take_back(version=version, by=sop_author, at=NOW)
    documents.edit_version(version=version, changes={"text": "Lain."}, by=sop_author, at=NOW)

    assert SopVersion.objects.get(pk=version.pk).text == "Lain."


def test_an_approver_sends_a_version_back(draft, sop_author, sop_approver):
    version = draft()
    publishing.submit_version(version=version, by=sop_author, at=NOW)

    publishing.take_back(version=version, by=sop_approver, at=NOW)

    assert status_of(version) == "DRAFT"


def test_the_second_of_two_approvers_is_told(publish, appoint):
    version = publish()

    second = appoint("second_approver", Role.SOP_APPROVER, "PLN Pusat")

    with pytest.raises(publishing.NotInReview):
        publishing.publish_version(version=version, by=second, at=NOW)


@pytest.mark.django_db(transaction=True)
def test_two_approvers_at_the_same_time_publish_once(draft, sop_author, sop_approver, appoint):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one connection write at a time")
    version = draft()
    publishing.submit_version(version=version, by=sop_author, at=NOW)
    people = [sop_approver, appoint("second_approver", Role.SOP_APPROVER, "PLN Pusat")]

    def approve(number):
        try:
            publishing.publish_version(version=version, by=people[number], at=NOW)
        except DomainError as refusal:
            return refusal.code
        return "published"

    assert sorted(at_once(approve, 2)) == ["not_in_review", "published"]


# --- What is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "line"),
    [
        (PADAM.replace("menyala, label: Masih Menyala, next: tutup", "menyala, label: M, next: nowhere"), 30),
        (PADAM.replace("check: caller_number_kind", "check: no_such_check"), 33),
        (PADAM.replace("{nomor_laporan}", "{tidak_ada}"), 54),
        (PADAM + "  buntu: {kind: say, say: a, next: end}\n", 60),
    ],
)
def test_procedures_with_problems_are_refused_with_the_line(draft, sop_author, broken, line):
    version = draft(procedure=broken)

    with pytest.raises(publishing.Unsound) as refusal:
        publishing.submit_version(version=version, by=sop_author, at=NOW)

    assert line in {problem.line for problem in refusal.value.problems}
    assert f" {line}: " in refusal.value.message
    assert status_of(version) == "DRAFT"


def test_the_name_of_a_procedure_belongs_to_one_document(draft, sop_author):
    version = draft(procedure=PADAM.replace("slug: padam", "slug: periksa"))

    with pytest.raises(publishing.Unsound, match="periksa"):
        publishing.submit_version(version=version, by=sop_author, at=NOW)


def test_a_version_without_text_is_refused(draft, sop_author):
    with pytest.raises(publishing.Incomplete):
        publishing.submit_version(version=draft(text=" "), by=sop_author, at=NOW)


def test_a_version_that_applies_nowhere_is_refused(draft, sop_author):
    version = draft()
    documents.set_regions(version=version, regions=[], by=sop_author, at=NOW)

    with pytest.raises(publishing.Incomplete):
        publishing.submit_version(version=version, by=sop_author, at=NOW)


def test_a_region_does_not_begin_before_its_version(draft, sop_author, menteng):
    version = draft()
    early = [Region(menteng, TODAY - timedelta(days=1))]
    documents.set_regions(version=version, regions=early, by=sop_author, at=NOW)

    with pytest.raises(publishing.Incomplete):
        publishing.submit_version(version=version, by=sop_author, at=NOW)


def test_a_version_that_ends_before_it_begins_is_refused(draft, sop_author):
    version = draft()

    changes = {"valid_until": TODAY - timedelta(days=1)}

    with pytest.raises(ValidationError):
        documents.edit_version(version=version, changes=changes, by=sop_author, at=NOW)


def test_the_short_name_of_a_document_is_given_once(document, sop_author):
    with pytest.raises(documents.SlugTaken):
        documents.create_document(
            slug="contoh", title="Lain", owner_unit=document.owner_unit, by=sop_author, at=NOW
        )

    assert SopDocument.objects.filter(slug="contoh").count() == 1


# --- Overlaps -------------------------------------------------------------------------------------


def test_two_versions_at_the_same_unit_on_the_same_day_are_refused(publish, draft, sop_author, sop_approver):
    publish("UID Jakarta Raya")
    second = draft("UID Jakarta Raya", effective_from=TODAY + timedelta(days=10))
    publishing.submit_version(version=second, by=sop_author, at=NOW)

    with pytest.raises(publishing.RegionsOverlap, match="contoh@1"):
        publishing.publish_version(version=second, by=sop_approver, at=NOW)

    assert status_of(second) == "IN_REVIEW"


def test_a_version_follows_one_that_has_ended(publish, document, jakarta, sop_approver):
    first = publish("UID Jakarta Raya")
    publishing.end_version(version=first, last_day=TODAY + timedelta(days=9), by=sop_approver, at=NOW)
    second = publish("UID Jakarta Raya", effective_from=TODAY + timedelta(days=10))

    found = [ruling(document, jakarta, TODAY + timedelta(days=days)) for days in (-1, 0, 9, 10)]
    assert found == [None, first, first, second]


def test_a_version_takes_over_from_the_one_that_it_supersedes(publish, document, jakarta):
    first = publish("UID Jakarta Raya")
    second = publish("UID Jakarta Raya", effective_from=TODAY + timedelta(days=10), source=first)

    on = [TODAY + timedelta(days=days) for days in (9, 10)]
    assert [ruling(document, jakarta, day) for day in on] == [
        first,
        second,
    ]
    states = [reading.state_of(first, day, reading.ruling_somewhere(day)) for day in on]
    assert states == ["in_force", "superseded"]


def test_a_version_does_not_take_over_on_the_day_its_forerunner_began(
    publish, draft, sop_author, sop_approver
):
    first = publish("UID Jakarta Raya")
    second = draft("UID Jakarta Raya", source=first)
    publishing.submit_version(version=second, by=sop_author, at=NOW)

    with pytest.raises(publishing.RegionsOverlap):
        publishing.publish_version(version=second, by=sop_approver, at=NOW)


def test_the_nearest_region_wins(publish, document, jakarta, menteng, bandung):
    country = publish("PLN Pusat")
    region = publish("UID Jakarta Raya", procedure=PADAM.replace("slug: padam", "slug: padam-jakarta"))

    found = [ruling(document, it, TODAY) for it in (menteng, jakarta, bandung)]
    assert found == [region, region, country]


# --- The end --------------------------------------------------------------------------------------


def test_days_that_have_passed_keep_their_answer(publish, document, menteng, sop_approver):
    version = publish()
    later = NOW + timedelta(days=30)

    last_day = TODAY + timedelta(days=10)

    with pytest.raises(DomainError) as refusal:
        publishing.end_version(version=version, last_day=last_day, by=sop_approver, at=later)

    assert refusal.value.code == "in_the_past"
    assert SopVersion.objects.get(pk=version.pk).valid_until is None


def test_a_withdrawn_version_rules_no_more_from_that_day_on(publish, document, menteng, sop_approver):
    version = publish()
    later = NOW + timedelta(days=30)
    publishing.withdraw_version(version=version, reason="keliru", by=sop_approver, at=later)

    found = [ruling(document, menteng, TODAY + timedelta(days=days)) for days in (29, 30)]
    assert found == [version, None]


def test_a_withdrawal_says_why(publish, sop_approver):
    version = publish()

    with pytest.raises(DomainError) as refusal:
        publishing.withdraw_version(version=version, reason="  ", by=sop_approver, at=NOW)

    assert refusal.value.code == "reason_missing"
    assert status_of(version) == "PUBLISHED"


def test_an_author_neither_ends_nor_withdraws(publish, sop_author):
    version = publish()

    with pytest.raises(Forbidden):
        publishing.withdraw_version(version=version, reason="x", by=sop_author, at=NOW)
    with pytest.raises(Forbidden):
        publishing.end_version(version=version, last_day=TODAY, by=sop_author, at=NOW)

    assert status_of(version) == "PUBLISHED"


# --- Frozen ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["text", "scripts", "title", "digest"])
def test_a_published_version_resists_change_in_the_database(publish, column):
    version = publish()

    with pytest.raises(IntegrityError), transaction.atomic():
        SopVersion.objects.filter(pk=version.pk).update(**{column: "lain"})


def test_a_seed_resists_deletion_in_the_database(publish):
    with pytest.raises(IntegrityError), transaction.atomic():
        SopVersion.objects.filter(document__slug="periksa")._raw_delete("default")

    assert SopVersion.objects.filter(document__slug="periksa").count() == 2


@pytest.mark.parametrize(
    "write",
    [
        lambda version, by: documents.edit_version(version=version, changes={"text": "x"}, by=by, at=NOW),
        lambda version, by: documents.set_regions(version=version, regions=[], by=by, at=NOW),
        lambda version, by: documents.save_procedure(version=version, source=PADAM, by=by, at=NOW),
        lambda version, by: documents.delete_draft(version=version, by=by, at=NOW),
    ],
)
def test_the_services_refuse_to_change_what_is_published(publish, sop_author, write):
    version = publish()

    with pytest.raises(DomainError) as refusal:
        write(version, sop_author)

    assert refusal.value.code == "version_sealed"


def test_a_draft_is_thrown_away_with_all_that_is_in_it(draft, sop_author):
    version = draft()

    documents.delete_draft(version=version, by=sop_author, at=NOW)

    assert not SopVersion.objects.filter(pk=version.pk).exists()


def test_a_new_version_begins_as_a_copy(publish, draft):
    first = publish()

    second = draft(source=first, effective_from=TODAY + timedelta(days=1))

    assert (second.number, second.supersedes, second.text) == (2, first, first.text)
    assert second.procedures.get().source == first.procedures.get().source
    assert first.procedures.count() == 1
