from __future__ import annotations

from typing import Any

import django_filters
from django.utils import timezone

from allocation.models import Channel
from tickets.models import ProblemType, Status, Tab, Ticket, WorkOrderType
from tickets.models.ticket import TicketQuerySet


class YesNoFilter(django_filters.TypedChoiceFilter):
    """`true` or `false`; anything else is a 400, where a BooleanFilter would not filter at all."""

    def __init__(self, **kwargs: Any) -> None:
        choices = (("true", "true"), ("false", "false"))
        super().__init__(choices=choices, coerce=lambda value: value == "true", **kwargs)


class TicketFilter(django_filters.FilterSet):
    """Everything exact; `unit` also finds what lies below it. Phones are looked for by `search/`, a POST."""

    number = django_filters.CharFilter()
    external_number = django_filters.CharFilter()
    client_ref = django_filters.CharFilter()
    idpel = django_filters.CharFilter(field_name="customer__idpel")
    meter_number = django_filters.CharFilter()
    tab = django_filters.ChoiceFilter(choices=Tab.choices)
    status = django_filters.MultipleChoiceFilter(choices=Status.choices)
    channel = django_filters.ChoiceFilter(choices=Channel.choices)
    wo_type = django_filters.ChoiceFilter(choices=WorkOrderType.choices)
    unit = django_filters.CharFilter(method="by_unit", label="Code of a unit; with the units below it.")
    posko = django_filters.CharFilter(field_name="posko__code")
    is_open = YesNoFilter(method="by_open", label="Still to be worked on.")
    is_overdue = YesNoFilter(method="by_overdue", label="Open, and past the due time.")
    is_begun = YesNoFilter(method="by_begun", label="A crew has set out, or more.")
    is_hard_complaint = YesNoFilter()
    reported_after = django_filters.IsoDateTimeFilter(field_name="reported_at", lookup_expr="gte")
    reported_before = django_filters.IsoDateTimeFilter(field_name="reported_at", lookup_expr="lt")

    class Meta:
        model = Ticket
        fields = ()

    def by_unit(self, rows: TicketQuerySet, name: str, value: str) -> TicketQuerySet:
        return rows.of_unit(value)

    def by_open(self, rows: TicketQuerySet, name: str, value: bool) -> TicketQuerySet:
        return rows.open() if value else rows.closed()

    def by_overdue(self, rows: TicketQuerySet, name: str, value: bool) -> TicketQuerySet:
        overdue = rows.overdue(timezone.now())
        return overdue if value else rows.exclude(pk__in=overdue.values("pk"))

    def by_begun(self, rows: TicketQuerySet, name: str, value: bool) -> TicketQuerySet:
        return rows.begun() if value else rows.not_begun()


class ProblemTypeFilter(django_filters.FilterSet):
    tab = django_filters.ChoiceFilter(choices=Tab.choices)

    class Meta:
        model = ProblemType
        fields = ()
