"""Lists are read by key, not by page number: the thousandth page costs what the first did."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError as ModelValidationError
from django.db import DataError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

NOT_A_POSITION = (ValueError, TypeError, OverflowError, DataError, ModelValidationError)


class KeysetPagination(CursorPagination):
    """`{"next", "previous", "results"}`, at most 200 rows, ordered by one unique key.

    A view allows other keys by `ordering_keys`; the first is its default. Each must be unique, or the view
    names an `ordering_tie` that orders the rows which share it; those must be few.
    """

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    query_params = ("cursor", "page_size", "ordering")

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list | None:
        try:
            return super().paginate_queryset(queryset, request, view)
        except NOT_A_POSITION as error:
            if not request.query_params.get("cursor"):
                raise
            raise _foreign_cursor() from error

    def get_ordering(self, request: Request, queryset: QuerySet, view: Any) -> tuple[str, ...]:
        allowed = view.ordering_keys
        asked = request.query_params.get("ordering", allowed[0])
        if asked not in allowed:
            choices = ", ".join(allowed)
            raise ValidationError({"ordering": _("Choose one of: %(choices)s.") % {"choices": choices}})
        return (asked, view.ordering_tie) if view.ordering_tie else (asked,)

    def get_page_size(self, request: Request) -> int:
        asked = request.query_params.get("page_size", str(self.page_size))
        if not asked.isascii() or not asked.isdigit() or not 1 <= int(asked[:9]) <= self.max_page_size:
            raise ValidationError({"page_size": _("Give a number from 1 to 200.")})
        return int(asked)

    def decode_cursor(self, request: Request) -> Any:
        try:
            return super().decode_cursor(request)
        except NotFound as error:
            raise _foreign_cursor() from error

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """What the OpenAPI document says of the three parameters, with their limits."""
        cursor, size = super().get_schema_operation_parameters(view)
        size["schema"] |= {"minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
        keys = list(view.ordering_keys)
        ordering = {
            "name": "ordering",
            "in": "query",
            "required": False,
            "description": "The key that orders the list; a minus sign turns it around.",
            "schema": {"type": "string", "enum": keys, "default": keys[0]},
        }
        return [cursor, size, ordering]


def _foreign_cursor() -> ValidationError:
    return ValidationError({"cursor": _("This cursor is not one of ours.")})
