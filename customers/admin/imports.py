"""New customers from a file: uploaded, checked line by line, then applied as a whole."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm

from common.admin import ScopedAdmin, dialog, holds, leave_for
from common.exports import CSV_TYPE, csv_file
from customers.admin.forms import ImportForm
from customers.models import CustomerImport
from customers.notices import report_lines
from customers.services import imports
from customers.services.import_lines import READERS, REQUIRED
from units.powers import Power


@admin.register(CustomerImport)
class CustomerImportAdmin(ScopedAdmin):
    """An upload is checked at once, in the background; the same page then shows the report and applies it."""

    see = Power.MANAGE_CUSTOMERS
    form = ImportForm
    list_display = (
        "file_name",
        "state",
        "row_count",
        "error_count",
        "uploaded_by",
        "uploaded_at",
        "applied_by",
    )
    list_filter = ("status",)
    list_select_related = ("uploaded_by", "applied_by")
    actions_list = ("download_template",)
    actions_detail = ("apply",)
    shown = (
        ("file_name", "status"),
        "progress",
        ("row_count", "error_count"),
        ("uploaded_by", "uploaded_at"),
        ("applied_by", "finished_at"),
        "report_table",
    )

    def get_fields(self, request: HttpRequest, obj: CustomerImport | None = None) -> tuple:
        return self.shown if obj else ("file",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return holds(request, Power.MANAGE_CUSTOMERS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_apply_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """The button is there while there is something to apply."""
        record = self.get_object(request, object_id)
        return self.has_add_permission(request) and bool(record) and record.is_ready

    @display(
        description=_("state"),
        ordering="status",
        label={"CHECKING": "info", "READY": "success", "FAILED": "danger", "APPLIED": "success"},
    )
    def state(self, record: CustomerImport) -> tuple[str, str]:
        return record.status, record.get_status_display()

    @display(description=_("lines done"))
    def progress(self, record: CustomerImport) -> int:
        return imports.progress(record) or record.row_count

    @display(description=_("report"))
    def report_table(self, record: CustomerImport) -> str:
        context = {"record": record, "lines": report_lines(record)}
        return render_to_string("admin/customers/import_report.html", context)

    def save_model(self, request: HttpRequest, obj: CustomerImport, form: Any, change: bool) -> None:
        file = form.cleaned_data["file"]
        saved = imports.upload_import(file_name=file.name, content=file.read(), by=request.user)
        obj.pk, obj.file_name = saved.pk, saved.file_name

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.template_view)
        return [path("template.csv", page, name="customers_customerimport_template"), *super().get_urls()]

    @action(description=_("Template (CSV)"), icon="download", permissions=["add"])
    def download_template(self, request: HttpRequest) -> HttpResponse:
        return leave_for(request, reverse("admin:customers_customerimport_template"))

    def template_view(self, request: HttpRequest) -> HttpResponse:
        """A file with every column and no line; the required columns come first."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        columns = (*REQUIRED, *(column for column in READERS if column not in REQUIRED))
        headers = {"Content-Disposition": 'attachment; filename="pelanggan.csv"'}
        return HttpResponse(csv_file(columns, ()), content_type=CSV_TYPE, headers=headers)

    @action(
        description=_("Apply"),
        icon="playlist_add_check",
        permissions=["apply"],
        dialog=dialog(_("Import these customers"), _("All lines are imported, or none."), submit=_("Apply")),
    )
    def apply(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        record = self.seen_or_404(request, object_id)
        done = _("The customers are being imported.")
        return self.act(request, record, lambda: imports.request_apply(record=record, by=request.user), done)
