"""The steps of a program as its page offers them: to whom, when, with which form, and what they call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from programs.admin import forms as steps_forms
from programs.models import Evaluation, Program, Seed, Status
from programs.rules import COLUMNS
from programs.services import draws, evaluations, imports, programs
from units.models import User
from units.powers import Power


@dataclass(frozen=True)
class Step:
    """One step. `is_open` says whether the stage allows it; the service asks again."""

    name: str
    title: Any
    power: Power
    is_open: Callable[[Program], bool]
    do: Callable[..., Any]
    form: type[forms.Form] = steps_forms.PlainForm
    about: Any = ""
    done: Any = ""

    def make_form(self, program: Program, data: Any = None, files: Any = None) -> forms.Form:
        more = {"program": program} if self.form is steps_forms.UploadForm else {}
        return self.form(data, files, prefix=self.name, **more)


def open_steps(program: Program, user: User) -> list[Step]:
    """The steps that the stage allows and a position of `user` gives the power for."""
    return [step for step in STEPS if user.may(step.power, program.unit) and step.is_open(program)]


def _has_list(program: Program) -> bool:
    return program.evaluations.filter(status=Evaluation.Status.DONE).exists()


def _lacks_seed(program: Program, kind: Seed.Kind) -> bool:
    return program.has_draw and not program.seeds.filter(kind=kind).exists()


def _waits_for_draw(program: Program) -> bool:
    is_drawn = hasattr(program, "draw")
    return program.status == Status.EVALUATED and not is_drawn and not _lacks_seed(program, Seed.Kind.SECOND)


def _open_evaluation(program: Program) -> Evaluation | None:
    return program.evaluations.filter(status__in=("WAITING", "RUNNING")).first()


def _stop_evaluation(program: Program, by: User) -> None:
    if evaluation := _open_evaluation(program):
        evaluations.cancel_evaluation(evaluation=evaluation, by=by)


def _freeze(program: Program, by: User, at: Any) -> Any:
    newest = program.evaluations.filter(status=Evaluation.Status.DONE).order_by("-pk")[0]
    return programs.freeze_list(evaluation=newest, by=by, at=at)


def run(step: Step, program: Program, user: User, values: dict[str, Any]) -> Any:
    """Call the service of `step` with what was typed.

    Raises:
        DomainError: the service refuses.
    """
    return step.do(program=program, by=user, **values)


def _now(service: Callable[..., Any]) -> Callable[..., Any]:
    return lambda **values: service(at=timezone.now(), **values)


RUN, APPROVE = Power.RUN_PROGRAMS, Power.APPROVE_PROGRAMS
STEPS = (
    Step(
        "approve",
        _("Approve"),
        APPROVE,
        lambda program: program.status == Status.DRAFT,
        _now(programs.approve_program),
        about=_("Whoever wrote the draft cannot approve it."),
    ),
    Step(
        "upload",
        _("Import payments"),
        RUN,
        lambda program: program.status not in (Status.DRAFT, Status.CLOSED),
        imports.upload_payments,
        steps_forms.UploadForm,
        about=format_lazy("{} {}", _("CSV, UTF-8, one payment a line. The first line:"), ", ".join(COLUMNS)),
        done=_("The file is being imported. Progress and report stand below."),
    ),
    Step(
        "evaluate",
        _("Evaluate"),
        RUN,
        lambda program: program.status != Status.DRAFT and not _open_evaluation(program),
        evaluations.ask_evaluation,
        about=_("Finds everybody who is eligible. A frozen list does not change; it is only compared."),
        done=_("The evaluation is under way."),
    ),
    Step(
        "stop",
        _("Stop the evaluation"),
        RUN,
        lambda program: bool(_open_evaluation(program)),
        _stop_evaluation,
        about=_("It leaves nothing, and may be asked for again."),
        done=_("The evaluation is being stopped."),
    ),
    Step(
        "commit",
        _("Commit to a secret"),
        RUN,
        lambda program: (
            program.status in (Status.APPROVED, Status.EVALUATED) and _lacks_seed(program, Seed.Kind.SECOND)
        ),
        _now(draws.commit_secret),
        steps_forms.SecretForm,
    ),
    Step(
        "freeze",
        _("Freeze the newest list"),
        APPROVE,
        lambda program: program.status == Status.APPROVED and _has_list(program),
        _now(_freeze),
        about=_("For good. Whoever asked for the evaluation cannot freeze it."),
    ),
    Step(
        "seed",
        _("Give the second seed"),
        APPROVE,
        lambda program: program.status == Status.EVALUATED and _lacks_seed(program, Seed.Kind.SECOND),
        _now(draws.give_second_seed),
        steps_forms.SecondSeedForm,
    ),
    Step(
        "draw",
        _("Draw"),
        RUN,
        lambda program: program.has_draw and _waits_for_draw(program),
        _now(draws.draw_winners),
        steps_forms.SecretForm,
        about=_("Once. Reveal the secret that was committed to."),
    ),
    Step(
        "announce",
        _("Announce"),
        RUN,
        lambda program: program.status == Status.EVALUATED and bool(program.winners_digest),
        _now(programs.announce_program),
        steps_forms.LateForm,
    ),
    Step(
        "extend",
        _("Extend the pick-up"),
        RUN,
        lambda program: program.status == Status.ANNOUNCED,
        _now(programs.extend_pick_up),
        steps_forms.UntilForm,
    ),
    Step(
        "close",
        _("Close"),
        RUN,
        lambda program: program.status == Status.ANNOUNCED,
        _now(programs.close_program),
    ),
    Step(
        "revise",
        _("Take back for revision"),
        RUN,
        lambda program: program.status == Status.APPROVED,
        _now(programs.revise_program),
        steps_forms.ReasonForm,
    ),
)
