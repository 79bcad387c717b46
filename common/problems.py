"""RFC 9457 problem details: one shape for every refusal of the API."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, ValidationError as ModelValidationError
from django.db import DataError, IntegrityError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.translation import gettext as _, gettext_lazy
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from common.errors import DomainError

CONTENT_TYPE = "application/problem+json"
log = structlog.get_logger(__name__)

TITLES = {
    400: gettext_lazy("The request cannot be understood"),
    401: gettext_lazy("Please log in"),
    403: gettext_lazy("Not allowed"),
    404: gettext_lazy("Not found"),
    405: gettext_lazy("Method not allowed"),
    406: gettext_lazy("No such representation"),
    409: gettext_lazy("Conflict"),
    412: gettext_lazy("Changed by somebody else"),
    413: gettext_lazy("Too large"),
    415: gettext_lazy("Unsupported media type"),
    422: gettext_lazy("Cannot be processed"),
    428: gettext_lazy("Say which version you change"),
    429: gettext_lazy("Too many requests"),
    500: gettext_lazy("Something went wrong"),
    503: gettext_lazy("Not available just now"),
}


def problem(*, status: int, code: str, detail: str, errors: list[dict] | None = None) -> dict[str, Any]:
    """The body: `type`, `title`, `status`, `detail`, `code`, and `errors` with a JSON pointer each."""
    body: dict[str, Any] = {
        "type": f"urn:pln-portal:problem:{code}",
        "title": str(TITLES.get(status, HTTPStatus(status).phrase)),
        "status": status,
        "code": code,
        "detail": str(detail),
    }
    if errors:
        body["errors"] = errors
    return body


def problem_json(*, status: int, code: str, detail: str) -> JsonResponse:
    """A problem outside DRF: in middleware and error pages."""
    body = problem(status=status, code=code, detail=detail)
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE)


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. Answers None for what is a bug, which Django then reports as such."""
    body, headers = _describe(error)
    if body is None:
        return None
    set_rollback()
    return Response(body, status=body["status"], headers=headers, content_type=CONTENT_TYPE)


def _describe(error: Exception) -> tuple[dict[str, Any] | None, dict[str, str]]:
    if isinstance(error, DomainError):
        errors = [{"pointer": f"/{error.field}", "detail": error.message}] if error.field else None
        return problem(status=error.status, code=error.code, detail=error.message, errors=errors), {}
    if isinstance(error, Http404):
        return problem(status=404, code="not_found", detail=_("There is nothing here.")), {}
    if isinstance(error, PermissionDenied):
        return problem(status=403, code="forbidden", detail=_("You may not do this.")), {}
    if isinstance(error, ModelValidationError):
        error = exceptions.ValidationError(exceptions._get_error_details(error.messages))  # type: ignore[attr-defined]
    if isinstance(error, exceptions.APIException):
        return _from_rest_framework(error)
    return _from_database(error)


def _from_rest_framework(error: exceptions.APIException) -> tuple[dict[str, Any], dict[str, str]]:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    if isinstance(error, exceptions.ValidationError):
        errors = list(_pointers(error.get_full_details()))
        return problem(status=400, code="invalid", detail=_("Please correct the input."), errors=errors), headers
    code = str(error.get_codes()) if isinstance(error.detail, str) else "error"
    return problem(status=error.status_code, code=code, detail=str(error.detail), errors=None), headers


def _pointers(details: Any, path: str = "") -> Any:
    """Flatten DRF's nested errors into `{"pointer", "code", "detail"}`."""
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        yield {"pointer": path or "/", "code": details["code"], "detail": str(details["message"])}
    elif isinstance(details, dict):
        for name, inner in details.items():
            yield from _pointers(inner, path if name == "non_field_errors" else f"{path}/{name}")
    else:
        leaves = all(isinstance(inner, dict) and set(inner) == {"message", "code"} for inner in details)
        for index, inner in enumerate(details):
            yield from _pointers(inner, path if leaves else f"{path}/{index}")


def _from_database(error: Exception) -> tuple[dict[str, Any] | None, dict[str, str]]:
    if isinstance(error, OperationalError):
        log.warning("database_unavailable", kind=type(error.__cause__ or error).__name__)
        detail = _("The portal is busy. Nothing was saved; please try again.")
        return problem(status=503, code="busy", detail=detail), {"Retry-After": "2"}
    if isinstance(error, (DataError, IntegrityError)):
        log.error("input_reached_the_database", kind=type(error.__cause__ or error).__name__)
        detail = _("The input does not fit. Nothing was saved.")
        return problem(status=400, code="bad_data", detail=detail), {}
    return None, {}


def not_found_page(request: HttpRequest) -> JsonResponse:
    return problem_json(status=404, code="not_found", detail=_("There is nothing here."))


def server_error_page(request: HttpRequest) -> JsonResponse:
    return problem_json(status=500, code="error", detail=_("This was not your fault. It has been recorded."))
