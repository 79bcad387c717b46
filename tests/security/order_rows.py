"""Work orders in every status, crews, outages and self-diagnoses of five units for the permission tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from django.utils import timezone

from customers.models import Customer, Meter
from tickets.models import (
    Crew,
    DiagnosisCoverage,
    Incident,
    SelfDiagnosis,
    Shift,
    Ticket,
    WorkOrder,
)
from tickets.services import ctt
from units.models import Area, Unit, User

READINGS = {"08": 1, "70": 1, "71": 0, "41": 230, "44": 2.5, "45": 2.5, "46": 2.4, "37": 12.5, "47": 575}
STATUSES = ("ANTRE", "PENUGASAN_REGU", "DALAM_PERJALANAN", "DALAM_PENGERJAAN", "NYALA")


@dataclass
class OrderRows:
    """By place, and by what the row is good for."""

    crews: dict[tuple[str, str], Crew] = field(default_factory=dict)
    shifts: dict[tuple[str, str], Shift] = field(default_factory=dict)
    orders: dict[tuple[str, str], WorkOrder] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)
    diagnoses: dict[tuple[str, str], SelfDiagnosis] = field(default_factory=dict)


def order_rows(
    agent: User,
    units: dict[str, Unit],
    tickets: dict[tuple[str, str], Ticket],
    customers: dict[str, Customer],
) -> OrderRows:
    """`tickets` are those of `ticket_rows`; they are put into the state that their order has."""
    rows = OrderRows()
    areas = Area.objects.filter(level=4).order_by("pk")[: len(units)]
    DiagnosisCoverage.objects.create(unit=units["PLN Pusat"], valid_from="2020-01-01")
    for number, (place, unit) in enumerate(units.items()):
        _crews(rows, place, unit, number)
        _orders(rows, place, unit, tickets)
        _outage(rows, place, unit, areas[number], tickets[place, "dark"])
        _diagnoses(rows, place, tickets, customers[place], agent, number)
    return rows


def _crews(rows: OrderRows, place: str, unit: Unit, number: int) -> None:
    """One with orders, one on duty with empty hands, and one whose shift has begun without it."""
    now = timezone.now()
    for name in ("busy", "idle", "late"):
        crew = Crew.objects.create(posko=unit, code=f"regu-{number}-{name}", name=name)
        shift = Shift.objects.create(
            crew=crew,
            name="Pagi",
            starts_at=now - timedelta(hours=1),
            ends_at=now + timedelta(hours=7),
            checked_in_at=None if name == "late" else now - timedelta(hours=1),
        )
        rows.crews[place, name], rows.shifts[place, name] = crew, shift


def _orders(rows: OrderRows, place: str, unit: Unit, tickets: dict[tuple[str, str], Ticket]) -> None:
    for status in STATUSES:
        held = (
            {}
            if status == "ANTRE"
            else {"crew": rows.crews[place, "busy"], "shift": rows.shifts[place, "busy"]}
        )
        rows.orders[place, status] = WorkOrder.objects.create(
            ticket=tickets[place, status],
            posko=unit,
            type="WO_AUTODISPATCH",
            status=status,
            created_at=timezone.now(),
            **held,
        )
    WorkOrder.objects.create(
        ticket=tickets[place, "finished"],
        posko=unit,
        type="WO_AUTODISPATCH",
        status="SELESAI",
        created_at=timezone.now(),
        finished_at=timezone.now(),
        crew=rows.crews[place, "busy"],
    )


def _outage(rows: OrderRows, place: str, unit: Unit, area: Area, ticket: Ticket) -> None:
    outage = Incident.objects.create(unit=unit, area=area, began_at=timezone.now(), version=1)
    Ticket.objects.filter(pk=ticket.pk).update(incident=outage)
    rows.incidents[place] = outage


def _diagnoses(
    rows: OrderRows,
    place: str,
    tickets: dict[tuple[str, str], Ticket],
    customer: Customer,
    agent: User,
    number: int,
) -> None:
    """A ticket that waits for readings, one that waits for a decision, and one with its token."""
    meter = f"1400000{number:04}"
    Meter.objects.create(customer=customer, number=meter, installed_on="2018-01-01")
    waiting = [tickets[place, name].pk for name in ("asked", "diagnosed", "approved")]
    Ticket.objects.filter(pk__in=waiting).update(customer=customer, client=agent, meter_number=meter)
    for name in ("diagnosed", "approved"):
        rows.diagnoses[place, name] = SelfDiagnosis.objects.create(
            ticket=tickets[place, name],
            meter_number=meter,
            readings=READINGS,
            suggestion="NONE",
            channel="CC123",
            submitted_by=agent,
            submitted_at=timezone.now(),
        )
    _approve(rows.diagnoses[place, "approved"], number)


def _approve(diagnosis: SelfDiagnosis, number: int) -> None:
    now = timezone.now()
    operator, _ = User.objects.get_or_create(username="who decided")
    SelfDiagnosis.objects.filter(pk=diagnosis.pk).update(
        status="CTT_APPROVED", decided_by=operator, decided_at=now, reason="cocok"
    )
    issued = ctt.Issued(f"{number:020}", "operator", diagnosis.meter_number)
    ctt.store(diagnosis=diagnosis, issued=issued, at=now)
