"""Documents and their drafts: who writes what, and what a draft holds until it is published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext as _

from common.errors import Conflict, Forbidden, Invalid
from sop.models import Procedure, SopDocument, SopRegion, SopVersion, VersionStatus
from sop.rules.compiler import Compiled
from sop.services import library
from units.authority import acting_position
from units.models import Unit, User
from units.powers import Power

DOCUMENT_FIELDS = ("title", "tags", "demands_acknowledgement", "review_interval_months")
NAMELESS = "draft"
VERSION_FIELDS = (
    "title",
    "revision",
    "origin",
    "dated_on",
    "text",
    "notes",
    "valid_from",
    "valid_until",
    "supersedes",
)


class SlugTaken(Conflict):
    """Another document has this short name."""

    code = "slug_taken"


class NotADraft(Conflict):
    """Only a draft is edited. Take it back from review first, or draft a new version."""

    code = "not_a_draft"


class NotTheAuthor(Forbidden):
    """A draft is edited by its author only, so that whoever approves it has written none of it."""

    code = "not_the_author"


@dataclass(frozen=True)
class Region:
    """A unit where a version is to apply, with its own effective dates."""

    unit: Unit
    effective_from: date
    effective_until: date | None = None


# --- Documents ------------------------------------------------------------------------------------


@transaction.atomic
def create_document(
    *, slug: str, title: str, owner_unit: Unit, by: User, at: datetime, **fields: Any
) -> SopDocument:
    """A new document without any version yet.

    Raises:
        Forbidden: `by` writes no SOPs for that unit.
        SlugTaken: the short name is in use.
        ValidationError: something is missing or malformed.
    """
    acting_position(user=by, power=Power.AUTHOR_SOP, unit=owner_unit, at=at)
    document = SopDocument(slug=slug, title=title, owner_unit=owner_unit, **fields)
    document.full_clean(validate_unique=False)
    try:
        with transaction.atomic():
            document.save()
    except IntegrityError as error:
        raise SlugTaken(_("Another SOP has this short name."), field="slug") from error
    return document


@transaction.atomic
def change_document(
    *, document: SopDocument, changes: Mapping[str, Any], by: User, at: datetime
) -> SopDocument:
    """Change what a document says about itself: some of title, tags, acknowledgement, review interval.

    Raises:
        Forbidden: `by` writes no SOPs for its unit.
        ValidationError: a value is malformed.
    """
    row = SopDocument.objects.select_for_update().select_related("owner_unit").get(pk=document.pk)
    acting_position(user=by, power=Power.AUTHOR_SOP, unit=row.owner_unit, at=at)
    for name in DOCUMENT_FIELDS:
        setattr(row, name, changes.get(name, getattr(row, name)))
    row.full_clean()
    row.save()
    return row


# --- Drafts ---------------------------------------------------------------------------------------


@transaction.atomic
def draft_version(
    *, document: SopDocument, by: User, at: datetime, source: SopVersion | None = None, **fields: Any
) -> SopVersion:
    """A new draft. With `source` it begins with the text, regions and procedures of that version.

    Raises:
        Forbidden: `by` writes no SOPs for the document's unit.
        ValidationError: a field is missing or malformed.
    """
    acting_position(user=by, power=Power.AUTHOR_SOP, unit=document.owner_unit, at=at)
    today = document.owner_unit.local_date(at)
    start = {"title": document.title, "dated_on": today, "valid_from": today}
    draft = SopVersion(document=document, number=_next_number(document), author=by)
    for name, value in (start | _copied(source) | fields).items():
        setattr(draft, name, value)
    draft.full_clean(exclude=["document", "author"])
    draft.save()
    if source is not None:
        _copy_parts(source, draft)
    return draft


def _next_number(document: SopDocument) -> int:
    """One more than the newest; two drafts at once wait for each other."""
    SopDocument.objects.select_for_update().get(pk=document.pk)
    return (document.versions.aggregate(newest=Max("number"))["newest"] or 0) + 1


def _copied(source: SopVersion | None) -> dict[str, Any]:
    if source is None:
        return {}
    copied = {name: getattr(source, name) for name in ("title", "revision", "origin", "text")}
    return copied | ({"supersedes": source} if source.is_sealed else {})


def _copy_parts(source: SopVersion, draft: SopVersion) -> None:
    for unit in dict.fromkeys(region.unit for region in source.regions.select_related("unit")):
        SopRegion.objects.create(version=draft, unit=unit, effective_from=draft.valid_from)
    for row in source.procedures.all():
        row.pk, row.version = None, draft
        row.save(force_insert=True)


@transaction.atomic
def edit_version(*, version: SopVersion, changes: Mapping[str, Any], by: User, at: datetime) -> SopVersion:
    """Change some of a draft's fields (`VERSION_FIELDS`).

    Raises:
        Forbidden, NotTheAuthor: `by` may not write it.
        NotADraft: it is in review or published, perhaps since a moment ago.
        ValidationError: a value is malformed.
    """
    row = lock_draft(version, by, at)
    for name in VERSION_FIELDS:
        setattr(row, name, changes.get(name, getattr(row, name)))
    row.full_clean(exclude=["document", "author"])
    row.save()
    return row


@transaction.atomic
def set_regions(*, version: SopVersion, regions: Sequence[Region], by: User, at: datetime) -> None:
    """Replace the regions of a draft.

    Raises:
        Forbidden, NotTheAuthor, NotADraft: see `edit_version`.
        ValidationError: dates out of order, or a unit twice from the same day.
    """
    row = lock_draft(version, by, at)
    row.regions.all().delete()
    for region in regions:
        made = SopRegion(
            version=row,
            unit=region.unit,
            effective_from=region.effective_from,
            effective_until=region.effective_until,
        )
        made.full_clean(exclude=["version"])
        made.save()


@transaction.atomic
def save_procedure(
    *, version: SopVersion, source: str, by: User, at: datetime, procedure: Procedure | None = None
) -> tuple[Procedure, Compiled]:
    """Keep `source` in a draft, as a new procedure unless one is given; also when it has problems.

    Raises:
        Forbidden, NotTheAuthor, NotADraft: see `edit_version`.
        Invalid: another procedure of this version has that name.
    """
    row = lock_draft(version, by, at)
    kept = procedure or Procedure(version=row, slug=NAMELESS, title=NAMELESS)
    try:
        with transaction.atomic():
            return kept, library.write_procedure(version=row, source=source, procedure=kept)
    except IntegrityError as error:
        message = _("Another procedure of this version has that name.")
        raise Invalid(message, code="name_taken", field="source") from error


@transaction.atomic
def delete_procedure(*, procedure: Procedure, by: User, at: datetime) -> None:
    """Take a procedure out of a draft. Raises as `edit_version`."""
    lock_draft(procedure.version, by, at)
    procedure.delete()


@transaction.atomic
def delete_draft(*, version: SopVersion, by: User, at: datetime) -> None:
    """Throw a draft away, with its files. Raises as `edit_version`."""
    row = lock_draft(version, by, at)
    files = [attachment.file for attachment in row.attachments.all()]
    row.delete()
    transaction.on_commit(lambda: _delete_files(files), robust=True)


def _delete_files(files: Iterable[FieldFile]) -> None:
    for file in files:
        file.storage.delete(str(file.name))


def lock_version(version: SopVersion, power: Power, by: User, at: datetime) -> SopVersion:
    """The row, locked until the commit, for somebody who holds `power` at the document's unit.

    Raises:
        Forbidden: `by` does not.
    """
    row = (
        SopVersion.objects.select_for_update(of=("self",))
        .select_related("document__owner_unit", "supersedes")
        .get(pk=version.pk)
    )
    acting_position(user=by, power=power, unit=row.document.owner_unit, at=at)
    return row


def lock_draft(version: SopVersion, by: User, at: datetime) -> SopVersion:
    """The draft, locked until the commit, for its author.

    Raises:
        Forbidden, NotTheAuthor: somebody else's draft.
        NotADraft: it is one no more.
    """
    row = lock_version(version, Power.AUTHOR_SOP, by, at)
    if row.is_sealed:
        raise library.VersionIsSealed(_("A published version never changes. Make a new one."))
    if row.author_id != by.pk:
        raise NotTheAuthor(_("Only its author edits a draft. Draft a version of your own from it."))
    if row.status != VersionStatus.DRAFT:
        raise NotADraft(_("This version is in review. Take it back to edit it."))
    return row
