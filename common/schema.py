"""What the OpenAPI document says beyond the serializers: headers, errors, and one rendering of the two."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from drf_spectacular.openapi import AutoSchema

from common.idempotency import HEADER

PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457). `code` is stable; `detail` is for people.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
                "required": ["pointer", "code", "detail"],
            },
        },
    },
    "required": ["type", "title", "status", "code", "detail"],
}
COLUMN_LIMITS = {limit for bits in (15, 31, 63) for limit in (2**bits - 1, -(2**bits))}
ALWAYS = ("400", "401", "403", "404", "406", "422", "429", "500", "503")
WITH_BODY = ("409", "413", "415")
WITH_VERSION = ("412", "428")

IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The ETag of what you read; with an older one the write is refused.",
    "schema": {"type": "string"},
}
IDEMPOTENCY_KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "Makes a retry safe for 72 hours: the same key and body give the same answer. "
    "Channels must send it.",
    "schema": {"type": "string", "minLength": 8, "maxLength": 255, "pattern": "^[ -~]+$"},
}
ETAG = {"description": "The version of this resource, for If-Match.", "schema": {"type": "string"}}
RETRY_AFTER = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
CHALLENGE = {"description": "How to log in (RFC 6750).", "schema": {"type": "string"}}


class PortalSchema(AutoSchema):
    """Fragments for agent screens are not part of the contract; the headers that a write takes are."""

    def map_renderers(self, attribute: str) -> list[str]:
        return [name for name in super().map_renderers(attribute) if name not in ("text/html", "html")]

    def map_parsers(self) -> list[str]:
        return [name for name in super().map_parsers() if name != "application/x-www-form-urlencoded"]

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation = super().get_operation(*args, **kwargs)
        if operation is not None and (headers := list(self._headers())):
            ours = {header["name"] for header in headers}
            declared = [known for known in operation.get("parameters", []) if known["name"] not in ours]
            operation["parameters"] = [*declared, *headers]
        return operation

    def _headers(self) -> Iterator[dict[str, Any]]:
        action = getattr(self.view, getattr(self.view, "action", None) or self.method.lower(), None)
        if hasattr(action, "is_repeatable"):
            yield IDEMPOTENCY_KEY
        if self.method in ("PUT", "PATCH", "DELETE"):
            yield IF_MATCH


def forget_column_sizes(result: Any, **kwargs: Any) -> Any:
    """Drop limits that are only those of a column: they differ between databases, and nobody means them."""
    if isinstance(result, dict):
        if result.get("format") in ("int32", "int64"):
            del result["format"]
        for limit in ("minimum", "maximum"):
            if isinstance(result.get(limit), int) and result[limit] in COLUMN_LIMITS:
                del result[limit]
    for inner in result.values() if isinstance(result, dict) else result:
        if isinstance(inner, dict | list):
            forget_column_sizes(inner)
    return result


def declare_problems(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Declare every problem on every operation, and the ETag of what can be written, so that clients know."""
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    for operations in result["paths"].values():
        is_versioned = bool({"put", "patch", "delete"} & set(operations))
        for method, operation in operations.items():
            for status in _statuses(method):
                operation["responses"].setdefault(status, _problem_answer(status))
            if is_versioned and "200" in operation["responses"]:
                operation["responses"]["200"].setdefault("headers", {})["ETag"] = ETAG
    return result


def _statuses(method: str) -> list[str]:
    statuses = list(ALWAYS)
    if method in ("post", "put", "patch"):
        statuses.extend(WITH_BODY)
    if method in ("put", "patch", "delete"):
        statuses.extend(WITH_VERSION)
    return statuses


def _problem_answer(status: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    answer: dict[str, Any] = {
        "description": "Problem",
        "content": {"application/problem+json": {"schema": schema}},
    }
    if status == "401":
        answer["headers"] = {"WWW-Authenticate": CHALLENGE}
    if status in ("409", "429", "503"):
        answer["headers"] = {"Retry-After": RETRY_AFTER}
    if status == "412":
        answer["headers"] = {"ETag": ETAG}
    return answer
