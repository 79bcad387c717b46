"""Tickets in the back office: lists that people work from, the page of one, and what may be done with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display

from common.admin import holds
from common.errors import DomainError, Invalid
from common.exports import CSV_TYPE, XLSX_TYPE
from common.keyset import KeysetAdmin
from common.moments import short_moment
from common.throttling import RevealThrottle
from customers.models import Customer
from tickets import notices
from tickets.admin.forms import ExportForm, MergeForm, MoveForm, ReasonForm, TicketForm
from tickets.admin.performance import performance
from tickets.models import Status, Ticket, TicketAccess, TicketEvent
from tickets.models.ticket import TicketQuerySet
from tickets.services import contact, moves, repeats
from tickets.services.export import exportable, make_xlsx, stream_csv
from units.powers import Power

TIMELINE = 200
QUEUES = ("mine", "late", "late_begun", "decision", "repeated")


class QueueFilter(admin.SimpleListFilter):
    """The lists that people work from, by the names they know."""

    title = _("list")
    parameter_name = "list"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("mine", _("My posko, open")),
            ("late", "WO Belum Ditindak Lanjuti Over SLA"),
            ("late_begun", "WO Sedang Ditindak Lanjuti Over SLA"),
            ("decision", _("Waiting for the command centre")),
            ("repeated", _("WO Keluhan Berulang")),
            ("bad", _("Rating Negatif")),
        ]

    def queryset(self, request: HttpRequest, rows: TicketQuerySet) -> TicketQuerySet:
        now = timezone.now()
        lists: dict[str | None, Callable[[], TicketQuerySet]] = {
            "mine": lambda: rows.open().filter(posko__in=_seats(request)),
            "late": lambda: rows.overdue(now).not_begun(),
            "late_begun": lambda: rows.overdue(now).begun(),
            "decision": rows.waiting_for_decision,
            "repeated": lambda: rows.open().filter(repeat_count__gt=0),
            "bad": lambda: rows.filter(rating__lte=2),
        }
        return lists.get(self.value(), lambda: rows)()


def _seats(request: HttpRequest) -> list[int]:
    return [it.unit_id for it in request.user.positions_in_force if it.allows(Power.SEE_TICKETS)]


@admin.register(Ticket)
class TicketAdmin(KeysetAdmin):
    """Nothing is typed into a ticket here: its buttons call the services, and refuse as they do."""

    see = Power.SEE_TICKETS
    list_display = ("number", "shown_status", "problem_type", "posko", "reported_at", "due", "repeat_count")
    list_filter = (
        QueueFilter,
        "status",
        "tab",
        "channel",
        "is_hard_complaint",
        ("posko", AutocompleteSelectFilter),
    )
    list_filter_submit = True
    list_select_related = ("problem_type", "posko")
    search_fields = ("number",)
    search_help_text = _("A whole report number, APKT number, IDPEL or meter number")
    actions = ("finish_selected",)
    actions_list = ("open_export", "open_performance")
    actions_detail = ("open_move", "open_merge", "open_unmerge", "open_reveal")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("number", "external_number"),
                    ("tab", "problem_type"),
                    ("shown_status", "wo_type"),
                    ("unit", "posko"),
                    ("channel", "created_by"),
                    ("customer", "meter_number"),
                    ("reporter", "address"),
                    "report_text",
                    ("power_state", "is_hard_complaint"),
                    ("sop_ref", "repeat_count"),
                    ("merged_into", "follows"),
                )
            },
        ),
        (
            _("Clock"),
            {
                "fields": (
                    ("reported_at", "due"),
                    ("policy", "segments"),
                    ("responded_at", "restored_at"),
                    ("closed_at", "is_confirmed"),
                    ("rating", "rating_words"),
                )
            },
        ),
        (_("History"), {"fields": ("timeline",)}),
    )
    readonly_fields = ("shown_status", "due", "reporter", "address", "report_text", "segments", "timeline")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request)
        if request.resolver_match and request.resolver_match.url_name.endswith("_change"):
            return rows.select_related("posko", "unit", "customer", "policy", "merged_into", "follows")
        return rows

    def get_search_results(self, request: HttpRequest, rows: Any, term: str) -> tuple[Any, bool]:
        """Whole numbers only, each by its index."""
        term = term.strip().upper()
        if not term:
            return rows, False
        customer = Customer.objects.filter(idpel=term).values_list("pk", flat=True).first()
        same = Q(number=term) | Q(external_number=term) | Q(meter_number=term)
        return rows.filter(same | Q(customer=customer) if customer else same), False

    def list_key(self, request: HttpRequest) -> str:
        """Working lists come by urgency, all others the newest first."""
        return "queue_key" if request.GET.get("list") in QUEUES else "-pk"

    @display(
        description=_("status"),
        label={
            Status.SELESAI.label: "success",
            Status.NYALA.label: "success",
            Status.BATAL.label: "warning",
            Status.LAPOR.label: "info",
            Status.LAPOR_PERIKSA.label: "info",
        },
    )
    def shown_status(self, ticket: Ticket) -> str:
        return ticket.get_status_display()

    @display(description=_("due"))
    def due(self, ticket: Ticket) -> Any:
        if ticket.due_at is None:
            return "–"
        late = _("late") if ticket.is_overdue(timezone.now()) else ""
        return f"{short_moment(ticket.due_at)} {late}"

    @display(description=_("reporter"))
    def reporter(self, ticket: Ticket) -> str:
        masked = contact.masked_contact(ticket)
        shown = (masked["reporter_name"], masked["caller_number"], masked["mobile_number"])
        return " · ".join(filter(None, shown))

    @display(description=_("address"))
    def address(self, ticket: Ticket) -> str:
        return contact.masked_address(ticket) or "–"

    @display(description=_("report"))
    def report_text(self, ticket: Ticket) -> str:
        return notices.report_text(ticket)

    @display(description=_("which minutes counted"))
    def segments(self, ticket: Ticket) -> str:
        return "; ".join(
            f"{short_moment(it.starts_at)}–{short_moment(it.ends_at) if it.ends_at else '…'} "
            f"{it.get_why_display()}"
            for it in ticket.segments.all()
        )

    @display(description=_("events"))
    def timeline(self, ticket: Ticket) -> str:
        events = TicketEvent.objects.filter(ticket=ticket).select_related("by", "position__unit")
        newest = list(events.order_by("-version")[:TIMELINE])
        return render_to_string("admin/tickets/timeline.html", {"events": reversed(newest)})

    # --- Pages that ask ---------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        pages = {
            "move": self.move_view,
            "merge": self.merge_view,
            "unmerge": self.unmerge_view,
            "reveal": self.reveal_view,
        }
        made = [
            path(f"<int:object_id>/{name}/", self.admin_site.admin_view(view), name=f"tickets_ticket_{name}")
            for name, view in pages.items()
        ]
        export = path("export/", self.admin_site.admin_view(self.export_view), name="tickets_ticket_export")
        page = self.admin_site.admin_view(self.performance_view)
        speed = path("performance/", page, name="tickets_ticket_performance")
        return [export, speed, *made, *super().get_urls()]

    @action(description=_("Move"), icon="arrow_forward", permissions=["move"])
    def open_move(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("admin:tickets_ticket_move", object_id)

    @action(description=_("Merge"), icon="merge", permissions=["merge"])
    def open_merge(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("admin:tickets_ticket_merge", object_id)

    @action(description=_("Take apart"), icon="call_split", permissions=["unmerge"])
    def open_unmerge(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("admin:tickets_ticket_unmerge", object_id)

    @action(description=_("Reveal personal data"), icon="visibility", permissions=["reveal"])
    def open_reveal(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("admin:tickets_ticket_reveal", object_id)

    @action(description=_("Export"), icon="download", permissions=["export"])
    def open_export(self, request: HttpRequest) -> HttpResponse:
        return redirect("admin:tickets_ticket_export")

    @action(description=_("Response and recovery"), icon="speed", permissions=["export"])
    def open_performance(self, request: HttpRequest) -> HttpResponse:
        return redirect("admin:tickets_ticket_performance")

    def has_move_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return holds(request, Power.HANDLE_TICKETS)

    def has_merge_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return holds(request, Power.MERGE_TICKETS)

    has_unmerge_permission = has_merge_permission

    def has_reveal_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return holds(request, Power.REVEAL_CUSTOMERS)

    def has_export_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return holds(request, Power.EXPORT_TICKETS)

    def move_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        def act(ticket: Ticket, given: dict[str, Any]) -> None:
            moves.move_ticket(ticket=ticket, by=request.user, **given)

        return self._ask(request, object_id, MoveForm, Power.HANDLE_TICKETS, _("Move"), act)

    def merge_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        def act(ticket: Ticket, given: dict[str, Any]) -> None:
            into = self.get_queryset(request).filter(number=given["into"].strip().upper()).first()
            if into is None:
                raise Invalid(_("There is no such ticket."), field="into")
            repeats.merge_ticket(ticket=ticket, into=into, by=request.user, reason=given["reason"])

        return self._ask(request, object_id, MergeForm, Power.MERGE_TICKETS, _("Merge"), act)

    def unmerge_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        def act(ticket: Ticket, given: dict[str, Any]) -> None:
            repeats.unmerge_ticket(ticket=ticket, by=request.user, reason=given["reason"])

        return self._ask(request, object_id, ReasonForm, Power.MERGE_TICKETS, _("Take apart"), act)

    def reveal_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Shown on the answer to the POST that says why, and nowhere else."""

        def act(ticket: Ticket, given: dict[str, Any]) -> dict[str, str]:
            if not RevealThrottle().allow_request(request, self):
                raise Invalid(_("You have revealed as much as one may in an hour."))
            values = contact.reveal_contact(ticket=ticket, by=request.user, reason=given["reason"])
            return {str(Ticket._meta.get_field(it).verbose_name): value for it, value in values.items()}

        title = _("Reveal personal data")
        return self._ask(request, object_id, ReasonForm, Power.REVEAL_CUSTOMERS, title, act)

    def _ask(
        self,
        request: HttpRequest,
        object_id: int,
        form_class: type[TicketForm],
        power: Power,
        title: Any,
        act: Callable[[Ticket, dict[str, Any]], dict[str, str] | None],
    ) -> HttpResponse:
        """Ask with a form; on POST act, and go back to the ticket or show what came of it."""
        if not holds(request, power):
            raise PermissionDenied
        ticket = self.seen_or_404(request, str(object_id))
        form = form_class(request.POST or None, ticket=ticket)
        if request.method == "POST" and form.is_valid():
            try:
                values = act(ticket, form.cleaned_data)
            except DomainError as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
            else:
                if values is None:
                    messages.success(request, _("Done."))
                    return redirect(reverse("admin:tickets_ticket_change", args=[ticket.pk]))
                return self._page(
                    request, {"values": values, "original": ticket, "opts": self.opts, "title": title}
                )
        return self._page(request, {"form": form, "original": ticket, "opts": self.opts, "title": title})

    def _page(
        self, request: HttpRequest, context: dict[str, Any], template: str = "ask.html"
    ) -> HttpResponse:
        shell = self.admin_site.each_context(request) | {"media": self.media}
        return render(request, f"admin/tickets/{template}", shell | context)

    def performance_view(self, request: HttpRequest) -> HttpResponse:
        """Response and recovery times of units and crews."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        return self._page(request, performance(request, timezone.now()), "performance.html")

    # --- Many at once -----------------------------------------------------------------------------

    @admin.action(description=_("Finish (SELESAI)"), permissions=["move"])
    def finish_selected(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Each by the service that moves one; what it refuses stays, and is named."""
        done = 0
        for ticket in queryset:
            try:
                moves.move_ticket(ticket=ticket, to=Status.SELESAI, by=request.user)
            except DomainError as refusal:
                messages.error(request, f"{ticket}: {refusal.message}")
            else:
                done += 1
        if done:
            messages.success(request, _("%(count)d tickets finished.") % {"count": done})

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """The work orders of a time as a file, sent while it is made."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        form = ExportForm(request.POST or None)
        if request.method != "POST" or not form.is_valid():
            return self._page(request, {"form": form, "title": _("Export")})
        given = form.cleaned_data
        rows = exportable(by=request.user, since=given["since"], until=given["until"])
        try:
            return _file(rows, request, given["kind"], given["reason"])
        except DomainError as refusal:
            form.add_error(None, refusal.message)
            return self._page(request, {"form": form, "title": _("Export")})


def _file(tickets: TicketQuerySet, request: HttpRequest, kind: str, reason: str) -> HttpResponseBase:
    name = f"wo-{timezone.localdate():%Y%m%d}.{kind}"
    asked = {"tickets": tickets, "by": request.user, "reason": reason}
    if kind == "csv":
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(stream_csv(**asked), content_type=CSV_TYPE, headers=headers)
    return FileResponse(make_xlsx(**asked), as_attachment=True, filename=name, content_type=XLSX_TYPE)


@admin.register(TicketAccess)
class TicketAccessAdmin(KeysetAdmin):
    """Who read a reporter's data in full, and why."""

    see = Power.SEE_ACCESS_LOG
    list_display = ("at", "ticket", "reader", "role", "reason")
    list_select_related = ("ticket", "reader")
    list_filter = ("role",)
