"""RFC 9457 problem details: one shape for every refusal of the API."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import defaults
from redis.exceptions import RedisError
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from rest_framework.views import set_rollback

from common.errors import DomainError

CONTENT_TYPE = "application/problem+json"
UNAVAILABLE = (OperationalError, InterfaceError, RedisError)
MISFIT = (DataError, IntegrityError, OverflowError)
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

Described = tuple[dict[str, Any], dict[str, str]]


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
    described = _describe(error)
    if described is None:
        return None
    body, headers = described
    set_rollback()
    renderer = getattr(context["request"], "accepted_renderer", None)
    as_fragment = renderer is not None and renderer.format == "html"
    return Response(
        body, status=body["status"], headers=headers, content_type=None if as_fragment else CONTENT_TYPE
    )


def _describe(error: Exception) -> Described | None:
    if isinstance(error, DomainError):
        errors = [_pointed(f"/{error.field}", error.code, error.message)] if error.field else None
        body = problem(status=error.status, code=error.code, detail=error.message, errors=errors)
        return body, error.headers
    if isinstance(error, ModelValidationError):
        error = exceptions.ValidationError(as_serializer_error(error))
    if isinstance(error, exceptions.APIException):
        return _from_rest_framework(error)
    if isinstance(error, Http404):
        return problem(status=404, code="not_found", detail=_("There is nothing here.")), {}
    if isinstance(error, PermissionDenied):
        return problem(status=403, code="forbidden", detail=_("You may not do this.")), {}
    if isinstance(error, SuspiciousOperation):
        return problem(status=400, code="bad_request", detail=_("The request cannot be understood.")), {}
    return _from_below(error)


def _from_rest_framework(error: exceptions.APIException) -> Described:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    if isinstance(error, exceptions.ValidationError):
        detail, errors = _("Please correct the input."), list(_pointers(error.get_full_details()))
        return problem(status=400, code="invalid", detail=detail, errors=errors), headers
    code = str(error.get_codes()) if isinstance(error.detail, str) else "error"
    return problem(status=error.status_code, code=code, detail=str(error.detail)), headers


def _from_below(error: BaseException | None) -> Described | None:
    """What the database or the cache answered: busy, or an input that no check above has caught."""
    kind = type((error and error.__cause__) or error).__name__
    if isinstance(error, UNAVAILABLE):
        log.warning("service_unavailable", kind=kind)
        detail = _("The portal is busy. Nothing was saved; please try again.")
        return problem(status=503, code="busy", detail=detail), {"Retry-After": "2"}
    if isinstance(error, MISFIT):
        log.error("input_reached_the_database", kind=kind)
        detail = _("The input does not fit. Nothing was saved.")
        return problem(status=400, code="bad_data", detail=detail), {}
    return None


def _pointers(details: Any, path: str = "") -> Iterator[dict[str, str]]:
    """Flatten DRF's nested errors into `{"pointer", "code", "detail"}`."""
    if _is_leaf(details):
        yield _pointed(path or "/", details["code"], str(details["message"]))
    elif isinstance(details, dict):
        for name, inner in details.items():
            step = "" if name == "non_field_errors" else "/" + _escaped(str(name))
            yield from _pointers(inner, path + step)
    else:
        leaves = all(_is_leaf(inner) for inner in details)
        for index, inner in enumerate(details):
            yield from _pointers(inner, path if leaves else f"{path}/{index}")


def _is_leaf(details: Any) -> bool:
    return isinstance(details, dict) and isinstance(details.get("code"), str)


def _pointed(pointer: str, code: str, detail: str) -> dict[str, str]:
    return {"pointer": pointer, "code": code, "detail": detail}


def _escaped(name: str) -> str:
    """One step of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


# --- What Django answers when no view of the API did ----------------------------------------------


def bad_request_page(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not _is_api(request):
        return defaults.bad_request(request, exception)
    return problem_json(status=400, code="bad_request", detail=_("The request cannot be understood."))


def forbidden_page(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not _is_api(request):
        return defaults.permission_denied(request, exception)
    return problem_json(status=403, code="forbidden", detail=_("You may not do this."))


def not_found_page(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not _is_api(request):
        return defaults.page_not_found(request, exception)
    return problem_json(status=404, code="not_found", detail=_("There is nothing here."))


def server_error_page(request: HttpRequest) -> HttpResponseBase:
    """500 for a bug; 503 when the database or the cache does not answer; 400 for what no column can hold."""
    error = sys.exc_info()[1]
    detail = _("This was not your fault. It has been recorded.")
    body, headers = _from_below(error) or (problem(status=500, code="error", detail=detail), {})
    if _is_api(request):
        return JsonResponse(body, status=body["status"], content_type=CONTENT_TYPE, headers=headers)
    if isinstance(error, MISFIT):
        return defaults.bad_request(request, error)
    page = defaults.server_error(request)
    page.status_code = body["status"]
    for name, value in headers.items():
        page[name] = value
    return page


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")
