"""Self-diagnosis: nine readings come in, the command centre decides (R-003-52 to 67, R-003-111 to 116)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from allocation.models import Channel
from common.errors import Forbidden, Invalid, PreconditionRequired, Stale
from customers.models import PowerStep, Product
from customers.rules import meter_number_is_plausible
from tickets.models import (
    ClearTamperToken,
    DiagnosisStatus,
    EventKind,
    ReadingCode,
    SelfDiagnosis,
    Status,
    SuggestionRule,
    Ticket,
    WorkOrderType,
)
from tickets.rules.moves import Hand
from tickets.rules.readings import Range, Readings, check_readings, warnings_for
from tickets.rules.suggestions import Advice, Case, Rule, advise
from tickets.services import ctt, ledger, moves
from tickets.services.actors import Actor, reporter
from tickets.services.coverage import NotPrepaid, require_coverage
from tickets.services.decisions import (
    AlreadyDecided,
    MeterChanged,
    NotAwaited,
    OwnSubmission,
    lock_for_decision,
    require_free,
    token_in_hand,
    too_late,
)
from tickets.services.ledger import require_open
from tickets.services.report import Report
from tickets.services.tickets import create_ticket
from units.models import Position, User
from units.powers import Power

MAX_REASON = 500

__all__ = [
    "AlreadyDecided",
    "NotAwaited",
    "OwnSubmission",
    "approve_ctt",
    "record_approval",
    "report_diagnosed",
    "send_officer",
    "submit_diagnosis",
]


@transaction.atomic
def submit_diagnosis(
    *,
    ticket: Ticket,
    readings: Mapping[str, Any],
    by: User,
    version: int | None = None,
    at: datetime | None = None,
) -> tuple[SelfDiagnosis, bool]:
    """Hand in the nine readings, or correct them before the decision; answer also whether they are the first.

    From here on the case stands in the command centre's queue (R-003-112). A correction names the version
    that it corrects; the same readings again, from the same hand, change nothing. The history of the ticket
    keeps every set of readings.

    Raises:
        Forbidden: `by` may not submit for this ticket.
        NotAwaited, TicketClosed: the ticket does not wait for readings.
        AlreadyDecided: it is too late. BeingDecided: an operator is getting a token for what stands there.
        NotPrepaid, NotCovered: the answer is WO Autodispatch.
        NotAsked, Invalid: the readings are not nine numbers or nulls, or the meter is not known.
        PreconditionRequired, Stale: the correction does not name the newest version.
    """
    at = at or timezone.now()
    ticket = ledger.lock(ticket)
    actor = _submitter(ticket, by, at)
    require_open(ticket)
    _check_awaited(ticket, actor)
    checked = check_readings(readings)
    before = SelfDiagnosis.objects.select_for_update().filter(ticket=ticket).first()
    if before and before.readings == checked and before.submitted_by_id == by.pk:
        return before, False
    if before:
        require_free(before, at, is_told_who=not actor.is_channel)
    _check_version(before, version)
    return _hand_in(ticket, checked, before, actor, at), before is None


@transaction.atomic
def report_diagnosed(
    *,
    report: Report,
    readings: Mapping[str, Any],
    by: User,
    held: Position | None = None,
    at: datetime | None = None,
) -> Ticket:
    """Record a report for KWH PERIKSA with its nine readings at once.

    As `create_ticket` and then `submit_diagnosis` would, without looking twice.

    Raises: as they do.
    """
    at = at or timezone.now()
    checked = check_readings(readings)
    ticket = create_ticket(report=report, by=by, held=held, at=at)
    _check_kind(ticket)
    actor = _submitter(ticket, by, at, held)
    _hand_in(ticket, checked, None, actor, at)
    return ticket


def _hand_in(
    ticket: Ticket, readings: Readings, before: SelfDiagnosis | None, actor: Actor, at: datetime
) -> SelfDiagnosis:
    """Write the readings with what follows from them, and the event."""
    values = _judge(ticket, readings, at) | {
        "channel": ticket.channel if actor.is_channel else Channel.CC123,
        "submitted_by": actor.user,
        "submitted_at": at,
    }
    diagnosis = _store(before, ticket, values)
    data = {"version": diagnosis.version, "readings": readings}
    ledger.write(ticket=ticket, kind=EventKind.DIAGNOSED, actor=actor, at=at, data=data)
    return diagnosis


def _submitter(ticket: Ticket, by: User, at: datetime, held: Position | None = None) -> Actor:
    actor = reporter(user=by, power=Power.SUBMIT_DIAGNOSIS, unit=ticket.posko, held=held, at=at)
    if actor.is_channel and ticket.client_id != by.pk:
        raise Forbidden(_("A channel system submits for its own reports."))
    return actor


def _check_kind(ticket: Ticket) -> None:
    if ticket.wo_type != WorkOrderType.KWH_PERIKSA:
        raise NotAwaited(_("%(ticket)s is no KWH PERIKSA report.") % {"ticket": ticket})


def _check_awaited(ticket: Ticket, actor: Actor) -> None:
    _check_kind(ticket)
    decided = SelfDiagnosis.objects.filter(ticket=ticket).exclude(status=DiagnosisStatus.SUBMITTED).first()
    if decided:
        raise too_late(decided, is_told_who=not actor.is_channel)
    if ticket.status != Status.LAPOR_PERIKSA:
        raise NotAwaited(_("%(ticket)s does not wait for a self-diagnosis.") % {"ticket": ticket})
    if ticket.customer is None or ticket.customer.product != Product.PRABAYAR:
        raise NotPrepaid(_("A self-diagnosis needs a prabayar meter. Choose WO Autodispatch."))
    assert ticket.posko is not None  # an open ticket has one  # noqa: S101
    on = ticket.posko.local_date(ticket.reported_at)
    require_coverage(unit=ticket.posko, area=ticket.area, on=on)


def _check_version(before: SelfDiagnosis | None, version: int | None) -> None:
    if before is None:
        return
    if version is None:
        raise PreconditionRequired(_("Send If-Match with the ETag that you read."))
    if version != before.version:
        message = _("Somebody else changed this since you read it. Read it again, then decide.")
        raise Stale(message, etag=before.etag)


def _judge(ticket: Ticket, readings: Readings, at: datetime) -> dict[str, Any]:
    """Warnings and suggestion for these readings, by the tables as they are now."""
    meter_number = _meter_number(ticket)
    limiter = _limiter(ticket)
    codes = ReadingCode.objects.all()
    advice = _advise(readings, limiter, meter_number, at)
    return {
        "meter_number": meter_number,
        "readings": readings,
        "warnings": warnings_for(
            readings,
            ranges={it.pk: Range(float(it.plausible_min), float(it.plausible_max)) for it in codes},
            limiter_a=limiter,
            is_meter_plausible=meter_number_is_plausible(meter_number),
        ),
        "suggestion": advice.suggestion,
        "triggers": advice.triggers,
    }


def _meter_number(ticket: Ticket) -> str:
    """The meter that a token would be for: a CTT without one cannot be issued."""
    if ticket.meter_number:
        return ticket.meter_number
    meter = ticket.customer.current_meter if ticket.customer else None
    if meter is None:
        raise Invalid(_("The meter number is not known."), code="meter_unknown", field="meter_number")
    return meter.number


def _limiter(ticket: Ticket) -> int | None:
    if ticket.customer is None:
        return None
    power = ticket.customer.power_va
    return PowerStep.objects.filter(va=power).values_list("limiter_a", flat=True).first()


def _advise(readings: Readings, limiter: int | None, meter_number: str, at: datetime) -> Advice:
    latest = ClearTamperToken.objects.filter(meter_number=meter_number).order_by("-issued_at").first()
    days = (at - latest.issued_at).total_seconds() / 86_400 if latest else None
    rows = SuggestionRule.objects.filter(is_active=True)
    rules = [Rule(it.code, it.condition, it.suggestion, it.limits, it.note) for it in rows]
    return advise(Case(readings, limiter_a=limiter, days_since_ctt=days), rules)


def _store(before: SelfDiagnosis | None, ticket: Ticket, values: dict[str, Any]) -> SelfDiagnosis:
    if before is None:
        return SelfDiagnosis.objects.create(ticket=ticket, **values)
    for name, value in values.items():
        setattr(before, name, value)
    before.version += 1
    before.save()
    return before


def approve_ctt(
    *,
    diagnosis: SelfDiagnosis,
    by: User,
    reason: str,
    token: str = "",
    ways: list[str] | None = None,
    at: datetime | None = None,
) -> SelfDiagnosis:
    """Release a Clear Tamper Token for the meter, and bring it to the customer (R-003-115, R-003-116).

    The token is the one typed in, or else one from the vending service, see `decisions.token_in_hand`; call
    this outside of a transaction. Where one is needed, use its two halves as this does.

    Raises: as `decisions.token_in_hand` and `record_approval`.
    """
    at = at or timezone.now()
    reason = _required(reason)
    with token_in_hand(diagnosis=diagnosis, by=by, typed=token, at=at) as issued:
        return record_approval(diagnosis=diagnosis, by=by, issued=issued, reason=reason, ways=ways, at=at)


@transaction.atomic
def record_approval(
    *,
    diagnosis: SelfDiagnosis,
    by: User,
    issued: ctt.Issued,
    reason: str,
    ways: list[str] | None = None,
    at: datetime | None = None,
) -> SelfDiagnosis:
    """Decision, token and deliveries, written together; without `ways` the customer's own are used.

    The ticket then waits for the customer to say whether it helped.

    Raises:
        Forbidden: `by` may not decide at the ticket's posko.
        OwnSubmission: `by` submitted the readings.
        AlreadyDecided: another operator decided first; nothing has changed.
        BeingDecided: another operator is getting a token.
        MeterChanged: the token is for another meter than the readings now name.
        NotAwaited, TicketClosed: the ticket does not wait for a decision any more.
        Invalid: no reason, a token that was used already, a way that is not possible.
    """
    at = at or timezone.now()
    reason = _required(reason)
    current, actor = lock_for_decision(diagnosis, by, at)
    if issued.meter_number != current.meter_number:
        raise MeterChanged(_("The readings were corrected meanwhile. Look at them again."))
    _decide(current, DiagnosisStatus.CTT_APPROVED, actor, reason, at)
    stored = ctt.store(diagnosis=current, issued=issued, at=at)
    ticket, to = current.ticket, Status.MENUNGGU_KONFIRMASI
    moves.step(ticket=ticket, to=to, actor=actor, hand=Hand.CENTRE, reason=reason, at=at)
    ledger.write(ticket=ticket, kind=EventKind.CTT_APPROVED, actor=actor, at=at)
    ctt.deliver(token=stored, ways=ways, actor=actor, at=at)
    return current


@transaction.atomic
def send_officer(
    *, diagnosis: SelfDiagnosis, by: User, reason: str, at: datetime | None = None
) -> SelfDiagnosis:
    """No token: an officer has to look at the installation (R-003-113). The order goes to the posko's queue.

    Raises:
        Forbidden, OwnSubmission, AlreadyDecided, BeingDecided, NotAwaited, TicketClosed: as
            `record_approval`.
        Invalid: no reason.
    """
    at = at or timezone.now()
    reason = _required(reason)
    current, actor = lock_for_decision(diagnosis, by, at)
    _decide(current, DiagnosisStatus.OFFICER_SENT, actor, reason, at)
    moves.step(ticket=current.ticket, to=Status.LAPOR, actor=actor, hand=Hand.CENTRE, reason=reason, at=at)
    ledger.write(ticket=current.ticket, kind=EventKind.OFFICER_SENT, actor=actor, at=at)
    return current


def _decide(
    diagnosis: SelfDiagnosis, status: DiagnosisStatus, actor: Actor, reason: str, at: datetime
) -> None:
    changes = {
        "status": status,
        "decided_by": actor.user,
        "decided_in": actor.position,
        "decided_at": at,
        "reason": reason,
    }
    waiting = SelfDiagnosis.objects.filter(pk=diagnosis.pk, status=DiagnosisStatus.SUBMITTED)
    if not waiting.update(version=F("version") + 1, **changes):
        raise too_late(SelfDiagnosis.objects.get(pk=diagnosis.pk))
    diagnosis.version += 1
    for name, value in changes.items():
        setattr(diagnosis, name, value)


def _required(reason: str) -> str:
    reason = reason.strip()
    if not 0 < len(reason) <= MAX_REASON:
        message = _("Please give a reason, at most 500 characters.")
        raise Invalid(message, code="reason_required", field="reason")
    return reason
