"""The values and schemes that people maintain for procedures."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from sop.models import PsScheme, SopValue
from units.authority import acting_position
from units.models import Unit, UnitKind, User
from units.powers import Power


@transaction.atomic
def save_value(*, value: SopValue, by: User, at: datetime) -> SopValue:
    """Keep a value; it holds for the whole country.

    Raises:
        Forbidden: `by` writes no SOPs for the head office.
        ValidationError: malformed, or another value of this key begins on that day.
    """
    head_office = Unit.objects.get(kind=UnitKind.PUSAT)
    acting_position(user=by, power=Power.AUTHOR_SOP, unit=head_office, at=at)
    value.full_clean()
    value.save()
    return value


@transaction.atomic
def save_scheme(*, scheme: PsScheme, by: User, at: datetime) -> PsScheme:
    """Keep the scheme that a unit uses for temporary supply.

    Raises:
        Forbidden: `by` writes no SOPs for that unit.
        ValidationError: malformed, or the unit has a scheme from that day.
    """
    acting_position(user=by, power=Power.AUTHOR_SOP, unit=scheme.unit, at=at)
    scheme.full_clean()
    scheme.save()
    return scheme
