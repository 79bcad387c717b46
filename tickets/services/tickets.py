"""Recording a report, and correcting what it says."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from allocation.models import Channel
from common.errors import Conflict, Invalid, Stale
from customers import rules as customer_rules
from customers.models import Customer, Product
from tickets.models import (
    ClockSegment,
    EventKind,
    Incident,
    PowerState,
    ProblemType,
    Status,
    Tab,
    Ticket,
    WorkOrderType,
)
from tickets.rules.reachability import check_ways
from tickets.services import clock, ledger, orders
from tickets.services.actors import Actor, officer, reporter
from tickets.services.coverage import NotPrepaid, require_coverage
from tickets.services.numbering import next_number
from tickets.services.outages import outage_of_report
from tickets.services.routing import Place, find_place
from units.models import Area, Unit, User
from units.powers import Power

CHANNEL_SYSTEMS = (Channel.WEB_PLN, Channel.PLN_MOBILE)
SOP_REF = re.compile(r"[a-z0-9-]+@[0-9]+")
MAX_DETAILS = 60


class ReferenceUsed(Conflict):
    """The channel has used this reference before; it is its own for ever."""

    code = "client_ref_used"


class TicketClosed(Conflict):
    """What is closed or merged is not changed any more."""

    code = "ticket_closed"


@dataclass(frozen=True, kw_only=True)
class Report:
    """What somebody reports, as the form has it. Numbers as people write them; moments aware."""

    tab: str
    problem_type: ProblemType
    problem: str
    reporter_name: str
    channel: str = Channel.CC123
    wo_type: str = ""
    is_issue_closed: bool = False
    customer: Customer | None = None
    meter_number: str = ""
    caller_number: str = ""
    mobile_number: str = ""
    by_phone: bool = False
    by_wa: bool = False
    by_sms: bool = False
    street: str = ""
    building_number: str = ""
    rt: str = ""
    rw: str = ""
    landmark: str = ""
    address_note: str = ""
    area: Area | None = None
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    unit: Unit | None = None
    posko: Unit | None = None
    power_state: str = ""
    outage_on: date | None = None
    outage_time: time | None = None
    confirm_at: datetime | None = None
    notes: str = ""
    sop_ref: str = ""
    is_hard_complaint: bool = False
    details: dict[str, Any] = field(default_factory=dict)
    client_ref: str = ""
    external_number: str = ""
    follows: Ticket | None = None
    is_demo: bool = False


COPIED = (
    "street",
    "building_number",
    "rt",
    "rw",
    "landmark",
    "address_note",
    "area",
    "latitude",
    "longitude",
    "outage_on",
    "outage_time",
    "notes",
    "sop_ref",
    "is_hard_complaint",
    "details",
    "external_number",
    "follows",
    "is_demo",
)


@transaction.atomic
def create_ticket(*, report: Report, by: User, at: datetime | None = None) -> Ticket:
    """Record a report: number, unit and posko, service target and clock, first event.

    A report closed at the contact centre is born ISSUE_CLOSED and never reaches a unit (R-ALL-2); one for
    KWH PERIKSA is born LAPOR_PERIKSA, every other one LAPOR.

    Raises:
        Forbidden: `by` may not report, or not for that posko.
        Invalid: what is said does not fit together; `field` names where (unit_required, posko_required,
            not_prepaid, no_number, bad_phone …).
        ReferenceUsed: the channel has used this `client_ref` before.
    """
    at = at or timezone.now()
    _check(report, at)
    place = None if report.is_issue_closed else _place(report, at)
    _check_coverage(report, place, at)
    actor = reporter(user=by, power=Power.CREATE_TICKETS, unit=place.posko if place else None, at=at)
    _check_channel(report, actor)
    ticket = _ticket(report, place, actor, at)
    segments = _start_clock(ticket, at)
    data = _grounds(ticket)
    try:
        with transaction.atomic():
            ledger.begin(ticket=ticket, actor=actor, at=at, data=data)
    except IntegrityError as error:
        raise _reference_refusal(report, by, error) from error
    for segment in segments:
        segment.ticket = ticket
    ClockSegment.objects.bulk_create(segments)
    orders.keep_up(ticket, actor=actor, at=at)
    return ticket


def _grounds(ticket: Ticket) -> dict[str, Any]:
    """What the first event says of other rows: the ticket that this one follows, its wide outage."""
    follows = {"follows": ticket.follows.number} if ticket.follows else {}
    return follows | ({"incident": ticket.incident_id} if ticket.incident_id else {})


def _place(report: Report, at: datetime) -> Place:
    return find_place(
        customer=report.customer,
        area=report.area or (report.customer.area if report.customer else None),
        unit=report.unit,
        posko=report.posko,
        on=timezone.localdate(at),
    )


def _ticket(report: Report, place: Place | None, actor: Actor, at: datetime) -> Ticket:
    """The row to insert. Phone numbers in E.164, the caller's with its kind (R-003-76)."""
    number = next_number(tab=report.tab, at=at)
    caller = _phone(report.caller_number, "caller_number")
    mobile = _phone(report.mobile_number, "mobile_number")
    ticket = Ticket(
        number=number,
        tab=report.tab,
        problem_type=report.problem_type,
        problem=report.problem.strip(),
        wo_type=report.wo_type,
        status=_first_status(report),
        channel=report.channel,
        client=_client(report, actor),
        client_ref=report.client_ref,
        created_by=actor.user,
        customer=report.customer,
        meter_number=_meter_number(report),
        reporter_name=report.reporter_name.strip(),
        caller_number=caller.number if caller else "",
        caller_kind=caller.kind if caller else "",
        mobile_number=mobile.number if mobile else "",
        by_phone=report.by_phone,
        by_wa=report.by_wa,
        by_sms=report.by_sms,
        unit=place.unit if place else report.unit,
        posko=place.posko if place else None,
        power_state=report.power_state,
        confirm_at=report.confirm_at,
        reported_at=at,
        closed_at=at if report.is_issue_closed else None,
        queue_key=number,
        incident=_outage(report),
        **{name: getattr(report, name) for name in COPIED},
    )
    _check_ways(ticket)
    _clean(ticket)
    return ticket


def _client(report: Report, actor: Actor) -> User | None:
    """The channel system that may follow the ticket; a follow-up stays with that of the first."""
    if report.follows is not None:
        return report.follows.client
    return actor.user if actor.is_channel else None


def _outage(report: Report) -> Incident | None:
    """The wide outage that the place lies in, so that no second order is opened for it."""
    if report.is_issue_closed:
        return None
    area = report.area or (report.customer.area if report.customer else None)
    return outage_of_report(tab=report.tab, power_state=report.power_state, area=area)


def _first_status(report: Report) -> Status:
    if report.is_issue_closed:
        return Status.ISSUE_CLOSED
    return Status.LAPOR_PERIKSA if report.wo_type == WorkOrderType.KWH_PERIKSA else Status.LAPOR


def _start_clock(ticket: Ticket, at: datetime) -> list[ClockSegment]:
    """Pin the service target; answer the segments to save once the ticket is."""
    if ticket.posko is None:
        return []
    plan, segments = clock.first_plan(
        tab=ticket.tab,
        problem_type_id=ticket.problem_type_id,
        wo_type=ticket.wo_type,
        posko=ticket.posko,
        at=at,
        confirm_at=ticket.confirm_at,
    )
    ticket.policy, ticket.due_at, ticket.alert_at = plan.policy, plan.due_at, plan.alert_at
    ticket.queue_key = clock.queue_place(ticket)["queue_key"]
    return segments


def _check(report: Report, at: datetime) -> None:
    """What needs neither a look-up nor the row."""
    today = timezone.localdate(at)
    if not _is_type_offered(report, today):
        raise Invalid(_("This problem type is not on this tab today."), code="bad_type", field="problem_type")
    if report.confirm_at and report.confirm_at <= at:
        message = _("The confirmation has to be asked for a later moment.")
        raise Invalid(message, code="confirm_in_past", field="confirm_at")
    if report.outage_on and report.outage_on > today:
        raise Invalid(_("The outage cannot begin in the future."), code="outage_ahead", field="outage_on")
    if report.sop_ref and not SOP_REF.fullmatch(report.sop_ref):
        raise Invalid(_("Name the SOP as in periksa@2."), code="bad_sop_ref", field="sop_ref")
    if len(report.details) > MAX_DETAILS:
        raise Invalid(_("There are too many answers."), code="too_many_details", field="details")
    _check_order_type(report)


def _is_type_offered(report: Report, today: date) -> bool:
    """A follow-up keeps the type of the first ticket, whatever became of it."""
    kind = report.problem_type
    offered = ProblemType.objects.in_force(today).filter(pk=kind.pk)
    return kind.tab == report.tab and (report.follows is not None or offered.exists())


def _check_order_type(report: Report) -> None:
    """A GANGGUAN for the unit names its Tipe WO, a KELUHAN and a closed one have none (R-003-84)."""
    needs_one = report.tab == Tab.GANGGUAN and not report.is_issue_closed
    if needs_one != bool(report.wo_type):
        message = _("Choose the Tipe WO.") if needs_one else _("There is no Tipe WO here.")
        raise Invalid(message, code="bad_wo_type", field="wo_type")
    if report.wo_type == WorkOrderType.KWH_PERIKSA and not _is_prepaid(report.customer):
        message = _("KWH PERIKSA needs a customer with a prabayar meter. Choose WO Autodispatch.")
        raise NotPrepaid(message, field="wo_type")


def _check_coverage(report: Report, place: Place | None, at: datetime) -> None:
    """KWH PERIKSA goes to the command centre only where self-diagnosis is in force (R-003-27)."""
    if report.wo_type == WorkOrderType.KWH_PERIKSA and place is not None:
        require_coverage(unit=place.posko, area=report.area, on=place.posko.local_date(at))


def _is_prepaid(customer: Customer | None) -> bool:
    return customer is not None and customer.product == Product.PRABAYAR


def _check_channel(report: Report, actor: Actor) -> None:
    """A channel system reports for itself only, and never closes an issue; people have no references."""
    if not actor.is_channel:
        if report.client_ref:
            message = _("Only a channel system has references of its own.")
            raise Invalid(message, code="not_a_channel", field="client_ref")
        return
    if report.channel not in CHANNEL_SYSTEMS:
        raise Invalid(_("A channel system reports as itself."), code="bad_channel", field="channel")
    if report.is_issue_closed:
        message = _("Only an agent closes an issue.")
        raise Invalid(message, code="not_an_agent", field="is_issue_closed")


def _phone(text: str, where: str) -> customer_rules.Phone | None:
    if not text.strip():
        return None
    try:
        return customer_rules.normalise_phone(text)
    except Invalid as error:
        raise Invalid(error.message, code=error.code, field=where) from error


def _meter_number(report: Report) -> str:
    """The number given, or that of the customer's meter."""
    if report.meter_number:
        return customer_rules.check_meter_number(report.meter_number)
    meter = report.customer.current_meter if report.customer else None
    return meter.number if meter else ""


def _check_ways(ticket: Ticket) -> None:
    check_ways(
        caller_kind=ticket.caller_kind,
        mobile_number=ticket.mobile_number,
        by_phone=ticket.by_phone,
        by_wa=ticket.by_wa,
        by_sms=ticket.by_sms,
        message=_("There is no number for this."),
    )


DERIVED = ("number", "queue_key", "version")
RELATIONS = tuple(it.name for it in Ticket._meta.concrete_fields if it.is_relation)


def _clean(ticket: Ticket) -> None:
    """The model's own rules on what people typed, as refusals with a field."""
    try:
        ticket.clean_fields(exclude=(*DERIVED, *RELATIONS))
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise Invalid(messages[0], code="invalid", field=name) from error
    if (ticket.latitude is None) != (ticket.longitude is None):
        message = _("Latitude and longitude belong together.")
        raise Invalid(message, code="half_a_place", field="latitude")
    if ticket.latitude is None or ticket.longitude is None:
        return
    if not (-90 <= ticket.latitude <= 90 and -180 <= ticket.longitude <= 180):
        raise Invalid(_("There is no such place."), code="no_such_place", field="latitude")


def _reference_refusal(report: Report, by: User, error: IntegrityError) -> Exception:
    """A used reference as a refusal; any other broken constraint as it is."""
    if not report.client_ref:
        return error
    existing = Ticket.objects.filter(client=by, client_ref=report.client_ref).first()
    if existing is None:
        return error
    message = _("This reference belongs to %(ticket)s.") % {"ticket": existing}
    return ReferenceUsed(message, field="client_ref")


EDITABLE = frozenset(
    {
        "external_number",
        "reporter_name",
        "mobile_number",
        "by_phone",
        "by_wa",
        "by_sms",
        "street",
        "building_number",
        "rt",
        "rw",
        "landmark",
        "address_note",
        "latitude",
        "longitude",
        "problem",
        "power_state",
        "outage_on",
        "outage_time",
        "notes",
        "is_hard_complaint",
        "unit",
        "posko",
    }
)


@transaction.atomic
def edit_ticket(*, ticket: Ticket, changes: dict[str, Any], by: User, at: datetime | None = None) -> Ticket:
    """Correct what an open report says; with `unit` or `posko`, send it elsewhere.

    The event names the fields, never their values.

    Raises:
        Forbidden: `by` may not correct reports of this posko.
        TicketClosed: it is closed or merged.
        Stale: somebody changed it since `ticket` was read.
        Invalid: values that do not fit.
    """
    at = at or timezone.now()
    current = ledger.lock(ticket)
    actor = _editor(by, current, at)
    if current.version != ticket.version:
        message = _("Somebody else changed this since you read it. Read it again, then decide.")
        raise Stale(message, etag=current.etag)
    require_open(current)
    changes = _known_changes(changes)
    changed = {name: value for name, value in changes.items() if getattr(current, name) != value}
    if not changed:
        return current
    changed |= _reroute(current, changed, at)
    _check_edit(current, changed)
    changed |= clock.queue_place(current, **changed)
    names = sorted(set(changed) & EDITABLE)
    ledger.write(ticket=current, kind=EventKind.EDITED, actor=actor, at=at, data={"fields": names}, **changed)
    if "posko" in changed:
        orders.keep_up(current, actor=actor, at=at)
    return current


def _editor(by: User, ticket: Ticket, at: datetime) -> Actor:
    """Who may correct it; where it has no posko, only who corrects everywhere."""
    if ticket.posko is None:
        return reporter(user=by, power=Power.EDIT_TICKETS, unit=None, at=at)
    return officer(user=by, power=Power.EDIT_TICKETS, unit=ticket.posko, at=at)


def require_open(ticket: Ticket) -> None:
    """Refuse with `TicketClosed` what is closed or merged."""
    if ticket.is_open:
        return
    if ticket.merged_into is not None:
        message = _("%(ticket)s was merged into %(other)s.")
        raise TicketClosed(message % {"ticket": ticket, "other": ticket.merged_into}, code="ticket_merged")
    raise TicketClosed(_("%(ticket)s is closed.") % {"ticket": ticket})


def _known_changes(changes: dict[str, Any]) -> dict[str, Any]:
    if unknown := sorted(set(changes) - EDITABLE):
        raise Invalid(_("This cannot be changed."), code="not_editable", field=unknown[0])
    if "mobile_number" in changes:
        mobile = _phone(changes["mobile_number"], "mobile_number")
        changes = changes | {"mobile_number": mobile.number if mobile else ""}
    return changes


def _reroute(ticket: Ticket, changed: dict[str, Any], at: datetime) -> dict[str, Any]:
    """The new unit and posko, and the policy's clock in the new posko's time."""
    if not {"unit", "posko"} & set(changed):
        return {}
    if ticket.orders.with_crew().exists():
        message = _("A work order is open for %(ticket)s; take it back first.") % {"ticket": ticket}
        raise Conflict(message, code="order_open")
    unit = changed.get("unit") or (None if "posko" in changed else ticket.unit)
    place = find_place(
        customer=None, area=None, unit=unit, posko=changed.get("posko"), on=timezone.localdate(at)
    )
    return {"unit": place.unit, "posko": place.posko} | clock.derived(ticket, posko=place.posko)


def _check_edit(ticket: Ticket, changed: dict[str, Any]) -> None:
    """Judge the ticket as it would be, without touching the one at hand."""
    wanted = Ticket(**{it.attname: getattr(ticket, it.attname) for it in Ticket._meta.concrete_fields})
    for name, value in changed.items():
        setattr(wanted, name, value)
    if changed.get("power_state", "") not in ("", *PowerState.values):
        raise Invalid(_("Padam or Menyala."), code="invalid", field="power_state")
    _check_ways(wanted)
    _clean(wanted)
