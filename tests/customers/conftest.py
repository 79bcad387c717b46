"""Two customers whose personal data would be noticed anywhere it must not be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from customers.models import Customer, Kogol, Tariff
from customers.services.customers import add_phone, install_meter, register_customer
from units.models import Area, Unit, User

NIK = "3171014107900000"
CANARIES = ("KENARI", "RAHASIA", "PAGAR BIRU", NIK, "81299990789", "0812-9999", "215559123")


def leaks(content: bytes | str) -> list[str]:
    """The personal values that stand in a page or an answer."""
    text = content.decode() if isinstance(content, bytes) else content
    return [canary for canary in CANARIES if canary in text]


@pytest.fixture
def register(back_office: User) -> Callable[..., Customer]:
    """A registered customer at the unit of that name, with a meter and two phones."""

    def make(idpel: str, at: str, area: str = "31.71.01.1001", **values: Any) -> Customer:
        terms = {
            "name": "PELANGGAN KENARI",
            "street": "JL. CONTOH RAHASIA",
            "building_number": "17",
            "rt": "003",
            "rw": "004",
            "landmark": "PAGAR BIRU",
            "area": Area.objects.get(pk=area),
            "unit": Unit.objects.get(name=at),
            "tariff": Tariff.objects.get(code="R1"),
            "power_va": 900,
            "phase": 1,
            "product": "PRABAYAR",
            "kogol": Kogol.objects.get(pk=0),
            "nik": NIK,
        }
        customer = register_customer(idpel=idpel, by=back_office, **{**terms, **values})
        number = f"14{idpel[-9:]}"
        install_meter(customer=customer, number=number, installed_on=date(2012, 3, 1), by=back_office)
        add_phone(customer=customer, number="0812 9999 0789", by=back_office)
        add_phone(customer=customer, number="021-5559123", by=back_office)
        return customer

    return make


@pytest.fixture
def customer(register: Callable[..., Customer]) -> Customer:
    return register("540520000017", "UP3 Menteng")


@pytest.fixture
def elsewhere(register: Callable[..., Customer]) -> Customer:
    return register("530010000025", "UP3 Bandung", area="32.73.01.1001")
