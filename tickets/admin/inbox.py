"""The inbox of the reader's units."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from common.keyset import KeysetAdmin
from tickets.models import Notification
from tickets.services.inbox import mark_read
from units.powers import Power


class UnreadFilter(admin.SimpleListFilter):
    title = _("read")
    parameter_name = "unread"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, object]]:
        return [("1", _("unread"))]

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        return rows.unread() if self.value() else rows


@admin.register(Notification)
class NotificationAdmin(KeysetAdmin):
    """What units were told, the newest first; marked as read for the whole unit."""

    see = Power.SEE_TICKETS
    list_display = ("at", "unit", "kind", "ticket", "read_at")
    list_filter = (UnreadFilter,)
    list_select_related = ("unit", "event__ticket")
    list_display_links = None
    actions = ("mark_read",)

    @display(description=_("what"))
    def kind(self, line: Notification) -> str:
        return line.event.get_kind_display()

    @display(description=_("ticket"))
    def ticket(self, line: Notification) -> str:
        page = reverse("admin:tickets_ticket_change", args=[line.event.ticket_id])
        return format_html('<a href="{}">{}</a>', page, line.event.ticket.number)

    @admin.action(description=_("Mark as read"), permissions=["view"])
    def mark_read(self, request: HttpRequest, queryset: QuerySet) -> None:
        count = mark_read(lines=queryset, by=request.user)
        messages.success(request, _("%(count)d notifications marked as read.") % {"count": count})
