"""Versions: written by one person, checked by the portal, approved by another, read by everybody."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from common.admin import dialog, holds, leave_for
from sop.admin.deeds import VersionDeeds
from sop.admin.forms import CompareForm, VersionForm
from sop.admin.parts import AttachmentInline, RegionInline, edits, kept_rows
from sop.models import Attachment, SopVersion, VersionStatus
from sop.rendering import as_html
from sop.services import attachments, comparing, documents, library, publishing, reading
from units.powers import Power


@admin.register(SopVersion)
class SopVersionAdmin(VersionDeeds):
    """One version with everything that is in it. Its buttons call the services, and refuse as they do."""

    form = VersionForm
    inlines = (RegionInline, AttachmentInline)
    list_display = ("shown_reference", "title", "status", "valid_from", "valid_until", "author", "approver")
    list_filter = ("status",)
    list_select_related = ("document", "author", "approver")
    search_fields = ("title", "document__slug")
    own_pages = {"difference": "difference_view", "readers": "readers_view"}
    actions_detail = (
        "acknowledge",
        "submit",
        "take_back",
        "publish",
        "compare",
        "open_readers",
        "end",
        "withdraw",
        "throw_away",
    )
    facts = ("document", "number", "status", "author", "approver", "submitted_at", "published_at")
    panels = ("news", "acknowledged", "rendered", "procedures_table", "checks")
    fieldsets = (
        (_("What changed since the version you know"), {"fields": ("news",)}),
        (
            None,
            {
                "fields": (
                    ("document", "number"),
                    ("status", "published_at"),
                    ("author", "approver"),
                    "acknowledged",
                )
            },
        ),
        (
            _("Content"),
            {
                "fields": (
                    "title",
                    ("revision", "dated_on"),
                    "origin",
                    ("valid_from", "valid_until"),
                    "supersedes",
                    "text",
                    "rendered",
                    "notes",
                    "new_file",
                )
            },
        ),
        (_("Procedures"), {"fields": ("procedures_table", "checks")}),
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: SopVersion | None = None) -> bool:
        return obj is not None and edits(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: SopVersion | None = None) -> tuple[str, ...]:
        return (*self.facts, *self.panels)

    def get_fieldsets(self, request: HttpRequest, obj: SopVersion | None = None) -> Any:
        """The raw text is for its author; everybody else reads it as it looks."""
        hidden = {"rendered"} if obj and edits(request, obj) else {"text", "new_file"}
        if obj is None or obj.known is None:
            hidden |= {"news"}
        shown = [
            (title, {"fields": [it for it in options["fields"] if it not in hidden]})
            for title, options in self.fieldsets
        ]
        return [(title, options) for title, options in shown if options["fields"]]

    @display(description=_("version"), ordering="number")
    def shown_reference(self, version: SopVersion) -> str:
        return version.reference

    @display(description=_("changes"))
    def news(self, version: SopVersion) -> SafeString:
        """The first thing that a reader sees who knows an earlier version."""
        change = comparing.compare_versions(version.known, version)
        return render_to_string("admin/sop/changes.html", {"data": change})

    @display(description=_("acknowledged by you"))
    def acknowledged(self, version: SopVersion) -> Any:
        return version.read_at or _("not yet")

    @display(description=_("text"))
    def rendered(self, version: SopVersion) -> SafeString:
        return render_to_string("admin/sop/text.html", {"html": as_html(version.text)})

    @display(description=_("procedures"))
    def procedures_table(self, version: SopVersion) -> SafeString:
        context = {"version": version, "procedures": version.procedures.all()}
        return render_to_string("admin/sop/procedures_table.html", context)

    @display(description=_("checks"))
    def checks(self, version: SopVersion) -> SafeString:
        """What keeps the draft from being published, by place."""
        found = [] if version.is_sealed else library.problems_of(version)
        clashes = [] if version.is_sealed else list(publishing.overlaps(version))
        rows = {it.slug: it for it in version.procedures.all()}
        problems = [(it, rows.get(it.procedure)) for it in found]
        context = {"version": version, "problems": problems, "clashes": clashes}
        return render_to_string("admin/sop/checks.html", context)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            # What the displays of the page ask.
            found.is_open = edits(request, found)
            found.known = reading.known_version(version=found, reader=request.user)
            found.read_at = reading.acknowledged_at(version=found, reader=request.user)
        return found

    # --- Saving -----------------------------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: SopVersion, form: Any, change: bool) -> None:
        now = timezone.now()
        changes = {name: form.cleaned_data[name] for name in documents.VERSION_FIELDS}
        documents.edit_version(version=obj, changes=changes, by=request.user, at=now)
        if file := form.cleaned_data.get("new_file"):
            attachments.add_attachment(version=obj, file=file, name=file.name, by=request.user, at=now)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.save(commit=False)
        now = timezone.now()
        if formset.model is Attachment:
            for row in formset.deleted_objects:
                attachments.remove_attachment(attachment=row, by=request.user, at=now)
        elif formset.has_changed():
            regions = [documents.Region(**data) for data in kept_rows(formset)]
            documents.set_regions(version=form.instance, regions=regions, by=request.user, at=now)

    # --- Differences and readers ------------------------------------------------------------------

    def has_compare_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_view_permission(request) and self._version(request, object_id) is not None

    def has_readers_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._is(request, object_id, Power.SEE_CALLS, VersionStatus.PUBLISHED)

    @action(
        description=_("Compare"),
        icon="compare",
        permissions=["compare"],
        dialog=dialog(
            _("Compare"), _("Text, steps and outcomes of this version against another."), form=CompareForm
        ),
    )
    def compare(self, request: HttpRequest, form: CompareForm, object_id: str) -> HttpResponse:
        self.seen_or_404(request, object_id)
        page = reverse("admin:sop_sopversion_difference", args=[object_id])
        return leave_for(request, f"{page}?from={form.cleaned_data['other'].pk}")

    def difference_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """What this version changes against another, by default the one that rules in its place."""
        version = self.seen_or_404(request, str(object_id))
        other = self._other(request, version)
        change = comparing.compare_versions(other, version) if other else None
        return self.page(
            request, "difference.html", title=_("Differences"), version=version, other=other, change=change
        )

    def _other(self, request: HttpRequest, version: SopVersion) -> SopVersion | None:
        seen = self.get_queryset(request).filter(document=version.document_id).exclude(pk=version.pk)
        asked = request.GET.get("from", "")
        if asked:
            found = seen.filter(pk=asked).first() if asked.isdecimal() and len(asked) < 19 else None
            if found is None:
                raise Http404
            return found
        return comparing.forerunner(version)

    @action(description=_("Who has read it"), icon="how_to_reg", permissions=["readers"])
    def open_readers(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("admin:sop_sopversion_readers", object_id)

    def readers_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The agents whom the reader supervises: who has acknowledged the version, and who has not."""
        version = self.seen_or_404(request, str(object_id))
        if not holds(request, Power.SEE_CALLS):
            raise Http404
        readers = reading.readers_of(version=version, supervisor=request.user, at=timezone.now())
        unread = sum(it.read_at is None for it in readers)
        return self.page(
            request,
            "readers.html",
            title=_("Who has read it"),
            version=version,
            readers=readers,
            unread=unread,
        )
