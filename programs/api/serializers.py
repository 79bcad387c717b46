from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from customers.rules import mask_name
from programs import notices, rules
from programs.models import Contact, Evaluation, PaymentImport, Program, Winner
from programs.services.standing import Standing
from units.api.serializers import UnitBriefSerializer
from units.powers import Power


class ProgramSerializer(serializers.ModelSerializer):
    """A program as data: whom it reaches, what counts, and what may be said about it."""

    unit = UnitBriefSerializer()
    periods = serializers.SerializerMethodField()
    warning = serializers.SerializerMethodField()
    list_digest = serializers.CharField(source="evaluation.digest", default=None, allow_null=True)

    class Meta:
        model = Program
        fields = (
            "slug", "name", "alias", "letter", "purpose", "unit", "status", "periods", "first_day",
            "last_day", "products", "excluded_kogol", "tariffs", "min_va", "max_va", "grouping",
            "winners_per_group",
            "announce_before", "announcement_note", "pick_up_from", "pick_up_until", "pick_up_place",
            "agent_may_say", "agent_must_not", "warning", "list_digest", "winners_digest",
        )  # fmt: skip

    def get_periods(self, program: Program) -> list[str]:
        return [month.period for month in program.months_of_rule]

    def get_warning(self, program: Program) -> str:
        return notices.warning(program, program.unit.local_date(timezone.now()))


class MonthSerializer(serializers.Serializer):
    period = serializers.CharField(source="month.period")
    paid_at = serializers.DateTimeField(source="bill.paid_at", default=None, allow_null=True)
    counted = serializers.BooleanField(source="is_counted")
    reason = serializers.ChoiceField(choices=[(name.value, name.value) for name in rules.Reason])
    reason_text = serializers.SerializerMethodField()

    def get_reason_text(self, month: rules.MonthVerdict) -> str:
        return notices.reason(month)


class StandingSerializer(serializers.Serializer):
    """Where a customer stands. The name is masked; neither a prize nor its kind is said."""

    program = serializers.CharField(source="program.slug")
    name = serializers.CharField(source="program.name")
    warning = serializers.SerializerMethodField()
    idpel = serializers.CharField(source="customer.idpel")
    customer = serializers.SerializerMethodField()
    months = MonthSerializer(many=True)
    verdict = serializers.ChoiceField(choices=[(name.value, name.value) for name in rules.Verdict])
    listed = serializers.BooleanField(source="is_listed", allow_null=True)
    winner = serializers.SerializerMethodField()
    say = serializers.SerializerMethodField()
    must_not = serializers.CharField(source="program.agent_must_not")

    def get_warning(self, standing: Standing) -> str:
        return notices.warning(standing.program, standing.program.unit.local_date(timezone.now()))

    def get_customer(self, standing: Standing) -> str:
        return mask_name(standing.customer.name)

    @extend_schema_field(
        {
            "type": ["object", "null"],
            "properties": {"unit": {"type": "string"}, "status": {"type": "string"}},
        }
    )
    def get_winner(self, standing: Standing) -> dict[str, str] | None:
        winner = standing.winner
        if winner is None or winner.status == Winner.Status.RESERVE:
            return None
        return {"unit": winner.unit.name, "status": winner.status}

    def get_say(self, standing: Standing) -> list[str]:
        return notices.what_to_say(standing.program, standing.verdict, standing.is_listed)


class ReportLineSerializer(serializers.Serializer):
    line = serializers.IntegerField()
    column = serializers.CharField()
    message = serializers.CharField()


class PaymentImportSerializer(serializers.ModelSerializer):
    program = serializers.CharField(source="program.slug")
    report = serializers.SerializerMethodField()

    class Meta:
        model = PaymentImport
        fields = (
            "id", "program", "file_name", "file_size", "digest", "status", "stage", "bytes_read", "row_count",
            "error_count", "report", "replaces", "uploaded_at", "started_at", "finished_at",
        )  # fmt: skip

    @extend_schema_field(ReportLineSerializer(many=True))
    def get_report(self, record: PaymentImport) -> list[dict[str, Any]]:
        return notices.report_lines(record)


class PaymentUploadSerializer(serializers.Serializer):
    file = serializers.FileField(allow_empty_file=True)
    replaces = serializers.IntegerField(required=False, min_value=1)


class EvaluationSerializer(serializers.ModelSerializer):
    program = serializers.CharField(source="program.slug")
    is_frozen = serializers.SerializerMethodField()

    class Meta:
        model = Evaluation
        fields = (
            "id", "program", "status", "stage", "entry_count", "digest", "is_frozen",
            "asked_at", "started_at", "finished_at",
        )  # fmt: skip

    def get_is_frozen(self, evaluation: Evaluation) -> bool:
        return evaluation.program.evaluation_id == evaluation.pk


class WinnerSerializer(serializers.ModelSerializer):
    """A winner, masked. The reward only for those who see to it: an agent promises neither prize nor kind."""

    unit = UnitBriefSerializer()
    idpel = serializers.SerializerMethodField()
    name = serializers.SerializerMethodField()
    reward = serializers.SerializerMethodField()

    class Meta:
        model = Winner
        fields = ("id", "unit", "tariff", "rank", "idpel", "name", "status", "reward", "told_at",
                  "handed_over_at")  # fmt: skip

    def get_idpel(self, winner: Winner) -> str:
        return rules.mask_idpel(winner.customer.idpel)

    def get_reward(self, winner: Winner) -> str | None:
        may_see = self.context["request"].user.may(Power.SEE_REWARDS, winner.unit)
        return winner.reward.name if winner.reward and may_see else None

    def get_name(self, winner: Winner) -> str:
        return mask_name(winner.customer.name)


class ContactRequestSerializer(serializers.Serializer):
    method = serializers.ChoiceField(choices=Contact.Method.choices)
    reached = serializers.BooleanField()
    override = serializers.BooleanField(default=False)
    reason = serializers.CharField(max_length=300, default="", allow_blank=True)


class HandOverRequestSerializer(serializers.Serializer):
    code = serializers.CharField(max_length=40)
    identity = serializers.ChoiceField(choices=Winner.Identity.choices)
    identity_last4 = serializers.RegexField(r"^[0-9]{4}\Z")
