"""Guards that hold for every page: plain text only, no caching, the right content security policy."""

from collections.abc import Callable

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django_structlog.middlewares import RequestMiddleware

from common.problems import problem_json

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class PlainTextGuard:
    """Refuse NUL in paths and queries, which databases answer with an error of their own."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            detail = _("The address holds a character that no text may hold.")
            if request.path.startswith("/api/"):
                return problem_json(status=400, code="bad_text", detail=detail)
            return HttpResponseBadRequest(detail)
        return self.get_response(request)


class RequestLog(RequestMiddleware):
    """Logs each request by its path alone: a query may hold a caller's phone number."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {request.path}"


class NoStore:
    """Answers to a logged-in reader are never kept by a cache."""

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
        self, request: HttpRequest, response: HttpResponse, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only and request.path.startswith("/admin/"):
            parts.config = settings.ADMIN_CONTENT_SECURITY_POLICY
        return parts
