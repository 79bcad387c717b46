"""The matrix: versions, their thirty rows, drafting and publishing."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminTextInputWidget

from allocation.models import AllocationMatrix, AllocationRow
from allocation.services import matrix as services
from common.admin import ScopedAdmin, dialog, holds, leave_for
from units.powers import Power


class RowInline(TabularInline):
    """The ranges may be edited in a draft; the combinations are fixed."""

    model = AllocationRow
    extra = 0
    hide_title = True
    can_delete = False
    fields = ("phase", "availability", "transaction", "current", *services.RANGE_FIELDS)
    readonly_fields = ("phase", "availability", "transaction", "current")

    @display(description=_("current service"))
    def current(self, row: AllocationRow) -> str:
        if not row.current_phase:
            return "-"
        return f"{row.current_phase} Ph – {row.get_current_product_display()}"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_change_permission(self, request: HttpRequest, obj: AllocationMatrix | None = None) -> bool:
        return holds(request, Power.DRAFT_MATRIX) and obj is not None and not obj.is_published


class DraftForm(BaseDialogForm):
    effective_on = forms.DateField(label=_("Effective on"), widget=UnfoldAdminDateWidget)
    source_letter = forms.CharField(
        label=_("Source letter"), max_length=120, widget=UnfoldAdminTextInputWidget
    )


@admin.register(AllocationMatrix)
class AllocationMatrixAdmin(ScopedAdmin):
    """Versions of the matrix. A new one starts as a copy; another person publishes it."""

    see = Power.SEE_ALLOCATION
    change = Power.DRAFT_MATRIX
    inlines = (RowInline,)
    list_display = ("version", "effective_on", "source_letter", "status", "drafted_by", "published_by")
    list_filter = ("status",)
    list_select_related = ("drafted_by", "published_by")
    search_fields = ("source_letter",)
    fields = (
        "version",
        "effective_on",
        "source_letter",
        "status",
        "drafted_by",
        "drafted_at",
        "published_by",
        "published_at",
        "digest",
    )
    readonly_fields = (
        "version",
        "status",
        "drafted_by",
        "drafted_at",
        "published_by",
        "published_at",
        "digest",
    )
    actions_detail = ("draft_from_this", "check_rows", "publish")

    def has_view_permission(self, request: HttpRequest, obj: AllocationMatrix | None = None) -> bool:
        return super().has_view_permission(request, obj) or holds(request, Power.PUBLISH_MATRIX)

    def has_add_permission(self, request: HttpRequest, obj: AllocationMatrix | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AllocationMatrix | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or not obj.is_published)

    def has_publish_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return holds(request, Power.PUBLISH_MATRIX)

    def has_draft_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return holds(request, Power.DRAFT_MATRIX)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        for row in formset.save(commit=False):
            ranges = {name: getattr(row, name) for name in services.RANGE_FIELDS}
            services.edit_row(row=row, by=request.user, ranges=ranges)
        formset.save_m2m()

    @action(
        description=_("Draft a new version from this"),
        icon="content_copy",
        permissions=["draft"],
        dialog=dialog(
            _("Draft a new version"),
            _("It starts with the rows of this one."),
            submit=_("Draft"),
            form=DraftForm,
        ),
    )
    def draft_from_this(self, request: HttpRequest, form: DraftForm, object_id: str) -> HttpResponse:
        source = self.seen_or_404(request, object_id)
        given = {name: form.cleaned_data[name] for name in ("effective_on", "source_letter")}
        given |= {"by": request.user, "at": timezone.now()}
        done = _("The draft is made. Edit its rows, then let a second person publish it.")
        return self.act(request, source, lambda: services.draft_matrix(source=source, **given), done)

    @action(
        description=_("Check for completeness"),
        icon="rule",
        permissions=["draft"],
        dialog=dialog(
            _("Check for completeness"),
            _("Every combination exactly once, every range sane."),
            submit=_("Check"),
        ),
    )
    def check_rows(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        matrix = self.seen_or_404(request, object_id)
        found = services.shortcomings(matrix)
        for shortcoming in found:
            messages.warning(request, shortcoming)
        if not found:
            messages.success(request, _("All thirty combinations are there, and their ranges make sense."))
        return leave_for(request, self.address_of(matrix))

    @action(
        description=_("Publish"),
        icon="verified",
        permissions=["publish"],
        dialog=dialog(
            _("Publish this matrix"),
            _("From its effective date on it decides. It can never be changed afterwards."),
            submit=_("Publish"),
        ),
    )
    def publish(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        matrix = self.seen_or_404(request, object_id)
        given = {"by": request.user, "at": timezone.now()}
        done = _("The matrix is published.")
        return self.act(request, matrix, lambda: services.publish_matrix(matrix=matrix, **given), done)
