from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.response import Response
from rest_framework.test import APIClient

from allocation.models import MeterAvailability
from customers.models import Customer, Tariff
from units.models import Area, Position, Unit, User

CHECKS = "/api/v1/allocation/checks/"
GAMBIR = "31.71.01.1001"
QUESTION = {"transaction": "PB", "area": GAMBIR, "power_va": 2200, "product": "PASCABAYAR", "tariff": "R1"}


@pytest.fixture
def setting(db: None) -> Callable[..., MeterAvailability]:
    """A row of availability, as its manager would have made it."""

    def make(unit: Unit, phase: int, value: str, by: User, **fields: Any) -> MeterAvailability:
        fields.setdefault("reason", "a reason for the tests")
        fields.setdefault("set_at", timezone.now())
        position = Position.objects.filter(holder=by).latest("pk")
        version = MeterAvailability.objects.filter(unit=unit, phase=phase).count() + 1
        return MeterAvailability.objects.create(
            unit=unit, phase=phase, value=value, version=version, set_by=by, position=position, **fields
        )

    return make


@pytest.fixture
def ask(api: Callable[[User], APIClient], agent: User) -> Callable[..., Response]:
    """The agent's question over HTTP: PB of 2,200 VA pascabayar in Gambir, but for what is named."""
    client = api(agent)

    def post(**changes: Any) -> Response:
        body = {name: value for name, value in (QUESTION | changes).items() if value is not ...}
        return client.post(CHECKS, body)

    return post


@pytest.fixture
def address(menteng: Unit) -> Callable[..., str]:
    """The address of a unit's availability."""

    def path(phase: int = 1, unit: Unit = menteng, under: str = "") -> str:
        return f"/api/v1/allocation/availabilities/{unit.code}/{phase}/{under}"

    return path


@pytest.fixture
def customer(menteng: Unit) -> Customer:
    """1 Phasa prabayar, 1,300 VA, in Gambir."""
    return Customer.objects.create(
        idpel="540100000001",
        name="a customer for the tests",
        street="a street",
        area=Area.objects.get(pk=GAMBIR),
        unit=menteng,
        tariff=Tariff.objects.get(code="R1"),
        power_va=1300,
        phase=1,
        product="PRABAYAR",
    )
