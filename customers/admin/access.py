"""Who read personal data: to be read, never to be touched."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter
from unfold.decorators import display

from common.keyset import KeysetAdmin
from customers.models import AccessLog
from units.powers import Power


@admin.register(AccessLog)
class AccessLogAdmin(KeysetAdmin):
    see = Power.SEE_ACCESS_LOG
    list_display = (
        "at",
        "kind",
        "reader",
        "role",
        "place",
        "customer",
        "what",
        "reason",
        "row_count",
    )
    list_filter = ("kind", "role", ("at", RangeDateTimeFilter), ("unit", AutocompleteSelectFilter))
    list_filter_submit = True
    list_select_related = ("reader", "customer", "position__unit")
    search_fields = ("customer__idpel__exact", "reader__username__exact")
    fields = (
        ("at", "kind"),
        ("reader", "position"),
        ("customer", "unit"),
        "what",
        "reason",
        ("row_count", "digest"),
        "request_id",
    )

    @display(description=_("unit of the position"))
    def place(self, access: AccessLog) -> str:
        return access.position.unit.name

    @display(description=_("fields"))
    def what(self, access: AccessLog) -> str:
        return ", ".join(access.fields)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_change_permission = has_add_permission
