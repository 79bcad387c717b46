"""Pure decisions about customers: what a number is, how personal data is masked, how old a meter is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

import phonenumbers
from django.utils.translation import gettext as _
from phonenumbers import PhoneNumberType

from common.errors import Invalid

MASK = "••••"
HOME_REGION = "ID"
MAX_PHONE = 30
MOBILE, PSTN = "MOBILE", "PSTN"
# Where a country's mobile and fixed numbers look alike, the number is taken for a fixed one: those are never
# sent a message.
KINDS = {
    PhoneNumberType.MOBILE: MOBILE,
    PhoneNumberType.FIXED_LINE: PSTN,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: PSTN,
}
# The first two digits of a meter number are the manufacturer's STS code (domain.md 1.8).
BRANDS = {
    "01": "Actaris",
    "04": "Conlog",
    "07": "Landis",
    "14": "Hexing",
    "22": "Star",
    "25": "Holleymet",
    "26": "Holleymet",
    "27": "Genus",
    "32": "Itron",
    "34": "Glomet",
    "46": "Holley",
}
IDPEL = re.compile(r"[0-9]{12}")
METER_NUMBER = re.compile(r"[0-9]{11}")
NIK = re.compile(r"[0-9]{6}(?:[04][1-9]|[1256][0-9]|[37][01])(?:0[1-9]|1[0-2])[0-9]{6}")


@dataclass(frozen=True)
class Phone:
    """A phone number in E.164 and what it is: MOBILE or PSTN."""

    number: str
    kind: str


def normalise_phone(text: str) -> Phone:
    """Read a phone number as people write it (0812…, 62812…, +62 812-…, 021…) or as another country's (+65…).

    Raises:
        Invalid: it is no number that a person can be reached at (`bad_phone`).
    """
    try:
        parsed = phonenumbers.parse(text[:MAX_PHONE], HOME_REGION)
    except phonenumbers.NumberParseException:
        parsed = phonenumbers.PhoneNumber()
    kind = KINDS.get(phonenumbers.number_type(parsed))
    if kind is None or parsed.extension or len(text) > MAX_PHONE:
        raise Invalid(_("This is not a phone number."), code="bad_phone", field="phone")
    return Phone(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164), kind)


def check_idpel(text: str) -> str:
    """An IDPEL: 12 digits.

    Raises:
        Invalid: it is not (`bad_idpel`).
    """
    if not IDPEL.fullmatch(text):
        raise Invalid(_("An IDPEL has 12 digits."), code="bad_idpel", field="idpel")
    return text


def check_meter_number(text: str) -> str:
    """A meter number: 11 digits. A wrong check digit is no reason to refuse, see `meter_number_is_plausible`.

    Raises:
        Invalid: it is not (`bad_meter_number`).
    """
    if not METER_NUMBER.fullmatch(text):
        raise Invalid(_("A meter number has 11 digits."), code="bad_meter_number", field="meter_number")
    return text


def check_nik(text: str) -> str:
    """A NIK: 16 digits, the 7th to 12th a date of birth (DDMMYY, the day plus 40 for women).

    Raises:
        Invalid: it is not (`bad_nik`).
    """
    if not NIK.fullmatch(text):
        raise Invalid(_("This is not a NIK."), code="bad_nik", field="nik")
    return text


def luhn_digit(digits: str) -> int:
    """The check digit that belongs behind `digits`."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return -total % 10


def meter_number_is_plausible(number: str) -> bool:
    """Whether the last digit is the check digit of the others. A typing error is likely where it is not."""
    return int(number[-1]) == luhn_digit(number[:-1])


def brand_of(meter_number: str) -> str:
    """The manufacturer that the first two digits name, or nothing."""
    return BRANDS.get(meter_number[:2], "")


def full_years(since: date, on: date) -> int:
    """Completed years from `since` to `on`; a meter installed on 29 February gets older on 1 March."""
    return on.year - since.year - ((on.month, on.day) < (since.month, since.day))


def mask_nik(nik: str) -> str:
    """`3171••••••••0001`"""
    return f"{nik[:4]}{MASK * 2}{nik[-4:]}"


def mask_phone(number: str) -> str:
    """`0812••••789` for an Indonesian number in E.164, `+659••••567` for another country's."""
    national = "0" + number.removeprefix("+62") if number.startswith("+62") else number
    return f"{national[:4]}{MASK}{national[-3:]}"


def mask_name(name: str) -> str:
    """The first letter of each word, without the words' lengths: `P•••• S••••`."""
    return " ".join(f"{word[0]}{MASK}" for word in name.split())


def mask_address(street: str, *details: str) -> str:
    """The street as a name, and one mark for whatever else is known: `J•••• C••••, ••••`."""
    return ", ".join(filter(None, (mask_name(street), MASK if any(details) else "")))
