"""Every call ends in one of seven outcomes, and what each of them makes (R-ALL-2)."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone

from sop.models import Call, HandOver, OutcomeKind
from sop.rules import analysis
from sop.services import library
from tickets.models import Tab, Ticket, TicketRepeat
from units.models import Unit

from . import periksa
from .periksa import GAMBIR, PHONE

pytestmark = pytest.mark.django_db

SEVEN = {
    "ISSUE_CLOSED",
    "KELUHAN_TO_UNIT",
    "GANGGUAN_AUTODISPATCH",
    "KWH_PERIKSA",
    "AP2T",
    "LAPOR_ULANG",
    "CALL_BACK",
}
WITHIN_001 = ("permohonan-niaga", "ps-pengelasan", "ps-kedukaan", "turun-daya", "lebih-tagih")


def graphs(on):
    """Every procedure that an agent can start in Jakarta on that day, linked."""
    book = library.rulebook(unit=Unit.objects.get(name="UP3 Menteng"), on=on)
    return {slug: library.graph_in(book, it) for slug, it in book.procedures.items() if it.is_entry}


def outcomes(graph):
    return {step.body["outcome"] for step in graph.steps.values() if step.kind == "outcome"}


@pytest.mark.requirement("R-ALL-2")
@pytest.mark.parametrize("on", [date(2020, 4, 10), date(2021, 6, 17), date(2022, 2, 18), date(2026, 1, 1)])
def test_every_way_through_every_procedure_ends_in_one_of_the_seven(on):
    found = graphs(on)

    assert set(OutcomeKind.values) == SEVEN
    assert found
    for slug, graph in found.items():
        assert analysis.problems(graph) == [], slug  # no way ends without an outcome or meets a second one
        assert outcomes(graph) <= SEVEN
    if on >= date(2022, 2, 18):
        assert set().union(*map(outcomes, found.values())) == SEVEN


@pytest.mark.requirement("R-ALL-3")
def test_there_are_two_tabs():
    assert Tab.values == ["GANGGUAN", "KELUHAN"]


@pytest.mark.requirement("R-001-16")
def test_no_request_of_001_ends_with_the_customer_sent_to_the_unit():
    """What reaches the unit reaches it over APKT or AP2T; an outcome "go to the unit" does not exist."""
    ended = set().union(*(outcomes(graphs(date(2020, 4, 10))[slug]) for slug in WITHIN_001))

    assert ended == {"ISSUE_CLOSED", "KELUHAN_TO_UNIT", "AP2T"}


# --- The three that make no ticket of their own ---------------------------------------------------


def periksa_call(desk, **answers):
    call = desk.call("periksa", caller_number=PHONE, area=GAMBIR)
    return call.walk(**periksa.OFF | {"alamat": periksa.NO_NUMBER["alamat"]} | answers)


@pytest.mark.requirement("R-ALL-2")
def test_lapor_ulang_adds_a_repeat_to_the_ticket_that_is_there(desk):
    first = periksa_call(desk, layar="blank", pelanggan_blank={}, mcb="on")

    again = periksa_call(desk, pernah_lapor="pernah")

    assert again.now["outcome"] == "LAPOR_ULANG"
    assert again.now["ticket"] == first.now["ticket"]
    repeat = TicketRepeat.objects.get()
    assert (repeat.ticket, repeat.words) == (Ticket.objects.get(), "Display APP masih tertera PERIKSA")
    assert Call.objects.get(pk=again.now["id"]).status == "FINISHED"


@pytest.mark.requirement("R-ALL-2")
def test_a_caller_who_will_call_back_leaves_a_call_and_no_ticket(desk):
    call = periksa_call(desk, layar="lain")

    assert (call.now["outcome"], call.now["ticket"], call.now["status"]) == ("CALL_BACK", None, "FINISHED")
    assert not Ticket.objects.exists()
    assert not HandOver.objects.exists()


@pytest.mark.requirement("R-ALL-2", "R-ALL-5")
def test_an_application_leaves_a_hand_over_that_names_its_call(desk, agent):
    call = desk.call("ps-kedukaan").walk(data={"nama": "Penelepon Satu", "area": GAMBIR})

    made = HandOver.objects.get()
    assert (call.now["outcome"], call.now["ticket"]) == ("AP2T", made.reference)
    assert (made.call.version.reference, made.call.agent) == ("vc-7-april-2020@1", agent)
    assert made.at.date() <= timezone.now().date()
    assert not Ticket.objects.exists()
