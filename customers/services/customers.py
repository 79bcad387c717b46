"""Registering and correcting customers, their meters and their phone numbers."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Conflict, Invalid
from customers import rules
from customers.models import Customer, Meter, PhoneNumber
from customers.services.identity import set_nik
from units.authority import acting_position
from units.models import Unit, UnitKind, User
from units.powers import Power

CORRECTABLE = (
    "name",
    "street",
    "building_number",
    "rt",
    "rw",
    "landmark",
    "area",
    "unit",
    "tariff",
    "power_va",
    "phase",
    "product",
    "kogol",
)
SERVING_KINDS = {UnitKind.UID, UnitKind.UIW, UnitKind.UP3, UnitKind.ULP}


class ChangedMeanwhile(Conflict):
    """Somebody else corrected the customer since this version was read."""

    code = "changed_meanwhile"


class MeterTaken(Conflict):
    """Another customer has, or had, the meter with this number."""

    code = "meter_taken"


@transaction.atomic
def register_customer(*, by: User, idpel: str, nik: str = "", **values: Any) -> Customer:
    """Register a new customer; `values` are the fields of `CORRECTABLE`.

    Raises:
        Forbidden: `by` may not maintain customers at the unit.
        ValidationError: a value cannot stand, or the IDPEL is taken; the messages are keyed by field.
        Invalid: the NIK is none.
    """
    customer = Customer(idpel=idpel, **values)
    check_unit(customer.unit)
    _may_manage(by, customer.unit)
    set_nik(customer, nik)
    customer.full_clean()
    customer.save()
    return customer


@transaction.atomic
def correct_customer(*, customer: Customer, by: User, version: int, **changes: Any) -> Customer:
    """Change `changes` of the customer as it was read in `version`. `nik=""` removes the NIK.

    Needs the right at the unit it is in and, where the unit changes, at the new one.

    Raises:
        Forbidden: `by` may not maintain customers at one of the units.
        ChangedMeanwhile: the customer has a newer version; nothing has changed.
        ValidationError, Invalid: a value cannot stand.
    """
    customer = Customer.objects.select_for_update(of=("self",)).select_related("unit").get(pk=customer.pk)
    _may_manage(by, customer.unit)
    if customer.version != version:
        raise ChangedMeanwhile(_("Somebody else changed this since you read it. Read it again, then decide."))
    nik = changes.pop("nik", None)
    for name in changes:
        if name not in CORRECTABLE:
            raise ValidationError({name: _("This cannot be corrected.")})
        setattr(customer, name, changes[name])
    check_unit(customer.unit)
    _may_manage(by, customer.unit)
    if nik is not None:
        set_nik(customer, nik)
    customer.version += 1
    customer.full_clean()
    # The history leaves personal fields out; here it says which were corrected, without their content.
    changed = [*sorted(changes), *(["nik"] if nik is not None else [])]
    customer._change_reason = ", ".join(changed)[:100]  # type: ignore[attr-defined]
    customer.save()
    return customer


@transaction.atomic
def install_meter(*, customer: Customer, number: str, installed_on: date, by: User, brand: str = "") -> Meter:
    """Put a meter at the customer's premises; the one in use until then is removed on the same day.

    Raises:
        Forbidden: `by` may not maintain customers at the unit.
        MeterTaken: the number is known already.
        Invalid: the number cannot be one, or the meter in use is newer than this one.
    """
    customer = Customer.objects.select_for_update(of=("self",)).select_related("unit").get(pk=customer.pk)
    _may_manage(by, customer.unit)
    rules.check_meter_number(number)
    if Meter.objects.filter(number=number).exists():
        raise MeterTaken(_("This meter is registered already."), field="number")
    for meter in customer.meters.filter(removed_on__isnull=True):
        if meter.installed_on > installed_on:
            raise Invalid(_("The meter in use was installed later."), field="installed_on")
        meter.removed_on = installed_on
        meter.save(update_fields=["removed_on"])
    return customer.meters.create(
        number=number, installed_on=installed_on, brand=brand or rules.brand_of(number)
    )


@transaction.atomic
def add_phone(*, customer: Customer, number: str, by: User) -> PhoneNumber:
    """Note a number that the customer can be reached at; one that is known already stays as it is.

    Raises:
        Forbidden: `by` may not maintain customers at the unit.
        Invalid: it is no phone number.
    """
    _may_manage(by, customer.unit)
    phone = rules.normalise_phone(number)
    return customer.phones.get_or_create(number=phone.number, defaults={"kind": phone.kind})[0]


@transaction.atomic
def remove_phone(*, phone: PhoneNumber, by: User) -> None:
    """Forget a phone number.

    Raises:
        Forbidden: `by` may not maintain customers at the unit.
    """
    _may_manage(by, phone.customer.unit)
    phone.delete()


def check_unit(unit: Unit) -> None:
    """A customer is served by an ULP or an UP3, or by a UID or UIW where no UP3 is known.

    Raises:
        ValidationError: the unit is of another kind.
    """
    if unit.kind not in SERVING_KINDS:
        raise ValidationError({"unit": _("A unit of this kind does not serve customers.")})


def _may_manage(by: User, unit: Unit) -> None:
    acting_position(user=by, power=Power.MANAGE_CUSTOMERS, unit=unit, at=timezone.now())
