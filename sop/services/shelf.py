"""SOPs as one reader finds them: what rules on a day at a unit, and what the reader knows of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.db.models import QuerySet

from sop.models import Acknowledgement, SopDocument, SopVersion, VersionStatus
from sop.services import comparing, reading, search
from sop.services.search import Match
from units.models import Unit, User


@dataclass(frozen=True)
class Entry:
    """A document on the shelf. `version` rules, `newest` was published last; None where there is none."""

    document: SopDocument
    version: SopVersion | None
    newest: SopVersion | None
    acknowledged_at: datetime | None
    match: Match | None
    versions: Sequence[SopVersion] = ()


@dataclass
class Shelf:
    """The SOPs for `reader`, at `unit` (None: anywhere) on the day `on`. A fixed number of queries."""

    reader: User
    unit: Unit | None
    on: date
    matches: dict[int, Match] = field(default_factory=dict)

    @cached_property
    def ruling(self) -> dict[int, SopVersion]:
        return reading.versions_in_force(unit=self.unit, on=self.on)

    @cached_property
    def _in_force(self) -> set[int]:
        if self.unit is None:
            return reading.ruling_somewhere(self.on)
        return {it.pk for it in self.ruling.values()}

    def search(self, documents: QuerySet, text: str) -> list[int]:
        """Ids of the documents whose ruling version, else their newest, holds all words of `text`."""
        shown = self._shown(documents)
        found = search.find(text=text, versions=[it.pk for it in shown.values()])
        self.matches = {it.document_id: found[it.pk] for it in shown.values() if it.pk in found}
        return list(self.matches)

    def _shown(self, documents: Iterable[SopDocument]) -> dict[int, SopVersion]:
        newest = self._newest([it.pk for it in documents])
        return newest | {pk: it for pk, it in self.ruling.items() if pk in newest}

    def _newest(self, documents: list[int]) -> dict[int, SopVersion]:
        rows = SopVersion.objects.published().filter(document__in=documents).select_related("document")
        return {it.document_id: it for it in rows.defer(*reading.LONG).order_by("number")}

    def entries(self, documents: Iterable[SopDocument]) -> list[Entry]:
        rows = list(documents)
        newest = self._newest([it.pk for it in rows])
        read = self._read([it.pk for it in [*newest.values(), *self.ruling.values()]])
        return [self._entry(it, newest.get(it.pk), read) for it in rows]

    def _read(self, versions: list[int]) -> dict[int, datetime]:
        rows = Acknowledgement.objects.filter(reader=self.reader, version__in=versions)
        return dict(rows.values_list("version", "at"))

    def _entry(
        self, document: SopDocument, newest: SopVersion | None, read: dict[int, datetime], **more: Any
    ) -> Entry:
        version = self.ruling.get(document.pk)
        shown = version or newest
        return Entry(
            document=document,
            version=self.stated(version) if version else None,
            newest=self.stated(newest) if newest else None,
            acknowledged_at=read.get(shown.pk) if shown else None,
            match=self.matches.get(document.pk),
            **more,
        )

    def entry_with_versions(self, document: SopDocument) -> Entry:
        """One document with every version that the reader may see, the newest first."""
        rows = document.versions.visible_to(self.reader).select_related("document").order_by("-number")
        versions = [self.stated(it) for it in rows.defer(*reading.LONG)]
        published = [it for it in versions if it.status == VersionStatus.PUBLISHED]
        newest = published[0] if published else None
        read = self._read([it.pk for it in versions])
        return self._entry(document, newest, read, versions=versions)

    def stated(self, version: SopVersion) -> SopVersion:
        """The version with its state on the day, as `state_on_day`."""
        state = reading.state_of(version, self.on, self._in_force)
        version.state_on_day = state  # type: ignore[attr-defined]
        return version

    def describe(self, version: SopVersion) -> SopVersion:
        """What a reader of one version sees: its state, when it was read, and what is new in it."""
        known = reading.known_version(version=version, reader=self.reader)
        self.stated(version)
        version.read_at = reading.acknowledged_at(  # type: ignore[attr-defined]
            version=version, reader=self.reader
        )
        version.changes = (  # type: ignore[attr-defined]
            comparing.compare_versions(known, version) if known else None
        )
        return version
