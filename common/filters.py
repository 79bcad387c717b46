"""Filters that say no: an unknown parameter is an error, never ignored."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

NEGOTIATION = {"format"}


class StrictFilterBackend(DjangoFilterBackend):
    """django-filter on lists only; a wrong value is a 400 with the parameter's name."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        return super().filter_queryset(request, queryset, view) if view.action == "list" else queryset


def refuse_unknown_parameters(request: Request, allowed: set[str]) -> None:
    """Raise a 400 that names each query parameter not in `allowed`."""
    unknown = sorted(set(request.query_params) - allowed - NEGOTIATION)
    if unknown:
        raise ValidationError({name[:60]: _("There is no such parameter.") for name in unknown[:10]})
