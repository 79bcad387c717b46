"""What people are told about an import, in the language they read."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from common import csv_files
from customers.models import CustomerImport

WARNINGS: dict[str, str | Promise] = {
    "check_digit": _("The last digit does not fit the others. Please compare with the meter."),
    "outside_tariff": _("Tariff %(tariff)s does not go with this power."),
}
IMPORT: dict[str, str | Promise] = {
    **csv_files.MESSAGES,
    **WARNINGS,
    "missing": _("This must not be empty."),
    "unprintable": _("This holds a character that no text may hold."),
    "too_long": _("This is longer than %(length)s characters."),
    "number": _("Give a whole number from 1 to %(highest)s, digits only."),
    "date": _("The day must be written as 2026-01-31."),
    "date_range": _("The day lies in the future, or before 1950."),
    "unknown": _("The portal does not know this."),
    "twice": _("This stands on line %(line)s already."),
    "registered": _("This is registered already."),
    "choose_unit": _("No unit is known for this area. Please name the unit."),
    "choose_phase": _("This is no standard power. Please name the phase."),
    "unit_kind": _("A unit of this kind does not serve customers."),
    "not_your_unit": _("This unit is not one of yours."),
    "too_many_phones": _("At most %(count)s phone numbers."),
    "bad_idpel": _("An IDPEL has 12 digits."),
    "bad_meter_number": _("A meter number has 11 digits."),
    "bad_nik": _("This is not a NIK."),
    "bad_phone": _("This is not a phone number."),
}


def report_lines(record: CustomerImport) -> list[dict[str, Any]]:
    """The report of an import: `line`, `column`, `is_error` and `message`, in the order of the file."""
    return [
        {"line": line, "column": column, "is_error": code not in WARNINGS, "message": IMPORT[code] % params}
        for line, column, code, params in sorted(record.report, key=lambda row: row[0])
    ]
