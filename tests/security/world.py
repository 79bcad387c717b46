"""The stage of the permission tests: one row of everything at five units."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from allocation.models import AllocationCheck
from allocation.services import checks
from common.models import Job
from customers.models import Customer, Kogol, PhoneNumber, Tariff
from sop.models import PsScheme
from tests.security.order_rows import order_rows
from tests.security.program_rows import program_rows
from tests.security.sop_rows import sop_rows
from tests.security.ticket_rows import ticket_rows
from units.models import Area, Position, Unit, User
from units.powers import POWERS, Power, Reach, Role

# Where an actor may sit, and the units that stand in each relation to it.
SEATS = {
    "UID Jakarta Raya": {
        "own": "UID Jakarta Raya",
        "below": "UP3 Menteng",
        "above": "PLN Pusat",
        "other": "UP3 Bandung",
    },
    "UP3 Menteng": {
        "own": "UP3 Menteng",
        "below": "ULP Menteng",
        "above": "UID Jakarta Raya",
        "other": "UP3 Bandung",
    },
}
PLACES = sorted({place for relations in SEATS.values() for place in relations.values()})


class World:
    """Units by name, and at each of them a customer and whatever else belongs to a unit."""

    def __init__(self) -> None:
        below = Unit.objects.filter(parent__name="UP3 Menteng", kind="ULP").order_by("code")[0]
        names = {name: name for name in PLACES} | {"ULP Menteng": below.name}
        self.units = {name: Unit.objects.get(name=real) for name, real in names.items()}
        self.customers = {name: self._customer(n, unit) for n, (name, unit) in enumerate(self.units.items())}
        self.asker = appoint("who asked", Role.CSO, self.units["PLN Pusat"])
        self.checks = {name: self._check(unit) for name, unit in self.units.items()}
        self.tickets = ticket_rows(self.asker, self.units)
        self.field = order_rows(self.asker, self.units, self.tickets, self.customers)
        self.programs = program_rows(self.asker, self.units, self.customers)
        self.sop = sop_rows(self.asker, self.units)
        Job.objects.create(kind="probe", run_at=timezone.now())
        PsScheme.objects.create(unit=self.units["PLN Pusat"], scheme=1, valid_from=timezone.localdate())

    def _customer(self, number: int, unit: Unit) -> Customer:
        customer = Customer.objects.create(
            idpel=f"9988{number:08}",
            name="Pelanggan Uji",
            street="Jalan Uji",
            area=Area.objects.filter(level=4).first(),
            unit=unit,
            tariff=Tariff.objects.first(),
            power_va=2200,
            phase=1,
            product="PRABAYAR",
            kogol=Kogol.objects.first(),
        )
        PhoneNumber.objects.create(customer=customer, number=f"+6281234500{number:03}", kind="MOBILE")
        return customer

    def _check(self, unit: Unit) -> AllocationCheck:
        """A check of UP3 Menteng, kept as one of `unit`."""
        inquiry = checks.Inquiry("PB", 2200, "PASCABAYAR", Tariff.objects.first(), self.units["UP3 Menteng"])
        check = checks.ask(inquiry=inquiry, by=self.asker, at=timezone.now()).check
        check.pk, check.unit, check._state.adding = None, unit, True
        check.save()
        return check


def appoint(name: str, role: Role, unit: Unit, **times: Any) -> User:
    """An account with one position; staff, as every holder of a position but a channel is."""
    user = User.objects.create(username=name, is_staff=role != Role.CHANNEL)
    times.setdefault("starts_at", timezone.now() - timedelta(days=30))
    Position.objects.create(holder=user, role=role, unit=unit, **times)
    return user


def logged_in(user: User | None) -> Client:
    client = Client(raise_request_exception=False, HTTP_ACCEPT_LANGUAGE="en")
    if user:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def reaches(role: Role, power: Power, seat: Unit, target: Unit) -> bool:
    """Read off the table of powers: does `role` at `seat` have `power` at `target`?"""
    reach = POWERS[role].get(power)
    if reach == Reach.EVERYWHERE:
        return True
    return seat == target if reach == Reach.OWN else reach is not None and target.path.startswith(seat.path)
