"""Twice is once: a POST with an Idempotency-Key is carried out one time and answered the same each time."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils.translation import gettext as _
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from common.errors import Conflict, DomainError, Invalid
from common.models import IdempotencyKey
from common.permissions import is_channel

HEADER = "Idempotency-Key"
REPLAYED_HEADERS = ("ETag", "Location")
A_MOMENT, AS_USUAL = "'2s'", "DEFAULT"
LOCK_NOT_AVAILABLE = "55P03"


class KeyRequired(DomainError):
    status = 400
    code = "idempotency_key_required"


class KeyMalformed(DomainError):
    status = 400
    code = "idempotency_key_malformed"


class KeyReused(Invalid):
    code = "idempotency_key_reused"


class InFlight(Conflict):
    code = "in_flight"
    headers = {"Retry-After": "1"}


def once(action: Callable[..., Response]) -> Callable[..., Response]:
    """Make a creating action repeatable under the caller's Idempotency-Key.

    The same key and request replays the stored answer (`Idempotency-Replayed: true`), another body is 422,
    one still in flight is 409. The key is stored in the transaction of the work, so a refused or broken
    request leaves no key behind. Channels must send a key; others may. The answer is kept for 72 hours:
    do not use this where it holds personal data in clear.
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
            if response.status_code < 400:
                _keep(record, response)
            else:
                transaction.set_rollback(True)
            return response

    wrapper.is_repeatable = True  # type: ignore[attr-defined]  # read by the OpenAPI document
    return wrapper


def once_with(held: Callable[..., AbstractContextManager[Any]]) -> Callable[..., Any]:
    """Like `once`, for an action that first has to get something from another system.

    `held(view, request, ...)` answers a context manager, entered outside of every transaction and only where
    the key has no answer yet; what it yields is the action's next argument after the request.
    """

    def decorate(action: Callable[..., Response]) -> Callable[..., Response]:
        recorded = once(action)

        @functools.wraps(action)
        def wrapper(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
            if answer := _answered(request):
                return answer
            try:
                with held(view, request, *args, **kwargs) as got:
                    return recorded(view, request, got, *args, **kwargs)
            except DomainError:
                if answer := _answered(request):  # the same request, a moment earlier, was first
                    return answer
                raise

        wrapper.is_repeatable = True  # type: ignore[attr-defined]
        return wrapper

    return decorate


def _answered(request: Request) -> Response | None:
    """The stored answer to this request's key, if there is one."""
    key = _key(request)
    if key is None:
        return None
    record = IdempotencyKey.objects.filter(**_identity(request, key)).first()
    return _replay(record, _fingerprint(request)) if record else None


def _key(request: Request) -> str | None:
    key = request.headers.get(HEADER)
    if key is None and is_channel(request):
        raise KeyRequired(_("Send an Idempotency-Key, so that a retry does not do the work twice."))
    if key is not None and not (8 <= len(key) <= 255 and key.isascii() and key.isprintable()):
        raise KeyMalformed(_("An Idempotency-Key has 8 to 255 printable ASCII characters."))
    return key


def _claim(request: Request, key: str) -> tuple[IdempotencyKey, bool]:
    """Insert the key, or wait for the transaction that holds it and return what it stored."""
    identity = _identity(request, key)
    try:
        with transaction.atomic():
            _limit_wait(A_MOMENT)
            record = IdempotencyKey.objects.create(**identity, fingerprint=_fingerprint(request))
            _limit_wait(AS_USUAL)
            return record, True
    except IntegrityError:
        return IdempotencyKey.objects.get(**identity), False
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", "") != LOCK_NOT_AVAILABLE:
            raise
        raise InFlight(_("The same request is still being worked on.")) from error


def _identity(request: Request, key: str) -> dict[str, Any]:
    return {"user_id": request.user.pk, "operation": _operation(request), "key": key}


def _limit_wait(limit: str) -> None:
    """How long this transaction waits for a lock. SQLite lets one writer in at a time, with its own limit."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {limit}")


def _keep(record: IdempotencyKey, response: Response) -> None:
    """Store the answer, and give it back as stored: the first answer and a replay render alike."""
    record.status = response.status_code
    record.body = JSONRenderer().render(response.data).decode()
    record.headers = {name: response[name] for name in REPLAYED_HEADERS if response.has_header(name)}
    record.save(update_fields=["status", "body", "headers"])
    response.data = json.loads(record.body or "null")


def _replay(record: IdempotencyKey, fingerprint: str) -> Response:
    if record.fingerprint != fingerprint:
        raise KeyReused(_("This Idempotency-Key was used with another body."))
    headers = {**record.headers, "Idempotency-Replayed": "true"}
    return Response(json.loads(record.body or "null"), record.status, headers=headers)


def _operation(request: Request) -> str:
    return f"{request.method} {request.path}"[:200]


def _fingerprint(request: Request) -> str:
    """A digest of what is asked: address, query and body; files by their content."""
    asked = [request.get_full_path(), _plain(request.data)]
    canonical = json.dumps(asked, sort_keys=True, default=_digest)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _plain(data: Any) -> Any:
    return dict(data.lists()) if hasattr(data, "lists") else data


def _digest(upload: UploadedFile) -> str:
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    return digest.hexdigest()
