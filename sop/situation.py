"""What is known on a call at one moment: who calls, about which premises, and what was answered so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from customers.models import Customer, Tariff
from customers.services.lookup import find_customers
from sop.rules.walk import Walk
from units.models import Area, Unit, User
from units.services.service_areas import serving_unit

IDPEL_LENGTH = 12
# The fields that say whom and where a call is about; IDENTITY is an IDPEL or meter number.
IDENTITY, AREA, UNIT, TARIFF = "pelanggan", "area", "unit", "tarif"


@dataclass
class Premises:
    """What the call was opened with, before anything is asked."""

    customer: Customer | None = None
    area: Area | None = None
    unit: Unit | None = None


@dataclass
class Found:
    """What was looked up by what the caller named, once for the whole call. None: there is nothing.

    `customers` by IDPEL or meter number, `areas`, `units` and `tariffs` by code, `serving` the units by the
    area's code.
    """

    customers: dict[str, Customer | None] = field(default_factory=dict)
    areas: dict[str, Area | None] = field(default_factory=dict)
    units: dict[str, Unit | None] = field(default_factory=dict)
    serving: dict[str, Unit | None] = field(default_factory=dict)
    tariffs: dict[str, Tariff | None] = field(default_factory=dict)


@dataclass
class Situation:
    """The call's own facts and its walk. Look-ups happen when somebody asks, once each.

    `found` is what the answers of the call name.
    """

    walk: Walk
    agent: User
    site: Unit
    on: date
    at: datetime
    channel: str
    reference: str
    premises: Premises = field(default_factory=Premises)
    caller_number: str = ""
    caller_kind: str = ""
    offered_name: str = ""
    ticket_number: str = ""
    found: Found = field(default_factory=Found)

    @property
    def collected(self) -> dict[str, Any]:
        return self.walk.collected()

    @property
    def identity(self) -> str:
        """The IDPEL or meter number that the caller gave."""
        return str(self.collected.get(IDENTITY) or "")

    @cached_property
    def customer(self) -> Customer | None:
        """The customer whose number was given, else the one the call was opened with."""
        if not self.identity:
            return self.premises.customer
        return self.customer_of(self.identity)

    def customer_of(self, number: str) -> Customer | None:
        """The customer with this IDPEL or meter number; looked up once for the whole call."""
        known, opened_with = self.found.customers, self.premises.customer
        if opened_with is not None and opened_with.idpel == number:
            return opened_with
        if number not in known:
            known[number] = find_customer(number, self.agent)
        return known[number]

    def area_of(self, code: str) -> Area | None:
        known = self.found.areas
        if self.premises.area is not None and self.premises.area.pk == code:
            return self.premises.area
        if code not in known:
            known[code] = Area.objects.filter(pk=code).first()
        return known[code]

    def unit_of(self, code: str) -> Unit | None:
        known = self.found.units
        if code not in known:
            known[code] = Unit.objects.select_related("parent").filter(code=code).first()
        return known[code]

    def serving_of(self, area: Area) -> Unit | None:
        """The unit that serves `area` on the day of the call."""
        known = self.found.serving
        if area.pk not in known:
            known[area.pk] = serving_unit(area, self.on)
        return known[area.pk]

    def tariff_of(self, code: str) -> Tariff | None:
        """The tariff as it is in force on the day of the call."""
        known = self.found.tariffs
        if code not in known:
            known[code] = Tariff.objects.in_force(self.on).filter(code=code).first()
        return known[code]

    def named_by(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The customer, area, unit and tariff that the fields of an answer name, to be kept with it."""
        number, code, chosen, tariff = (fields.get(name) for name in (IDENTITY, AREA, UNIT, TARIFF))
        area = self.area_of(code) if code else None
        serving = self.serving_of(area) if area else None
        return {
            "customer": self.customer_of(number) if number else None,
            "area": area,
            "unit": self.unit_of(chosen) if chosen else serving,
            "tariff": self.tariff_of(tariff) if tariff else None,
        }

    @cached_property
    def area(self) -> Area | None:
        if code := self.collected.get(AREA):
            return self.area_of(code)
        if self.premises.area is not None:
            return self.premises.area
        return self.customer.area if self.customer else None

    @cached_property
    def chosen_unit(self) -> Unit | None:
        """The unit or posko chosen by hand."""
        code = self.collected.get(UNIT)
        return self.unit_of(code) if code else None

    @cached_property
    def unit(self) -> Unit | None:
        """The unit of the premises: chosen, or the customer's, or the one that serves the area."""
        if self.chosen_unit is not None:
            return self.chosen_unit
        if self.customer is not None:
            return self.customer.unit
        if self.area is not None:
            return self.serving_of(self.area)
        return self.premises.unit

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which the caller names times."""
        return self.unit.zone if self.unit else self.site.zone

    @property
    def name(self) -> str:
        return str(self.collected.get("nama") or self.offered_name)

    def moment(self, field_name: str) -> datetime | None:
        """A collected date and time as a moment, in the zone of the premises."""
        text = self.collected.get(field_name)
        return datetime.fromisoformat(text).replace(tzinfo=self.zone) if text else None

    def forget(self) -> None:
        """Look up again: an answer has changed what is known."""
        for name in ("customer", "area", "chosen_unit", "unit"):
            self.__dict__.pop(name, None)


def find_customer(number: str, agent: User) -> Customer | None:
    """The customer with this IDPEL or meter number, where the agent may see it."""
    if len(number) == IDPEL_LENGTH:
        found = find_customers(idpel=number)
    else:
        found = find_customers(meter_number=number)
    return found.visible_to(agent).select_related("unit__parent", "area", "tariff").first()
