from datetime import date
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from units.models import Area, Position, ServiceArea, Unit, User
from units.powers import POWERS, Role


class UnitBriefSerializer(serializers.ModelSerializer):
    """A unit as other answers name it."""

    class Meta:
        model = Unit
        fields = ("code", "name", "kind")


class UnitSerializer(serializers.ModelSerializer):
    parent = serializers.CharField(source="parent.code", default=None, read_only=True, allow_null=True)  # type: ignore[assignment]
    aliases = serializers.SerializerMethodField()

    class Meta:
        model = Unit
        fields = (
            "code",
            "name",
            "kind",
            "parent",
            "aliases",
            "time_zone",
            "valid_from",
            "valid_until",
            "is_provisional",
        )

    def get_aliases(self, unit: Unit) -> list[str]:
        return [alias.name for alias in unit.aliases.all()]


class AreaSerializer(serializers.ModelSerializer):
    parent = serializers.CharField(source="parent_id", read_only=True, allow_null=True)  # type: ignore[assignment]

    class Meta:
        model = Area
        fields = ("code", "name", "display_name", "level", "parent", "time_zone")


class AreaDetailSerializer(AreaSerializer):
    """One area with its lineage and the units that serve it today, the deciding one first."""

    lineage = serializers.SerializerMethodField()
    units = serializers.SerializerMethodField()

    class Meta(AreaSerializer.Meta):
        fields = (*AreaSerializer.Meta.fields, "lineage", "units")  # type: ignore[assignment]

    def get_lineage(self, area: Area) -> list[dict[str, str]]:
        rows = Area.objects.filter(code__in=area.lineage).order_by("code")
        return [{"code": row.code, "display_name": row.display_name} for row in rows]

    def get_units(self, area: Area) -> list[dict[str, Any]]:
        rows = ServiceArea.objects.serving(area, self._today()).select_related("unit")
        return [dict(UnitBriefSerializer(row.unit).data) for row in rows]

    def _today(self) -> date:
        return timezone.localdate()


class PositionSerializer(serializers.ModelSerializer):
    unit = UnitBriefSerializer()
    powers = serializers.SerializerMethodField()

    class Meta:
        model = Position
        fields = ("role", "unit", "is_acting", "starts_at", "ends_at", "powers")

    def get_powers(self, position: Position) -> dict[str, str]:
        return {power.value: reach.value for power, reach in POWERS[Role(position.role)].items()}


class MeSerializer(serializers.ModelSerializer):
    """Who asks, in which positions, and what those allow."""

    name = serializers.CharField(source="get_full_name", read_only=True)
    positions = PositionSerializer(source="positions_in_force", many=True, read_only=True)
    permissions = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ("username", "name", "positions", "permissions")

    def get_permissions(self, user: User) -> list[str]:
        return sorted(
            {power for position in user.positions_in_force for power in POWERS[Role(position.role)]}
        )
