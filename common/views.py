"""The base of every API view: rows through sight, actions through powers."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import viewsets
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request

from common.filters import refuse_unknown_parameters
from common.permissions import HasPower


class ScopedViewSet(viewsets.GenericViewSet):
    """A viewset that only ever meets rows its reader may see.

    A subclass names the power of each action in `powers` (what is missing there is refused to all), its
    OAuth `scope`, and further query parameters per action in `query_params`.
    """

    permission_classes = (HasPower,)
    powers: dict[str, str] = {}
    scope = ""
    query_params: dict[str, tuple[str, ...]] = {}
    ordering_keys: tuple[str, ...] = ("-pk",)
    ordering_tie = ""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if (request.method or "").lower() not in self.action_map:
            raise MethodNotAllowed(request.method or "")
        super().initial(request, *args, **kwargs)
        refuse_unknown_parameters(request, self._known_parameters())

    def get_queryset(self) -> QuerySet:
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset().none()
        return super().get_queryset().visible_to(self.request.user)  # type: ignore[attr-defined]

    def _known_parameters(self) -> set[str]:
        known = set(self.query_params.get(self.action, ()))
        if self.action == "list":
            known |= set(getattr(self.paginator, "query_params", ()))
            if filterset := getattr(self, "filterset_class", None):
                known |= set(filterset.base_filters)
        return known
