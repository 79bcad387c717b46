"""Meter availability: what the reader's units have, a page to change it, and every change made."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextareaWidget

from allocation.models import Availability, MeterAvailability
from allocation.services import availability, demand
from common.admin import ScopedAdmin
from common.errors import DomainError
from customers.models import Phase, Product
from units.models import Unit, User
from units.powers import Power


class AvailabilityForm(forms.Form):
    """The state that was seen travels along, so that nobody overwrites what they have not seen."""

    value = forms.ChoiceField(
        label=_("Available meters"), choices=Availability.choices, widget=UnfoldAdminRadioSelectWidget
    )
    reason = forms.CharField(
        label=_("Reason"),
        min_length=availability.MIN_REASON,
        max_length=availability.MAX_REASON,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
    )
    etag = forms.CharField(widget=forms.HiddenInput)


@admin.register(MeterAvailability)
class MeterAvailabilityAdmin(ScopedAdmin):
    """Every setting ever made. The present ones are on the overview."""

    see = Power.SEE_ALLOCATION
    list_display = ("unit", "phase", "value", "set_at", "set_by", "position", "reason")
    list_display_links = ("unit",)
    list_filter = ("phase", "value", ("unit", AutocompleteSelectFilter))
    list_filter_submit = True
    list_select_related = ("unit", "set_by", "position__unit")
    search_fields = ("unit__name", "unit__code", "reason")
    ordering = ("-pk",)
    actions_list = ("open_overview",)

    @action(description=_("Present availability"), icon="electric_meter", permissions=["view"])
    def open_overview(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:allocation_meteravailability_overview"))

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("overview/", wrap(self.overview_view), name="allocation_meteravailability_overview"),
            path(
                "set/<str:code>/<int:phase>/",
                wrap(self.set_view),
                name="allocation_meteravailability_set",
            ),
            *super().get_urls(),
        ]

    def overview_view(self, request: HttpRequest) -> HttpResponse:
        """What every unit has now; those the reader may change come first."""
        self._require_sight(request)
        text = request.GET.get("q", "")[:100].strip()
        units = Unit.objects.visible_to(request.user).filter(kind__in=availability.SETTING_KINDS)
        units = units.in_force(timezone.localdate())
        lines = lines_of(request, units.named(text) if text else units)
        return self._page(request, "overview", title=_("Meter availability"), lines=lines, text=text)

    def set_view(self, request: HttpRequest, code: str, phase: int) -> HttpResponse:
        """Change one setting, after seeing what it would have meant for the last thirty days."""
        self._require_sight(request)
        units = Unit.objects.visible_to(request.user).filter(kind__in=availability.SETTING_KINDS)
        unit = get_object_or_404(units, code=code)
        if phase not in Phase.values:
            raise Http404
        if not request.user.may(Power.SET_AVAILABILITY, unit):
            return self._refuse(request, unit)
        state = availability.current(unit=unit, phase=phase, at=timezone.now())
        form = AvailabilityForm(request.POST or None, initial={"value": state.value, "etag": state.etag})
        if form.is_valid() and self._set(request, form, unit, phase):
            return HttpResponseRedirect(reverse("admin:allocation_meteravailability_overview"))
        return self._page(
            request,
            "set",
            title=_("%(unit)s: meters for %(phase)s") % {"unit": unit, "phase": Phase(phase).label},
            form=form,
            state=state,
            effects=_effects(state, request.user),
            history=_history(unit, phase),
        )

    def _set(self, request: HttpRequest, form: AvailabilityForm, unit: Unit, phase: int) -> bool:
        try:
            availability.set_availability(
                unit=unit,
                phase=phase,
                value=form.cleaned_data["value"],
                reason=form.cleaned_data["reason"],
                by=request.user,
                expected_etag=form.cleaned_data["etag"],
                at=timezone.now(),
            )
        except DomainError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
            return False
        messages.success(request, _("The availability of %(unit)s is changed.") % {"unit": unit})
        return True

    def _refuse(self, request: HttpRequest, unit: Unit) -> HttpResponse:
        context = {"title": _("Not allowed"), "refused_unit": unit}
        page = self._page(request, "refused", **context)
        page.status_code = 403
        return page

    def _require_sight(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise Http404

    def _page(self, request: HttpRequest, name: str, **context: Any) -> HttpResponse:
        context = self.admin_site.each_context(request) | context
        return render(request, f"admin/allocation/availability_{name}.html", context)


def lines_of(request: HttpRequest, units: QuerySet[Unit]) -> list[dict[str, Any]]:
    """A line per unit with what applies for each phase; the reader's own units first. Constant queries."""
    units = list(units.select_related("parent"))
    states = availability.in_force(units, at=timezone.now())
    lines = [
        {
            "unit": unit,
            "may_set": request.user.may(Power.SET_AVAILABILITY, unit),
            "states": [states[unit.pk, phase] for phase in Phase.values],
        }
        for unit in units
    ]
    return sorted(lines, key=lambda line: (not line["may_set"], line["unit"].code))


def _effects(state: availability.InForce, by: User) -> list[dict[str, Any]]:
    """For each other value: what it would have turned into a refusal, and what into a promise."""
    others = (choice for choice in Availability.choices if choice[0] != state.value)
    return [_effect(state, by, value, label) for value, label in others]


def _effect(state: availability.InForce, by: User, value: str, label: str) -> dict[str, Any]:
    preview = demand.preview_change(unit=state.unit, phase=state.phase, value=value, by=by, at=timezone.now())
    lines = [(line, Product(line.product).label) for line in preview.lines]
    return {"label": label, "preview": preview, "lines": lines}


def _history(unit: Unit, phase: int) -> QuerySet[MeterAvailability]:
    rows = MeterAvailability.objects.filter(unit=unit, phase=phase).order_by("-version")
    return rows.select_related("set_by", "position__unit")[:20]
