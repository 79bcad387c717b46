"""What the OpenAPI document says beyond the serializers: errors, and the two renderings."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema

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
                "required": ["pointer", "detail"],
            },
        },
    },
    "required": ["type", "title", "status", "code", "detail"],
}
ALWAYS = ("400", "401", "403", "406", "429", "503")
WITH_BODY = ("409", "413", "415", "422")
WITH_VERSION = ("412", "428")


class PortalSchema(AutoSchema):
    """One operation id per view and action; fragments for agent screens are not part of the contract."""

    def map_renderers(self, attribute: str) -> list[str]:
        return [name for name in super().map_renderers(attribute) if name not in ("text/html", "html")]


def declare_problems(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Declare every problem status on every operation, so that clients and fuzzers know them."""
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            for status in _statuses(path, method):
                operation["responses"].setdefault(status, _problem_answer())
    return result


def _statuses(path: str, method: str) -> list[str]:
    statuses = list(ALWAYS)
    if "{" in path:
        statuses.append("404")
    if method in ("post", "put", "patch"):
        statuses.extend(WITH_BODY)
    if method in ("put", "patch", "delete"):
        statuses.extend(WITH_VERSION)
    return statuses


def _problem_answer() -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": "Problem", "content": {"application/problem+json": {"schema": schema}}}
