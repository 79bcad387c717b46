"""What an answered step of the procedures that come with the portal asks of the database.

Counted over the API, everything included: session, account, positions, the call and its rows, what the step
looks up and writes, and the next step with its texts; not counted are the statements that begin and end the
transaction, which ask nothing. Six queries are the same for every step; a step may cost ten at most.

Only the step that makes a ticket, or repeats one, costs more: its number, place, service target and clock,
its order and its events are written in the same transaction. `OUTCOMES` pins what each kind may cost.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from sop.models import PsScheme, SopValue
from tickets.models import ProblemType
from tickets.services.report import Report
from tickets.services.tickets import create_ticket

from .periksa import GAMBIR, IDPEL
from .walking import Desk, Walked, name_of

pytestmark = pytest.mark.django_db

MOST = 10
OUTCOMES = {
    "ISSUE_CLOSED": 15,
    "KELUHAN_TO_UNIT": 20,
    "GANGGUAN_AUTODISPATCH": 22,
    "KWH_PERIKSA": 28,
    "LAPOR_ULANG": 13,
}
PHONE, LINE = "081234567890", "0213456789"
GIVEN: dict[str, Any] = {
    "konfirmasi_pada": "2090-01-01T15:00",
    "padam_sejak": "2021-01-01T07:00",
    "name": "Penelepon Satu",
    "text": "keterangan",
    "note": "catatan",
    "number": 12,
    "date": "2021-06-01",
    "datetime": "2021-06-01T07:00",
    "phone": PHONE,
    "nik": "3171010101900001",
    "idpel_or_meter": IDPEL,
    "area": GAMBIR,
    "unit": "54052-P1",
    "tariff": "R1",
    "address": {"street": "Jl. Melati", "rt": "001"},
    "coordinates": {"latitude": -6.17, "longitude": 106.83},
    "power_step": 2200,
    "product": "PRABAYAR",
    "yes_no": True,
    "tick": True,
    "reading": None,
}
CALLERS: dict[str, dict[str, Any]] = {
    "known": {"opening": {"caller_number": PHONE, "idpel": IDPEL}},
    "with an area": {"opening": {"caller_number": LINE, "area": GAMBIR}, "pelanggan": "541100000099"},
    "unknown": {"opening": {}, "pelanggan": "541100000099", "area": ""},
}
REFUSALS = {("say", "same_product")}
DAY = date(2022, 3, 1)
PROCEDURES = {
    "periksa": DAY,
    "meter-replacement": DAY,
    "permohonan-niaga": DAY,
    "ps-pengelasan": DAY,
    "ps-kedukaan": DAY,
    "turun-daya": DAY,
    "lebih-tagih": DAY,
    "alokasi-pbpd": DAY,
    "pln-terbaik": date(2021, 6, 17),
}


@pytest.fixture
def declared(household, unit, agent):
    """What the checks look up is there: a declared time, a scheme, an earlier report (which is answered)."""
    first = Report(
        tab="GANGGUAN",
        problem_type=ProblemType.objects.get(code="periksa"),
        problem="DISPLAY APP TERTERA PERIKSA",
        wo_type="WO_AUTODISPATCH",
        reporter_name="Penelepon Satu",
        customer=household(),
        caller_number="081333333333",
    )
    SopValue.objects.create(key="tmp-penyambungan", default="5")
    PsScheme.objects.create(unit=unit("UID Jakarta Raya"), scheme=1, valid_from=date(2020, 1, 1))
    return create_ticket(report=first, by=agent)


class Caller:
    """Calls again and again, and says each time what was said least, until everything has been said."""

    def __init__(self, desk: Desk, said: dict[str, Any]) -> None:
        self.desk = desk
        self.given = {name: value for name, value in said.items() if name != "opening"}
        self.opening = said["opening"]
        self.taken: Counter[tuple[str, str]] = Counter()
        self.costs: dict[tuple[str, str], int] = {}

    def call_until_all_is_said(self, procedure: str, on: date) -> None:
        """Each call is taken back, so that none finds the report of another."""
        fruitless = 0
        while fruitless < 2:
            before = len(self.taken)
            with transaction.atomic():
                self._walk(self.desk.call(procedure, on=on.isoformat(), **self.opening))
                transaction.set_rollback(True)
            fruitless = 0 if len(self.taken) > before else fruitless + 1

    def _walk(self, call: Walked) -> None:
        while call.at is not None:
            step = call.now["step"]
            given = self._answer(step)
            with CaptureQueriesContext(connection) as queries:
                response = call.try_answer(given)
            if response.status_code != 200:  # who migrates to the product in use, asked again, says it again
                assert (step["kind"], response.json()["code"]) in REFUSALS, (step["id"], response.json())
                return
            call.answered(response)
            key = step["outcome"]["kind"] if step["outcome"] else step["kind"], name_of(step["id"])
            asked = [it for it in queries if "SAVEPOINT" not in it["sql"]]
            self.costs[key] = max(self.costs.get(key, 0), len(asked))

    def _answer(self, step: dict[str, Any]) -> Any:
        if step["choices"]:
            values = [it["value"] for it in step["choices"]]
            choice = min(values, key=lambda it: self.taken[step["id"], it])
            self.taken[step["id"], choice] += 1
            return choice
        if step["kind"] == "outcome":
            return {}
        return {it["name"]: self._value(it) for it in step["fields"]}

    def _value(self, field: dict[str, Any]) -> Any:
        if field["type"] == "choice":
            return field["choices"][0]["value"]
        value = self.given.get(field["name"], GIVEN.get(field["name"], GIVEN.get(field["type"])))
        return GIVEN[field["type"]] if value == "" and field["required"] else value


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("procedure", PROCEDURES)
def test_an_answered_step_asks_the_database_few_questions(desk, declared, procedure, caller):
    calling = Caller(desk, CALLERS[caller] | {"laporan": declared.number})

    calling.call_until_all_is_said(procedure, PROCEDURES[procedure])

    seen = {kind for kind, _name in calling.costs}
    assert "collect" in seen
    assert seen & {*OUTCOMES, "AP2T"}
    too_many = {key: cost for key, cost in calling.costs.items() if cost > OUTCOMES.get(key[0], MOST)}
    assert too_many == {}
