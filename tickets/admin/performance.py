"""How fast units and crews were (RPT and RCT), month by month: a page beside the list of tickets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.services.performance import by_crew, by_parent, by_unit
from units.models import UnitKind

SPANS = (1, 3, 6, 12)


def performance(request: HttpRequest, now: datetime) -> dict[str, Any]:
    """What the page shows, of the poskos whose tickets its reader may export. Four queries."""
    text = request.GET.get("months", "")
    months = int(text) if text in map(str, SPANS) else 3
    seen = {"user": request.user, "since": first_of_months(now, months), "until": now}
    return {
        "title": _("Response and recovery"),
        "months": months,
        "spans": SPANS,
        "units": by_unit(**seen),
        "up3s": by_parent(kinds=(UnitKind.UP3,), **seen),
        "crews": by_crew(**seen),
    }


def first_of_months(now: datetime, months: int) -> datetime:
    """Where a span of `months` begins, this month among them."""
    start = timezone.localtime(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    year, month = divmod(start.year * 12 + start.month - months, 12)
    return start.replace(year=year, month=month + 1)
