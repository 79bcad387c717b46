"""Calls in the API: what opens one, what answers a step, and what every answer shows."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from allocation.models import Channel
from common.serializers import StrictSerializer
from sop.models import Call, CallStatus, Procedure
from sop.services import presenting
from sop.services.calls import MAX_REASON, Opening, State

PLACE: dict[str, Any] = {"required": False, "allow_blank": True, "default": ""}


class OpeningSerializer(StrictSerializer):
    """A call comes in. `on` in the past gives the answer of that day."""

    procedure = serializers.CharField(max_length=60)
    caller_number = serializers.CharField(max_length=30, **PLACE)
    idpel = serializers.CharField(max_length=12, **PLACE)
    area = serializers.CharField(max_length=13, **PLACE)
    channel = serializers.ChoiceField(choices=Channel.choices, default=Channel.CC123)
    on = serializers.DateField(required=False, allow_null=True, default=None)

    def opening(self) -> Opening:
        return Opening(**self.validated_data)


class WantedSerializer(StrictSerializer):
    """What the caller says, and where and when the procedure has to be in force."""

    search = serializers.CharField(max_length=100, **PLACE)
    area = serializers.CharField(max_length=13, **PLACE)
    idpel = serializers.CharField(max_length=12, **PLACE)
    on = serializers.DateField(required=False, allow_null=True, default=None)


class ProcedureSerializer(serializers.ModelSerializer):
    """A procedure that an agent can start."""

    sop = serializers.CharField(source="version.reference")

    class Meta:
        model = Procedure
        fields = ("slug", "title", "keywords", "sop")


class StepAnswerSerializer(StrictSerializer):
    """The answer to one step: a choice, or fields by name (see docs/procedures.md), or neither."""

    step = serializers.CharField(max_length=200)
    choice = serializers.CharField(max_length=60, required=False, allow_null=True, default=None)
    fields = serializers.DictField(required=False, default=dict)  # type: ignore[assignment]


class BackSerializer(StrictSerializer):
    to = serializers.CharField(max_length=200, required=False, allow_null=True, default=None)


class AbandonSerializer(StrictSerializer):
    reason = serializers.CharField(max_length=MAX_REASON)


# --- What is shown --------------------------------------------------------------------------------


class AsideSerializer(serializers.Serializer):
    question = serializers.CharField()
    say = serializers.CharField()


class StepChoiceSerializer(serializers.Serializer):
    value = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    key = serializers.IntegerField(help_text="Key 1 to 9 on the keyboard.")
    held = serializers.BooleanField(help_text="Chosen before going back.")


class StepFieldSerializer(serializers.Serializer):
    name = serializers.CharField()
    type = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    required = serializers.BooleanField()  # type: ignore[assignment]
    help = serializers.CharField()
    code = serializers.CharField()
    choices = serializers.ListField(child=serializers.DictField())
    value = serializers.JSONField(allow_null=True)
    held = serializers.BooleanField(
        help_text="Given before; a reading that is held and null says “Tidak Ada Angka”."
    )
    assumed = serializers.BooleanField(
        help_text="What is suggested stood in a picture that is lost; nobody has confirmed it."
    )


class CallUnitSerializer(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()


class CallAssumedSerializer(serializers.Serializer):
    """What stands in no text of the SOP, and what nobody has confirmed yet."""

    type = serializers.BooleanField()
    problem = serializers.BooleanField()


class CallOutcomeSerializer(serializers.Serializer):
    kind = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    tab = serializers.CharField()
    type = serializers.CharField()
    sub_type = serializers.CharField()
    problem = serializers.CharField()
    notes = serializers.ListField(child=serializers.CharField())
    unit = CallUnitSerializer(allow_null=True)
    assumed = CallAssumedSerializer()


class CallStepSerializer(serializers.Serializer):
    """The step that waits. `say` is read out; `internal` must not be said."""

    id = serializers.CharField()
    kind = serializers.CharField()
    number = serializers.CharField()
    title = serializers.CharField()
    say = serializers.CharField()
    guide = serializers.CharField()
    internal = serializers.CharField()
    if_asked = AsideSerializer(many=True)
    choices = StepChoiceSerializer(many=True)
    fields = StepFieldSerializer(many=True)  # type: ignore[assignment]
    outcome = CallOutcomeSerializer(allow_null=True)


class CallMoveSerializer(serializers.Serializer):
    step = serializers.CharField()
    kind = serializers.CharField()
    number = serializers.CharField()
    title = serializers.CharField()
    answer = serializers.CharField(allow_null=True)
    label = serializers.CharField()  # type: ignore[assignment]
    event = serializers.CharField()
    fields = serializers.DictField()  # type: ignore[assignment]
    found = serializers.DictField()


class CallerSerializer(serializers.Serializer):
    number = serializers.CharField()
    kind = serializers.CharField()
    offered_name = serializers.CharField()
    customer = serializers.DictField(allow_null=True)
    unit = CallUnitSerializer(allow_null=True)


class CallStandingSerializer(serializers.Serializer):
    """What to ask the program's `standing` for."""

    program = serializers.CharField()
    idpel = serializers.CharField()


class CallSerializer(serializers.Serializer):
    """Where a call stands."""

    id = serializers.UUIDField()
    sop = serializers.CharField()
    procedure = serializers.CharField()
    title = serializers.CharField()
    on = serializers.DateField()
    status = serializers.ChoiceField(choices=CallStatus.choices)
    caller = CallerSerializer()
    step = CallStepSerializer(allow_null=True)
    path = CallMoveSerializer(many=True)
    back = serializers.ListField(child=serializers.CharField(), help_text="Steps to go back to.")
    standing = CallStandingSerializer(allow_null=True)
    ticket = serializers.CharField(allow_null=True)
    outcome = serializers.CharField(allow_null=True)


def shown(state: State) -> dict[str, Any]:
    """The answer of every endpoint of calls, as `CallSerializer` declares it."""
    call, situation = state.call, state.situation
    is_open = call.status == CallStatus.OPEN
    return {
        "id": str(call.pk),
        "sop": situation.reference,
        "procedure": call.procedure.slug,
        "title": call.procedure.title,
        "on": call.on.isoformat(),
        "status": call.status,
        "caller": presenting.present_caller(situation),
        "step": presenting.present_step(situation) if is_open else None,
        "path": presenting.present_path(situation),
        "back": state.walk.back_targets() if is_open else [],
        "standing": presenting.present_standing(situation) if is_open else None,
        "ticket": call.ticket_number or None,
        "outcome": call.outcome or None,
    }


class BriefCallSerializer(serializers.ModelSerializer):
    """A call in a list."""

    sop = serializers.CharField(source="version.reference")
    procedure = serializers.CharField(source="procedure.slug")
    title = serializers.CharField(source="procedure.title")
    agent = serializers.CharField(source="agent.username")

    class Meta:
        model = Call
        fields = (
            "id",
            "sop",
            "procedure",
            "title",
            "on",
            "agent",
            "status",
            "outcome",
            "ticket_number",
            "opened_at",
            "closed_at",
        )
