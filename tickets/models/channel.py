"""What channel systems are told without asking: webhooks, delivered from the events."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from tickets.models.history import TicketEvent
from units.models import User


class WebhookEndpoint(models.Model):
    """Where a channel wants to hear of its tickets. The signing secret is kept encrypted."""

    client = models.ForeignKey(
        User, models.PROTECT, related_name="webhook_endpoints", verbose_name=_("channel system")
    )
    url = models.URLField(_("address"), max_length=300)
    secret_encrypted = models.BinaryField(editable=False)
    is_active = models.BooleanField(_("in use"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    history = HistoricalRecords(excluded_fields=["secret_encrypted"])

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(name="webhook_once", fields=("client", "url")),)

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(models.Model):
    """One event on its way to one endpoint."""

    class Status(models.TextChoices):
        WAITING = "WAITING", _("waiting")
        SENT = "SENT", _("sent")
        PARKED = "PARKED", _("parked")

    endpoint = models.ForeignKey(
        WebhookEndpoint, models.PROTECT, related_name="deliveries", verbose_name=_("webhook")
    )
    event = models.ForeignKey(TicketEvent, models.PROTECT, related_name="+", verbose_name=_("event"))
    status = models.CharField(_("status"), max_length=7, choices=Status.choices, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    next_try_at = models.DateTimeField(_("next try"), null=True, blank=True)
    last_answer = models.CharField(_("last answer"), max_length=200, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        ordering = ("-pk",)
        constraints = (models.UniqueConstraint(name="webhook_delivery_once", fields=("endpoint", "event")),)
        indexes = (
            models.Index(name="webhook_waiting", fields=("next_try_at",), condition=Q(status="WAITING")),
        )

    def __str__(self) -> str:
        return f"{self.event_id} → {self.endpoint}"
