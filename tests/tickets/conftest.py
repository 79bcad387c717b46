"""Reports of the cast, to start from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from customers.models import Customer, Kogol, Meter, Phase, Product, Tariff
from tickets.models import Crew, ProblemType, Shift, Tab, Ticket, WorkOrderType
from tickets.services import crews
from tickets.services.report import Report
from tickets.services.tickets import create_ticket
from units.models import Area, Unit, User


@pytest.fixture
def posko_gambir(unit: Callable[[str], Unit]) -> Unit:
    return unit("Posko Gambir")


@pytest.fixture
def gambir(db: None) -> Area:
    """The kelurahan Gambir, served by ULP Gambir with its one posko."""
    return Area.objects.get(pk="31.71.01.1001")


@pytest.fixture
def customer(gambir: Area, unit: Callable[[str], Unit]) -> Customer:
    """A prepaid household in Gambir, with its meter."""
    made = Customer.objects.create(
        idpel="540520000001",
        name="Pelanggan Uji",
        street="Jalan Uji",
        building_number="7",
        area=gambir,
        unit=unit("ULP Gambir"),
        tariff=Tariff.objects.get(code="R1"),
        power_va=1300,
        phase=Phase.ONE,
        product=Product.PRABAYAR,
        kogol=Kogol.objects.get(pk=0),
    )
    Meter.objects.create(customer=made, number="14000000001", installed_on=date(2018, 1, 1))
    return made


@pytest.fixture
def report(gambir: Area) -> Callable[..., Report]:
    """A report of a house without power in Gambir, with whatever else is named."""

    def make(**fields: Any) -> Report:
        fields.setdefault("tab", Tab.GANGGUAN)
        is_outage = fields["tab"] == Tab.GANGGUAN
        code = "tetangga-tidak-turut-padam" if is_outage else "kwh-meter-rusak-macet"
        fields.setdefault("problem_type", ProblemType.objects.get(code=code))
        if is_outage and not fields.get("is_issue_closed"):
            fields.setdefault("wo_type", WorkOrderType.WO_AUTODISPATCH)
        fields.setdefault("problem", "1 RUMAH PADAM")
        fields.setdefault("reporter_name", "Pelapor Uji")
        fields.setdefault("area", gambir)
        return Report(**fields)

    return make


@pytest.fixture
def ticket(report: Callable[..., Report], agent: User) -> Ticket:
    """A ticket that an agent recorded for Posko Gambir."""
    return create_ticket(report=report(), by=agent)


@pytest.fixture
def periksa(report: Callable[..., Report], agent: User, customer: Customer) -> Ticket:
    """A PERIKSA report of the prepaid customer, waiting for its nine readings."""
    problem_type = ProblemType.objects.get(code="periksa")
    return create_ticket(
        report=report(wo_type=WorkOrderType.KWH_PERIKSA, problem_type=problem_type, customer=customer),
        by=agent,
    )


@pytest.fixture
def readings() -> dict[str, Any]:
    """Nine readings of a meter whose terminal was opened under voltage, everything else being normal."""
    return {
        "08": 1,
        "70": 1,
        "71": 0,
        "41": 230,
        "44": 2.5,
        "45": 2.5,
        "46": 2.4,
        "37": 12.5,
        "47": 575,
    }


@pytest.fixture
def on_duty(posko_gambir: Unit, posko_menteng: User) -> Callable[..., Crew]:
    """A crew of that name, at Posko Gambir or elsewhere, on a shift that runs now."""

    def make(name: str, *, posko: Unit | None = None, check_in: bool = True, **place: Any) -> Crew:
        crew = Crew.objects.create(code=f"regu-{name}", name=name, posko=posko or posko_gambir)
        now = timezone.now()
        shift = Shift.objects.create(
            crew=crew, name="Pagi", starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=7)
        )
        if check_in:
            crews.check_in(shift=shift, by=posko_menteng, **place)
        return crew

    return make


@pytest.fixture
def form(gambir: Area) -> Callable[..., dict[str, Any]]:
    """The body of a POST to `tickets/`."""

    def make(**fields: Any) -> dict[str, Any]:
        return {
            "tab": "GANGGUAN",
            "problem_type": "tetangga-tidak-turut-padam",
            "wo_type": "WO_AUTODISPATCH",
            "problem": "1 RUMAH PADAM",
            "reporter_name": "Pelapor Uji",
            "area": gambir.pk,
        } | fields

    return make
