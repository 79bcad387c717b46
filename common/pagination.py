"""Lists are read by key, not by page number: the thousandth page costs what the first did."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request


class KeysetPagination(CursorPagination):
    """`{"next", "previous", "results"}`, at most 200 rows, ordered by one unique key.

    A view allows other keys by `ordering_keys`; the first is its default. Each must be unique.
    """

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    query_params = ("cursor", "page_size", "ordering")

    def get_ordering(self, request: Request, queryset: QuerySet, view: Any) -> tuple[str, ...]:
        allowed = view.ordering_keys
        asked = request.query_params.get("ordering") or allowed[0]
        if asked not in allowed:
            choices = ", ".join(allowed)
            raise ValidationError({"ordering": _("Choose one of: %(choices)s.") % {"choices": choices}})
        return (asked,)

    def get_page_size(self, request: Request) -> int:
        asked = request.query_params.get("page_size")
        if asked is None:
            return self.page_size
        if not asked.isascii() or not asked.isdigit() or not 1 <= int(asked[:9]) <= self.max_page_size:
            raise ValidationError({"page_size": _("Give a number from 1 to 200.")})
        return int(asked)

    def decode_cursor(self, request: Request) -> Any:
        try:
            return super().decode_cursor(request)
        except NotFound as error:
            raise ValidationError({"cursor": _("This cursor is not one of ours.")}) from error
