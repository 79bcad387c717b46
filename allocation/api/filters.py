from __future__ import annotations

from datetime import date, datetime, time

from django.db.models import QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters

from allocation.models import AllocationCheck, Outcome, Transaction
from customers.models import Phase, Product
from units.models import Unit

YES_NO = (("true", "true"), ("false", "false"))  # what BooleanFilter does not know it would ignore


class AvailabilityFilter(filters.FilterSet):
    """Over units; `phase` narrows what is said of each, see `AvailabilityViewSet.list`."""

    unit = filters.CharFilter(field_name="code", max_length=12)
    phase = filters.TypedChoiceFilter(choices=Phase.choices, coerce=int, method="keep")

    class Meta:
        model = Unit
        fields = ("unit", "phase")

    def keep(self, queryset: QuerySet, name: str, value: int) -> QuerySet:
        return queryset


class CheckFilter(filters.FilterSet):
    """`unit` takes in the units below it; `from` and `until` are days, both inclusive."""

    unit = filters.CharFilter(method="within_unit", max_length=12)
    served = filters.TypedChoiceFilter(choices=YES_NO, coerce="true".__eq__, method="by_served")
    outcome = filters.ChoiceFilter(choices=Outcome.choices)
    product = filters.ChoiceFilter(choices=Product.choices)
    transaction = filters.ChoiceFilter(choices=Transaction.choices)
    until = filters.DateFilter(method="asked_until")

    class Meta:
        model = AllocationCheck
        fields = ("unit", "served", "outcome", "product", "transaction", "until")

    def within_unit(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        paths = Unit.objects.filter(code=value).values_list("path", flat=True)
        return queryset.filter(unit__path__startswith=paths[0]) if paths else queryset.none()

    def by_served(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        return queryset.filter(outcome=Outcome.SERVED) if value else queryset.exclude(outcome=Outcome.SERVED)

    def asked_from(self, queryset: QuerySet, name: str, value: date) -> QuerySet:
        return queryset.filter(asked_at__gte=_moment(value, time.min))

    def asked_until(self, queryset: QuerySet, name: str, value: date) -> QuerySet:
        return queryset.filter(asked_at__lte=_moment(value, time.max))


CheckFilter.base_filters["from"] = filters.DateFilter(method="asked_from")  # a keyword cannot name a field


def _moment(day: date, clock: time) -> datetime:
    """Days before the portal existed all mean "from the beginning"; the first years have no UTC moment."""
    return timezone.make_aware(datetime.combine(max(day, date(2000, 1, 1)), clock))
