"""The texts of a procedure that people read or say, for search."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sop.rules.compiler import SPOKEN


def lines_of(procedure: Mapping[str, Any]) -> Iterator[str]:
    """Title, keywords, and of every step its heading, its texts, asides, choices and fields."""
    yield procedure["title"]
    yield from procedure["keywords"]
    for step in procedure["steps"].values():
        yield from _lines(step)


def _lines(step: Mapping[str, Any]) -> Iterator[str]:
    yield from (str(step[part]) for part in ("title", *SPOKEN) if part in step)
    for aside in step.get("if_asked", ()):
        yield aside["question"]
        yield aside["say"]
    for labelled in (*step.get("choices", ()), *step.get("fields", ())):
        yield labelled["label"]
