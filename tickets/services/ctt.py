"""Clear Tamper Tokens: kept sealed, brought to the customer, confirmed or not (R-003-115, A-003-23)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common import jobs
from common.errors import Conflict, Forbidden, Invalid
from customers import cipher
from customers.rules import MOBILE
from tickets import messaging, notices, vending
from tickets.models import (
    ClearTamperToken,
    EventKind,
    SelfDiagnosis,
    Status,
    Ticket,
    TokenDelivery,
)
from tickets.rules.moves import Hand
from tickets.services import ledger, moves
from tickets.services.actors import Actor, job, officer
from units.models import User
from units.powers import Power

SEND = "tickets.send_ctt"
TYPED = "operator"
DIGITS = re.compile(r"[0-9]{20}")
Way, Result = TokenDelivery.Way, TokenDelivery.Result
BY_MESSAGE = (Way.WA, Way.SMS)


class TokenUsed(Conflict):
    """This token was issued before; a CTT is for one meter and one time."""

    code = "token_used"


class NoToken(Conflict):
    """There is no token to hand over, or none on its way by that channel."""

    code = "no_token"


@dataclass(frozen=True)
class Issued:
    """A token in clear, with who issued it. Never stored, logged or shown like this."""

    digits: str
    source: str
    meter_number: str

    def __repr__(self) -> str:
        return f"Issued(source={self.source!r})"


def obtain(*, diagnosis: SelfDiagnosis, typed: str) -> Issued:
    """The token that an operator typed in, or one from the vending service for the diagnosis's meter.

    Raises:
        Invalid: what was typed has not 20 digits (`bad_token`); or `token_required`.
        VendingUnavailable: the service has none now.
    """
    if not typed.strip():
        digits, source = vending.issue_ctt(
            meter_number=diagnosis.meter_number, reference=f"diagnosis-{diagnosis.pk}"
        )
        return Issued(digits, source, diagnosis.meter_number)
    digits = re.sub(r"[\s-]", "", typed)
    if not DIGITS.fullmatch(digits):
        raise Invalid(_("A CTT has 20 digits."), code="bad_token", field="token")
    return Issued(digits, TYPED, diagnosis.meter_number)


def store(*, diagnosis: SelfDiagnosis, issued: Issued, at: datetime) -> ClearTamperToken:
    """Keep the token, sealed for the diagnosis's meter: it opens for no other.

    Raises:
        TokenUsed: it was issued before.
    """
    token = ClearTamperToken(
        diagnosis=diagnosis,
        meter_number=diagnosis.meter_number,
        encrypted=cipher.encrypt(issued.digits.encode(), place=_place(diagnosis.meter_number)),
        fingerprint=cipher.blind_index(issued.digits, place="tickets_cleartampertoken"),
        ending=issued.digits[-4:],
        source=issued.source,
        issued_at=at,
    )
    try:
        with transaction.atomic():
            token.save(force_insert=True)
    except IntegrityError as error:
        raise TokenUsed(_("This token was used before."), field="token") from error
    return token


def _place(meter_number: str) -> str:
    return f"tickets_cleartampertoken.{meter_number}"


def digits_of(token: ClearTamperToken) -> str:
    """The token in clear, in groups of four. For the deliveries of this module only."""
    digits = cipher.decrypt(token.encrypted, place=_place(token.meter_number)).decode()
    return " ".join(re.findall("....", digits))


def possible_ways(ticket: Ticket) -> list[str]:
    """How this customer can get a token without a call: the app that reported, WA, SMS (R-003-80)."""
    has_mobile = bool(_mobile(ticket))
    ways = {
        Way.PLN_MOBILE: ticket.client_id is not None,
        Way.WA: ticket.by_wa and has_mobile and messaging.is_connected(),
        Way.SMS: ticket.by_sms and has_mobile and messaging.is_connected(),
    }
    return [str(way) for way, is_possible in ways.items() if is_possible]


def deliver(
    *, token: ClearTamperToken, ways: list[str] | None, actor: Actor, at: datetime
) -> list[TokenDelivery]:
    """Send the token over `ways`, or over every way that the customer has; each is logged.

    The app that reported fetches it; WA and SMS go out by a job. Where there is no way, somebody rings.

    Raises:
        Invalid: a way that this customer does not have (`way_not_possible`).
    """
    ticket = token.diagnosis.ticket
    possible = possible_ways(ticket)
    wanted = possible if ways is None else list(dict.fromkeys(ways))
    if impossible := [way for way in wanted if way not in possible]:
        message = _("The customer cannot be reached by %(way)s.") % {"way": Way(impossible[0]).label}
        raise Invalid(message, code="way_not_possible", field="ways")
    return [_begin(token, way, actor, at) for way in wanted]


def _begin(token: ClearTamperToken, way: str, actor: Actor, at: datetime) -> TokenDelivery:
    delivery = TokenDelivery.objects.create(token=token, way=way, at=at, by=actor.user)
    if way in BY_MESSAGE:
        jobs.enqueue(SEND, by=actor.user, delivery=delivery.pk)
    else:
        _mark_sent(delivery, token.diagnosis.ticket, actor, at)
    return delivery


@transaction.atomic
def deliver_again(
    *, diagnosis: SelfDiagnosis, ways: list[str], by: User, at: datetime | None = None
) -> list[TokenDelivery]:
    """Send an approved token once more, over ways that the operator chooses.

    Raises:
        Forbidden: `by` may not decide on diagnoses there.
        NoToken: none was approved. Invalid: a way that is not possible, or none.
    """
    at = at or timezone.now()
    ticket = ledger.lock(diagnosis.ticket)
    actor = officer(user=by, power=Power.DECIDE_DIAGNOSIS, unit=ticket.posko, at=at)  # type: ignore[arg-type]
    token = _token_of(ticket)
    token.diagnosis.ticket = ticket
    if not ways:
        raise Invalid(_("Choose a way."), code="way_not_possible", field="ways")
    return deliver(token=token, ways=ways, actor=actor, at=at)


def send_message(*, delivery_id: int, at: datetime) -> None:
    """Hand one delivery to the gateway, and log what came of it.

    May run twice: the gateway takes a reference once, and what was sent stays sent. No row is locked while it
    is waited for.
    """
    known = TokenDelivery.objects.select_related("token__diagnosis__ticket").get(pk=delivery_id)
    if known.result == Result.WAITING:
        _note_sending(known, _why_not_sent(known), at)


def _why_not_sent(delivery: TokenDelivery) -> str:
    """Send it; empty when the gateway took it."""
    token = delivery.token
    try:
        messaging.send(
            way=delivery.way,
            number=_mobile(token.diagnosis.ticket),
            text=notices.ctt_message(meter_number=token.meter_number, digits=digits_of(token)),
            reference=f"ctt-delivery-{delivery.pk}",
        )
    except messaging.NotSentError as error:
        return str(error)[:200] or type(error).__name__
    return ""


@transaction.atomic
def _note_sending(known: TokenDelivery, error: str, at: datetime) -> None:
    ticket = ledger.lock(known.token.diagnosis.ticket)
    delivery = TokenDelivery.objects.select_for_update().get(pk=known.pk)
    if delivery.result != Result.WAITING:
        return
    if error:
        delivery.result, delivery.error = Result.FAILED, error
        delivery.save(update_fields=["result", "error"])
        return
    _mark_sent(delivery, ticket, job(SEND), at)


def _mobile(ticket: Ticket) -> str:
    return ticket.mobile_number or (ticket.caller_number if ticket.caller_kind == MOBILE else "")


def _mark_sent(delivery: TokenDelivery, ticket: Ticket, actor: Actor, at: datetime) -> None:
    delivery.result, delivery.sent_at = Result.SENT, at
    delivery.save(update_fields=["result", "sent_at"])
    data = {"way": str(delivery.way)}
    ledger.write(ticket=ticket, kind=EventKind.CTT_DELIVERED, actor=actor, at=at, data=data)


@transaction.atomic
def read_out(*, ticket: Ticket, by: User, at: datetime | None = None) -> str:
    """The token in clear, for somebody on the phone with the customer; logged as a delivery by telephone.

    Raises:
        Forbidden: `by` may not speak with this reporter.
        NoToken: none was approved.
    """
    at = at or timezone.now()
    ticket = ledger.lock(ticket)
    actor = officer(user=by, power=Power.SPEAK_FOR_REPORTER, unit=ticket.posko, at=at)  # type: ignore[arg-type]
    if actor.is_channel:
        raise Forbidden(_("A channel system fetches its own token."))
    token = _token_of(ticket)
    delivery = TokenDelivery.objects.create(token=token, way=Way.PHONE, at=at, by=by)
    _mark_sent(delivery, ticket, actor, at)
    return digits_of(token)


@transaction.atomic
def fetch(*, ticket: Ticket, by: User, at: datetime | None = None) -> str:
    """The token in clear, for the app whose customer reported; that it arrived is logged.

    Raises:
        NoToken: none was delivered to this app.
    """
    at = at or timezone.now()
    fetched = TokenDelivery.objects.select_related("token").filter(
        token__diagnosis__ticket=ticket,
        token__diagnosis__ticket__client=by,
        way=Way.PLN_MOBILE,
        result__in=(Result.SENT, Result.CONFIRMED),
    )
    delivery = fetched.first()
    if delivery is None:
        raise NoToken(_("There is no token for %(ticket)s.") % {"ticket": ticket})
    fetched.filter(result=Result.SENT).update(result=Result.CONFIRMED, confirmed_at=at)
    return digits_of(delivery.token)


def is_awaiting_answer(ticket: Ticket) -> bool:
    """Whether the customer has a token now and has not said yet whether it helped."""
    return ClearTamperToken.objects.filter(
        diagnosis__ticket=ticket, diagnosis__ticket__status=Status.MENUNGGU_KONFIRMASI
    ).exists()


@transaction.atomic
def answer_token(
    *, ticket: Ticket, is_done: bool, by: User, reason: str = "", at: datetime | None = None
) -> Ticket:
    """The customer says whether the token helped (R-003-117).

    Yes finishes the ticket and confirms it. No sends an officer: the order goes to the posko's queue.

    Raises:
        Forbidden: `by` may not speak for the reporter.
        NoToken: the ticket does not wait for such an answer.
    """
    at = at or timezone.now()
    ticket = ledger.lock(ticket)
    actor = officer(user=by, power=Power.SPEAK_FOR_REPORTER, unit=ticket.posko, at=at)  # type: ignore[arg-type]
    if not is_awaiting_answer(ticket):
        raise NoToken(_("%(ticket)s does not wait for an answer to a token.") % {"ticket": ticket})
    if not is_done:
        return moves.step(ticket=ticket, to=Status.LAPOR, actor=actor, hand=Hand.CENTRE, reason=reason, at=at)
    _confirm_deliveries(ticket, at)
    for to in (Status.NYALA, Status.SELESAI):
        moves.step(ticket=ticket, to=to, actor=actor, hand=Hand.CENTRE, reason=reason, at=at)
    return moves.confirm_completion(ticket=ticket, is_done=True, by=by, reason=reason, at=at)[0]


def answer_completion(
    *, ticket: Ticket, is_done: bool, by: User, reason: str = "", at: datetime | None = None
) -> tuple[Ticket, Ticket | None]:
    """The customer's yes or no: to a token where one waits for it, else to "LAPORAN SUDAH SELESAI?".

    Answers the ticket, and the new one that a no at SELESAI makes.

    Raises: as `answer_token` and `moves.confirm_completion`.
    """
    if is_awaiting_answer(ticket):
        return answer_token(ticket=ticket, is_done=is_done, by=by, reason=reason, at=at), None
    return moves.confirm_completion(ticket=ticket, is_done=is_done, by=by, reason=reason, at=at)


def _confirm_deliveries(ticket: Ticket, at: datetime) -> None:
    sent = TokenDelivery.objects.filter(token__diagnosis__ticket=ticket, result=Result.SENT)
    sent.update(result=Result.CONFIRMED, confirmed_at=at)


def _token_of(ticket: Ticket) -> ClearTamperToken:
    token = ClearTamperToken.objects.select_related("diagnosis").filter(diagnosis__ticket=ticket).first()
    if token is None:
        raise NoToken(_("There is no token for %(ticket)s.") % {"ticket": ticket})
    return token
