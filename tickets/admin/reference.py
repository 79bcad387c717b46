"""Problem types, calendars, service targets and escalation: what the tickets are measured by."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from common.admin import ScopedAdmin, holds
from common.history import ScopedHistoryAdmin
from tickets.models import (
    Calendar,
    CalendarInterval,
    EscalationStep,
    Holiday,
    ProblemType,
    ServicePolicy,
)
from tickets.services.policies import revise_policy
from units.powers import Power


class TargetsAdmin(ScopedHistoryAdmin):
    """Read by all who see tickets, changed by those who maintain targets."""

    see, change = Power.SEE_TICKETS, Power.MANAGE_TARGETS


@admin.register(ProblemType)
class ProblemTypeAdmin(TargetsAdmin):
    list_display = ("code", "tab", "name", "sub_name", "valid_from", "valid_until", "basis")
    list_filter = ("tab",)
    search_fields = ("code", "name", "sub_name")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code", "tab") if obj else ()

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        told = {"basis": _("While it begins with “asumsi”, agents see the pair marked as assumed.")}
        return super().get_form(request, obj, **{"help_texts": told, **kwargs})


class OfCalendar(TabularInline):
    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return holds(request, Power.SEE_TICKETS) or holds(request, Power.MANAGE_TARGETS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return holds(request, Power.MANAGE_TARGETS)

    has_add_permission = has_delete_permission = has_change_permission


class IntervalInline(OfCalendar):
    model = CalendarInterval


class HolidayInline(OfCalendar):
    model = Holiday


@admin.register(Calendar)
class CalendarAdmin(TargetsAdmin):
    list_display = ("code", "name", "is_around_the_clock")
    inlines = (IntervalInline, HolidayInline)


@admin.register(EscalationStep)
class EscalationStepAdmin(TargetsAdmin):
    fields = ("tab", "minutes", "told")
    list_display = ("tab", "minutes", "who_is_told")
    list_filter = ("tab",)

    @display(description=_("who is told"), ordering="told")
    def who_is_told(self, step: EscalationStep) -> str:
        return step.get_told_display()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        labels = {"told": capfirst(_("who is told"))}
        return super().get_form(request, obj, change, labels=labels, **kwargs)


@admin.register(ServicePolicy)
class ServicePolicyAdmin(ScopedAdmin):
    """Every version of every target. A change is a new version, made with `add`; rows stay as they are."""

    see, change = Power.SEE_TICKETS, Power.MANAGE_TARGETS
    list_display = (
        "code",
        "version",
        "tab",
        "problem_type",
        "wo_type",
        "unit",
        "minutes",
        "calendar",
        "valid_from",
    )
    list_filter = ("tab", "calendar")
    list_select_related = ("problem_type", "unit", "calendar")
    search_fields = ("code",)
    autocomplete_fields = ("unit", "problem_type")
    fields = ("code", "tab", "problem_type", "wo_type", "unit", "minutes", "calendar", "valid_from", "basis")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: ServicePolicy, form: Any, change: bool) -> None:
        obj.pk = revise_policy(by=request.user, **form.cleaned_data).pk
