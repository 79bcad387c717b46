"""Whose turn it is to decide on a diagnosis, and a token to decide with.

A vending service may take its time. So a decision for a token has three steps: the case is held for one
operator (a short transaction), the service is asked (no transaction, no lock), and what came is recorded
(a transaction that looks at everything again). Meanwhile the others are told who is at it. A process that
dies leaves a hold that runs out; the service gives the same token for the same case, so asking again is safe.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from common.errors import Conflict, Forbidden
from tickets.models import DiagnosisStatus, SelfDiagnosis, Status
from tickets.services import ctt, ledger
from tickets.services.actors import Actor, officer
from tickets.services.ledger import require_open
from units.models import User
from units.powers import Power

TO_RECORD = timedelta(seconds=10)


class NotAwaited(Conflict):
    """The report is none for the command centre, or has gone on already."""

    code = "diagnosis_not_awaited"


class AlreadyDecided(Conflict):
    """Another operator decided first; nothing has changed."""

    code = "already_decided"


class BeingDecided(Conflict):
    """Another operator is getting a token for this case; it is decided in a moment, or free again."""

    code = "being_decided"
    headers = {"Retry-After": "5"}


class MeterChanged(Conflict):
    """The token is for another meter than the readings name by now."""

    code = "meter_changed"


class OwnSubmission(Forbidden):
    """Nobody decides on readings that they submitted themselves."""

    code = "own_submission"


@contextmanager
def token_in_hand(*, diagnosis: SelfDiagnosis, by: User, typed: str, at: datetime) -> Iterator[ctt.Issued]:
    """A token to decide with: typed in, or asked of the vending service while the case is held for `by`.

    Use it outside of a transaction. However it ends, the case is free again afterwards.

    Raises:
        Forbidden, OwnSubmission, AlreadyDecided, BeingDecided, NotAwaited, TicketClosed: not for `by` to
            decide, or not any more, or not now.
        Invalid: what was typed has not 20 digits (`bad_token`); or `token_required`.
        VendingUnavailable: no token can be had now; nothing was decided.
    """
    current = _hold(diagnosis, by, at)
    try:
        yield ctt.obtain(diagnosis=current, typed=typed)
    finally:
        SelfDiagnosis.objects.filter(pk=current.pk, held_by=by).update(held_by=None, held_until=None)


@transaction.atomic
def _hold(diagnosis: SelfDiagnosis, by: User, at: datetime) -> SelfDiagnosis:
    current, _actor = lock_for_decision(diagnosis, by, at)
    until = at + timedelta(seconds=settings.VENDING_TIMEOUT) + TO_RECORD
    SelfDiagnosis.objects.filter(pk=current.pk).update(held_by=by, held_until=until)
    return current


def lock_for_decision(diagnosis: SelfDiagnosis, by: User, at: datetime) -> tuple[SelfDiagnosis, Actor]:
    """Ticket, then diagnosis, locked; checked after the lock, so that of two operators one is told."""
    ticket = ledger.lock(diagnosis.ticket)
    assert ticket.posko is not None  # a ticket with a diagnosis has one  # noqa: S101
    actor = officer(user=by, power=Power.DECIDE_DIAGNOSIS, unit=ticket.posko, at=at)
    current = SelfDiagnosis.objects.select_for_update().get(pk=diagnosis.pk)
    current.ticket = ticket
    _require_undecided(current, by)
    require_open(ticket)
    if ticket.status != Status.LAPOR_PERIKSA:
        raise NotAwaited(_("%(ticket)s does not wait for a decision.") % {"ticket": ticket})
    if current.held_by_id != by.pk:
        require_free(current, at)
    return current, actor


def _require_undecided(diagnosis: SelfDiagnosis, by: User) -> None:
    if diagnosis.status != DiagnosisStatus.SUBMITTED:
        raise too_late(diagnosis)
    if diagnosis.submitted_by_id == by.pk:
        raise OwnSubmission(_("Another operator has to decide on what you submitted."))


def require_free(diagnosis: SelfDiagnosis, at: datetime, *, is_told_who: bool = True) -> None:
    """Refuse with `BeingDecided` while an operator is getting a token for what the readings say now."""
    if diagnosis.is_held(at=at):
        message = _("%(who)s is getting a token for %(ticket)s.")
        who = diagnosis.held_by if is_told_who else _("Command centre")
        raise BeingDecided(message % {"who": who, "ticket": diagnosis.ticket})


def too_late(diagnosis: SelfDiagnosis, *, is_told_who: bool = True) -> AlreadyDecided:
    """Who decided, and what. A channel is told of no person."""
    message = _("%(who)s decided on %(ticket)s already: %(what)s.")
    details = {
        "who": diagnosis.decided_by if is_told_who else _("Command centre"),
        "ticket": diagnosis.ticket,
        "what": diagnosis.get_status_display(),
    }
    return AlreadyDecided(message % details)
