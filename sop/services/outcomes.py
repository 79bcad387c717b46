"""Carrying out the outcome of a call: exactly what its template says, in the transaction of the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from allocation.rules import OTHER
from common.errors import Invalid
from sop.models import Call, HandOver, OutcomeKind
from sop.rules import fields, walk
from sop.rules.compiler import CHOOSE, TICKET_OUTCOMES
from sop.rules.graph import Step
from sop.rules.walk import Move
from sop.services.facts import Words
from sop.services.running import PROBLEM_FIELD, UNIT_FIELD
from sop.situation import Situation
from tickets.models import PowerState, ProblemType, Ticket, WorkOrderType
from tickets.services.diagnosis import report_diagnosed
from tickets.services.repeats import record_repeat
from tickets.services.report import Report
from tickets.services.tickets import create_ticket
from units.models import Unit, UnitKind

POWER_STEP = "listrik"
POWER_STATES = {"padam": PowerState.PADAM, "menyala": PowerState.MENYALA}
ORDER_TYPES = {
    OutcomeKind.GANGGUAN_AUTODISPATCH: WorkOrderType.WO_AUTODISPATCH,
    OutcomeKind.KWH_PERIKSA: WorkOrderType.KWH_PERIKSA,
}
WITH_FIELDS = (*TICKET_OUTCOMES, OutcomeKind.AP2T)
NAMELESS = "-"
OTHER_PRODUCT = "other"
PLACES = ("unit", "posko")
REFERENCE_DIGITS = 10


Given = Mapping[str, Any]


class NoEarlierReport(Invalid):
    """Lapor ulang needs the report that it repeats."""

    code = "no_earlier_report"


@dataclass(frozen=True)
class Draft:
    """What an outcome is about to do, as the agent sees it before saving."""

    kind: str
    problem_type: ProblemType | None
    problem: str
    notes: tuple[str, ...]
    unit: Unit | None
    hard_complaint: bool
    transaction: str
    product: str

    @property
    def label(self) -> str:
        return str(OutcomeKind(self.kind).label)

    @property
    def makes_ticket(self) -> bool:
        return self.kind in TICKET_OUTCOMES


def draft(situation: Situation, step: Step, words: Words | None = None) -> Draft:
    """The outcome with its texts filled. Raises: Invalid, where the problem type does not exist."""
    words = words or Words(situation, step)
    template = step.body.get("template", {})
    return Draft(
        kind=step.body["outcome"],
        problem_type=_problem_type(words(template["type"])) if "type" in template else None,
        problem=words(template.get("problem", "")),
        notes=tuple(words(line) for line in template.get("notes", ()) if words.is_complete(line)),
        unit=_named_unit(template["unit"]) if "unit" in template else situation.unit,
        hard_complaint=bool(template.get("hard_complaint")),
        transaction=template.get("transaction", ""),
        product=_product(situation, template),
    )


def _product(situation: Situation, template: Mapping[str, Any]) -> str:
    """The product that was asked for, or the other one, where the caller has taken that."""
    wanted = situation.collected.get("produk") or ""
    return OTHER.get(wanted, "") if template.get("product") == OTHER_PRODUCT else wanted


def _problem_type(code: str) -> ProblemType:
    found = ProblemType.objects.filter(code=code).first()
    if found is None:
        raise Invalid(_("There is no problem type %(name)s.") % {"name": code}, code="bad_type")
    return found


def _named_unit(code: str) -> Unit:
    found = Unit.objects.select_related("parent").filter(code=code).first()
    if found is None:
        raise Invalid(_("There is no unit %(code)s.") % {"code": code}, code="unknown_code")
    return found


@dataclass
class Execution:
    """Carries out the outcome of one call; `ticket` and `hand_over` hold what it made."""

    call: Call
    ticket: Ticket | None = None
    hand_over: HandOver | None = None

    def __call__(self, situation: Situation, step: Step, given: Given) -> Move:
        """Do what the step says, with the problem text and the unit as the agent left them.

        Raises:
            Invalid: something is missing, e.g. the unit (`unit_required`); nothing was made.
            Forbidden: the agent may not report there.
        """
        about = draft(situation, step)
        EXECUTORS[about.kind](self, situation, about, given)
        number = self.number
        situation.ticket_number = number
        kept = {name: value for name, value in given.items() if value}
        return Move(walk.ANSWERED, step.address, about.kind, fields={}, data={"number": number, **kept})

    @property
    def number(self) -> str:
        if self.ticket is not None:
            return self.ticket.number
        return self.hand_over.reference if self.hand_over else ""


def _make_ticket(execution: Execution, situation: Situation, about: Draft, given: Given) -> None:
    with _mended_here():
        execution.ticket = create_ticket(
            report=report_of(situation, about, given),
            by=situation.agent,
            held=execution.call.position,
            at=situation.at,
        )


def _make_diagnosed_ticket(execution: Execution, situation: Situation, about: Draft, given: Given) -> None:
    """The report with its nine readings, handed to the command centre at once (R-003-67, R-003-112)."""
    with _mended_here():
        execution.ticket = report_diagnosed(
            report=report_of(situation, about, given),
            readings=readings(situation),
            by=situation.agent,
            held=execution.call.position,
            at=situation.at,
        )


@contextmanager
def _mended_here() -> Iterator[None]:
    """A refused place is mended in the one field that an outcome has for it."""
    try:
        yield
    except Invalid as refusal:
        if refusal.field in PLACES:
            refusal.field = f"fields/{UNIT_FIELD}"
        raise


def readings(situation: Situation) -> dict[str, Any]:
    """The readings on the path by their code; None for "Tidak Ada Angka"."""
    codes = {
        field["name"]: field["code"]
        for step in situation.walk.graph.steps.values()
        for field in step.fields
        if field["type"] == "reading"
    }
    return {codes[name]: value for name, value in situation.collected.items() if name in codes}


def report_of(situation: Situation, about: Draft, given: Given) -> Report:
    """The report that the answers of the call add up to."""
    assert about.problem_type is not None  # the schema demands it of every ticket  # noqa: S101
    collected = situation.collected
    identity = situation.identity
    return Report(
        tab=about.problem_type.tab,
        problem_type=about.problem_type,
        problem=given.get(PROBLEM_FIELD) or about.problem,
        wo_type=ORDER_TYPES.get(OutcomeKind(about.kind), ""),
        is_issue_closed=about.kind == OutcomeKind.ISSUE_CLOSED,
        is_hard_complaint=about.hard_complaint,
        channel=situation.channel,
        customer=situation.customer,
        meter_number=identity if len(identity) == 11 else "",
        reporter_name=situation.name or NAMELESS,
        caller_number=situation.caller_number,
        mobile_number=collected.get("hp") or "",
        by_phone=bool(collected.get("hubungi_telepon")),
        by_wa=bool(collected.get("hubungi_wa")),
        by_sms=bool(collected.get("hubungi_sms")),
        power_state=_power_state(situation),
        confirm_at=situation.moment("konfirmasi_pada"),
        notes="\n".join(_notes(situation, about)),
        sop_ref=situation.reference,
        details=_details(situation),
        **_where(situation, about, given),
        **_outage(situation),
    )


def _where(situation: Situation, about: Draft, given: Given) -> dict[str, Any]:
    address = situation.collected.get("alamat") or {}
    place = situation.collected.get("koordinat") or {}
    chosen = _named_unit(given[UNIT_FIELD]) if given.get(UNIT_FIELD) else _fixed_unit(situation, about)
    is_posko = chosen is not None and chosen.kind == UnitKind.POSKO
    return {
        **{part: address.get(part, "") for part in fields.ADDRESS_PARTS},
        "area": situation.area,
        "latitude": _decimal(place.get("latitude")),
        "longitude": _decimal(place.get("longitude")),
        "unit": None if is_posko else chosen,
        "posko": chosen if is_posko else None,
    }


def _fixed_unit(situation: Situation, about: Draft) -> Unit | None:
    """The unit of the template or the one chosen by hand; None where tickets find it themselves."""
    if about.unit is not None and about.unit != situation.unit:
        return about.unit
    return situation.chosen_unit or (None if situation.customer or situation.area else situation.unit)


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _outage(situation: Situation) -> dict[str, Any]:
    moment = situation.moment("padam_sejak")
    return {"outage_on": moment.date(), "outage_time": moment.time()} if moment else {}


def _power_state(situation: Situation) -> str:
    """From the question `listrik`, in whichever of the procedures it was asked."""
    graph = situation.walk.graph
    answers = (it.answer for it in reversed(situation.walk.path) if graph[it.step].name == POWER_STEP)
    return POWER_STATES.get(next(answers, ""), "")


def _notes(situation: Situation, about: Draft) -> list[str]:
    """The notes of the template and what the agent noted, each once: a template may name the latter."""
    said = (situation.collected.get(name) for name in ("konfirmasi_catatan", "catatan"))
    return list(dict.fromkeys([*about.notes, *(str(text) for text in said if text)]))


def _details(situation: Situation) -> dict[str, Any]:
    """The answers of the call, without personal data and without what the ticket has fields for."""
    graph = situation.walk.graph
    types = graph.collected_types()
    plain = {name: value for name, value in situation.collected.items() if types[name] not in fields.PERSONAL}
    chosen = {it.step: it.answer for it in situation.walk.path if graph[it.step].kind == CHOOSE}
    return {"jawaban": chosen, "isian": plain}


def _repeat(execution: Execution, situation: Situation, about: Draft, given: Given) -> None:
    number = situation.collected.get("laporan") or situation.walk.found().get("laporan_sebelumnya")
    ticket = Ticket.objects.visible_to(situation.agent).filter(number=number or "").first()
    if ticket is None:
        raise NoEarlierReport(_("The earlier report was not found."), field="laporan")
    execution.ticket = record_repeat(
        ticket=ticket,
        by=situation.agent,
        channel=situation.channel,
        caller_number=situation.caller_number,
        words="\n".join(_notes(situation, about))[:500],
        held=execution.call.position,
        at=situation.at,
    )


def _hand_over(execution: Execution, situation: Situation, about: Draft, given: Given) -> None:
    unit = _named_unit(given[UNIT_FIELD]) if given.get(UNIT_FIELD) else about.unit
    if unit is None:
        message = _("The unit does not follow from the address. Please choose it.")
        raise Invalid(message, code="unit_required", field=f"fields/{UNIT_FIELD}")
    collected = situation.collected
    execution.hand_over = HandOver.objects.create(
        call=execution.call,
        reference=f"AP2T-{execution.call.pk.hex[:REFERENCE_DIGITS].upper()}",
        area=situation.area,
        unit=unit,
        customer=situation.customer,
        transaction=about.transaction,
        product=about.product,
        tariff=situation.tariff_of(collected["tarif"]) if collected.get("tarif") else None,
        power_va=collected.get("daya"),
        application={**_details(situation), "catatan": _notes(situation, about)},
        at=situation.at,
    )


def _nothing(execution: Execution, situation: Situation, about: Draft, given: Given) -> None:
    """The caller will call again: there is no ticket yet (R-ALL-2)."""


EXECUTORS: dict[str, Callable[[Execution, Situation, Draft, Given], None]] = {
    OutcomeKind.ISSUE_CLOSED: _make_ticket,
    OutcomeKind.KELUHAN_TO_UNIT: _make_ticket,
    OutcomeKind.GANGGUAN_AUTODISPATCH: _make_ticket,
    OutcomeKind.KWH_PERIKSA: _make_diagnosed_ticket,
    OutcomeKind.AP2T: _hand_over,
    OutcomeKind.LAPOR_ULANG: _repeat,
    OutcomeKind.CALL_BACK: _nothing,
}
