"""The clock of a ticket: which stretches count, when it is due, and who is told as that nears."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from tickets import notices
from tickets.models import ClockSegment, EventKind, ServicePolicy, Status, Ticket
from tickets.rules import clock as rules
from tickets.services import ledger, policies
from tickets.services.actors import job
from units.models import Unit

STOPPING = (Status.NYALA, Status.SELESAI, Status.ISSUE_CLOSED, Status.BATAL)
SWEEP = "clock"
Why = ClockSegment.Why


@dataclass(frozen=True)
class Plan:
    """The pinned policy and what follows from it for a set of segments."""

    policy: ServicePolicy | None
    due_at: datetime | None
    alert_at: datetime | None


def first_plan(
    *, tab: str, problem_type_id: int, wo_type: str, posko: Unit, at: datetime, confirm_at: datetime | None
) -> tuple[Plan, list[ClockSegment]]:
    """The target of a new ticket and its segments, not saved yet."""
    policy = policies.policy_for(
        tab=tab, problem_type_id=problem_type_id, wo_type=wo_type, posko=posko, on=posko.local_date(at)
    )
    segments = _from(at, confirm_at)
    return _plan(policy, segments, posko, tab, done=0), segments


def _from(at: datetime, confirm_at: datetime | None) -> list[ClockSegment]:
    """Running from `at` on; or standing still until the agreed moment, and running from there."""
    if confirm_at is None:
        return [ClockSegment(why=Why.RUNNING, starts_at=at)]
    return [
        ClockSegment(why=Why.CONFIRM_LATER, starts_at=at, ends_at=confirm_at),
        ClockSegment(why=Why.RUNNING, starts_at=confirm_at),
    ]


def postpone(ticket: Ticket, *, until: datetime, at: datetime) -> dict[str, Any]:
    """Stand still from `at` until the moment agreed with the customer; answer the ticket's new values."""
    _cut(ticket, at)
    for segment in _from(at, until):
        segment.ticket = ticket
        segment.save()
    return {"confirm_at": until, **derived(ticket)}


def resume(ticket: Ticket, *, at: datetime) -> dict[str, Any]:
    """Run again from `at`, where an agreed pause has not ended by itself; answer the ticket's new values."""
    if not ticket.segments.filter(why=Why.CONFIRM_LATER, ends_at__gt=at).exists():
        return {}
    _cut(ticket, at)
    ClockSegment.objects.create(ticket=ticket, why=Why.RUNNING, starts_at=at)
    return derived(ticket)


def stop(ticket: Ticket, *, at: datetime) -> dict[str, Any]:
    """End the clock at `at`; the due time stays as it was, and nobody is told any more."""
    _cut(ticket, at)
    return {"alert_at": None}


def _cut(ticket: Ticket, at: datetime) -> None:
    """End what runs at `at` and drop what was to come."""
    ticket.segments.filter(starts_at__gte=at).delete()
    ticket.segments.filter(ends_at=None).update(ends_at=at)
    ticket.segments.filter(ends_at__gt=at).update(ends_at=at)


def derived(ticket: Ticket, **at_hand: Any) -> dict[str, Any]:
    """What the ticket keeps of its clock, worked out anew from segments, policy and repeats."""
    posko = at_hand.get("posko", ticket.posko)
    plan = _plan(ticket.policy, list(ticket.segments.all()), posko, ticket.tab, done=ticket.alert_step)
    return {"due_at": plan.due_at, "alert_at": plan.alert_at, **_queue(ticket, plan.due_at)}


def queue_place(ticket: Ticket, **at_hand: Any) -> dict[str, Any]:
    """The ticket's place in the lists for values that are about to change."""
    return _queue(ticket, ticket.due_at, **at_hand)


def _queue(ticket: Ticket, due: datetime | None, **at_hand: Any) -> dict[str, Any]:
    repeats = at_hand.get("repeat_count", ticket.repeat_count)
    is_hard = at_hand.get("is_hard_complaint", ticket.is_hard_complaint)
    return {"queue_key": rules.queue_key(number=ticket.number, due=due, repeats=repeats, is_hard=is_hard)}


def _plan(
    policy: ServicePolicy | None, segments: Sequence[ClockSegment], posko: Unit | None, tab: str, *, done: int
) -> Plan:
    if policy is None or policy.minutes is None or posko is None:
        return Plan(policy=None, due_at=None, alert_at=None)
    calendar = policies.work_calendar(policy.calendar)
    target = timedelta(minutes=policy.minutes)
    due = rules.due_at(stretches(segments), target, calendar, posko.zone)
    steps = policies.escalation_minutes(tab)
    return Plan(policy=policy, due_at=due, alert_at=rules.next_alert(due=due, steps=steps, done=done))


def stretches(segments: Sequence[ClockSegment]) -> list[rules.Stretch]:
    """The segments as the rules read them."""
    return [rules.Stretch(it.starts_at, it.ends_at, it.counts) for it in segments]


def ring_alerts(*, at: datetime, limit: int = 500) -> int:
    """Record and announce every alert whose moment has come; answer how many tickets rang.

    Each ticket in its own transaction: one that fails holds up no other. May run twice at the same time.
    """
    waiting = Ticket.objects.filter(alert_at__lte=at).order_by("alert_at").values_list("pk", flat=True)
    return sum(_ring(pk, at) for pk in list(waiting[:limit]))


@transaction.atomic
def _ring(pk: int, at: datetime) -> bool:
    ticket = ledger.lock(Ticket(pk=pk))
    if ticket.alert_at is None or ticket.alert_at > at or not ticket.is_open:
        return False
    steps = policies.escalation_minutes(ticket.tab)
    while ticket.alert_at is not None and ticket.alert_at <= at:
        minutes = steps[ticket.alert_step]
        done = ticket.alert_step + 1
        event = ledger.write(
            ticket=ticket,
            kind=_kind(minutes),
            actor=job(SWEEP),
            at=at,
            data={"step": done, "minutes": minutes, "due_at": _iso(ticket.due_at)},
            alert_step=done,
            alert_at=rules.next_alert(due=ticket.due_at, steps=steps, done=done),
        )
        notices.tell_units(event=event, ticket=ticket, told=policies.told_at(ticket.tab, minutes))
    return True


def _kind(minutes: int) -> EventKind:
    if minutes < 0:
        return EventKind.NEAR_DUE
    return EventKind.OVERDUE if minutes == 0 else EventKind.ESCALATED


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None
