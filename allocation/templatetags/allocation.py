"""What the fragment of a check needs to show the values of the API's answer."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django.template import Library
from django.utils.dateparse import parse_date, parse_datetime, parse_time

from allocation.notices import power_text

register = Library()


@register.filter
def from_iso(value: str) -> date | datetime | time | None:
    """The moment, day or time of day that the API wrote as text."""
    if "T" in value:
        return parse_datetime(value)
    return parse_time(value) if ":" in value else parse_date(value)


@register.filter
def va(value: int) -> str:
    """`2.200 VA`."""
    return power_text(value)


@register.filter
def va_range(option: dict[str, Any]) -> str:
    """`450 VA s.d. 11.000 VA`, or `3.900 VA s.d. ke atas`, as the matrix writes it."""
    upper = power_text(option["max_va"]) if option["max_va"] else "ke atas"
    return f"{power_text(option['min_va'])} s.d. {upper}"
