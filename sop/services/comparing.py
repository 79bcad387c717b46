"""What a version changes against another one: text, steps, outcomes and paths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from sop.models import Procedure, SopVersion
from sop.rules import paths
from sop.rules.differences import Piece, StepChange, compare_outcomes, compare_steps, compare_texts
from sop.rules.graph import Graph, Unlinkable
from sop.services import library

ADDED, REMOVED, CHANGED, SAME = "added", "removed", "changed", "same"


@dataclass(frozen=True)
class ProcedureChange:
    """What became of one procedure."""

    slug: str
    title: str
    kind: str
    steps: tuple[StepChange, ...]
    outcomes: tuple[StepChange, ...]

    @property
    def tables(self) -> tuple[tuple[str, tuple[StepChange, ...]], ...]:
        """Steps and outcomes, each with its heading."""
        return (_("Steps"), self.steps), (_("Outcomes"), self.outcomes)


@dataclass(frozen=True)
class VersionChange:
    """The text as pieces, and every procedure of the two versions that is not the same."""

    old: SopVersion
    new: SopVersion
    text: tuple[Piece, ...]
    procedures: tuple[ProcedureChange, ...]

    @property
    def is_empty(self) -> bool:
        return not self.procedures and all(piece.kind == SAME for piece in self.text)


def compare_versions(old: SopVersion, new: SopVersion) -> VersionChange:
    """What stands in `new` that did not stand in `old`, and the reverse."""
    before, after = _compiled(old), _compiled(new)
    slugs = [*after, *(slug for slug in before if slug not in after)]
    changes = (_change(slug, before.get(slug, {}), after.get(slug, {})) for slug in slugs)
    return VersionChange(
        old,
        new,
        tuple(compare_texts(old.text, new.text)),
        tuple(it for it in changes if it.kind != SAME),
    )


def forerunner(version: SopVersion) -> SopVersion | None:
    """What rules where and when `version` begins; else what it supersedes, else the one published before."""
    region = version.regions.select_related("unit").order_by("effective_from").first()
    others = SopVersion.objects.filter(document=version.document_id).exclude(pk=version.pk)
    others = others.select_related("document")
    ruling = others.ruling(region.effective_from, region.unit).first() if region else None
    return ruling or version.supersedes or others.published().order_by("-number").first()


def _compiled(version: SopVersion) -> dict[str, Mapping[str, Any]]:
    return {row.slug: row.compiled for row in version.procedures.all() if row.compiled}


def _change(slug: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> ProcedureChange:
    steps, outcomes = compare_steps(old, new), compare_outcomes(old, new)
    kind = CHANGED if steps or outcomes else SAME
    if not old or not new:
        kind = REMOVED if old else ADDED
    return ProcedureChange(slug, (new or old)["title"], kind, tuple(steps), tuple(outcomes))


# --- Procedures among what is in force ------------------------------------------------------------


def graph_of(procedure: Procedure, *, with_addenda: bool = True) -> Graph | None:
    """A procedure linked with what would be in force beside its version; None where it does not fit yet."""
    if not procedure.compiled:
        return None
    rows = library.book_with(procedure.version).procedures
    sound = {slug: it for slug, it in rows.items() if it.compiled and (with_addenda or not it.before)}
    try:
        return library.graph_in(library.Rulebook(sound), procedure)
    except Unlinkable:
        return None


def compare_paths(old: Procedure | None, new: Procedure) -> paths.Comparison | None:
    """Paths and their outcomes in `new` against `old`, addenda aside; None where one cannot be linked."""
    before = graph_of(old, with_addenda=False) if old else None
    after = graph_of(new, with_addenda=False)
    if before is None or after is None:
        return None
    return paths.compare(before, after)
