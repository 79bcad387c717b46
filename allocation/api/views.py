"""The check, what units have, and the matrix."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from allocation import notices
from allocation.api import filters, serializers
from allocation.models import AllocationCheck, AllocationCheckQuerySet, AllocationMatrix, MeterAvailability
from allocation.services import availability, checks, demand, matrix
from common.etags import require_match
from common.idempotency import once
from common.parsers import StrictFormParser, StrictJSONParser
from common.renderers import FragmentRenderer
from common.views import ScopedViewSet
from customers.models import Phase
from units import authority
from units.models import Unit, UnitQuerySet, User
from units.powers import Power

UNIT = OpenApiParameter("unit", str, OpenApiParameter.PATH, description="Code of an UP3, UID or UIW.")
PHASE = OpenApiParameter("phase", int, OpenApiParameter.PATH, enum=Phase.values)
KEY = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=False)
IF_MATCH = OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, required=True)


class CheckViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ScopedViewSet):
    """May this meter be promised? Every check is kept, with what decided it."""

    queryset = AllocationCheck.objects.select_related("unit", "tariff", "asked_by")
    filterset_class = filters.CheckFilter
    parser_classes = (StrictJSONParser, StrictFormParser)
    fragment = "allocation/answer.html"
    lookup_value_regex = "[0-9]{1,18}"
    ordering_keys = ("-pk", "pk")
    scope = "allocation"
    powers = {
        "create": Power.CHECK_ALLOCATION,
        "list": Power.SEE_CHECKS,
        "retrieve": Power.SEE_CHECKS,
    }

    def get_serializer_class(self) -> Any:
        return {
            "create": serializers.CheckRequestSerializer,
            "retrieve": serializers.CheckDetailSerializer,
        }.get(self.action, serializers.CheckSerializer)

    def get_renderers(self) -> list[Any]:
        return [JSONRenderer(), FragmentRenderer()] if self.action == "create" else [JSONRenderer()]

    @extend_schema(parameters=[KEY], responses=serializers.AnswerSerializer)
    def create(self, request: Request) -> Response:
        """Ask. The applicant's name and form of address fill the script and are kept nowhere."""
        asked = serializers.CheckRequestSerializer(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        response = self._ask(request, asked.inquiry())
        response.data["script"] = notices.address(
            response.data["script"],
            salutation=asked.validated_data.get("salutation") or "",
            name=asked.validated_data.get("applicant_name") or "",
        )
        return response

    @once
    def _ask(self, request: Request, inquiry: checks.Inquiry) -> Response:
        answer = checks.ask(inquiry=inquiry, by=cast(User, request.user), at=timezone.now())
        return Response(serializers.AnswerSerializer(answer).data)

    @extend_schema(responses=serializers.CheckDetailSerializer)
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Why was this caller told so?"""
        answer = checks.answer_of(self.get_object())
        script = notices.address(answer.script)
        return Response(serializers.CheckDetailSerializer(answer).data | {"script": script})

    def get_queryset(self) -> QuerySet:
        rows = cast(AllocationCheckQuerySet, super().get_queryset())
        return rows.with_grounds() if self.action == "retrieve" else rows


@extend_schema_view(
    list=extend_schema(responses=serializers.AvailabilitySerializer(many=True)),
)
class AvailabilityViewSet(ScopedViewSet):
    """Which meters each UP3, UID and UIW has, for each phase: its own setting, an inherited one, or none."""

    queryset = Unit.objects.filter(kind__in=availability.SETTING_KINDS)
    serializer_class = serializers.AvailabilitySerializer
    filterset_class = filters.AvailabilityFilter
    lookup_field = "code"
    lookup_url_kwarg = "unit"
    ordering_keys = ("code", "-code")
    query_params = {"preview": ("value", "days")}
    powers = {
        "list": Power.SEE_ALLOCATION,
        "retrieve": Power.SEE_ALLOCATION,
        "preview": Power.SEE_CHECKS,
        "update": Power.SET_AVAILABILITY,
    }

    @property
    def scope(self) -> str:  # type: ignore[override]
        """A token that may read does not write."""
        return "" if self.action == "update" else "read"

    def get_queryset(self) -> QuerySet:
        return cast(UnitQuerySet, super().get_queryset()).in_force(timezone.localdate())

    def list(self, request: Request) -> Response:
        """One page of units; two results for each, one per phase, unless `phase` names one."""
        units = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        asked = request.query_params.get("phase")
        phases = [int(asked)] if asked else Phase.values
        states = availability.in_force(units or [], at=timezone.now(), phases=phases)
        return self.get_paginated_response(self.get_serializer(states.values(), many=True).data)

    @extend_schema(parameters=[UNIT, PHASE])
    def retrieve(self, request: Request, unit: str, phase: str) -> Response:
        return self._answer(self._current(int(phase)))

    @extend_schema(parameters=[UNIT, PHASE, IF_MATCH], request=serializers.AvailabilityChangeSerializer)
    def update(self, request: Request, unit: str, phase: str) -> Response:
        """Set the value, for the manager of the unit or of its UID/UIW; `If-Match` names what was read."""
        state = self._current(int(phase))
        authority.require(user=cast(User, request.user), power=Power.SET_AVAILABILITY, unit=state.unit)
        change = serializers.AvailabilityChangeSerializer(data=request.data)
        change.is_valid(raise_exception=True)
        require_match(request, state.etag)
        return self._answer(
            availability.set_availability(
                unit=state.unit,
                phase=state.phase,
                by=cast(User, request.user),
                expected_etag=state.etag,
                at=timezone.now(),
                **change.validated_data,
            )
        )

    @extend_schema(
        parameters=[UNIT, PHASE, serializers.PreviewRequestSerializer],
        responses=serializers.PreviewSerializer,
    )
    def preview(self, request: Request, unit: str, phase: str) -> Response:
        """What a value would have refused that was served, and the reverse, over the last days."""
        asked = serializers.PreviewRequestSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found = demand.preview_change(
            unit=self.get_object(),
            phase=int(phase),
            by=cast(User, request.user),
            at=timezone.now(),
            **asked.validated_data,
        )
        return Response(serializers.PreviewSerializer(found).data)

    def _current(self, phase: int) -> availability.InForce:
        return availability.current(unit=self.get_object(), phase=phase, at=timezone.now())

    def _answer(self, state: availability.InForce) -> Response:
        return Response(self.get_serializer(state).data, headers={"ETag": state.etag})


@extend_schema_view(list=extend_schema(parameters=[UNIT, PHASE]))
class HistoryViewSet(mixins.ListModelMixin, ScopedViewSet):
    """Every setting that a unit itself has made for a phase, the newest first."""

    queryset = MeterAvailability.objects.select_related("unit", "set_by", "position__unit")
    serializer_class = serializers.SettingSerializer
    ordering_keys = ("-version", "version")
    powers = {"list": Power.SEE_ALLOCATION}
    scope = "read"

    def get_queryset(self) -> QuerySet:
        units = Unit.objects.visible_to(cast(User, self.request.user)).filter(
            kind__in=availability.SETTING_KINDS
        )
        unit = get_object_or_404(units, code=self.kwargs["unit"])
        return super().get_queryset().filter(unit=unit, phase=self.kwargs["phase"])


class MatrixViewSet(ScopedViewSet):
    """The matrix in force."""

    queryset = AllocationMatrix.objects.all()
    serializer_class = serializers.MatrixSerializer
    query_params = {"in_force": ("on",)}
    powers = {"in_force": Power.SEE_ALLOCATION}
    scope = "read"

    @extend_schema(parameters=[serializers.DaySerializer], responses=serializers.MatrixSerializer)
    def in_force(self, request: Request) -> Response:
        """The 30 rows that rule on a day, today unless `on` names another."""
        asked = serializers.DaySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found = matrix.matrix_in_force(asked.validated_data.get("on", timezone.localdate()))
        return Response(self.get_serializer(found).data)
