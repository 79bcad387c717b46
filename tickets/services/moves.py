"""Moving tickets: every status change of the portal goes through `step`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Conflict, Invalid
from tickets.models import CLOSED, EventKind, Status, Ticket, WorkOrderType
from tickets.rules.moves import POWER_OF, Hand, check_move
from tickets.services import clock, ledger, orders
from tickets.services.actors import Actor, officer
from tickets.services.coverage import ask_coverage
from tickets.services.ledger import require_open
from tickets.services.report import Report
from tickets.services.tickets import create_ticket
from units.models import User
from units.powers import Power

MAX_REASON = 500
NEEDS_REASON = (Status.BATAL, Status.MENUNGGU_KONFIRMASI)


class AlreadyAnswered(Conflict):
    """The customer has said yes or no already; the first answer stays."""

    code = "already_answered"


class NotAtTheEnd(Conflict):
    """The customer is asked when the work is done, not before."""

    code = "not_at_the_end"


@transaction.atomic
def move_ticket(
    *,
    ticket: Ticket,
    to: str,
    by: User,
    hand: Hand = Hand.UNIT,
    reason: str = "",
    confirm_at: datetime | None = None,
    at: datetime | None = None,
) -> Ticket:
    """Take a ticket to another status, by a person's hand.

    Waiting for the customer's confirmation needs the agreed moment; the clock stands still until then.

    Raises:
        Forbidden: `by` has not the power of that hand at the ticket's posko.
        MoveRefused: the table of moves does not hold it.
        TicketClosed: it is closed or merged.
        Conflict: `order_open`, the ticket moves with its work order.
        Invalid: the reason or the moment is missing.
    """
    at = at or timezone.now()
    current = ledger.lock(ticket)
    require_open(current)
    power = POWER_OF[hand]
    if power is None:
        raise Invalid(_("A work order moves its ticket by itself."), code="not_by_hand", field="to")
    assert current.posko is not None  # an open ticket has one  # noqa: S101
    actor = officer(user=by, power=power, unit=current.posko, at=at)
    check_move(tab=current.tab, start=current.status, to=to, hand=hand)
    _check_by_hand(current, to, hand, reason, confirm_at, at)
    return step(ticket=current, to=to, actor=actor, hand=hand, reason=reason, confirm_at=confirm_at, at=at)


def step(
    *,
    ticket: Ticket,
    to: str,
    actor: Actor,
    hand: Hand,
    at: datetime,
    reason: str = "",
    confirm_at: datetime | None = None,
    data: dict[str, Any] | None = None,
) -> Ticket:
    """Make one allowed move of a *locked* ticket, with its clock and its event, in the caller's transaction.

    For the services of work orders and diagnoses, which have asked for their own powers.

    Raises:
        MoveRefused, TicketClosed: as `move_ticket`.
    """
    require_open(ticket)
    check_move(tab=ticket.tab, start=ticket.status, to=to, hand=hand)
    changes = _consequences(ticket, to, confirm_at, at)
    ledger.write(
        ticket=ticket,
        kind=EventKind.MOVED,
        actor=actor,
        at=at,
        reason=reason.strip(),
        data={"hand": str(hand)} | (data or {}),
        status=Status(to),
        **changes,
    )
    if hand is not Hand.ORDER:
        orders.keep_up(ticket, actor=actor, at=at, reason=reason)
    return ticket


def _check_by_hand(
    ticket: Ticket, to: str, hand: Hand, reason: str, confirm_at: datetime | None, at: datetime
) -> None:
    if hand is Hand.UNIT and ticket.orders.with_crew().exists():
        message = _("%(ticket)s moves with its work order.") % {"ticket": ticket}
        raise Conflict(message, code="order_open")
    if len(reason) > MAX_REASON or (to in NEEDS_REASON and not reason.strip()):
        raise Invalid(
            _("Please give a reason, at most 500 characters."), code="reason_required", field="reason"
        )
    if to == Status.MENUNGGU_KONFIRMASI and hand is Hand.UNIT and (confirm_at is None or confirm_at <= at):
        message = _("Say when the customer is to be asked, later than now.")
        raise Invalid(message, code="confirm_at_required", field="confirm_at")


def _consequences(ticket: Ticket, to: str, confirm_at: datetime | None, at: datetime) -> dict[str, Any]:
    """What else a move changes: the clock and the moments that RPT and RCT are counted from."""
    changes: dict[str, Any] = {}
    if to in clock.STOPPING:
        changes |= clock.stop(ticket, at=at)
    elif confirm_at is not None:
        changes |= clock.postpone(ticket, until=confirm_at, at=at)
    else:
        changes |= clock.resume(ticket, at=at)
    if to == Status.DALAM_PENGERJAAN and ticket.responded_at is None:
        changes["responded_at"] = at
    if to == Status.NYALA:
        changes["restored_at"] = at
    if to in CLOSED:
        changes["closed_at"] = at
    return changes


def cancel_ticket(*, ticket: Ticket, by: User, reason: str, at: datetime | None = None) -> Ticket:
    """BATALKAN LAPORAN, in the reporter's name; only while nobody has taken it on.

    Raises: as `move_ticket`.
    """
    return move_ticket(ticket=ticket, to=Status.BATAL, by=by, hand=Hand.REPORTER, reason=reason, at=at)


@transaction.atomic
def confirm_completion(
    *, ticket: Ticket, is_done: bool, by: User, reason: str = "", at: datetime | None = None
) -> tuple[Ticket, Ticket | None]:
    """The customer's answer to "LAPORAN SUDAH SELESAI?" at SELESAI.

    Yes opens the rating. No makes a new ticket for the same problem, linked to this one, and answers it too.

    Raises:
        Forbidden: `by` may not speak for the reporter here.
        NotAtTheEnd: the ticket is not SELESAI.
        AlreadyAnswered: there is an answer.
    """
    at = at or timezone.now()
    ticket = _lock_finished(ticket)
    actor = _speaker(ticket, by, at)
    if ticket.is_confirmed is not None:
        raise AlreadyAnswered(_("The customer has answered already."))
    follower = None if is_done else _follow_up(ticket, by, at)
    ledger.write(
        ticket=ticket,
        kind=EventKind.CONFIRMED if is_done else EventKind.DENIED,
        actor=actor,
        at=at,
        reason=reason.strip()[:MAX_REASON],
        data={"followed_by": follower.number} if follower else {},
        is_confirmed=is_done,
    )
    return ticket, follower


@transaction.atomic
def rate_ticket(
    *, ticket: Ticket, rating: int, by: User, words: str = "", at: datetime | None = None
) -> Ticket:
    """The customer's rating, 1 to 5 with words, once, after a yes.

    Raises:
        Forbidden: `by` may not speak for the reporter here.
        NotAtTheEnd: the customer has not said yes.
        AlreadyAnswered: there is a rating.
        Invalid: no such rating.
    """
    at = at or timezone.now()
    ticket = _lock_finished(ticket)
    actor = _speaker(ticket, by, at)
    if not ticket.is_confirmed:
        raise NotAtTheEnd(_("The rating follows the customer's yes."))
    if ticket.rating is not None:
        raise AlreadyAnswered(_("The customer has rated already."))
    if not 1 <= rating <= 5:
        raise Invalid(_("A rating is 1 to 5."), code="bad_rating", field="rating")
    ledger.write(
        ticket=ticket,
        kind=EventKind.RATED,
        actor=actor,
        at=at,
        data={"rating": rating},
        rating=rating,
        rating_words=words.strip()[:MAX_REASON],
    )
    return ticket


def _lock_finished(ticket: Ticket) -> Ticket:
    current = ledger.lock(ticket)
    if current.status != Status.SELESAI or current.merged_into_id:
        raise NotAtTheEnd(_("%(ticket)s is not finished.") % {"ticket": current})
    return current


def _speaker(ticket: Ticket, by: User, at: datetime) -> Actor:
    assert ticket.posko is not None  # only an ISSUE_CLOSED ticket has none  # noqa: S101
    return officer(user=by, power=Power.SPEAK_FOR_REPORTER, unit=ticket.posko, at=at)


def _follow_up(ticket: Ticket, by: User, at: datetime) -> Ticket:
    """The same problem again, as a ticket of its own that names the first."""
    again = Report(
        tab=ticket.tab,
        problem_type=ticket.problem_type,
        problem=ticket.problem,
        reporter_name=ticket.reporter_name,
        channel=ticket.channel,
        wo_type=_order_type_again(ticket, at),
        customer=ticket.customer,
        meter_number=ticket.meter_number,
        caller_number=ticket.caller_number,
        mobile_number=ticket.mobile_number,
        by_phone=ticket.by_phone,
        by_wa=ticket.by_wa,
        by_sms=ticket.by_sms,
        street=ticket.street,
        building_number=ticket.building_number,
        rt=ticket.rt,
        rw=ticket.rw,
        landmark=ticket.landmark,
        area=ticket.area,
        latitude=ticket.latitude,
        longitude=ticket.longitude,
        unit=ticket.unit,
        posko=ticket.posko,
        power_state=ticket.power_state,
        sop_ref=ticket.sop_ref,
        is_hard_complaint=ticket.is_hard_complaint,
        follows=ticket,
        is_demo=ticket.is_demo,
    )
    return create_ticket(report=again, by=by, at=at)


def _order_type_again(ticket: Ticket, at: datetime) -> str:
    """As before; an officer goes where self-diagnosis has ended since, so that a no is never refused."""
    if ticket.wo_type != WorkOrderType.KWH_PERIKSA:
        return ticket.wo_type
    assert ticket.posko is not None  # only an ISSUE_CLOSED ticket has none  # noqa: S101
    on = ticket.posko.local_date(at)
    return ask_coverage(unit=ticket.posko, area=ticket.area, on=on, customer=ticket.customer).wo_type
