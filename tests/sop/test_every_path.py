"""Every path of every procedure that comes with the portal, walked to its end by the portal's own code.

Each path ends in exactly one outcome, and the outcome does what its template says; the addendum of the
pandemic stands where an officer is sent to one premises, and nowhere else. What is expected is read from the
files in `fixtures/`, not from what the portal made of them.

The answers of the checks are chosen here, in place of the domain's (`Script`), since no customer is prabayar
and pascabayar at once; `test_checks.py` proves each of them by real situations. Reports that are the same but
for the answers that led to them are carried out once; what an outcome made is looked at and rolled back, so
that each finds the same world.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import cycle
from typing import Any

import pytest
from django.db import transaction

from customers.models import Customer
from sop import checks
from sop.models import Call, HandOver, Procedure
from sop.rules.graph import Step
from sop.rules.paths import list_paths
from sop.rules.walk import Move as Moved
from sop.services import calls, outcomes
from sop.services.calls import Opening
from sop.services.outcomes import Execution
from sop.services.running import Run
from sop.situation import Situation
from tickets.models import ProblemType, Ticket, TicketRepeat
from tickets.services.report import Report
from tickets.services.tickets import create_ticket
from units.models import Area, ServiceArea, Unit, User
from units.powers import Role

from .conftest import JAKARTA
from .expecting import ADDENDUM, Expected, source
from .exploring import Explorer, Script

pytestmark = pytest.mark.django_db

GAMBIR, MAKASSAR = "31.71.01.1001", "73.71"
LAST_DAY = date(2023, 6, 21)  # of the addendum (Keppres 17/2023)
SENDS_AN_OFFICER = "GANGGUAN_AUTODISPATCH"
SELF_EVIDENT = ("answer_of", "field_value")
FORMS = {  # kind of outcome: tab (None: that of the problem type), Tipe WO, status
    "ISSUE_CLOSED": (None, "", "ISSUE_CLOSED"),
    "KELUHAN_TO_UNIT": ("KELUHAN", "", "LAPOR"),
    "GANGGUAN_AUTODISPATCH": ("GANGGUAN", "WO_AUTODISPATCH", "LAPOR"),
    "KWH_PERIKSA": ("GANGGUAN", "KWH_PERIKSA", "LAPOR_PERIKSA"),
}
FOUND = {
    ("ps_scheme", "skema_1"): {"skema": "skema 1"},
    ("ps_scheme", "skema_2"): {"skema": "skema 2"},
    ("ps_scheme", "belum_diatur"): {"skema": "belum diatur"},
    ("tmp_exceeded", "melebihi"): {"tmp": "5", "jatuh_tempo": "21/02/2022"},
    ("tmp_exceeded", "belum"): {"tmp": "5"},
}
# The procedures that agents start, each with a day on which the addendum is in force and one on which not.
PANDEMIC, AFTER = date(2022, 3, 1), date(2024, 3, 1)
ENTRIES = [
    ("periksa", 2, "periksa", GAMBIR, (PANDEMIC, AFTER)),
    ("periksa", 1, "periksa", MAKASSAR, (PANDEMIC, AFTER)),
    ("meter-replacement", 1, "meter-replacement", GAMBIR, (PANDEMIC, AFTER)),
    ("vc-7-april-2020", 1, "permohonan-niaga", GAMBIR, (PANDEMIC, AFTER)),
    ("vc-7-april-2020", 1, "ps-pengelasan", GAMBIR, (PANDEMIC, AFTER)),
    ("vc-7-april-2020", 1, "ps-kedukaan", GAMBIR, (PANDEMIC, AFTER)),
    ("vc-7-april-2020", 1, "turun-daya", GAMBIR, (PANDEMIC, AFTER)),
    ("vc-7-april-2020", 1, "lebih-tagih", GAMBIR, (PANDEMIC, AFTER)),
    ("alokasi-pbpd", 1, "alokasi-pbpd", GAMBIR, (PANDEMIC, AFTER)),
    ("pln-terbaik", 1, "pln-terbaik", GAMBIR, (date(2021, 6, 17),)),
]
CASES = [
    pytest.param(document, number, slug, area, on, id=f"{slug}@{number}-{on}")
    for document, number, slug, area, days in ENTRIES
    for on in days
]


# --- The outcomes, carried out --------------------------------------------------------------------


@dataclasses.dataclass
class Desk:
    """Carries out every outcome of one call as on a call, looks at what it made, and takes it back."""

    call: Call
    earlier: Ticket
    unit: Unit
    procedures: Mapping[str, dict[str, Any]]
    made: dict[tuple[Any, ...], Moved] = dataclasses.field(default_factory=dict)
    seen: set[str] = dataclasses.field(default_factory=set)

    def __call__(self, situation: Situation, step: Step, given: Mapping[str, Any]) -> Moved:
        expected = Expected(situation, step, self.procedures)
        self.seen.add(step.address)
        if expected.kind not in FORMS:
            return self._carry_out(expected, given)
        report = outcomes.report_of(situation, outcomes.draft(situation, step), given)
        assert report.details["jawaban"] == expected.answers
        content = (getattr(report, it.name) for it in dataclasses.fields(report) if it.name != "details")
        key = (step.address, *content)
        if key not in self.made:
            self.made[key] = self._carry_out(expected, given)
        return self.made[key]

    def _carry_out(self, expected: Expected, given: Mapping[str, Any]) -> Moved:
        tickets, repeats = Ticket.objects.count(), TicketRepeat.objects.count()
        with transaction.atomic():
            execution = Execution(self.call)
            move = execution(expected.situation, expected.step, given)
            new = Ticket.objects.count() - tickets, TicketRepeat.objects.count() - repeats
            assert move.answer == expected.kind
            assert new == (int(expected.kind in FORMS), int(expected.kind == "LAPOR_ULANG"))
            CHECKS[expected.kind](self, execution, expected)
            transaction.set_rollback(True)
        return move

    def check_ticket(self, execution: Execution, expected: Expected) -> None:
        ticket = Ticket.objects.select_related("problem_type").get(number=execution.number)
        kind = expected.problem_type
        tab, wo_type, status = FORMS[expected.kind]
        assert (ticket.tab, ticket.wo_type, ticket.status) == (tab or kind["tab"], wo_type, status)
        assert (ticket.problem_type.code, ticket.problem_type.tab) == (kind["code"], ticket.tab)
        assert (ticket.problem_type.name, ticket.problem_type.sub_name) == (kind["name"], kind["sub_name"])
        assert ticket.problem == expected.problem != ""
        assert ticket.power_state == expected.power_state
        assert ticket.notes.split("\n") == (expected.notes or [""])
        assert ticket.sop_ref == self.call.version.reference
        assert ticket.is_hard_complaint is expected.template.get("hard_complaint", False)
        assert hasattr(ticket, "diagnosis") is (expected.kind == "KWH_PERIKSA")
        self.check_unit(ticket.unit, expected)

    def check_unit(self, unit: Unit | None, expected: Expected) -> None:
        if "unit" in expected.template:
            assert unit is not None
            assert unit.code == expected.template["unit"]
        elif expected.kind != "ISSUE_CLOSED":
            assert unit == self.unit

    def check_hand_over(self, execution: Execution, expected: Expected) -> None:
        made = HandOver.objects.select_related("tariff").get(reference=execution.number)
        given = expected.collected
        assert made.transaction == expected.template["transaction"]
        assert (made.product, made.power_va) == (expected.product, given.get("daya"))
        assert (made.tariff.code if made.tariff else None) == given.get("tarif")
        assert made.application["catatan"] == expected.notes
        assert made.application["jawaban"] == expected.answers
        assert self.unit.code in (made.unit.code, made.unit.parent and made.unit.parent.code)

    def check_repeat(self, execution: Execution, expected: Expected) -> None:
        repeat_ = TicketRepeat.objects.latest("pk")
        assert repeat_.ticket == self.earlier
        assert execution.number == self.earlier.number
        assert repeat_.words.split("\n") == (expected.notes or [""])

    def check_nothing(self, execution: Execution, expected: Expected) -> None:
        assert execution.number == ""
        assert not HandOver.objects.filter(call=self.call).exists()


CHECKS = {
    **dict.fromkeys(FORMS, Desk.check_ticket),
    "AP2T": Desk.check_hand_over,
    "LAPOR_ULANG": Desk.check_repeat,
    "CALL_BACK": Desk.check_nothing,
}


# --- The paths ------------------------------------------------------------------------------------


@pytest.fixture
def agent(appoint):
    """One who was there on every day that is looked at."""
    return appoint("agent", Role.CSO, "PLN Pusat", starts_at=datetime(2019, 1, 1, tzinfo=JAKARTA))


@pytest.fixture
def served(unit, makassar):
    """The unit that serves an area: ULP Gambir, and one outside the regions of self-diagnosis."""
    area = Area.objects.get(pk=MAKASSAR)
    ServiceArea.objects.create(area=area, unit=makassar, valid_from=date(2000, 1, 1), basis="contoh")
    return {GAMBIR: unit("ULP Gambir"), MAKASSAR: makassar}


@pytest.fixture
def open_call(agent, served):
    """A call of that day about premises in that area, and a customer who lives there."""

    def start(slug: str, area: str, on: date) -> tuple[Call, datetime]:
        at = datetime.combine(on, time(9, 30), JAKARTA)
        opening = Opening(procedure=slug, caller_number="081234567890", area=area, on=on)
        return calls.open_call(opening=opening, by=agent, at=at).call, at

    return start


def earlier_ticket(agent: User, customer: Customer, at: datetime) -> Ticket:
    report = Report(
        tab="GANGGUAN",
        problem_type=ProblemType.objects.get(code="periksa"),
        problem="DISPLAY APP TERTERA PERIKSA",
        wo_type="WO_AUTODISPATCH",
        reporter_name="Penelepon Satu",
        customer=customer,
    )
    return create_ticket(report=report, by=agent, at=at)


def given_by(customer: Customer, earlier: Ticket, unit: Unit, on: date) -> dict[str, Any]:
    """What the caller says. Where it is words of the SOP each is said in turn, else something that fits."""
    return {
        "sapaan": cycle(["Bapak", "Ibu"]),
        "laporan": (earlier.number,),
        "hubungi_telepon": cycle([True, False, True, False]),
        "hubungi_wa": cycle([True, True, False, False]),
        "hubungi_sms": cycle([True, False, True, False]),
        "konfirmasi_pada": (f"{on + timedelta(days=1)}T15:00",),
        "produk_sekarang": ("PRABAYAR", "PASCABAYAR"),
        "name": ("Penelepon Satu",),
        "text": ("keterangan singkat",),
        "note": ("catatan yang lebih panjang",),
        "number": (12,),
        "date": (str(on - timedelta(days=30)),),
        "datetime": (f"{on}T07:00",),
        "phone": ("081298765432",),
        "nik": ("3171010101900001",),
        "idpel_or_meter": (customer.idpel,),
        "area": (customer.area_id,),
        "unit": (unit.code,),
        "tariff": ("R1",),
        "address": ({"street": "Jl. Melati", "rt": "001", "landmark": "masjid"},),
        "coordinates": ({"latitude": -6.17, "longitude": 106.83},),
        "power_step": (2200,),
        "product": ("PASCABAYAR", "PRABAYAR"),
        "yes_no": (True,),
        "tick": (True,),
        "reading": cycle([0, 5.25, None, 17]),
    }


@pytest.fixture
def world(agent, served, household, open_call, monkeypatch):
    """A call under way whose checks answer what is chosen, and the desk that carries out its outcome."""

    def begin(document: str, number: int, slug: str, area: str, on: date) -> tuple[Explorer, Desk]:
        call, at = open_call(slug, area, on)
        customer = household(area=area, at=served[area].name)
        earlier = earlier_ticket(agent, customer, at - timedelta(hours=1))
        desk = Desk(call, earlier, served[area], source(document, number))
        script = Script(FOUND | {("earlier_report", "ada"): {"laporan_sebelumnya": earlier.number}})
        for name in checks.CHECKS.keys() - SELF_EVIDENT:
            monkeypatch.setitem(checks.CHECKS, name, partial(script, name))
        run = Run(calls._state(call, [], at).situation, desk)
        return Explorer(run, script, given_by(customer, earlier, served[area], on)), desk

    return begin


@pytest.mark.requirement("R-ALL-2", "R-ALL-3", "R-ALL-5", "R-001-30")
@pytest.mark.parametrize(("document", "number", "slug", "area", "on"), CASES)
def test_every_path_comes_to_the_outcome_that_its_template_says(world, document, number, slug, area, on):
    explorer, desk = world(document, number, slug, area, on)
    graph = explorer.run.walk.graph
    walked = set()

    for path in explorer.paths():
        walked.add(path)
        ends = [index for index, (at, _answer) in enumerate(path) if graph[at].kind == "outcome"]
        assert len(ends) == 1, path
        before = path[: ends[0]]
        is_asked = on <= LAST_DAY and graph[path[ends[0]][0]].body["outcome"] == SENDS_AN_OFFICER
        assert any(ADDENDUM in at for at, _answer in path) is is_asked, path
        assert ADDENDUM in before[-1][0] or not is_asked, path

    assert desk.call.version.reference == f"{document}@{number}"
    assert walked == {it.moves for it in list_paths(graph).paths}
    assert desk.seen == {it.address for it in graph.steps.values() if it.kind == "outcome"}


def test_the_procedures_that_are_walked_are_all_that_agents_can_start():
    entries = Procedure.objects.filter(is_entry=True, version__author=None)

    found = {(it.version.document.slug, it.version.number, it.slug) for it in entries}
    assert found == {(document, number, slug) for document, number, slug, _area, _days in ENTRIES}
    assert len(found) == 10
