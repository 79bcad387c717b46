"""Programs for agents; imports and evaluations for program officers; winners for their UP3."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from common.idempotency import once
from common.renderers import FragmentRenderer
from common.views import ScopedViewSet
from customers.models import Customer
from programs.api import filters, serializers
from programs.models import Evaluation, PaymentImport, Program, Winner
from programs.services import evaluations, imports, rewards, standing
from units.models import User
from units.powers import Power

IDPEL = OpenApiParameter("idpel", str, required=True, description="12 digits")


def person(request: Request) -> User:
    """Who asks; HasPower refuses everybody without a position."""
    assert isinstance(request.user, User)  # noqa: S101
    return request.user


class ProgramViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ScopedViewSet):
    """Programs in force, as an agent may explain them."""

    queryset = Program.objects.select_related("unit", "evaluation")
    serializer_class = serializers.ProgramSerializer
    filterset_class = filters.ProgramFilter
    renderer_classes = (JSONRenderer, FragmentRenderer)
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]{1,60}"
    ordering_keys = ("slug", "-slug")
    query_params = {"standing": ("idpel",)}
    powers = {
        "list": Power.SEE_PROGRAMS,
        "retrieve": Power.SEE_PROGRAMS,
        "standing": Power.SEE_PROGRAMS,
    }
    fragments = {
        "list": "programs/programs.html",
        "retrieve": "programs/program.html",
        "standing": "programs/standing.html",
    }

    @property
    def fragment(self) -> str:
        return self.fragments[self.action]

    @extend_schema(parameters=[IDPEL], responses=serializers.StandingSerializer)
    @action(detail=True, methods=["get"])
    def standing(self, request: Request, **kwargs: Any) -> Response:
        """Where one customer stands: each month paid when, counted or not and why, and what to say."""
        program, idpel = self.get_object(), request.query_params.get("idpel", "")
        try:
            found = standing.standing_of(program=program, idpel=idpel, to=person(request), at=timezone.now())
        except Customer.DoesNotExist as error:
            raise Http404 from error
        return Response(serializers.StandingSerializer(found).data)


class _OfProgram(ScopedViewSet):
    """Things of one program, whose slug stands in the address."""

    ordering_keys = ("-pk", "pk")

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(program__slug=self.kwargs.get("slug"))

    def program(self) -> Program:
        """The program in the address, if the reader may see it."""
        rows = Program.objects.visible_to(self.request.user).select_related("unit")
        program = rows.filter(slug=self.kwargs["slug"]).first()
        if program is None:
            raise Http404
        return program


class PaymentImportViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, _OfProgram):
    """Payment files: sent in, then imported in the background; ask again for progress and report."""

    queryset = PaymentImport.objects.select_related("program")
    serializer_class = serializers.PaymentImportSerializer
    parser_classes = (MultiPartParser,)
    lookup_value_regex = "[0-9]{1,18}"
    powers = {
        "list": Power.RUN_PROGRAMS,
        "retrieve": Power.RUN_PROGRAMS,
        "create": Power.RUN_PROGRAMS,
        "cancel": Power.RUN_PROGRAMS,
    }

    @extend_schema(
        request={"multipart/form-data": serializers.PaymentUploadSerializer},
        responses={202: serializers.PaymentImportSerializer},
    )
    @once
    def create(self, request: Request, **kwargs: Any) -> Response:
        asked = serializers.PaymentUploadSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        made = imports.upload_payments(
            program=self.program(),
            file=asked.validated_data["file"],
            by=person(request),
            replaces=self._replaced(asked.validated_data.get("replaces")),
        )
        return Response(self.get_serializer(made).data, 202)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, **kwargs: Any) -> Response:
        stopped = imports.cancel_import(payment_import=self.get_object(), by=person(request))
        return Response(self.get_serializer(stopped).data)

    def _replaced(self, number: int | None) -> PaymentImport | None:
        if number is None:
            return None
        found = self.get_queryset().filter(pk=number).first()
        if found is None:
            raise imports.NotCorrectable(field="replaces")
        return found


class EvaluationViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, _OfProgram):
    """Evaluations, made in the background; the list of one that is done never changes."""

    queryset = Evaluation.objects.select_related("program__unit")
    serializer_class = serializers.EvaluationSerializer
    lookup_value_regex = "[0-9]{1,18}"
    powers = {
        "list": Power.RUN_PROGRAMS,
        "retrieve": Power.RUN_PROGRAMS,
        "create": Power.RUN_PROGRAMS,
        "cancel": Power.RUN_PROGRAMS,
    }

    @extend_schema(request=None, responses={202: serializers.EvaluationSerializer})
    @once
    def create(self, request: Request, **kwargs: Any) -> Response:
        asked = evaluations.ask_evaluation(program=self.program(), by=person(request))
        return Response(self.get_serializer(asked).data, 202)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, **kwargs: Any) -> Response:
        stopped = evaluations.cancel_evaluation(evaluation=self.get_object(), by=person(request))
        return Response(self.get_serializer(stopped).data)


class ProgramWinnerViewSet(mixins.ListModelMixin, _OfProgram):
    """The winners of a program whom the reader may see, masked."""

    queryset = Winner.objects.selected().select_related("unit", "customer", "reward")
    serializer_class = serializers.WinnerSerializer
    filterset_class = filters.WinnerFilter
    ordering_keys = ("pk", "-pk")
    powers = {"list": Power.SEE_WINNERS}


class WinnerViewSet(mixins.RetrieveModelMixin, ScopedViewSet):
    """What the winner's UP3 does: tell, and hand over."""

    queryset = Winner.objects.select_related("unit", "customer", "reward", "program__unit")
    serializer_class = serializers.WinnerSerializer
    lookup_value_regex = "[0-9]{1,18}"
    powers = {
        "retrieve": Power.SEE_WINNERS,
        "contact": Power.HAND_OVER_REWARDS,
        "hand_over": Power.HAND_OVER_REWARDS,
    }

    @extend_schema(
        request=serializers.ContactRequestSerializer, responses={200: serializers.WinnerSerializer}
    )
    @action(detail=True, methods=["post"])
    @once
    def contact(self, request: Request, **kwargs: Any) -> Response:
        """Record an attempt to tell the winner; late ones need an override and a reason."""
        asked = serializers.ContactRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        rewards.contact_winner(
            winner=self.get_object(), by=person(request), at=timezone.now(), **asked.validated_data
        )
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        request=serializers.HandOverRequestSerializer, responses={200: serializers.WinnerSerializer}
    )
    @action(detail=True, methods=["post"], url_path="hand-over")
    def hand_over(self, request: Request, **kwargs: Any) -> Response:
        """Hand the reward over, once. Wrong codes are counted, so that no transaction stands around this."""
        asked = serializers.HandOverRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        rewards.hand_over(
            winner=self.get_object(), by=person(request), at=timezone.now(), **asked.validated_data
        )
        return Response(self.get_serializer(self.get_object()).data)
