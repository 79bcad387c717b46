"""Values that procedures name by key, lost pictures of the SOPs among them; and the schemes of units."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from common.history import ScopedHistoryAdmin
from sop.models import PsScheme, SopValue
from sop.services import values
from units.powers import Power


class AssumedFilter(admin.SimpleListFilter):
    title = _("confirmed")
    parameter_name = "assumed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("still assumed: the SOP's picture is lost"))]

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        return rows.filter(is_capture_lost=True, value="") if self.value() == "yes" else rows


@admin.register(SopValue)
class SopValueAdmin(ScopedHistoryAdmin):
    """What nobody has confirmed yet is marked, so that it is seen before it is said."""

    see, change = Power.SEE_SOP, Power.AUTHOR_SOP
    list_display = ("key", "state", "shown_text", "note", "valid_from", "valid_until")
    list_filter = (AssumedFilter, "is_capture_lost")
    search_fields = ("key", "value", "default", "note")
    fields = (
        "key",
        "state_words",
        "value",
        "default",
        "is_capture_lost",
        "note",
        ("valid_from", "valid_until"),
    )
    readonly_fields = ("state_words",)

    @display(description=_("state"), label={"assumed": "warning", "confirmed": "success", "set": "info"})
    def state(self, value: SopValue) -> tuple[str, Any]:
        if value.is_assumed:
            return "assumed", _("assumed: the SOP's picture is lost")
        return ("confirmed", _("confirmed")) if value.is_capture_lost else ("set", _("set"))

    @display(description=_("state"))
    def state_words(self, value: SopValue) -> Any:
        return self.state(value)[1]

    @display(description=_("text"))
    def shown_text(self, value: SopValue) -> str:
        return value.text

    def save_model(self, request: HttpRequest, obj: SopValue, form: Any, change: bool) -> None:
        values.save_value(value=obj, by=request.user, at=timezone.now())


@admin.register(PsScheme)
class PsSchemeAdmin(ScopedHistoryAdmin):
    """ "skema 1 atau 2 sesuai wilayahnya": empty at first; what is not set blocks no call (R-001-12)."""

    see, change = Power.SEE_SOP, Power.AUTHOR_SOP
    list_display = ("unit", "scheme", "valid_from", "valid_until", "basis")
    list_filter = ("scheme",)
    list_select_related = ("unit",)
    search_fields = ("unit__name", "unit__code")
    autocomplete_fields = ("unit",)
    fields = ("unit", "scheme", "basis", ("valid_from", "valid_until"))

    def save_model(self, request: HttpRequest, obj: PsScheme, form: Any, change: bool) -> None:
        values.save_scheme(scheme=obj, by=request.user, at=timezone.now())
