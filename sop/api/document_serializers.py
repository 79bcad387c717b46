"""Documents, versions and their differences as JSON."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from sop.models import Attachment, Procedure, SopRegion, SopVersion
from sop.rendering import as_html
from sop.rules.differences import CHANGE_KINDS, PIECE_KINDS
from sop.services.reading import STATES


class AskedSerializer(serializers.Serializer):
    """Which day and unit the reader asks about; today and any unit unless named."""

    on = serializers.DateField(required=False)
    unit = serializers.CharField(required=False, max_length=12)


class SopUnitSerializer(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()


class BriefVersionSerializer(serializers.ModelSerializer):
    reference = serializers.CharField()
    state = serializers.ChoiceField(choices=list(STATES.items()), source="state_on_day")

    class Meta:
        model = SopVersion
        fields: tuple[str, ...] = (
            "number",
            "reference",
            "title",
            "revision",
            "dated_on",
            "valid_from",
            "valid_until",
            "state",
        )


class PartSerializer(serializers.Serializer):
    text = serializers.CharField()
    is_hit = serializers.BooleanField()


class MatchSerializer(serializers.Serializer):
    """Where a search found the words: the place, and the text around them."""

    place = serializers.ChoiceField(choices=["title", "text", "scripts"])
    excerpt = serializers.SerializerMethodField()

    @extend_schema_field(PartSerializer(many=True))
    def get_excerpt(self, match: Any) -> list[dict[str, Any]]:
        return [{"text": text, "is_hit": bool(index % 2)} for index, text in enumerate(match.excerpt) if text]


class DocumentSerializer(serializers.Serializer):
    """A document, and the version of it that rules there on that day; null where none does."""

    slug = serializers.CharField(source="document.slug")
    title = serializers.CharField(source="document.title")
    tags = serializers.ListField(child=serializers.CharField(), source="document.tags")
    owner_unit = SopUnitSerializer(source="document.owner_unit")
    demands_acknowledgement = serializers.BooleanField(source="document.demands_acknowledgement")
    version = BriefVersionSerializer(allow_null=True)
    newest = BriefVersionSerializer(allow_null=True)
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    match = MatchSerializer(allow_null=True)


class RegionSerializer(serializers.ModelSerializer):
    unit = SopUnitSerializer()

    class Meta:
        model = SopRegion
        fields = ("unit", "effective_from", "effective_until")


class SopProcedureSerializer(serializers.ModelSerializer):
    class Meta:
        model = Procedure
        fields = ("slug", "title", "keywords", "is_entry", "before")


class AttachmentSerializer(serializers.ModelSerializer):
    class Meta:
        model = Attachment
        fields = ("id", "file_name", "content_type", "size")


class PieceSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(choices=PIECE_KINDS)
    text = serializers.CharField(trim_whitespace=False)


class PartChangeSerializer(serializers.Serializer):
    part = serializers.CharField()
    old = serializers.CharField()
    new = serializers.CharField()


class StepChangeSerializer(serializers.Serializer):
    name = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.ChoiceField(choices=CHANGE_KINDS)
    parts = serializers.SerializerMethodField()

    @extend_schema_field(PartChangeSerializer(many=True))
    def get_parts(self, change: Any) -> list[dict[str, str]]:
        return [{"part": part, "old": old, "new": new} for part, old, new in change.parts]


class ProcedureChangeSerializer(serializers.Serializer):
    slug = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.ChoiceField(choices=CHANGE_KINDS)
    steps = StepChangeSerializer(many=True)
    outcomes = StepChangeSerializer(many=True)


class DifferenceSerializer(serializers.Serializer):
    """What `new` changes against `old`: the text word by word, steps and outcomes by name."""

    old = serializers.CharField(source="old.reference")
    new = serializers.CharField(source="new.reference")
    is_empty = serializers.BooleanField()
    text = PieceSerializer(many=True)
    procedures = ProcedureChangeSerializer(many=True)


class VersionSerializer(BriefVersionSerializer):
    """A version whole. `changes` says what is new since the version that the reader knows."""

    document = serializers.CharField(source="document.slug")
    demands_acknowledgement = serializers.BooleanField(source="document.demands_acknowledgement")
    status = serializers.CharField()
    html = serializers.SerializerMethodField()
    supersedes = serializers.CharField(source="supersedes.reference", default=None, allow_null=True)
    regions = RegionSerializer(many=True)
    procedures = SopProcedureSerializer(many=True)
    attachments = AttachmentSerializer(many=True)
    acknowledged_at = serializers.DateTimeField(allow_null=True, source="read_at")
    changes = DifferenceSerializer(allow_null=True)

    class Meta(BriefVersionSerializer.Meta):
        fields = (
            *BriefVersionSerializer.Meta.fields,
            "document",
            "demands_acknowledgement",
            "status",
            "origin",
            "text",
            "html",
            "notes",
            "supersedes",
            "regions",
            "procedures",
            "attachments",
            "acknowledged_at",
            "changes",
        )

    def get_html(self, version: SopVersion) -> str:
        return as_html(version.text)


class DocumentDetailSerializer(DocumentSerializer):
    versions = BriefVersionSerializer(many=True)
