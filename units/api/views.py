"""Units, areas, and the reader's own positions."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.filters import refuse_unknown_parameters
from common.permissions import LoggedIn
from common.renderers import FragmentRenderer
from common.views import ScopedViewSet
from units.api import filters, serializers
from units.models import Area, Unit
from units.powers import Power


class MeView(APIView):
    """The reader: account, positions in force, and the powers that follow."""

    permission_classes = (LoggedIn,)
    scope = "read"

    @extend_schema(responses=serializers.MeSerializer)
    def get(self, request: Request) -> Response:
        refuse_unknown_parameters(request, set())
        return Response(serializers.MeSerializer(request.user).data)


class UnitViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ScopedViewSet):
    """The unit tree."""

    queryset = Unit.objects.select_related("parent").prefetch_related("aliases")
    serializer_class = serializers.UnitSerializer
    filterset_class = filters.UnitFilter
    renderer_classes = (JSONRenderer, FragmentRenderer)
    fragment = "units/unit_options.html"
    lookup_field = "code"
    lookup_value_regex = "[A-Za-z0-9.-]{1,12}"
    ordering_keys = ("code", "-code")
    powers = {"list": Power.SEE_UNITS, "retrieve": Power.SEE_UNITS}
    scope = "read"


class AreaViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ScopedViewSet):
    """Administrative areas; without `parent` or `search`, the provinces."""

    queryset = Area.objects.all()
    filterset_class = filters.AreaFilter
    renderer_classes = (JSONRenderer, FragmentRenderer)
    fragment = "units/area_options.html"
    lookup_value_regex = r"[0-9.]{2,13}"
    ordering_keys = ("code", "-code")
    powers = {"list": Power.SEE_UNITS, "retrieve": Power.SEE_UNITS}
    scope = "read"

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        narrowed = {"parent", "search", "level"} & set(self.request.query_params)
        return rows if self.action != "list" or narrowed else rows.filter(level=1)

    def get_serializer_class(self) -> type[serializers.AreaSerializer]:
        return serializers.AreaDetailSerializer if self.action == "retrieve" else serializers.AreaSerializer
