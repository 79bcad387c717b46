"""The values that a collect step takes. What stands in the database is looked up by the caller."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from math import isfinite
from typing import Any

from django.utils.translation import gettext as _

from common.errors import Invalid
from customers.models import MAX_POWER_VA
from customers.rules import check_nik, mask_name, mask_phone, normalise_phone

LONGEST = {"text": 200, "note": 2000, "name": 120}
ADDRESS_PARTS = {"street": 160, "building_number": 20, "rt": 3, "rw": 3, "landmark": 160}
PERSONAL = frozenset({"name", "phone", "nik", "idpel_or_meter", "address", "coordinates"})
WRITTEN = {"date": "%d/%m/%Y", "datetime": "%d/%m/%Y %H.%M"}
CODE = re.compile(r"[A-Za-z0-9.-]{1,13}")
HIDDEN = "••••"

Field = Mapping[str, Any]


def clean(field: Field, raw: Any) -> Any:
    """The value to keep for one field; None where nothing was given and nothing is demanded.

    Raises:
        Invalid: it does not fit the type, or is missing; `field` names it.
    """
    try:
        if field["type"] == "reading":
            return _reading(raw)
        if raw is None or raw == "" or raw == {}:
            return _missing(field)
        return _CLEANERS[field["type"]](field, raw)
    except Invalid as refusal:
        raise Invalid(refusal.message, code=refusal.code, field=f"fields/{field['name']}") from refusal


def clean_all(fields: tuple[Field, ...], raw: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a step, by name.

    Raises:
        Invalid: a value does not fit, is missing, or belongs to no field of this step.
    """
    known = {field["name"]: field for field in fields}
    for name in raw:
        if name not in known:
            message = _("This step asks for no %(name)s.") % {"name": str(name)[:60]}
            raise Invalid(message, code="unknown_field", field="fields")
    return {name: clean(field, raw[name]) for name, field in known.items() if _is_given(field, raw)}


def _is_given(field: Field, raw: Mapping[str, Any]) -> bool:
    """Whether a key is there. For a reading, absent is "not asked yet" and something else than null."""
    if field["name"] not in raw and field.get("required", True):
        message = _("Not asked yet.") if field["type"] == "reading" else _("Please fill this in.")
        raise Invalid(message, code="required", field=f"fields/{field['name']}")
    return field["name"] in raw


def _missing(field: Field) -> None:
    if field.get("required", True):
        raise Invalid(_("Please fill this in."), code="required")


def _reading(raw: Any) -> float | None:
    """A number as the meter shows it; None for "Tidak Ada Angka" (R-003-56)."""
    return None if raw is None or raw == "" else _number({}, raw)


def _text(field: Field, raw: Any) -> str:
    longest = LONGEST[field["type"]]
    if not isinstance(raw, str) or len(raw.strip()) > longest:
        raise Invalid(_("Write at most %(count)d characters.") % {"count": longest})
    text = raw.strip()
    if not text and field.get("required", True):
        raise Invalid(_("Please fill this in."), code="required")
    return text


def _number(field: Field, raw: Any) -> float:
    try:
        value = float(raw.replace(",", ".")) if isinstance(raw, str) else float(raw)
    except (TypeError, ValueError) as error:
        raise Invalid(_("This is no number.")) from error
    if isinstance(raw, bool) or not isfinite(value) or abs(value) > 1e12:
        raise Invalid(_("This is no number."))
    return value


def _date(field: Field, raw: Any) -> str:
    try:
        return date.fromisoformat(str(raw)).isoformat()
    except ValueError as error:
        raise Invalid(_("Write a date as 2022-02-18.")) from error


def _datetime(field: Field, raw: Any) -> str:
    """The time on the clock of the place, so without an offset."""
    try:
        value = datetime.fromisoformat(str(raw))
        if value.tzinfo or ":" not in str(raw):
            raise ValueError(raw)
    except ValueError as error:
        raise Invalid(_("Write a date and a time as 2022-02-18T10:30.")) from error
    return value.isoformat(timespec="minutes")


def _phone(field: Field, raw: Any) -> str:
    return normalise_phone(str(raw)).number


def _nik(field: Field, raw: Any) -> str:
    return check_nik(str(raw))


def _identity(field: Field, raw: Any) -> str:
    digits = re.sub(r"[ .-]", "", str(raw))
    if not re.fullmatch(r"[0-9]{11,12}", digits):
        raise Invalid(_("An IDPEL has 12 digits, a meter number 11."), code="bad_idpel")
    return digits


def _code(field: Field, raw: Any) -> str:
    if not isinstance(raw, str) or not CODE.fullmatch(raw):
        raise Invalid(_("This is no code."))
    return raw


def _address(field: Field, raw: Any) -> dict[str, str]:
    if not isinstance(raw, Mapping) or set(raw) - ADDRESS_PARTS.keys():
        raise Invalid(_("An address has: %(parts)s.") % {"parts": ", ".join(ADDRESS_PARTS)})
    address = {part: str(raw.get(part) or "").strip() for part in ADDRESS_PARTS}
    for part, longest in ADDRESS_PARTS.items():
        if len(address[part]) > longest:
            raise Invalid(_("Write at most %(count)d characters.") % {"count": longest})
    if not address["street"]:
        raise Invalid(_("Name the street."), code="required")
    return address


def _coordinates(field: Field, raw: Any) -> dict[str, float]:
    if not isinstance(raw, Mapping) or set(raw) != {"latitude", "longitude"}:
        raise Invalid(_("Coordinates have a latitude and a longitude."))
    latitude, longitude = (_number(field, raw[name]) for name in ("latitude", "longitude"))
    if not (-11.5 <= latitude <= 6.5 and 94.5 <= longitude <= 141.5):
        raise Invalid(_("This place lies outside Indonesia."))
    return {"latitude": round(latitude, 6), "longitude": round(longitude, 6)}


def _power(field: Field, raw: Any) -> int:
    text = re.sub(r"[.\s]|VA", "", raw) if isinstance(raw, str) else str(raw)
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 0 < int(text) <= MAX_POWER_VA:
        raise Invalid(_("This is no power in VA."))
    return int(text)


def _product(field: Field, raw: Any) -> str:
    if raw not in ("PASCABAYAR", "PRABAYAR"):
        raise Invalid(_("Choose PASCABAYAR or PRABAYAR."))
    return str(raw)


def _yes_no(field: Field, raw: Any) -> bool:
    values = {True: True, False: False, "true": True, "false": False, "on": True}
    if not isinstance(raw, (bool, str)) or raw not in values:
        raise Invalid(_("Choose yes or no."))
    return values[raw]


def _tick(field: Field, raw: Any) -> bool:
    ticked = _yes_no(field, raw)
    if not ticked and field.get("required", True):
        raise Invalid(_("Please make sure of this first."), code="required")
    return ticked


def _choice(field: Field, raw: Any) -> str:
    if raw not in [choice["value"] for choice in field["choices"]]:
        raise Invalid(_("Choose one of the values."))
    return str(raw)


_CLEANERS: dict[str, Callable[[Field, Any], Any]] = {
    "text": _text,
    "note": _text,
    "name": _text,
    "number": _number,
    "date": _date,
    "datetime": _datetime,
    "phone": _phone,
    "nik": _nik,
    "idpel_or_meter": _identity,
    "area": _code,
    "unit": _code,
    "tariff": _code,
    "address": _address,
    "coordinates": _coordinates,
    "power_step": _power,
    "product": _product,
    "yes_no": _yes_no,
    "tick": _tick,
    "choice": _choice,
}


def masked(field_type: str, value: Any) -> Any:
    """The value as it may be shown in a path: personal data only as far as it tells nothing."""
    if value in (None, "", {}) or field_type not in PERSONAL:
        return value
    if field_type == "name":
        return mask_name(str(value))
    if field_type == "idpel_or_meter":
        return mask_identity(str(value))
    return mask_phone(str(value)) if field_type == "phone" else HIDDEN


def mask_identity(number: str) -> str:
    """An IDPEL or meter number with its first four and last three digits: `5411••••017`."""
    return f"{number[:4]}{HIDDEN}{number[-3:]}"


def spoken(field_type: str, value: Any) -> str:
    """The value as it stands in a text: `ya`, `1.300`, `12,5`, `18/02/2022 14.30`."""
    if isinstance(value, bool):
        return "ya" if value else "tidak"
    if field_type in WRITTEN and value:
        return f"{datetime.fromisoformat(value):{WRITTEN[field_type]}}"
    if field_type == "nik" and value:
        return str(value["masked"])
    if isinstance(value, Mapping):
        return ", ".join(str(part) for part in value.values() if part)
    if field_type == "power_step" and value is not None:
        return f"{value:,}".replace(",", ".")
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".").replace(".", ",")
    return "" if value is None else str(value)
