"""Back office: accounts, positions, the unit tree, and who serves which area."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, BaseDialogForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextInputWidget

from common.admin import ScopedAdmin, dialog, holds
from common.history import ScopedHistoryAdmin
from units.models import Area, Position, ServiceArea, Unit, UnitAlias, User
from units.powers import Power
from units.services.positions import appoint, end_position
from units.services.service_area_import import import_service_areas
from units.services.service_areas import assign_area
from units.services.structure import place_unit


class PositionInline(TabularInline):
    """What an account is, and was; changed on the positions' own page."""

    model = Position
    fields = ("role", "unit", "starts_at", "ends_at", "is_acting", "decree_number")
    readonly_fields = fields
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return holds(request, Power.MANAGE_POSITIONS)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Position]:
        return super().get_queryset(request).select_related("unit")


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ScopedAdmin):
    """Accounts. Only a superuser makes superusers, and nobody else touches theirs."""

    see = change = Power.MANAGE_POSITIONS
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    inlines = (PositionInline,)
    list_display = ("username", "first_name", "last_name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("username", "first_name", "last_name")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email")}),
        (_("Access"), {"fields": ("is_active", "is_staff", "is_superuser", "last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "usable_password", "password1", "password2", "is_staff")}),
    )
    filter_horizontal = ()

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        fixed = ("last_login", "date_joined")
        return fixed if request.user.is_superuser else ("is_superuser", *fixed)

    def get_inlines(self, request: HttpRequest, obj: User | None) -> tuple:
        return self.inlines if obj else ()


class UnitAliasInline(TabularInline):
    model = UnitAlias
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return holds(request, Power.MANAGE_UNITS)

    has_change_permission = has_delete_permission = has_add_permission

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


@admin.register(Unit)
class UnitAdmin(ScopedHistoryAdmin):
    """The unit tree. Moving a unit moves everything below it."""

    see, change = Power.SEE_UNITS, Power.MANAGE_UNITS
    inlines = (UnitAliasInline,)
    list_display = ("code", "name", "kind", "parent", "time_zone", "is_provisional", "valid_until")
    list_filter = ("kind", "is_provisional", "time_zone", ("parent", AutocompleteSelectFilter))
    list_filter_submit = True
    list_select_related = ("parent",)
    search_fields = ("code", "name", "aliases__name")
    autocomplete_fields = ("parent",)
    ordering = ("code",)

    def save_model(self, request: HttpRequest, obj: Unit, form: forms.ModelForm, change: bool) -> None:
        place_unit(unit=obj, by=request.user)


@admin.register(Area)
class AreaAdmin(ScopedAdmin):
    """Indonesia's administrative areas, as the Ministry of Home Affairs numbers them."""

    see = Power.SEE_UNITS
    list_display = ("code", "display_name", "level", "time_zone")
    list_filter = ("level",)
    search_fields = ("code__startswith", "display_name")
    fields = ("code", "name", "display_name", "level", "parent", "time_zone")
    ordering = ("code",)


class ImportForm(forms.Form):
    file = forms.FileField(label=_("CSV file"), widget=UnfoldAdminFileFieldWidget)


@admin.register(ServiceArea)
class ServiceAreaAdmin(ScopedHistoryAdmin):
    """Which unit serves an area. The most specific row wins; an area without any row is not guessed."""

    see, change = Power.SEE_UNITS, Power.MANAGE_UNITS
    list_display = ("area_code", "area", "unit", "valid_from", "valid_until", "basis")
    list_filter = (("unit", AutocompleteSelectFilter),)
    list_filter_submit = True
    list_select_related = ("area", "unit")
    search_fields = ("area__code__startswith", "area__display_name", "unit__name")
    autocomplete_fields = ("area", "unit")
    actions_list = ("open_import",)

    @display(description=_("area code"), ordering="area_id")
    def area_code(self, row: ServiceArea) -> str:
        return row.area_id

    def save_model(self, request: HttpRequest, obj: ServiceArea, form: forms.ModelForm, change: bool) -> None:
        assign_area(row=obj, by=request.user)

    @action(description=_("Import CSV"), icon="upload", permissions=["change"])
    def open_import(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:units_servicearea_import"))

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.import_view)
        return [path("import/", page, name="units_servicearea_import"), *super().get_urls()]

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Upload, see every line judged, then write all or nothing."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        form = ImportForm(request.POST or None, request.FILES or None)
        report = None
        if request.method == "POST" and form.is_valid():
            report = import_service_areas(
                file=form.cleaned_data["file"], by=request.user, dry_run="check" in request.POST
            )
            if report.is_written:
                messages.success(request, _("%(count)d lines are imported.") % {"count": len(report.lines)})
        context = self.admin_site.each_context(request) | {
            "title": _("Import service areas"),
            "form": form,
            "report": report,
        }
        return render(request, "admin/units/servicearea/import.html", context)


class EndForm(BaseDialogForm):
    reason = forms.CharField(label=_("Reason"), max_length=100, widget=UnfoldAdminTextInputWidget)


@admin.register(Position)
class PositionAdmin(ScopedHistoryAdmin):
    """Who is what, where, from when. A position is given and ended, never rewritten."""

    see = change = Power.MANAGE_POSITIONS
    list_display = ("holder", "role", "unit", "starts_at", "ends_at", "is_acting", "state")
    list_filter = ("role", "is_acting", ("unit", AutocompleteSelectFilter))
    list_filter_submit = True
    list_select_related = ("holder", "unit")
    search_fields = ("holder__username", "unit__name", "decree_number")
    autocomplete_fields = ("holder", "unit")
    fields = ("holder", "role", "unit", "starts_at", "ends_at", "is_acting", "decree_number")
    actions_detail = ("end_now",)

    def get_readonly_fields(self, request: HttpRequest, obj: Position | None = None) -> tuple[str, ...]:
        return self.fields if obj else ()

    @display(description=_("in force"), boolean=True)
    def state(self, position: Position) -> bool:
        now = timezone.now()
        return position.starts_at <= now and (position.ends_at is None or now < position.ends_at)

    def save_model(self, request: HttpRequest, obj: Position, form: forms.ModelForm, change: bool) -> None:
        if not change:
            given = appoint(**{name: form.cleaned_data[name] for name in self.fields}, by=request.user)
            obj.pk = given.pk

    @action(
        description=_("End now"),
        icon="event_busy",
        permissions=["change"],
        dialog=dialog(
            _("End this position now"),
            _("Its powers end at once, also where its holder is logged in."),
            submit=_("End now"),
            form=EndForm,
        ),
    )
    def end_now(self, request: HttpRequest, form: EndForm, object_id: str) -> HttpResponse:
        position = self.seen_or_404(request, object_id)
        given = {"by": request.user, "at": timezone.now(), "reason": form.cleaned_data["reason"]}
        done = _("The position has ended.")
        return self.act(request, position, lambda: end_position(position=position, **given), done)
