"""A program's criteria, and the page from which it is run."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import content_disposition_header
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from common.admin import ScopedAdmin, holds, tell_refusal
from common.errors import DomainError
from common.exports import CSV_TYPE, XLSX_TYPE
from customers.models import Kogol, Product
from programs.admin.forms import ProgramForm
from programs.admin.steps import open_steps, run
from programs.models import Evaluation, PaymentImport, Program, Status
from programs.notices import report_lines, stage_of
from programs.services import evaluations, exports, imports, overview, programs
from units.models import Unit
from units.powers import Power

# A status without an entry would show as its code.
COLOURS = dict.fromkeys(Status.values, "") | {"DRAFT": "warning", "ANNOUNCED": "success"}


@admin.register(Program)
class ProgramAdmin(ScopedAdmin):
    """Programs. A draft is edited here; everything after that happens on the program's own page."""

    see, change = Power.SEE_PROGRAMS, Power.RUN_PROGRAMS
    form = ProgramForm
    list_display = ("name", "alias", "unit", "period_start", "months", "state", "desk")
    list_filter = ("status",)
    list_select_related = ("unit",)
    search_fields = ("name", "alias", "slug")
    prepopulated_fields = {"slug": ("name",)}
    fieldsets = (
        (None, {"fields": ("name", "alias", "slug", "unit", "letter", "purpose")}),
        (_("Criteria"), {"fields": (("period_start", "months"), ("first_day", "last_day"), "products",
                                    "excluded_kogol", "tariffs", ("min_va", "max_va"))}),
        (_("Draw"), {"fields": ("winners_per_group", "reserves_per_group", "grouping")}),
        (_("Announcement and pick-up"), {"fields": ("announce_before", "announcement_note",
                                                    ("pick_up_from", "pick_up_until"), "pick_up_place")}),
        (_("For the agent"), {"fields": ("agent_may_say", "agent_must_not")}),
    )  # fmt: skip

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "unit":
            own = Unit.objects.filter(request.user.within(Power.RUN_PROGRAMS, field=""))
            kwargs["queryset"] = own.filter(kind__in=("PUSAT", "UID", "UIW", "UP3"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Program | None = None) -> dict:
        return {} if obj else self.prepopulated_fields

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_view_permission(request, obj) or holds(request, Power.APPROVE_PROGRAMS)

    def has_change_permission(self, request: HttpRequest, obj: Program | None = None) -> bool:
        is_draft = obj is None or obj.status == Status.DRAFT
        return is_draft and request.user.may(Power.RUN_PROGRAMS, obj.unit if obj else None)

    @display(description=_("status"), ordering="status", label=COLOURS)
    def state(self, program: Program) -> tuple[str, str]:
        return program.status, stage_of(program, timezone.now())

    readonly_fields = ("desk", "shown_products", "shown_kogol", "shown_tariffs")

    def get_fieldsets(self, request: HttpRequest, obj: Program | None = None) -> Any:
        """Codes are ticked in a draft and read in words afterwards, below a link to the program's page."""
        if self.has_change_permission(request, obj):
            return self.fieldsets
        words = {"products": "shown_products", "excluded_kogol": "shown_kogol", "tariffs": "shown_tariffs"}
        shown = [
            (title, {"fields": [words.get(it, it) if isinstance(it, str) else it for it in part["fields"]]})
            for title, part in self.fieldsets
        ]
        return [(None, {"fields": ["desk"]}), *shown]

    @display(description=_("products"))
    def shown_products(self, program: Program) -> str:
        return ", ".join(str(Product(it).label) for it in program.products)

    @display(description=_("excluded kogol"))
    def shown_kogol(self, program: Program) -> str:
        return ", ".join(map(str, Kogol.objects.filter(code__in=program.excluded_kogol))) or "–"

    @display(description=_("tariffs"))
    def shown_tariffs(self, program: Program) -> str:
        return ", ".join(program.tariffs) or gettext("every tariff")

    @display(description=_("page"))
    def desk(self, program: Program) -> str:
        return format_html('<a class="text-primary-600" href="{}">{}</a>', desk_url(program), gettext("open"))

    def save_model(self, request: HttpRequest, obj: Program, form: Any, change: bool) -> None:
        programs.save_draft(program=obj, by=request.user, at=timezone.now())

    def response_post_save_add(self, request: HttpRequest, obj: Program) -> HttpResponse:
        return HttpResponseRedirect(desk_url(obj))

    response_post_save_change = response_post_save_add

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/desk/", wrap(self.desk_view), name="programs_program_desk"),
            path("<int:pk>/winners.<str:kind>", wrap(self.winners_view), name="programs_program_winners"),
            path("imports/<int:pk>/", wrap(self.import_view), name="programs_paymentimport_report"),
            *super().get_urls(),
        ]

    def desk_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Where the program stands, the numbers, and the steps that are open to the reader."""
        program = self._program(request, pk)
        steps = open_steps(program, request.user)
        forms = {step.name: step.make_form(program) for step in steps}
        if request.method == "POST":
            step = next((step for step in steps if step.name == request.POST.get("step")), None)
            if step is None:
                messages.error(request, _("This step is not open to you now."))
                return HttpResponseRedirect(desk_url(program))
            form = forms[step.name] = step.make_form(program, request.POST, request.FILES)
            if form.is_valid() and self._run(request, step, program, form):
                return HttpResponseRedirect(desk_url(program))
        return self._page(request, "desk", program, steps=[(step, forms[step.name]) for step in steps])

    def import_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The report of one import; POST cancels it."""
        rows = PaymentImport.objects.visible_to(request.user).select_related("program__unit")
        found = rows.filter(pk=pk).first()
        if found is None:
            raise Http404
        if request.method == "POST":
            try:
                imports.cancel_import(payment_import=found, by=request.user)
            except DomainError as refusal:
                tell_refusal(request, refusal)
            return HttpResponseRedirect(desk_url(found.program))
        return self._page(
            request,
            "import",
            found.program,
            is_busy=found.is_open,
            record=found,
            progress=overview.progress(found, timezone.now()),
            lines=report_lines(found),
        )

    def winners_view(self, request: HttpRequest, pk: int, kind: str) -> HttpResponseBase:
        """The winners as a file; `?public=1` for the list to publish, `?unit=` for one UP3."""
        program = self._program(request, pk)
        if kind not in ("csv", "xlsx"):
            raise Http404
        winners = program.winners.all()
        if unit := request.GET.get("unit", "")[:12]:
            winners = winners.filter(unit__code=unit)
        try:
            file = exports.WinnerFile(
                program=program, winners=winners, by=request.user, public="public" in request.GET
            )
            name = f"{program.slug}{f'-{unit}' if unit else ''}.{kind}"
            if kind == "xlsx":
                return FileResponse(file.xlsx(), as_attachment=True, filename=name, content_type=XLSX_TYPE)
        except DomainError as refusal:
            tell_refusal(request, refusal)
            return HttpResponseRedirect(desk_url(program))
        headers = {"Content-Disposition": content_disposition_header(True, name)}
        return StreamingHttpResponse(file.csv(), content_type=CSV_TYPE, headers=headers)

    def _program(self, request: HttpRequest, pk: int) -> Program:
        rows = Program.objects.visible_to(request.user).select_related("unit", "evaluation")
        program = rows.filter(pk=pk).first()
        if program is None:
            raise Http404
        return program

    def _run(self, request: HttpRequest, step: Any, program: Program, form: Any) -> bool:
        try:
            run(step, program, request.user, form.cleaned_data)
        except DomainError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
            return False
        messages.success(request, step.done or _("Done."))
        return True

    def _page(self, request: HttpRequest, name: str, program: Program, **more: Any) -> HttpResponse:
        context = self.admin_site.each_context(request) | _numbers(program, request) | more
        context |= {"title": program.name, "program": program}
        answer = render(request, f"admin/programs/{name}.html", context)
        if "HX-Request" in request.headers and not context["is_busy"]:
            answer["HX-Refresh"] = "true"  # what it watched is over: steps and numbers are others now
        return answer


def desk_url(program: Program) -> str:
    return reverse("admin:programs_program_desk", args=[program.pk])


def _numbers(program: Program, request: HttpRequest) -> dict[str, Any]:
    now = timezone.now()
    may_run = request.user.may(Power.RUN_PROGRAMS, program.unit)
    may_see = may_run or request.user.may(Power.APPROVE_PROGRAMS, program.unit)
    recent = list(program.payment_imports.select_related("uploaded_by")[:12]) if may_see else []
    newest = overview.newest_list(program)
    lines, months = overview.per_unit(program, request.user), overview.months_in_time(program)
    asked = list(program.evaluations.select_related("asked_by")[:6]) if may_see else []
    return {
        "is_busy": any(work.is_open for work in (*recent, *asked)),
        "may_run": may_run,
        "stage": stage_of(program, now),
        "seeds": program.seeds.select_related("by") if program.has_draw else (),
        "lines": lines,
        "total": overview.total(lines),
        "months": months,
        "in_time": overview.share_in_time(months),
        "newest": newest,
        "imports": [(record, overview.progress(record, now)) for record in recent],
        "evaluations": [(row, _compared(row, newest)) for row in asked],
        "events": program.events.select_related("by", "winner__unit")[:15] if may_see else (),
        "chart": json.dumps(_chart(overview.payment_days(program))),
        "chart_options": json.dumps(_chart_options()),
    }


def _compared(row: Evaluation, frozen: Evaluation | None) -> dict[str, Any] | None:
    """What an evaluation says otherwise than the frozen list."""
    is_other = frozen and row.status == Evaluation.Status.DONE and row.digest != frozen.digest
    return evaluations.differences(row, frozen) if is_other and frozen else None


def _chart(days: dict[str, list[float]]) -> dict[str, Any]:
    names = {"before": gettext("before the program"), "during": gettext("during the program")}
    colours = {"before": "var(--color-base-400)", "during": "var(--color-primary-600)"}
    return {
        "labels": [*map(str, range(1, overview.DAYS)), f"{overview.DAYS}+"],
        "datasets": [
            {"label": names[part], "data": shares, "backgroundColor": colours[part]}
            for part, shares in days.items()
        ],
    }


def _chart_options() -> dict[str, Any]:
    days = {"title": {"display": True, "text": gettext("day of the month")}, "grid": {"display": False}}
    shares = {"title": {"display": True, "text": "%"}, "beginAtZero": True}
    scales = {"x": days, "y": shares}
    return {"animation": False, "responsive": True, "maintainAspectRatio": False, "scales": scales}
