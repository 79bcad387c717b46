"""Twice is once: a POST with an Idempotency-Key is carried out one time and answered the same each time."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils.translation import gettext as _
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from common.errors import Conflict, DomainError, Invalid
from common.models import IdempotencyKey
from common.permissions import is_channel

HEADER = "Idempotency-Key"


class KeyRequired(DomainError):
    status = 400
    code = "idempotency_key_required"


class KeyMalformed(DomainError):
    status = 400
    code = "idempotency_key_malformed"


def once(action: Callable[..., Response]) -> Callable[..., Response]:
    """Make a creating action repeatable under the caller's Idempotency-Key.

    The same key and body replays the stored answer (`Idempotency-Replayed: true`), another body is 422,
    one still in flight is 409. The key is stored in the transaction of the work, so a refused or broken
    request leaves no key behind. Channels must send a key; others may.
    """

    @functools.wraps(action)
    def wrapper(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = _key(request)
        if key is None:
            return action(view, request, *args, **kwargs)
        with transaction.atomic():
            record, is_new = _claim(request, key)
            if not is_new:
                return _replay(record, _fingerprint(request))
            response = action(view, request, *args, **kwargs)
            record.status = response.status_code
            record.body = JSONRenderer().render(response.data).decode()
            record.save(update_fields=["status", "body"])
            return response

    return wrapper


def _key(request: Request) -> str | None:
    key = request.headers.get(HEADER)
    if key is None and is_channel(request):
        raise KeyRequired(_("Send an Idempotency-Key, so that a retry does not do the work twice."))
    if key is not None and not (8 <= len(key) <= 255 and key.isascii() and key.isprintable()):
        raise KeyMalformed(_("An Idempotency-Key has 8 to 255 printable ASCII characters."))
    return key


def _claim(request: Request, key: str) -> tuple[IdempotencyKey, bool]:
    """Insert the key, or wait for the transaction that holds it and return what it stored."""
    identity = {"user_id": request.user.pk, "operation": _operation(request), "key": key}
    try:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL lock_timeout = '2s'")
            record = IdempotencyKey.objects.create(**identity, fingerprint=_fingerprint(request))
            return record, True
    except IntegrityError:
        return IdempotencyKey.objects.get(**identity), False
    except OperationalError as error:
        raise Conflict(_("The same request is still being worked on."), code="in_flight") from error


def _replay(record: IdempotencyKey, fingerprint: str) -> Response:
    if record.fingerprint != fingerprint:
        raise Invalid(_("This Idempotency-Key was used with another body."), code="idempotency_key_reused")
    return Response(json.loads(record.body), record.status, headers={"Idempotency-Replayed": "true"})


def _operation(request: Request) -> str:
    return f"{request.method} {request.path}"[:200]


def _fingerprint(request: Request) -> str:
    canonical = json.dumps(_plain(request.data), sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _plain(data: Any) -> Any:
    return dict(data.lists()) if hasattr(data, "lists") else data
