"""Tariffs, power steps and kogol."""

from __future__ import annotations

from django.contrib import admin

from common.history import ScopedHistoryAdmin
from customers.models import Kogol, PowerStep, Tariff
from units.powers import Power


class ReferenceAdmin(ScopedHistoryAdmin):
    """Read by all who see customers, changed by those who maintain reference data."""

    see, change = Power.SEE_CUSTOMERS, Power.MANAGE_REFERENCE


@admin.register(Tariff)
class TariffAdmin(ReferenceAdmin):
    list_display = ("code", "name", "min_va", "max_va", "subsidised_up_to_va", "valid_from", "valid_until")
    search_fields = ("code", "name")


@admin.register(PowerStep)
class PowerStepAdmin(ReferenceAdmin):
    list_display = ("va", "phase", "limiter_a", "note")
    list_filter = ("phase",)
    search_fields = ("va__exact",)


@admin.register(Kogol)
class KogolAdmin(ReferenceAdmin):
    list_display = ("code", "label")
