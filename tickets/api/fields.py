"""What requests about tickets are made of: places on the map, and units and customers that one may name."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rest_framework import serializers
from rest_framework.fields import empty

from allocation.api.serializers import CodeField
from customers.models import Customer
from tickets.api.readers import is_insider
from units.models import Unit

TEXT: dict[str, Any] = {"required": False, "allow_blank": True}
NOTHING: dict[str, Any] = {"required": False, "allow_null": True}


class DegreesField(serializers.FloatField):
    """A latitude or longitude, kept to six decimals (about 10 cm)."""

    def to_internal_value(self, data: Any) -> Any:
        degrees = super().to_internal_value(data)
        if not -360 <= degrees <= 360:  # also what is no number; closer bounds are the field's own
            self.fail("invalid")
        return round(Decimal(str(degrees)), 6)


class VisibleUnitField(CodeField):
    """A unit that the reader sees, by its code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=Unit.objects.all(), lookup="code", **kwargs)

    def run_validation(self, data: Any = empty) -> Any:
        self.queryset = Unit.objects.visible_to(self.context["request"].user).select_related("parent")
        return super().run_validation(data)


class CustomerField(CodeField):
    """A customer by IDPEL; people name those they see, a channel's users their own, however it logged in."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=Customer.objects.all(), lookup="idpel", **kwargs)

    def run_validation(self, data: Any = empty) -> Any:
        request = self.context["request"]
        rows = Customer.objects.select_related("unit", "area").prefetch_related("meters")
        self.queryset = rows.visible_to(request.user) if is_insider(request) else rows
        return super().run_validation(data)
