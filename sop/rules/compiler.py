"""From a procedure's YAML to what the portal runs, or to the list of what is wrong, line by line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema
from django.utils.translation import gettext as _

from sop.rules import text
from sop.rules.source import Lines, Place, Problem, Unreadable, line_of, read

SCHEMA = json.loads((Path(__file__).parent.parent / "schema" / "procedure.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

END, RETURN = "end", "return"
SAY, CHOOSE, COLLECT, CHECK, OUTCOME, CALL = "say", "choose", "collect", "check", "outcome", "call"
SPOKEN = ("say", "guide", "internal")
READING_CODES = ("08", "70", "71", "41", "44", "45", "46", "37", "47")
TICKET_OUTCOMES = ("ISSUE_CLOSED", "KELUHAN_TO_UNIT", "GANGGUAN_AUTODISPATCH", "KWH_PERIKSA")
# What each kind of outcome needs and takes from its template; the rest follows from the kind.
TEMPLATE_KEYS: dict[str, tuple[set[str], set[str]]] = {
    "ISSUE_CLOSED": ({"type", "problem"}, {"notes", "unit"}),
    "KELUHAN_TO_UNIT": ({"type", "problem"}, {"notes", "unit", "hard_complaint"}),
    "GANGGUAN_AUTODISPATCH": ({"type", "problem"}, {"notes", "unit"}),
    "KWH_PERIKSA": ({"type", "problem"}, {"notes", "unit"}),
    "AP2T": ({"transaction"}, {"notes", "unit", "product"}),
    "LAPOR_ULANG": (set(), {"notes"}),
    "CALL_BACK": (set(), {"notes"}),
}
TABS = {
    "KELUHAN_TO_UNIT": "KELUHAN",
    "GANGGUAN_AUTODISPATCH": "GANGGUAN",
    "KWH_PERIKSA": "GANGGUAN",
}
# Fields whose name has a meaning of its own.
MEANINGS = {
    "sapaan": "choice",
    "nama": "name",
    "pelanggan": "idpel_or_meter",
    "hp": "phone",
    "alamat": "address",
    "area": "area",
    "koordinat": "coordinates",
    "unit": "unit",
    "padam_sejak": "datetime",
    "konfirmasi_pada": "datetime",
    "konfirmasi_catatan": "text",
    "hubungi_telepon": "yes_no",
    "hubungi_wa": "yes_no",
    "hubungi_sms": "yes_no",
    "daya": "power_step",
    "produk": "product",
    "produk_sekarang": "product",
    "phasa_sekarang": "choice",
    "tarif": "tariff",
    "nik": "nik",
    "laporan": "text",
    "catatan": "note",
}
FIELD_ARGUMENT, STEP_ARGUMENT = "field", "step"


@dataclass(frozen=True)
class CheckSpec:
    """A question that procedures may ask: its possible answers and its arguments (name: whether required).

    The answers of `answer_of` and `field_value` depend on what they ask about and are none here.
    """

    answers: tuple[str, ...] = ()
    arguments: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True)
class Vocabulary:
    """The names that exist outside a procedure: checks, other procedures, maintained values, and the tab of
    every problem type."""

    checks: Mapping[str, CheckSpec]
    procedures: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()
    problem_types: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Compiled:
    """A procedure as the portal runs it, or what is wrong with it."""

    data: dict[str, Any]
    problems: tuple[Problem, ...]

    @property
    def is_sound(self) -> bool:
        return not self.problems


def compile_procedure(source: str, vocabulary: Vocabulary) -> Compiled:
    """Check `source` on its own: YAML, schema, and every name it uses. Never raises.

    What shows only together with the procedures it calls is found by `sop.rules.analysis`.
    """
    try:
        data, lines = read(source)
    except Unreadable as error:
        return Compiled({}, error.problems)
    problems = sorted(_schema_problems(data, lines), key=lambda it: it.line)
    if problems:
        return Compiled({}, tuple(problems))
    data = _with_lines(data, lines)
    found = _Names(data, lines, vocabulary).problems()
    return Compiled(data, tuple(sorted(found, key=lambda it: it.line)))


def _with_lines(data: dict[str, Any], lines: Lines) -> dict[str, Any]:
    steps = {name: {**step, "line": lines["steps", name]} for name, step in data["steps"].items()}
    return {"keywords": [], "entry": "before" not in data, "before": [], **data, "steps": steps}


# --- Schema ---------------------------------------------------------------------------------------


def _schema_problems(data: Any, lines: Lines) -> Iterator[Problem]:
    for error in VALIDATOR.iter_errors(data):
        place: Place = tuple(error.absolute_path)
        yield from _schema_problem(error, place, lines)


def _schema_problem(error: Any, place: Place, lines: Lines) -> Iterator[Problem]:
    step = str(place[1]) if len(place) > 1 and place[0] == "steps" else ""
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = set(error.schema.get("properties", {}))
        for name in sorted(set(error.instance) - known):
            yield Problem(line_of(lines, (*place, name)), _("Unknown key: %(key)s.") % {"key": name}, step)
        return
    yield Problem(line_of(lines, place), _schema_message(error, place), step)


def _schema_message(error: Any, place: Place) -> str:
    where = str(place[-1]) if place else _("the procedure")
    if error.validator == "required":
        missing = error.message.split("'")[1]
        return _("%(key)s is missing in %(where)s.") % {"key": missing, "where": where}
    if error.validator == "enum":
        allowed = ", ".join(map(str, error.validator_value))
        return _("%(where)s must be one of: %(allowed)s.") % {"where": where, "allowed": allowed}
    if error.validator == "pattern":
        return _("“%(text)s” is no name: use a–z, 0–9, - and _, beginning with a letter.") % {
            "text": str(error.instance)[:80]
        }
    return _("%(where)s does not fit (%(rule)s).") % {"where": where, "rule": error.validator}


# --- Names ----------------------------------------------------------------------------------------


class _Names:
    """Finds the names in one procedure that mean nothing."""

    def __init__(self, data: dict[str, Any], lines: Lines, vocabulary: Vocabulary) -> None:
        self.data, self.lines, self.vocabulary = data, lines, vocabulary
        self.steps: dict[str, dict[str, Any]] = data["steps"]
        self.is_whole = data["entry"]

    def problems(self) -> Iterator[Problem]:
        if self.data["start"] not in self.steps:
            yield self._at(("start",), _("There is no step %(name)s.") % {"name": self.data["start"]})
        if self.data["entry"] and self.data["before"]:
            yield self._at(("entry",), _("An addendum cannot be started by an agent."))
        yield from self._notes()
        unknown = [it for name, step in self.steps.items() for it in self._targets(name, step)]
        yield from unknown or self._unreachable()
        yield from self._field_types()
        for name, step in self.steps.items():
            yield from self._texts(name, step)
            yield from getattr(self, f"_{step['kind']}", self._nothing)(name, step)

    def _at(self, place: Place, message: str) -> Problem:
        step = str(place[1]) if place[0] == "steps" else ""
        return Problem(line_of(self.lines, place), message, step, self.data["slug"])

    def _nothing(self, name: str, step: dict[str, Any]) -> Iterator[Problem]:
        yield from ()

    def _targets(self, name: str, step: dict[str, Any]) -> Iterator[Problem]:
        if name in (END, RETURN):
            yield self._at(("steps", name), _("A step cannot be called %(name)s.") % {"name": name})
        for place, target in targets(step):
            where = ("steps", name, *place)
            if target == RETURN and self.data["entry"]:
                yield self._at(where, _("A procedure that agents start has nowhere to return to."))
            elif target not in (END, RETURN) and target not in self.steps:
                yield self._at(where, _("There is no step %(name)s.") % {"name": target})

    def _unreachable(self) -> Iterator[Problem]:
        seen, waiting = set(), [self.data["start"]]
        while waiting:
            name = waiting.pop()
            if name in self.steps and name not in seen:
                seen.add(name)
                waiting += [target for _place, target in targets(self.steps[name])]
        for name in self.steps:
            if name not in seen:
                yield self._at(("steps", name), _("No step leads to %(name)s.") % {"name": name})

    def _field_types(self) -> Iterator[Problem]:
        types: dict[str, str] = {}
        for name, index, field_ in self._fields():
            expected = MEANINGS.get(field_["name"], types.setdefault(field_["name"], field_["type"]))
            if field_["type"] != expected:
                words = {"name": field_["name"], "type": expected}
                message = _("The field %(name)s is of the type %(type)s.") % words
                yield self._at(("steps", name, "fields", index), message)

    def _fields(self) -> Iterator[tuple[str, int, dict[str, Any]]]:
        for name, step in self.steps.items():
            for index, field_ in enumerate(step.get("fields", ())):
                yield name, index, field_

    def _texts(self, name: str, step: dict[str, Any]) -> Iterator[Problem]:
        for place, content in texts(step):
            for asked in text.names_in(content, step.get("fill")):
                if message := self._unknown_placeholder(asked):
                    yield self._at(("steps", name, *place), message)
        spoken = " ".join(content for _place, content in texts(step))
        for fragment in step.get("fill", {}):
            if fragment not in spoken:
                message = _("“%(text)s” stands nowhere in this step.") % {"text": fragment}
                yield self._at(("steps", name, "fill", fragment), message)

    def _unknown_placeholder(self, asked: str) -> str:
        space, _dot, rest = asked.partition(".")
        if not text.is_placeholder(asked):
            return _("There is no placeholder {%(name)s}.") % {"name": asked}
        if space == "nilai" and rest not in self.vocabulary.values:
            return _("There is no value %(name)s.") % {"name": rest}
        if space == "isian" and self.is_whole and not self._calls() and not self._has_field(rest):
            return _("No step collects %(name)s.") % {"name": rest}
        if space == "jawaban" and rest not in self.steps and self.is_whole:
            return _("There is no step %(name)s.") % {"name": rest}
        return ""

    def _notes(self) -> Iterator[Problem]:
        """What an addendum adds to the notes of the outcome."""
        if self.data.get("notes") and not self.data["before"]:
            yield self._at(("notes",), _("Only an addendum adds notes to outcomes."))
        for index, note in enumerate(self.data.get("notes", ())):
            for asked in text.names_in(note):
                if message := self._unknown_placeholder(asked):
                    yield self._at(("notes", index), message)

    def _calls(self) -> bool:
        return any(step["kind"] == CALL for step in self.steps.values())

    def _has_field(self, name: str) -> bool:
        return any(field_["name"] == name for _step, _index, field_ in self._fields())

    def _choose(self, name: str, step: dict[str, Any]) -> Iterator[Problem]:
        values = [choice["value"] for choice in step["choices"]]
        if len(set(values)) < len(values):
            yield self._at(("steps", name, "choices"), _("Two choices have the same value."))

    def _collect(self, name: str, step: dict[str, Any]) -> Iterator[Problem]:
        names = [field_["name"] for field_ in step["fields"]]
        if len(set(names)) < len(names):
            yield self._at(("steps", name, "fields"), _("Two fields have the same name."))
        for index, field_ in enumerate(step["fields"]):
            if field_.get("suggest", "") not in {"", *self.vocabulary.values}:
                message = _("There is no value %(name)s.") % {"name": field_["suggest"]}
                yield self._at(("steps", name, "fields", index, "suggest"), message)

    def _check(self, name: str, step: dict[str, Any]) -> Iterator[Problem]:
        spec = self.vocabulary.checks.get(step["check"])
        if spec is None:
            message = _("There is no check %(name)s.") % {"name": step["check"]}
            yield self._at(("steps", name, "check"), message)
            return
        given = step.get("args", {})
        for argument in given:
            if argument not in spec.arguments:
                message = _("This check takes no %(name)s.") % {"name": argument}
                yield self._at(("steps", name, "args", argument), message)
        for argument, is_required in spec.arguments.items():
            if is_required and argument not in given:
                message = _("This check needs %(name)s.") % {"name": argument}
                yield self._at(("steps", name, "check"), message)
        if spec.answers:
            yield from self._answers(name, step, spec.answers)

    def _answers(self, name: str, step: dict[str, Any], possible: tuple[str, ...]) -> Iterator[Problem]:
        for answer in possible:
            if answer not in step["answers"]:
                message = _("The answer %(name)s leads nowhere.") % {"name": answer}
                yield self._at(("steps", name, "answers"), message)
        for answer in step["answers"]:
            if answer not in possible:
                message = _("This check never answers %(name)s.") % {"name": answer}
                yield self._at(("steps", name, "answers", answer), message)

    def _outcome(self, name: str, step: dict[str, Any]) -> Iterator[Problem]:
        needed, taken = TEMPLATE_KEYS[step["outcome"]]
        given = set(step.get("template", {}))
        for key in sorted(needed - given):
            message = _("%(key)s is missing in %(where)s.") % {"key": key, "where": "template"}
            yield self._at(("steps", name, "outcome"), message)
        for key in sorted(given - needed - taken):
            message = _("The outcome %(kind)s takes no %(key)s.") % {"kind": step["outcome"], "key": key}
            yield self._at(("steps", name, "template", key), message)
        if message := self._wrong_type(step):
            yield self._at(("steps", name, "template", "type"), message)

    def _wrong_type(self, step: dict[str, Any]) -> str:
        """A type with a placeholder is known only on the call."""
        code = step.get("template", {}).get("type", "")
        if not code or "{" in code:
            return ""
        tab = self.vocabulary.problem_types.get(code)
        if tab is None:
            return _("There is no problem type %(name)s.") % {"name": code}
        if tab != TABS.get(step["outcome"], tab):
            return _("The problem type %(name)s is on the other tab.") % {"name": code}
        return ""

    def _call(self, name: str, step: dict[str, Any]) -> Iterator[Problem]:
        called = step["procedure"]
        if called == self.data["slug"] or called not in self.vocabulary.procedures:
            message = _("There is no procedure %(name)s to call.") % {"name": called}
            yield self._at(("steps", name, "procedure"), message)


# --- What a step holds ----------------------------------------------------------------------------


def targets(step: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """Where a step leads, and the place in the step that says so."""
    for index, choice in enumerate(step.get("choices", ())):
        yield ("choices", index, "next"), choice["next"]
    for answer, target in step.get("answers", {}).items():
        yield ("answers", answer), target
    if "next" in step:
        yield ("next",), step["next"]


def texts(step: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """Every text of a step in which placeholders are filled."""
    for key in SPOKEN:
        if key in step:
            yield (key,), step[key]
    for index, aside in enumerate(step.get("if_asked", ())):
        yield ("if_asked", index), aside["say"]
    for key, content in step.get("template", {}).items():
        if key == "notes":
            yield from ((("template", key, index), note) for index, note in enumerate(content))
        elif isinstance(content, str):
            yield ("template", key), content
