"""The stages of a program, from the draft to the end. Each decisive step takes a second person."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from common import jobs
from common.errors import Conflict, Forbidden, Invalid
from programs.models import Evaluation, Program, ProgramEvent, Status
from programs.services.evaluations import imports_in_force
from programs.services.events import record
from units.authority import acting_position
from units.models import User
from units.powers import Power

SELECT_JOB = "programs.select_winners"
LONGEST_REASON = 300


class Frozen(Conflict):
    """What is frozen is not changed any more."""

    code = "program_frozen"


class SamePerson(Forbidden):
    """Two people: nobody approves what they made."""

    code = "same_person"


class WrongStage(Conflict):
    code = "wrong_stage"


class TooLate(Conflict):
    """The deadline has passed; with an override and a reason it may be done all the same."""

    code = "deadline_passed"


@transaction.atomic
def save_draft(*, program: Program, by: User, at: datetime) -> Program:
    """Create or change a draft.

    Raises:
        Forbidden: `by` may not run programs at the owner unit, the old or the new one.
        Frozen: the program is not a draft any more.
        ValidationError: the criteria make no sense.
    """
    if program.pk:
        stored = lock(program)
        acting_position(user=by, power=Power.RUN_PROGRAMS, unit=stored.unit, at=at)
        if stored.status != Status.DRAFT:
            raise Frozen(_("Only a draft is changed. Take the program back for revision first."))
    acting_position(user=by, power=Power.RUN_PROGRAMS, unit=program.unit, at=at)
    program.drafted_by = by
    program.full_clean(exclude=["drafted_by"])
    program._history_user = by  # type: ignore[attr-defined]
    program.save()
    record(program, ProgramEvent.Kind.DRAFTED, by=by)
    return program


@transaction.atomic
def approve_program(*, program: Program, by: User, at: datetime) -> Program:
    """Put a draft in force.

    Raises:
        Forbidden: `by` may not approve programs of this unit.
        SamePerson: `by` wrote the draft last.
        WrongStage: it is no draft.
    """
    program = lock(program)
    acting_position(user=by, power=Power.APPROVE_PROGRAMS, unit=program.unit, at=at)
    _require(program, Status.DRAFT)
    if program.drafted_by_id == by.pk:
        raise SamePerson(_("You wrote this draft. Another person approves it."))
    program.approved_by = by
    return move(program, Status.APPROVED, ProgramEvent.Kind.APPROVED, by)


@transaction.atomic
def revise_program(*, program: Program, by: User, reason: str, at: datetime) -> Program:
    """Take an approved program back to change its criteria; it needs a new approval.

    Raises:
        Forbidden: `by` may not run this program.
        Frozen: its list is frozen.
        Invalid: no reason.
    """
    program = lock(program)
    acting_position(user=by, power=Power.RUN_PROGRAMS, unit=program.unit, at=at)
    if program.is_frozen:
        raise Frozen(_("The list of this program is frozen, and its criteria with it."))
    _require(program, Status.APPROVED)
    program.approved_by = None
    return move(program, Status.DRAFT, ProgramEvent.Kind.REVISED, by, reason=check_reason(reason))


@transaction.atomic
def freeze_list(*, evaluation: Evaluation, by: User, at: datetime) -> Program:
    """Make an evaluation the program's list, for good. Without a draw, everybody on it wins.

    Raises:
        Forbidden: `by` may not approve programs of this unit.
        SamePerson: `by` asked for the evaluation.
        Frozen: a list is frozen already.
        WrongStage: days are left to pay, a payment file is being imported, or the evaluation is not done, or
            of other criteria or other payments than there are now.
    """
    program = lock(evaluation.program)
    acting_position(user=by, power=Power.APPROVE_PROGRAMS, unit=program.unit, at=at)
    evaluation = Evaluation.objects.get(pk=evaluation.pk)
    if program.is_frozen:
        raise Frozen(_("The list of this program is frozen already."))
    _require(program, Status.APPROVED)
    if evaluation.asked_by_id == by.pk:
        raise SamePerson(_("You asked for this evaluation. Another person freezes its list."))
    if at < program.months_of_rule[-1].closes_at:
        raise WrongStage(_("There are days left on which a payment can count."), code="period_not_over")
    if program.payment_imports.filter(status__in=("WAITING", "RUNNING")).exists():
        raise WrongStage(_("A payment file is being imported. Wait for it, and evaluate."), code="importing")
    if not _is_current(evaluation, program):
        raise WrongStage(_("Evaluate the program as it stands now, and freeze that list."), code="stale_list")
    program.evaluation = evaluation
    data = {"evaluation": evaluation.pk, "digest": evaluation.digest, "entries": evaluation.entry_count}
    program = move(program, Status.EVALUATED, ProgramEvent.Kind.FROZEN, by, **data)
    if not program.has_draw:
        jobs.enqueue(SELECT_JOB, by=by, program_id=program.pk)
    return program


@transaction.atomic
def announce_program(
    *, program: Program, by: User, at: datetime, override: bool = False, reason: str = ""
) -> Program:
    """Publish the winners: from now on they are told, and rewards handed over.

    Raises:
        Forbidden: `by` may not run this program.
        WrongStage: the winners are not selected yet.
        TooLate: the deadline has passed, and there is no override with a reason.
    """
    program = lock(program)
    acting_position(user=by, power=Power.RUN_PROGRAMS, unit=program.unit, at=at)
    _require(program, Status.EVALUATED)
    if not program.winners_digest:
        raise WrongStage(_("The winners are not selected yet."), code="no_winners")
    late = check_deadline(program, at=at, override=override, reason=reason)
    return move(program, Status.ANNOUNCED, ProgramEvent.Kind.ANNOUNCED, by, late_reason=late)


@transaction.atomic
def extend_pick_up(*, program: Program, until: date, reason: str, by: User, at: datetime) -> Program:
    """Let winners collect their rewards for longer, e.g. when a reserve has moved up.

    Raises:
        Forbidden: `by` may not run this program.
        WrongStage: it is not announced.
        Invalid: `until` is no later than the present end, or no reason.
    """
    program = lock(program)
    acting_position(user=by, power=Power.RUN_PROGRAMS, unit=program.unit, at=at)
    _require(program, Status.ANNOUNCED)
    if until <= program.pick_up_until:
        raise Invalid(_("Give a day after the present last one."), field="until")
    program.pick_up_until = until
    data = {"until": until.isoformat(), "reason": check_reason(reason)}
    return move(program, Status.ANNOUNCED, ProgramEvent.Kind.PICK_UP_EXTENDED, by, **data)


@transaction.atomic
def close_program(*, program: Program, by: User, at: datetime) -> Program:
    """End an announced program after its last pick-up day.

    Raises:
        Forbidden: `by` may not run this program.
        WrongStage: it is not announced, or rewards can still be collected.
    """
    program = lock(program)
    acting_position(user=by, power=Power.RUN_PROGRAMS, unit=program.unit, at=at)
    _require(program, Status.ANNOUNCED)
    if program.unit.local_date(at) <= program.pick_up_until:
        raise WrongStage(_("Rewards can still be collected."), code="pick_up_not_over")
    return move(program, Status.CLOSED, ProgramEvent.Kind.CLOSED, by)


def check_deadline(program: Program, *, at: datetime, override: bool, reason: str) -> str:
    """Refuse what comes on or after the announcement deadline, unless overridden; answers the reason if late.

    "sebelum tanggal 17 Juni 2021": the 16th is the last day (R-004-8, A-004-5).
    """
    if program.unit.local_date(at) < program.announce_before:
        return ""
    if not (override and reason.strip()):
        raise TooLate(_("The deadline for announcing has passed. Override it with a reason."), field="reason")
    return check_reason(reason)


def check_reason(reason: str) -> str:
    """The reason without blanks around it.

    Raises:
        Invalid: there is none, or it is longer than 300 characters.
    """
    reason = reason.strip()
    if not 0 < len(reason) <= LONGEST_REASON:
        raise Invalid(
            _("Please give a reason of at most %(length)d characters.") % {"length": LONGEST_REASON},
            code="reason_required",
            field="reason",
        )
    return reason


def lock(program: Program) -> Program:
    """The program as it is now, locked until the end of the transaction."""
    return Program.objects.select_for_update(of=("self",)).select_related("unit").get(pk=program.pk)


def move(program: Program, status: Status, kind: ProgramEvent.Kind, by: User | None, **data: Any) -> Program:
    """Save a locked program in its new stage, with the event that tells it."""
    program.status = status
    program._history_user = by  # type: ignore[attr-defined]
    program.save()
    record(program, kind, by=by, **data)
    return program


def _is_current(evaluation: Evaluation, program: Program) -> bool:
    return (
        evaluation.status == Evaluation.Status.DONE
        and evaluation.rule == program.rule().as_text()
        and evaluation.payment_imports == imports_in_force()
    )


def _require(program: Program, status: Status) -> None:
    if program.status != status:
        message = _("This cannot be done: the program is %(status)s.")
        raise WrongStage(message % {"status": program.get_status_display()})
