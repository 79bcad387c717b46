"""Which unit and posko a report goes to (R-003-74, R-003-88, R-003-89)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from common.errors import Invalid
from customers.models import Customer
from units.models import Area, Unit, UnitKind, UnitQuerySet
from units.services.service_areas import serving_unit

SERVING_KINDS = (UnitKind.UP3, UnitKind.ULP, UnitKind.POSKO)
PARENTS = (UnitKind.UID, UnitKind.UIW)


class UnitRequired(Invalid):
    """Nobody is known to serve the place; the unit has to be chosen."""

    code = "unit_required"


class PoskoRequired(Invalid):
    """The unit has several poskos; one has to be chosen."""

    code = "posko_required"


@dataclass(frozen=True)
class Place:
    unit: Unit
    posko: Unit


def find_place(
    *, customer: Customer | None, area: Area | None, unit: Unit | None, posko: Unit | None, on: date
) -> Place:
    """The unit and posko chosen by hand, or else those of the customer or the area.

    A unit without any posko below it is its own, and a UID or UIW whose UP3s are not in the portal yet serves
    its region itself (assumption: no public list of UP3s and poskos is complete).

    Raises:
        UnitRequired, PoskoRequired: it does not follow from the input; choose by hand.
        Invalid: a choice that cannot serve, or a posko of another unit.
    """
    unit = unit or (posko and _service_unit_of(posko)) or _known_unit(customer, area, on)
    if unit is None:
        raise UnitRequired(_("The unit does not follow from the address. Please choose it."), field="unit")
    _check_serves(unit, "unit", on)
    posko = posko or _only_posko(unit, on)
    _check_serves(posko, "posko", on)
    if not posko.is_within(unit):
        raise Invalid(_("This posko belongs to another unit."), code="foreign_posko", field="posko")
    return Place(unit=unit, posko=posko)


def units_to_choose(on: date) -> UnitQuerySet:
    """What is offered where the unit is chosen by hand: every UP3, and each UID or UIW that has none yet."""
    below = Unit.objects.in_force(on).filter(parent=OuterRef("pk"))
    is_alone = Q(kind__in=PARENTS) & ~Q(Exists(below))
    return Unit.objects.in_force(on).filter(Q(kind=UnitKind.UP3) | is_alone)


def _known_unit(customer: Customer | None, area: Area | None, on: date) -> Unit | None:
    """The customer's unit, or the more precise one of its area where that lies within."""
    served_by = serving_unit(area, on) if area else None
    if customer is None:
        return served_by
    if served_by is not None and served_by.is_within(customer.unit):
        return served_by
    return customer.unit


def _service_unit_of(posko: Unit) -> Unit:
    return posko.parent if posko.kind == UnitKind.POSKO and posko.parent else posko


def _only_posko(unit: Unit, on: date) -> Unit:
    poskos = list(Unit.objects.below(unit).in_force(on).filter(kind=UnitKind.POSKO)[:2])
    if len(poskos) > 1:
        raise PoskoRequired(_("Please choose the posko of %(unit)s.") % {"unit": unit}, field="posko")
    return poskos[0] if poskos else unit


def _check_serves(unit: Unit, field: str, on: date) -> None:
    serves = unit.kind in SERVING_KINDS or units_to_choose(on).filter(pk=unit.pk).exists()
    if not serves:
        raise Invalid(_("Tickets go to an UP3, an ULP or a posko."), code="not_serving", field=field)
