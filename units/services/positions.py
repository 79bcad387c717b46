"""Appointing people to positions, and ending positions."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from common.errors import Conflict, Forbidden, Invalid
from units import authority
from units.models import Position, Unit, User
from units.powers import Power

REASON_LENGTH = 100  # of the reason in the history


class AlreadyHeld(Conflict):
    """The person holds this role at this unit in that time."""

    code = "position_already_held"


class AlreadyEnded(Conflict):
    """The position has ended before that moment."""

    code = "position_already_ended"


@transaction.atomic
def appoint(
    *,
    holder: User,
    role: str,
    unit: Unit,
    by: User,
    starts_at: datetime,
    ends_at: datetime | None = None,
    is_acting: bool = False,
    decree_number: str = "",
) -> Position:
    """Give `holder` a role at `unit`, from `starts_at` and, where known, until `ends_at` (exclusive).

    Raises:
        Forbidden: `by` may not appoint people at this unit, or appoints themselves.
        AlreadyHeld: the same role at the same unit, in an overlapping time.
        ValidationError: the role cannot be held at a unit of this kind, or the end lies before the beginning.
    """
    authority.require(user=by, power=Power.MANAGE_POSITIONS, unit=unit)
    if holder == by:
        raise Forbidden(_("Nobody appoints themselves. Ask a colleague."), field="holder")
    User.objects.select_for_update().get(pk=holder.pk)  # two appointments of one person wait for each other
    position = Position(
        holder=holder,
        role=role,
        unit=unit,
        starts_at=starts_at,
        ends_at=ends_at,
        is_acting=is_acting,
        decree_number=decree_number,
    )
    position.full_clean()
    held = Position.objects.filter(holder=holder, role=role, unit=unit)
    held = held.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=starts_at))
    if ends_at:
        held = held.filter(starts_at__lt=ends_at)
    if held.exists():
        raise AlreadyHeld(
            _("%(holder)s already holds this role at %(unit)s.") % {"holder": holder, "unit": unit}
        )
    position._history_user = by  # type: ignore[attr-defined]
    position.save()
    return position


@transaction.atomic
def end_position(*, position: Position, by: User, at: datetime, reason: str) -> Position:
    """End a position at the moment `at`, and keep the reason in its history. Its powers end with it.

    Raises:
        Forbidden: `by` may not end positions at this unit.
        AlreadyEnded: it ends before `at` anyway.
        Invalid: no reason, one that is too long, or a moment before the position begins.
    """
    position = Position.objects.select_related("unit").select_for_update(of=("self",)).get(pk=position.pk)
    authority.require(user=by, power=Power.MANAGE_POSITIONS, unit=position.unit)
    reason = reason.strip()
    if not 0 < len(reason) <= REASON_LENGTH:
        message = _("Please give a reason of at most %(length)d characters.") % {"length": REASON_LENGTH}
        raise Invalid(message, code="reason_required", field="reason")
    if position.ends_at and position.ends_at <= at:
        raise AlreadyEnded(_("This position has already ended."))
    if at < position.starts_at:
        raise Invalid(_("The end lies before the beginning."), code="ends_before_start", field="at")
    position.ends_at = at
    position._history_user = by  # type: ignore[attr-defined]
    position._change_reason = reason  # type: ignore[attr-defined]
    position.save()
    return position
