"""Running calls: opening, answering, going back, breaking off. A call is its rows and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from allocation.models import Channel
from common.errors import Conflict, DomainError, Forbidden, Invalid
from customers import rules as customer_rules
from customers.models import Customer
from sop.models import Acknowledgement, Call, CallStatus, CallStep, Procedure, SopVersion
from sop.rules.compiler import OUTCOME
from sop.rules.text import fit
from sop.rules.walk import ANSWERED, KEPT, Move, Walk
from sop.services import library
from sop.services.outcomes import NAMELESS, Execution
from sop.services.running import Run
from sop.situation import AREA, IDENTITY, TARIFF, UNIT, Found, Premises, Situation, find_customer
from tickets.models import Ticket
from units.authority import acting_position
from units.models import Area, Position, Unit, User
from units.powers import Power
from units.services.service_areas import serving_unit

MAX_REASON = 300
MAX_STEPS = 1000
FOUND = ("customer__unit__parent", "customer__area", "customer__tariff", "area", "unit__parent", "tariff")


class AcknowledgeFirst(Conflict):
    """The SOP asks to be read and acknowledged before its procedures run."""

    code = "acknowledge_first"


class CallClosed(Conflict):
    """The call has ended or was broken off."""

    code = "call_closed"


class NoSuchCall(DomainError):
    """There is none, or none that this person may see."""

    status = 404
    code = "not_found"


class NotYourCall(Forbidden):
    """Another agent's call may be seen, but not gone on with."""

    code = "not_your_call"


@dataclass(frozen=True)
class State:
    """A call and where it stands."""

    call: Call
    situation: Situation

    @property
    def walk(self) -> Walk:
        return self.situation.walk


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What a call is opened with. The number as the telephone shows it; `on` in the past looks back."""

    procedure: str
    caller_number: str = ""
    idpel: str = ""
    area: str = ""
    channel: str = Channel.CC123
    on: date | None = None


# --- Opening --------------------------------------------------------------------------------------


@transaction.atomic
def open_call(*, opening: Opening, by: User, at: datetime | None = None) -> State:
    """Begin a call with the version in force for the premises and the day, and keep it to the end.

    Raises:
        Forbidden: `by` may not run calls.
        NotInForce: no such procedure is in force there and on that day.
        AcknowledgeFirst: the SOP asks to be acknowledged first.
        Invalid: a number, area or IDPEL that cannot be, or a day in the future.
    """
    at = at or timezone.now()
    position = _position(by, at)
    today = position.unit.local_date(at)
    on = opening.on or today
    if on > today:
        raise Invalid(_("A call cannot be opened for a day to come."), code="in_the_future", field="on")
    premises = _premises(opening, by, on)
    book = library.rulebook(unit=premises.unit, on=on)
    procedure = book.entry(opening.procedure)
    _require_acknowledgement(procedure.version, by)
    phone = _phone(opening.caller_number)
    call = Call.objects.create(
        procedure=procedure,
        version=procedure.version,
        pins=library.pin(book, procedure),
        on=on,
        agent=by,
        position=position,
        site=position.unit,
        channel=opening.channel,
        caller_number=phone.number if phone else "",
        caller_kind=phone.kind if phone else "",
        offered_name=_name_before(phone.number) if phone else "",
        customer=premises.customer,
        area=premises.area,
        unit=premises.unit,
        opened_at=at,
    )
    state = _state(call, [], at)
    run = _run(state)
    run.settle()
    _keep(state, run, [])
    return state


def _position(by: User, at: datetime) -> Position:
    """The position in which the agent takes calls; locked until the commit."""
    seat = next((it for it in by.positions_in_force if it.allows(Power.RUN_CALLS)), None)
    if seat is None:
        raise Forbidden(_("No position of yours allows this."))
    return acting_position(user=by, power=Power.RUN_CALLS, unit=seat.unit, at=at)


def _premises(opening: Opening, by: User, on: date) -> Premises:
    customer = area = None
    if opening.idpel:
        customer = find_customer(customer_rules.check_idpel(opening.idpel), by)
        if customer is None:
            raise Invalid(_("No customer has this IDPEL."), code="unknown_customer", field="idpel")
    if opening.area:
        area = Area.objects.filter(pk=opening.area).first()
        if area is None:
            raise Invalid(_("There is no such area."), code="unknown_area", field="area")
    return Premises(customer=customer, area=area, unit=_unit(customer, area, on))


def _unit(customer: Customer | None, area: Area | None, on: date) -> Unit | None:
    if customer is not None:
        return customer.unit
    return serving_unit(area, on) if area else None


def _phone(text: str) -> customer_rules.Phone | None:
    if not text.strip():
        return None
    try:
        return customer_rules.normalise_phone(text)
    except Invalid as error:
        raise Invalid(error.message, code=error.code, field="caller_number") from error


def _name_before(number: str) -> str:
    """The name given when this number called before: on a call, else on a report (R-003-6)."""
    steps = CallStep.objects.filter(call__caller_number=number, fields__nama__isnull=False)
    if step := steps.order_by("-pk").first():
        return str(step.fields["nama"] or "")
    reports = Ticket.objects.filter(caller_number=number).exclude(reporter_name=NAMELESS).order_by("-pk")
    return reports.values_list("reporter_name", flat=True).first() or ""


def _require_acknowledgement(version: SopVersion, by: User) -> None:
    if not version.document.demands_acknowledgement:
        return
    if not Acknowledgement.objects.filter(version=version, reader=by).exists():
        message = _("Please read and acknowledge %(sop)s first.") % {"sop": version.reference}
        raise AcknowledgeFirst(message)


# --- Going on -------------------------------------------------------------------------------------


@transaction.atomic
def answer(
    *,
    call_id: UUID,
    step: str,
    choice: str | None = None,
    given: Mapping[str, Any] | None = None,
    by: User,
    at: datetime | None = None,
) -> State:
    """Answer the current step of one's own call and go on to the next that waits.

    Checks on the way are answered by the portal; an outcome is carried out in the same transaction.

    Raises:
        StaleStep: the call stands at another step, e.g. because the answer was sent twice.
        NoSuchCall: `by` may see no such call.
        CallClosed, NotYourCall: it can be looked at, not gone on with.
        Invalid: the answer does not fit; nothing has moved.
    """
    state, rows = _locked(call_id, by, at or timezone.now())
    run = _run(state)
    run.answer(step=step, choice=choice, given=given or {})
    _keep(state, run, rows)
    return state


@transaction.atomic
def go_back(*, call_id: UUID, to: str | None = None, by: User, at: datetime | None = None) -> State:
    """Go back to the step `to`, or by one. Answers that still hold are kept for the way forward.

    Raises:
        NoWayBack: there is no such step on the path, or a report was made since.
        CallClosed, NotYourCall: as for `answer`.
    """
    state, rows = _locked(call_id, by, at or timezone.now())
    run = _run(state)
    run.back(to)
    _keep(state, run, rows)
    return state


@transaction.atomic
def abandon(*, call_id: UUID, reason: str, by: User, at: datetime | None = None) -> State:
    """Break off a call, with the reason.

    Raises:
        Invalid: no reason, or one that is too long.
        CallClosed, NotYourCall: as for `answer`.
    """
    reason = reason.strip()
    if not 0 < len(reason) <= MAX_REASON:
        message = _("Please say why, in at most 300 characters.")
        raise Invalid(message, code="reason_required", field="reason")
    state, _rows_before = _locked(call_id, by, at or timezone.now())
    state.call.status = CallStatus.ABANDONED
    state.call.abandon_reason = reason
    state.call.closed_at = state.situation.at
    state.call.save(update_fields=["status", "abandon_reason", "closed_at"])
    return state


def read(*, call: Call, at: datetime | None = None) -> State:
    """Where a call stands; nothing moves."""
    return _state(call, _rows(call), at or timezone.now())


# --- Rows -----------------------------------------------------------------------------------------


def _locked(call_id: UUID, by: User, at: datetime) -> tuple[State, list[CallStep]]:
    """The call as it stands now, locked together with the position it is taken in, and its rows."""
    seen = Call.objects.visible_to(by).with_all().select_related("position__unit")
    current = seen.select_for_update(of=("self", "position")).filter(pk=call_id).first()
    if current is None:
        raise NoSuchCall(_("There is no such call."))
    if current.agent_id != by.pk:
        raise NotYourCall(_("This is the call of another agent."))
    current.agent = by  # whose positions are known already
    if current.status != CallStatus.OPEN:
        raise CallClosed(_("This call has ended."))
    if not _is_held(current.position, current.site, at):
        acting_position(user=by, power=Power.RUN_CALLS, unit=current.site, at=at)
    rows = _rows(current)
    if len(rows) > MAX_STEPS:
        raise CallClosed(_("This call has become too long. Please break it off and begin anew."))
    return _state(current, rows, at), rows


def _is_held(position: Position, site: Unit, at: datetime) -> bool:
    """Whether the position in which the call was opened still allows to go on with it."""
    return position.is_in_force(at) and position.allows(Power.RUN_CALLS, site)


def _rows(call: Call) -> list[CallStep]:
    rows = CallStep.objects.filter(call=call).order_by("sequence")
    return list(rows.select_related(*FOUND))


def _state(call: Call, rows: list[CallStep], at: datetime) -> State:
    moves = (Move(row.event, row.step, row.answer, row.fields, row.data) for row in rows)
    situation = Situation(
        walk=Walk(library.pinned_graph(call.pins), moves),
        agent=call.agent,
        site=call.site,
        on=call.on,
        at=at,
        channel=call.channel,
        reference=call.version.reference,
        premises=Premises(customer=call.customer, area=call.area, unit=call.unit),
        caller_number=call.caller_number,
        caller_kind=call.caller_kind,
        offered_name=call.offered_name,
        ticket_number=call.ticket_number,
        found=_found(call, rows),
    )
    return State(call, situation)


def _found(call: Call, rows: list[CallStep]) -> Found:
    """What the call was opened with and its rows were written with, see `Situation.named_by`."""
    found = Found()
    if call.area is not None and call.customer is None:
        found.serving[call.area.pk] = call.unit
    for row in rows:
        if number := row.fields.get(IDENTITY):
            found.customers[number] = row.customer
        if code := row.fields.get(AREA):
            found.areas[code] = row.area
        if chosen := row.fields.get(UNIT):
            found.units[chosen] = row.unit
        elif code:
            found.serving[code] = row.unit
        if tariff := row.fields.get(TARIFF):
            found.tariffs[tariff] = row.tariff
    return found


def _run(state: State) -> Run:
    return Run(state.situation, Execution(state.call))


def _keep(state: State, run: Run, before: list[CallStep]) -> None:
    """Write the moves, and the end of the call where they led there."""
    graph = state.walk.graph
    last = before[-1].at if before else state.call.opened_at
    passed = max(int((state.situation.at - last).total_seconds()), 0)
    rows = [
        CallStep(
            call=state.call,
            sequence=len(before) + index,
            event=move.event,
            step=move.step,
            kind=graph[move.step].kind,
            answer=move.answer,
            fields=dict(move.fields),
            data=dict(move.data),
            seconds=passed if index == 1 else 0,
            at=state.situation.at,
            **state.situation.named_by(move.fields),
        )
        for index, move in enumerate(run.moves, start=1)
    ]
    CallStep.objects.bulk_create(rows)
    _close(state, run.moves)


def _close(state: State, moves: list[Move]) -> None:
    call, changed = state.call, []
    done = [it for it in moves if it.event in (ANSWERED, KEPT) and state.walk.graph[it.step].kind == OUTCOME]
    for move in done:
        call.outcome, call.ticket_number = move.answer, move.data["number"]
        changed += ["outcome", "ticket_number"]
    if state.walk.is_over:
        call.status, call.closed_at = CallStatus.FINISHED, state.situation.at
        changed += ["status", "closed_at"]
    if changed:
        call.save(update_fields=changed)


def find_procedures(
    *,
    by: User,
    search: str = "",
    idpel: str = "",
    area: str = "",
    on: date | None = None,
    at: datetime | None = None,
) -> list[Procedure]:
    """The procedures that can be started for these premises and that day, by title.

    With `search`, those whose title or keywords hold some of its words, the most words first.

    Raises:
        Invalid: an area or IDPEL that cannot be.
    """
    on = on or timezone.localdate(at)
    premises = _premises(Opening(procedure="", idpel=idpel, area=area), by, on)
    book = library.rulebook(unit=premises.unit, on=on)
    entries = sorted((it for it in book.procedures.values() if it.is_entry), key=lambda it: it.title)
    words = search.lower().split()
    fitting = {it.pk: fit(words, it.title, *it.keywords) for it in entries}
    found = [it for it in entries if fitting[it.pk] or not words]
    return sorted(found, key=lambda it: -fitting[it.pk])
