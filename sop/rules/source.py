"""Reading a procedure's YAML: plain data, and the line on which each part stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml
from django.utils.translation import gettext as _

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same, ten times as fast, where it was built
MAX_LENGTH = 300_000
MAX_DEPTH = 12
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,9})?")
WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}

Place = tuple[str | int, ...]
Lines = dict[Place, int]


@dataclass(frozen=True)
class Problem:
    """What is wrong with a procedure. `line` counts from 1; `step` is empty where no step is concerned.

    `code` is stable, `message` for people.
    """

    line: int
    message: str
    step: str = ""
    procedure: str = ""
    code: str = "invalid"

    def __str__(self) -> str:
        return f"{self.line}: {self.message}"


class Unreadable(ValueError):
    """The text is no procedure; `problems` says where and why."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


def read(text: str) -> tuple[Any, Lines]:
    """The data in a YAML text, and the line of every key and list entry by its place.

    Only what JSON can say is read: no tags, no anchors, no dates; `yes` and `on` are words.

    Raises:
        Unreadable: no YAML, more than one document, an anchor, a key that stands twice, too long or deep.
    """
    if len(text) > MAX_LENGTH:
        raise Unreadable(Problem(1, _("The text is too long.")))
    try:
        _refuse_anchors(text)
        node = yaml.compose(text, Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        line = min(error.problem_mark.line, text.count("\n")) + 1 if error.problem_mark else 1
        raise Unreadable(Problem(line, _("This is no YAML: %(why)s") % {"why": error.problem})) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise Unreadable(Problem(1, _("This is no YAML."))) from error
    lines: Lines = {}
    return (_value(node, (), lines) if node else None), lines


def _refuse_anchors(text: str) -> None:
    for depth, event in _events(text):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise Unreadable(Problem(line, _("Anchors and aliases (& and *) are not read.")))
        if depth > MAX_DEPTH:
            raise Unreadable(Problem(line, _("The text is nested too deeply.")))


def _events(text: str) -> Any:
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent)
        yield depth, event
        depth -= isinstance(event, yaml.CollectionEndEvent)


def _value(node: yaml.Node, place: Place, lines: Lines) -> Any:
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, place, lines)
    if isinstance(node, yaml.SequenceNode):
        return [_value(inner, (*place, index), lines) for index, inner in enumerate(node.value)]
    return _scalar(node.value, is_quoted=bool(getattr(node, "style", None)))


def _mapping(node: yaml.MappingNode, place: Place, lines: Lines) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key, inner in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise Unreadable(Problem(line, _("A key must be a word.")))
        if key.value in data:
            raise Unreadable(Problem(line, _("%(key)s stands here twice.") % {"key": key.value}))
        lines[(*place, key.value)] = line
        data[key.value] = _value(inner, (*place, key.value), lines)
    return data


def _scalar(text: str, *, is_quoted: bool) -> Any:
    if is_quoted:
        return text
    if text in WORDS:
        return WORDS[text]
    if NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text


def line_of(lines: Lines, place: Place) -> int:
    """The line of `place`, or of the nearest thing around it."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)
