from __future__ import annotations

import django_filters
from django.utils import timezone

from tickets.models import Crew, OrderStatus, Shift, WorkOrder
from tickets.models.workorder import CrewQuerySet, ShiftQuerySet, WorkOrderQuerySet
from units.models import Unit


class OfUnitFilter(django_filters.FilterSet):
    """`unit` finds the rows of that unit's poskos and of those below it."""

    unit = django_filters.CharFilter(method="by_unit", label="Code of a unit; with the units below it.")
    posko_field = "posko"

    def by_unit(self, rows: WorkOrderQuerySet, name: str, value: str) -> WorkOrderQuerySet:
        unit = Unit.objects.filter(code=value).first()
        return rows.filter(**{f"{self.posko_field}__path__startswith": unit.path}) if unit else rows.none()


class WorkOrderFilter(OfUnitFilter):
    posko = django_filters.CharFilter(field_name="posko__code")
    status = django_filters.MultipleChoiceFilter(choices=OrderStatus.choices)
    crew = django_filters.CharFilter(field_name="crew__code")
    ticket = django_filters.CharFilter(field_name="ticket__number")
    is_open = django_filters.BooleanFilter(method="by_open", label="Neither finished nor cancelled.")

    class Meta:
        model = WorkOrder
        fields = ()

    def by_open(self, rows: WorkOrderQuerySet, name: str, value: bool) -> WorkOrderQuerySet:
        return rows.open() if value else rows.over()


class CrewFilter(OfUnitFilter):
    posko = django_filters.CharFilter(field_name="posko__code")
    is_on_duty = django_filters.BooleanFilter(method="by_duty", label="Checked in, and the shift runs.")

    class Meta:
        model = Crew
        fields = ()

    def by_duty(self, rows: CrewQuerySet, name: str, value: bool) -> CrewQuerySet:
        on_duty = Shift.objects.on_duty(timezone.now()).values("crew")
        return rows.filter(pk__in=on_duty) if value else rows.exclude(pk__in=on_duty)


class ShiftFilter(OfUnitFilter):
    posko_field = "crew__posko"
    crew = django_filters.CharFilter(field_name="crew__code")
    is_due = django_filters.BooleanFilter(method="by_due", label="Its time is now, and it is not over.")
    is_running = django_filters.BooleanFilter(method="by_running", label="Checked in, and not over.")

    class Meta:
        model = Shift
        fields = ()

    def by_due(self, rows: ShiftQuerySet, name: str, value: bool) -> ShiftQuerySet:
        due = rows.planned_at(timezone.now())
        return due if value else rows.exclude(pk__in=due.values("pk"))

    def by_running(self, rows: ShiftQuerySet, name: str, value: bool) -> ShiftQuerySet:
        running = rows.on_duty(timezone.now())
        return running if value else rows.exclude(pk__in=running.values("pk"))
