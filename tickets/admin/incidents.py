"""Wide outages in the back office."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from tickets.admin.asking import AskForm, AskingAdmin, Question, dated_lines
from tickets.admin.reference import TargetsAdmin
from tickets.models import Incident, IncidentRule, IncidentStatus
from tickets.models.incident import IncidentQuerySet
from tickets.rules.incidents import next_statuses
from tickets.services import incidents
from units.powers import Power


class OutageForm(AskForm):
    to = forms.ChoiceField(label=_("status"), widget=UnfoldAdminSelectWidget)
    estimate_at = forms.SplitDateTimeField(
        label=_("power expected at"), required=False, widget=UnfoldAdminSplitDateTimeWidget
    )
    cause = forms.CharField(
        label=_("cause"), max_length=300, required=False, widget=UnfoldAdminTextInputWidget
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=500, required=False, widget=UnfoldAdminTextareaWidget
    )

    def __init__(self, *args: Any, row: Incident, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"cause": row.cause})
        super().__init__(*args, row=row, **kwargs)
        choice: Any = self.fields["to"]
        choice.choices = [(it, IncidentStatus(it).label) for it in next_statuses(row.status)]


@admin.register(Incident)
class IncidentAdmin(AskingAdmin):
    """Proposed by the portal, confirmed and led here; its tickets follow in the background."""

    see = Power.SEE_TICKETS
    row_name = "incident"
    questions = {
        "move": Question(
            _("Confirm or continue"), Power.DECLARE_INCIDENT, incidents.move_incident, OutageForm
        )
    }
    list_display = ("serial", "area", "unit", "status", "report_count_now", "began_at", "estimate_at")
    list_filter = ("status", ("unit", AutocompleteSelectFilter))
    list_filter_submit = True
    list_select_related = ("area", "unit")
    fields = (
        ("area", "unit"),
        ("status", "report_count_now"),
        ("began_at", "estimate_at"),
        "cause",
        ("confirmed_by", "confirmed_at"),
        "ended_at",
        "history",
    )
    readonly_fields = ("report_count_now", "history")

    def is_open_to(self, question: str, row: Incident) -> bool:
        return bool(next_statuses(row.status))

    def get_queryset(self, request: HttpRequest) -> IncidentQuerySet:
        rows: IncidentQuerySet = super().get_queryset(request)
        return rows.with_reports()

    @display(description=_("reports"))
    def report_count_now(self, incident: Any) -> int:
        return int(incident.reports)

    @display(description=_("events"))
    def history(self, incident: Incident) -> SafeString:
        return dated_lines(
            (it.at, f"{it.get_to_status_display()} ({it.by or it.job}) {it.reason}")
            for it in incident.events.select_related("by")
        )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(IncidentRule)
class IncidentRuleAdmin(TargetsAdmin):
    """When reports of one area are one outage. Without a rule: five of a desa in 30 minutes."""

    list_display = ("unit", "area_level", "reports", "minutes")
    list_display_links = ("area_level",)
    list_select_related = ("unit",)
    autocomplete_fields = ("unit",)
