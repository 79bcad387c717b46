"""What the pages of SOPs ask."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from sop.models import Procedure, SopDocument, SopVersion
from sop.services.attachments import MAX_BYTES

NEW_PROCEDURE = """slug: nama-prosedur
title: Judul prosedur
keywords: [yang dikatakan penelepon]
start: salam
steps:
  salam:
    kind: say
    say: “PLN 123 selamat Pagi/Siang/Sore/Malam, dengan (..... Nama CSO) bisa dibantu?”
    next: selesai
  selesai:
    kind: outcome
    outcome: CALL_BACK
"""


class DocumentForm(forms.ModelForm):
    tags = forms.CharField(
        label=capfirst(_("tags")),
        required=False,
        help_text=_("Separated by commas"),
        widget=UnfoldAdminTextInputWidget,
    )

    class Meta:
        model = SopDocument
        fields = (
            "slug",
            "title",
            "owner_unit",
            "tags",
            "demands_acknowledgement",
            "review_interval_months",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["tags"] = ", ".join(self.instance.tags)

    def clean_tags(self) -> list[str]:
        return [tag.strip() for tag in self.cleaned_data["tags"].split(",") if tag.strip()]


class DraftForm(BaseDialogForm):
    source = forms.ModelChoiceField(
        label=_("Begin with a copy of"),
        queryset=SopVersion.objects.none(),
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    valid_from = forms.DateField(label=_("valid from"), widget=UnfoldAdminSingleDateWidget)

    def __init__(self, request: Any, object_id: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, object_id, *args, **kwargs)
        versions = SopVersion.objects.visible_to(request.user).select_related("document")
        self.fields["source"].queryset = versions.filter(document=object_id)


class VersionForm(forms.ModelForm):
    new_file = forms.FileField(
        label=_("Add an original file"),
        required=False,
        help_text=_("PDF, DOCX or a picture, at most 20 MB"),
        widget=UnfoldAdminFileFieldWidget,
    )

    class Meta:
        model = SopVersion
        fields = (
            "title",
            "revision",
            "origin",
            "dated_on",
            "text",
            "notes",
            "valid_from",
            "valid_until",
            "supersedes",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "supersedes" in self.fields:
            others = SopVersion.objects.filter(document=self.instance.document_id).select_related("document")
            self.fields["supersedes"].queryset = others.exclude(pk=self.instance.pk)

    def clean_new_file(self) -> Any:
        file = self.cleaned_data["new_file"]
        if file and file.size > MAX_BYTES:
            raise forms.ValidationError(_("The file is larger than 20 MB."))
        return file


class EndForm(BaseDialogForm):
    last_day = forms.DateField(label=_("Last day"), widget=UnfoldAdminSingleDateWidget)


class WithdrawForm(BaseDialogForm):
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=UnfoldAdminTextareaWidget)


class CompareForm(BaseDialogForm):
    other = forms.ModelChoiceField(
        label=_("Compare with"), queryset=SopVersion.objects.none(), widget=UnfoldAdminSelectWidget
    )

    def __init__(self, request: Any, object_id: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, object_id, *args, **kwargs)
        seen = SopVersion.objects.visible_to(request.user).select_related("document")
        same = seen.filter(document__versions=object_id)
        self.fields["other"].queryset = same.exclude(pk=object_id)


class EditorWidget(forms.Textarea):
    """A text area with line numbers; `sop/editor.js` marks the lines that the checks name."""

    class Media:
        css = {"all": ("sop/editor.css",)}
        js = ("sop/editor.js",)

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        plain = {
            "class": "sop-editor",
            "rows": 32,
            "spellcheck": "false",
            "autocomplete": "off",
            "wrap": "off",
        }
        super().__init__(plain | (attrs or {}))


class ProcedureForm(forms.ModelForm):
    version = forms.ModelChoiceField(
        queryset=SopVersion.objects.none(), widget=forms.HiddenInput, required=False
    )

    class Meta:
        model = Procedure
        fields = ("source",)
        widgets = {"source": EditorWidget}
