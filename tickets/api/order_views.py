"""Work orders and crews: read by the units, moved by officers and crews."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from common.idempotency import once
from common.renderers import FragmentRenderer
from common.views import ScopedViewSet
from tickets.api import order_filters as filters
from tickets.api import order_serializers as serializers
from tickets.api.readers import HouseViewSet
from tickets.api.serializers import ReasonSerializer
from tickets.models import Crew, Shift, Ticket, WorkOrder, WorkOrderEvent
from tickets.services import crews, workorders
from units.models import User
from units.powers import Power

KEY = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=False)
DIGITS = "[0-9]{1,18}"
Move = Callable[..., WorkOrder]


class WorkOrderViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, HouseViewSet):
    """Orders of the reader's poskos. Each move of an order moves its ticket."""

    queryset = WorkOrder.objects.select_related("ticket", "posko", "crew", "shift", "dispatched_by")
    serializer_class = serializers.WorkOrderSerializer
    filterset_class = filters.WorkOrderFilter
    lookup_value_regex = DIGITS
    ordering_keys = ("-pk", "pk")
    renderer_classes = (JSONRenderer, FragmentRenderer)
    powers = {
        "list": Power.SEE_TICKETS,
        "retrieve": Power.SEE_TICKETS,
        "events": Power.SEE_TICKETS,
        "create": Power.DISPATCH_ORDERS,
        "assign": Power.DISPATCH_ORDERS,
        "take_back": Power.DISPATCH_ORDERS,
        "cancel": Power.DISPATCH_ORDERS,
        "postpone": Power.DISPATCH_ORDERS,
        "depart": Power.WORK_ORDERS,
        "start": Power.WORK_ORDERS,
        "restore_temporarily": Power.WORK_ORDERS,
        "restore": Power.WORK_ORDERS,
        "finish": Power.WORK_ORDERS,
    }

    @property
    def fragment(self) -> str:
        return "tickets/orders.html" if self.action == "list" else "tickets/order.html"

    @property
    def user(self) -> User:
        return cast(User, self.request.user)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._answer(self.get_object())

    @extend_schema(
        parameters=[KEY],
        request=serializers.OpenOrderSerializer,
        responses={201: serializers.WorkOrderSerializer},
    )
    @once
    def create(self, request: Request) -> Response:
        """Open an order that did not open by itself: for a KELUHAN, or after one was cancelled."""
        asked = self._read(serializers.OpenOrderSerializer)
        ticket = get_object_or_404(Ticket.objects.visible_to(self.user), number=asked["ticket"])
        order = workorders.open_by_hand(ticket=ticket, by=self.user)
        return self._answer(order, status.HTTP_201_CREATED)

    @extend_schema(responses=serializers.WorkOrderEventSerializer(many=True), filters=False)
    @action(detail=True, pagination_class=None, renderer_classes=[JSONRenderer])
    def events(self, request: Request, **kwargs: Any) -> Response:
        """The history of one order, the oldest first."""
        rows = WorkOrderEvent.objects.filter(order=self.get_object()).select_related("by", "crew")
        return Response(serializers.WorkOrderEventSerializer(rows, many=True).data)

    @extend_schema(request=serializers.AssignSerializer, responses=serializers.WorkOrderSerializer)
    @action(detail=True, methods=["post"])
    @once
    def assign(self, request: Request, **kwargs: Any) -> Response:
        """Give the order to a crew that is on duty and has room for it."""
        return self._move(workorders.assign_crew, serializers.AssignSerializer)

    @extend_schema(request=ReasonSerializer, responses=serializers.WorkOrderSerializer)
    @action(detail=True, methods=["post"], url_path="take-back")
    @once
    def take_back(self, request: Request, **kwargs: Any) -> Response:
        """Take it from its crew into the queue."""
        return self._move(workorders.take_back, ReasonSerializer)

    @extend_schema(request=ReasonSerializer, responses=serializers.WorkOrderSerializer)
    @action(detail=True, methods=["post"])
    @once
    def cancel(self, request: Request, **kwargs: Any) -> Response:
        """End it without a result."""
        return self._move(workorders.cancel_order, ReasonSerializer)

    @extend_schema(request=serializers.PostponeSerializer, responses=serializers.WorkOrderSerializer)
    @action(detail=True, methods=["post"])
    @once
    def postpone(self, request: Request, **kwargs: Any) -> Response:
        """The customer wants to be asked at another time."""
        return self._move(workorders.postpone_order, serializers.PostponeSerializer)

    @extend_schema(request=None, responses=serializers.WorkOrderSerializer)
    @action(detail=True, methods=["post"])
    @once
    def depart(self, request: Request, **kwargs: Any) -> Response:
        """Dalam Perjalanan."""
        return self._move(workorders.depart)

    @extend_schema(request=None, responses=serializers.WorkOrderSerializer)
    @action(detail=True, methods=["post"])
    @once
    def start(self, request: Request, **kwargs: Any) -> Response:
        """Dalam Pengerjaan."""
        return self._move(workorders.start)

    @extend_schema(request=None, responses=serializers.WorkOrderSerializer)
    @action(detail=True, methods=["post"], url_path="restore-temporarily")
    @once
    def restore_temporarily(self, request: Request, **kwargs: Any) -> Response:
        """Nyala Sementara."""
        return self._move(workorders.restore_temporarily)

    @extend_schema(request=None, responses=serializers.WorkOrderSerializer)
    @action(detail=True, methods=["post"])
    @once
    def restore(self, request: Request, **kwargs: Any) -> Response:
        """Nyala."""
        return self._move(workorders.restore)

    @extend_schema(request=None, responses=serializers.WorkOrderSerializer)
    @action(detail=True, methods=["post"])
    @once
    def finish(self, request: Request, **kwargs: Any) -> Response:
        """Selesai; the customer is asked to confirm."""
        return self._move(workorders.finish)

    def _move(self, move: Move, serializer: type[Any] | None = None) -> Response:
        order = self.get_object()
        given = self._read(serializer) if serializer else {}
        return self._answer(move(order=order, by=self.user, **given))

    def _read(self, serializer: type[Any]) -> dict[str, Any]:
        asked = serializer(data=self.request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        return cast(dict[str, Any], asked.validated_data)

    def _answer(self, order: WorkOrder, code: int = status.HTTP_200_OK) -> Response:
        """The order as it is now, whatever the service had at hand."""
        current = cast(WorkOrder, super().get_queryset().get(pk=order.pk))
        return Response(self.get_serializer(current).data, code, headers={"ETag": current.etag})


class CrewViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, HouseViewSet):
    """The crews of the reader's poskos, with their load."""

    queryset = Crew.objects.select_related("posko")
    serializer_class = serializers.CrewSerializer
    filterset_class = filters.CrewFilter
    lookup_field = "code"
    lookup_value_regex = "[^/]{1,40}"
    ordering_keys = ("code", "-code")
    renderer_classes = (JSONRenderer, FragmentRenderer)
    fragment = "tickets/crews.html"
    powers = {"list": Power.SEE_TICKETS, "retrieve": Power.SEE_TICKETS}

    def get_queryset(self) -> QuerySet:
        return cast(Any, super().get_queryset()).with_load(timezone.now())


class ShiftViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ScopedViewSet):
    """Turns of duty: check in, say where the crew is, check out."""

    queryset = Shift.objects.select_related("crew__posko")
    serializer_class = serializers.ShiftSerializer
    filterset_class = filters.ShiftFilter
    renderer_classes = (JSONRenderer, FragmentRenderer)
    fragment = "tickets/shifts.html"
    lookup_value_regex = DIGITS
    ordering_keys = ("-pk", "pk")
    powers = {
        "list": Power.SEE_TICKETS,
        "retrieve": Power.SEE_TICKETS,
        "check_in": Power.WORK_ORDERS,
        "check_out": Power.WORK_ORDERS,
        "location": Power.WORK_ORDERS,
    }

    @extend_schema(request=serializers.CheckInSerializer, responses=serializers.ShiftSerializer)
    @action(detail=True, methods=["post"], url_path="check-in")
    @once
    def check_in(self, request: Request, **kwargs: Any) -> Response:
        """The crew begins; the orders that wait are tried at once."""
        return self._do(crews.check_in, serializers.CheckInSerializer)

    @extend_schema(request=None, responses=serializers.ShiftSerializer)
    @action(detail=True, methods=["post"], url_path="check-out")
    @once
    def check_out(self, request: Request, **kwargs: Any) -> Response:
        """The crew ends, with empty hands."""
        return self._do(crews.check_out)

    @extend_schema(request=serializers.PlaceSerializer, responses=serializers.ShiftSerializer)
    @action(detail=True, methods=["post"])
    def location(self, request: Request, **kwargs: Any) -> Response:
        """Where the crew is now."""
        return self._do(crews.locate, serializers.PlaceSerializer)

    def _do(self, verb: Callable[..., Shift], serializer: type[Any] | None = None) -> Response:
        shift = self.get_object()
        given: dict[str, Any] = {}
        if serializer:
            asked = serializer(data=self.request.data, context=self.get_serializer_context())
            asked.is_valid(raise_exception=True)
            given = asked.validated_data
        done = verb(shift=shift, by=cast(User, self.request.user), **given)
        return Response(self.get_serializer(done).data)
