"""Inputs that say no: an unknown field is an error, never ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers


class StrictSerializer(serializers.Serializer):
    """Refuses fields it does not know: a mistyped optional field would silently change the answer."""

    def to_internal_value(self, data: Any) -> Any:
        known = set(self.fields) | {"csrfmiddlewaretoken"}
        if unknown := sorted(set(data) - known) if isinstance(data, Mapping) else []:
            message = _("There is no such field.")
            raise serializers.ValidationError({name[:60]: [message] for name in unknown[:10]})
        return super().to_internal_value(data)
