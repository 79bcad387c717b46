from django_filters import rest_framework as filters

from units.models import Area, AreaLevel, Unit, UnitKind, UnitQuerySet


class UnitFilter(filters.FilterSet):
    kind = filters.ChoiceFilter(choices=UnitKind.choices)
    parent = filters.CharFilter(field_name="parent__code")
    search = filters.CharFilter(method="by_name", max_length=100)

    class Meta:
        model = Unit
        fields = ("kind", "parent", "search")

    def by_name(self, queryset: UnitQuerySet, name: str, value: str) -> UnitQuerySet:
        return queryset.named(value.strip())


class AreaFilter(filters.FilterSet):
    parent = filters.CharFilter(field_name="parent_id")
    level = filters.TypedChoiceFilter(choices=AreaLevel.choices, coerce=int)
    search = filters.CharFilter(field_name="display_name", lookup_expr="icontains", max_length=100)

    class Meta:
        model = Area
        fields = ("parent", "level", "search")
