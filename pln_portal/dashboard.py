"""The first page of the admin: what concerns the reader's own units."""

from typing import Any

from django.http import HttpRequest


def first_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    return context
