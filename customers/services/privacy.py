"""What may be shown of a customer: masked to everybody who may see the row, in full for a reason."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Forbidden, Invalid
from customers import rules
from customers.models import AccessLog, Customer
from customers.services.identity import nik_of
from units.authority import acting_position
from units.models import Position, Unit, User
from units.powers import Power

FIELDS = ("name", "address", "nik", "phones")
SHORTEST_REASON = 10
LONGEST_REASON = 500


def masked_name(customer: Customer) -> str:
    return rules.mask_name(customer.name)


def masked_address(customer: Customer) -> str:
    return rules.mask_address(
        customer.street, customer.building_number, customer.rt, customer.rw, customer.landmark
    )


def masked_nik(customer: Customer) -> str | None:
    """None where no NIK is known."""
    nik = nik_of(customer)
    return rules.mask_nik(nik) if nik else None


def masked_phones(customer: Customer) -> list[dict[str, str]]:
    """`{"number", "kind"}` of each; reads the prefetched phones where there are any."""
    return [{"number": rules.mask_phone(phone.number), "kind": phone.kind} for phone in customer.phones.all()]


@transaction.atomic
def reveal(
    *,
    customer: Customer,
    fields: Iterable[str],
    by: User,
    reason: str,
    power: Power = Power.REVEAL_CUSTOMERS,
    unit: Unit | None = None,
) -> dict[str, Any]:
    """Answer `fields` of `customer` in full, and record who read them, in which position, and why.

    The record stands in the same transaction: without it nothing is answered. Phones are a list of
    `{"number", "kind"}`, the address a text, a missing NIK an empty one. `power` at `unit` may stand for the
    general one where other work needs it.

    Raises:
        Forbidden: no position of `by` may reveal at the customer's unit, or holds `power` at `unit`.
        Invalid: a field that there is not, none at all, or a reason shorter than 10 characters.
    """
    wanted = _known(fields)
    reason = _reason(reason)
    customer = Customer.objects.select_related("unit").get(pk=customer.pk)
    now = timezone.now()
    position = acting_position(user=by, power=power, unit=unit or customer.unit, at=now)
    _record(
        AccessLog(kind=AccessLog.Kind.REVEAL, customer=customer, unit=customer.unit, fields=wanted, at=now),
        by=by,
        position=position,
        reason=reason,
    )
    return {field: _plain(customer, field) for field in wanted}


@transaction.atomic
def record_export(
    *,
    by: User,
    reason: str,
    row_count: int,
    digest: str,
    fields: list[str],
    power: Power = Power.EXPORT_CUSTOMERS,
) -> AccessLog:
    """Record that `row_count` rows left the portal as a file with this SHA-256 digest, by that power.

    Raises:
        Forbidden: no position of `by` may export.
        Invalid: the reason is shorter than 10 characters.
    """
    now = timezone.now()
    position = _exporting_position(by, power, now)
    record = AccessLog(
        kind=AccessLog.Kind.EXPORT,
        unit=position.unit,
        fields=fields,
        row_count=row_count,
        digest=digest,
        at=now,
    )
    return _record(record, by=by, position=position, reason=_reason(reason))


def record_sent(*, begun: AccessLog, row_count: int, digest: str) -> AccessLog:
    """Record what in the end left by an export that was recorded when it began, because it takes long."""
    return AccessLog.objects.create(
        kind=begun.kind,
        unit=begun.unit,
        reader=begun.reader,
        position=begun.position,
        role=begun.role,
        fields=begun.fields,
        reason=begun.reason,
        row_count=row_count,
        digest=digest,
        request_id=begun.request_id,
        at=timezone.now(),
    )


def _exporting_position(user: User, power: Power, at: datetime) -> Position:
    """The position in which `user` exports: of several, the one highest in the tree."""
    seats = [position for position in user.positions_in_force if position.allows(power)]
    if not seats:
        raise Forbidden(_("No position of yours allows an export."))
    highest = min(seats, key=lambda position: len(position.unit.path))
    return acting_position(user=user, power=power, unit=highest.unit, at=at)


def _record(record: AccessLog, *, by: User, position: Position, reason: str) -> AccessLog:
    record.reader, record.position, record.role = by, position, position.role
    record.reason = reason
    record.request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    record.save()
    return record


def _known(fields: Iterable[str]) -> list[str]:
    wanted = set(fields)
    if not wanted or wanted - set(FIELDS):
        choices = ", ".join(FIELDS)
        raise Invalid(_("Choose from: %(choices)s.") % {"choices": choices}, field="fields")
    return [field for field in FIELDS if field in wanted]


def _reason(reason: str) -> str:
    reason = " ".join(reason.split())
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise Invalid(_("Give the reason, in 10 to 500 characters."), code="bad_reason", field="reason")
    return reason


def _plain(customer: Customer, field: str) -> Any:
    if field == "phones":
        return [{"number": phone.number, "kind": phone.kind} for phone in customer.phones.all()]
    if field == "nik":
        return nik_of(customer)
    return full_address(customer) if field == "address" else customer.name


def full_address(customer: Customer) -> str:
    """The address in one line, as it is read out."""
    parts = (
        customer.street,
        customer.building_number and _("No. %(number)s") % {"number": customer.building_number},
        customer.rt and f"RT {customer.rt}",
        customer.rw and f"RW {customer.rw}",
        customer.landmark and f"({customer.landmark})",
    )
    return " ".join(filter(None, parts))
