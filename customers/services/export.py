"""Customers as a file: masked, safe to open, and on record."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from common.errors import TooLarge
from common.exports import csv_file, xlsx_file
from customers.models import Customer, CustomerQuerySet
from customers.services.bulk import CHUNK
from customers.services.privacy import masked_address, masked_name, masked_phones, record_export
from units.models import User
from units.powers import Power

MAX_ROWS = 20_000
COLUMNS = (
    "idpel",
    "name",
    "address",
    "phone",
    "area_code",
    "area",
    "unit_code",
    "unit",
    "tariff",
    "power_va",
    "phase",
    "product",
    "kogol",
    "meter_number",
    "meter_installed_on",
)
WRITERS: dict[str, Callable[[Iterator[list[Any]]], bytes]] = {
    "csv": lambda rows: csv_file(COLUMNS, rows),
    "xlsx": lambda rows: xlsx_file(COLUMNS, rows, title=_("Customers")),
}


@transaction.atomic
def export_customers(*, customers: CustomerQuerySet, kind: str, by: User, reason: str) -> bytes:
    """The customers that `by` may export, as a `csv` or `xlsx` file, and a record of it with its digest.

    Raises:
        Forbidden: no position of `by` may export.
        Invalid: the reason is shorter than 10 characters.
        TooLarge: more than 20,000 customers.
    """
    rows = customers.filter(by.within(Power.EXPORT_CUSTOMERS)).order_by("idpel")
    rows = rows.select_related("area", "unit", "tariff").prefetch_related("meters", "phones")
    if (count := rows.count()) > MAX_ROWS:
        raise TooLarge(_("Export at most 20,000 customers at a time."))
    content = WRITERS[kind](_row(customer) for customer in rows.iterator(chunk_size=CHUNK))
    digest = hashlib.sha256(content).hexdigest()
    record_export(by=by, reason=reason, row_count=count, digest=digest, fields=list(COLUMNS))
    return content


def _row(customer: Customer) -> list[Any]:
    meter = customer.current_meter
    return [
        customer.idpel,
        masked_name(customer),
        masked_address(customer),
        "; ".join(phone["number"] for phone in masked_phones(customer)),
        customer.area_id,
        customer.area.display_name,
        customer.unit.code,
        customer.unit.name,
        customer.tariff.code,
        customer.power_va,
        customer.phase,
        customer.product,
        customer.kogol_id,
        meter.number if meter else None,
        meter.installed_on if meter else None,
    ]
