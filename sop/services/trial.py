"""Trying a draft: the same steps and texts as on a call, and nothing is written.

A check is answered by the person who tries, so that every branch can be seen; only what follows from the
answers themselves answers itself. An outcome shows what it would do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from allocation.models import Channel
from common.errors import Invalid
from sop.models import Procedure
from sop.rules import walk
from sop.rules.compiler import CHECK, TICKET_OUTCOMES, compile_procedure
from sop.rules.graph import Graph, Step, Unlinkable
from sop.rules.walk import Move, Walk
from sop.services import library, outcomes
from sop.services.running import Run
from sop.situation import Situation
from units.authority import require
from units.models import User
from units.powers import Power

SELF_EVIDENT = ("answer_of", "field_value")
EXAMPLE_NUMBER = "GXXXXXXXXXXXX"  # as seed 003 writes it


class NotRunnable(Invalid):
    """The draft has faults that keep it from being tried."""

    code = "not_runnable"


@dataclass(frozen=True)
class TrialAnswer:
    """One answer of the person who tries; with `to`, a step back instead."""

    step: str = ""
    choice: str | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    to: str | None = None


class TrialRun(Run):
    """A run whose checks the person answers."""

    def answers_itself(self, step: Step) -> bool:
        return step.body["check"] in SELF_EVIDENT

    def _move(self, step: Step, choice: str | None, given: Mapping[str, Any]) -> Move:
        if step.kind != CHECK:
            return super()._move(step, choice, given)
        if choice not in [way.answer for way in step.exits]:
            raise Invalid(_("Choose one of the answers."), code="bad_choice", field="choice")
        return Move(walk.CHECKED, step.address, answer=str(choice))


def try_procedure(
    *, procedure: Procedure, answers: Sequence[TrialAnswer], by: User, at: datetime
) -> Situation:
    """Walk `procedure`, of a draft or not, as far as `answers` lead. See `presenting` for what to show.

    Raises:
        Forbidden: `by` neither writes nor approves SOPs of this unit.
        NotRunnable: it does not compile, or does not link with what is in force beside it.
        Invalid, StaleStep: an answer does not fit.
    """
    document = procedure.version.document
    power = Power.AUTHOR_SOP if by.may(Power.AUTHOR_SOP) else Power.APPROVE_SOP
    require(user=by, power=power, unit=document.owner_unit)
    situation = Situation(
        walk=Walk(graph_of(procedure)),
        agent=by,
        site=document.owner_unit,
        on=document.owner_unit.local_date(at),
        at=at,
        channel=Channel.CC123,
        reference=procedure.version.reference,
    )
    run = TrialRun(situation, preview)
    run.settle()
    for given in answers:
        if given.to is not None:
            run.back(given.to)
        else:
            run.answer(step=given.step, choice=given.choice, given=given.given)
    return situation


def graph_of(procedure: Procedure) -> Graph:
    """The draft linked with what would be in force beside it.

    Raises:
        NotRunnable: see `try_procedure`.
    """
    compiled = compile_procedure(procedure.source, library.vocabulary(procedure.version))
    if not compiled.is_sound:
        raise NotRunnable(str(compiled.problems[0]))
    try:
        return library.graph_in(library.book_with(procedure.version), procedure)
    except Unlinkable as error:
        raise NotRunnable(str(error)) from error


def preview(situation: Situation, step: Step, given: Mapping[str, Any]) -> Move:
    """What an outcome would leave behind, with a number that is none."""
    about = outcomes.draft(situation, step)
    number = EXAMPLE_NUMBER if about.kind in TICKET_OUTCOMES else ""
    situation.ticket_number = number
    return Move(walk.ANSWERED, step.address, about.kind, data={"number": number})
