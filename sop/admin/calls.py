"""Calls as they were led, and what can be learned from them."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import groupby
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import action, display

from sop.admin.pages import SopAdmin
from sop.models import Call, HandOver, OutcomeKind
from sop.models.calls import CallQuerySet
from sop.services import calls as running
from sop.services import presenting, statistics
from units.models import Area
from units.powers import Power

SPANS = (7, 30, 90, 365)
SHADES = ("700", "500", "300", "900", "400", "600", "200")
CHART_OPTIONS = {
    "maintainAspectRatio": False,
    "indexAxis": "y",
    "scales": {"x": {"stacked": True, "ticks": {"precision": 0}}, "y": {"stacked": True}},
}


@admin.register(Call)
class CallAdmin(SopAdmin):
    """A call is read here, never changed. Personal data are masked as everywhere."""

    see, change = Power.SEE_CALLS, ""
    list_display = (
        "opened_at",
        "procedure",
        "version",
        "agent",
        "site",
        "status",
        "outcome",
        "ticket_number",
    )
    list_filter = ("status", "outcome", ("opened_at", RangeDateTimeFilter))
    list_filter_submit = True
    list_select_related = ("procedure", "version__document", "agent", "site")
    search_fields = ("ticket_number__exact",)
    search_help_text = _("A whole report number")
    fields = (
        ("procedure", "version"),
        ("agent", "site"),
        ("opened_at", "closed_at"),
        ("status", "outcome"),
        ("ticket_number", "abandon_reason"),
        "path_taken",
    )
    readonly_fields = ("path_taken",)
    actions_list = ("open_statistics",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_authenticated and request.user.may(Power.SEE_CALLS)

    @display(description=_("path"))
    def path_taken(self, call: Call) -> SafeString:
        state = running.read(call=call)
        return render_to_string("admin/sop/path.html", {"path": presenting.present_path(state.situation)})

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.statistics_view)
        return [path("statistics/", page, name="sop_call_statistics"), *super().get_urls()]

    @action(description=_("What calls teach"), icon="monitoring", permissions=["view"])
    def open_statistics(self, request: HttpRequest) -> HttpResponse:
        return redirect("admin:sop_call_statistics")

    def statistics_view(self, request: HttpRequest) -> HttpResponse:
        """Runs, outcomes, drop-offs, time and steps back, per procedure and version; agents by site."""
        if not self.has_view_permission(request):
            raise Http404
        days = span(request.GET.get("days", ""))
        since = timezone.now() - timedelta(days=days)
        seen: CallQuerySet = Call.objects.visible_to(request.user).filter(opened_at__gte=since)
        runs = list(statistics.runs(seen))
        outcomes = list(statistics.outcomes(seen))
        return self.page(
            request,
            "statistics.html",
            title=_("What calls teach"),
            days=days,
            spans=SPANS,
            runs=runs,
            outcomes=[row | {"label": OutcomeKind(row["outcome"]).label} for row in outcomes],
            drop_offs=list(statistics.drop_offs(seen)),
            steps=by_procedure(list(statistics.steps(seen))),
            agents=list(statistics.agents(seen)),
            chart=json.dumps(outcome_chart(runs, outcomes)),
            options=json.dumps(CHART_OPTIONS),
        )


def span(text: str) -> int:
    return int(text) if text in map(str, SPANS) else 30


def by_procedure(rows: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The rows of steps under the name of their procedure and version."""

    def name(row: dict[str, Any]) -> str:
        slug, number = row["call__version__document__slug"], row["call__version__number"]
        return f"{row['call__procedure__title']} ({slug}@{number})"

    return [(title, list(group)) for title, group in groupby(rows, name)]


def outcome_chart(runs: list[dict[str, Any]], outcomes: list[dict[str, Any]]) -> dict[str, Any]:
    """A bar for each procedure and version, cut by how its calls ended."""
    keys = [tuple(row[it] for it in statistics.PROCEDURE) for row in runs]
    counts = {
        (tuple(row[it] for it in statistics.PROCEDURE), row["outcome"]): row["count"] for row in outcomes
    }
    kinds = [*OutcomeKind.choices, ("ABANDONED", _now("broken off"))]
    broken = {(key, "ABANDONED"): row["abandoned"] for key, row in zip(keys, runs, strict=True)}
    return {
        "labels": [f"{key[2]} ({key[0]}@{key[1]})" for key in keys],
        "datasets": [
            {
                "label": str(label),
                "data": [(counts | broken).get((key, kind), 0) for key in keys],
                "backgroundColor": f"var(--color-primary-{SHADES[index % len(SHADES)]})",
            }
            for index, (kind, label) in enumerate(kinds)
        ],
    }


@admin.register(HandOver)
class HandOverAdmin(SopAdmin):
    """Applications that went on in AP2T."""

    see, change = Power.SEE_CALLS, ""
    list_display = ("reference", "at", "transaction", "unit", "product", "power_va")
    list_filter = ("transaction", ("at", RangeDateTimeFilter))
    list_filter_submit = True
    list_select_related = ("unit",)
    search_fields = ("reference",)
    fields = (
        ("reference", "at"),
        "transaction",
        "premises",
        "unit",
        "customer",
        ("product", "tariff", "power_va"),
        "application",
    )
    readonly_fields = ("premises",)

    @display(description=_("area"))
    def premises(self, made: HandOver) -> str:
        """As the form has it: Provinsi, Kabupaten, Kecamatan, Desa."""
        if made.area is None:
            return ""
        names = Area.objects.filter(pk__in=made.area.lineage).order_by("code")
        return " / ".join(names.values_list("display_name", flat=True))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_authenticated and request.user.may(Power.SEE_CALLS)
