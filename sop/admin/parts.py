"""The rows of a version on its page: where it applies, and its original files."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from common.admin import holds
from sop.models import Attachment, SopRegion, SopVersion, VersionStatus
from units.powers import Power


class DraftInline(TabularInline):
    """Rows of a version, edited in a draft by its author."""

    extra = 0
    hide_title = True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_change_permission(self, request: HttpRequest, obj: SopVersion | None = None) -> bool:
        return obj is not None and edits(request, obj)

    has_add_permission = has_delete_permission = has_change_permission


class RegionInline(DraftInline):
    model = SopRegion
    fields = ("unit", "effective_from", "effective_until")
    autocomplete_fields = ("unit",)


class AttachmentInline(DraftInline):
    model = Attachment
    fields = readonly_fields = ("download", "content_type", "size", "uploaded_by", "uploaded_at")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=_("file"))
    def download(self, attachment: Attachment) -> SafeString:
        return render_to_string("admin/sop/attachment.html", {"attachment": attachment})


def edits(request: HttpRequest, version: SopVersion) -> bool:
    """Whether the reader may change the version now."""
    is_open = version.status == VersionStatus.DRAFT and version.author_id == request.user.pk
    return is_open and holds(request, Power.AUTHOR_SOP)


def kept_rows(formset: Any) -> list[dict[str, Any]]:
    """What the rows of a formset say, deleted and empty ones left out."""
    return [
        {name: form.cleaned_data[name] for name in ("unit", "effective_from", "effective_until")}
        for form in formset.forms
        if form.cleaned_data.get("unit") and not form.cleaned_data.get("DELETE")
    ]
