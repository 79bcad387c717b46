"""The command centre in the back office: cases with their readings, and the tables behind the suggestion."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from common.history import ScopedHistoryAdmin
from tickets import diagnosis_notices
from tickets.admin.asking import AskForm, AskingAdmin, Question
from tickets.admin.orders import WhyForm
from tickets.models import (
    ClearTamperToken,
    CodeMeaning,
    DiagnosisCoverage,
    DiagnosisStatus,
    ReadingCode,
    SelfDiagnosis,
    SuggestionRule,
    TokenDelivery,
)
from tickets.models.diagnosis import SelfDiagnosisQuerySet
from tickets.services import ctt, diagnosis
from units.powers import Power


class ApproveForm(WhyForm):
    token = forms.CharField(
        label=_("CTT (20 digits)"),
        max_length=40,
        required=False,
        help_text=_("Empty: from the vending service."),
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )
    field_order = ("token", "reason")


class WaysForm(AskForm):
    """The ways in which this customer can get the token."""

    ways = forms.MultipleChoiceField(label=_("ways"), widget=UnfoldAdminCheckboxSelectMultipleWidget)

    def __init__(self, *args: Any, row: SelfDiagnosis, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        possible = ctt.possible_ways(row.ticket)
        choice: Any = self.fields["ways"]
        choice.choices = [(way, TokenDelivery.Way(way).label) for way in possible]


class CaseFilter(admin.SimpleListFilter):
    title = _("list")
    parameter_name = "list"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("waiting", _("Waiting for a decision"))]

    def queryset(self, request: HttpRequest, queryset: SelfDiagnosisQuerySet) -> SelfDiagnosisQuerySet:
        return queryset.waiting() if self.value() else queryset


@admin.register(SelfDiagnosis)
class SelfDiagnosisAdmin(AskingAdmin):
    """One case: readings, warnings, what the assumptions suggest. The operator decides, and says why."""

    see = Power.SEE_DIAGNOSES
    row_name = "diagnosis"
    questions = {
        "approve": Question(_("Approve the CTT"), Power.DECIDE_DIAGNOSIS, diagnosis.approve_ctt, ApproveForm),
        "officer": Question(_("Send an officer"), Power.DECIDE_DIAGNOSIS, diagnosis.send_officer, WhyForm),
        "deliver": Question(_("Send the CTT again"), Power.DECIDE_DIAGNOSIS, ctt.deliver_again, WaysForm),
    }
    list_display = ("ticket", "status", "suggestion", "channel", "submitted_at", "decided_at")
    list_filter = (CaseFilter, "status", "suggestion", "channel")
    list_select_related = ("ticket",)
    search_fields = ("ticket__number",)
    search_help_text = _("A whole report number or meter number")
    fields = (
        ("ticket", "status"),
        ("meter_number", "channel"),
        "readings_read",
        "doubts",
        ("suggestion", "grounds"),
        ("submitted_by", "submitted_at"),
        ("decided_by", "decided_at"),
        "reason",
        ("token", "deliveries"),
    )
    readonly_fields = ("readings_read", "doubts", "grounds", "token", "deliveries")

    def is_open_to(self, question: str, row: SelfDiagnosis) -> bool:
        waits = row.status == DiagnosisStatus.SUBMITTED
        return row.status == DiagnosisStatus.CTT_APPROVED if question == "deliver" else waits

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        term = search_term.strip().upper()
        if not term:
            return queryset, False
        return queryset.filter(ticket__number=term) | queryset.filter(meter_number=term), False

    @display(description=_("readings"))
    def readings_read(self, case: SelfDiagnosis) -> str:
        rows = [(code, case.readings[code.pk]) for code in ReadingCode.objects.all()]
        return render_to_string("admin/tickets/readings.html", {"rows": rows})

    @display(description=_("warnings"))
    def doubts(self, case: SelfDiagnosis) -> str:
        return " ".join(diagnosis_notices.warning_text(it) for it in case.warnings) or "–"

    @display(description=_("assumptions that say so"))
    def grounds(self, case: SelfDiagnosis) -> str:
        return "; ".join(diagnosis_notices.trigger_text(it) for it in case.triggers) or "–"

    @display(description="CTT")
    def token(self, case: SelfDiagnosis) -> str:
        return str(ClearTamperToken.objects.filter(diagnosis=case).first() or "–")

    @display(description=_("deliveries"))
    def deliveries(self, case: SelfDiagnosis) -> str:
        rows = TokenDelivery.objects.filter(token__diagnosis=case)
        return "; ".join(f"{it.get_way_display()}: {it.get_result_display()}" for it in rows) or "–"


class DiagnosisTableAdmin(ScopedHistoryAdmin):
    """Read by whoever may see what readings mean, changed by who maintains the rules."""

    see, change = Power.SEE_DIAGNOSES, Power.MANAGE_TARGETS


@admin.register(DiagnosisCoverage)
class DiagnosisCoverageAdmin(DiagnosisTableAdmin):
    """Where self-diagnosis is in force. The national row is switched on here, when its day has come."""

    list_display = ("place", "valid_from", "valid_until", "is_active")
    list_filter = ("is_active",)
    list_select_related = ("unit", "province")
    autocomplete_fields = ("unit", "province")

    @display(description=_("unit and below, or province"))
    def place(self, row: DiagnosisCoverage) -> str:
        return str(row.unit or row.province)


@admin.register(ReadingCode)
class ReadingCodeAdmin(DiagnosisTableAdmin):
    """The nine codes. Their order is the SOP's; meanings and plausible ranges are edited here."""

    list_display = ("code", "meaning", "measure", "lowest", "highest")

    @display(description=_("plausible from"))
    def lowest(self, code: ReadingCode) -> str:
        return diagnosis_notices.figure(code.plausible_min)

    @display(description=_("plausible up to"))
    def highest(self, code: ReadingCode) -> str:
        return diagnosis_notices.figure(code.plausible_max)

    readonly_fields = ("code", "position")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(CodeMeaning)
class CodeMeaningAdmin(DiagnosisTableAdmin):
    list_display = ("code", "brand", "plain_value", "meaning", "basis")
    list_filter = ("code", "brand")

    @display(description=_("value"), ordering="value")
    def plain_value(self, row: CodeMeaning) -> str:
        return diagnosis_notices.figure(row.value)


@admin.register(SuggestionRule)
class SuggestionRuleAdmin(DiagnosisTableAdmin):
    """Assumptions, looked at in their order; limits as JSON, as the condition needs them."""

    list_display = ("position", "code", "holds_when", "suggestion", "note", "is_active")
    list_display_links = ("code",)

    @display(description=_("condition"))
    def holds_when(self, rule: SuggestionRule) -> str:
        return diagnosis_notices.condition_text(rule.condition, rule.limits)
