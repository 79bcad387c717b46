"""The linked procedure: one flat graph of steps, with what it calls and the addenda in force put in place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from sop.rules.compiler import CALL, CHECK, CHOOSE, END, OUTCOME, RETURN, STEP_ARGUMENT, targets, texts
from sop.rules.source import Problem
from sop.rules.text import names_in

MAX_ADDRESS = 200
MAX_STEPS = 2000
ANSWER_NAMED = re.compile(r"\{jawaban\.([^{}]+)\}")


@dataclass(frozen=True)
class Exit:
    """One way out of a step: the answer that takes it (empty where there is only one) and where it leads."""

    answer: str
    target: str
    label: str = ""


@dataclass(frozen=True)
class Step:
    """A step at its address: `listrik`, `kelengkapan/alamat` in a called procedure, `lapor+akses/tanya` in an
    addendum. `about` holds the addresses of the steps whose answers it names."""

    address: str
    procedure: str
    name: str
    body: Mapping[str, Any]
    exits: tuple[Exit, ...]
    about: Mapping[str, str]

    @property
    def kind(self) -> str:
        return str(self.body["kind"])

    @property
    def line(self) -> int:
        return int(self.body["line"])

    @property
    def fields(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(self.body.get("fields", ()))

    def exit_for(self, answer: str) -> str:
        """Where `answer` leads; a KeyError for an answer that the step does not know."""
        return {it.answer: it.target for it in self.exits}[answer]


@dataclass(frozen=True)
class Graph:
    """A linked procedure. Every target is an address in `steps`, or END."""

    slug: str
    start: str
    steps: Mapping[str, Step]

    def __getitem__(self, address: str) -> Step:
        return self.steps[address]

    def in_order(self) -> dict[str, Step]:
        """The steps as a call comes to them, the first way out of each before the others."""
        found: dict[str, Step] = {}
        waiting = [self.start]
        while waiting:
            address = waiting.pop()
            if address != END and address not in found:
                found[address] = self.steps[address]
                waiting += [way.target for way in reversed(found[address].exits)]
        return found

    def collected_types(self) -> dict[str, str]:
        """The type of every field that some step collects."""
        return {it["name"]: it["type"] for step in self.steps.values() for it in step.fields}


class Unlinkable(ValueError):
    """The procedures do not fit together; `problems` says where."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = tuple(problems)


def link(
    root: Mapping[str, Any],
    library: Mapping[str, Mapping[str, Any]],
    addenda: Sequence[Mapping[str, Any]] = (),
) -> Graph:
    """Put the compiled procedures that `root` calls, and the `addenda`, in their places.

    Raises:
        Unlinkable: a call goes round in circles, has nowhere to return to, or names nothing that exists.
    """
    linker = _Linker(library, addenda)
    steps = linker.link(_Frame(linker, root))
    if linker.problems:
        raise Unlinkable(linker.problems)
    return Graph(slug=root["slug"], start=linker.start, steps=steps)


def references(procedure: Mapping[str, Any]) -> set[str]:
    """The procedures that `procedure` calls."""
    return {step["procedure"] for step in procedure["steps"].values() if step["kind"] == CALL}


class _Frame:
    """One use of a procedure inside the linked one, in the place `prefix`."""

    def __init__(
        self,
        linker: _Linker,
        procedure: Mapping[str, Any],
        *,
        prefix: str = "",
        parent: _Frame | None = None,
        back: Callable[[], str] = lambda: END,
    ) -> None:
        self.linker, self.procedure, self.prefix, self.back = linker, procedure, prefix, back
        self.scopes: tuple[str, ...] = (prefix, *(parent.scopes if parent else ()))
        self.stack: tuple[str, ...] = (procedure["slug"], *(parent.stack if parent else ()))
        self.children: dict[str, _Frame] = {}

    def entry(self, name: str) -> str:
        """The address at which the step `name` begins; for a call it lies in what is called."""
        if name == RETURN:
            return self.back()
        if name == END or self._refused(name):
            return END
        body = self.procedure["steps"][name]
        if body["kind"] == CALL:
            return self._called(name, body).start
        if body["kind"] == OUTCOME and (first := next(self.addenda_of(name), None)):
            return first.start
        return self.prefix + name

    @property
    def start(self) -> str:
        return self.entry(self.procedure["start"])

    def steps(self) -> Iterator[Step]:
        for name, body in self.procedure["steps"].items():
            if body["kind"] != CALL:
                exits = tuple(_exits(body, self.entry))
                yield Step(
                    self.prefix + name, self.procedure["slug"], name, self._noted(name, body), exits, {}
                )

    def _noted(self, name: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """An outcome with the notes that the addenda before it add to its template."""
        added = [it for frame in self._addenda_before(name, body) for it in frame.notes()]
        if not added:
            return body
        template = body.get("template", {})
        return {**body, "template": {**template, "notes": [*template.get("notes", ()), *added]}}

    def _addenda_before(self, name: str, body: Mapping[str, Any]) -> Iterator[_Frame]:
        yield from self.addenda_of(name) if body["kind"] == OUTCOME else ()

    def notes(self) -> Iterator[str]:
        """The notes of an addendum, its own steps named by their addresses."""
        for note in self.procedure.get("notes", ()):
            yield ANSWER_NAMED.sub(self._addressed, note)

    def _addressed(self, match: re.Match[str]) -> str:
        is_own = match[1] in self.procedure["steps"]
        return f"{{jawaban.{self.prefix}{match[1]}}}" if is_own else match[0]

    def inner(self) -> Iterator[_Frame]:
        """The frames of what this one calls, and of the addenda before its outcomes."""
        for name, body in self.procedure["steps"].items():
            if body["kind"] == CALL and not self._refused(name):
                yield self._called(name, body)
            elif body["kind"] == OUTCOME:
                yield from self.addenda_of(name)

    def addenda_of(self, name: str) -> Iterator[_Frame]:
        """The addenda before an outcome, each going on to the next one and the last to the outcome."""
        kind = self.procedure["steps"][name]["outcome"]
        applying = [it for it in self.linker.addenda if kind in it["before"] and it["slug"] not in self.stack]
        places = [f"{self.prefix}{name}+{it['slug']}/" for it in applying]
        for index, addendum in enumerate(applying):
            if index + 1 < len(applying):
                back = self._start_of(places[index + 1])
            else:
                back = self._constant(self.prefix + name)
            yield self._child(addendum, places[index], back)

    def _start_of(self, prefix: str) -> Callable[[], str]:
        return lambda: self.children[prefix].start

    def _constant(self, address: str) -> Callable[[], str]:
        return lambda: address

    def _called(self, name: str, body: Mapping[str, Any]) -> _Frame:
        called = self.linker.library[body["procedure"]]
        return self._child(called, f"{self.prefix}{name}/", lambda: self.entry(body.get("next", END)))

    def _child(self, procedure: Mapping[str, Any], prefix: str, back: Callable[[], str]) -> _Frame:
        if prefix not in self.children:
            self.children[prefix] = _Frame(self.linker, procedure, prefix=prefix, parent=self, back=back)
        return self.children[prefix]

    def _refused(self, name: str) -> str:
        """Why the call in the step `name` cannot be linked; empty where it can, and for other steps."""
        body = self.procedure["steps"][name]
        if body["kind"] != CALL:
            return ""
        called = self.linker.library.get(body["procedure"])
        if called is None:
            return _("There is no procedure %(name)s to call.") % {"name": body["procedure"]}
        if called["slug"] in self.stack:
            return _("These calls go round in circles.")
        if "next" not in body and _returns(called):
            return _("What is called returns, but there is no next step.")
        return ""

    def refusals(self) -> Iterator[Problem]:
        for name, body in self.procedure["steps"].items():
            if message := self._refused(name):
                yield Problem(body["line"], message, name, self.procedure["slug"])


class _Linker:
    def __init__(
        self, library: Mapping[str, Mapping[str, Any]], addenda: Sequence[Mapping[str, Any]]
    ) -> None:
        self.library, self.addenda = library, addenda
        self.problems: list[Problem] = []
        self.start = END

    def link(self, root: _Frame) -> dict[str, Step]:
        """Every step of `root` and of what stands inside it, by address."""
        steps: dict[str, Step] = {}
        scopes: dict[str, tuple[str, ...]] = {}
        waiting = [root]
        while waiting:
            frame = waiting.pop()
            self.problems += frame.refusals()
            for step in frame.steps():
                steps[step.address], scopes[step.address] = step, frame.scopes
            if len(steps) > MAX_STEPS or len(frame.prefix) > MAX_ADDRESS - 60:
                self.problems.append(Problem(1, _("The linked procedure is too large."), "", root.stack[0]))
                return steps
            waiting += frame.inner()
        self.start = root.start
        return {address: self._resolved(step, scopes[address], steps) for address, step in steps.items()}

    def _resolved(self, step: Step, scopes: tuple[str, ...], steps: Mapping[str, Step]) -> Step:
        """The step with the addresses of the steps it asks about: its own procedure's, else a caller's."""
        about = {}
        for name in _asked_steps(step.body):
            found = next((scope + name for scope in scopes if scope + name in steps), None)
            if found is None:
                message = _("There is no step %(name)s.") % {"name": name}
                self.problems.append(Problem(step.line, message, step.name, step.procedure))
            else:
                about[name] = found
        return replace(step, about=about)


def _returns(procedure: Mapping[str, Any]) -> bool:
    return any(target == RETURN for step in procedure["steps"].values() for _place, target in targets(step))


def _exits(body: Mapping[str, Any], entry: Callable[[str], str]) -> Iterator[Exit]:
    if body["kind"] == CHOOSE:
        for choice in body["choices"]:
            yield Exit(choice["value"], entry(choice["next"]), choice["label"])
    elif body["kind"] == CHECK:
        for answer, target in body["answers"].items():
            yield Exit(answer, entry(target), answer)
    else:
        yield Exit("", entry(body.get("next", END)))


def _asked_steps(body: Mapping[str, Any]) -> Iterator[str]:
    """The steps whose answers `body` names: the argument `step` of a check, and `{jawaban.STEP}`."""
    if body["kind"] == CHECK and STEP_ARGUMENT in body.get("args", {}):
        yield str(body["args"][STEP_ARGUMENT])
    for _place, content in texts(body):
        for name in names_in(content, body.get("fill")):
            if name.startswith("jawaban."):
                yield name.removeprefix("jawaban.")
