"""What a UP3 does for its winners: set rewards, assign them, tell the winner, hand over once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from common.errors import Conflict, Invalid
from customers.services.privacy import reveal
from programs import rules
from programs.models import (
    MAX_WRONG_CODES,
    Contact,
    Program,
    ProgramEvent,
    Reward,
    Status,
    Winner,
)
from programs.services.events import record
from programs.services.programs import WrongStage, check_deadline
from units.authority import acting_position
from units.models import Unit, UnitKind, User
from units.powers import Power

OPEN = (Winner.Status.SELECTED, Winner.Status.TOLD)


class OutOfStock(Conflict):
    code = "out_of_stock"


class WrongCode(Invalid):
    code = "wrong_code"


class CodeLocked(Conflict):
    """Too many wrong codes; the program officer unlocks."""

    code = "code_locked"


class AlreadyHandedOver(Conflict):
    code = "already_handed_over"


@transaction.atomic
def set_reward(
    *,
    program: Program,
    unit: Unit,
    name: str,
    stock: int,
    by: User,
    at: datetime,
    reward: Reward | None = None,
) -> Reward:
    """Create a reward of a UP3, or change its name and stock.

    Raises:
        Forbidden: `by` may not set the rewards of this UP3.
        Invalid: the unit is no UP3 of the program, or more are assigned than `stock`.
        ValidationError: this UP3 has a reward of that name.
    """
    acting_position(user=by, power=Power.SET_REWARDS, unit=unit, at=at)
    if unit.kind != UnitKind.UP3 or not unit.is_within(program.unit):
        raise Invalid(_("This is no UP3 of the program."), field="unit")
    if program.status == Status.CLOSED:
        raise WrongStage(_("This program is closed."))
    if reward:
        reward = Reward.objects.select_for_update().get(pk=reward.pk, program=program, unit=unit)
        if stock < reward.assigned:
            raise Invalid(_("More are assigned than that."), field="stock")
    else:
        reward = Reward(program=program, unit=unit)
    reward.name, reward.stock = name.strip(), stock
    reward.full_clean()
    reward.save()
    record(program, ProgramEvent.Kind.REWARD_SET, by=by, reward=reward.pk, stock=stock)
    return reward


@transaction.atomic
def assign_reward(*, winner: Winner, reward: Reward, by: User, at: datetime) -> Winner:
    """Give one winner a reward of their own UP3, in place of one they had.

    Raises:
        Forbidden: `by` may not set the rewards of this UP3.
        OutOfStock: none is left.
        Invalid: a reward of another UP3 or program.
        WrongStage: the winner has it in hand, did not collect it, or is a reserve.
    """
    acting_position(user=by, power=Power.SET_REWARDS, unit=winner.unit, at=at)
    winner = _lock(winner)
    if (reward.program_id, reward.unit_id) != (winner.program_id, winner.unit_id):
        raise Invalid(_("This reward belongs to another UP3."), field="reward")
    if winner.status not in OPEN:
        raise WrongStage(_("This winner gets no reward at this stage."))
    _free(winner)
    _take(reward, 1)
    winner.reward = reward
    winner.save(update_fields=["reward"])
    record(winner.program, ProgramEvent.Kind.REWARD_ASSIGNED, by=by, winner=winner, reward=reward.pk)
    return winner


@transaction.atomic
def assign_to_waiting(*, reward: Reward, by: User, at: datetime) -> int:
    """Give the reward to winners of its UP3 who have none, as far as the stock goes; answers how many got it.

    Raises:
        Forbidden: `by` may not set the rewards of this UP3.
    """
    acting_position(user=by, power=Power.SET_REWARDS, unit=reward.unit, at=at)
    reward = Reward.objects.select_for_update().get(pk=reward.pk)
    waiting = Winner.objects.filter(
        program=reward.program_id, unit=reward.unit_id, status__in=OPEN, reward__isnull=True
    ).select_for_update()
    chosen = list(
        waiting.order_by("rank", "pk").values_list("pk", flat=True)[: reward.stock - reward.assigned]
    )
    count = 0
    for start in range(0, len(chosen), 500):
        count += Winner.objects.filter(pk__in=chosen[start : start + 500]).update(reward=reward)
    if count:
        _take(reward, count)
        record(reward.program, ProgramEvent.Kind.REWARD_ASSIGNED, by=by, reward=reward.pk, winners=count)
    return count


def open_acts(winner: Winner, at: datetime) -> set[str]:
    """What may be done with a winner now, for a page to offer; each act asks again."""
    is_over = winner.program.unit.local_date(at) > winner.program.pick_up_until
    acts = set()
    if winner.status in OPEN:
        acts |= {"assign"}
        if winner.program.status == Status.ANNOUNCED:
            acts |= {"reach", "contact"}
        if is_over:
            acts |= {"not_collected"}
    if winner.status == Winner.Status.TOLD and not is_over:
        acts |= {"show_code", "hand_over"}
    if winner.wrong_codes >= MAX_WRONG_CODES:
        acts |= {"unlock"}
    return acts


@transaction.atomic
def reveal_winner(*, winner: Winner, by: User) -> dict[str, Any]:
    """Name, address and phones of a winner, for whoever calls them; the look stands in the log of accesses.

    Raises:
        Forbidden: `by` may not contact winners of this UP3.
        WrongStage: the program is not announced, or this is no winner to be told.
    """
    _check_open(winner)
    return reveal(
        customer=winner.customer,
        fields=("name", "address", "phones"),
        by=by,
        reason=_("Winner of %(program)s, to be told") % {"program": winner.program},
        power=Power.HAND_OVER_REWARDS,
        unit=winner.unit,
    )


@transaction.atomic
def contact_winner(
    *,
    winner: Winner,
    method: str,
    reached: bool,
    by: User,
    at: datetime,
    override: bool = False,
    reason: str = "",
) -> Contact:
    """Record an attempt to tell a winner. The first time they are reached, they are told (R-004-7, R-004-8).

    Raises:
        Forbidden: `by` may not contact winners of this UP3.
        WrongStage: the program is not announced, or this is no winner to be told.
        TooLate: reached after the deadline, without an override and a reason.
    """
    acting_position(user=by, power=Power.HAND_OVER_REWARDS, unit=winner.unit, at=at)
    winner = _lock(winner)
    _check_open(winner)
    late = ""
    if reached and winner.told_at is None:
        late = check_deadline(winner.program, at=at, override=override, reason=reason)
        winner.told_at, winner.status = at, Winner.Status.TOLD
        winner.save(update_fields=["told_at", "status"])
    contact = Contact(winner=winner, method=method, reached=reached, late_reason=late, by=by, at=at)
    contact.full_clean()
    contact.save()
    return contact


@transaction.atomic
def show_code(*, winner: Winner, by: User, at: datetime) -> str:
    """The pick-up code, to be given to the winner; that it was shown is on record.

    Raises:
        Forbidden: `by` may not contact winners of this UP3.
        WrongStage: the winner has not been told.
    """
    acting_position(user=by, power=Power.HAND_OVER_REWARDS, unit=winner.unit, at=at)
    winner = _lock(winner)
    if winner.status != Winner.Status.TOLD:
        raise WrongStage(_("Tell the winner first."))
    record(winner.program, ProgramEvent.Kind.CODE_SHOWN, by=by, winner=winner)
    return code_of(winner)


def hand_over(
    *, winner: Winner, code: str, identity: str, identity_last4: str, by: User, at: datetime
) -> Winner:
    """Hand the reward over at the UP3: on a pick-up day, against code and identity, once (R-004-10).

    A wrong code is counted although nothing else happens; call this outside a transaction, or the count is
    lost with it.

    Raises:
        Forbidden: `by` may not hand over at this UP3.
        AlreadyHandedOver: it was handed over before.
        WrongStage: not told, no reward assigned, or no pick-up day.
        CodeLocked: five wrong codes before this one.
        WrongCode: not this winner's code.
        ValidationError: no such identity document, or not four digits.
    """
    with transaction.atomic():
        acting_position(user=by, power=Power.HAND_OVER_REWARDS, unit=winner.unit, at=at)
        winner = _lock(winner)
        _check_hand_over(winner, at)
        is_right = rules.is_same_code(code, code_of(winner))
        if is_right:
            _finish(winner, identity, identity_last4, by, at)
        else:
            winner.wrong_codes += 1
            winner.save(update_fields=["wrong_codes"])
            record(winner.program, ProgramEvent.Kind.CODE_REFUSED, by=by, winner=winner)
    if not is_right:
        raise WrongCode(_("This is not the code of this winner."), field="code")
    return winner


@transaction.atomic
def unlock_code(*, winner: Winner, by: User, at: datetime) -> Winner:
    """Allow codes to be tried again after five wrong ones.

    Raises:
        Forbidden: `by` may not run this program.
    """
    acting_position(user=by, power=Power.RUN_PROGRAMS, unit=winner.program.unit, at=at)
    winner = _lock(winner)
    winner.wrong_codes = 0
    winner.save(update_fields=["wrong_codes"])
    record(winner.program, ProgramEvent.Kind.CODE_UNLOCKED, by=by, winner=winner)
    return winner


@transaction.atomic
def mark_not_collected(*, winner: Winner, by: User, at: datetime) -> Winner | None:
    """After the last pick-up day: the reward goes back to stock, and the next reserve moves up.

    Answers the reserve who moved up, where there is one.

    Raises:
        Forbidden: `by` may not hand over at this UP3.
        WrongStage: it was handed over, or can still be collected.
    """
    acting_position(user=by, power=Power.HAND_OVER_REWARDS, unit=winner.unit, at=at)
    winner = _lock(winner)
    if winner.status not in OPEN or winner.program.unit.local_date(at) <= winner.program.pick_up_until:
        raise WrongStage(_("This reward was handed over, or can still be collected."))
    _free(winner)
    winner.status, winner.reward = Winner.Status.NOT_COLLECTED, None
    winner.save(update_fields=["status", "reward"])
    record(winner.program, ProgramEvent.Kind.NOT_COLLECTED, by=by, winner=winner)
    return _call_reserve(winner, by)


def code_of(winner: Winner) -> str:
    return rules.pick_up_code(settings.PERSONAL_DATA_PEPPER, winner.program.slug, winner.customer.idpel)


def _lock(winner: Winner) -> Winner:
    rows = Winner.objects.select_for_update(of=("self",))
    return rows.select_related("program__unit", "unit", "customer").get(pk=winner.pk)


def _check_open(winner: Winner) -> None:
    if winner.program.status != Status.ANNOUNCED or winner.status not in OPEN:
        raise WrongStage(_("This winner is not told at this stage."))


def _check_hand_over(winner: Winner, at: datetime) -> None:
    if winner.status == Winner.Status.HANDED_OVER:
        raise AlreadyHandedOver(_("This reward was handed over already."))
    program, today = winner.program, winner.unit.local_date(at)
    if winner.status != Winner.Status.TOLD or winner.reward_id is None or program.status != Status.ANNOUNCED:
        raise WrongStage(_("A winner who was told and has a reward collects it; this one has not."))
    if not program.pick_up_from <= today <= program.pick_up_until:
        raise WrongStage(_("Today is no pick-up day."), code="no_pick_up_day")
    if winner.wrong_codes >= MAX_WRONG_CODES:
        raise CodeLocked(_("Too many wrong codes. The program officer unlocks it."))


def _finish(winner: Winner, identity: str, identity_last4: str, by: User, at: datetime) -> None:
    winner.status = Winner.Status.HANDED_OVER
    winner.handed_over_at, winner.handed_over_by = at, by
    winner.identity, winner.identity_last4 = identity, identity_last4
    if not identity or not identity_last4:
        raise Invalid(_("Check an identity document, and note its last four digits."), field="identity")
    winner.full_clean()
    winner.save()
    record(winner.program, ProgramEvent.Kind.HANDED_OVER, by=by, winner=winner, reward=winner.reward_id)


def _take(reward: Reward, count: int) -> None:
    """Take from the stock; the last word under a race is this condition, and behind it a constraint."""
    left = Reward.objects.filter(pk=reward.pk, assigned__lte=F("stock") - count)
    if not left.update(assigned=F("assigned") + count):
        raise OutOfStock(_("None of this reward is left."), field="reward")


def _free(winner: Winner) -> None:
    if winner.reward_id:
        Reward.objects.filter(pk=winner.reward_id).update(assigned=F("assigned") - 1)


def _call_reserve(winner: Winner, by: User) -> Winner | None:
    """Let the first reserve of the same group win."""
    program = winner.program
    group = {name: getattr(winner, name) for name in program.group_fields}
    waiting = Winner.objects.filter(program=program, status=Winner.Status.RESERVE, **group)
    reserve = waiting.select_for_update(of=("self",)).order_by("rank").first()
    if reserve:
        reserve.status = Winner.Status.SELECTED
        reserve.save(update_fields=["status"])
        record(program, ProgramEvent.Kind.RESERVE_CALLED, by=by, winner=reserve)
    return reserve
