"""Figures as people read them."""

from datetime import timedelta

from django import template
from django.utils.translation import gettext

register = template.Library()


@register.filter
def share(part: int, whole: int) -> str:
    """`85 %`."""
    return f"{100 * part // whole} %" if whole else "–"


@register.filter
def hours(length: timedelta | None) -> str:
    """`4 h 05 min`: hours as people say them, never taken for a decimal."""
    if length is None:
        return "–"
    whole, minutes = divmod(int(length.total_seconds()) // 60, 60)
    return gettext("%(hours)d h %(minutes)02d min") % {"hours": whole, "minutes": minutes}
