"""Taking a call from step to step. Nothing is written here: `calls` keeps the moves, `trial` forgets them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from common.errors import Conflict, Invalid
from customers.rules import mask_nik
from sop import checks
from sop.rules import fields, walk
from sop.rules.analysis import REFERENCE
from sop.rules.compiler import CHECK, CHOOSE, COLLECT, OUTCOME, STEP_ARGUMENT
from sop.rules.graph import Step
from sop.rules.walk import Move, Walk
from sop.situation import Situation
from units.models import Unit

PROBLEM_FIELD, UNIT_FIELD = "permasalahan", "unit"
OUTCOME_FIELDS: tuple[dict[str, Any], ...] = (
    {"name": PROBLEM_FIELD, "type": "note", "required": False},
    {"name": UNIT_FIELD, "type": "unit", "required": False},
)

Execute = Callable[[Situation, Step, Mapping[str, Any]], Move]


class StaleStep(Conflict):
    """The answer is for a step that is not the current one; read where the call stands."""

    code = "stale_step"


class CallIsOver(Conflict):
    """Nothing can be answered any more."""

    code = "call_over"


class NoWayBack(Conflict):
    """There is nothing before this step that may be changed."""

    code = "no_way_back"


class Run:
    """One call, or the trial of a draft, between two answers. `moves` are the rows to add."""

    def __init__(self, situation: Situation, execute: Execute) -> None:
        self.situation, self.execute = situation, execute
        self.moves: list[Move] = []

    @property
    def walk(self) -> Walk:
        return self.situation.walk

    def answer(self, *, step: str, choice: str | None, given: Mapping[str, Any]) -> None:
        """Answer the current step, and go on to the next one that waits for the agent.

        Raises:
            StaleStep: `step` is not the current one.
            CallIsOver: no step waits.
            Invalid: the answer does not fit the step; nothing has moved.
        """
        current = self._current(step)
        if current.kind == OUTCOME:
            move = self.execute(self.situation, current, fields.clean_all(OUTCOME_FIELDS, given))
        else:
            move = self._move(current, choice, given)
        self._add(move)
        self.settle()

    def _current(self, address: str) -> Step:
        current = self.walk.step
        if current is None:
            raise CallIsOver(_("This call has come to its end."))
        if address != current.address:
            raise StaleStep(_("The call stands at another step. Please look again."), field="step")
        return current

    def _move(self, step: Step, choice: str | None, given: Mapping[str, Any]) -> Move:
        if step.kind == CHOOSE:
            if choice not in [way.answer for way in step.exits]:
                raise Invalid(_("Choose one of the answers."), code="bad_choice", field="choice")
            _refuse_fields(given)
            return Move(walk.ANSWERED, step.address, answer=str(choice))
        if choice is not None:
            raise Invalid(_("This step has no choices."), code="bad_choice", field="choice")
        if step.kind == COLLECT:
            values = {
                field["name"]: self._known(field, value)
                for field, value in _with_fields(step, fields.clean_all(step.fields, given))
            }
            return Move(walk.ANSWERED, step.address, fields=values)
        _refuse_fields(given)
        return Move(walk.ANSWERED, step.address)

    def _known(self, field: fields.Field, value: Any) -> Any:
        """The value to keep: what stands in the database must be there, a NIK is sealed.

        Raises:
            Invalid: there is no such area, unit or tariff.
        """
        if value is None:
            return None
        if field["type"] == "nik":
            return checks.seal_nik(value, mask_nik(value))
        exists = EXISTS.get(field["type"])
        if exists is not None and not exists(value, self.situation):
            message = _("There is no %(code)s.") % {"code": value}
            raise Invalid(message, code="unknown_code", field=f"fields/{field['name']}")
        return value

    def settle(self) -> None:
        """Walk on through checks, and through answers given before that still hold."""
        while (step := self.walk.step) is not None:
            if step.kind == CHECK and self.answers_itself(step):
                self._add(self._checked(step))
            elif held := self.walk.held():
                self._add(Move(walk.KEPT, held.step, held.answer, held.fields, held.data))
            else:
                return

    def answers_itself(self, step: Step) -> bool:
        """Whether the portal answers this check; a trial leaves some to the person who tries."""
        return True

    def _checked(self, step: Step) -> Move:
        found = checks.ask(step.body["check"], self.situation, self._arguments(step))
        return Move(walk.CHECKED, step.address, answer=found.value, data=found.data)

    def _arguments(self, step: Step) -> dict[str, Any]:
        collected = self.situation.collected
        given: dict[str, Any] = {}
        for name, value in step.body.get("args", {}).items():
            if name == STEP_ARGUMENT:
                given[name] = step.about[value]
            elif isinstance(value, str) and value.startswith(REFERENCE):
                given[name] = collected.get(value.removeprefix(REFERENCE))
            else:
                given[name] = value
        return given

    def back(self, to: str | None) -> None:
        """Go back to the step `to`, else to the last one answered. What was said since is kept aside.

        Raises:
            NoWayBack: there is no such step before this one, or a report was made since.
        """
        targets = self.walk.back_targets()
        target = to or (targets[-1] if targets else None)
        if target is None or target not in targets:
            raise NoWayBack(_("The call cannot go back there."))
        self._add(Move(walk.BACK, target))

    def _add(self, move: Move) -> None:
        self.walk.add(move)
        self.moves.append(move)
        if move.fields or move.event == walk.BACK:
            self.situation.forget()


def _refuse_fields(given: Mapping[str, Any]) -> None:
    if given:
        raise Invalid(_("This step has no fields."), code="unknown_field", field="fields")


def _with_fields(step: Step, values: Mapping[str, Any]) -> list[tuple[fields.Field, Any]]:
    return [(field, values[field["name"]]) for field in step.fields if field["name"] in values]


EXISTS: dict[str, Callable[[str, Situation], bool]] = {
    "area": lambda code, it: it.area_of(code) is not None,
    "unit": lambda code, it: _is_in_force(it.unit_of(code), it.on),
    "tariff": lambda code, it: it.tariff_of(code) is not None,
}


def _is_in_force(unit: Unit | None, on: date) -> bool:
    return unit is not None and unit.valid_from <= on and (unit.valid_until is None or on <= unit.valid_until)
