"""Where a call stands, from the rows of its path: the same rows always lead to the same place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sop.rules.compiler import CHECK, CHOOSE, END, OUTCOME
from sop.rules.graph import Graph, Step

ANSWERED, CHECKED, KEPT, BACK = "ANSWERED", "CHECKED", "KEPT", "BACK"


@dataclass(frozen=True)
class Move:
    """One row of a path. For BACK, `step` is the step gone back to."""

    event: str
    step: str
    answer: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)


class OffTheMap(ValueError):
    """The rows do not follow the procedure: they were not written by this code."""


class Walk:
    """A call under way. `path` holds what counts now, `kept` the answers given before going back."""

    def __init__(self, graph: Graph, moves: Iterable[Move] = ()) -> None:
        self.graph = graph
        self.path: list[Move] = []
        self.kept: dict[str, Move] = {}
        self.current = graph.start
        for move in moves:
            self.add(move)

    @property
    def step(self) -> Step | None:
        """The step that waits for an answer; None at the end."""
        return None if self.current == END else self.graph[self.current]

    @property
    def is_over(self) -> bool:
        return self.current == END

    @property
    def outcome(self) -> Move | None:
        """The outcome that was carried out, if any."""
        return next((it for it in self.path if self.graph[it.step].kind == OUTCOME), None)

    def add(self, move: Move) -> None:
        """Go on with one row.

        Raises:
            OffTheMap: it does not answer the current step, or goes back to one that is not on the path.
        """
        if move.event == BACK:
            self._rewind(move.step)
            return
        if move.step != self.current:
            raise OffTheMap(f"{move.step} answered, {self.current} is current")
        step = self.graph[move.step]
        try:
            target = step.exit_for(move.answer if step.kind in (CHOOSE, CHECK) else "")
        except KeyError as error:
            raise OffTheMap(f"{move.step} has no answer {move.answer}") from error
        if move.event == CHECKED and self._found_otherwise(move):
            self.kept.clear()
        self.kept.pop(move.step, None)
        self.path.append(move)
        self.current = target

    def _found_otherwise(self, move: Move) -> bool:
        """Whether the portal answers differently now, so that what was said after it no longer holds."""
        before = self.kept.get(move.step)
        return before is not None and (before.answer, before.data) != (move.answer, move.data)

    def _rewind(self, address: str) -> None:
        index = self._last_index(address)
        if index is None:
            raise OffTheMap(f"{address} is not on the path")
        for move in self.path[index:]:
            self.kept[move.step] = move
        del self.path[index:]
        self.current = address

    def _last_index(self, address: str) -> int | None:
        places = [index for index, move in enumerate(self.path) if move.step == address]
        return places[-1] if places else None

    def back_targets(self) -> list[str]:
        """The steps a call may go back to, the nearest last: what an agent answered since the outcome."""
        found: list[str] = []
        for move in self.path:
            kind = self.graph[move.step].kind
            if kind == OUTCOME:
                found = []
            elif kind != CHECK and move.step not in found:
                found.append(move.step)
        return found

    def held(self) -> Move | None:
        """The answer to the current step that was given before going back, where it can still be given."""
        step = self.step
        if step is None or step.kind in (CHECK, OUTCOME):
            return None
        return self.kept.get(step.address)

    def collected(self) -> dict[str, Any]:
        """Every field on the path, the last value of each."""
        values: dict[str, Any] = {}
        for move in self.path:
            values.update(move.fields)
        return values

    def found(self) -> dict[str, Any]:
        """What the checks on the path added, the last value of each."""
        values: dict[str, Any] = {}
        for move in self.path:
            if move.event == CHECKED:
                values.update(move.data)
        return values

    def answer_to(self, address: str) -> str | None:
        """The last answer on the path to the step at `address`."""
        return next((it.answer for it in reversed(self.path) if it.step == address), None)
