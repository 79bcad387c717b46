"""Wide outages: seen by agents before they open another order, led by the units."""

from __future__ import annotations

from typing import Any, cast

import django_filters
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from allocation.api.serializers import CodeField
from common.idempotency import once
from common.renderers import FragmentRenderer
from common.serializers import StrictSerializer
from common.views import ScopedViewSet
from tickets.api.fields import VisibleUnitField
from tickets.api.serializers import ReasonSerializer
from tickets.models import NUMBER, Incident, IncidentStatus, Ticket
from tickets.models.incident import IncidentQuerySet
from tickets.rules.incidents import next_statuses
from tickets.services import incidents
from units.api.serializers import UnitBriefSerializer
from units.models import Area, Unit, User
from units.powers import Power

KEY = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=False)


class IncidentSerializer(serializers.ModelSerializer):
    """An outage, and where an officer may take it."""

    unit = UnitBriefSerializer(read_only=True)
    area = serializers.CharField(source="area_id", read_only=True)
    area_name = serializers.CharField(source="area.display_name", read_only=True)
    status_label = serializers.CharField(source="get_status_display", read_only=True)
    report_count = serializers.IntegerField(source="reports", read_only=True)
    confirmed_by = serializers.CharField(source="confirmed_by.username", default=None, read_only=True)
    moves = serializers.SerializerMethodField()

    class Meta:
        model = Incident
        fields = (
            "id",
            "unit",
            "area",
            "area_name",
            "status",
            "status_label",
            "estimate_at",
            "cause",
            "report_count",
            "began_at",
            "confirmed_at",
            "confirmed_by",
            "ended_at",
            "moves",
            "version",
        )

    def get_moves(self, incident: Incident) -> list[str]:
        return [str(to) for to in next_statuses(incident.status)]


class DeclarationSerializer(StrictSerializer):
    area = CodeField(queryset=Area.objects.all(), lookup="pk")
    unit = VisibleUnitField()
    cause = serializers.CharField(max_length=300, required=False, allow_blank=True)
    estimate_at = serializers.DateTimeField(required=False, allow_null=True)


class IncidentMoveSerializer(StrictSerializer):
    to = serializers.ChoiceField(IncidentStatus.choices)
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)
    cause = serializers.CharField(max_length=300, required=False, allow_blank=True)
    estimate_at = serializers.DateTimeField(required=False, allow_null=True)


class DetachSerializer(ReasonSerializer):
    ticket = serializers.RegexField(rf"\A{NUMBER}\Z")


class IncidentFilter(django_filters.FilterSet):
    """`area` finds the outages that a place lies in: its own and those of the areas around it."""

    unit = django_filters.CharFilter(method="by_unit", label="Code of a unit; with the units below it.")
    area = django_filters.CharFilter(method="by_area", label="Code of the place of a report.")
    status = django_filters.MultipleChoiceFilter(choices=IncidentStatus.choices)
    is_current = django_filters.BooleanFilter(method="by_current", label="Confirmed, the power not back.")

    class Meta:
        model = Incident
        fields = ()

    def by_unit(self, rows: IncidentQuerySet, name: str, value: str) -> IncidentQuerySet:
        unit = Unit.objects.filter(code=value).first()
        return rows.filter(unit__path__startswith=unit.path) if unit else rows.none()

    def by_area(self, rows: IncidentQuerySet, name: str, value: str) -> IncidentQuerySet:
        return rows.filter(area__in=Area(code=value).lineage)

    def by_current(self, rows: IncidentQuerySet, name: str, value: bool) -> IncidentQuerySet:
        current = rows.current()
        return current if value else rows.exclude(pk__in=current.values("pk"))


class IncidentViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ScopedViewSet):
    """Wide outages of the reader's units. Tickets follow in the background."""

    queryset = Incident.objects.with_reports().select_related("unit", "area", "confirmed_by")
    serializer_class = IncidentSerializer
    filterset_class = IncidentFilter
    renderer_classes = (JSONRenderer, FragmentRenderer)
    fragment = "tickets/incidents.html"
    lookup_value_regex = "[0-9]{1,18}"
    ordering_keys = ("-pk", "pk")
    powers = {
        "list": Power.SEE_TICKETS,
        "retrieve": Power.SEE_TICKETS,
        "create": Power.DECLARE_INCIDENT,
        "move": Power.DECLARE_INCIDENT,
        "detach": Power.DECLARE_INCIDENT,
    }

    @property
    def user(self) -> User:
        return cast(User, self.request.user)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._answer(self.get_object())

    @extend_schema(parameters=[KEY], request=DeclarationSerializer, responses={201: IncidentSerializer})
    @once
    def create(self, request: Request) -> Response:
        """Declare an outage that is known before the reports tell."""
        given = self._read(DeclarationSerializer)
        return self._answer(incidents.declare_incident(by=self.user, **given), status.HTTP_201_CREATED)

    @extend_schema(request=IncidentMoveSerializer, responses=IncidentSerializer)
    @action(detail=True, methods=["post"])
    @once
    def move(self, request: Request, **kwargs: Any) -> Response:
        """Confirm it, dismiss it, tell how the repair goes, end it."""
        incident = self.get_object()
        given = self._read(IncidentMoveSerializer)
        return self._answer(incidents.move_incident(incident=incident, by=self.user, **given))

    @extend_schema(request=DetachSerializer, responses=IncidentSerializer)
    @action(detail=True, methods=["post"])
    @once
    def detach(self, request: Request, **kwargs: Any) -> Response:
        """One house has a fault of its own: it gets its own order."""
        incident = self.get_object()
        given = self._read(DetachSerializer)
        seen = Ticket.objects.visible_to(self.user).filter(incident=incident)
        ticket = get_object_or_404(seen, number=given["ticket"])
        incidents.detach(ticket=ticket, by=self.user, reason=given["reason"])
        return self._answer(incident)

    def _read(self, serializer: type[Any]) -> dict[str, Any]:
        asked = serializer(data=self.request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        return cast(dict[str, Any], asked.validated_data)

    def _answer(self, incident: Incident, code: int = status.HTTP_200_OK) -> Response:
        current = cast(Incident, super().get_queryset().get(pk=incident.pk))
        return Response(self.get_serializer(current).data, code, headers={"ETag": current.etag})
