"""Customers as the API shows them: masked. Nothing here reads a personal field itself."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.serializers import StrictSerializer
from customers import rules
from customers.models import Customer, Meter, PhoneKind
from customers.services import privacy
from units.api.serializers import UnitBriefSerializer
from units.models import Area


class PlaceSerializer(serializers.ModelSerializer):
    """An area, with the names from itself up to the province in one line."""

    place = serializers.SerializerMethodField()

    class Meta:
        model = Area
        fields = ("code", "display_name", "place")

    def get_place(self, area: Area) -> str:
        names = [area.display_name]
        while area.parent:
            area = area.parent
            names.append(area.display_name)
        return ", ".join(names)


class MeterSerializer(serializers.ModelSerializer):
    """The meter in use. `is_number_plausible` is false where the check digit does not fit."""

    age_years = serializers.SerializerMethodField()
    is_number_plausible = serializers.SerializerMethodField()

    class Meta:
        model = Meter
        fields = ("number", "brand", "installed_on", "age_years", "is_number_plausible")

    def get_age_years(self, meter: Meter) -> int:
        """Completed years since the installation, on today's date at the unit."""
        return rules.full_years(meter.installed_on, meter.customer.unit.local_date(timezone.now()))

    def get_is_number_plausible(self, meter: Meter) -> bool:
        return rules.meter_number_is_plausible(meter.number)


class PhoneSerializer(serializers.Serializer):
    number = serializers.CharField(read_only=True)
    kind = serializers.ChoiceField(PhoneKind.choices, read_only=True)


class CustomerSerializer(serializers.ModelSerializer):
    """A customer with name, address, NIK and phones masked; `reveal/` answers them in full."""

    name = serializers.SerializerMethodField()
    address = serializers.SerializerMethodField()
    nik = serializers.SerializerMethodField()
    phones = serializers.SerializerMethodField()
    area = PlaceSerializer(read_only=True)
    unit = UnitBriefSerializer(read_only=True)
    tariff = serializers.CharField(source="tariff.code", read_only=True)
    kogol = serializers.IntegerField(source="kogol_id", read_only=True)
    kogol_label = serializers.CharField(source="kogol.label", read_only=True)
    is_subsidised = serializers.BooleanField(read_only=True)
    meter = MeterSerializer(source="current_meter", read_only=True, allow_null=True)

    class Meta:
        model = Customer
        fields = (
            "idpel",
            "name",
            "address",
            "nik",
            "phones",
            "area",
            "unit",
            "tariff",
            "power_va",
            "phase",
            "product",
            "kogol",
            "kogol_label",
            "is_subsidised",
            "meter",
        )

    def get_name(self, customer: Customer) -> str:
        return privacy.masked_name(customer)

    def get_address(self, customer: Customer) -> str:
        return privacy.masked_address(customer)

    def get_nik(self, customer: Customer) -> str | None:
        return privacy.masked_nik(customer)

    @extend_schema_field(PhoneSerializer(many=True))
    def get_phones(self, customer: Customer) -> list[dict[str, str]]:
        return privacy.masked_phones(customer)


class RevealRequestSerializer(StrictSerializer):
    """Which fields to reveal, and why."""

    reason = serializers.CharField(
        min_length=privacy.SHORTEST_REASON,
        max_length=privacy.LONGEST_REASON,
        help_text="Why; kept on record.",
    )

    def get_fields(self) -> dict[str, serializers.Field]:
        """One of the inputs is called `fields`, which is also the name that DRF keeps its own under."""
        choice = serializers.ChoiceField(privacy.FIELDS)
        return {"fields": serializers.ListField(child=choice, min_length=1), **super().get_fields()}


class RevealedValuesSerializer(serializers.Serializer):
    """What was asked for, in full; a missing NIK is an empty text."""

    name = serializers.CharField(required=False)
    address = serializers.CharField(required=False)
    nik = serializers.CharField(required=False, allow_blank=True)
    phones = PhoneSerializer(many=True, required=False)


class RevealedSerializer(serializers.Serializer):
    idpel = serializers.CharField()
    values: Any = RevealedValuesSerializer()
