"""Finding tickets: by what somebody says on the phone, and those that may be about the same."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from common.errors import Invalid
from common.serializers import StrictSerializer
from customers.rules import normalise_phone
from tickets.api.fields import NOTHING, TEXT, CustomerField, DegreesField
from tickets.models import Status
from tickets.models.ticket import TicketQuerySet
from tickets.services.repeats import Candidate, Sought


class PhoneAndPlaceSerializer(StrictSerializer):
    """What a report being written may be compared by."""

    idpel = CustomerField(**NOTHING)
    meter_number = serializers.CharField(max_length=11, **TEXT)
    latitude = DegreesField(min_value=-90, max_value=90, **NOTHING)
    longitude = DegreesField(min_value=-180, max_value=180, **NOTHING)


class CandidatesRequestSerializer(PhoneAndPlaceSerializer):
    phones = serializers.ListField(child=serializers.CharField(max_length=30), max_length=3, required=False)

    def sought(self) -> Sought:
        values = self.validated_data
        latitude, longitude = values.get("latitude"), values.get("longitude")
        return Sought(
            customer=values.get("idpel"),
            meter_number=values.get("meter_number", ""),
            phones=tuple(values.get("phones", ())),
            latitude=None if latitude is None else float(latitude),
            longitude=None if longitude is None else float(longitude),
        )


class SearchSerializer(StrictSerializer):
    """What a ticket is looked for by. In a body, for phone numbers have no place in an address."""

    number = serializers.CharField(max_length=15, **TEXT)
    idpel = serializers.CharField(max_length=12, **TEXT)
    meter_number = serializers.CharField(max_length=11, **TEXT)
    phone = serializers.CharField(max_length=30, **TEXT)
    is_open = serializers.BooleanField(required=False)

    def validate_phone(self, text: str) -> str:
        try:
            return normalise_phone(text).number if text else ""
        except Invalid as refusal:
            raise serializers.ValidationError(refusal.message) from refusal

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if not any(given.get(name) for name in ("number", "idpel", "meter_number", "phone")):
            raise serializers.ValidationError(_("Give a number, an IDPEL, a meter or a phone."))
        return given

    def found_in(self, rows: TicketQuerySet) -> TicketQuerySet:
        given = self.validated_data
        exact = {"number": "number", "idpel": "customer__idpel", "meter_number": "meter_number"}
        rows = rows.filter(**{exact[name]: given[name] for name in exact if given.get(name)})
        if given.get("phone"):
            rows = rows.of_phone(given["phone"])
        return rows.open() if given.get("is_open") else rows


class CandidateSerializer(serializers.Serializer):
    """An open ticket that may be about the same."""

    number = serializers.CharField(source="ticket.number", read_only=True)
    status = serializers.ChoiceField(Status.choices, source="ticket.status", read_only=True)
    status_label = serializers.CharField(source="ticket.get_status_display", read_only=True)
    problem = serializers.CharField(source="ticket.problem", read_only=True)
    reported_at = serializers.DateTimeField(source="ticket.reported_at", read_only=True)
    age_minutes = serializers.SerializerMethodField()
    distance_m = serializers.IntegerField(read_only=True, allow_null=True)
    reasons = serializers.ListField(child=serializers.CharField(), read_only=True)

    def get_age_minutes(self, candidate: Candidate) -> int:
        at: datetime = self.context["at"]
        return int(candidate.age(at).total_seconds() // 60)


class DuplicatesSerializer(serializers.Serializer):
    """What was merged into a ticket, and open tickets that may be about the same."""

    number = serializers.CharField(read_only=True)
    merged = serializers.ListField(child=serializers.CharField(), read_only=True)
    similar = CandidateSerializer(many=True, read_only=True)
