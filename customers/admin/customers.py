"""Customers, masked; corrected through the services; revealed and exported for a reason."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display

from common.admin import holds, tell_refusal
from common.errors import DomainError
from common.exports import CSV_TYPE, XLSX_TYPE
from common.history import ScopedHistoryAdmin
from common.throttling import RevealThrottle
from customers import rules
from customers.admin.forms import FIELD_LABELS, CustomerForm, ExportForm, RevealForm
from customers.models import Customer, Meter, PhoneNumber
from customers.services import customers as service
from customers.services import privacy
from customers.services.export import export_customers
from units.powers import Power

CONTENT_TYPES = {"csv": CSV_TYPE, "xlsx": XLSX_TYPE}
MASKED = ("masked_name", "masked_address", "masked_nik")
TERMS = (("area", "unit"), ("tariff", "kogol"), ("power_va", "phase"), "product")
NEW_PERSONAL = (
    "new_name",
    ("new_street", "new_building_number"),
    ("new_rt", "new_rw"),
    "new_landmark",
)


class ReadOnlyInline(TabularInline):
    extra = 0
    can_delete = False
    hide_title = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_change_permission = has_add_permission

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return holds(request, Power.SEE_CUSTOMERS)


class MeterInline(ReadOnlyInline):
    model = Meter
    fields = readonly_fields = ("number", "brand", "installed_on", "removed_on", "age", "plausible")

    @display(description=_("years old"))
    def age(self, meter: Meter) -> int | None:
        if meter.pk is None:  # the row of a form that was posted without its key
            return None
        return rules.full_years(meter.installed_on, meter.removed_on or timezone.localdate())

    @display(description=_("last digit fits"), boolean=True)
    def plausible(self, meter: Meter) -> bool | None:
        return rules.meter_number_is_plausible(meter.number) if meter.pk else None


class PhoneInline(ReadOnlyInline):
    model = PhoneNumber
    fields = readonly_fields = ("masked_number", "kind")
    can_delete = True

    @display(description=_("phone number"))
    def masked_number(self, phone: PhoneNumber) -> str:
        return rules.mask_phone(phone.number)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return holds(request, Power.MANAGE_CUSTOMERS)


@admin.register(Customer)
class CustomerAdmin(ScopedHistoryAdmin):
    """Found by IDPEL or meter number. Name, address, NIK and phones are masked wherever they are shown."""

    see, change = Power.SEE_CUSTOMERS, Power.MANAGE_CUSTOMERS
    form = CustomerForm
    inlines = (MeterInline, PhoneInline)
    list_display = ("idpel", "masked_name", "unit", "area", "tariff", "power_va", "phase", "product")
    list_filter = ("product", "phase", "tariff", "kogol", "is_demo", ("unit", AutocompleteSelectFilter))
    list_filter_submit = True
    list_select_related = ("unit", "area", "tariff")
    search_fields = ("idpel__exact", "meters__number__exact")
    search_help_text = _("A whole IDPEL or meter number")
    autocomplete_fields = ("area", "unit")
    actions = ("export_selected",)
    actions_detail = ("open_reveal",)

    def get_fieldsets(self, request: HttpRequest, obj: Customer | None = None) -> Any:
        if not obj:
            return (
                (None, {"fields": ("idpel", *TERMS)}),
                (_("Person and address"), {"fields": (*NEW_PERSONAL, "new_nik")}),
                (_("Meter and phone"), {"fields": _new_things()}),
            )
        seen = ((None, {"fields": ("idpel", *MASKED, *TERMS)}),)
        if not self.has_change_permission(request, obj):
            return seen
        return (
            *seen,
            (
                _("Correct person and address"),
                {
                    "fields": (*NEW_PERSONAL, ("new_nik", "remove_nik"), "read_version"),
                    "description": _("What you leave empty stays as it is."),
                },
            ),
            (_("New meter, another phone"), {"fields": _new_things()}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Customer | None = None) -> tuple[str, ...]:
        return ("idpel", *MASKED) if obj else ()

    def get_inlines(self, request: HttpRequest, obj: Customer | None) -> tuple:
        return self.inlines if obj else ()

    @display(description=_("name"))
    def masked_name(self, customer: Customer) -> str:
        return privacy.masked_name(customer)

    @display(description=_("address"))
    def masked_address(self, customer: Customer) -> str:
        return privacy.masked_address(customer)

    @display(description="NIK")
    def masked_nik(self, customer: Customer) -> str:
        return privacy.masked_nik(customer) or "–"

    def save_model(self, request: HttpRequest, obj: Customer, form: Any, change: bool) -> None:
        if change:
            version = form.cleaned_data["read_version"] or 0
            saved = service.correct_customer(customer=obj, by=request.user, version=version, **form.given)
        else:
            saved = service.register_customer(idpel=obj.idpel, by=request.user, **form.given)
        obj.pk = saved.pk
        data = form.cleaned_data
        if data.get("new_meter_number"):
            installed_on = data["new_meter_installed_on"]
            number = data["new_meter_number"]
            service.install_meter(customer=saved, number=number, installed_on=installed_on, by=request.user)
        if data.get("new_phone"):
            service.add_phone(customer=saved, number=data["new_phone"], by=request.user)

    def save_formset(self, request: HttpRequest, form: ModelForm, formset: Any, change: bool) -> None:
        formset.save(commit=False)
        for phone in formset.deleted_objects:
            service.remove_phone(phone=phone, by=request.user)

    # --- Reveal -----------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.reveal_view)
        return [path("<int:object_id>/reveal/", page, name="customers_customer_reveal"), *super().get_urls()]

    def has_reveal_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return holds(request, Power.REVEAL_CUSTOMERS)

    @action(description=_("Reveal personal data"), icon="visibility", permissions=["reveal"])
    def open_reveal(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Only leads to the page that asks why; nothing is read by a link."""
        return redirect(reverse("admin:customers_customer_reveal", args=[object_id]))

    def reveal_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask what and why; a POST shows it, once, on its answer."""
        if not self.has_reveal_permission(request):
            raise PermissionDenied
        customer = self.get_object(request, str(object_id))
        if customer is None:
            raise Http404
        form = RevealForm(request.POST or None)
        values = self._reveal(request, customer, form) if request.method == "POST" else None
        shown = {FIELD_LABELS[name]: value for name, value in (values or {}).items()}
        context = {"form": form, "original": customer, "values": shown, "title": _("Reveal personal data")}
        return self._page(request, "admin/customers/reveal.html", context)

    def _reveal(self, request: HttpRequest, customer: Customer, form: RevealForm) -> dict[str, Any] | None:
        if not form.is_valid():
            return None
        if not RevealThrottle().allow_request(request, self):
            form.add_error(None, _("You have revealed as much as one may in an hour."))
            return None
        asked = form.cleaned_data
        try:
            return privacy.reveal(
                customer=customer, fields=asked["fields_to_reveal"], by=request.user, reason=asked["reason"]
            )
        except DomainError as refusal:
            form.add_error(None, refusal.message)
            return None

    # --- Export -----------------------------------------------------------------------------------

    def has_export_permission(self, request: HttpRequest) -> bool:
        return holds(request, Power.EXPORT_CUSTOMERS)

    @admin.action(description=_("Export, masked"), permissions=["export"])
    def export_selected(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """Ask why, then answer the file."""
        form = ExportForm(request.POST if "reason" in request.POST else None)
        if form.is_valid():
            try:
                return _file(form.cleaned_data["kind"], queryset, request, form.cleaned_data["reason"])
            except DomainError as refusal:
                tell_refusal(request, refusal)
                return None
        context = {"form": form, "title": _("Export customers"), "posted": _selection(request)}
        return self._page(request, "admin/customers/export.html", context)

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        shell = self.admin_site.each_context(request) | {"media": self.media}
        return render(request, template, shell | context)


def _new_things() -> tuple:
    return (("new_meter_number", "new_meter_installed_on"), "new_phone")


def _selection(request: HttpRequest) -> list[tuple[str, str]]:
    """What a change list posted, to be posted again together with the reason."""
    names = ("action", "select_across", "index", "_selected_action")
    return [(name, value) for name in names for value in request.POST.getlist(name)]


def _file(kind: str, queryset: QuerySet, request: HttpRequest, reason: str) -> HttpResponse:
    content = export_customers(customers=queryset, kind=kind, by=request.user, reason=reason)
    name = f"pelanggan-{timezone.localdate():%Y%m%d}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=CONTENT_TYPES[kind], headers=headers)
