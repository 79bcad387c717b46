from __future__ import annotations

import django_filters
from rest_framework.exceptions import ErrorDetail, ValidationError

from common.errors import Invalid
from customers.models import Customer, CustomerQuerySet
from customers.services.lookup import find_customers


class CustomerFilter(django_filters.FilterSet):
    """Exactly one of the three, matched exactly: a customer is looked up, not browsed."""

    idpel = django_filters.CharFilter(label="12 digits")
    meter_number = django_filters.CharFilter(label="11 digits")
    phone = django_filters.CharFilter(label="0812…, 62812… or +62812…")

    class Meta:
        model = Customer
        fields = ()

    def filter_queryset(self, queryset: CustomerQuerySet) -> CustomerQuerySet:
        given = {name: value for name, value in self.form.cleaned_data.items() if value}
        try:
            found = find_customers(**given)
        except Invalid as refusal:
            detail = ErrorDetail(refusal.message, refusal.code)
            raise ValidationError({refusal.field or "non_field_errors": [detail]}) from refusal
        return queryset.filter(pk__in=found.values("pk"))
