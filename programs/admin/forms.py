"""What is typed at each step of a program."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDateWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from customers.models import Kogol, Product, Tariff
from programs.models import PaymentImport, Program
from programs.models.program import only_pascabayar


class ProgramForm(forms.ModelForm):
    """The criteria as choices. The lists are stored as codes, as the bills say them."""

    products = forms.MultipleChoiceField(
        label=capfirst(_("products")),
        initial=only_pascabayar,
        choices=Product.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    excluded_kogol = forms.TypedMultipleChoiceField(
        label=capfirst(_("excluded kogol")),
        coerce=int,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    tariffs = forms.MultipleChoiceField(
        label=capfirst(_("tariffs")),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("None: every tariff."),
    )

    class Meta:
        model = Program
        fields = "__all__"  # noqa: DJ007  (the admin page names its fields)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "excluded_kogol" in self.fields:  # a page that only shows has no fields
            self.fields["excluded_kogol"].choices = [(row.code, str(row)) for row in Kogol.objects.all()]
            self.fields["tariffs"].choices = [
                (row.code, f"{row.code} {row.name}") for row in Tariff.objects.all()
            ]


class PlainForm(forms.Form):
    """A step that asks nothing more."""


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=UnfoldAdminTextInputWidget)


class UploadForm(forms.Form):
    file = forms.FileField(label=_("Payment file (CSV or gzip)"), widget=UnfoldAdminFileFieldWidget)
    replaces = forms.ModelChoiceField(
        PaymentImport.objects.none(), label=_("Corrects"), required=False, widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, program: Program, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        applied = PaymentImport.objects.filter(program=program, status=PaymentImport.Status.APPLIED)
        self.fields["replaces"].queryset = applied


class SecretForm(forms.Form):
    secret = forms.CharField(
        label=_("Secret (keep it; only its hash is stored)"),
        min_length=12,
        max_length=100,
        strip=False,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )


class SecondSeedForm(forms.Form):
    seed = forms.CharField(label=_("Second seed"), max_length=100, widget=UnfoldAdminTextInputWidget)


class LateForm(forms.Form):
    override = forms.BooleanField(
        label=_("Although the deadline has passed"), required=False, widget=UnfoldBooleanWidget
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=300, required=False, widget=UnfoldAdminTextInputWidget
    )


class UntilForm(ReasonForm):
    until = forms.DateField(label=_("Pick-up until"), widget=UnfoldAdminDateWidget)
