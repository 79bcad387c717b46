"""Many new customers at once: a fixed number of queries for each thousand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from simple_history.utils import bulk_create_with_history

from customers.models import Customer, Meter, PhoneNumber
from customers.rules import Phone
from units.models import Area, ServiceArea, Unit, UnitKind, User, in_force

CHUNK = 1000


@dataclass
class NewCustomer:
    """A customer that is not saved yet, with what belongs to it."""

    customer: Customer
    meter: Meter | None = None
    phones: list[Phone] = field(default_factory=list)


def save_all(new: Sequence[NewCustomer], *, by: User | None, reason: str) -> None:
    """Save them with their history, in the caller's transaction. The caller has checked every value."""
    history = {"default_user": by, "default_change_reason": reason}
    customers = bulk_create_with_history([it.customer for it in new], Customer, **history)
    meters, phones = [], []
    for it, customer in zip(new, customers, strict=True):
        if it.meter is not None:
            it.meter.customer = customer
            meters.append(it.meter)
        phones += [
            PhoneNumber(customer=customer, number=phone.number, kind=phone.kind) for phone in it.phones
        ]
    if meters:
        bulk_create_with_history(meters, Meter, **history)
    PhoneNumber.objects.bulk_create(phones)


def serving_units(areas: Iterable[Area], on: date) -> dict[str, Unit]:
    """The unit whose customers live in each area on that day, by area code; an area nobody serves is missing.

    Where a posko serves an area, the customers belong to the unit above it.
    """
    areas = list(areas)
    codes = {code for area in areas for code in area.lineage}
    rows = ServiceArea.objects.filter(in_force(on), in_force(on, "unit__"), area__in=codes)
    rows = rows.select_related("unit__parent").order_by("valid_from", "pk")
    unit_of = {row.area_id: _customers_unit(row.unit) for row in rows}
    found = {}
    for area in areas:
        deciding = next((code for code in reversed(area.lineage) if code in unit_of), None)
        if deciding:
            found[area.pk] = unit_of[deciding]
    return found


def _customers_unit(unit: Unit) -> Unit:
    return unit.parent if unit.kind == UnitKind.POSKO and unit.parent else unit
