from django_filters import rest_framework as filters

from units.models import Area, AreaLevel, Unit, UnitKind, UnitQuerySet


class UnitFilter(filters.FilterSet):
    kind = filters.ChoiceFilter(choices=UnitKind.choices)
    parent = filters.CharFilter(field_name="parent__code")
    unit = filters.CharFilter(method="by_unit", label="Code of a unit; it and the units below it.")
    search = filters.CharFilter(method="by_name", max_length=100)

    class Meta:
        model = Unit
        fields = ("kind", "parent", "unit", "search")

    def by_unit(self, queryset: UnitQuerySet, name: str, value: str) -> UnitQuerySet:
        unit = Unit.objects.filter(code=value).first()
        return queryset.below(unit) if unit else queryset.none()

    def by_name(self, queryset: UnitQuerySet, name: str, value: str) -> UnitQuerySet:
        return queryset.named(value.strip())


class AreaFilter(filters.FilterSet):
    parent = filters.CharFilter(field_name="parent_id")
    level = filters.TypedChoiceFilter(choices=AreaLevel.choices, coerce=int)
    search = filters.CharFilter(field_name="display_name", lookup_expr="icontains", max_length=100)

    class Meta:
        model = Area
        fields = ("parent", "level", "search")
