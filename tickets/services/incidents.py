"""Padam meluas: proposed from many reports of one place, confirmed and led by an officer.

The outage's status goes down to its tickets, never up: a ticket that one crew repairs alone changes nothing
for the others. Its tickets follow in background jobs, some at a time, each exactly once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, F, Min, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from common import jobs
from common.errors import Conflict, Invalid
from tickets import notices
from tickets.models import (
    EventKind,
    Incident,
    IncidentEvent,
    IncidentRule,
    IncidentStatus,
    PowerState,
    Status,
    Tab,
    Ticket,
    TicketEvent,
    Told,
)
from tickets.rules.incidents import area_at_level, may_incident_move
from tickets.rules.moves import Hand, MoveRefused, hands_for
from tickets.services import ledger, moves, orders
from tickets.services.actors import Actor, job, officer
from tickets.services.outages import current_outage
from units.models import Area, Unit, User
from units.powers import Power

FOLLOW = "tickets.follow_incident"
PROPOSER = "incidents"
AT_ONCE = 200
MAX_TEXT = 300
DEFAULT_RULE = IncidentRule()
# What each status of an outage makes of its tickets that no crew works on; the others leave them as they are.
BRINGS = {
    IncidentStatus.NYALA: (Status.NYALA,),
    IncidentStatus.SELESAI: (Status.NYALA, Status.SELESAI),
}


class OutageOpen(Conflict):
    """The area has an outage already."""

    code = "outage_open"


class NotPartOfIt(Conflict):
    """The ticket lies elsewhere, is closed, or belongs to no outage."""

    code = "not_part_of_it"


def rule_for(unit: Unit) -> IncidentRule:
    """The rule of the nearest unit above, else the general one, else five reports of a desa in 30 minutes."""
    fitting = IncidentRule.objects.filter(Q(unit__in=unit.ancestor_ids) | Q(unit=None)).select_related("unit")
    return max(fitting, key=lambda it: len(it.unit.path) if it.unit else 0, default=DEFAULT_RULE)


@transaction.atomic
def consider(*, ticket: Ticket, at: datetime) -> Incident | None:
    """Propose an outage where the reports of the ticket's area have passed the count; answer a new one.

    For every new report, after the commit. Runs twice without proposing twice: an area has one open outage.
    """
    if not _counts(ticket) or ticket.area is None or ticket.posko is None or ticket.unit is None:
        return None
    rule = rule_for(ticket.posko)
    code = area_at_level(ticket.area.lineage, rule.area_level)
    if code is None or current_outage(ticket.area) or _is_open_at(code):
        return None
    reports = _reports(code, since=_window_start(code, ticket.reported_at - timedelta(minutes=rule.minutes)))
    count = reports.count()
    if count < rule.reports:
        return None
    began_at = reports.order_by("reported_at")[0].reported_at
    return _propose(ticket, ticket.unit, code, count, began_at, at)


def _counts(ticket: Ticket) -> bool:
    return (
        ticket.tab == Tab.GANGGUAN and ticket.power_state == PowerState.PADAM and ticket.incident_id is None
    )


def _is_open_at(code: str) -> bool:
    return Incident.objects.open().filter(area=code).exists()


def _window_start(code: str, start: datetime) -> datetime:
    """Reports from before an officer dismissed the area's last outage do not count again."""
    dismissed = Incident.objects.filter(area=code, status=IncidentStatus.DISMISSED, ended_at__gt=start)
    latest = dismissed.order_by("-ended_at").values_list("ended_at", flat=True).first()
    return latest or start


def _reports(code: str, *, since: datetime) -> Any:
    """Open reports of houses without power in the area since then."""
    within = Q(area=code) | Q(area__code__startswith=f"{code}.")
    rows = Ticket.objects.open().filter(within, tab=Tab.GANGGUAN, power_state=PowerState.PADAM)
    return rows.filter(reported_at__gte=since)


def _propose(
    ticket: Ticket, unit: Unit, code: str, count: int, began_at: datetime, at: datetime
) -> Incident | None:
    try:
        with transaction.atomic():
            incident = Incident.objects.create(
                unit=unit, area_id=code, report_count=count, began_at=began_at, version=1
            )
    except IntegrityError:  # another report of the area proposed it at the same moment
        return None
    actor = job(PROPOSER)
    _record(incident, actor, at, before="", data={"reports": count})
    ticket = ledger.lock(ticket)
    event = ledger.write(
        ticket=ticket, kind=EventKind.SUSPECTED, actor=actor, at=at, data={"incident": incident.pk}
    )
    notices.tell_units(event=event, ticket=ticket, told=(Told.POSKO, Told.UP3))
    return incident


@transaction.atomic
def declare_incident(
    *,
    area: Area,
    unit: Unit,
    by: User,
    cause: str = "",
    estimate_at: datetime | None = None,
    at: datetime | None = None,
) -> Incident:
    """An officer knows of an outage before the reports tell: confirmed at once.

    It began with the first of the reports that its rule looks back on; they belong to it.

    Raises:
        Forbidden: `by` may not lead outages of that unit.
        OutageOpen: the area has one.
        Invalid: an estimate in the past.
    """
    at = at or timezone.now()
    actor = officer(user=by, power=Power.DECLARE_INCIDENT, unit=unit, at=at)
    _check_words(cause, estimate_at, at)
    try:
        with transaction.atomic():
            incident = Incident.objects.create(unit=unit, area=area, version=1, **_reported(area, unit, at))
    except IntegrityError as error:
        raise OutageOpen(_("There is an outage in %(area)s already.") % {"area": area}) from error
    _record(incident, actor, at, before="")
    return _move(incident, IncidentStatus.INFO, actor, at, "", cause=cause, estimate_at=estimate_at)


def _reported(area: Area, unit: Unit, at: datetime) -> dict[str, Any]:
    since = at - timedelta(minutes=rule_for(unit).minutes)
    found = _reports(area.pk, since=_window_start(area.pk, since)).filter(incident=None)
    return found.aggregate(began_at=Coalesce(Min("reported_at"), at), report_count=Count("pk"))


@transaction.atomic
def move_incident(
    *,
    incident: Incident,
    to: str,
    by: User,
    reason: str = "",
    cause: str | None = None,
    estimate_at: datetime | None = None,
    at: datetime | None = None,
) -> Incident:
    """Take an outage to its next status: confirm it (INFO), dismiss it, tell how the repair goes, end it.

    PERBAIKAN needs the moment at which the power is expected. Its tickets follow in the background.

    Raises:
        Forbidden: `by` may not lead outages of that unit.
        MoveRefused: that status does not follow.
        Invalid: no estimate where there has to be one, or no reason for dismissing it.
    """
    at = at or timezone.now()
    incident = (
        Incident.objects.select_for_update(of=("self",)).select_related("unit", "area").get(pk=incident.pk)
    )
    actor = officer(user=by, power=Power.DECLARE_INCIDENT, unit=incident.unit, at=at)
    if not may_incident_move(start=incident.status, to=to):
        message = _("A wide outage that is %(start)s cannot become %(to)s.")
        labels = {"start": incident.get_status_display(), "to": IncidentStatus(to).label}
        raise MoveRefused(message % labels)
    _check_words(cause or "", estimate_at, at)
    if to == IncidentStatus.PERBAIKAN and estimate_at is None:
        message = _("Say when the power is expected.")
        raise Invalid(message, code="estimate_required", field="estimate_at")
    if to == IncidentStatus.DISMISSED and not reason.strip():
        raise Invalid(_("Please give a reason."), code="reason_required", field="reason")
    changes = {} if cause is None else {"cause": cause.strip()}
    return _move(incident, to, actor, at, reason, **changes, estimate_at=estimate_at or incident.estimate_at)


def _check_words(cause: str, estimate_at: datetime | None, at: datetime) -> None:
    if len(cause) > MAX_TEXT:
        raise Invalid(_("At most 300 characters."), code="too_long", field="cause")
    if estimate_at is not None and estimate_at <= at:
        raise Invalid(_("The estimate lies in the past."), code="estimate_past", field="estimate_at")


def _move(incident: Incident, to: str, actor: Actor, at: datetime, reason: str, **changes: Any) -> Incident:
    before = incident.status
    if before == IncidentStatus.PROPOSED and to == IncidentStatus.INFO:
        changes |= {"confirmed_at": at, "confirmed_by": actor.user}
    if to in (IncidentStatus.SELESAI, IncidentStatus.DISMISSED):
        changes["ended_at"] = at
    Incident.objects.filter(pk=incident.pk).update(status=to, version=F("version") + 1, **changes)
    incident.version += 1
    for name, value in (changes | {"status": to}).items():
        setattr(incident, name, value)
    data = {"estimate_at": incident.estimate_at.isoformat() if incident.estimate_at else None}
    _record(incident, actor, at, before=before, reason=reason, data=data)
    if before != IncidentStatus.PROPOSED or to != IncidentStatus.DISMISSED:
        jobs.enqueue(FOLLOW, by=actor.user, incident=incident.pk, version=incident.version, after=0)
    return incident


def _record(
    incident: Incident,
    actor: Actor,
    at: datetime,
    *,
    before: str,
    reason: str = "",
    data: dict[str, Any] | None = None,
) -> None:
    IncidentEvent.objects.create(
        incident=incident,
        version=incident.version,
        from_status=before,
        to_status=incident.status,
        at=at,
        by=actor.user,
        position=actor.position,
        role=actor.position.role if actor.position else "",
        job=actor.job,
        reason=reason.strip()[:500],
        data=data or {},
    )


@transaction.atomic
def follow(*, incident_id: int, version: int, after: int, at: datetime) -> int:
    """Bring the next tickets to the outage's status of that version; answer how many there were.

    Runs in the transaction of its job, so that each ticket follows each version once. The rest is left to
    another job. Jobs that run out of turn do no harm: a ticket moves by the status that the outage has now.
    """
    incident = Incident.objects.select_related("area", "unit").get(pk=incident_id)
    happened = incident.events.get(version=version)
    rows = _tickets(incident, happened).filter(pk__gt=after).order_by("pk")
    keys = list(rows.values_list("pk", flat=True)[:AT_ONCE])
    for pk in keys:
        _follow_one(Ticket(pk=pk), incident, happened, at)
    if len(keys) == AT_ONCE:
        jobs.enqueue(FOLLOW, incident=incident_id, version=version, after=keys[-1])
    return len(keys)


def _tickets(incident: Incident, happened: IncidentEvent) -> Any:
    """Its tickets; on confirmation also the open reports of its area that are not with it yet."""
    rows = Ticket.objects.open()
    if happened.to_status != IncidentStatus.INFO:
        return rows.filter(incident=incident)
    waiting = _reports(incident.area_id, since=incident.began_at).filter(incident=None)
    return rows.filter(Q(incident=incident) | Q(pk__in=waiting.values("pk")))


def _follow_one(ticket: Ticket, incident: Incident, happened: IncidentEvent, at: datetime) -> None:
    ticket = ledger.lock(ticket)
    is_foreign = ticket.incident_id not in (None, incident.pk)
    if not ticket.is_open or is_foreign:
        return
    actor = job(FOLLOW)
    _tell(ticket, incident, happened, actor, at)
    _bring(ticket, incident, actor, at)
    orders.keep_up(ticket, actor=actor, at=at)


def _tell(
    ticket: Ticket, incident: Incident, happened: IncidentEvent, actor: Actor, at: datetime
) -> TicketEvent:
    """The ticket's own history, and with it the channels, hear of the outage's status."""
    belongs = None if happened.to_status == IncidentStatus.DISMISSED else incident
    data = {
        "incident": incident.pk,
        "outage": happened.to_status,
        "estimate_at": happened.data.get("estimate_at"),
    }
    return ledger.write(
        ticket=ticket, kind=EventKind.INCIDENT, actor=actor, at=at, data=data, incident=belongs
    )


def _bring(ticket: Ticket, incident: Incident, actor: Actor, at: datetime) -> None:
    """To NYALA and SELESAI with the outage as it stands now, unless a crew has the ticket."""
    steps = BRINGS.get(IncidentStatus(incident.status), ())
    if not steps or ticket.orders.with_crew().exists():
        return
    for to in steps:
        if Hand.OUTAGE in hands_for(tab=ticket.tab, start=ticket.status, to=to):
            moves.step(ticket=ticket, to=to, actor=actor, hand=Hand.OUTAGE, at=at)


@transaction.atomic
def detach(*, ticket: Ticket, by: User, reason: str, at: datetime | None = None) -> Ticket:
    """This house has a fault of its own: it leaves the outage and gets an order of its own.

    Raises:
        Forbidden: `by` may not lead outages at the ticket's posko.
        NotPartOfIt: it belongs to none, or is closed.
        Invalid: no reason.
    """
    at = at or timezone.now()
    ticket = ledger.lock(ticket)
    actor = officer(user=by, power=Power.DECLARE_INCIDENT, unit=ticket.posko, at=at)  # type: ignore[arg-type]
    if ticket.incident_id is None or not ticket.is_open:
        raise NotPartOfIt(_("%(ticket)s belongs to no wide outage.") % {"ticket": ticket})
    if not 0 < len(reason.strip()) <= 500:
        message = _("Please give a reason, at most 500 characters.")
        raise Invalid(message, code="reason_required", field="reason")
    data = {"left": ticket.incident_id}
    ledger.write(
        ticket=ticket,
        kind=EventKind.INCIDENT,
        actor=actor,
        at=at,
        reason=reason.strip(),
        data=data,
        incident=None,
    )
    orders.keep_up(ticket, actor=actor, at=at)
    return ticket
