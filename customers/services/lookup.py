"""Finding a customer by exactly one exact thing that the caller names."""

from __future__ import annotations

from django.utils.translation import gettext as _

from common.errors import Invalid
from customers import rules
from customers.models import Customer, CustomerQuerySet


def find_customers(
    *, idpel: str | None = None, meter_number: str | None = None, phone: str | None = None
) -> CustomerQuerySet:
    """The customers with this IDPEL, this meter (now or before), or this phone: exact matches only.

    The caller narrows the answer to what its reader may see (`visible_to`). A phone may belong to several.

    Raises:
        Invalid: not exactly one criterion, or one that cannot be such a number.
    """
    if sum(given is not None for given in (idpel, meter_number, phone)) != 1:
        raise Invalid(_("Give exactly one of: idpel, meter_number, phone."), code="one_criterion")
    if idpel is not None:
        return Customer.objects.filter(idpel=rules.check_idpel(idpel))
    if meter_number is not None:
        return Customer.objects.filter(meters__number=rules.check_meter_number(meter_number))
    return Customer.objects.filter(phones__number=rules.normalise_phone(phone or "").number)
