from __future__ import annotations

import django_filters

from allocation.models import Channel
from tickets.models import DiagnosisStatus, SelfDiagnosis, Suggestion
from tickets.models.diagnosis import SelfDiagnosisQuerySet
from units.models import Unit


class DiagnosisFilter(django_filters.FilterSet):
    """`status=SUBMITTED` is the command centre's queue: cancelled reports are not in it."""

    status = django_filters.ChoiceFilter(choices=DiagnosisStatus.choices, method="by_status")
    suggestion = django_filters.ChoiceFilter(choices=Suggestion.choices)
    channel = django_filters.ChoiceFilter(choices=Channel.choices)
    unit = django_filters.CharFilter(method="by_unit", label="Code of a unit; with the units below it.")
    ticket = django_filters.CharFilter(field_name="ticket__number")

    class Meta:
        model = SelfDiagnosis
        fields = ()

    def by_status(self, rows: SelfDiagnosisQuerySet, name: str, value: str) -> SelfDiagnosisQuerySet:
        return rows.waiting() if value == DiagnosisStatus.SUBMITTED else rows.filter(status=value)

    def by_unit(self, rows: SelfDiagnosisQuerySet, name: str, value: str) -> SelfDiagnosisQuerySet:
        unit = Unit.objects.filter(code=value).first()
        return rows.filter(ticket__posko__path__startswith=unit.path) if unit else rows.none()
