"""Which procedures are in force, how they are compiled, and the linked procedure that a call runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from common.errors import Conflict, DomainError
from sop import checks
from sop.models import Procedure, SopValue, SopVersion
from sop.rules import analysis
from sop.rules.compiler import Compiled, Vocabulary, compile_procedure
from sop.rules.graph import Graph, Unlinkable, link, references
from sop.rules.source import Problem
from tickets.models import ProblemType
from units.models import Unit

Seal = tuple[int, str]


class NotInForce(DomainError):
    """No version of any SOP brings this procedure, there and on that day."""

    status = 404
    code = "not_in_force"


class VersionIsSealed(Conflict):
    """A published version never changes; make a new one."""

    code = "version_sealed"


@dataclass(frozen=True)
class Rulebook:
    """The procedures in force at one unit on one day, by name, and the addenda among them."""

    procedures: Mapping[str, Procedure]

    @property
    def addenda(self) -> list[Procedure]:
        return [it for _slug, it in sorted(self.procedures.items()) if it.before]

    def entry(self, slug: str) -> Procedure:
        """A procedure that an agent may start.

        Raises:
            NotInForce: there is none of that name.
        """
        procedure = self.procedures.get(slug)
        if procedure is None or not procedure.is_entry:
            raise NotInForce(_("No procedure %(name)s is in force.") % {"name": slug}, field="procedure")
        return procedure

    def called_by(self, procedure: Procedure) -> dict[str, Procedure]:
        """Everything that `procedure` and the addenda call, directly or not."""
        found: dict[str, Procedure] = {}
        waiting = [procedure, *self.addenda]
        while waiting:
            for slug in references(waiting.pop().compiled):
                if slug not in found and slug in self.procedures:
                    found[slug] = self.procedures[slug]
                    waiting.append(self.procedures[slug])
        return found


def rulebook(*, unit: Unit | None, on: date) -> Rulebook:
    """What is in force at `unit` on `on`: of every SOP the version that rules there. Two queries."""
    ruling: dict[int, int] = {}
    for document, version in SopVersion.objects.ruling(on, unit).values_list("document", "pk"):
        ruling.setdefault(document, version)
    rows = Procedure.objects.filter(version__in=ruling.values()).select_related("version__document")
    return Rulebook({row.slug: row for row in rows.order_by("version__document__slug")})


# --- Linking --------------------------------------------------------------------------------------


def seal(procedure: Procedure) -> Seal:
    """Names a procedure and its content."""
    content = json.dumps(procedure.compiled, sort_keys=True).encode()
    return procedure.pk, hashlib.sha256(content).hexdigest()[:16]


def pin(book: Rulebook, procedure: Procedure) -> dict[str, Any]:
    """What a call keeps, so that it runs the same steps to its end (see `pinned_graph`)."""
    return {
        "root": seal(procedure),
        "called": [seal(it) for it in book.called_by(procedure).values()],
        "addenda": [seal(it) for it in book.addenda],
    }


def pinned_graph(pins: Mapping[str, Any]) -> Graph:
    """The linked procedure that `pins` name. Published rows never change, so it is kept in memory."""
    return _linked(
        tuple(pins["root"]),
        tuple(tuple(it) for it in pins["called"]),
        tuple(tuple(it) for it in pins["addenda"]),
    )


@lru_cache(maxsize=256)
def _linked(root: Seal, called: tuple[Seal, ...], addenda: tuple[Seal, ...]) -> Graph:
    ids = [root[0], *(it[0] for it in called), *(it[0] for it in addenda)]
    rows = Procedure.objects.in_bulk(ids)
    return link(
        rows[root[0]].compiled,
        {rows[pk].slug: rows[pk].compiled for pk, _seal in called},
        [rows[pk].compiled for pk, _seal in addenda],
    )


# --- Writing --------------------------------------------------------------------------------------


def vocabulary(version: SopVersion | None = None) -> Vocabulary:
    """The names that procedures may use today, those of the draft `version` among them. Three queries."""
    slugs = Procedure.objects.filter(version__in=SopVersion.objects.published()).values_list(
        "slug", flat=True
    )
    own = version.procedures.values_list("slug", flat=True) if version else ()
    return Vocabulary(
        checks=checks.SPECS,
        procedures=frozenset([*slugs, *own]),
        values=frozenset(SopValue.objects.values_list("key", flat=True)),
        problem_types=dict(ProblemType.objects.values_list("code", "tab")),
    )


@transaction.atomic
def write_procedure(*, version: SopVersion, source: str, procedure: Procedure | None = None) -> Compiled:
    """Keep `source` as a procedure of a draft, as a new one unless `procedure` is given.

    A source with problems is kept too, so that nobody loses work; only publishing refuses it. A source that
    cannot be read at all keeps the name and title it had.

    Raises:
        VersionIsSealed: the version is published or withdrawn.
    """
    if SopVersion.objects.select_for_update().get(pk=version.pk).is_sealed:
        raise VersionIsSealed(_("A published version never changes. Make a new one."))
    compiled = compile_procedure(source, vocabulary(version))
    row = procedure or Procedure(version=version, slug="draft", title=pgettext("noun", "Draft"))
    row.source = source
    apply_compiled(row, compiled)
    row.save()
    return compiled


def apply_compiled(row: Procedure, compiled: Compiled) -> None:
    """Take over what the source says about itself."""
    row.compiled = compiled.data
    if compiled.data:
        row.slug, row.title = compiled.data["slug"], compiled.data["title"]
        row.keywords, row.before = compiled.data["keywords"], compiled.data["before"]
        row.is_entry = compiled.data["entry"]


def problems_of(version: SopVersion) -> list[Problem]:
    """Everything that keeps the procedures of `version` from being published, with its place.

    Each is compiled anew with the names of today, linked with what would be in force beside it, and looked
    through. Addenda of this version are tried in every procedure that is in force.
    """
    procedures = list(version.procedures.all())
    known = vocabulary(version)
    compiled = {row.pk: compile_procedure(row.source, known) for row in procedures}
    found = [problem for result in compiled.values() for problem in result.problems]
    if found:
        return found
    book = book_with(version)
    entries = [row for row in procedures if row.is_entry]
    if any(row.before for row in procedures):
        entries += [it for it in book.procedures.values() if it.is_entry and it.version_id != version.pk]
    return _distinct(problem for row in entries for problem in linked_problems(row, book))


def book_with(version: SopVersion) -> Rulebook:
    """What would be in force on the first day of the draft `version`, with its own procedures."""
    region = version.regions.select_related("unit").order_by("effective_from").first()
    book = rulebook(unit=region.unit if region else None, on=version.valid_from)
    others = {
        slug: it for slug, it in book.procedures.items() if it.version.document_id != version.document_id
    }
    return Rulebook(others | {row.slug: row for row in version.procedures.all()})


def graph_in(book: Rulebook, procedure: Procedure) -> Graph:
    """`procedure` linked with what is in force beside it.

    Raises:
        Unlinkable: they do not fit together.
    """
    library = {slug: it.compiled for slug, it in book.called_by(procedure).items()}
    return link(procedure.compiled, library, [it.compiled for it in book.addenda])


def linked_problems(procedure: Procedure, book: Rulebook) -> list[Problem]:
    try:
        return analysis.problems(graph_in(book, procedure))
    except Unlinkable as error:
        return list(error.problems)


def _distinct(problems: Iterable[Problem]) -> list[Problem]:
    return list(dict.fromkeys(problems))
