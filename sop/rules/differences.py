"""What differs between two texts, word by word, and between two procedures, step by step."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any

from sop.rules.compiler import OUTCOME, targets
from sop.rules.source import Place

SAME, ADDED, REMOVED, CHANGED = "same", "added", "removed", "changed"
PIECE_KINDS = (SAME, ADDED, REMOVED)
CHANGE_KINDS = (ADDED, REMOVED, CHANGED)
WORDS = re.compile(r"\w+|\s+|[^\w\s]")
MOST_WORDS = 4000
SHOWN = (
    "kind",
    "number",
    "title",
    "say",
    "guide",
    "internal",
    "if_asked",
    "fields",
    "check",
    "args",
    "procedure",
    "outcome",
    "template",
)

Step = Mapping[str, Any]


@dataclass(frozen=True)
class Piece:
    """A run of text that is in both, only in the new one, or only in the old one."""

    kind: str
    text: str


@dataclass(frozen=True)
class StepChange:
    """A step that only one of two procedures has, or that reads differently. `parts` names what changed:
    (part, old text, new text)."""

    name: str
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


def compare_steps(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[StepChange]:
    """Steps that two compiled procedures (empty for none) do not share, outcomes apart."""
    return list(_changes(old, new, is_outcome=False))


def compare_outcomes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[StepChange]:
    """Outcomes added, removed and changed: their kind and template."""
    return list(_changes(old, new, is_outcome=True))


def _changes(old: Mapping[str, Any], new: Mapping[str, Any], *, is_outcome: bool) -> Iterator[StepChange]:
    before, after = _steps(old, is_outcome), _steps(new, is_outcome)
    for name in [*after, *(it for it in before if it not in after)]:
        if change := _change(name, before.get(name), after.get(name)):
            yield change


def _steps(procedure: Mapping[str, Any], is_outcome: bool) -> dict[str, Step]:
    steps: Mapping[str, Step] = procedure.get("steps", {})
    return {name: step for name, step in steps.items() if (step["kind"] == OUTCOME) == is_outcome}


def _change(name: str, old: Step | None, new: Step | None) -> StepChange | None:
    before, after = _parts(old or {}), _parts(new or {})
    parts = tuple((part, before.get(part, ""), after.get(part, "")) for part in {**before, **after})
    changed = tuple(it for it in parts if it[1] != it[2])
    if not changed:
        return None
    kind = ADDED if old is None else REMOVED if new is None else CHANGED
    return StepChange(name, kind, str((new or old or {}).get("title", "")), changed)


def _parts(step: Step) -> dict[str, str]:
    """What people read of a step, as text, by part; where each answer leads last."""
    parts = {part: readable(step[part]) for part in SHOWN if part in step}
    ways = "\n".join(f"{_answer(step, place)} → {target}".strip() for place, target in targets(step))
    return parts | ({"next": ways} if ways else {})


def _answer(step: Step, place: Place) -> str:
    """The answer that takes a way, as its choice is labelled."""
    if place[0] == "choices":
        return str(step["choices"][place[1]]["label"])
    return str(place[1]) if len(place) > 1 else ""


def readable(value: Any) -> str:
    """Data of a step as lines of text."""
    if isinstance(value, Mapping):
        return "\n".join(f"{key}: {readable(inner)}" for key, inner in value.items() if key != "next")
    if isinstance(value, list | tuple):
        return "\n".join(readable(inner).replace("\n", "; ") for inner in value)
    return str(value)
