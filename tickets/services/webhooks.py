"""Outgoing webhooks: from the events, signed as Standard Webhooks describes, tried again, parked, sent again.

Nothing is sent inside a transaction: a delivery is claimed by moving its next try ahead, sent, and its result
recorded. A worker that dies in between leaves a delivery that is sent again; receivers know it by its id.
"""

from __future__ import annotations

import http.client
import json
import secrets
import socket
import ssl
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Conflict, Invalid
from customers import cipher
from tickets import channel_notices
from tickets.models import TicketEvent, WebhookDelivery, WebhookEndpoint
from tickets.rules.webhooks import pause_after, read_secret, signed_headers, write_secret
from tickets.services.addresses import AddressRefused, Target, check_url, resolve
from units.authority import require
from units.models import User
from units.powers import Power, Role

LEASE = timedelta(minutes=2)
PATIENCE_S = 10
SECRET_BYTES = 32
PLACE = "tickets_webhookendpoint.secret"
Delivery = WebhookDelivery.Status
log = structlog.get_logger(__name__)


class NotParked(Conflict):
    """Only a parked delivery is sent again by hand."""

    code = "not_parked"


@transaction.atomic
def save_endpoint(*, endpoint: WebhookEndpoint, by: User, secret: str = "") -> tuple[WebhookEndpoint, str]:
    """Add or change where a channel hears of its tickets; answer also the secret, the only time in clear.

    A new endpoint gets a secret made here unless one is given; a changed one keeps its own unless one is.

    Raises:
        Forbidden: `by` may not maintain webhooks.
        AddressRefused: the address may not be called.
        Invalid: a secret that is not `whsec_` and base64 of 24 to 64 bytes; an account that is no channel.
    """
    require(user=by, power=Power.MANAGE_CHANNELS)
    check_url(endpoint.url)
    if not endpoint.client.positions.active(timezone.now()).filter(role=Role.CHANNEL).exists():
        raise Invalid(_("Webhooks are for channel systems."), code="not_a_channel", field="client")
    if not secret and not endpoint.pk:
        secret = write_secret(secrets.token_bytes(SECRET_BYTES))
    if secret:
        if read_secret(secret) is None:
            message = _("A secret is whsec_ and base64 of 24 to 64 bytes.")
            raise Invalid(message, code="bad_secret", field="secret")
        endpoint.secret_encrypted = cipher.encrypt(secret.encode(), place=PLACE)
    endpoint.full_clean()
    endpoint.save()
    return endpoint, secret


def fan_out(*, event: TicketEvent) -> int:
    """A delivery of `event` to every endpoint of the channel that made its ticket; twice makes none twice."""
    client = event.ticket.client_id
    if client is None or not channel_notices.is_for_channels(event):
        return 0
    endpoints = WebhookEndpoint.objects.filter(client=client, is_active=True)
    deliveries = [WebhookDelivery(endpoint=it, event=event, next_try_at=event.at) for it in endpoints]
    return len(WebhookDelivery.objects.bulk_create(deliveries, ignore_conflicts=True))


def take_due(*, at: datetime, limit: int = 50) -> list[int]:
    """Claim deliveries whose time has come: nobody else is offered them for two minutes."""
    due = WebhookDelivery.objects.filter(status=Delivery.WAITING, next_try_at__lte=at)
    due = due.filter(endpoint__is_active=True).order_by("next_try_at")
    return [pk for pk in list(due.values_list("pk", flat=True)[:limit]) if _claim(pk, at)]


def _claim(pk: int, at: datetime) -> bool:
    mine = WebhookDelivery.objects.filter(pk=pk, status=Delivery.WAITING, next_try_at__lte=at)
    return bool(mine.update(next_try_at=at + LEASE, attempts=F("attempts") + 1))


def send(*, delivery_id: int, at: datetime) -> bool:
    """Send one claimed delivery and record what came of it; answer whether it arrived (any 2xx)."""
    rows = WebhookDelivery.objects.select_related("endpoint", "event__ticket")
    delivery = rows.get(pk=delivery_id)
    if delivery.status != Delivery.WAITING:
        return delivery.status == Delivery.SENT
    answer, has_arrived = _post(delivery, at)
    _record(delivery, answer, has_arrived, at)
    return has_arrived


def _post(delivery: WebhookDelivery, at: datetime) -> tuple[str, bool]:
    body = json.dumps(channel_notices.channel_message(delivery.event), separators=(",", ":")).encode()
    secret = cipher.decrypt(delivery.endpoint.secret_encrypted, place=PLACE).decode()
    headers = signed_headers(
        message_id=f"evt_{delivery.event_id}_{delivery.endpoint_id}",
        timestamp=int(at.timestamp()),
        body=body,
        key=read_secret(secret) or b"",
    )
    try:
        status = _call(resolve(delivery.endpoint.url), body, headers)
    except AddressRefused as refusal:
        return refusal.code, False
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__, False
    return str(status), 200 <= status < 300


class _PinnedConnection(http.client.HTTPConnection):
    """A connection to the address that was judged, whatever the host's name resolves to by now."""

    def __init__(self, target: Target) -> None:
        super().__init__(target.host, target.port, timeout=PATIENCE_S)
        self.target = target

    def connect(self) -> None:
        plain = socket.create_connection((self.target.address, self.target.port), PATIENCE_S)
        if self.target.is_tls:
            context = ssl.create_default_context()
            plain = context.wrap_socket(plain, server_hostname=self.target.host)
        self.sock = plain


def _call(target: Target, body: bytes, headers: dict[str, str]) -> int:
    """POST, and the status. A redirect is an answer like any other: it is not followed."""
    connection = _PinnedConnection(target)
    try:
        connection.request(
            "POST",
            target.path,
            body,
            headers | {"Content-Type": "application/json", "User-Agent": "pln-portal-webhooks/1"},
        )
        return connection.getresponse().status
    finally:
        connection.close()


def _record(delivery: WebhookDelivery, answer: str, has_arrived: bool, at: datetime) -> None:
    """Sent; or tried again after a pause that grows; or parked for a person to look at."""
    values: dict[str, Any] = {"last_answer": answer}
    pause = pause_after(delivery.attempts)
    if has_arrived:
        values |= {"status": Delivery.SENT, "sent_at": at, "next_try_at": None}
    elif pause is None:
        values |= {"status": Delivery.PARKED, "next_try_at": None}
    else:
        values["next_try_at"] = at + pause
    WebhookDelivery.objects.filter(pk=delivery.pk, status=Delivery.WAITING).update(**values)
    if not has_arrived:
        log.warning("webhook_failed", delivery=delivery.pk, attempts=delivery.attempts, answer=answer)


def send_again(*, delivery: WebhookDelivery, by: User, at: datetime | None = None) -> WebhookDelivery:
    """Put a parked delivery back, with all its tries.

    Raises:
        Forbidden: `by` may not maintain webhooks.
        NotParked: it is not parked.
    """
    require(user=by, power=Power.MANAGE_CHANNELS)
    at = at or timezone.now()
    parked = WebhookDelivery.objects.filter(pk=delivery.pk, status=Delivery.PARKED)
    if not parked.update(status=Delivery.WAITING, attempts=0, next_try_at=at):
        raise NotParked(_("This delivery is not parked."))
    delivery.refresh_from_db()
    return delivery
