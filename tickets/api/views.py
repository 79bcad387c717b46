"""Tickets: recorded, followed, moved, confirmed."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet
from django.http import FileResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from common.etags import require_match
from common.idempotency import once
from common.pagination import KeysetPagination
from common.parsers import StrictFormParser, StrictJSONParser
from common.renderers import FragmentRenderer
from common.throttling import RevealThrottle
from common.views import ScopedViewSet
from tickets.api import filters, finding, serializers
from tickets.api.parsers import PhotoParser
from tickets.api.readers import HouseViewSet
from tickets.channel_notices import FOR_CHANNELS
from tickets.models import ProblemType, Ticket, TicketEvent
from tickets.services import contact, ctt, moves, photos, repeats
from tickets.services.corrections import edit_ticket
from tickets.services.tickets import create_ticket
from units.models import User
from units.powers import Power

NUMBER_IN_PATH = "[GK][0-9]{12}"
KEY = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=False)
IF_MATCH = OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, required=True)
SHOWN = (
    "problem_type",
    "customer",
    "unit",
    "posko",
    "merged_into",
    "follows",
    "incident",
    "diagnosis__token",
)


class TicketViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, HouseViewSet):
    """Reports and what became of them. A channel system meets only those that it made."""

    queryset = Ticket.objects.select_related(*SHOWN)
    filterset_class = filters.TicketFilter
    lookup_field = "number"
    lookup_value_regex = NUMBER_IN_PATH
    ordering_keys = ("-pk", "pk", "queue_key", "-queue_key")
    parser_classes = (StrictJSONParser, StrictFormParser)
    renderer_classes = (JSONRenderer, FragmentRenderer)
    scope = "tickets"
    query_params = {"search": KeysetPagination.query_params}
    powers = {
        "list": Power.SEE_TICKETS,
        "retrieve": Power.SEE_TICKETS,
        "create": Power.CREATE_TICKETS,
        "partial_update": Power.EDIT_TICKETS,
        "candidates": Power.CREATE_TICKETS,
        "search": Power.SEE_TICKETS,
        "duplicates": Power.MERGE_TICKETS,
        "repeats": Power.CREATE_TICKETS,
        "cancel": Power.SPEAK_FOR_REPORTER,
        "confirm": Power.SPEAK_FOR_REPORTER,
        "rating": Power.SPEAK_FOR_REPORTER,
        "moves": Power.HANDLE_TICKETS,
        "merge": Power.MERGE_TICKETS,
        "unmerge": Power.MERGE_TICKETS,
        "reveal": Power.REVEAL_CUSTOMERS,
    }

    @property
    def fragment(self) -> str:
        return f"tickets/{FRAGMENTS.get(self.action, 'ticket')}.html"

    @property
    def user(self) -> User:
        return cast(User, self.request.user)

    def get_serializer_class(self) -> Any:
        if not self.is_for_insider:
            return serializers.ProgressSerializer
        return serializers.TicketSerializer if self.action in LISTS else serializers.TicketDetailSerializer

    def get_queryset(self) -> QuerySet:
        rows = super().get_queryset()
        return (
            rows if self.action in LISTS else rows.select_related(*SHOWN, "area", "policy", "posko__parent")
        )

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._answer(self.get_object())

    @extend_schema(
        parameters=[KEY],
        request=serializers.ReportSerializer,
        responses={201: serializers.TicketDetailSerializer},
    )
    @once
    def create(self, request: Request) -> Response:
        """Record a report and answer its number (R-003-93)."""
        asked = self._read(serializers.ReportSerializer)
        made = create_ticket(report=asked.report(), by=self.user)
        return self._answer(made, status.HTTP_201_CREATED)

    @extend_schema(
        parameters=[IF_MATCH],
        request=serializers.CorrectionSerializer,
        responses=serializers.TicketDetailSerializer,
    )
    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Correct what the report says, or send it to another posko."""
        ticket = self.get_object()
        asked = self._read(serializers.CorrectionSerializer)
        require_match(request, ticket.etag)
        return self._answer(edit_ticket(ticket=ticket, changes=asked.validated_data, by=self.user))

    @extend_schema(
        request=finding.CandidatesRequestSerializer,
        responses=finding.CandidateSerializer(many=True),
        filters=False,
    )
    @action(detail=False, methods=["post"], pagination_class=None)
    def candidates(self, request: Request) -> Response:
        """Open tickets that a report being written may repeat. A POST, for it carries phone numbers."""
        at = timezone.now()
        asked = self._read(finding.CandidatesRequestSerializer)
        found = repeats.find_candidates(sought=asked.sought(), by=self.user, at=at)
        return Response(finding.CandidateSerializer(found, many=True, context={"at": at}).data)

    @extend_schema(
        request=finding.SearchSerializer, responses=serializers.TicketSerializer(many=True), filters=False
    )
    @action(detail=False, methods=["post"])
    def search(self, request: Request) -> Response:
        """Tickets by number, IDPEL, meter or phone. A POST, for phone numbers have no place in an address."""
        asked = self._read(finding.SearchSerializer)
        page = self.paginate_queryset(asked.found_in(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(responses=finding.DuplicatesSerializer)
    @action(detail=True)
    def duplicates(self, request: Request, **kwargs: Any) -> Response:
        """What was merged into this ticket, and open tickets that may be about the same."""
        at, ticket = timezone.now(), self.get_object()
        similar = repeats.find_similar(ticket=ticket, by=self.user, at=at)
        merged = ticket.duplicates.order_by("pk").values_list("number", flat=True)
        found = {"number": ticket.number, "merged": list(merged), "similar": similar}
        return Response(finding.DuplicatesSerializer(found, context={"at": at}).data)

    @extend_schema(
        parameters=[KEY],
        request=serializers.RepeatSerializer,
        responses={201: serializers.TicketDetailSerializer},
    )
    @action(detail=True, methods=["post"])
    @once
    def repeats(self, request: Request, **kwargs: Any) -> Response:
        """Lapor ulang: recorded on this ticket, or on the one that it was merged into."""
        asked = self._read(serializers.RepeatSerializer)
        ticket = repeats.record_repeat(ticket=self.get_object(), by=self.user, **asked.validated_data)
        return self._answer(ticket, status.HTTP_201_CREATED)

    @extend_schema(request=serializers.MoveSerializer, responses=serializers.TicketDetailSerializer)
    @action(detail=True, methods=["post"])
    def moves(self, request: Request, **kwargs: Any) -> Response:
        """Take the ticket where `moves` of its detail says, by an officer's hand."""
        asked = self._read(serializers.MoveSerializer)
        return self._answer(moves.move_ticket(ticket=self.get_object(), by=self.user, **asked.validated_data))

    @extend_schema(
        parameters=[KEY], request=serializers.ReasonSerializer, responses=serializers.TicketDetailSerializer
    )
    @action(detail=True, methods=["post"])
    @once
    def cancel(self, request: Request, **kwargs: Any) -> Response:
        """BATALKAN LAPORAN, while the ticket is still LAPOR or LAPOR_PERIKSA."""
        asked = self._read(serializers.ReasonSerializer)
        return self._answer(
            moves.cancel_ticket(ticket=self.get_object(), by=self.user, **asked.validated_data)
        )

    @extend_schema(
        parameters=[KEY],
        request=serializers.ConfirmationSerializer,
        responses=serializers.TicketDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    @once
    def confirm(self, request: Request, **kwargs: Any) -> Response:
        """The customer's answer at SELESAI, or to a token. A no at SELESAI answers the new ticket (201)."""
        asked = self._read(serializers.ConfirmationSerializer)
        ticket, follower = ctt.answer_completion(
            ticket=self.get_object(), by=self.user, **asked.validated_data
        )
        return self._answer(follower, status.HTTP_201_CREATED) if follower else self._answer(ticket)

    @extend_schema(
        parameters=[KEY], request=serializers.RatingSerializer, responses=serializers.TicketDetailSerializer
    )
    @action(detail=True, methods=["post"])
    @once
    def rating(self, request: Request, **kwargs: Any) -> Response:
        """1 to 5 with words, once, after the customer's yes."""
        asked = self._read(serializers.RatingSerializer)
        return self._answer(moves.rate_ticket(ticket=self.get_object(), by=self.user, **asked.validated_data))

    @extend_schema(request=serializers.MergeSerializer, responses=serializers.TicketDetailSerializer)
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, **kwargs: Any) -> Response:
        """Declare this ticket the same as `into`."""
        ticket = self.get_object()
        asked = self._read(serializers.MergeSerializer).validated_data
        into = self.get_queryset().filter(number=asked["into"]).first()
        if into is None:
            raise ValidationError({"into": [_("There is no such ticket.")]})
        ticket = repeats.merge_ticket(ticket=ticket, into=into, by=self.user, reason=asked["reason"])
        return self._answer(ticket)

    @extend_schema(request=serializers.ReasonSerializer, responses=serializers.TicketDetailSerializer)
    @action(detail=True, methods=["post"])
    def unmerge(self, request: Request, **kwargs: Any) -> Response:
        """Take it apart again."""
        asked = self._read(serializers.ReasonSerializer)
        return self._answer(
            repeats.unmerge_ticket(ticket=self.get_object(), by=self.user, **asked.validated_data)
        )

    @extend_schema(request=serializers.ReasonSerializer, responses=serializers.ContactSerializer)
    @action(detail=True, methods=["post"], throttle_classes=[RevealThrottle])
    def reveal(self, request: Request, **kwargs: Any) -> Response:
        """The reporter's name, numbers and address in full. Who looked and why is kept for good."""
        ticket = self.get_object()
        asked = self._read(serializers.ReasonSerializer)
        values = contact.reveal_contact(ticket=ticket, by=self.user, **asked.validated_data)
        return Response({"number": ticket.number, "values": values})

    def _read(self, serializer: type[Any]) -> Any:
        asked = serializer(data=self.request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        return asked

    def _answer(self, ticket: Ticket, code: int = status.HTTP_200_OK) -> Response:
        return Response(self.get_serializer(ticket).data, code, headers={"ETag": ticket.etag})


LISTS = ("list", "search")
FRAGMENTS = {
    "list": "list",
    "search": "found",
    "duplicates": "duplicates",
    "create": "saved",
    "candidates": "candidates",
    "reveal": "contact",
}


class EventViewSet(mixins.ListModelMixin, HouseViewSet):
    """The history of one ticket, the oldest first."""

    queryset = TicketEvent.objects.select_related("by", "position__unit")
    ordering_keys = ("version", "-version")
    renderer_classes = (JSONRenderer, FragmentRenderer)
    fragment = "tickets/events.html"
    scope = "tickets"
    powers = {"list": Power.SEE_TICKETS}

    def get_serializer_class(self) -> Any:
        return serializers.EventSerializer if self.is_for_insider else serializers.PublicEventSerializer

    def get_queryset(self) -> QuerySet:
        seen = Ticket.objects.visible_to(cast(User, self.request.user))
        ticket = get_object_or_404(seen, number=self.kwargs["number"])
        rows = super().get_queryset().filter(ticket=ticket)
        return rows if self.is_for_insider else rows.filter(kind__in=FOR_CHANNELS)


class PhotoViewSet(mixins.ListModelMixin, ScopedViewSet):
    """Photos of the meter display, at most three."""

    queryset = Ticket.objects.all()
    serializer_class = serializers.PhotoSerializer
    parser_classes = (PhotoParser,)
    renderer_classes = (JSONRenderer, FragmentRenderer)
    fragment = "tickets/photos.html"
    pagination_class = None
    scope = "tickets"
    powers = {
        "list": Power.SEE_TICKETS,
        "retrieve": Power.SEE_TICKETS,
        "create": Power.CREATE_TICKETS,
    }

    @property
    def ticket(self) -> Ticket:
        return get_object_or_404(super().get_queryset(), number=self.kwargs["number"])

    @extend_schema(responses=serializers.PhotoSerializer(many=True), filters=False)
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(self.get_serializer(self.ticket.photos.all(), many=True).data)

    @extend_schema(
        parameters=[KEY],
        request={
            "multipart/form-data": {
                "type": "object",
                "properties": {"photo": {"type": "string", "format": "binary"}},
                "required": ["photo"],
            }
        },
        responses={201: serializers.PhotoSerializer},
    )
    @once
    def create(self, request: Request, **kwargs: Any) -> Response:
        """Add a photo. It is decoded and stored anew; nothing but the picture is kept."""
        ticket = self.ticket
        sent = request.FILES.getlist("photo")
        if len(sent) != 1 or set(request.data) != {"photo"}:
            raise ValidationError({"photo": [_("Send one photo.")]})
        photo = photos.add_photo(ticket=ticket, file=sent[0], by=cast(User, request.user))
        return Response(self.get_serializer(photo).data, status.HTTP_201_CREATED)

    @extend_schema(responses={(200, "image/jpeg"): OpenApiTypes.BINARY})
    def retrieve(self, request: Request, slot: str, **kwargs: Any) -> FileResponse:
        """The picture, as a download."""
        photo = get_object_or_404(self.ticket.photos, slot=int(slot))
        name = f"{photo.ticket.number}-{photo.slot}.jpg"
        return FileResponse(photo.image.open(), as_attachment=True, filename=name, content_type="image/jpeg")


class ProblemTypeViewSet(mixins.ListModelMixin, ScopedViewSet):
    """The types and sub types that may be chosen today."""

    queryset = ProblemType.objects.all()
    serializer_class = serializers.ProblemTypeSerializer
    filterset_class = filters.ProblemTypeFilter
    ordering_keys = ("code", "-code")
    scope = "tickets"
    powers = {"list": Power.SEE_TICKETS}

    def get_queryset(self) -> QuerySet:
        return cast(Any, super().get_queryset()).in_force(timezone.localdate())
