"""Work orders, crews and shifts as units read them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.fields import empty

from allocation.api.serializers import CodeField
from common.serializers import StrictSerializer
from tickets.api.fields import DegreesField
from tickets.models import NUMBER, Crew, OrderStatus, Shift, WorkOrder, WorkOrderEvent
from tickets.services.contact import masked_address
from units.api.serializers import UnitBriefSerializer
from units.powers import Role

REASON: dict[str, Any] = {"max_length": 500}


class CrewBriefSerializer(serializers.ModelSerializer):
    class Meta:
        model = Crew
        fields = ("code", "name")


class WorkOrderSerializer(serializers.ModelSerializer):
    """An order with what its crew has to know; the address without what singles out a house."""

    ticket = serializers.CharField(source="ticket.number", read_only=True)
    status_label = serializers.CharField(source="get_status_display", read_only=True)
    posko = UnitBriefSerializer(read_only=True)
    crew = CrewBriefSerializer(read_only=True, allow_null=True)
    shift = serializers.CharField(source="shift.name", default=None, read_only=True)
    dispatched_by = serializers.CharField(source="dispatched_by.username", default=None, read_only=True)
    problem = serializers.CharField(source="ticket.problem", read_only=True)
    power_state = serializers.CharField(source="ticket.power_state", read_only=True)
    address = serializers.SerializerMethodField()
    due_at = serializers.DateTimeField(source="ticket.due_at", read_only=True)
    repeat_count = serializers.IntegerField(source="ticket.repeat_count", read_only=True)

    class Meta:
        model = WorkOrder
        fields = (
            "id",
            "ticket",
            "type",
            "status",
            "status_label",
            "posko",
            "crew",
            "shift",
            "dispatched_by",
            "distance_m",
            "attempts",
            "next_try_at",
            "problem",
            "power_state",
            "address",
            "due_at",
            "repeat_count",
            "created_at",
            "assigned_at",
            "departed_at",
            "started_at",
            "restored_temporarily_at",
            "restored_at",
            "finished_at",
            "cancelled_at",
            "version",
        )

    def get_address(self, order: WorkOrder) -> str:
        return masked_address(order.ticket)


class WorkOrderEventSerializer(serializers.ModelSerializer):
    by = serializers.CharField(source="by.username", default=None, read_only=True)
    role = serializers.ChoiceField(Role.choices, read_only=True)
    crew = serializers.CharField(source="crew.code", default=None, read_only=True)
    from_status = serializers.ChoiceField(OrderStatus.choices, read_only=True)
    to_status = serializers.ChoiceField(OrderStatus.choices, read_only=True)

    class Meta:
        model = WorkOrderEvent
        fields = ("version", "from_status", "to_status", "crew", "at", "by", "role", "job", "reason")


class VisibleCrewField(CodeField):
    """A crew that the reader sees, by its code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=Crew.objects.all(), lookup="code", max_length=40, **kwargs)

    def run_validation(self, data: Any = empty) -> Any:
        self.queryset = Crew.objects.visible_to(self.context["request"].user)
        return super().run_validation(data)


class OpenOrderSerializer(StrictSerializer):
    ticket = serializers.RegexField(rf"\A{NUMBER}\Z")


class AssignSerializer(StrictSerializer):
    """`reason` is required where another crew has the order."""

    crew = VisibleCrewField()
    reason = serializers.CharField(required=False, allow_blank=True, **REASON)


class PostponeSerializer(StrictSerializer):
    confirm_at = serializers.DateTimeField()
    reason = serializers.CharField(**REASON)


class ShiftSerializer(serializers.ModelSerializer):
    crew = CrewBriefSerializer(read_only=True)
    posko = UnitBriefSerializer(source="crew.posko", read_only=True)

    class Meta:
        model = Shift
        fields = (
            "id",
            "crew",
            "posko",
            "name",
            "officers",
            "starts_at",
            "ends_at",
            "checked_in_at",
            "checked_out_at",
            "latitude",
            "longitude",
            "located_at",
        )


class CrewSerializer(serializers.ModelSerializer):
    """A crew, how many orders it has open, and whether it is on duty now."""

    posko = UnitBriefSerializer(read_only=True)
    open_orders = serializers.IntegerField(read_only=True)
    is_on_duty = serializers.BooleanField(read_only=True)

    class Meta:
        model = Crew
        fields = ("code", "name", "posko", "is_active", "open_orders", "is_on_duty")


class PlaceSerializer(StrictSerializer):
    """Where a crew is, both or neither."""

    latitude = DegreesField(min_value=-90, max_value=90)
    longitude = DegreesField(min_value=-180, max_value=180)


class CheckInSerializer(StrictSerializer):
    latitude = DegreesField(min_value=-90, max_value=90, required=False, allow_null=True)
    longitude = DegreesField(min_value=-180, max_value=180, required=False, allow_null=True)
