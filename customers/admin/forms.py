"""What the back office types in. Personal fields are asked for anew, never shown in a field."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from common.csv_files import MAX_BYTES
from common.errors import Invalid
from customers import rules
from customers.models import Customer
from customers.services.export import WRITERS
from customers.services.privacy import FIELDS, LONGEST_REASON, SHORTEST_REASON

TERMS = ("area", "unit", "tariff", "power_va", "phase", "product", "kogol")
PERSONAL = ("name", "street", "building_number", "rt", "rw", "landmark")
FIELD_LABELS = {"name": _("Name"), "address": _("Address"), "nik": "NIK", "phones": _("Phone")}


def _text(label: Any, length: int, **kwargs: Any) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=length, required=False, widget=UnfoldAdminTextInputWidget, **kwargs
    )


class CustomerForm(forms.ModelForm):
    """`new_*` fields replace what is known; left empty they leave it as it is."""

    new_name = _text(_("Name"), 120)
    new_street = _text(_("Street"), 160)
    new_building_number = _text(_("Building number"), 20)
    new_rt = _text("RT", 3)
    new_rw = _text("RW", 3)
    new_landmark = _text(_("Landmark"), 160)
    new_nik = _text("NIK", 16)
    remove_nik = forms.BooleanField(label=_("Remove the NIK"), required=False)
    new_phone = _text(_("Another phone number"), 30)
    new_meter_number = _text(_("New meter number"), 11)
    new_meter_installed_on = forms.DateField(
        label=_("Installed on"), required=False, widget=UnfoldAdminSingleDateWidget
    )
    read_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Customer
        fields = ("idpel", *TERMS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["read_version"].initial = self.instance.version
        else:
            for name in ("new_name", "new_street"):
                self.fields[name].required = True

    def clean_new_nik(self) -> str:
        return self._checked("new_nik", rules.check_nik)

    def clean_new_phone(self) -> str:
        return self._checked("new_phone", lambda text: rules.normalise_phone(text).number)

    def clean_new_meter_number(self) -> str:
        return self._checked("new_meter_number", rules.check_meter_number)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("new_meter_number") and not cleaned.get("new_meter_installed_on"):
            self.add_error("new_meter_installed_on", _("Say when the meter was installed."))
        return cleaned

    @property
    def given(self) -> dict[str, Any]:
        """The values for the service: the terms of supply, and the personal fields that were typed in."""
        data = self.cleaned_data
        values = {name: data[name] for name in TERMS if name in data}
        values |= {name: data[f"new_{name}"] for name in PERSONAL if data.get(f"new_{name}")}
        if data.get("new_nik") or data.get("remove_nik"):
            values["nik"] = data["new_nik"]
        return values

    def _checked(self, name: str, check: Any) -> str:
        text = self.cleaned_data[name]
        try:
            return check(text) if text else ""
        except Invalid as refusal:
            raise forms.ValidationError(refusal.message) from refusal


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        min_length=SHORTEST_REASON,
        max_length=LONGEST_REASON,
        help_text=_("At least 10 characters; kept on record with your name."),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )


class RevealForm(ReasonForm):
    fields_to_reveal = forms.MultipleChoiceField(
        label=_("What to reveal"),
        choices=[(field, FIELD_LABELS[field]) for field in FIELDS],
        widget=UnfoldAdminSelectMultipleWidget,
    )


class ExportForm(ReasonForm):
    kind = forms.ChoiceField(
        label=_("File"), choices=[(kind, kind.upper()) for kind in WRITERS], widget=UnfoldAdminSelectWidget
    )


class ImportForm(forms.ModelForm):
    file = forms.FileField(label=_("CSV file"), widget=UnfoldAdminFileFieldWidget)

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(_("The file is larger than 10 MB."))
        return file
