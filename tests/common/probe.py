"""A small API that exists in these tests only: what the ground of every endpoint promises, shown on it."""

from typing import Any

from django.core.exceptions import ValidationError as ModelValidationError
from django.db import DataError, OperationalError
from django.urls import include, path
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from common.errors import Conflict, Invalid
from common.etags import require_match
from common.idempotency import once
from common.parsers import StrictFormParser, StrictJSONParser
from common.renderers import FragmentRenderer
from common.views import ScopedViewSet
from units.models import Unit, UnitAlias
from units.powers import Power


class AliasSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=120)


def _fail(name: str) -> None:
    """Fail in the way that `name` asks for."""
    failures = {
        "refused": Invalid("no", field="name"),
        "clash": Conflict("no"),
        "broken": RuntimeError("canary-1234567890123456"),
        "busy": OperationalError("locked"),
        "misfit": DataError("too long"),
        "huge": OverflowError("too big"),
        "model": ModelValidationError({"name": ["not this"]}),
    }
    if name in failures:
        raise failures[name]


class AliasViewSet(ScopedViewSet):
    """Adds aliases to the head office: a write that is easy to count."""

    queryset = Unit.objects.all()
    serializer_class = AliasSerializer
    parser_classes = (StrictJSONParser, StrictFormParser, MultiPartParser)
    renderer_classes = (JSONRenderer, FragmentRenderer)
    fragment = "units/area_options.html"
    lookup_field = "code"
    powers = {"create": Power.SEE_UNITS, "update": Power.SEE_UNITS}
    scope = "read"

    @once
    def create(self, request: Request) -> Response:
        if upload := request.data.get("file"):
            return Response({"size": len(upload.read())}, 201)
        data = AliasSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        name = data.validated_data["name"]
        alias = UnitAlias.objects.create(unit=Unit.objects.get(code="PUSAT"), name=name)
        _fail(name)
        if name == "answered":
            return Response({"code": "answered"}, 409)
        return Response({"id": alias.pk, "results": []}, 201, headers={"Location": f"/aliases/{alias.pk}/"})

    def update(self, request: Request, **kwargs: Any) -> Response:
        require_match(request, '"unit-1"')
        return Response({})


router = SimpleRouter()
router.register("aliases", AliasViewSet)
urlpatterns = [path("api/probe/", include(router.urls)), path("", include("pln_portal.urls"))]

from pln_portal.urls import handler400, handler403, handler404, handler500  # noqa: E402,F401
