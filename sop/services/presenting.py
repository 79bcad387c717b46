"""What an agent sees of a call: the current step with its texts, the path, and what came of it.

What may be said and what must not are apart: `internal` is for the agent's eyes only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from customers.services.privacy import masked_name
from programs.models import Program
from sop.models import SopValue
from sop.rules import fields
from sop.rules.compiler import CHECK, CHOOSE, OUTCOME
from sop.rules.graph import Step
from sop.rules.walk import Move
from sop.services import outcomes
from sop.services.facts import Words, maintained
from sop.services.running import OUTCOME_FIELDS, PROBLEM_FIELD
from sop.situation import Situation

SEPARATOR = "|"
BLANK: dict[str, Any] = {"label": "", "help": "", "code": "", "choices": [], "value": None, "held": False}
PREFILLED = {
    "nama": lambda it: it.offered_name,
    "area": lambda it: it.premises.area.pk if it.premises.area else None,
    "pelanggan": lambda it: it.premises.customer.idpel if it.premises.customer else None,
    "produk_sekarang": lambda it: it.customer.product if it.customer else None,
}


def present_step(situation: Situation) -> dict[str, Any] | None:
    """The step that waits, every text filled; None when the call is over."""
    step = situation.walk.step
    if step is None:
        return None
    words = Words(situation, step)
    body = step.body
    shown = {
        "id": step.address,
        "kind": step.kind,
        "number": str(body.get("number", "")),
        "title": body.get("title", ""),
        "say": words(body.get("say", "")),
        "guide": words(body.get("guide", "")),
        "internal": words(body.get("internal", "")),
        "if_asked": [
            {"question": aside["question"], "say": words(aside["say"])} for aside in body.get("if_asked", ())
        ],
        "choices": _choices(situation, step),
        "fields": _fields(situation, step),
        "outcome": None,
    }
    return shown | _outcome(situation, step, words) if step.kind == OUTCOME else shown


def _choices(situation: Situation, step: Step) -> list[dict[str, Any]]:
    if step.kind not in (CHOOSE, CHECK):
        return []
    held = situation.walk.held()
    return [
        {
            "value": way.answer,
            "label": way.label,
            "key": index,
            "held": bool(held and held.answer == way.answer),
        }
        for index, way in enumerate(step.exits, start=1)
    ]


def _fields(situation: Situation, step: Step) -> list[dict[str, Any]]:
    keys = {f"nilai.{field['suggest']}" for field in step.fields if "suggest" in field}
    lists = maintained(situation, keys)
    return [_field(situation, field, lists) for field in step.fields]


def _field(situation: Situation, field: fields.Field, lists: Mapping[str, SopValue]) -> dict[str, Any]:
    kept = lists.get(f"nilai.{field.get('suggest')}")
    listed = kept.text.split(SEPARATOR) if kept else []
    suggested = [{"value": it.strip(), "label": it.strip()} for it in listed if it.strip()]
    return {
        "name": field["name"],
        "type": field["type"],
        "label": field["label"],
        "required": field.get("required", True),
        "help": field.get("help", ""),
        "code": field.get("code", ""),
        "choices": [*field.get("choices", ()), *suggested],
        "value": _value(situation, field["name"], field["type"]),
        "held": field["name"] in _given(situation),
        "assumed": bool(kept and kept.is_assumed),
    }


def _given(situation: Situation) -> dict[str, Any]:
    """What was given before, by field; for a reading None says "Tidak Ada Angka"."""
    held = situation.walk.held()
    return situation.collected | dict(held.fields if held else {})


def _value(situation: Situation, name: str, field_type: str) -> Any:
    """What was given before, else what the portal knows already. A NIK is typed anew."""
    if field_type == "nik":
        return None
    given = _given(situation)
    if name in given:
        return given[name]
    return PREFILLED[name](situation) if name in PREFILLED else None


def _outcome(situation: Situation, step: Step, words: Words) -> dict[str, Any]:
    about = outcomes.draft(situation, step, words)
    assumed = {
        "type": bool(about.problem_type and about.problem_type.is_assumed),
        "problem": words.is_assumed(step.body.get("template", {}).get("problem", "")),
    }
    shown = {
        "kind": about.kind,
        "label": about.label,
        "tab": about.problem_type.tab if about.problem_type else "",
        "type": about.problem_type.name if about.problem_type else "",
        "sub_type": about.problem_type.sub_name if about.problem_type else "",
        "problem": about.problem,
        "notes": list(about.notes),
        "unit": {"code": about.unit.code, "name": about.unit.name} if about.unit else None,
        "assumed": assumed,
    }
    given = [
        {**BLANK, **field, "assumed": assumed["problem"] and field["name"] == PROBLEM_FIELD}
        for field in OUTCOME_FIELDS
        if about.makes_ticket or field["name"] != PROBLEM_FIELD
    ]
    return {"outcome": shown, "fields": given if about.kind in outcomes.WITH_FIELDS else []}


def present_path(situation: Situation) -> list[dict[str, Any]]:
    """Every step that counts, with its answer; personal data masked."""
    return [_moved(situation, move) for move in situation.walk.path]


def _moved(situation: Situation, move: Move) -> dict[str, Any]:
    step = situation.walk.graph[move.step]
    types = {field["name"]: field["type"] for field in step.fields}
    label = next((way.label for way in step.exits if way.answer and way.answer == move.answer), move.answer)
    return {
        "step": move.step,
        "kind": step.kind,
        "number": str(step.body.get("number", "")),
        "title": step.body.get("title", ""),
        "answer": move.answer or None,
        "label": label,
        "event": move.event,
        "fields": {name: masked(types[name], value) for name, value in move.fields.items()},
        "found": dict(move.data) if step.kind == "check" else {},
    }


def masked(field_type: str, value: Any) -> Any:
    if isinstance(value, dict) and field_type == "nik":
        return value["masked"]
    return fields.masked(field_type, value)


def present_caller(situation: Situation) -> dict[str, Any]:
    """Who calls, as far as was known when the call began: the number masked, the name that is offered."""
    customer, unit = situation.premises.customer, situation.premises.unit
    return {
        "number": fields.masked("phone", situation.caller_number),
        "kind": situation.caller_kind,
        "offered_name": situation.offered_name,
        "customer": {"idpel": customer.idpel, "name": masked_name(customer)} if customer else None,
        "unit": {"code": unit.code, "name": unit.name} if unit else None,
    }


def present_standing(situation: Situation) -> dict[str, str] | None:
    """Whose standing in which program the agent may look at, where the procedure asks of a program."""
    graph = situation.walk.graph
    bodies = [graph[move.step].body for move in situation.walk.path]
    asked = [body["args"]["program"] for body in bodies if body.get("check") == "program_in_force"]
    if not asked or situation.customer is None:
        return None
    if not Program.objects.visible_to(situation.agent).filter(slug=asked[-1]).exists():
        return None
    return {"program": asked[-1], "idpel": situation.customer.idpel}
