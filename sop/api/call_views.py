"""Calls: opened, answered step by step, gone back in, broken off."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from common.idempotency import once
from common.parsers import StrictFormParser, StrictJSONParser
from common.renderers import FragmentRenderer
from common.views import ScopedViewSet
from sop.api import call_serializers as serializers
from sop.api.forms import as_json
from sop.models import Call
from sop.services import calls
from units.models import User
from units.powers import Power

KEY = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=False)


class CallFilter(filters.FilterSet):
    class Meta:
        model = Call
        fields = ("status", "outcome")


class CallViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ScopedViewSet):
    """One's own calls, and for supervisors those of their site. Only their agent goes on with them."""

    queryset = Call.objects.with_all()
    serializer_class = serializers.BriefCallSerializer
    filterset_class = CallFilter
    parser_classes = (StrictJSONParser, StrictFormParser)
    renderer_classes = (JSONRenderer, FragmentRenderer)
    lookup_value_regex = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    ordering_keys = ("-opened_at", "opened_at")
    ordering_tie = "-pk"
    powers = {
        "create": Power.RUN_CALLS,
        "list": Power.RUN_CALLS,
        "retrieve": Power.RUN_CALLS,
        "answers": Power.RUN_CALLS,
        "back": Power.RUN_CALLS,
        "abandon": Power.RUN_CALLS,
        "procedures": Power.RUN_CALLS,
    }
    query_params = {"procedures": ("search", "area", "idpel", "on")}

    @property
    def fragment(self) -> str:
        return "sop/procedures.html" if self.action == "procedures" else "sop/call.html"

    def get_renderers(self) -> list[Any]:
        return [JSONRenderer()] if self.action == "list" else super().get_renderers()

    @extend_schema(
        parameters=[KEY],
        request=serializers.OpeningSerializer,
        responses={201: serializers.CallSerializer},
    )
    @once
    def create(self, request: Request) -> Response:
        """Begin a call with the version in force for its premises and day."""
        asked = self._read(serializers.OpeningSerializer)
        state = calls.open_call(opening=asked.opening(), by=self.user)
        return Response(serializers.shown(state), status.HTTP_201_CREATED)

    @extend_schema(responses=serializers.CallSerializer)
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Where the call stands; after a lost connection it goes on from here."""
        return Response(serializers.shown(calls.read(call=self.get_object())))

    @extend_schema(request=serializers.StepAnswerSerializer, responses=serializers.CallSerializer)
    @action(detail=True, methods=["post"])
    def answers(self, request: Request, **kwargs: Any) -> Response:
        """Answer the current step. For any other step: 409 `stale_step`."""
        asked = self._read(serializers.StepAnswerSerializer).validated_data
        given = {"step": asked["step"], "choice": asked["choice"], "given": asked["fields"]}
        return Response(serializers.shown(calls.answer(call_id=self.call_id, by=self.user, **given)))

    @extend_schema(request=serializers.BackSerializer, responses=serializers.CallSerializer)
    @action(detail=True, methods=["post"])
    def back(self, request: Request, **kwargs: Any) -> Response:
        """Go back by one step, or to the step `to`."""
        asked = self._read(serializers.BackSerializer).validated_data
        return Response(serializers.shown(calls.go_back(call_id=self.call_id, to=asked["to"], by=self.user)))

    @extend_schema(request=serializers.AbandonSerializer, responses=serializers.CallSerializer)
    @action(detail=True, methods=["post"])
    def abandon(self, request: Request, **kwargs: Any) -> Response:
        """Break the call off, with the reason."""
        asked = self._read(serializers.AbandonSerializer).validated_data
        return Response(
            serializers.shown(calls.abandon(call_id=self.call_id, reason=asked["reason"], by=self.user))
        )

    @extend_schema(
        parameters=[serializers.WantedSerializer],
        responses=serializers.ProcedureSerializer(many=True),
        filters=False,
    )
    @action(detail=False, pagination_class=None)
    def procedures(self, request: Request) -> Response:
        """What can be started there and on that day; with `search`, the best fit first."""
        asked = serializers.WantedSerializer(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        found = calls.find_procedures(by=self.user, **asked.validated_data)
        return Response(serializers.ProcedureSerializer(found, many=True).data)

    @property
    def call_id(self) -> UUID:
        """Whether its reader may see the call, the service finds out while it locks it."""
        return UUID(self.kwargs["pk"])

    @property
    def user(self) -> User:
        return cast(User, self.request.user)

    def _read(self, serializer: type[Any]) -> Any:
        asked = serializer(data=as_json(self.request.data), context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        return asked
