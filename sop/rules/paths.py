"""Every path through a linked procedure with its outcome, and what differs between two procedures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sop.rules.analysis import NOT_ASKED
from sop.rules.compiler import CHECK, CHOOSE, END, OUTCOME, STEP_ARGUMENT
from sop.rules.graph import Exit, Graph, Step

MAX_PATHS = 50_000
MAX_VISITS = 2  # a loop is taken once more, then cut

Move = tuple[str, str]


@dataclass(frozen=True)
class Path:
    """One way through: every step with the answer that led on, and the address of the outcome, if any."""

    moves: tuple[Move, ...]
    outcome: str

    def decisions(self, graph: Graph) -> tuple[Move, ...]:
        """The moves that decided anything."""
        return tuple(move for move in self.moves if graph[move[0]].kind in (CHOOSE, CHECK))


@dataclass(frozen=True)
class Listing:
    """The paths, at most `MAX_PATHS` of them."""

    paths: tuple[Path, ...]
    is_complete: bool


def list_paths(graph: Graph, limit: int = MAX_PATHS) -> Listing:
    """The paths that a call can take, loops cut at one repetition."""
    found = tuple(islice(walk_paths(graph), limit + 1))
    return Listing(found[:limit], len(found) <= limit)


def walk_paths(graph: Graph) -> Iterator[Path]:
    """Every path, lazily. A check that was asked before on the path answers the same again."""
    waiting: list[tuple[str, tuple[Move, ...]]] = [(graph.start, ())]
    while waiting:
        address, moves = waiting.pop()
        if address == END:
            outcome = next((at for at, _answer in moves if graph[at].kind == OUTCOME), "")
            yield Path(moves, outcome)
            continue
        if sum(at == address for at, _answer in moves) < MAX_VISITS:
            step = graph[address]
            for way in reversed(list(_open_ways(step, moves, graph))):
                waiting.append((way.target, (*moves, (address, way.answer))))


def _open_ways(step: Step, moves: tuple[Move, ...], graph: Graph) -> Iterator[Exit]:
    settled = _settled(step, moves, graph) if step.kind == CHECK else None
    yield from (way for way in step.exits if settled is None or way.answer == settled)


def _settled(step: Step, moves: tuple[Move, ...], graph: Graph) -> str | None:
    """The answer of a check that follows from the path; None where any answer may come."""
    if about := step.about.get(str(step.body.get("args", {}).get(STEP_ARGUMENT))):
        return next((answer for at, answer in reversed(moves) if at == about), NOT_ASKED)
    if any(at == step.address for at, _answer in moves):
        return None
    question = _question(step)
    same = (answer for at, answer in moves if graph[at].kind == CHECK and _question(graph[at]) == question)
    return next(same, None)


def _question(step: Step) -> tuple[str, tuple[tuple[str, str], ...]]:
    arguments: Mapping[str, Any] = step.body.get("args", {})
    return step.body["check"], tuple(sorted((name, str(value)) for name, value in arguments.items()))


# --- Comparison -----------------------------------------------------------------------------------

Result = tuple[str, str, str]


@dataclass(frozen=True)
class ChangedPath:
    """The same decisions, with another result."""

    decisions: tuple[Move, ...]
    before: Result
    after: Result


@dataclass(frozen=True)
class Comparison:
    """What a new procedure changes against an old one."""

    paths_added: tuple[tuple[tuple[Move, ...], Result], ...]
    paths_removed: tuple[tuple[tuple[Move, ...], Result], ...]
    paths_changed: tuple[ChangedPath, ...]
    steps_added: tuple[str, ...]
    steps_removed: tuple[str, ...]
    steps_changed: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        return not any(vars(self).values())


def compare(old: Graph, new: Graph) -> Comparison:
    """Paths by their decisions with their results, and steps by address."""
    before, after = results(old), results(new)
    common = before.keys() & after.keys()
    return Comparison(
        paths_added=tuple((it, after[it]) for it in after if it not in before),
        paths_removed=tuple((it, before[it]) for it in before if it not in after),
        paths_changed=tuple(
            ChangedPath(it, before[it], after[it]) for it in after if it in common and before[it] != after[it]
        ),
        steps_added=tuple(it for it in new.steps if it not in old.steps),
        steps_removed=tuple(it for it in old.steps if it not in new.steps),
        steps_changed=tuple(
            it for it in new.steps if it in old.steps and _content(new[it]) != _content(old[it])
        ),
    )


def results(graph: Graph) -> dict[tuple[Move, ...], Result]:
    """What every path comes to, by its decisions."""
    return {path.decisions(graph): result(graph, path) for path in list_paths(graph).paths}


def result(graph: Graph, path: Path) -> Result:
    """Kind of outcome, problem type and problem text of the path's end; empty without an outcome."""
    if not path.outcome:
        return ("", "", "")
    body = graph[path.outcome].body
    template = body.get("template", {})
    return body["outcome"], template.get("type", ""), template.get("problem", "")


def _content(step: Step) -> dict[str, Any]:
    return {key: value for key, value in step.body.items() if key != "line"}
