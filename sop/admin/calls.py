"""Calls as they were led, and what can be learned from them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import action, display

from sop.admin import charts
from sop.admin.pages import SopAdmin
from sop.models import Call, HandOver, OutcomeKind
from sop.models.calls import CallQuerySet
from sop.services import calls as running
from sop.services import presenting, statistics
from units.models import Area
from units.powers import Power

SPANS = (7, 30, 90, 365)


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
        runs, outcomes = list(statistics.runs(seen)), list(statistics.outcomes(seen))
        drop_offs, written = list(statistics.drop_offs(seen)), statistics.written(seen)
        return self.page(
            request,
            "statistics.html",
            title=_("What calls teach"),
            days=days,
            spans=SPANS,
            runs=runs,
            outcomes=[row | {"label": OutcomeKind(row["outcome"]).label} for row in outcomes],
            drop_offs=charts.of_drop_offs(drop_offs, written),
            steps=charts.of_steps(list(statistics.steps(seen)), drop_offs, written),
            sites=list(statistics.sites(seen)),
            agents=list(statistics.agents(seen)),
            chart=charts.of_outcomes(runs, outcomes),
            options=charts.STACKED,
            step_options=charts.step_options(),
        )


def span(text: str) -> int:
    return int(text) if text in map(str, SPANS) else 30


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
