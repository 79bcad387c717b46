"""The SOPs that come with the portal: `fixtures/sop/<document>/`, published as they stand there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from common.models import ReferenceLoad
from sop.models import SopDocument, SopRegion, SopValue, SopVersion
from sop.services import library
from sop.services.publishing import seal
from units.models import Unit

NAME = "sop"
COPIED = ("revision", "origin", "notes", "dated_on", "valid_from", "valid_until")
DOCUMENT_COPIED = ("title", "tags", "review_interval_months", "demands_acknowledgement")


def load(*, folder: Path | None = None, at: datetime | None = None) -> dict[str, int]:
    """Publish every version in `fixtures/sop` that is not in the database yet; answer how many.

    Nobody wrote or approved them: they come with the portal. What is published stays as it is, and a value
    that people maintain stays theirs.
    """
    folder = folder or settings.BASE_DIR / "fixtures" / "sop"
    digest = _digest(folder)
    if ReferenceLoad.objects.filter(name=NAME, digest=digest).exists():
        return {"SOP versions": 0, "SOP values": 0}
    with transaction.atomic():
        record, _is_new = ReferenceLoad.objects.select_for_update().get_or_create(name=NAME)
        values = _load_values(folder / "values.yaml")
        moment = at or timezone.now()
        versions = sum(_load_document(path, moment) for path in sorted(folder.glob("*/document.yaml")))
        record.digest = digest
        record.save()
    return {"SOP versions": versions, "SOP values": values}


def _digest(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return found.hexdigest()


def _load_values(path: Path) -> int:
    known = set(SopValue.objects.values_list("key", flat=True))
    missing = [row for row in _read(path) if row["key"] not in known]
    for row in missing:
        given = {"default": row["default"], "is_capture_lost": row["lost"], "note": row["note"]}
        SopValue.objects.create(key=row["key"], **given)
    return len(missing)


def _load_document(path: Path, at: datetime) -> int:
    data = _read(path)
    units = {code: Unit.objects.get(code=code) for code in _codes(data)}
    given = {name: data[name] for name in DOCUMENT_COPIED if name in data}
    document, _is_new = SopDocument.objects.get_or_create(
        slug=data["slug"], defaults=given | {"owner_unit": units[str(data["owner"])]}
    )
    missing = [it for it in data["versions"] if not document.versions.filter(number=it["number"]).exists()]
    for version in missing:
        _publish(document, version, units, path.parent, at)
    return len(missing)


def _codes(data: Mapping[str, Any]) -> Iterator[str]:
    yield str(data["owner"])
    for version in data["versions"]:
        yield from (str(region["unit"]) for region in version["regions"])


def _publish(
    document: SopDocument, data: Mapping[str, Any], units: Mapping[str, Unit], folder: Path, at: datetime
) -> None:
    """Make one version as a draft, with everything in it, then seal it with the checks of publishing."""
    given = {name: data[name] for name in COPIED if name in data}
    version = SopVersion.objects.create(
        document=document,
        number=data["number"],
        title=data.get("title", document.title),
        text=(folder / data["text"]).read_text("utf-8"),
        supersedes=document.versions.filter(number__in=[data.get("supersedes", 0)]).first(),
        **given,
    )
    for region in data["regions"]:
        SopRegion.objects.create(
            version=version,
            unit=units[str(region["unit"])],
            effective_from=region["from"],
            effective_until=region.get("until"),
        )
    for name in data["procedures"]:
        library.write_procedure(version=version, source=(folder / name).read_text("utf-8"))
    seal(version=version, by=None, at=at)


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))
