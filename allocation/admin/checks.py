"""Every check with the grounds of its answer, and what people asked for in vain."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter
from unfold.decorators import display

from allocation.models import AllocationCheck, MeterAvailability
from allocation.services import demand
from common.keyset import KeysetAdmin
from common.moments import long_moment
from customers.models import Product
from units.powers import Power

WEEKS = 8
CHART_OPTIONS = {
    "maintainAspectRatio": False,
    "scales": {"x": {"stacked": True}, "y": {"stacked": True, "ticks": {"precision": 0}}},
}


@admin.register(AllocationCheck)
class AllocationCheckAdmin(KeysetAdmin):
    """Why was this caller told no? The matrix, its row, the availability and the position that decided."""

    see = Power.SEE_CHECKS
    list_display = ("serial", "asked_at", "unit", "transaction", "power_va", "product", "outcome", "channel")
    list_filter = (
        "outcome",
        "product",
        "transaction",
        "channel",
        ("unit", AutocompleteSelectFilter),
        ("asked_at", RangeDateTimeFilter),
    )
    list_filter_submit = True
    list_select_related = ("unit",)
    search_fields = ("=id", "unit__name")
    fieldsets = (
        (
            _("Question"),
            {
                "fields": (
                    ("asked_at", "asked_by"),
                    ("unit", "area"),
                    ("transaction", "power_va"),
                    ("product", "tariff"),
                    ("current_phase", "current_product"),
                    ("phase_asked", "channel"),
                    "on",
                )
            },
        ),
        (_("Answer"), {"fields": ("outcome", "phase", "matrix")}),
        (_("Grounds, 1 phase"), {"fields": ("row_1", "grounds_1")}),
        (_("Grounds, 3 phases"), {"fields": ("row_3", "grounds_3")}),
    )
    readonly_fields = ("grounds_1", "grounds_3")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AllocationCheck]:
        rows = super().get_queryset(request)
        return rows.with_grounds() if request.resolver_match.url_name.endswith("_change") else rows

    @display(description=_("availability that decided"))
    def grounds_1(self, check: AllocationCheck) -> str:
        return _grounds(check.availability_1)

    @display(description=_("availability that decided"))
    def grounds_3(self, check: AllocationCheck) -> str:
        return _grounds(check.availability_3)

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.demand_view)
        return [path("demand/", page, name="allocation_allocationcheck_demand"), *super().get_urls()]

    def demand_view(self, request: HttpRequest) -> HttpResponse:
        """Refused checks of the last eight weeks, by unit, power, product and week."""
        if not self.has_view_permission(request):
            raise Http404
        now = timezone.now()
        rows = demand.unmet_demand(user=request.user, since=now - timedelta(weeks=WEEKS), until=now)
        context = self.admin_site.each_context(request) | {
            "title": _("Unmet demand"),
            "rows": [(row, Product(row.product).label) for row in rows[:500]],
            "total": sum(row.count for row in rows),
            "weeks": WEEKS,
            "chart": json.dumps(_chart(rows)),
            "options": json.dumps(CHART_OPTIONS),
        }
        return render(request, "admin/allocation/demand.html", context)


def _grounds(row: MeterAvailability | None) -> str:
    if row is None:
        return str(_("not set, or not looked at"))
    words = {
        "value": row.get_value_display(),
        "unit": row.unit,
        "position": row.position,
        "when": long_moment(row.set_at),
        "reason": row.reason,
    }
    text = _("%(value)s, set at %(unit)s by the %(position)s on %(when)s: %(reason)s")
    return str(text) % words


def _chart(rows: list[demand.UnmetDemand]) -> dict[str, Any]:
    """Refusals per week, a bar for each product."""
    counts: Counter[tuple[Any, str]] = Counter()
    for row in rows:
        counts[row.week, row.product] += row.count
    weeks = sorted({row.week for row in rows})
    colours = {"PASCABAYAR": "var(--color-primary-700)", "PRABAYAR": "var(--color-primary-400)"}
    return {
        "labels": [date_format(week, "j M") for week in weeks],
        "datasets": [
            {
                "label": Product(product).label,
                "data": [counts[week, product] for week in weeks],
                "backgroundColor": colour,
            }
            for product, colour in colours.items()
        ],
    }
