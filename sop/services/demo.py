"""Calls of the last weeks for a demo, led by the procedures in force; the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from common.errors import DomainError
from common.models import Job
from customers.models import Customer, Product
from sop.models import Call
from sop.rules.compiler import CHOOSE
from sop.rules.fields import Field
from sop.services.calls import Opening, State, abandon, answer, go_back, open_call
from tickets.models import Status, Ticket
from tickets.services import ledger
from tickets.services.moves import move_ticket
from units.models import Unit, User

PLACE, OFFICER = "UP3 Menteng", "posko.menteng"
DAYS = 14
MAX_ANSWERS = 40
PAST = (
    "permohonan-niaga",
    "lebih-tagih",
    "alokasi-pbpd",
    "meter-replacement",
    "permohonan-niaga",
    "turun-daya",
    "lebih-tagih",
    "ps-kedukaan",
    "ps-pengelasan",
)
TODAY = ("periksa", "lebih-tagih", "periksa", "permohonan-niaga")
REASONS = ("Sambungan terputus", "Penelepon menutup telepon", "Penelepon akan menelepon kembali")
SECONDS = (6, 55)
# How often a step ends in a caller who hangs up, or in a way back.
HANG_UP, GO_BACK = 0.015, 0.03


@transaction.atomic
def load(count: int = 60, seed: int = 2022) -> int:
    """Lead `count` demo calls, most in the past and the last today; answer how many.

    Leads none where there are calls already, or no demo customers to call.
    """
    customers = list(_customers()[:count])
    if Call.objects.exists() or not customers:
        return 0
    told_before = Job.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    caller = _Caller(random.Random(seed), timezone.now())  # noqa: S311  (no secret)
    past = count - count // 8
    for number in range(count):
        is_past = number < past
        procedures = PAST if is_past else TODAY
        customer = customers[number % len(customers)]
        caller.call(procedures[number % len(procedures)], customer, number, is_past=is_past)
    # What the demo invents for the past is no news to anybody's inbox.
    Job.objects.filter(kind=ledger.ANNOUNCE, pk__gt=told_before).delete()
    return count


def _customers() -> QuerySet[Customer]:
    around = Unit.objects.below(Unit.objects.get(name=PLACE))
    rows = Customer.objects.filter(is_demo=True, product=Product.PRABAYAR, unit__in=around)
    return rows.filter(meters__number__isnull=False, meters__removed_on=None).order_by("-pk")


class _Caller:
    """Calls, and answers what the step asks; chance decides which answer."""

    def __init__(self, chance: random.Random, now: datetime) -> None:
        self.chance, self.now = chance, now
        self.agent = User.objects.get(username="cso")
        self.officer = User.objects.get(username=OFFICER)

    def call(self, procedure: str, customer: Customer, number: int, *, is_past: bool) -> None:
        phone = f"0813000{number:05d}"
        opening = Opening(procedure=procedure, caller_number=phone, idpel=customer.idpel)
        state = open_call(opening=opening, by=self.agent, at=self._moment(is_past))
        given = self._given(customer, number)
        for _answered in range(MAX_ANSWERS):
            if state.walk.step is None or self.chance.random() < HANG_UP:
                break
            try:
                state = self._go_on(state, given)
            except DomainError:  # nothing follows for this caller, or there is no way back
                break
        if state.walk.step is not None:
            at = self._later(state)
            abandon(call_id=state.call.pk, reason=self.chance.choice(REASONS), by=self.agent, at=at)
        if is_past:
            self._finish(state)

    def _finish(self, state: State) -> None:
        """A unit has long seen to what a call of the past brought it."""
        ticket = Ticket.objects.filter(number=state.call.ticket_number, status=Status.LAPOR).first()
        for hours, to in ((1, Status.DALAM_PENGERJAAN), (3, Status.SELESAI)):
            if ticket is not None:
                at = state.situation.at + timedelta(hours=hours)
                ticket = move_ticket(ticket=ticket, to=to, by=self.officer, at=at)

    def _moment(self, is_past: bool) -> datetime:
        minutes = (24 * 60, DAYS * 24 * 60) if is_past else (60, 300)
        return self.now - timedelta(minutes=self.chance.randrange(*minutes))

    def _later(self, state: State) -> datetime:
        return state.situation.at + timedelta(seconds=self.chance.randrange(*SECONDS))

    def _go_on(self, state: State, given: Mapping[str, Any]) -> State:
        step = state.walk.step
        assert step is not None  # noqa: S101  (asked by `call`)
        if state.walk.path and self.chance.random() < GO_BACK:
            return go_back(call_id=state.call.pk, by=self.agent, at=self._later(state))
        choice = self.chance.choice(step.exits).answer if step.kind == CHOOSE else None
        fields = {field["name"]: self._value(field, given) for field in step.fields}
        return answer(
            call_id=state.call.pk,
            step=step.address,
            choice=choice,
            given=fields,
            by=self.agent,
            at=self._later(state),
        )

    def _given(self, customer: Customer, number: int) -> dict[str, Any]:
        return {
            "nama": f"Penelepon Demo {number + 1}",
            "idpel_or_meter": customer.idpel,
            "area": customer.area_id,
            "address": {"street": customer.street or "Jalan Demo"},
        }

    def _value(self, field: Field, given: Mapping[str, Any]) -> Any:
        """Something that fits, of this customer where the portal knows it."""
        if field["type"] == "choice":
            return self.chance.choice(field["choices"])["value"]
        known = given.get(field["name"], given.get(field["type"]))
        return known or self._made(field["type"])

    def _made(self, field_type: str) -> Any:
        day = self.now - timedelta(days=self.chance.randrange(2, 30))
        return {
            "name": "Penelepon Demo",
            "note": "Disampaikan oleh penelepon (demo)",
            "number": self.chance.randrange(100, 900),
            "date": f"{day:%Y-%m-%d}",
            "datetime": f"{day:%Y-%m-%dT%H:%M}",
            "nik": "3171010101900001",
            "reading": self.chance.randrange(0, 3),
            "tariff": "R1",
            "power_step": 2200,
            "product": Product.PASCABAYAR.value,
            "yes_no": True,
            "tick": True,
        }.get(field_type)
