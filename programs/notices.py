"""What people are told about programs: reasons, reports, and the words an agent may say."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from programs.models import PaymentImport, Program
from programs.rules import BOMB_RATIO, COLUMNS, MonthVerdict, Reason, Verdict

REASONS: dict[Reason, str | Promise] = {
    Reason.COUNTED: gettext_lazy("paid in time"),
    Reason.NOT_YET: gettext_lazy("can still be paid in time"),
    Reason.NOT_PAID: gettext_lazy("no payment is known"),
    Reason.REVERSED: gettext_lazy("the payment was reversed"),
    Reason.PAID_EARLY: gettext_lazy("paid before the first day that counts"),
    Reason.PAID_LATE: gettext_lazy("paid after the last day that counts"),
    Reason.OTHER_UNIT: gettext_lazy("the connection belonged to a unit outside the program"),
    Reason.OTHER_PRODUCT: gettext_lazy("the bill was for a product that does not take part"),
    Reason.EXCLUDED_KOGOL: gettext_lazy("the kogol of the bill does not take part"),
    Reason.OTHER_TARIFF: gettext_lazy("the tariff of the bill does not take part"),
    Reason.OTHER_POWER: gettext_lazy("the power of the bill does not take part"),
}
VERDICTS: dict[Verdict, str | Promise] = {
    Verdict.ELIGIBLE: gettext_lazy("Every month was paid in time."),
    Verdict.POSSIBLE: gettext_lazy("So far every month was paid in time."),
    Verdict.NOT_ELIGIBLE: gettext_lazy("Not every month was paid in time."),
}
IMPORT: dict[str, str | Promise] = {
    "columns": format_lazy(
        "{} {}", gettext_lazy("The first line must name the columns:"), ", ".join(COLUMNS)
    ),
    "empty": gettext_lazy("The file has no lines below the column names."),
    "is_zip": gettext_lazy("This is a ZIP or spreadsheet file. Send CSV, plain or gzipped."),
    "bad_gzip": gettext_lazy("The gzip file is damaged."),
    "bomb": format_lazy(
        gettext_lazy("Unpacked, this file is more than {} times as large; payments never are."), BOMB_RATIO
    ),
    "too_large": format_lazy(
        gettext_lazy("Unpacked, this file is larger than {} GB. Send it in parts."),
        settings.PAYMENT_FILE_MAX_GB,
    ),
    "line_too_long": gettext_lazy("This line is longer than 1,000 characters."),
    "not_text": gettext_lazy("The file is not a text file."),
    "not_utf8": gettext_lazy("The file is not UTF-8."),
    "too_many_errors": gettext_lazy("Too many lines are wrong; the rest was not read."),
    "already_imported": gettext_lazy("This file has been imported already."),
    "interrupted": gettext_lazy("The import was interrupted. Nothing of it stays; please run it again."),
    "cell_count": gettext_lazy("This line has another number of columns than the first one."),
    "bad_idpel": gettext_lazy("An IDPEL has 12 digits."),
    "bad_period": gettext_lazy("The bill month must be written as 2021-01."),
    "bad_paid_at": gettext_lazy("The time must be written as 2021-01-03T10:00:00+07:00."),
    "bad_amount": gettext_lazy("The amount must be whole rupiah, digits only."),
    "bad_product": gettext_lazy("The product is PASCABAYAR or PRABAYAR."),
    "bad_tariff": gettext_lazy("A tariff has up to 6 capital letters and digits."),
    "bad_power_va": gettext_lazy("The power must be whole VA, digits only."),
    "bad_kogol": gettext_lazy("A kogol is one digit."),
    "bad_unit_code": gettext_lazy("A unit code has up to 12 letters, digits, dots or dashes."),
    "bad_reference": gettext_lazy("A reference has up to 32 letters, digits, dots, slashes or dashes."),
    "bad_kind": gettext_lazy("The kind is PAYMENT or REVERSAL."),
    "unknown_unit_code": gettext_lazy("This unit is not one of the program's."),
    "unknown_tariff": gettext_lazy("The portal does not know this tariff."),
    "unknown_idpel": gettext_lazy("No customer has this IDPEL."),
    "repeated": gettext_lazy("An earlier line says the same payment."),
    "known": gettext_lazy("An earlier file says this payment already."),
    "no_payment": gettext_lazy("This reverses a payment that is not known."),
}


def reason(month: MonthVerdict) -> str:
    return str(REASONS[month.reason])


def report_lines(record: PaymentImport) -> list[dict[str, Any]]:
    """The report of an import: `line` (0: the file), `column` and `message`, in the order of the file."""
    return [
        {"line": line, "column": column, "message": str(IMPORT[code])} for line, column, code in record.report
    ]


def what_to_say(program: Program, verdict: Verdict, is_listed: bool | None) -> list[str]:
    """What an agent may read out: the program's own words, then the standing; never a prize (R-004-7).

    Once a list is frozen it decides, whatever became known later.
    """
    words = [line for line in program.agent_may_say.splitlines() if line.strip()]
    return [*words, f"{_how_it_stands(verdict, is_listed)} {_what_follows(program, verdict, is_listed)}"]


def _how_it_stands(verdict: Verdict, is_listed: bool | None) -> str:
    if is_listed in (None, verdict == Verdict.ELIGIBLE):
        return str(VERDICTS[verdict])
    if is_listed:
        return _("When the list was closed, every month had been paid in time.")
    return _("When the list was closed, not every month was known to be paid in time.")


def _what_follows(program: Program, verdict: Verdict, is_listed: bool | None) -> str:
    if is_listed or (is_listed is None and verdict == Verdict.ELIGIBLE):
        closing = _("Winners are contacted by their UP3. Which reward they get is up to the UP3.")
        drawn = _("The winners are drawn among all who paid in time.")
        return f"{drawn} {closing}" if program.has_draw else closing
    if is_listed is None and verdict == Verdict.POSSIBLE:
        days = {"first": program.first_day, "last": program.last_day}
        return _("Please go on paying from day %(first)d to day %(last)d of each month.") % days
    return _("For this program, every month counts.")


def stage_of(program: Program, at: datetime) -> str:
    """The stage in words; an approved program whose months have begun is running."""
    is_running = program.is_running(program.unit.local_date(at))
    return _("running") if is_running else program.get_status_display()


def warning(program: Program, on: Any) -> str:
    """What the agent must know before explaining it: that it is over, or has not begun (A-004-9)."""
    if on > program.pick_up_until:
        return _("This program ended on %(day)s.") % {"day": date_format(program.pick_up_until)}
    if on < program.period_start:
        return _("This program begins on %(day)s.") % {"day": date_format(program.period_start)}
    return ""
