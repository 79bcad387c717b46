"""Tickets of the last weeks for a demo, in every status; the same for the same seed."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from allocation.models import Channel
from common.models import Job
from customers.models import Customer, Product
from tickets.models import (
    Crew,
    OrderStatus,
    ProblemType,
    Shift,
    Status,
    Tab,
    Ticket,
    WorkOrder,
    WorkOrderType,
)
from tickets.rules.moves import Hand
from tickets.services import ledger, moves, orders, repeats
from tickets.services.actors import job
from tickets.services.report import Report
from tickets.services.tickets import create_ticket
from units.models import Unit, UnitKind, User

DEMO = job("demo")
DAYS = 14
AT_WORK = 40  # today's tickets at most: as many as the demo's crews can be seen to work on
PLACES = {"UP3 Menteng": (-6.17, 106.82), "UP3 Bandung": (-6.91, 107.61)}
OFFICERS = ("posko.menteng", "manager.bandung")
CREWS = ("Yantek 1", "Yantek 2")
# Where the work of an order may end, with the moment that it stamps.
ORDERED = {
    OrderStatus.PENUGASAN_REGU: "assigned_at",
    OrderStatus.DALAM_PERJALANAN: "departed_at",
    OrderStatus.DALAM_PENGERJAAN: "started_at",
    OrderStatus.NYALA_SEMENTARA: "restored_temporarily_at",
    OrderStatus.NYALA: "restored_at",
    OrderStatus.SELESAI: "finished_at",
}
# What becomes of the tickets, over and over: those of the past are mostly finished, today's are at work.
PAST = (
    "SELESAI",
    "SELESAI_YES",
    "SELESAI_YES",
    "ISSUE_CLOSED",
    "SELESAI_YES",
    "KELUHAN",
    "BATAL",
    "SELESAI_NO",
)
TODAY = (
    "LAPOR",
    "PENUGASAN_REGU",
    "DALAM_PERJALANAN",
    "KWH_PERIKSA",
    "DALAM_PENGERJAAN",
    "KELUHAN_BARU",
    "NYALA_SEMENTARA",
    "NYALA",
    "MENUNGGU_KONFIRMASI",
    "REPEATED",
    "KWH_PERIKSA",
)
PROBLEMS = (
    "1 RUMAH PADAM",
    "1 RUMAH PADAM (LAYAR APP BLANK/GELAP, SEBELUMNYA TERTERA PERIKSA)",
    "1 RUMAH PADAM (DISPLAY APP TERTERA PERIKSA, PELANGGAN TIDAK BERADA DI LOKASI)",
)
WORDS = ("Cepat ditangani", "Petugas ramah", "Terlalu lama menunggu", "")


@transaction.atomic
def load(count: int = 300, seed: int = 2022) -> int:
    """Create `count` demo tickets with their crews, orders and answers; answer how many.

    Creates none where there are demo tickets already, or no demo customers to make them for.
    """
    customers = list(_customers()[: count // 2])
    if Ticket.objects.filter(is_demo=True).exists() or not customers:
        return 0
    told_before = Job.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    maker = _Maker(random.Random(seed), customers, timezone.now())  # noqa: S311  (no secret)
    past = count - min(count // 4, AT_WORK)
    for number in range(count):
        is_past = number < past
        fate = PAST[number % len(PAST)] if is_past else TODAY[(number - past) % len(TODAY)]
        maker.ticket(number, fate, is_past=is_past)
    # What the demo invents for the past is no news to anybody's inbox.
    Job.objects.filter(kind=ledger.ANNOUNCE, pk__gt=told_before).delete()
    return count


def _customers() -> list[Customer]:
    # Those made up for a program have no meter, so nobody could diagnose it.
    metered = Customer.objects.filter(meters__number__isnull=False, meters__removed_on=None)
    rows = metered.filter(is_demo=True, product=Product.PRABAYAR).order_by("pk")
    found = [
        row for name in PLACES for row in rows.filter(unit__in=_below(name)).select_related("unit", "area")
    ]
    return sorted(found, key=lambda it: it.idpel[::-1])


def _below(name: str) -> list[int]:
    return list(Unit.objects.below(Unit.objects.get(name=name)).values_list("pk", flat=True))


class _Maker:
    """Makes tickets one after the other; chance decides the details."""

    def __init__(self, chance: random.Random, customers: list[Customer], now: datetime) -> None:
        self.chance, self.customers, self.now = chance, customers, now
        self.agent = User.objects.get(username="cso")
        self.officers = {it.username: it for it in User.objects.filter(username__in=OFFICERS)}
        self.types = {it.code: it for it in ProblemType.objects.all()}
        self.poskos = {name: self._poskos(name) for name in PLACES}
        self.shifts = {posko.pk: self._crews(posko) for found in self.poskos.values() for posko in found}

    def _poskos(self, name: str) -> list[Unit]:
        return list(Unit.objects.filter(pk__in=_below(name), kind=UnitKind.POSKO).select_related("parent"))

    def _crews(self, posko: Unit) -> list[Shift]:
        """The posko's crews, each with one shift that has run since the demo's first day."""
        made = []
        for number, name in enumerate(CREWS, start=1):
            crew = Crew.objects.create(
                posko=posko, code=f"{posko.code}-{number}".lower(), name=f"{name} {posko}"
            )
            made.append(
                Shift.objects.create(
                    crew=crew,
                    name="Demo",
                    officers=f"Petugas {number}",
                    starts_at=self.now - timedelta(days=DAYS + 1),
                    ends_at=self.now + timedelta(hours=12),
                    checked_in_at=self.now - timedelta(days=DAYS + 1),
                )
            )
        return made

    def ticket(self, number: int, fate: str, *, is_past: bool) -> None:
        at = self._moment(is_past)
        ticket = create_ticket(report=self._report(number, fate, at), by=self.agent, at=at)
        self._live(ticket, fate, at)

    def _moment(self, is_past: bool) -> datetime:
        if is_past:
            return self.now - timedelta(minutes=self.chance.randrange(24 * 60, DAYS * 24 * 60))
        return self.now - timedelta(minutes=self.chance.randrange(10, 300))

    def _report(self, number: int, fate: str, at: datetime) -> Report:
        is_complaint = fate.startswith("KELUHAN")
        is_periksa = fate == "KWH_PERIKSA"
        is_closed = fate == "ISSUE_CLOSED"
        kind = "lebih-tagih" if is_complaint else "periksa" if is_periksa else "tetangga-tidak-turut-padam"
        order = WorkOrderType.KWH_PERIKSA if is_periksa else WorkOrderType.WO_AUTODISPATCH
        customer = self.customers[number % len(self.customers)]
        place = next(name for name in PLACES if self._is_in(customer, name))
        return Report(
            tab=Tab.KELUHAN if is_complaint else Tab.GANGGUAN,
            problem_type=self.types[kind],
            problem="LEBIH TAGIH" if is_complaint else self.chance.choice(PROBLEMS),
            wo_type="" if is_complaint or is_closed else order,
            is_issue_closed=is_closed,
            reporter_name=f"Pelapor Demo {number + 1}",
            channel=Channel.CC123,
            customer=customer,
            caller_number=f"08120000{self.chance.randrange(10_000):04d}",
            by_phone=True,
            by_wa=number % 2 == 0,
            street=customer.street,
            building_number=customer.building_number,
            posko=None if is_closed else self.chance.choice(self.poskos[place]),
            is_hard_complaint=number % 17 == 0,
            is_demo=True,
            **self._coordinates(place),
        )

    def _is_in(self, customer: Customer, place: str) -> bool:
        return customer.unit.is_within(self.poskos[place][0].parent.parent)  # type: ignore[union-attr, arg-type]

    def _coordinates(self, place: str) -> dict[str, Any]:
        latitude, longitude = PLACES[place]
        around = (self.chance.uniform(-0.03, 0.03) for _ in range(2))
        return {
            "latitude": Decimal(f"{latitude + next(around):.6f}"),
            "longitude": Decimal(f"{longitude + next(around):.6f}"),
        }

    def _live(self, ticket: Ticket, fate: str, at: datetime) -> None:
        """Take the ticket where its fate says, at plausible moments."""
        later = min(self._later(at), self.now)
        if fate == "BATAL":
            moves.cancel_ticket(ticket=ticket, by=self.agent, reason="Listrik sudah menyala", at=later)
        elif fate == "REPEATED":
            repeats.record_repeat(ticket=ticket, by=self.agent, channel=Channel.CC123, at=later)
        elif fate == "MENUNGGU_KONFIRMASI":
            self._postpone(ticket, later)
        elif fate == "KELUHAN":
            self._complaint(ticket, at)
        elif fate in ORDERED:
            self._work(ticket, OrderStatus(fate), at)
        elif fate.startswith("SELESAI"):
            done_at = self._work(ticket, OrderStatus.SELESAI, at)
            self._answer(ticket, fate, done_at)

    def _postpone(self, ticket: Ticket, at: datetime) -> None:
        moves.move_ticket(
            ticket=ticket,
            to=Status.MENUNGGU_KONFIRMASI,
            by=self._officer(ticket),
            reason="Pelanggan minta dikonfirmasi besok",
            confirm_at=self.now + timedelta(hours=20),
            at=at,
        )

    def _complaint(self, ticket: Ticket, at: datetime) -> None:
        for to in (Status.DALAM_PENGERJAAN, Status.SELESAI):
            at = self._later(at)
            moves.move_ticket(ticket=ticket, to=to, by=self._officer(ticket), at=at)

    def _officer(self, ticket: Ticket) -> User:
        """Somebody who works on the tickets of this posko."""
        in_menteng = ticket.posko in self.poskos["UP3 Menteng"]
        return self.officers["posko.menteng" if in_menteng else "manager.bandung"]

    def _work(self, ticket: Ticket, until: OrderStatus, at: datetime) -> datetime:
        """A crew works on the ticket's order until `until`; answers when."""
        order = WorkOrder.objects.get(ticket=ticket)
        shift = self.chance.choice(self.shifts[ticket.posko_id])  # type: ignore[index]
        for to, stamp in ORDERED.items():
            if to == OrderStatus.NYALA_SEMENTARA != until:
                continue
            at = min(self._later(at), self.now)
            locked = ledger.lock(ticket)
            changes: dict[str, Any] = {"crew": shift.crew, "shift": shift, "next_try_at": None, stamp: at}
            orders.write(order=order, to=to, actor=DEMO, at=at, **changes)
            moves.step(ticket=locked, to=to, actor=DEMO, hand=Hand.ORDER, at=at)
            if to == until:
                break
        return at

    def _answer(self, ticket: Ticket, fate: str, at: datetime) -> None:
        if fate == "SELESAI":
            return
        is_done = fate == "SELESAI_YES"
        at = min(self._later(at), self.now)
        _, follower = moves.confirm_completion(ticket=ticket, is_done=is_done, by=self.agent, at=at)
        if follower:
            self._work(follower, OrderStatus.SELESAI, at)
        else:
            rating = self.chance.choice((1, 3, 4, 5, 5))
            moves.rate_ticket(
                ticket=ticket, rating=rating, by=self.agent, words=self.chance.choice(WORDS), at=at
            )

    def _later(self, at: datetime) -> datetime:
        return at + timedelta(minutes=self.chance.randrange(3, 40))
