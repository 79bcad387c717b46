"""Lapor ulang and duplicates: seeing that it was reported already, and keeping it one ticket."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Conflict, Invalid
from customers import rules as customer_rules
from customers.models import Customer
from tickets.models import EventKind, Ticket, TicketMerge, TicketRepeat
from tickets.rules.nearness import box_around, distance_m
from tickets.services import clock, ledger, orders
from tickets.services.actors import officer, reporter
from tickets.services.ledger import require_open
from units.models import Position, User
from units.powers import Power

NEAR_M = 150
NEAR_TIME = timedelta(hours=24)
MAX_CANDIDATES = 50
MAX_WORDS = 500


class HasDuplicates(Conflict):
    """Other tickets were merged into this one; merge the other way round, or take them apart first."""

    code = "has_duplicates"


@dataclass(frozen=True)
class Sought:
    """What is known of a report while it is being written. Phones as people write them."""

    customer: Customer | None = None
    meter_number: str = ""
    phones: tuple[str, ...] = ()
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True)
class Candidate:
    """An open ticket that may be about the same: why, and how far away where both places are known."""

    ticket: Ticket
    reasons: tuple[str, ...]
    distance_m: int | None

    def age(self, at: datetime) -> timedelta:
        return at - self.ticket.reported_at


def find_candidates(*, sought: Sought, by: User, at: datetime | None = None) -> list[Candidate]:
    """Open tickets that `by` may see with the same IDPEL, meter or phone, or near in place and time.

    The surest first: more reasons, then the older ticket. One query, whatever the number.
    """
    at = at or timezone.now()
    phones = _numbers(sought.phones)
    same = _same(sought, phones)
    condition = same | _near(sought, at)
    if not condition:
        return []
    surest = Case(When(same, then=0), default=1) if same else Value(1)  # a dark quarter does not crowd it out
    rows = Ticket.objects.visible_to(by).open().filter(condition).select_related("customer", "unit", "posko")
    found = [_judge(ticket, sought, phones) for ticket in rows.order_by(surest, "-pk")[:MAX_CANDIDATES]]
    kept = [it for it in found if it.reasons]
    return sorted(kept, key=lambda it: (-len(it.reasons), it.ticket.reported_at))


def find_similar(*, ticket: Ticket, by: User, at: datetime | None = None) -> list[Candidate]:
    """Other open tickets of the same tab that may be about what `ticket` is; only while it is open itself."""
    if not ticket.is_open:
        return []
    sought = Sought(
        customer=ticket.customer,
        meter_number=ticket.meter_number,
        phones=tuple(number for number in (ticket.caller_number, ticket.mobile_number) if number),
        latitude=None if ticket.latitude is None else float(ticket.latitude),
        longitude=None if ticket.longitude is None else float(ticket.longitude),
    )
    found = find_candidates(sought=sought, by=by, at=at)
    return [it for it in found if it.ticket.pk != ticket.pk and it.ticket.tab == ticket.tab]


def _numbers(phones: Iterable[str]) -> set[str]:
    """The phones in E.164; what is no number yet, because it is still being typed, is left out."""
    numbers = set()
    for text in phones:
        try:
            numbers.add(customer_rules.normalise_phone(text).number)
        except Invalid:
            continue
    return numbers


def _same(sought: Sought, phones: set[str]) -> Q:
    condition = Q()
    if sought.customer:
        condition |= Q(customer=sought.customer)
    if sought.meter_number:
        condition |= Q(meter_number=sought.meter_number)
    if phones:
        condition |= Q(caller_number__in=phones) | Q(mobile_number__in=phones)
    return condition


def _near(sought: Sought, at: datetime) -> Q:
    if sought.latitude is None or sought.longitude is None:
        return Q()
    box = box_around(sought.latitude, sought.longitude, NEAR_M)
    return Q(
        latitude__range=(box.south, box.north),
        longitude__range=(box.west, box.east),
        reported_at__gte=at - NEAR_TIME,
    )


def _judge(ticket: Ticket, sought: Sought, phones: set[str]) -> Candidate:
    distance = _distance(ticket, sought)
    reasons = {
        "idpel": sought.customer is not None and ticket.customer_id == sought.customer.pk,
        "meter_number": bool(sought.meter_number) and ticket.meter_number == sought.meter_number,
        "phone": bool(phones & {ticket.caller_number, ticket.mobile_number}),
        "place": distance is not None and distance <= NEAR_M,
    }
    return Candidate(ticket, tuple(name for name, holds in reasons.items() if holds), distance)


def _distance(ticket: Ticket, sought: Sought) -> int | None:
    if None in (sought.latitude, sought.longitude, ticket.latitude, ticket.longitude):
        return None
    here = float(sought.latitude or 0), float(sought.longitude or 0)
    return round(distance_m(*here, float(ticket.latitude or 0), float(ticket.longitude or 0)))


@transaction.atomic
def record_repeat(
    *,
    ticket: Ticket,
    by: User,
    channel: str,
    caller_number: str = "",
    words: str = "",
    held: Position | None = None,
    at: datetime | None = None,
) -> Ticket:
    """Record that somebody reports again what `ticket` is open for (R-003-16).

    A repeat of a merged ticket counts for the one it was merged into. It raises the ticket in the lists, and
    never makes another one. `held` as for `create_ticket`.

    Raises:
        Forbidden: `by` may not report here.
        TicketClosed: nothing is open any more; a new report is needed.
    """
    at = at or timezone.now()
    current = ledger.lock(_root(ticket))
    actor = reporter(user=by, power=Power.CREATE_TICKETS, unit=current.posko, held=held, at=at)
    require_open(current)
    phone = customer_rules.normalise_phone(caller_number).number if caller_number.strip() else ""
    TicketRepeat.objects.create(
        ticket=current, at=at, channel=channel, by=by, caller_number=phone, words=words.strip()[:MAX_WORDS]
    )
    count = current.repeat_count + 1
    ledger.write(
        ticket=current,
        kind=EventKind.REPEATED,
        actor=actor,
        at=at,
        data={"channel": str(channel), "count": count},
        repeat_count=count,
        **clock.queue_place(current, repeat_count=count),
    )
    return current


def _root(ticket: Ticket) -> Ticket:
    """The ticket that `ticket` was merged into; itself where it was not. Merges are one level deep."""
    return ticket.merged_into or ticket


@transaction.atomic
def merge_ticket(
    *, ticket: Ticket, into: Ticket, by: User, reason: str, at: datetime | None = None
) -> Ticket:
    """Declare `ticket` the same as `into`. Both keep their history; `unmerge_ticket` undoes it.

    A merged ticket leaves the lists of open work and keeps its status; its clock's alarms are silent.

    Raises:
        Forbidden: `by` may not merge at both poskos.
        TicketClosed: one of them is closed or merged.
        HasDuplicates: others were merged into `ticket`.
        Conflict: `same_ticket`, or `order_open` where somebody is working on `ticket`.
        Invalid: no reason.
    """
    at = at or timezone.now()
    ticket, into = _lock_both(ticket, into)
    for each in (ticket, into):
        require_open(each)
        actor = officer(user=by, power=Power.MERGE_TICKETS, unit=each.posko, at=at)  # type: ignore[arg-type]
    _check_merge(ticket, into, reason)
    TicketMerge.objects.create(ticket=ticket, into=into, at=at, by=by, reason=reason.strip())
    ledger.write(
        ticket=ticket,
        kind=EventKind.MERGED,
        actor=actor,
        at=at,
        reason=reason.strip(),
        data={"into": into.number},
        merged_into=into,
        alert_at=None,
    )
    orders.keep_up(ticket, actor=actor, at=at, reason=reason)
    ledger.write(ticket=into, kind=EventKind.TOOK_IN, actor=actor, at=at, data={"ticket": ticket.number})
    return ticket


def _lock_both(first: Ticket, second: Ticket) -> tuple[Ticket, Ticket]:
    """Both rows, locked in the order of their keys, so that two merges cannot wait for each other."""
    if first.pk == second.pk:
        raise Conflict(_("A ticket cannot be merged into itself."), code="same_ticket")
    locked = {each.pk: ledger.lock(each) for each in sorted((first, second), key=lambda it: it.pk)}
    return locked[first.pk], locked[second.pk]


def _check_merge(ticket: Ticket, into: Ticket, reason: str) -> None:
    if not 0 < len(reason.strip()) <= MAX_WORDS:
        message = _("Please give a reason, at most 500 characters.")
        raise Invalid(message, code="reason_required", field="reason")
    if ticket.tab != into.tab:
        raise Conflict(_("The tickets are of different tabs."), code="other_tab")
    if ticket.duplicates.exists():
        raise HasDuplicates(_("Other tickets were merged into %(ticket)s.") % {"ticket": ticket})
    if ticket.orders.with_crew().exists():
        message = _("A work order is open for %(ticket)s; take it back first.") % {"ticket": ticket}
        raise Conflict(message, code="order_open")


@transaction.atomic
def unmerge_ticket(*, ticket: Ticket, by: User, reason: str, at: datetime | None = None) -> Ticket:
    """Take a merged ticket apart again: it is open in the status it had, and its clock rings again.

    Raises:
        Forbidden: `by` may not merge at its posko.
        Conflict: `not_merged`.
    """
    at = at or timezone.now()
    if ticket.merged_into is None:
        raise Conflict(_("%(ticket)s is not merged.") % {"ticket": ticket}, code="not_merged")
    ticket, into = _lock_both(ticket, ticket.merged_into)
    actor = officer(user=by, power=Power.MERGE_TICKETS, unit=ticket.posko, at=at)  # type: ignore[arg-type]
    undone = TicketMerge.objects.filter(ticket=ticket, into=into, undone_at=None)
    if not undone.update(undone_at=at, undone_by=by):
        raise Conflict(_("%(ticket)s is not merged.") % {"ticket": ticket}, code="not_merged")
    ledger.write(
        ticket=ticket,
        kind=EventKind.UNMERGED,
        actor=actor,
        at=at,
        reason=reason.strip()[:MAX_WORDS],
        data={"from": into.number},
        merged_into=None,
        **_alarms_again(ticket),
    )
    orders.keep_up(ticket, actor=actor, at=at, reason=reason)
    ledger.write(ticket=into, kind=EventKind.EDITED, actor=actor, at=at, data={"gave_back": ticket.number})
    return ticket


def _alarms_again(ticket: Ticket) -> dict[str, object]:
    return {} if ticket.status in clock.STOPPING else clock.derived(ticket)
