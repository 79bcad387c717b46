"""Reports as they come in, tickets as they are shown: people masked, internal words for insiders only."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from allocation.api.serializers import CodeField
from allocation.models import Channel
from common.serializers import StrictSerializer
from tickets import notices
from tickets.api.fields import NOTHING, TEXT, DegreesField, VisibleUnitField
from tickets.api.finding import PhoneAndPlaceSerializer
from tickets.models import (
    NUMBER,
    Incident,
    PowerState,
    ProblemType,
    Status,
    Tab,
    Ticket,
    TicketEvent,
    TicketPhoto,
    WorkOrderType,
)
from tickets.rules.moves import Hand, hands_for, next_by
from tickets.services.contact import masked_contact
from tickets.services.report import Report
from units.api.serializers import UnitBriefSerializer
from units.models import Area
from units.powers import Role


class ReportSerializer(PhoneAndPlaceSerializer):
    """The form of both tabs (R-003-81 to 93)."""

    tab = serializers.ChoiceField(Tab.choices)
    problem_type = CodeField(queryset=ProblemType.objects.all(), lookup="code", max_length=60)
    wo_type = serializers.ChoiceField(WorkOrderType.choices, **TEXT)
    is_issue_closed = serializers.BooleanField(required=False, default=False)
    problem = serializers.CharField(max_length=2000)
    reporter_name = serializers.CharField(max_length=120)
    channel = serializers.ChoiceField(Channel.choices, required=False)
    client_ref = serializers.CharField(max_length=64, **TEXT)
    external_number = serializers.CharField(max_length=15, **TEXT)
    caller_number = serializers.CharField(max_length=30, **TEXT)
    mobile_number = serializers.CharField(max_length=30, **TEXT)
    by_phone = serializers.BooleanField(required=False, default=False)
    by_wa = serializers.BooleanField(required=False, default=False)
    by_sms = serializers.BooleanField(required=False, default=False)
    street = serializers.CharField(max_length=160, **TEXT)
    building_number = serializers.CharField(max_length=20, **TEXT)
    rt = serializers.CharField(max_length=3, **TEXT)
    rw = serializers.CharField(max_length=3, **TEXT)
    landmark = serializers.CharField(max_length=160, **TEXT)
    address_note = serializers.CharField(max_length=300, **TEXT)
    area = CodeField(queryset=Area.objects.all(), lookup="pk", **NOTHING)
    unit = VisibleUnitField(**NOTHING)
    posko = VisibleUnitField(**NOTHING)
    power_state = serializers.ChoiceField(PowerState.choices, **TEXT)
    outage_on = serializers.DateField(**NOTHING)
    outage_time = serializers.TimeField(**NOTHING)
    confirm_at = serializers.DateTimeField(**NOTHING)
    notes = serializers.CharField(max_length=2000, **TEXT)
    sop_ref = serializers.CharField(max_length=80, **TEXT)
    is_hard_complaint = serializers.BooleanField(required=False, default=False)
    details = serializers.DictField(
        child=serializers.CharField(max_length=500, allow_blank=True, allow_null=True), required=False
    )

    def report(self) -> Report:
        values = dict(self.validated_data)
        values["customer"] = values.pop("idpel", None)
        values.setdefault("channel", Channel.CC123)
        return Report(**values)


class CorrectionSerializer(StrictSerializer):
    """What may be corrected; whatever is absent stays."""

    external_number = serializers.CharField(max_length=15, **TEXT)
    reporter_name = serializers.CharField(max_length=120, required=False)
    mobile_number = serializers.CharField(max_length=30, **TEXT)
    by_phone = serializers.BooleanField(required=False)
    by_wa = serializers.BooleanField(required=False)
    by_sms = serializers.BooleanField(required=False)
    street = serializers.CharField(max_length=160, **TEXT)
    building_number = serializers.CharField(max_length=20, **TEXT)
    rt = serializers.CharField(max_length=3, **TEXT)
    rw = serializers.CharField(max_length=3, **TEXT)
    landmark = serializers.CharField(max_length=160, **TEXT)
    address_note = serializers.CharField(max_length=300, **TEXT)
    latitude = DegreesField(min_value=-90, max_value=90, **NOTHING)
    longitude = DegreesField(min_value=-180, max_value=180, **NOTHING)
    problem = serializers.CharField(max_length=2000, required=False)
    power_state = serializers.ChoiceField(PowerState.choices, **TEXT)
    outage_on = serializers.DateField(**NOTHING)
    outage_time = serializers.TimeField(**NOTHING)
    notes = serializers.CharField(max_length=2000, **TEXT)
    is_hard_complaint = serializers.BooleanField(required=False)
    unit = VisibleUnitField(required=False)
    posko = VisibleUnitField(required=False)


class MoveSerializer(StrictSerializer):
    to = serializers.ChoiceField(Status.choices)
    reason = serializers.CharField(max_length=500, **TEXT)
    confirm_at = serializers.DateTimeField(**NOTHING)


class ReasonSerializer(StrictSerializer):
    reason = serializers.CharField(max_length=500)


class MergeSerializer(ReasonSerializer):
    into = serializers.RegexField(rf"\A{NUMBER}\Z")


class RepeatSerializer(StrictSerializer):
    """Lapor ulang of an open ticket."""

    channel = serializers.ChoiceField(Channel.choices, required=False, default=Channel.CC123)
    caller_number = serializers.CharField(max_length=30, **TEXT)
    words = serializers.CharField(max_length=500, **TEXT)


class ConfirmationSerializer(StrictSerializer):
    """The customer's answer to "LAPORAN SUDAH SELESAI?"."""

    is_done = serializers.BooleanField()
    reason = serializers.CharField(max_length=500, **TEXT)


class RatingSerializer(StrictSerializer):
    rating = serializers.IntegerField(min_value=1, max_value=5)
    words = serializers.CharField(max_length=500, **TEXT)


class ProblemTypeSerializer(serializers.ModelSerializer):
    class Meta:
        model = ProblemType
        fields = ("code", "tab", "name", "sub_name")


class OutageSerializer(serializers.ModelSerializer):
    """The wide outage that a report belongs to, as its customer hears of it."""

    status_label = serializers.CharField(source="get_status_display", read_only=True)

    class Meta:
        model = Incident
        fields = ("status", "status_label", "estimate_at")


class ProgressSerializer(serializers.ModelSerializer):
    """A ticket as the channel that made it follows it: nothing internal (R-003-106, R-003-107)."""

    outage = OutageSerializer(source="incident", read_only=True, allow_null=True)
    may_cancel = serializers.SerializerMethodField()
    asks_confirmation = serializers.SerializerMethodField()
    has_ctt = serializers.SerializerMethodField()

    status_label = serializers.CharField(source="get_status_display", read_only=True)
    merged_into = serializers.CharField(source="merged_into.number", default=None, read_only=True)
    follows = serializers.CharField(source="follows.number", default=None, read_only=True)

    class Meta:
        model = Ticket
        fields: tuple[str, ...] = (
            "number",
            "client_ref",
            "tab",
            "channel",
            "status",
            "status_label",
            "problem",
            "reported_at",
            "restored_at",
            "closed_at",
            "repeat_count",
            "is_confirmed",
            "rating",
            "follows",
            "merged_into",
            "outage",
            "may_cancel",
            "asks_confirmation",
            "has_ctt",
        )

    def get_may_cancel(self, ticket: Ticket) -> bool:
        """Whether BATALKAN LAPORAN is still possible."""
        hands = hands_for(tab=ticket.tab, start=ticket.status, to=Status.BATAL)
        return ticket.is_open and Hand.REPORTER in hands

    def get_asks_confirmation(self, ticket: Ticket) -> bool:
        """Whether the customer's yes or no is waited for: at SELESAI, or after a token."""
        waits_for_token = ticket.status == Status.MENUNGGU_KONFIRMASI and self.get_has_ctt(ticket)
        return waits_for_token or (ticket.status == Status.SELESAI and ticket.is_confirmed is None)

    def get_has_ctt(self, ticket: Ticket) -> bool:
        """Whether a Clear Tamper Token was issued for it."""
        return hasattr(ticket, "diagnosis") and hasattr(ticket.diagnosis, "token")


class TicketSerializer(ProgressSerializer):
    """A ticket for people of the house; the reporter masked."""

    problem_type = ProblemTypeSerializer(read_only=True)
    idpel = serializers.CharField(source="customer.idpel", default=None, read_only=True)
    unit = UnitBriefSerializer(read_only=True)
    posko = UnitBriefSerializer(read_only=True)
    contact = serializers.SerializerMethodField()
    is_overdue = serializers.SerializerMethodField()

    class Meta(ProgressSerializer.Meta):
        fields = (
            *ProgressSerializer.Meta.fields,
            "external_number",
            "problem_type",
            "wo_type",
            "idpel",
            "meter_number",
            "unit",
            "posko",
            "contact",
            "power_state",
            "is_hard_complaint",
            "sop_ref",
            "confirm_at",
            "due_at",
            "is_overdue",
        )

    def get_contact(self, ticket: Ticket) -> dict[str, str]:
        return masked_contact(ticket)

    def get_is_overdue(self, ticket: Ticket) -> bool:
        return ticket.is_overdue(self.context.get("at") or timezone.now())


class TicketDetailSerializer(TicketSerializer):
    """One ticket with the text for the unit, its clock, and where the reader may take it."""

    area = serializers.CharField(source="area.display_name", default=None, read_only=True)
    report_text = serializers.SerializerMethodField()
    moves = serializers.SerializerMethodField()
    target_minutes = serializers.IntegerField(source="policy.minutes", default=None, read_only=True)
    version = serializers.IntegerField(read_only=True)

    class Meta(TicketSerializer.Meta):
        fields = (
            *TicketSerializer.Meta.fields,
            "area",
            "address_note",
            "outage_on",
            "outage_time",
            "notes",
            "details",
            "report_text",
            "moves",
            "target_minutes",
            "responded_at",
            "rating_words",
            "version",
        )

    def get_report_text(self, ticket: Ticket) -> str:
        return notices.report_text(ticket)

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(Status.choices)))
    def get_moves(self, ticket: Ticket) -> list[str]:
        """Where an officer of the unit may take it by hand."""
        if not ticket.is_open:
            return []
        return [str(to) for to in next_by(tab=ticket.tab, start=ticket.status, hand=Hand.UNIT)]


class PublicEventSerializer(serializers.ModelSerializer):
    """An event as a channel hears of it."""

    class Meta:
        model = TicketEvent
        fields: tuple[str, ...] = ("version", "kind", "from_status", "to_status", "at")


class EventSerializer(PublicEventSerializer):
    """An event with who did it, in which position, and why."""

    by = serializers.CharField(source="by.username", default=None, read_only=True)
    role = serializers.ChoiceField(Role.choices, read_only=True)
    unit = serializers.CharField(source="position.unit.name", default=None, read_only=True)
    details = serializers.DictField(source="data", read_only=True)

    class Meta(PublicEventSerializer.Meta):
        fields = (*PublicEventSerializer.Meta.fields, "by", "role", "unit", "job", "reason", "details")


class PhotoSerializer(serializers.ModelSerializer):
    class Meta:
        model = TicketPhoto
        fields = ("slot", "width", "height", "size", "added_at")


class ContactSerializer(serializers.Serializer):
    """The reporter in full; every look is recorded."""

    number = serializers.CharField(read_only=True)
    values = serializers.DictField(child=serializers.CharField(allow_blank=True), read_only=True)
