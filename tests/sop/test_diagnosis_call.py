"""A call that ends in a self-diagnosis: nine readings, one ticket, one case for the command centre."""

import re
from datetime import date
from textwrap import dedent

import pytest

from common.errors import Invalid
from customers.models import Customer, Meter, Tariff
from sop.models import Call, CallStep
from sop.rules.compiler import READING_CODES
from sop.services import calls
from sop.services.calls import Opening
from sop.services.presenting import present_path, present_step
from tickets.models import DiagnosisCoverage, SelfDiagnosis, Ticket
from units.models import Area, Unit

from .conftest import MORNING

pytestmark = pytest.mark.django_db

FIELDS = "\n".join(
    f"      - {{name: r{code}, type: reading, label: Kode {code}, code: '{code}'}}" for code in READING_CODES
)
SOURCE = (
    dedent(
        """
        slug: diagnosa
        title: Diagnosa
        start: siapa
        steps:
          siapa:
            kind: collect
            fields:
              - {name: pelanggan, type: idpel_or_meter, label: ID Pelanggan}
              - {name: hubungi_wa, type: yes_no, label: WA}
            next: baca
          lapor:
            kind: outcome
            outcome: KWH_PERIKSA
            template: {type: periksa, problem: DISPLAY APP TERTERA PERIKSA, notes: ["{kalimat_hubungi}"]}
          baca:
            kind: collect
            next: lapor
            fields:
        """
    )
    + FIELDS
)
VALUES = {f"r{code}": index for index, code in enumerate(READING_CODES)} | {"r45": None}


@pytest.fixture
def ready(agent, publish, menteng):
    """A call that has come to the readings, of a prepaid customer where self-diagnosis is in force."""
    pusat = Unit.objects.get(name="PLN Pusat")
    DiagnosisCoverage.objects.get_or_create(unit=pusat, valid_from=date(2020, 1, 1))
    customer = Customer.objects.create(
        idpel="541100000017",
        name="Pelanggan Contoh",
        street="Jl. Contoh",
        area=Area.objects.get(pk="31.71.01.1001"),
        unit=Unit.objects.get(name="ULP Gambir"),
        tariff=Tariff.objects.get(code="R1"),
        power_va=900,
        phase=1,
        product="PRABAYAR",
    )
    Meter.objects.create(number="14000000001", customer=customer, installed_on=date(2015, 3, 2))
    publish(SOURCE, slug="diagnosa")
    opening = Opening(procedure="diagnosa", caller_number="081234567890")
    state = calls.open_call(opening=opening, by=agent, at=MORNING)
    given = {"pelanggan": customer.idpel, "hubungi_wa": True}
    return calls.answer(call_id=state.call.pk, step="siapa", given=given, by=agent, at=MORNING).call.pk


def test_the_readings_go_to_the_command_centre_with_the_ticket(ready, agent):
    calls.answer(call_id=ready, step="baca", given=VALUES, by=agent, at=MORNING)
    posko = Unit.objects.filter(kind="POSKO", parent__name="ULP Gambir").first()
    given = {"unit": posko.code} if posko else {}

    state = calls.answer(call_id=ready, step="lapor", given=given, by=agent, at=MORNING)

    ticket = Ticket.objects.get()
    assert (ticket.number, ticket.status) == (state.call.ticket_number, "LAPOR_PERIKSA")
    assert (ticket.wo_type, ticket.meter_number) == ("KWH_PERIKSA", "14000000001")
    assert ticket.notes == "Pelanggan dapat dihubungi via WA"
    diagnosis = SelfDiagnosis.objects.get(ticket=ticket)
    assert diagnosis.status == "SUBMITTED"
    assert diagnosis.readings["45"] is None
    assert diagnosis.readings["08"] == 0
    assert set(diagnosis.readings) == set(READING_CODES)


def test_a_reading_without_a_number_is_offered_as_such_when_the_agent_goes_back(ready, agent, api):
    asked = present_step(calls.read(call=Call.objects.get(pk=ready)).situation)["fields"]
    calls.answer(call_id=ready, step="baca", given=VALUES, by=agent, at=MORNING)
    state = calls.go_back(call_id=ready, to="baca", by=agent, at=MORNING)

    again = {it["name"]: it for it in present_step(state.situation)["fields"]}
    page = api(agent).get(f"/api/v1/calls/{ready}/", headers={"Accept": "text/html"}).content.decode()

    assert {it["held"] for it in asked} == {False}
    assert (again["r45"]["held"], again["r45"]["value"]) == (True, None)
    assert (again["r08"]["held"], again["r08"]["value"]) == (True, 0)
    assert re.findall(r'name="fields\.(r\d\d)\.null" value="on" checked', page) == ["r45"]


def test_the_identity_of_the_customer_is_masked_in_the_path(ready):
    path = present_path(calls.read(call=Call.objects.get(pk=ready)).situation)

    assert path[0]["fields"]["pelanggan"] == "5411••••017"


def test_a_reading_that_was_not_asked_is_neither_null_nor_zero(ready, agent):
    eight = {name: value for name, value in VALUES.items() if name != "r47"}

    with pytest.raises(Invalid) as refusal:
        calls.answer(call_id=ready, step="baca", given=eight, by=agent, at=MORNING)

    assert refusal.value.field == "fields/r47"
    assert not CallStep.objects.filter(step="baca").exists()
