"""SOPs to read: which rules where and when, what it says, what changed, and "I have read it"."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

from django.db.models import QuerySet
from django.http import FileResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers as drf
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from common.parsers import StrictFormParser, StrictJSONParser
from common.renderers import FragmentRenderer
from common.views import ScopedViewSet
from sop.api import document_serializers as serializers
from sop.downloads import as_download
from sop.models import SopDocument, SopVersion
from sop.services import comparing, reading
from sop.services.shelf import Shelf
from units.models import Unit, User
from units.powers import Power

ASKED = ("on", "unit")
NUMBER = OpenApiParameter("n", int, OpenApiParameter.PATH, description="Number of the version.")
OTHER = OpenApiParameter("m", int, OpenApiParameter.PATH, description="Number of the newer version.")
SLUG = OpenApiParameter("slug", str, OpenApiParameter.PATH)


class DocumentFilter(filters.FilterSet):
    search = filters.CharFilter(method="keep", max_length=100)

    class Meta:
        model = SopDocument
        fields = ("search",)

    def keep(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        """The words are looked for in the versions that rule, not in documents: see the view."""
        return queryset


class AnyRenderer(BaseRenderer):
    """For answers that are files."""

    media_type, format = "*/*", "file"

    def render(self, data: Any, accepted: Any = None, context: Any = None) -> Any:
        return JSONRenderer().render(data)


class SopView(ScopedViewSet):
    """Common to documents and versions: the day and the unit that the reader asks about."""

    renderer_classes = (JSONRenderer, FragmentRenderer)
    parser_classes = (StrictJSONParser, StrictFormParser)

    @property
    def reader(self) -> User:
        return cast(User, self.request.user)

    def shelf(self) -> Shelf:
        """What rules where and when the reader asks.

        Raises:
            ValidationError: a day or a unit that is none.
        """
        asked = serializers.AskedSerializer(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        on: date = asked.validated_data.get("on", timezone.localdate())
        return Shelf(reader=self.reader, unit=self._unit(asked.validated_data.get("unit")), on=on)

    def _unit(self, code: str | None) -> Unit | None:
        if not code:
            return None
        found = Unit.objects.visible_to(self.reader).filter(code=code).first()
        if found is None:
            raise drf.ValidationError({"unit": _("There is no such unit.")})
        return found


class DocumentViewSet(SopView):
    """Every SOP with the version that rules on a day at a unit, or the plain answer that none does."""

    queryset = SopDocument.objects.select_related("owner_unit")
    serializer_class = serializers.DocumentSerializer
    filterset_class = DocumentFilter
    lookup_field = "slug"
    lookup_value_regex = "[a-z0-9_-]{1,60}"
    ordering_keys = ("slug", "-slug")
    query_params = {"list": ASKED, "retrieve": ASKED}
    powers = {"list": Power.SEE_SOP, "retrieve": Power.SEE_SOP}

    @property
    def fragment(self) -> str:
        return "sop/documents.html" if self.action == "list" else "sop/document.html"

    @extend_schema(
        parameters=[serializers.AskedSerializer], responses=serializers.DocumentSerializer(many=True)
    )
    def list(self, request: Request) -> Response:
        """With `search`, those that hold its words, each with the place."""
        shelf = self.shelf()
        rows = self.filter_queryset(self.get_queryset())
        if search := request.query_params.get("search", "").strip():
            rows = rows.filter(pk__in=shelf.search(rows, search))
        entries = shelf.entries(self.paginate_queryset(rows) or [])
        return self.get_paginated_response(self.get_serializer(entries, many=True).data)

    @extend_schema(
        parameters=[SLUG, serializers.AskedSerializer], responses=serializers.DocumentDetailSerializer
    )
    def retrieve(self, request: Request, slug: str) -> Response:
        """A document with all its versions."""
        entry = self.shelf().entry_with_versions(self.get_object())
        return Response(serializers.DocumentDetailSerializer(entry).data)


class VersionViewSet(SopView):
    """One version: read whole, compared, acknowledged."""

    queryset = SopVersion.objects.select_related("document__owner_unit", "supersedes__document")
    serializer_class = serializers.VersionSerializer
    powers = {
        "retrieve": Power.SEE_SOP,
        "diff": Power.SEE_SOP,
        "acknowledge": Power.SEE_SOP,
        "attachment": Power.SEE_SOP,
    }

    @property
    def fragment(self) -> str:
        return "sop/diff.html" if self.action == "diff" else "sop/version.html"

    def get_renderers(self) -> list[Any]:
        return [AnyRenderer()] if self.action == "attachment" else super().get_renderers()

    def version(self, number: str) -> SopVersion:
        rows = self.get_queryset().filter(document__slug=self.kwargs["slug"])
        return get_object_or_404(rows, number=number)

    @extend_schema(parameters=[SLUG, NUMBER], responses=serializers.VersionSerializer)
    def retrieve(self, request: Request, slug: str, n: str) -> Response:
        """The text, where it applies, its procedures; first what changed since the version you know."""
        return self._whole(self.version(n))

    def _whole(self, version: SopVersion) -> Response:
        Shelf(reader=self.reader, unit=None, on=timezone.localdate()).describe(version)
        return Response(serializers.VersionSerializer(version).data)

    @extend_schema(parameters=[SLUG, NUMBER, OTHER], responses=serializers.DifferenceSerializer)
    def diff(self, request: Request, slug: str, n: str, m: str) -> Response:
        """What version `m` changes against version `n`."""
        change = comparing.compare_versions(self.version(n), self.version(m))
        return Response(serializers.DifferenceSerializer(change).data)

    @extend_schema(parameters=[SLUG, NUMBER], request=None, responses=serializers.VersionSerializer)
    def acknowledge(self, request: Request, slug: str, n: str) -> Response:
        """ "I have read it." A second time changes nothing."""
        version = self.version(n)
        reading.acknowledge(version=version, by=self.reader, at=timezone.now())
        return self._whole(version)

    @extend_schema(
        parameters=[SLUG, NUMBER, OpenApiParameter("id", int, OpenApiParameter.PATH)],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def attachment(self, request: Request, slug: str, n: str, id: str) -> FileResponse:
        """An original file, always as a download."""
        found = get_object_or_404(self.version(n).attachments.all(), pk=id)
        return as_download(found)
