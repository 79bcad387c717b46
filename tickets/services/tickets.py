"""Recording a report."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Conflict
from customers import rules as customer_rules
from tickets.models import (
    ClockSegment,
    Incident,
    Status,
    Ticket,
    WorkOrderType,
)
from tickets.services import clock, ledger, orders
from tickets.services.actors import Actor, reporter
from tickets.services.coverage import require_coverage
from tickets.services.numbering import next_number
from tickets.services.outages import outage_of_report
from tickets.services.report import Report, at_home, check_channel, check_report, check_row, phone_at
from tickets.services.routing import Place, find_place
from units.models import Position, User
from units.powers import Power


class ReferenceUsed(Conflict):
    """The channel has used this reference before; it is its own for ever."""

    code = "client_ref_used"


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
def create_ticket(
    *, report: Report, by: User, held: Position | None = None, at: datetime | None = None
) -> Ticket:
    """Record a report: number, unit and posko, service target and clock, first event.

    A report closed at the contact centre is born ISSUE_CLOSED and never reaches a unit (R-ALL-2); one for
    KWH PERIKSA is born LAPOR_PERIKSA, every other one LAPOR. A customer's report that names no other place is
    one of the customer's house. `held` is a position of `by` that the caller has
    locked, e.g. that of a call.

    Raises:
        Forbidden: `by` may not report, or not for that posko.
        Invalid: what is said does not fit together; `field` names where (unit_required, posko_required,
            not_prepaid, no_number, bad_phone …).
        ReferenceUsed: the channel has used this `client_ref` before.
    """
    at, report = at or timezone.now(), at_home(report)
    check_report(report, at)
    place = None if report.is_issue_closed else _place(report, at)
    _check_coverage(report, place, at)
    unit = place.posko if place else None
    actor = reporter(user=by, power=Power.CREATE_TICKETS, unit=unit, held=held, at=at)
    check_channel(report, actor)
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
    orders.begin(ticket, actor=actor, at=at)
    return ticket


def _grounds(ticket: Ticket) -> dict[str, Any]:
    """What the first event says of other rows: the ticket that this one follows, its wide outage."""
    follows = {"follows": ticket.follows.number} if ticket.follows else {}
    return follows | ({"incident": ticket.incident_id} if ticket.incident_id else {})


def _place(report: Report, at: datetime) -> Place:
    return find_place(
        customer=report.customer,
        area=report.area,
        unit=report.unit,
        posko=report.posko,
        on=timezone.localdate(at),
    )


def _ticket(report: Report, place: Place | None, actor: Actor, at: datetime) -> Ticket:
    """The row to insert. Phone numbers in E.164, the caller's with its kind (R-003-76)."""
    number = next_number(tab=report.tab, at=at)
    caller = phone_at(report.caller_number, "caller_number")
    mobile = phone_at(report.mobile_number, "mobile_number")
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
    check_row(ticket)
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
    return outage_of_report(tab=report.tab, power_state=report.power_state, area=report.area)


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


def _check_coverage(report: Report, place: Place | None, at: datetime) -> None:
    """KWH PERIKSA goes to the command centre only where self-diagnosis is in force (R-003-27)."""
    if report.wo_type == WorkOrderType.KWH_PERIKSA and place is not None:
        require_coverage(unit=place.posko, area=report.area, on=place.posko.local_date(at))


def _meter_number(report: Report) -> str:
    """The number given, or that of the customer's meter."""
    if report.meter_number:
        return customer_rules.check_meter_number(report.meter_number)
    meter = report.customer.current_meter if report.customer else None
    return meter.number if meter else ""


def _reference_refusal(report: Report, by: User, error: IntegrityError) -> Exception:
    """A used reference as a refusal; any other broken constraint as it is."""
    if not report.client_ref:
        return error
    existing = Ticket.objects.filter(client=by, client_ref=report.client_ref).first()
    if existing is None:
        return error
    message = _("This reference belongs to %(ticket)s.") % {"ticket": existing}
    return ReferenceUsed(message, field="client_ref")
