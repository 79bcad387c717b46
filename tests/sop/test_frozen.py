"""Published versions are immutable, in the database too."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, transaction

from sop.models import Procedure, SopDocument, SopRegion, SopVersion

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def published(jakarta):
    document = SopDocument.objects.create(slug="contoh", title="Contoh", owner_unit=jakarta)
    version = SopVersion.objects.create(
        document=document, number=1, title="Contoh", dated_on=NOW.date(), valid_from=NOW.date()
    )
    SopRegion.objects.create(version=version, unit=jakarta, effective_from=NOW.date())
    Procedure.objects.create(version=version, slug="contoh", title="Contoh", source="x")
    SopVersion.objects.filter(pk=version.pk).update(status="PUBLISHED", published_at=NOW, digest="d")
    return version


@pytest.mark.parametrize(
    "change", [{"text": "x"}, {"title": "x"}, {"valid_from": date(2020, 1, 1)}, {"status": "DRAFT"}]
)
def test_the_database_refuses_to_change_a_published_version(published, change):
    with pytest.raises(IntegrityError), transaction.atomic():
        SopVersion.objects.filter(pk=published.pk).update(**change)

    assert SopVersion.objects.get(pk=published.pk).text == ""


def test_the_database_refuses_to_delete_a_published_version(published):
    with pytest.raises(IntegrityError), transaction.atomic():
        SopVersion.objects.filter(pk=published.pk)._raw_delete("default")

    assert SopVersion.objects.filter(pk=published.pk).exists()


@pytest.mark.parametrize("model", [SopRegion, Procedure])
def test_the_database_refuses_to_delete_what_belongs_to_a_published_version(published, model):
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.filter(version=published)._raw_delete("default")

    assert model.objects.filter(version=published).exists()


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (SopRegion, {"effective_from": date(2020, 1, 1)}),
        (Procedure, {"source": "lain"}),
        (Procedure, {"compiled": {"steps": {}}}),
        (Procedure, {"slug": "lain"}),
    ],
)
def test_the_database_refuses_to_change_what_belongs_to_a_published_version(published, model, change):
    before = model.objects.filter(version=published).values().get()

    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.filter(version=published).update(**change)

    assert model.objects.filter(version=published).values().get() == before


def test_nothing_is_added_to_a_published_version(published):
    with pytest.raises(IntegrityError), transaction.atomic():
        Procedure.objects.create(version=published, slug="lain", title="Lain", source="x")

    assert published.procedures.count() == 1


def test_a_published_version_may_be_ended_and_withdrawn_but_not_revived(published):
    rows = SopVersion.objects.filter(pk=published.pk)

    rows.update(valid_until=date(2026, 5, 1))
    rows.update(status="WITHDRAWN", withdrawn_at=NOW, withdrawal_reason="selesai")

    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(status="PUBLISHED")
    assert rows.get().status == "WITHDRAWN"
