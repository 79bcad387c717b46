"""From a draft to what rules: review, publication by a second person, end, withdrawal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from common.errors import Conflict, Forbidden, Invalid
from sop.models import Procedure, SopDocument, SopRegion, SopVersion, VersionStatus
from sop.rules.compiler import compile_procedure
from sop.rules.scripts import lines_of
from sop.rules.source import Problem
from sop.services import library
from sop.services.documents import VERSION_FIELDS, lock_draft, lock_version
from units.models import User
from units.powers import Power

FOREVER = date.max
MAX_NAMED = 20
CONTENT = tuple(name for name in VERSION_FIELDS if name != "valid_until")


class NotInReview(Conflict):
    """The version is not in review: not submitted yet, or somebody else decided first."""

    code = "not_in_review"


class NotPublished(Conflict):
    """Only a published version is ended or withdrawn."""

    code = "not_published"


class SamePerson(Forbidden):
    """Who wrote a version does not approve it."""

    code = "same_person"


class Incomplete(Invalid):
    """Something that every published SOP has is missing."""

    code = "incomplete"


class RegionsOverlap(Conflict):
    """Another version applies at the same unit in the same time."""

    code = "regions_overlap"


class Unsound(Invalid):
    """The procedures have problems; `problems` names each with its line."""

    code = "procedures_unsound"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [f"{it.procedure} {it}".strip() for it in self.problems[:MAX_NAMED]]
        super().__init__(" ".join([_("The procedures have problems."), *lines]))


# --- Review ---------------------------------------------------------------------------------------


@transaction.atomic
def submit_version(*, version: SopVersion, by: User, at: datetime) -> SopVersion:
    """Hand a draft over for review.

    Raises:
        Forbidden, NotTheAuthor, NotADraft: only its author does, and only a draft.
        Incomplete, Unsound: what a reviewer need not look at yet.
    """
    row = lock_draft(version, by, at)
    _refuse_incomplete(row)
    _refuse_unsound(row)
    row.status, row.submitted_at = VersionStatus.IN_REVIEW, at
    row.save()
    return row


@transaction.atomic
def take_back(*, version: SopVersion, by: User, at: datetime) -> SopVersion:
    """Make a version in review a draft again; its author may, and whoever may approve it.

    Raises:
        Forbidden: `by` is neither.
        NotInReview: it is no longer in review.
    """
    power = Power.AUTHOR_SOP if version.author_id == by.pk else Power.APPROVE_SOP
    row = lock_version(version, power, by, at)
    _require_review(row)
    row.status, row.submitted_at = VersionStatus.DRAFT, None
    row.save()
    return row


@transaction.atomic
def publish_version(*, version: SopVersion, by: User, at: datetime) -> SopVersion:
    """Approve a version in review and put it in force from its dates on. It never changes afterwards.

    Where it names the version that it supersedes, it rules in the same regions from its own later day on;
    any other overlap is refused.

    Raises:
        Forbidden: `by` approves no SOPs for the document's unit.
        SamePerson: `by` wrote it.
        NotInReview: somebody else decided first, or it was not submitted.
        Incomplete, Unsound, RegionsOverlap: what keeps it from being published, with the places.
    """
    row = lock_version(version, Power.APPROVE_SOP, by, at)
    SopDocument.objects.select_for_update().get(pk=row.document_id)
    _require_review(row)
    if row.author_id == by.pk:
        raise SamePerson(_("Another person must approve what you wrote."))
    return seal(version=row, by=by, at=at)


def _require_review(row: SopVersion) -> None:
    if row.status == VersionStatus.DRAFT:
        raise NotInReview(_("This version has not been submitted for review."))
    if row.is_sealed:
        raise NotInReview(_("Somebody else has already decided about this version."))


def seal(*, version: SopVersion, by: User | None, at: datetime) -> SopVersion:
    """Check a version as publishing does, compile its procedures with the names of today, and freeze it.

    Raises:
        Incomplete, Unsound, RegionsOverlap: see `publish_version`.
    """
    _refuse_incomplete(version)
    _refuse_unsound(version)
    if clashes := list(overlaps(version)):
        named = ", ".join(dict.fromkeys(f"{it.version.reference} ({it.unit})" for it in clashes))
        raise RegionsOverlap(_("In the same region another version applies: %(named)s.") % {"named": named})
    known = library.vocabulary(version)
    procedures = list(version.procedures.all())
    for procedure in procedures:
        library.apply_compiled(procedure, compile_procedure(procedure.source, known))
        procedure.save()
    version.scripts = "\n".join(line for it in procedures for line in lines_of(it.compiled))
    version.status, version.approver, version.published_at = VersionStatus.PUBLISHED, by, at
    version.digest = digest(version)
    version.save()
    return version


def _refuse_incomplete(row: SopVersion) -> None:
    if not row.text.strip():
        raise Incomplete(_("The text is missing."), field="text")
    if not row.regions.exists():
        raise Incomplete(_("Name at least one unit where it applies."), field="regions")
    early = row.regions.filter(effective_from__lt=row.valid_from).select_related("unit").first()
    if early is not None:
        words = {"unit": early.unit, "day": row.valid_from.isoformat()}
        raise Incomplete(_("%(unit)s begins before the version itself (%(day)s).") % words, field="regions")


def _refuse_unsound(row: SopVersion) -> None:
    if problems := [*_foreign_names(row), *library.problems_of(row)]:
        raise Unsound(problems)


def _foreign_names(row: SopVersion) -> Iterator[Problem]:
    """Procedures named like one of another document: which of the two would run would be chance."""
    own = row.procedures.values_list("slug", flat=True)
    others = Procedure.objects.filter(version__status=VersionStatus.PUBLISHED, slug__in=list(own))
    for other in others.exclude(version__document=row.document_id).select_related("version__document"):
        message = _("%(sop)s has a procedure of this name.") % {"sop": other.version.document.slug}
        yield Problem(1, message, procedure=other.slug)


def digest(version: SopVersion) -> str:
    """Names the content of a version: its fields, regions and procedures."""
    content: dict[str, Any] = {name: str(getattr(version, name)) for name in CONTENT}
    regions = version.regions.order_by("unit__code", "effective_from")
    content["regions"] = [
        [code, start.isoformat(), str(end)]
        for code, start, end in regions.values_list("unit__code", "effective_from", "effective_until")
    ]
    content["procedures"] = dict(version.procedures.order_by("slug").values_list("slug", "source"))
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


# --- One answer for every unit and day ------------------------------------------------------------


def overlaps(version: SopVersion) -> Iterator[SopRegion]:
    """Regions of other published versions of the document that share a unit and a day with `version`.

    Those of the versions that it supersedes, directly or not, are none where they begin earlier: from its
    own first day on the newer one rules.
    """
    replaced = _superseded_by(version)
    others = SopRegion.objects.filter(
        version__document=version.document_id, version__status=VersionStatus.PUBLISHED
    ).select_related("version__document", "unit")
    theirs = list(others.exclude(version=version.pk))
    for own in version.regions.all():
        own.version = version
        for other in theirs:
            is_replaced = other.version_id in replaced and other.effective_from < own.effective_from
            if other.unit_id == own.unit_id and not is_replaced and _share_a_day(own, other):
                yield other


def _superseded_by(version: SopVersion) -> set[int]:
    earlier = dict(SopVersion.objects.filter(document=version.document_id).values_list("pk", "supersedes"))
    found: set[int] = set()
    current = version.supersedes_id
    while current is not None and current not in found:
        found.add(current)
        current = earlier.get(current)
    return found


def _share_a_day(one: SopRegion, other: SopRegion) -> bool:
    (start, end), (their_start, their_end) = _days(one), _days(other)
    return start <= their_end and their_start <= end


def _days(region: SopRegion) -> tuple[date, date]:
    """First and last day on which a version applies at a region."""
    version = region.version
    ends = [it for it in (region.effective_until, version.valid_until) if it is not None]
    return max(region.effective_from, version.valid_from), min(ends, default=FOREVER)


# --- End ------------------------------------------------------------------------------------------


@transaction.atomic
def end_version(*, version: SopVersion, last_day: date, by: User, at: datetime) -> SopVersion:
    """Let a published version rule until `last_day` inclusive. Days that have passed keep their answer.

    Raises:
        Forbidden: `by` approves no SOPs for the document's unit.
        NotPublished: it does not rule.
        Invalid: the day, or the end it had, lies before yesterday.
    """
    row = lock_version(version, Power.APPROVE_SOP, by, at)
    _require_published(row)
    yesterday = row.document.owner_unit.local_date(at) - timedelta(days=1)
    if last_day < max(yesterday, row.valid_from) or (row.valid_until and row.valid_until < yesterday):
        raise Invalid(_("Days that have passed keep their answer."), code="in_the_past", field="last_day")
    row.valid_until = last_day
    row.save(update_fields=["valid_until"])
    return row


@transaction.atomic
def withdraw_version(*, version: SopVersion, reason: str, by: User, at: datetime) -> SopVersion:
    """Take a published version out of force from today on, for a reason. Earlier days keep their answer.

    Raises:
        Forbidden: `by` approves no SOPs for the document's unit.
        NotPublished: it does not rule, perhaps since a moment ago.
        Invalid: no reason.
    """
    row = lock_version(version, Power.APPROVE_SOP, by, at)
    _require_published(row)
    if not reason.strip():
        raise Invalid(_("Say why."), code="reason_missing", field="reason")
    row.status, row.withdrawn_at, row.withdrawn_by = VersionStatus.WITHDRAWN, at, by
    row.withdrawal_reason = reason.strip()[:500]
    row.save(update_fields=["status", "withdrawn_at", "withdrawn_by", "withdrawal_reason"])
    return row


def _require_published(row: SopVersion) -> None:
    if row.status != VersionStatus.PUBLISHED:
        raise NotPublished(_("Only a published version can be ended or withdrawn."))
