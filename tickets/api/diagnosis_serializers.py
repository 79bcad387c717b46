"""Self-diagnoses as channels read them and as the house does. The two never mix (R-003-57)."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from allocation.api.serializers import CodeField
from common.serializers import StrictSerializer
from tickets import diagnosis_notices
from tickets.models import (
    ClearTamperToken,
    DiagnosisStatus,
    ReadingCode,
    SelfDiagnosis,
    TokenDelivery,
    WorkOrderType,
)
from tickets.rules.readings import CODES
from tickets.services import ctt
from units.api.serializers import UnitBriefSerializer
from units.models import Area

READING = {"oneOf": [{"type": "number"}, {"type": "null"}]}


@extend_schema_field(
    {
        "type": "object",
        "properties": dict.fromkeys(CODES, READING),
        "required": list(CODES),
        "additionalProperties": False,
        "example": {
            "08": 1,
            "70": 1,
            "71": 0,
            "41": 230,
            "44": 2.5,
            "45": 2.5,
            "46": 2.4,
            "37": 12.5,
            "47": None,
        },
    }
)
class ReadingsField(serializers.Field):
    """Nine readings by code; a number, or null for "Tidak Ada Angka". The service judges them."""

    default_error_messages = {"not_an_object": _("Send the readings by code.")}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("not_an_object")
        return dict(data)

    def to_representation(self, value: Any) -> Any:
        return {code: value[code] for code in CODES}


class SubmissionSerializer(StrictSerializer):
    readings = ReadingsField()


class PublicDiagnosisSerializer(serializers.ModelSerializer):
    """What was sent, and where it stands. No meanings, warnings, suggestions, people or reasons."""

    ticket = serializers.CharField(source="ticket.number", read_only=True)
    status = serializers.ChoiceField(DiagnosisStatus.choices, read_only=True)
    readings = ReadingsField(read_only=True)

    class Meta:
        model = SelfDiagnosis
        fields: tuple[str, ...] = ("ticket", "status", "readings", "submitted_at", "decided_at", "version")


class TokenDeliverySerializer(serializers.ModelSerializer):
    by = serializers.CharField(source="by.username", default=None, read_only=True)

    class Meta:
        model = TokenDelivery
        fields = ("way", "result", "at", "by", "sent_at", "confirmed_at", "error")


class TokenSerializer(serializers.ModelSerializer):
    """A token, masked, with how it was brought to the customer."""

    masked = serializers.CharField(source="__str__", read_only=True)
    deliveries = TokenDeliverySerializer(many=True, read_only=True)

    class Meta:
        model = ClearTamperToken
        fields = ("masked", "meter_number", "source", "issued_at", "deliveries")


class DiagnosisSerializer(PublicDiagnosisSerializer):
    """A self-diagnosis for the house: the suggestion is an assumption, the operator decides."""

    posko = UnitBriefSerializer(source="ticket.posko", read_only=True)
    due_at = serializers.DateTimeField(source="ticket.due_at", read_only=True)
    ticket_status = serializers.CharField(source="ticket.status", read_only=True)
    idpel = serializers.CharField(source="ticket.customer.idpel", default=None, read_only=True)
    warnings = serializers.SerializerMethodField()
    triggers = serializers.SerializerMethodField()
    is_assumption = serializers.SerializerMethodField()
    submitted_by = serializers.CharField(source="submitted_by.username", read_only=True)
    decided_by = serializers.CharField(source="decided_by.username", default=None, read_only=True)

    class Meta(PublicDiagnosisSerializer.Meta):
        fields = (
            "id",
            *PublicDiagnosisSerializer.Meta.fields,
            "ticket_status",
            "posko",
            "due_at",
            "idpel",
            "meter_number",
            "channel",
            "warnings",
            "suggestion",
            "is_assumption",
            "triggers",
            "submitted_by",
            "decided_by",
            "reason",
        )

    def get_warnings(self, diagnosis: SelfDiagnosis) -> list[str]:
        return [diagnosis_notices.warning_text(it) for it in diagnosis.warnings]

    def get_triggers(self, diagnosis: SelfDiagnosis) -> list[str]:
        return [diagnosis_notices.trigger_text(it) for it in diagnosis.triggers]

    def get_is_assumption(self, diagnosis: SelfDiagnosis) -> bool:
        """PLN publishes no thresholds: every suggestion is one."""
        return True


class DiagnosisDetailSerializer(DiagnosisSerializer):
    """One case with its token, masked, and the ways in which the customer can get it."""

    token = serializers.SerializerMethodField()
    ways = serializers.SerializerMethodField()

    class Meta(DiagnosisSerializer.Meta):
        fields = (*DiagnosisSerializer.Meta.fields, "token", "ways")

    @extend_schema_field(TokenSerializer(allow_null=True))
    def get_token(self, diagnosis: SelfDiagnosis) -> dict[str, Any] | None:
        deliveries = Prefetch("deliveries", TokenDelivery.objects.select_related("by"))
        token = ClearTamperToken.objects.prefetch_related(deliveries).filter(diagnosis=diagnosis).first()
        return dict(TokenSerializer(token).data) if token else None

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(TokenDelivery.Way.choices)))
    def get_ways(self, diagnosis: SelfDiagnosis) -> list[str]:
        return ctt.possible_ways(diagnosis.ticket)


class ApprovalSerializer(StrictSerializer):
    """`token` where it was issued elsewhere; `ways` where not every way of the customer is wanted."""

    reason = serializers.CharField(max_length=500)
    token = serializers.CharField(max_length=40, required=False, allow_blank=True)
    ways = serializers.ListField(
        child=serializers.ChoiceField(TokenDelivery.Way.choices), max_length=4, required=False
    )


class WaysSerializer(StrictSerializer):
    ways = serializers.ListField(
        child=serializers.ChoiceField(TokenDelivery.Way.choices), min_length=1, max_length=4
    )


class ClearTokenSerializer(serializers.Serializer):
    """A token in clear, in groups of four digits."""

    ticket = serializers.CharField(read_only=True)
    meter_number = serializers.CharField(read_only=True)
    token = serializers.CharField(read_only=True)


class CoverageRequestSerializer(StrictSerializer):
    """Which place: a customer by IDPEL or meter number, or an area. In a body, for it names a customer."""

    idpel = serializers.RegexField(r"\A[0-9]{12}\Z", required=False)
    meter_number = serializers.RegexField(r"\A[0-9]{11}\Z", required=False)
    area = CodeField(queryset=Area.objects.all(), lookup="pk", required=False)
    on = serializers.DateField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len({"idpel", "meter_number", "area"} & set(attrs)) != 1:
            raise serializers.ValidationError(_("Give exactly one of: idpel, meter_number, area."))
        return attrs


class CoverageSerializer(serializers.Serializer):
    """Whether self-diagnosis may be used there on that day, and what to do instead."""

    is_covered = serializers.BooleanField(read_only=True)
    wo_type = serializers.ChoiceField(WorkOrderType.choices, read_only=True)
    notice = serializers.CharField(read_only=True)
    valid_from = serializers.DateField(read_only=True, allow_null=True)


class ReadingCodeSerializer(serializers.ModelSerializer):
    """A short code for the agent's form. `meaning` must not be said to anybody outside."""

    class Meta:
        model = ReadingCode
        fields = ("code", "position", "meaning", "measure", "plausible_min", "plausible_max")
