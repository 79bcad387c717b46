"""What is wrong with a linked procedure: what a call could run into on some path through it.

Two sets travel along the graph to each step: what is certain there (on every path) and what is possible (on
some path). From these follow the answers a check can give, whether a path ends without an outcome, and so on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from sop.rules.compiler import (
    CHECK,
    CHOOSE,
    END,
    FIELD_ARGUMENT,
    OUTCOME,
    READING_CODES,
    STEP_ARGUMENT,
    texts,
)
from sop.rules.graph import Exit, Graph, Step
from sop.rules.source import Problem
from sop.rules.text import names_in

NOT_ASKED, EMPTY, YES, NO = "belum_ditanya", "kosong", "ya", "tidak"
PRODUCTS = ("PASCABAYAR", "PRABAYAR")
REFERENCE = "isian."

Token = tuple[str, ...]
OUTCOME_MADE: Token = ("outcome",)
NUMBER_GIVEN: Token = ("number",)


@dataclass(frozen=True)
class Known:
    """What is certain and what is possible when a call arrives at a step."""

    certain: frozenset[Token]
    possible: frozenset[Token]

    def merged(self, other: Known) -> Known:
        return Known(self.certain & other.certain, self.possible | other.possible)


def flow(graph: Graph) -> dict[str, Known]:
    """What is known on arrival at each step that a call can reach, and at END."""
    nothing = Known(frozenset(), frozenset())
    known = {graph.start: nothing}
    waiting = [graph.start]
    while waiting:
        address = waiting.pop()
        if address == END:
            continue
        for way in graph[address].exits:
            after = _after(graph[address], way, known[address])
            merged = known[way.target].merged(after) if way.target in known else after
            if known.get(way.target) != merged:
                known[way.target] = merged
                waiting.append(way.target)
    return known


def _after(step: Step, way: Exit, before: Known) -> Known:
    certain, possible = set(before.certain), set(before.possible)
    certain.add(("asked", step.address))
    if step.kind == CHOOSE:
        possible = {token for token in possible if token[:2] != ("answer", step.address)}
        possible.add(("answer", step.address, way.answer))
    if step.kind == OUTCOME:
        certain.add(OUTCOME_MADE)
        possible |= {OUTCOME_MADE} if step.body["outcome"] == "CALL_BACK" else {OUTCOME_MADE, NUMBER_GIVEN}
    for field in step.fields:
        tokens = {("field", field["name"]), ("reading", field.get("code", ""))}
        certain = certain | tokens if field.get("required", True) else certain - tokens
    return Known(frozenset(certain), frozenset(possible))


def problems(graph: Graph) -> list[Problem]:
    """Everything wrong with a procedure that agents start, linked with what it calls; by line."""
    known = flow(graph)
    found = [*_endless(graph), *_names(graph)]
    for address, here in known.items():
        if address != END:
            found += _at(graph[address], here, graph)
    return sorted(set(found), key=lambda it: (it.procedure, it.line, it.message))


def _at(step: Step, here: Known, graph: Graph) -> Iterator[Problem]:
    if step.kind == CHECK:
        yield from _unhandled(step, here, graph)
    if step.kind == OUTCOME:
        yield from _outcome(step, here)
    elif any(way.target == END for way in step.exits) and OUTCOME_MADE not in here.certain:
        yield _problem(step, "no_outcome", _("A call can end here without an outcome."))
    asked = {name for _place, text in texts(step.body) for name in names_in(text, step.body.get("fill"))}
    if "nomor_laporan" in asked and NUMBER_GIVEN not in here.possible:
        yield _problem(step, "no_number_yet", _("There is no report number yet."))


def _outcome(step: Step, here: Known) -> Iterator[Problem]:
    if OUTCOME_MADE in here.possible:
        yield _problem(step, "second_outcome", _("A call can come here after another outcome."))
    if step.body["outcome"] == "KWH_PERIKSA":
        missing = [code for code in READING_CODES if ("reading", code) not in here.certain]
        if missing:
            message = _("Readings may be missing here: %(codes)s.") % {"codes": ", ".join(missing)}
            yield _problem(step, "reading_missing", message)


def _unhandled(step: Step, here: Known, graph: Graph) -> Iterator[Problem]:
    if STEP_ARGUMENT in step.about or STEP_ARGUMENT in step.body.get("args", {}):
        known, possible = _answers_of_step(step, here, graph)
    elif FIELD_ARGUMENT in step.body.get("args", {}):
        known, possible = _answers_of_field(step, here, graph)
    else:
        return
    handled = step.body["answers"]
    for answer in sorted(possible - handled.keys()):
        yield _problem(step, "unhandled_answer", _("The answer %(name)s leads nowhere.") % {"name": answer})
    for answer in sorted(handled.keys() - known):
        yield _problem(step, "unknown_answer", _("This check never answers %(name)s.") % {"name": answer})


def _answers_of_step(step: Step, here: Known, graph: Graph) -> tuple[set[str], set[str]]:
    """The answers that make sense, and those that are possible here."""
    about = step.about.get(str(step.body["args"][STEP_ARGUMENT]), "")
    known = {way.answer for way in graph[about].exits} if about else set()
    possible = {token[2] for token in here.possible if token[:2] == ("answer", about)}
    if ("asked", about) not in here.certain:
        possible.add(NOT_ASKED)
    return known | {NOT_ASKED}, possible


def _answers_of_field(step: Step, here: Known, graph: Graph) -> tuple[set[str], set[str]]:
    name = str(step.body["args"][FIELD_ARGUMENT])
    known = field_answers(graph, name)
    possible = known if ("field", name) in here.certain else known | {EMPTY}
    return known | {EMPTY}, possible


def field_answers(graph: Graph, name: str) -> set[str]:
    """What `field_value` can answer about a field that is filled."""
    found: set[str] = set()
    for field in (it for step in graph.steps.values() for it in step.fields if it["name"] == name):
        if field["type"] in ("yes_no", "tick"):
            found |= {YES, NO}
        elif field["type"] == "product":
            found |= set(PRODUCTS)
        else:
            found |= {choice["value"] for choice in field.get("choices", ())}
    return found


def _names(graph: Graph) -> Iterator[Problem]:
    """Fields that nothing collects, and steps that are asked about but hold no choice."""
    collected = graph.collected_types()
    for step in graph.steps.values():
        for name in sorted(set(_fields_named(step)) - collected.keys()):
            yield _problem(step, "unknown_field", _("No step collects %(name)s.") % {"name": name})
        for name, about in step.about.items():
            if graph[about].kind != CHOOSE:
                yield _problem(
                    step, "no_question", _("%(name)s is no question with choices.") % {"name": name}
                )


def _fields_named(step: Step) -> Iterator[str]:
    arguments: Mapping[str, object] = step.body.get("args", {})
    for name, value in arguments.items():
        if name == FIELD_ARGUMENT:
            yield str(value)
        elif isinstance(value, str) and value.startswith(REFERENCE):
            yield value.removeprefix(REFERENCE)
    for _place, text in texts(step.body):
        for name in names_in(text, step.body.get("fill")):
            if name.startswith(REFERENCE):
                yield name.removeprefix(REFERENCE)


def _endless(graph: Graph) -> Iterator[Problem]:
    """Steps from which no way leads to the end."""
    sources: dict[str, list[str]] = {}
    for step in graph.steps.values():
        for way in step.exits:
            sources.setdefault(way.target, []).append(step.address)
    ending, waiting = {END}, [END]
    while waiting:
        for address in sources.get(waiting.pop(), ()):
            if address not in ending:
                ending.add(address)
                waiting.append(address)
    for address, step in graph.steps.items():
        if address not in ending:
            yield _problem(step, "endless", _("From here a call never ends."))


def _problem(step: Step, code: str, message: str) -> Problem:
    return Problem(step.line, message, step.name, step.procedure, code)
