"""What differs between two texts, word by word, and between two procedures, step by step."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any

from sop.rules.compiler import OUTCOME
from sop.rules.graph import Graph, Step

SAME, ADDED, REMOVED, CHANGED = "same", "added", "removed", "changed"
WORDS = re.compile(r"\w+|\s+|[^\w\s]")
MOST_WORDS = 4000
SHOWN = ("number", "title", "say", "guide", "internal", "if_asked", "choices", "fields", "check", "args")
OUTCOME_SHOWN = ("outcome", "template")


@dataclass(frozen=True)
class Piece:
    """A run of text that is in both, only in the new one, or only in the old one."""

    kind: str
    text: str


@dataclass(frozen=True)
class StepChange:
    """A step that only one of two procedures has, or that reads differently. `parts` names what changed:
    (part, old text, new text)."""

    address: str
    kind: str
    title: str
    parts: tuple[tuple[str, str, str], ...] = ()


def compare_texts(old: str, new: str) -> list[Piece]:
    """The texts as one run of pieces: lines that changed are compared word by word."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    return _joined(_pieces(before, after, is_words=False))


def _pieces(before: list[str], after: list[str], *, is_words: bool) -> Iterator[Piece]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, a1, a2, b1, b2 in matcher.get_opcodes():
        gone, come = "".join(before[a1:a2]), "".join(after[b1:b2])
        if tag == "equal":
            yield Piece(SAME, gone)
        elif tag == "replace" and not is_words:
            yield from _words(gone, come)
        else:
            yield from (Piece(kind, text) for kind, text in ((REMOVED, gone), (ADDED, come)) if text)


def _words(gone: str, come: str) -> Iterator[Piece]:
    before, after = WORDS.findall(gone), WORDS.findall(come)
    if len(before) + len(after) > MOST_WORDS:  # comparing word by word would take seconds
        yield Piece(REMOVED, gone)
        yield Piece(ADDED, come)
        return
    yield from _pieces(before, after, is_words=True)


def _joined(pieces: Iterable[Piece]) -> list[Piece]:
    return [
        Piece(kind, "".join(it.text for it in group)) for kind, group in groupby(pieces, lambda it: it.kind)
    ]


# --- Steps ----------------------------------------------------------------------------------------


def compare_steps(old: Graph | None, new: Graph | None) -> list[StepChange]:
    """Steps added, removed and changed, outcomes apart; in the order of the procedure."""
    return list(_changes(old, new, is_outcome=False))


def compare_outcomes(old: Graph | None, new: Graph | None) -> list[StepChange]:
    """Outcomes added, removed and changed: kind and template."""
    return list(_changes(old, new, is_outcome=True))


def _changes(old: Graph | None, new: Graph | None, *, is_outcome: bool) -> Iterator[StepChange]:
    before, after = _steps(old, is_outcome), _steps(new, is_outcome)
    for address in [*after, *(it for it in before if it not in after)]:
        change = _change(address, before.get(address), after.get(address))
        if change is not None:
            yield change


def _steps(graph: Graph | None, is_outcome: bool) -> dict[str, Step]:
    steps = graph.steps.values() if graph else ()
    return {it.address: it for it in steps if (it.kind == OUTCOME) == is_outcome}


def _change(address: str, old: Step | None, new: Step | None) -> StepChange | None:
    step = new or old
    assert step is not None  # one of them has this address  # noqa: S101
    before, after = _parts(old), _parts(new)
    parts = tuple((part, before.get(part, ""), after.get(part, "")) for part in {**before, **after})
    parts = tuple(it for it in parts if it[1] != it[2])
    if not parts and old is not None and new is not None:
        return None
    kind = ADDED if old is None else REMOVED if new is None else CHANGED
    return StepChange(address, kind, str(step.body.get("title", "")), parts)


def _parts(step: Step | None) -> dict[str, str]:
    """What people read of a step, as text, by part; where each answer leads last."""
    if step is None:
        return {}
    shown = OUTCOME_SHOWN if step.kind == OUTCOME else ()
    parts = {part: readable(step.body[part]) for part in (*SHOWN, *shown) if part in step.body}
    return parts | {"next": "\n".join(f"{it.label or it.answer} → {it.target}".strip() for it in step.exits)}


def readable(value: Any) -> str:
    """Data of a step as lines of text."""
    if isinstance(value, Mapping):
        return "\n".join(f"{key}: {readable(inner)}" for key, inner in value.items() if key != "next")
    if isinstance(value, list | tuple):
        return "\n".join(readable(inner).replace("\n", "; ") for inner in value)
    return str(value)
