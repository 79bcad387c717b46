"""Work orders, crews and shifts in the back office: the posko's board."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
)

from common.admin import ScopedAdmin, holds
from common.history import ScopedHistoryAdmin
from tickets.admin.asking import AskForm, AskingAdmin, Question, dated_lines
from tickets.admin.reference import TargetsAdmin
from tickets.models import Crew, DispatchRule, OrderStatus, Shift, WorkOrder
from tickets.models.workorder import WorkOrderQuerySet
from tickets.rules.moves import may_order_move
from tickets.services import crews, workorders
from tickets.services.contact import masked_address
from units.powers import Power


class WhyForm(AskForm):
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=UnfoldAdminTextareaWidget)


class AssignForm(AskForm):
    """The crews of the order's posko, those on duty first, with their load."""

    crew: forms.ModelChoiceField[Crew] = forms.ModelChoiceField(
        label=_("crew"), queryset=None, widget=UnfoldAdminSelectWidget
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=500, required=False, widget=UnfoldAdminTextareaWidget
    )

    def __init__(self, *args: Any, row: WorkOrder, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        found = Crew.objects.filter(posko=row.posko, is_active=True).with_load(timezone.now())
        choice: Any = self.fields["crew"]
        choice.queryset = found.order_by("-is_on_duty", "open_orders", "code")
        choice.label_from_instance = _crew_line


def _crew_line(crew: Any) -> str:
    state = _("on duty") if crew.is_on_duty else _("not on duty")
    return f"{crew} · {state} · {crew.open_orders}"


class PostponeForm(WhyForm):
    confirm_at = forms.SplitDateTimeField(label=_("confirm first, at"), widget=UnfoldAdminSplitDateTimeWidget)
    field_order = ("confirm_at", "reason")


class BoardFilter(admin.SimpleListFilter):
    """The lists that a posko works from."""

    title = _("list")
    parameter_name = "list"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("queue", _("Waiting for a crew")),
            ("mine", _("My posko, open")),
            ("open", _("Open")),
        ]

    def queryset(self, request: HttpRequest, queryset: WorkOrderQuerySet) -> WorkOrderQuerySet:
        if self.value() == "queue":
            return queryset.waiting()
        if self.value() == "mine":
            seats = [it.unit_id for it in request.user.positions_in_force if it.allows(Power.SEE_TICKETS)]
            return queryset.open().filter(posko__in=seats)
        return queryset.open() if self.value() == "open" else queryset


# What a question makes of the order; its button shows where that may follow.
LEADS_TO = {
    "assign": OrderStatus.PENUGASAN_REGU,
    "take_back": OrderStatus.ANTRE,
    "postpone": OrderStatus.BATAL,
    "cancel": OrderStatus.BATAL,
    "depart": OrderStatus.DALAM_PERJALANAN,
    "start": OrderStatus.DALAM_PENGERJAAN,
    "restore_temporarily": OrderStatus.NYALA_SEMENTARA,
    "restore": OrderStatus.NYALA,
    "finish": OrderStatus.SELESAI,
}


@admin.register(WorkOrder)
class WorkOrderAdmin(AskingAdmin):
    """An order and its history; its buttons call the services, and refuse as they do."""

    see = Power.SEE_TICKETS
    row_name = "order"
    questions = {
        "assign": Question(_("Assign a crew"), Power.DISPATCH_ORDERS, workorders.assign_crew, AssignForm),
        "depart": Question("Dalam Perjalanan", Power.WORK_ORDERS, workorders.depart),
        "start": Question("Dalam Pengerjaan", Power.WORK_ORDERS, workorders.start),
        "restore_temporarily": Question("Nyala Sementara", Power.WORK_ORDERS, workorders.restore_temporarily),
        "restore": Question("Nyala", Power.WORK_ORDERS, workorders.restore),
        "finish": Question("Selesai", Power.WORK_ORDERS, workorders.finish),
        "take_back": Question(_("Take back"), Power.DISPATCH_ORDERS, workorders.take_back, WhyForm),
        "postpone": Question(_("Postpone"), Power.DISPATCH_ORDERS, workorders.postpone_order, PostponeForm),
        "cancel": Question(_("Cancel"), Power.DISPATCH_ORDERS, workorders.cancel_order, WhyForm),
    }
    list_display = ("serial", "ticket", "status", "posko", "crew", "created_at", "assigned_at", "attempts")
    list_filter = (BoardFilter, "status", "type", ("posko", AutocompleteSelectFilter))
    list_filter_submit = True
    list_select_related = ("ticket", "posko", "crew")
    search_fields = ("ticket__number",)
    search_help_text = _("A whole report number")
    fields = (
        ("ticket", "type"),
        ("status", "posko"),
        ("crew", "shift"),
        ("dispatched_by", "distance_m"),
        "problem",
        "address",
        ("created_at", "assigned_at"),
        ("departed_at", "started_at"),
        ("restored_temporarily_at", "restored_at"),
        ("finished_at", "cancelled_at"),
        ("attempts", "next_try_at"),
        "history",
    )
    readonly_fields = ("problem", "address", "history")

    def is_open_to(self, question: str, row: WorkOrder) -> bool:
        return may_order_move(start=row.status, to=LEADS_TO[question])

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        term = search_term.strip().upper()
        return (queryset.filter(ticket__number=term) if term else queryset), False

    @display(description=_("problem"))
    def problem(self, order: WorkOrder) -> str:
        return order.ticket.problem

    @display(description=_("address"))
    def address(self, order: WorkOrder) -> str:
        return masked_address(order.ticket) or "–"

    @display(description=_("events"))
    def history(self, order: WorkOrder) -> SafeString:
        return dated_lines(
            (it.at, f"{it.get_to_status_display()} {it.crew or ''} ({it.by or it.job}) {it.reason}")
            for it in order.events.select_related("by", "crew")
        )


@admin.register(Crew)
class CrewAdmin(ScopedHistoryAdmin):
    """The crews of the reader's poskos."""

    see, change = Power.SEE_TICKETS, Power.DISPATCH_ORDERS
    list_display = ("code", "name", "posko", "is_on_duty", "open_orders", "is_active")
    list_filter = ("is_active", ("posko", AutocompleteSelectFilter))
    list_filter_submit = True
    list_select_related = ("posko",)
    search_fields = ("code", "name")
    autocomplete_fields = ("posko",)
    fields = ("posko", "code", "name", "is_active")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows: Any = super().get_queryset(request)
        return rows.with_load(timezone.now())

    @display(description=_("on duty"), boolean=True)
    def is_on_duty(self, crew: Any) -> bool:
        return bool(crew.is_on_duty)

    @display(description=_("open orders"))
    def open_orders(self, crew: Any) -> int:
        return int(crew.open_orders)

    def save_model(self, request: HttpRequest, obj: Crew, form: Any, change: bool) -> None:
        crews.save_crew(crew=obj, by=request.user)


@admin.register(Shift)
class ShiftAdmin(ScopedAdmin):
    """Turns of duty. One that the crew has checked in for is only read."""

    see, change = Power.SEE_TICKETS, Power.DISPATCH_ORDERS
    list_display = ("crew", "name", "officers", "starts_at", "ends_at", "checked_in_at", "checked_out_at")
    list_filter = (("crew", AutocompleteSelectFilter),)
    list_filter_submit = True
    list_select_related = ("crew",)
    autocomplete_fields = ("crew",)
    fields = ("crew", "name", "officers", ("starts_at", "ends_at"), ("checked_in_at", "checked_out_at"))
    readonly_fields = ("checked_in_at", "checked_out_at")

    def has_change_permission(self, request: HttpRequest, obj: Shift | None = None) -> bool:
        return holds(request, self.change) and (obj is None or obj.checked_in_at is None)

    def save_model(self, request: HttpRequest, obj: Shift, form: Any, change: bool) -> None:
        crews.plan_shift(shift=obj, by=request.user)


@admin.register(DispatchRule)
class DispatchRuleAdmin(TargetsAdmin):
    """How far autodispatch looks, and how much a crew may have. Without a rule: 10 km, three, two minutes."""

    list_display = ("unit", "radius_m", "max_open_orders", "retry_minutes")
    list_select_related = ("unit",)
    list_display_links = ("radius_m",)
    autocomplete_fields = ("unit",)
