from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from allocation.models import (
    AllocationCheck,
    AllocationMatrix,
    AllocationRow,
    Availability,
    Channel,
    MeterAvailability,
    Outcome,
    Transaction,
)
from allocation.services.availability import MAX_REASON, MIN_REASON
from allocation.services.checks import Answer, Inquiry
from common.permissions import is_channel
from common.serializers import StrictSerializer
from customers.models import MAX_POWER_VA, Customer, Phase, Product, Tariff
from units.api.serializers import UnitBriefSerializer
from units.models import Area, Position, Unit
from units.powers import Power

OPTIONAL: dict[str, Any] = {"required": False, "allow_null": True}
PLACES = ("area", "unit", "idpel")
THOUSANDS = re.compile(r"[0-9]{1,3}(\.[0-9]{3})+|[0-9]{1,9}", re.ASCII)


@extend_schema_field({"type": "integer", "minimum": 1, "maximum": MAX_POWER_VA, "example": 2200})
class PowerField(serializers.Field):
    """A power in VA. Forms may send it as text, with or without dots: `2200`, `2.200` (A-002-16)."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, str) and THOUSANDS.fullmatch(data.strip()):
            data = int(data.strip().replace(".", ""))
        if not isinstance(data, int) or isinstance(data, bool):
            raise serializers.ValidationError(_("Give the power in VA, e.g. 2200 or 2.200."), code="invalid")
        if not 1 <= data <= MAX_POWER_VA:
            raise serializers.ValidationError(_("This power is out of range."), code="out_of_range")
        return data

    def to_representation(self, value: int) -> int:
        return value


class SalutationField(serializers.ChoiceField):
    """Bapak or Ibu, however it is written."""

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(data.upper() if isinstance(data, str) else data)


class CodeField(serializers.CharField):
    """A row named by its code; what nobody has is a 400 at the field."""

    default_error_messages = {"unknown": gettext_lazy("There is none with this code.")}

    def __init__(self, *, queryset: Any, lookup: str, max_length: int = 20, **kwargs: Any) -> None:
        self.queryset, self.lookup = queryset, lookup
        super().__init__(max_length=max_length, **kwargs)

    def run_validation(self, data: Any = empty) -> Any:
        code = super().run_validation(data)
        if code is None:
            return None
        found = self.queryset.filter(**{self.lookup: code}).first()
        if found is None:
            self.fail("unknown")
        return found


class CheckRequestSerializer(StrictSerializer):
    """What is asked. The premises are named by `area` or `unit`, or are those of `idpel`."""

    transaction = serializers.ChoiceField(Transaction.choices)
    area = CodeField(queryset=Area.objects, lookup="pk", help_text="31.71.01.1001", **OPTIONAL)
    unit = CodeField(queryset=Unit.objects.select_related("parent"), lookup="code", **OPTIONAL)
    idpel = serializers.RegexField(r"^[0-9]{12}\Z", **OPTIONAL)
    power_va = PowerField()
    product = serializers.ChoiceField(Product.choices)
    tariff = CodeField(queryset=Tariff.objects, lookup="code", help_text="R1")
    phase = serializers.ChoiceField(Phase.choices, **OPTIONAL)
    current_phase = serializers.ChoiceField(Phase.choices, **OPTIONAL)
    current_product = serializers.ChoiceField(Product.choices, **OPTIONAL)
    channel = serializers.ChoiceField(Channel.choices, **OPTIONAL)
    on = serializers.DateField(required=False, allow_null=True)
    salutation = SalutationField([("BAPAK", "Bapak"), ("IBU", "Ibu")], write_only=True, **OPTIONAL)
    applicant_name = serializers.CharField(max_length=60, write_only=True, **OPTIONAL)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        self._require_one_place(attrs)
        self._require_current_service(attrs)
        if idpel := attrs.get("idpel"):
            attrs["customer"] = self._customer(idpel)
        return attrs

    def _require_one_place(self, attrs: dict[str, Any]) -> None:
        given = [name for name in PLACES if attrs.get(name)]
        if not given or {"area", "unit"} <= set(given):
            message = _("Name the place by one of area, unit and idpel.")
            raise serializers.ValidationError({given[0] if given else "area": message}, code="one_place")

    def _require_current_service(self, attrs: dict[str, Any]) -> None:
        current = ("current_phase", "current_product")
        if attrs["transaction"] == Transaction.PB:
            wrong = [name for name in current if attrs.get(name)]
            message = _("A new connection has no current service.")
        else:
            wrong = [] if attrs.get("idpel") else [name for name in current if not attrs.get(name)]
            message = _("Say which service the customer has now.")
        if wrong:
            raise serializers.ValidationError(dict.fromkeys(wrong, message))

    def _customer(self, idpel: str) -> Customer:
        """Whoever may ask about premises may name them by IDPEL; nothing personal is in the answer."""
        user = self.context["request"].user
        customers = Customer.objects.filter(user.within(Power.CHECK_ALLOCATION), idpel=idpel)
        customer = customers.select_related("unit").first()
        if customer is None:
            raise serializers.ValidationError({"idpel": _("There is no customer with this IDPEL.")})
        return customer

    def inquiry(self) -> Inquiry:
        data = self.validated_data
        default = "" if is_channel(self.context["request"]) else Channel.CC123
        return Inquiry(
            transaction=data["transaction"],
            power_va=data["power_va"],
            product=data["product"],
            tariff=data["tariff"],
            unit=data.get("unit"),
            area=data.get("area"),
            customer=data.get("customer"),
            phase=data.get("phase"),
            current_phase=data.get("current_phase"),
            current_product=data.get("current_product") or "",
            channel=data.get("channel") or default,
            on=data.get("on"),
        )


class OptionSerializer(serializers.Serializer):
    phase = serializers.ChoiceField(Phase.choices)
    product = serializers.ChoiceField(Product.choices)
    min_va = serializers.IntegerField()
    max_va = serializers.IntegerField(allow_null=True, help_text="null: no upper end")


class RowSerializer(serializers.ModelSerializer):
    """A row of the matrix; a product without a lower end is not served, one without an upper end has none."""

    current_product = serializers.SerializerMethodField()

    class Meta:
        model = AllocationRow
        fields = (
            "phase",
            "availability",
            "transaction",
            "current_phase",
            "current_product",
            "prabayar_min",
            "prabayar_max",
            "pascabayar_min",
            "pascabayar_max",
        )

    @extend_schema_field(serializers.ChoiceField(Product.choices, allow_null=True))
    def get_current_product(self, row: AllocationRow) -> str | None:
        return row.current_product or None


class MatrixSerializer(serializers.ModelSerializer):
    rows = RowSerializer(many=True)

    class Meta:
        model = AllocationMatrix
        fields = ("version", "effective_on", "source_letter", "digest", "rows")


class PositionBriefSerializer(serializers.ModelSerializer):
    unit = UnitBriefSerializer()

    class Meta:
        model = Position
        fields = ("role", "unit", "is_acting")


class SettingSerializer(serializers.ModelSerializer):
    """One setting: what, why, when, by whom, and in which position."""

    unit = UnitBriefSerializer()
    set_by = serializers.CharField(source="set_by.username")
    position = PositionBriefSerializer()

    class Meta:
        model = MeterAvailability
        fields = ("unit", "phase", "value", "reason", "version", "set_at", "set_by", "position")


class AvailabilitySerializer(serializers.Serializer):
    """What applies at a unit for a phase; `value` and `setting` are null where nothing is set."""

    unit = UnitBriefSerializer()
    phase = serializers.ChoiceField(Phase.choices)
    value = serializers.ChoiceField(Availability.choices, allow_null=True)
    inherited = serializers.BooleanField(source="is_inherited")
    setting = SettingSerializer(source="row", allow_null=True)
    etag = serializers.CharField()


class AvailabilityChangeSerializer(StrictSerializer):
    value = serializers.ChoiceField(Availability.choices)
    reason = serializers.CharField(min_length=MIN_REASON, max_length=MAX_REASON)


class PreviewRequestSerializer(serializers.Serializer):
    value = serializers.ChoiceField(Availability.choices)
    days = serializers.IntegerField(min_value=1, max_value=90, default=30)


class PreviewLineSerializer(serializers.Serializer):
    power_va = serializers.IntegerField()
    product = serializers.ChoiceField(Product.choices)
    would_refuse = serializers.IntegerField()
    would_serve = serializers.IntegerField()


class PreviewSerializer(serializers.Serializer):
    """What `value` would have changed in the checks of the last `days` days."""

    unit = UnitBriefSerializer()
    phase = serializers.ChoiceField(Phase.choices)
    value = serializers.ChoiceField(Availability.choices)
    days = serializers.IntegerField()
    checks = serializers.IntegerField()
    would_refuse = serializers.IntegerField()
    would_serve = serializers.IntegerField()
    lines = PreviewLineSerializer(many=True)


class ValuePerPhaseSerializer(serializers.Serializer):
    def get_fields(self) -> dict[str, serializers.Field]:
        return {str(phase): serializers.ChoiceField(Availability.choices, allow_null=True) for phase in Phase}


class SourceSerializer(serializers.Serializer):
    unit = UnitBriefSerializer()
    inherited = serializers.BooleanField()
    set_at = serializers.DateTimeField()
    version = serializers.IntegerField()


class SourcePerPhaseSerializer(serializers.Serializer):
    def get_fields(self) -> dict[str, serializers.Field]:
        return {str(phase): SourceSerializer(allow_null=True) for phase in Phase}


class AnswerSerializer(serializers.Serializer):
    """The answer to a check: `phase` is null where it speaks of no single phase."""

    id = serializers.IntegerField(source="check.pk")
    served = serializers.BooleanField(source="check.is_served")
    outcome = serializers.ChoiceField(Outcome.choices, source="check.outcome")
    unit = UnitBriefSerializer(source="check.unit")
    phase = serializers.ChoiceField(Phase.choices, source="check.phase", allow_null=True)
    availability = serializers.SerializerMethodField()
    availability_source = serializers.SerializerMethodField()
    options = OptionSerializer(many=True)
    notification = serializers.CharField(allow_null=True)
    script = serializers.CharField()
    explanation = serializers.CharField(allow_null=True)
    warnings = serializers.ListField(child=serializers.CharField())
    rows = RowSerializer(many=True)
    matrix_version = serializers.IntegerField(source="check.matrix.version")
    matrix_effective_on = serializers.DateField(source="check.matrix.effective_on")
    as_of = serializers.DateField(source="check.on")

    @extend_schema_field(ValuePerPhaseSerializer)
    def get_availability(self, answer: Answer) -> dict[str, str | None]:
        return {str(phase): row.value if row else None for phase, row in answer.availabilities.items()}

    @extend_schema_field(SourcePerPhaseSerializer)
    def get_availability_source(self, answer: Answer) -> dict[str, Any]:
        return {str(phase): self._source(answer, row) for phase, row in answer.availabilities.items()}

    def _source(self, answer: Answer, row: MeterAvailability | None) -> dict[str, Any] | None:
        if row is None:
            return None
        return {
            "unit": dict(UnitBriefSerializer(row.unit).data),
            "inherited": row.unit_id != answer.check.unit_id,
            "set_at": serializers.DateTimeField().to_representation(row.set_at),
            "version": row.version,
        }


class CheckSerializer(serializers.ModelSerializer):
    """A check that was made, in a line."""

    unit = UnitBriefSerializer()
    served = serializers.BooleanField(source="is_served")
    tariff = serializers.CharField(source="tariff.code")
    asked_by = serializers.CharField(source="asked_by.username")

    class Meta:
        model = AllocationCheck
        fields = (
            "id",
            "asked_at",
            "asked_by",
            "channel",
            "unit",
            "transaction",
            "power_va",
            "tariff",
            "product",
            "served",
            "outcome",
            "on",
        )


class QuestionSerializer(serializers.ModelSerializer):
    """What was asked."""

    tariff = serializers.CharField(source="tariff.code")
    area = serializers.CharField(source="area_id", allow_null=True)
    idpel = serializers.CharField(source="customer.idpel", default=None, allow_null=True)
    phase = serializers.ChoiceField(Phase.choices, source="phase_asked", allow_null=True)

    class Meta:
        model = AllocationCheck
        fields = (
            "transaction",
            "area",
            "idpel",
            "power_va",
            "product",
            "tariff",
            "phase",
            "current_phase",
            "current_product",
            "channel",
        )


class SettingPerPhaseSerializer(serializers.Serializer):
    def get_fields(self) -> dict[str, serializers.Field]:
        return {str(phase): SettingSerializer(allow_null=True) for phase in Phase}


class CheckDetailSerializer(AnswerSerializer):
    """Why this answer was given: question, matrix, rows, and each setting with who made it and why."""

    question = QuestionSerializer(source="check")
    asked_at = serializers.DateTimeField(source="check.asked_at")
    asked_by = serializers.CharField(source="check.asked_by.username")
    matrix_source_letter = serializers.CharField(source="check.matrix.source_letter")
    settings = serializers.SerializerMethodField()

    @extend_schema_field(SettingPerPhaseSerializer)
    def get_settings(self, answer: Answer) -> dict[str, Any]:
        rows = answer.availabilities.items()
        return {str(phase): SettingSerializer(row).data if row else None for phase, row in rows}


class DaySerializer(serializers.Serializer):
    on = serializers.DateField(required=False)
