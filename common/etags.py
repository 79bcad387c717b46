"""Lost updates: a write names the version it changes."""

from __future__ import annotations

from django.utils.translation import gettext as _
from rest_framework.request import Request

from common.errors import PreconditionRequired, Stale


def require_match(request: Request, etag: str) -> None:
    """Refuse a write without `If-Match` (428) or with another version than the strong `etag` (412).

    `*` and weak tags match nothing: they do not say what the caller has read.
    """
    given = request.headers.get("If-Match")
    if given is None:
        raise PreconditionRequired(_("Send If-Match with the ETag that you read."))
    if etag not in {part.strip() for part in given.split(",")}:
        raise Stale(_("Somebody else changed this since you read it. Read it again, then decide."), etag=etag)
