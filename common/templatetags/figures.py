"""Figures as people read them."""

from datetime import timedelta

from django import template

register = template.Library()


@register.filter
def share(part: int, whole: int) -> str:
    """`85 %`."""
    return f"{100 * part // whole} %" if whole else "–"


@register.filter
def hours(length: timedelta | None) -> str:
    """`4.05` for four hours and five minutes."""
    if length is None:
        return "–"
    whole, minutes = divmod(int(length.total_seconds()) // 60, 60)
    return f"{whole}.{minutes:02d}"
