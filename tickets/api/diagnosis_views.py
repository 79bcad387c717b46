"""Self-diagnosis: asked for, submitted, decided; and its token."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, cast

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from common.etags import require_match
from common.idempotency import once, once_with
from common.renderers import FragmentRenderer
from common.throttling import RevealThrottle
from common.views import ScopedViewSet
from customers.models import Customer
from tickets.api import diagnosis_filters as filters
from tickets.api import diagnosis_serializers as serializers
from tickets.api.readers import HouseViewSet, is_insider
from tickets.api.serializers import ReasonSerializer
from tickets.models import ReadingCode, SelfDiagnosis, Ticket
from tickets.services import coverage, ctt, diagnosis
from tickets.services.decisions import token_in_hand
from units.models import Area, Unit, User
from units.powers import Power
from units.services.service_areas import serving_unit

KEY = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=False)
IF_MATCH = OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, required=False)
SHOWN = ("ticket__posko", "ticket__customer", "submitted_by", "decided_by")


def diagnosis_serializer(request: Request, *, detail: bool) -> type[serializers.PublicDiagnosisSerializer]:
    """The house's view of a diagnosis for those who may see it; the public one for everybody else."""
    user = cast(User, request.user)
    if not (is_insider(request) and user.may(Power.SEE_DIAGNOSES)):
        return serializers.PublicDiagnosisSerializer
    return serializers.DiagnosisDetailSerializer if detail else serializers.DiagnosisSerializer


class OfTicketViewSet(HouseViewSet):
    """What hangs on one ticket that the reader sees."""

    queryset = Ticket.objects.select_related("posko", "customer")
    scope = "diagnosis"

    @property
    def user(self) -> User:
        return cast(User, self.request.user)

    @property
    def ticket(self) -> Ticket:
        return cast(Ticket, get_object_or_404(self.get_queryset(), number=self.kwargs["number"]))


class TicketDiagnosisViewSet(OfTicketViewSet):
    """The self-diagnosis of one ticket."""

    renderer_classes = (JSONRenderer, FragmentRenderer)
    fragment = "tickets/readings.html"
    powers = {"retrieve": Power.SEE_TICKETS, "update": Power.SUBMIT_DIAGNOSIS}

    @extend_schema(responses=serializers.DiagnosisDetailSerializer)
    def retrieve(self, request: Request, **kwargs: Any) -> Response:
        """The readings; for people of the house with warnings and suggestion."""
        found = get_object_or_404(SelfDiagnosis.objects.select_related(*SHOWN), ticket=self.ticket)
        return self._answer(found)

    @extend_schema(
        parameters=[IF_MATCH],
        request=serializers.SubmissionSerializer,
        responses={
            200: serializers.DiagnosisDetailSerializer,
            201: serializers.DiagnosisDetailSerializer,
        },
    )
    def update(self, request: Request, **kwargs: Any) -> Response:
        """Submit the nine readings; 201 the first time. Correcting them needs If-Match."""
        ticket = self.ticket
        asked = serializers.SubmissionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        made, is_first = diagnosis.submit_diagnosis(
            ticket=ticket,
            readings=asked.validated_data["readings"],
            version=self._version(request, ticket),
            by=self.user,
        )
        return self._answer(made, status.HTTP_201_CREATED if is_first else status.HTTP_200_OK)

    def _version(self, request: Request, ticket: Ticket) -> int | None:
        """The version that If-Match names; None where the caller names none."""
        before = SelfDiagnosis.objects.filter(ticket=ticket).first()
        if before is None or "If-Match" not in request.headers:
            return None
        require_match(request, before.etag)
        return before.version

    def _answer(self, found: SelfDiagnosis, code: int = status.HTTP_200_OK) -> Response:
        serializer = diagnosis_serializer(self.request, detail=True)
        return Response(serializer(found).data, code, headers={"ETag": found.etag})


class TokenViewSet(OfTicketViewSet):
    """The Clear Tamper Token of one ticket: fetched by the app that reported, read out by people."""

    renderer_classes = (JSONRenderer, FragmentRenderer)
    fragment = "tickets/token.html"
    powers = {"retrieve": Power.SUBMIT_DIAGNOSIS, "read_out": Power.SPEAK_FOR_REPORTER}

    @extend_schema(responses=serializers.ClearTokenSerializer)
    def retrieve(self, request: Request, **kwargs: Any) -> Response:
        """In clear, for the channel whose customer reported; 404 before it was delivered there."""
        ticket = self.ticket
        try:
            digits = ctt.fetch(ticket=ticket, by=self.user)
        except ctt.NoToken as refusal:
            raise Http404 from refusal
        return self._answer(ticket, digits)

    @extend_schema(request=None, responses=serializers.ClearTokenSerializer)
    def read_out(self, request: Request, **kwargs: Any) -> Response:
        """In clear, for whoever is on the phone with the customer. It is logged as a delivery."""
        ticket = self.ticket
        return self._answer(ticket, ctt.read_out(ticket=ticket, by=self.user))

    def get_throttles(self) -> list[Any]:
        return [RevealThrottle()] if self.action == "read_out" else super().get_throttles()

    def _answer(self, ticket: Ticket, digits: str) -> Response:
        meter = ticket.diagnosis.meter_number
        return Response({"ticket": ticket.number, "meter_number": meter, "token": digits})


class DiagnosisViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, HouseViewSet):
    """The command centre's cases. Whoever submitted one does not decide on it."""

    queryset = SelfDiagnosis.objects.select_related(*SHOWN)
    filterset_class = filters.DiagnosisFilter
    lookup_value_regex = "[0-9]{1,18}"
    ordering_keys = ("-pk", "pk")
    renderer_classes = (JSONRenderer, FragmentRenderer)
    scope = "diagnosis"
    powers = {
        "list": Power.SEE_TICKETS,
        "retrieve": Power.SEE_TICKETS,
        "approve_ctt": Power.DECIDE_DIAGNOSIS,
        "send_officer": Power.DECIDE_DIAGNOSIS,
        "deliver": Power.DECIDE_DIAGNOSIS,
    }

    @property
    def fragment(self) -> str:
        return "tickets/diagnoses.html" if self.action == "list" else "tickets/diagnosis.html"

    @property
    def user(self) -> User:
        return cast(User, self.request.user)

    def get_serializer_class(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return serializers.DiagnosisDetailSerializer
        return diagnosis_serializer(self.request, detail=self.action != "list")

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._answer(self.get_object())

    def _token_in_hand(self, request: Request, **kwargs: Any) -> AbstractContextManager[ctt.Issued]:
        """The vending service is asked before the key's transaction begins: nothing is locked meanwhile."""
        case = self.get_object()
        typed = self._read(serializers.ApprovalSerializer).get("token", "")
        return token_in_hand(diagnosis=case, by=self.user, typed=typed, at=timezone.now())

    @extend_schema(
        parameters=[KEY],
        request=serializers.ApprovalSerializer,
        responses=serializers.DiagnosisDetailSerializer,
    )
    @action(detail=True, methods=["post"], url_path="approve-ctt")
    @once_with(_token_in_hand)
    def approve_ctt(self, request: Request, issued: ctt.Issued, **kwargs: Any) -> Response:
        """Persetujuan CTT: release the token and send it to the customer."""
        case = self.get_object()
        given = self._read(serializers.ApprovalSerializer)
        given.pop("token", None)  # it is in hand by now
        made = diagnosis.record_approval(diagnosis=case, by=self.user, issued=issued, **given)
        return self._answer(made)

    @extend_schema(
        parameters=[KEY], request=ReasonSerializer, responses=serializers.DiagnosisDetailSerializer
    )
    @action(detail=True, methods=["post"], url_path="send-officer")
    @once
    def send_officer(self, request: Request, **kwargs: Any) -> Response:
        """No token: an order for the posko."""
        case = self.get_object()
        given = self._read(ReasonSerializer)
        return self._answer(diagnosis.send_officer(diagnosis=case, by=self.user, **given))

    @extend_schema(
        parameters=[KEY],
        request=serializers.WaysSerializer,
        responses=serializers.DiagnosisDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    @once
    def deliver(self, request: Request, **kwargs: Any) -> Response:
        """Send an approved token once more."""
        case = self.get_object()
        given = self._read(serializers.WaysSerializer)
        ctt.deliver_again(diagnosis=case, by=self.user, **given)
        return self._answer(case)

    def _read(self, serializer: type[Any]) -> dict[str, Any]:
        asked = serializer(data=self.request.data)
        asked.is_valid(raise_exception=True)
        return cast(dict[str, Any], asked.validated_data)

    def _answer(self, case: SelfDiagnosis) -> Response:
        current = cast(SelfDiagnosis, super().get_queryset().get(pk=case.pk))
        return Response(self.get_serializer(current).data, headers={"ETag": current.etag})


class CoverageViewSet(ScopedViewSet):
    """Can self-diagnosis be used there? Asked by agents before step 9, and by channels before their form."""

    queryset = Ticket.objects.none()
    scope = "diagnosis"
    powers = {"create": Power.SUBMIT_DIAGNOSIS}

    @extend_schema(request=serializers.CoverageRequestSerializer, responses=serializers.CoverageSerializer)
    def create(self, request: Request) -> Response:
        """Ask for a customer or an area, on a day (today). Nothing is kept."""
        asked = serializers.CoverageRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        customer, unit, area = self._place(request, given)
        on = given.get("on") or (unit.local_date(timezone.now()) if unit else timezone.localdate())
        answer = coverage.ask_coverage(unit=unit, area=area, on=on, customer=customer)
        return Response(serializers.CoverageSerializer(answer).data)

    def _place(
        self, request: Request, given: dict[str, Any]
    ) -> tuple[Customer | None, Unit | None, Area | None]:
        """People ask about customers whom they see; a channel's users about their own."""
        if area := given.get("area"):
            return None, serving_unit(area, given.get("on") or timezone.localdate()), area
        rows = Customer.objects.select_related("unit", "area")
        rows = rows.visible_to(cast(User, request.user)) if is_insider(request) else rows
        names = {"idpel": "idpel", "meter_number": "meters__number"}
        [name] = set(given) & set(names)
        customer = get_object_or_404(rows, **{names[name]: given[name]})
        return customer, customer.unit, customer.area


class ReadingCodeViewSet(mixins.ListModelMixin, ScopedViewSet):
    """The nine codes in the order of asking, with what must not be said."""

    queryset = ReadingCode.objects.all()
    serializer_class = serializers.ReadingCodeSerializer
    pagination_class = None
    powers = {"list": Power.SEE_DIAGNOSES}

    def get_queryset(self) -> Any:
        return ReadingCode.objects.all()
