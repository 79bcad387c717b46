"""Walking every path of a procedure with the portal's own code, each step once, and back again in memory.

    for path in Explorer(run, script).paths():
        ...

`paths` answers and goes back: `Run.answer` takes the real `Walk` forward, the checks on the way are asked at
their registry, an outcome is carried out. Where more than one thing may come next (a choice, the answer of a
check, the values of a field that a template uses), each is taken in turn, and the walk is put back to where
it stood before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from typing import Any

from sop.checks import Answer
from sop.rules.compiler import CHECK, CHOOSE, COLLECT
from sop.rules.graph import Step
from sop.rules.paths import MAX_VISITS, Move
from sop.services.running import Run
from sop.situation import Situation

Values = Mapping[str, Any]
Given = Mapping[str, tuple[Any, ...] | Iterator[Any]]


class Undecided(Exception):
    """A check was asked whose answer has not been chosen yet for the path under way."""


@dataclass
class Script:
    """What every check answers on the path under way: chosen by the explorer, given at the registry.

    A question that was asked before on the path is answered the same again, as the domain would.
    """

    data: Mapping[tuple[str, str], dict[str, str]]
    chosen: dict[str, str] = field(default_factory=dict)

    def __call__(self, name: str, situation: Situation, arguments: Values) -> Answer:
        step = situation.walk.step
        question = f"{name} {step.body.get('args') if step else None}"
        if question not in self.chosen:
            raise Undecided(question)
        answer = self.chosen[question]
        return Answer(answer, dict(self.data.get((name, answer), {})))


class Explorer:
    """Takes `run` through everything that can come.

    `given` holds the values of each field, by its name or type: a tuple of which each makes a branch, or an
    iterator of which each asking takes the next.
    """

    def __init__(
        self, run: Run, script: Script, given: Mapping[str, tuple[Any, ...] | Iterator[Any]]
    ) -> None:
        self.run, self.script, self.given = run, script, given

    def paths(self) -> Iterator[tuple[Move, ...]]:
        """Every path to its end: the steps with the answer that led on. The run stands there meanwhile."""
        yield from self._branches(self.run.settle)

    def _branches(self, go_on: Callable[[], None]) -> Iterator[tuple[Move, ...]]:
        """What follows `go_on`, with every answer of the checks on the way; then everything as before."""
        walk, situation = self.run.walk, self.run.situation
        length, current, number = len(walk.path), walk.current, situation.ticket_number
        question = self._asked(go_on)
        if question is None:
            yield from self._onward()
            self._back(length, current, number)
            return
        ways = walk.graph[walk.current].exits
        self._back(length, current, number)
        for way in ways:
            self.script.chosen[question] = way.answer
            yield from self._branches(go_on)
        del self.script.chosen[question]

    def _asked(self, go_on: Callable[[], None]) -> str | None:
        """The question of the check that stopped `go_on`, None where it came to a step that waits."""
        try:
            go_on()
        except Undecided as undecided:
            return str(undecided)
        return None

    def _back(self, length: int, current: str, number: str) -> None:
        del self.run.walk.path[length:], self.run.moves[:]
        self.run.walk.current = current
        self.run.situation.ticket_number = number
        self.run.situation.forget()

    def _onward(self) -> Iterator[tuple[Move, ...]]:
        walk = self.run.walk
        step = walk.step
        if step is None:
            yield tuple(_taken(walk.graph[it.step], it.answer) for it in walk.path)
        elif sum(it.step == step.address for it in walk.path) < MAX_VISITS:
            for choice, given in self._answers(step):
                yield from self._branches(partial(self._answer, step, choice, given))

    def _answer(self, step: Step, choice: str | None, given: Values) -> None:
        self.run.answer(step=step.address, choice=choice, given=given)

    def _answers(self, step: Step) -> Iterator[tuple[str | None, Values]]:
        if step.kind == CHOOSE:
            yield from ((way.answer, {}) for way in step.exits)
        elif step.kind == COLLECT:
            names = [it["name"] for it in step.fields]
            for values in product(*(self._values(it) for it in step.fields)):
                yield None, dict(zip(names, values, strict=True))
        else:
            yield None, {}

    def _values(self, field_: Values) -> tuple[Any, ...]:
        """The values of one field: by its name, else by its type; of a choice each."""
        values = self.given.get(field_["name"]) or self.given.get(field_["type"])
        if values is None:
            return tuple(choice["value"] for choice in field_["choices"])
        return values if isinstance(values, tuple) else (next(values),)


def _taken(step: Step, answer: str) -> Move:
    """The step with the answer that led on, as the listing of paths has it."""
    return step.address, answer if step.kind in (CHOOSE, CHECK) else ""
