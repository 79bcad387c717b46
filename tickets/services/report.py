"""What somebody reports, and whether it makes sense before anything is looked up or saved."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from allocation.models import Channel
from common.errors import Invalid
from customers import rules as customer_rules
from customers.models import Customer, Product
from tickets.models import ProblemType, Tab, Ticket, WorkOrderType
from tickets.rules.reachability import check_ways
from tickets.services.actors import Actor
from tickets.services.coverage import NotPrepaid
from units.models import Area, Unit

CHANNEL_SYSTEMS = (Channel.WEB_PLN, Channel.PLN_MOBILE)
SOP_REF = re.compile(r"[a-z0-9-]+@[0-9]+")
MAX_DETAILS = 60
DERIVED = ("number", "queue_key", "version")
ADDRESS = ("street", "building_number", "rt", "rw", "landmark")
RELATIONS = tuple(it.name for it in Ticket._meta.concrete_fields if it.is_relation)


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


def at_home(report: Report) -> Report:
    """The report with the customer's area, and address, where it names no other place.

    A crew has to find the house, and a wide outage is known by the areas of its reports. An issue that is
    closed at once needs neither.
    """
    customer = report.customer
    if customer is None or report.is_issue_closed:
        return report
    if report.area is not None and report.area.pk != customer.area_id:
        return report
    parts = () if report.street else ADDRESS
    address = {name: getattr(report, name) or getattr(customer, name) for name in parts}
    return replace(report, area=report.area or customer.area, **address)


def check_report(report: Report, at: datetime) -> None:
    """Refuse, with the field, a report that does not fit together."""
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
    return kind.tab == report.tab and (report.follows is not None or kind.is_in_force(today))


def _check_order_type(report: Report) -> None:
    """A GANGGUAN for the unit names its Tipe WO, a KELUHAN and a closed one have none (R-003-84)."""
    needs_one = report.tab == Tab.GANGGUAN and not report.is_issue_closed
    if needs_one != bool(report.wo_type):
        message = _("Choose the Tipe WO.") if needs_one else _("There is no Tipe WO here.")
        raise Invalid(message, code="bad_wo_type", field="wo_type")
    if report.wo_type == WorkOrderType.KWH_PERIKSA and not _is_prepaid(report.customer):
        message = _("KWH PERIKSA needs a customer with a prabayar meter. Choose WO Autodispatch.")
        raise NotPrepaid(message, field="wo_type")


def _is_prepaid(customer: Customer | None) -> bool:
    return customer is not None and customer.product == Product.PRABAYAR


def check_channel(report: Report, actor: Actor) -> None:
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


def phone_at(text: str, where: str) -> customer_rules.Phone | None:
    if not text.strip():
        return None
    try:
        return customer_rules.normalise_phone(text)
    except Invalid as error:
        raise Invalid(error.message, code=error.code, field=where) from error


def check_row(ticket: Ticket) -> None:
    """Refuse, with the field, what people typed into a row and no row may hold."""
    _check_fields(ticket)
    check_ways(
        caller_kind=ticket.caller_kind,
        mobile_number=ticket.mobile_number,
        by_phone=ticket.by_phone,
        by_wa=ticket.by_wa,
        by_sms=ticket.by_sms,
        message=_("There is no number for this."),
    )


def _check_fields(ticket: Ticket) -> None:
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
