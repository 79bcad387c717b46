"""What an agent screen's form sends, as the JSON of the same request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict

PREFIX, NULL = "fields.", "null"


def as_json(data: Any) -> dict[str, Any]:
    """The body of an answer. JSON stays as it is.

    In a form `fields.NAME` is a field, `fields.NAME.PART` a part of one, and a ticked `fields.NAME.null` says
    "Tidak Ada Angka". An empty box is a field left out.
    """
    if not isinstance(data, QueryDict):
        return dict(data) if isinstance(data, Mapping) else {"body": data}
    body: dict[str, Any] = {}
    for name, value in data.items():
        if name.startswith(PREFIX):
            _put(body.setdefault("fields", {}), name.removeprefix(PREFIX), str(value))
        elif name != "csrfmiddlewaretoken" and value != "":
            body[name] = value
    return body


def _put(fields: dict[str, Any], name: str, value: str) -> None:
    name, _dot, part = name.partition(".")
    if part == NULL:
        fields[name] = None
    elif part and value:
        inside = fields.setdefault(name, {})
        if isinstance(inside, dict):
            inside[part] = value
    elif value and not part:
        fields.setdefault(name, value)
