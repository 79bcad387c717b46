"""Response and recovery times, for those who answer for units and crews."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, cast

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.serializers import StrictSerializer
from common.views import ScopedViewSet
from tickets.models import Ticket
from tickets.services.performance import Performance, by_crew, by_parent, by_unit
from units.models import UnitKind, User
from units.powers import Power

MAX_SPAN = timedelta(days=366)


COUNTS: dict[str, Callable[..., list[Performance]]] = {
    "unit": by_unit,
    "up3": partial(by_parent, kinds=(UnitKind.UP3,)),
    "uid": partial(by_parent, kinds=(UnitKind.UID, UnitKind.UIW)),
    "crew": by_crew,
}


class SpanSerializer(StrictSerializer):
    """Of which tickets, by the time of their report, and counted for whom."""

    by = serializers.ChoiceField([(it, it) for it in COUNTS], required=False, default="unit")
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()

    def validate(self, span: dict[str, Any]) -> dict[str, Any]:
        if not span["since"] < span["until"] <= span["since"] + MAX_SPAN:
            message = _("Choose an end after the beginning, within a year.")
            raise serializers.ValidationError({"until": [message]})
        return span


class PerformanceSerializer(serializers.Serializer):
    """RPT and RCT in minutes: averages of the tickets that came that far."""

    month = serializers.DateField(read_only=True)
    code = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)
    tickets = serializers.IntegerField(read_only=True)
    restored = serializers.IntegerField(read_only=True)
    in_time = serializers.IntegerField(read_only=True)
    rpt_minutes = serializers.SerializerMethodField()
    rct_minutes = serializers.SerializerMethodField()

    def get_rpt_minutes(self, found: Performance) -> float | None:
        return _minutes(found.rpt)

    def get_rct_minutes(self, found: Performance) -> float | None:
        return _minutes(found.rct)


def _minutes(span: timedelta | None) -> float | None:
    return None if span is None else round(span / timedelta(minutes=1), 1)


class PerformanceViewSet(ScopedViewSet):
    """RPT and RCT per posko, UP3, UID or crew and month, of the poskos that the reader may export."""

    queryset = Ticket.objects.all()
    serializer_class = PerformanceSerializer
    pagination_class = None
    query_params = {"list": ("by", "since", "until")}
    powers = {"list": Power.EXPORT_TICKETS}

    @extend_schema(parameters=[SpanSerializer], responses=PerformanceSerializer(many=True), filters=False)
    def list(self, request: Request) -> Response:
        asked = SpanSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        span = dict(asked.validated_data)
        count = COUNTS[span.pop("by")]
        found = count(user=cast(User, request.user), **span)
        return Response(PerformanceSerializer(found, many=True).data)
