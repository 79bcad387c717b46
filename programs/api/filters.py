from datetime import date

from django_filters import rest_framework as filters

from programs.models import Program, Winner
from programs.models.program import ProgramQuerySet
from units.models import Unit


class ProgramFilter(filters.FilterSet):
    """`on`: programs a caller may ask about on that day. `unit`: programs that reach its customers."""

    on = filters.DateFilter(method="on_day")
    unit = filters.CharFilter(method="reaching", max_length=12)

    class Meta:
        model = Program
        fields = ("on", "unit")

    def on_day(self, queryset: ProgramQuerySet, name: str, value: date) -> ProgramQuerySet:
        return queryset.current(value)

    def reaching(self, queryset: ProgramQuerySet, name: str, value: str) -> ProgramQuerySet:
        unit = Unit.objects.filter(code=value).first()
        return queryset.filter(unit__in=unit.ancestor_ids) if unit else queryset.none()


class WinnerFilter(filters.FilterSet):
    unit = filters.CharFilter(field_name="unit__code", max_length=12)
    tariff = filters.CharFilter(field_name="tariff", max_length=6)
    status = filters.ChoiceFilter(choices=Winner.Status.choices)

    class Meta:
        model = Winner
        fields = ("unit", "tariff", "status")
