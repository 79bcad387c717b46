"""What is known on a call at one moment: who calls, about which premises, and what was answered so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from customers.models import Customer
from customers.services.lookup import find_customers
from sop.rules.walk import Walk
from units.models import Area, Unit, User
from units.services.service_areas import serving_unit

IDPEL_LENGTH = 12


@dataclass
class Premises:
    """What the call was opened with, before anything is asked."""

    customer: Customer | None = None
    area: Area | None = None
    unit: Unit | None = None


@dataclass
class Situation:
    """The call's own facts and its walk. Look-ups happen when somebody asks, once each."""

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

    @property
    def collected(self) -> dict[str, Any]:
        return self.walk.collected()

    @property
    def identity(self) -> str:
        """The IDPEL or meter number that the caller gave."""
        return str(self.collected.get("pelanggan") or "")

    @cached_property
    def customer(self) -> Customer | None:
        """The customer whose number was given, else the one the call was opened with."""
        if not self.identity:
            return self.premises.customer
        return find_customer(self.identity, self.agent)

    @cached_property
    def area(self) -> Area | None:
        if code := self.collected.get("area"):
            return Area.objects.filter(pk=code).first()
        if self.premises.area is not None:
            return self.premises.area
        return self.customer.area if self.customer else None

    @cached_property
    def chosen_unit(self) -> Unit | None:
        """The unit or posko chosen by hand."""
        code = self.collected.get("unit")
        return Unit.objects.select_related("parent").filter(code=code).first() if code else None

    @cached_property
    def unit(self) -> Unit | None:
        """The unit of the premises: chosen, or the customer's, or the one that serves the area."""
        if self.chosen_unit is not None:
            return self.chosen_unit
        if self.customer is not None:
            return self.customer.unit
        if self.area is not None:
            return serving_unit(self.area, self.on)
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
    return found.visible_to(agent).select_related("unit", "area", "tariff").first()
