"""Documents: their versions, what rules today, and when somebody looks at them again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm

from common.admin import dialog, holds
from sop.admin.forms import DocumentForm, DraftForm
from sop.admin.pages import SopAdmin
from sop.models import ReviewReminder, SopDocument, SopVersion
from sop.services import documents, reading, reviews
from units.powers import Power

SOON = timedelta(days=30)


class ReviewFilter(admin.SimpleListFilter):
    title = _("review")
    parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("due", _("due within 30 days"))]

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        if self.value() != "due":
            return rows
        due = reviews.due_dates(until=timezone.localdate() + SOON)
        return rows.filter(pk__in=[it.document.pk for it in due])


@admin.register(SopDocument)
class SopDocumentAdmin(SopAdmin):
    """A version is never typed in here: it begins as a draft, and another person publishes it."""

    form = DocumentForm
    list_display = ("title", "slug", "owner_unit", "in_force", "review_due", "demands_acknowledgement")
    list_filter = (ReviewFilter, "demands_acknowledgement")
    list_select_related = ("owner_unit",)
    search_fields = ("title", "slug", "versions__title", "versions__text", "versions__scripts")
    readonly_fields = ("versions_table", "reviewed_on", "review_due")
    actions_detail = ("draft", "reviewed")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        changelist.result_list = described(list(changelist.result_list), request)
        return changelist

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        return described([found], request)[0] if found else None

    def get_fields(self, request: HttpRequest, obj: SopDocument | None = None) -> tuple[str, ...]:
        return (*DocumentForm.Meta.fields, *(self.readonly_fields if obj else ()))

    def get_readonly_fields(self, request: HttpRequest, obj: SopDocument | None = None) -> tuple[str, ...]:
        return (*self.readonly_fields, *(("slug", "owner_unit") if obj else ()))

    @display(description=_("in force today"))
    def in_force(self, document: SopDocument) -> str:
        return ", ".join(document.in_force_today) or "–"

    @display(description=_("review due"))
    def review_due(self, document: SopDocument) -> Any:
        due = document.review
        if due is None:
            return "–"
        late = due.is_overdue(timezone.localdate())
        return _("overdue since %(day)s") % {"day": due.due_on} if late else due.due_on

    @display(description=_("versions"))
    def versions_table(self, document: SopDocument) -> str:
        today = timezone.localdate()
        ruling = reading.ruling_somewhere(today)
        seen = document.versions.visible_to(document.reader)
        shown = seen.select_related("author", "approver", "document").defer(*reading.LONG)
        rows = [(it, reading.state_of(it, today, ruling)) for it in shown.order_by("-number")]
        return render_to_string("admin/sop/versions_table.html", {"rows": rows})

    def save_model(self, request: HttpRequest, obj: SopDocument, form: Any, change: bool) -> None:
        now = timezone.now()
        given = {name: form.cleaned_data[name] for name in documents.DOCUMENT_FIELDS}
        if change:
            documents.change_document(document=obj, changes=given, by=request.user, at=now)
            return
        slug, owner = form.cleaned_data["slug"], form.cleaned_data["owner_unit"]
        made = documents.create_document(slug=slug, owner_unit=owner, by=request.user, at=now, **given)
        obj.pk = made.pk

    def has_draft_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return holds(request, Power.AUTHOR_SOP)

    def has_reviewed_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return holds(request, Power.AUTHOR_SOP) or holds(request, Power.APPROVE_SOP)

    @action(
        description=_("Draft a new version"),
        icon="edit_document",
        permissions=["draft"],
        dialog=dialog(
            _("Draft a new version"),
            _("You become its author; another person approves it."),
            submit=_("Draft"),
            form=DraftForm,
        ),
    )
    def draft(self, request: HttpRequest, form: DraftForm, object_id: str) -> HttpResponse:
        document = self.seen_or_404(request, object_id)
        given = form.cleaned_data
        return self.act(
            request,
            document,
            lambda: documents.draft_version(
                document=document,
                source=given["source"],
                valid_from=given["valid_from"],
                by=request.user,
                at=timezone.now(),
            ),
            _("The draft is made."),
        )

    @action(
        description=_("Reviewed, no change needed"),
        icon="event_available",
        permissions=["reviewed"],
        dialog=dialog(
            _("Reviewed, no change needed"),
            _("The next review counts from today."),
            submit=_("Record the review"),
        ),
    )
    def reviewed(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        document = self.seen_or_404(request, object_id)
        return self.act(
            request,
            document,
            lambda: reviews.record_review(document=document, by=request.user, at=timezone.now()),
            _("The review is recorded."),
        )


def described(rows: list[SopDocument], request: HttpRequest) -> list[SopDocument]:
    """The documents with their reader, the versions in force today, and the day of their review."""
    today = timezone.localdate()
    ruling = SopVersion.objects.filter(pk__in=reading.ruling_somewhere(today)).select_related("document")
    references = sorted((it.document_id, it.reference) for it in ruling.defer(*reading.LONG))
    due = {it.document.pk: it for it in reviews.due_dates(until=date.max)}
    for row in rows:
        row.reader = request.user
        row.in_force_today = [it for pk, it in references if pk == row.pk]
        row.review = due.get(row.pk)
    return rows


@admin.register(ReviewReminder)
class ReviewReminderAdmin(SopAdmin):
    """Who was reminded of what; done when the document is reviewed or a new version is published."""

    see, change = Power.AUTHOR_SOP, ""
    list_display = ("document", "due_on", "reminded_at", "done_at")
    list_filter = (("done_at", admin.EmptyFieldListFilter),)
    list_select_related = ("document",)
