"""Crews: who they are, when they are on duty, and where."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Conflict, Invalid
from tickets.models import Crew, Shift, WorkOrder
from tickets.services.dispatch import wake_queue
from units.authority import acting_position
from units.models import UnitKind, User
from units.powers import Power

POSTS = (UnitKind.POSKO, UnitKind.ULP, UnitKind.UP3)


class AlreadyOnDuty(Conflict):
    """The crew has checked in for another shift that still runs."""

    code = "already_on_duty"


class NotTheTime(Conflict):
    """The shift has not begun, or is over; or the crew has not checked in, or has checked out."""

    code = "not_the_time"


class OrdersInHand(Conflict):
    """The crew holds open orders; finish them or have them taken back."""

    code = "orders_in_hand"


@transaction.atomic
def save_crew(*, crew: Crew, by: User, at: datetime | None = None) -> Crew:
    """Add or correct a crew.

    Raises:
        Forbidden: `by` may not plan crews at that posko, or at the one that it had.
        ValidationError, Invalid: values that make no sense.
        OrdersInHand: it is to leave its posko, or the service, with orders open.
    """
    at = at or timezone.now()
    before = Crew.objects.select_for_update().select_related("posko").filter(pk=crew.pk).first()
    for posko in {crew.posko, before.posko if before else crew.posko}:
        acting_position(user=by, power=Power.DISPATCH_ORDERS, unit=posko, at=at)
    if crew.posko.kind not in POSTS:
        raise Invalid(_("Crews leave from an UP3, an ULP or a posko."), code="not_serving", field="posko")
    if before and (before.posko_id != crew.posko_id or not crew.is_active):
        _check_empty_handed(before)
    crew.full_clean()
    crew.save()
    return crew


@transaction.atomic
def plan_shift(*, shift: Shift, by: User, at: datetime | None = None) -> Shift:
    """Add or correct a shift that has not been worked yet.

    Raises:
        Forbidden: `by` may not plan crews at that posko.
        NotTheTime: the crew has checked in for it.
        ValidationError: values that make no sense.
    """
    at = at or timezone.now()
    acting_position(user=by, power=Power.DISPATCH_ORDERS, unit=shift.crew.posko, at=at)
    if Shift.objects.filter(pk=shift.pk, checked_in_at__isnull=False).exists():
        raise NotTheTime(_("The crew has checked in for this shift already."))
    shift.full_clean()
    shift.save()
    return shift


@transaction.atomic
def check_in(
    *,
    shift: Shift,
    by: User,
    latitude: Decimal | None = None,
    longitude: Decimal | None = None,
    at: datetime | None = None,
) -> Shift:
    """The crew begins its shift, and may say where. What waits in the posko's queue is tried at once.

    A shift that ran out without a check-out is ended.

    Raises:
        Forbidden: `by` may not work on orders at the crew's posko.
        NotTheTime: the shift does not run now, or was checked in for already.
        AlreadyOnDuty: the crew is on another shift.
    """
    at = at or timezone.now()
    shift = _lock(shift, by, at)
    if shift.checked_in_at or not shift.starts_at <= at < shift.ends_at:
        raise NotTheTime(_("This shift does not begin now."))
    running = shift.crew.shifts.filter(checked_in_at__isnull=False, checked_out_at=None)
    running.filter(ends_at__lte=at).update(checked_out_at=at)
    if running.exists():
        raise AlreadyOnDuty(_("%(crew)s is on another shift.") % {"crew": shift.crew})
    shift.checked_in_at = at
    _put(shift, latitude, longitude, at)
    shift.save()
    wake_queue(posko=shift.crew.posko, at=at)
    return shift


@transaction.atomic
def check_out(*, shift: Shift, by: User, at: datetime | None = None) -> Shift:
    """The crew ends its shift, with empty hands.

    Raises:
        Forbidden: `by` may not work on orders at the crew's posko.
        NotTheTime: it is not checked in.
        OrdersInHand: it holds open orders.
    """
    at = at or timezone.now()
    shift = _lock(shift, by, at)
    _check_on_duty(shift)
    _check_empty_handed(shift.crew)
    shift.checked_out_at = at
    shift.save(update_fields=["checked_out_at"])
    return shift


@transaction.atomic
def locate(
    *, shift: Shift, latitude: Decimal, longitude: Decimal, by: User, at: datetime | None = None
) -> Shift:
    """Where the crew is now; the next orders are given by it. Only the last place is kept.

    Raises:
        Forbidden: `by` may not work on orders at the crew's posko.
        NotTheTime: it is not checked in.
    """
    at = at or timezone.now()
    shift = _lock(shift, by, at)
    _check_on_duty(shift)
    _put(shift, latitude, longitude, at)
    shift.save(update_fields=["latitude", "longitude", "located_at"])
    return shift


def _lock(shift: Shift, by: User, at: datetime) -> Shift:
    """The shift as it is now, with its crew locked: a crew checks in once, and takes orders one by one."""
    crew = Crew.objects.select_for_update(of=("self",)).select_related("posko").get(pk=shift.crew_id)
    acting_position(user=by, power=Power.WORK_ORDERS, unit=crew.posko, at=at)
    current = Shift.objects.get(pk=shift.pk)
    current.crew = crew
    return current


def _check_on_duty(shift: Shift) -> None:
    if shift.checked_in_at is None or shift.checked_out_at is not None:
        raise NotTheTime(_("%(crew)s is not checked in for this shift.") % {"crew": shift.crew})


def _check_empty_handed(crew: Crew) -> None:
    if WorkOrder.objects.with_crew().filter(crew=crew).exists():
        raise OrdersInHand(_("%(crew)s holds open orders.") % {"crew": crew})


def _put(shift: Shift, latitude: Decimal | None, longitude: Decimal | None, at: datetime) -> None:
    if latitude is None or longitude is None:
        return
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise Invalid(_("There is no such place."), code="no_such_place", field="latitude")
    shift.latitude, shift.longitude, shift.located_at = latitude, longitude, at
