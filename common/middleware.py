"""Guards that hold for every page: a number for each request, plain text, no caching, the right policy."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponseBadRequest, HttpResponseBase
from django.utils.translation import gettext as _

from common.problems import problem_json

GetResponse = Callable[[HttpRequest], HttpResponseBase]
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
log = structlog.get_logger(__name__)


class RequestLog:
    """One line per request, and `X-Request-ID` to find it by: the caller's own, or a new one.

    The line has no query, no address of the caller and no header: those hold personal data, or lie.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if REQUEST_ID.fullmatch(given) else str(uuid.uuid4())
        began = time.monotonic()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            log.info(
                "request",
                method=request.method,
                path=request.path,
                status=response.status_code,
                user=_known_user(request),
                milliseconds=round((time.monotonic() - began) * 1000),
            )
        response["X-Request-ID"] = request_id
        return response


class PlainTextGuard:
    """Refuse NUL in paths, queries and cookies, which databases answer with an error of their own."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not self._has_nul(request):
            return self.get_response(request)
        detail = _("The address holds a character that no text may hold.")
        if request.path.startswith("/api/"):
            return problem_json(status=400, code="bad_text", detail=detail)
        return HttpResponseBadRequest(detail)

    def _has_nul(self, request: HttpRequest) -> bool:
        query = request.META.get("QUERY_STRING", "").replace("%00", "\x00")
        return any("\x00" in text for text in (request.path, query, *request.COOKIES.values()))


class NoStore:
    """What a view answers is never kept by a cache."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store"
        return response


class ContentSecurityPolicy(CSPMiddleware):
    """The strict policy everywhere; the admin's own where its theme needs to evaluate expressions."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only and request.path.startswith("/admin/"):
            parts.config = settings.ADMIN_CONTENT_SECURITY_POLICY
        return parts


def _known_user(request: HttpRequest) -> Any:
    """The account's number if this request has loaded it; a log line is not worth a query."""
    for user in (request.__dict__.get("_cached_user"), request.__dict__.get("user")):
        if user is not None and "_wrapped" not in vars(user):
            return user.pk
    return None
