"""Webhooks in the back office: where channels hear of their tickets, and what became of each message."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldAdminURLInputWidget

from common.errors import DomainError
from common.history import ScopedHistoryAdmin
from common.keyset import KeysetAdmin
from tickets.models import WebhookDelivery, WebhookEndpoint
from tickets.services import webhooks
from units.models import User
from units.powers import Power, Role


class EndpointForm(forms.ModelForm):
    url = forms.URLField(
        label=capfirst(_("address")), max_length=300, assume_scheme="https", widget=UnfoldAdminURLInputWidget
    )
    secret = forms.CharField(
        label=capfirst(_("signing secret")),
        required=False,
        max_length=120,
        help_text=_("Empty: a new webhook gets one, shown once; an old one keeps its own."),
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )

    class Meta:
        model = WebhookEndpoint
        fields = ("client", "url", "is_active")


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ScopedHistoryAdmin):
    """Private addresses are refused, when it is saved and whenever it is called."""

    see = change = Power.MANAGE_CHANNELS
    form = EndpointForm
    list_display = ("url", "client", "is_active", "created_at")
    list_select_related = ("client",)
    list_filter = ("is_active",)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "client":
            kwargs["queryset"] = User.objects.filter(positions__role=Role.CHANNEL).distinct()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: WebhookEndpoint, form: Any, change: bool) -> None:
        given = form.cleaned_data.get("secret", "")
        _endpoint, secret = webhooks.save_endpoint(endpoint=obj, by=request.user, secret=given)
        if secret and not given:
            messages.warning(
                request, _("The signing secret, shown only now: %(secret)s") % {"secret": secret}
            )


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(KeysetAdmin):
    """Every message, the newest first. A parked one is sent again from here."""

    see = Power.MANAGE_CHANNELS
    list_display = ("event", "endpoint", "status", "attempts", "last_answer", "next_try_at", "sent_at")
    list_filter = ("status", "endpoint")
    list_select_related = ("event", "endpoint")
    actions = ("send_again",)

    @admin.action(description=_("Send again"), permissions=["view"])
    def send_again(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Each by the service that sends one; what it refuses stays, and is named."""
        done = 0
        for delivery in queryset:
            try:
                webhooks.send_again(delivery=delivery, by=request.user)
            except DomainError as refusal:
                messages.error(request, f"{delivery}: {refusal.message}")
            else:
                done += 1
        if done:
            messages.success(request, _("%(count)d deliveries will be sent again.") % {"count": done})
