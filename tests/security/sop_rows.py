"""A published SOP with a second version, and a call at each of five units, for the permission tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.utils import timezone

from sop.models import Attachment, Call, SopDocument, SopRegion, SopVersion
from sop.services import calls, library
from tickets.models import ProblemType
from units.models import Unit, User

SLUG = "uji-hak-akses"
SOURCE = """
slug: uji-hak-akses
title: Uji hak akses
start: salam
steps:
  salam: {kind: say, say: Selamat pagi, next: listrik}
  listrik:
    kind: choose
    say: Padam atau menyala?
    choices:
      - {value: padam, label: Padam, next: tutup}
      - {value: menyala, label: Menyala, next: tutup}
  tutup:
    kind: outcome
    outcome: ISSUE_CLOSED
    template: {type: issue-closed, problem: LISTRIK MASIH MENYALA}
"""


@dataclass
class SopRows:
    """The document, the attachment of its first version, and by place calls and unpublished documents."""

    document: SopDocument
    attachment: Attachment
    calls: dict[str, Call]
    drafts: dict[str, SopDocument]


def sop_rows(agent: User, units: dict[str, Unit]) -> SopRows:
    """All calls are of one agent, and differ by their site."""
    ProblemType.objects.get_or_create(
        code="issue-closed", defaults={"tab": "GANGGUAN", "name": "Issue closed"}
    )
    document = SopDocument.objects.create(slug=SLUG, title="Uji", owner_unit=units["PLN Pusat"])
    first, second = (_draft(document, number, units["PLN Pusat"]) for number in (1, 2))
    attachment = _attachment(first, agent)
    compiled = library.write_procedure(version=second, source=SOURCE)
    assert compiled.problems == ()
    document.versions.update(status="PUBLISHED", published_at=timezone.now(), digest="x")
    made = {place: _call(agent, unit) for place, unit in units.items()}
    return SopRows(document, attachment, made, dict(_unpublished(units)))


def _unpublished(units: dict[str, Unit]) -> Iterator[tuple[str, SopDocument]]:
    for number, (place, unit) in enumerate(units.items()):
        document = SopDocument.objects.create(slug=f"uji-naskah-{number}", title="Naskah", owner_unit=unit)
        _draft(document, 1, unit)
        yield place, document


def _draft(document: SopDocument, number: int, unit: Unit) -> SopVersion:
    day = f"202{number}-01-01"
    version = SopVersion.objects.create(
        document=document, number=number, title="Uji", dated_on=day, valid_from=day
    )
    SopRegion.objects.create(version=version, unit=unit, effective_from=day)
    return version


def _attachment(version: SopVersion, agent: User) -> Attachment:
    attachment = Attachment(
        version=version,
        file_name="asli.pdf",
        content_type="application/pdf",
        size=5,
        digest="0" * 64,
        uploaded_by=agent,
        uploaded_at=timezone.now(),
    )
    attachment.file.save("asli.pdf", ContentFile(b"%PDF-"), save=False)
    attachment.save()
    return attachment


def _call(agent: User, site: Unit) -> Call:
    call = calls.open_call(opening=calls.Opening(procedure=SLUG), by=agent).call
    Call.objects.filter(pk=call.pk).update(site=site)
    return call
