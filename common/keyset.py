"""Lists of the admin that stay fast at ten million rows: no counts, and each page found by its first key."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters, ShowFacets
from django.contrib.admin.views.main import ChangeList as StockChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.views import ChangeList

from common.admin import ScopedAdmin

AFTER = "after"


class Pages:
    """Stands where the stock list has its paginator; it knows the next page and no other."""

    template_name = "admin/common/pages.html"

    def __init__(self, next_after: str) -> None:
        self.next_after = next_after


class KeysetChangeList(ChangeList):
    """Shows the rows that follow `?after=`, by one unique key."""

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        found = super().get_filters_params(params)
        found.pop(AFTER, None)
        return found

    def get_results(self, request: HttpRequest) -> None:
        key = self.model_admin.list_key(request)
        rows = self._after(request.GET.get(AFTER, ""), key)
        page = list(rows[: self.list_per_page + 1])
        self.result_list = page[: self.list_per_page]
        is_more = len(page) > self.list_per_page
        last = str(getattr(self.result_list[-1], key.lstrip("-"))) if is_more else ""
        self.paginator = Pages(last)
        self.result_count = len(self.result_list)
        self.full_result_count = self.result_count
        self.show_full_result_count = False
        self.show_admin_actions = True
        self.can_show_all = self.multi_page = False

    def _after(self, after: str, key: str) -> QuerySet:
        rows = self.queryset.order_by(key)
        if not after:
            return rows
        name, side = key.lstrip("-"), "lt" if key.startswith("-") else "gt"
        if name == "pk" and not (after.isascii() and after.isdigit() and len(after) <= 18):
            raise IncorrectLookupParameters
        return rows.filter(**{f"{name}__{side}": after})

    @property
    def next_page(self) -> str:
        return self.get_query_string({AFTER: self.paginator.next_after}) if self.paginator.next_after else ""

    @property
    def first_page(self) -> str:
        return self.get_query_string(remove=[AFTER]) if AFTER in self.params else ""


class KeysetAdmin(ScopedAdmin):
    """A read-only list without counts; rows come by `list_key`."""

    show_facets = ShowFacets.NEVER
    sortable_by: tuple[str, ...] = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[StockChangeList]:
        return KeysetChangeList

    def list_key(self, request: HttpRequest) -> str:
        """The unique field by which the list is read; with `-` the newest first."""
        return "-pk"
