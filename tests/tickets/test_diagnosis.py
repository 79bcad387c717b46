"""Self-diagnosis: nine readings, a suggestion, a decision by another person, a token."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from common.errors import Forbidden, Invalid, PreconditionRequired, Stale
from customers.models import Customer, Product
from tickets import messaging, vending
from tickets.models import (
    ClearTamperToken,
    DiagnosisCoverage,
    DiagnosisStatus,
    EventKind,
    OrderStatus,
    SelfDiagnosis,
    Status,
    SuggestionRule,
    Ticket,
    TokenDelivery,
)
from tickets.rules.readings import NotAsked
from tickets.services import ctt
from tickets.services.coverage import NotCovered, NotPrepaid
from tickets.services.diagnosis import (
    AlreadyDecided,
    NotAwaited,
    OwnSubmission,
    approve_ctt,
    send_officer,
    submit_diagnosis,
)
from tickets.services.ledger import TicketClosed
from tickets.services.moves import cancel_ticket
from tickets.services.report import Report
from tickets.services.tickets import create_ticket
from units.models import User

Make = Callable[..., Report]
TOKEN = "1234 5678 9012 3456 7890"


@pytest.fixture
def diagnosis(periksa: Ticket, readings: dict[str, Any], agent: User) -> SelfDiagnosis:
    return submit_diagnosis(ticket=periksa, readings=readings, by=agent)[0]


@pytest.mark.requirement("R-003-53", "R-003-67", "R-003-112")
def test_nine_readings_put_the_case_into_the_command_centres_queue(
    periksa: Ticket, readings: dict[str, Any], agent: User, vcc_operator: User
) -> None:
    made, is_first = submit_diagnosis(ticket=periksa, readings=readings, by=agent)

    assert is_first
    assert SelfDiagnosis.objects.visible_to(vcc_operator).waiting().get() == made
    assert (made.meter_number, list(made.readings)) == ("14000000001", list(readings))
    assert not periksa.orders.exists()


@pytest.mark.requirement("R-003-56")
def test_tidak_ada_angka_is_neither_zero_nor_unasked(
    periksa: Ticket, readings: dict[str, Any], agent: User
) -> None:
    with pytest.raises(NotAsked):
        submit_diagnosis(ticket=periksa, readings={"08": 1}, by=agent)
    assert not SelfDiagnosis.objects.exists()

    made, _ = submit_diagnosis(ticket=periksa, readings=readings | {"45": None, "46": 0}, by=agent)

    made.refresh_from_db()
    assert (made.readings["45"], made.readings["46"]) == (None, 0)


@pytest.mark.parametrize("odd", ["230", True, float("nan"), [], {}])
def test_what_is_no_number_is_refused(
    periksa: Ticket, readings: dict[str, Any], agent: User, odd: Any
) -> None:
    with pytest.raises(Invalid) as refusal:
        submit_diagnosis(ticket=periksa, readings=readings | {"41": odd}, by=agent)

    assert refusal.value.field == "readings/41"
    assert not SelfDiagnosis.objects.exists()


def test_implausible_values_are_kept_and_marked(
    periksa: Ticket, readings: dict[str, Any], agent: User
) -> None:
    odd = readings | {"41": 999, "37": -10, "70": 1.5, "44": 50}

    made, _ = submit_diagnosis(ticket=periksa, readings=odd, by=agent)

    assert made.readings == odd
    kinds = {(it["code"], it["kind"]) for it in made.warnings}
    assert {("41", "out_of_range"), ("70", "not_whole"), ("44", "over_limiter")} <= kinds
    assert not any(code == "37" for code, _ in kinds)


@pytest.mark.requirement("R-003-27", "R-003-29", "R-003-32")
def test_outside_the_area_of_self_diagnosis_the_answer_is_autodispatch(
    report: Make, agent: User, customer: Customer
) -> None:
    DiagnosisCoverage.objects.update(is_active=False)

    with pytest.raises(NotCovered):
        create_ticket(report=report(wo_type="KWH_PERIKSA", customer=customer), by=agent)

    assert not Ticket.objects.exists()


def test_a_postpaid_customer_has_no_self_diagnosis(
    report: Make, agent: User, customer: Customer, periksa: Ticket, readings: dict[str, Any]
) -> None:
    Customer.objects.update(product=Product.PASCABAYAR)
    customer.refresh_from_db()

    with pytest.raises(NotPrepaid):
        create_ticket(report=report(wo_type="KWH_PERIKSA", customer=customer), by=agent)
    with pytest.raises(NotPrepaid):
        submit_diagnosis(ticket=periksa, readings=readings, by=agent)

    assert not SelfDiagnosis.objects.exists()


def test_an_ordinary_report_takes_no_readings(ticket: Ticket, readings: dict[str, Any], agent: User) -> None:
    with pytest.raises(NotAwaited):
        submit_diagnosis(ticket=ticket, readings=readings, by=agent)


def test_a_correction_names_the_version_that_it_corrects(
    diagnosis: SelfDiagnosis, periksa: Ticket, readings: dict[str, Any], agent: User
) -> None:
    other = readings | {"08": 2}

    with pytest.raises(PreconditionRequired):
        submit_diagnosis(ticket=periksa, readings=other, by=agent)
    with pytest.raises(Stale):
        submit_diagnosis(ticket=periksa, readings=other, by=agent, version=7)
    corrected, is_first = submit_diagnosis(ticket=periksa, readings=other, by=agent, version=1)

    assert (corrected.pk, corrected.version, corrected.readings["08"], is_first) == (
        diagnosis.pk,
        2,
        2,
        False,
    )
    kept = periksa.events.filter(kind=EventKind.DIAGNOSED).order_by("version")
    assert [event.data["readings"]["08"] for event in kept] == [1, 2]


@pytest.mark.parametrize(
    ("change", "suggestion", "rule", "triggering"),
    [
        (dict.fromkeys(("08", "70", "71", "41", "44", "45", "46", "37", "47")), "OFFICER", "A1", None),
        ({"41": 0}, "OFFICER", "A2", {"41": 0}),
        ({"41": None}, "OFFICER", "A2", {"41": None}),
        ({"45": 4.0, "46": 1.0}, "OFFICER", "A3", {"45": 4.0, "46": 1.0}),
        ({"71": 1}, "OFFICER", "A4", {"71": 1}),
        ({"44": 7.3}, "OFFICER", "A5", {"44": 7.3}),
        ({}, "CTT", "A6", {"08": 1}),
        ({"08": 9, "70": 2}, "CTT", "A6", {"70": 2}),
        ({"08": 9, "70": 0}, "NONE", "A8", {"08": 9}),
        ({"08": None, "70": 0}, "NONE", "A8", {"08": None}),
    ],
)
def test_each_assumption_names_the_reading_that_triggered_it(
    periksa: Ticket,
    readings: dict[str, Any],
    agent: User,
    change: dict[str, Any],
    suggestion: str,
    rule: str,
    triggering: dict[str, Any] | None,
) -> None:
    made, _ = submit_diagnosis(ticket=periksa, readings=readings | change, by=agent)

    assert (made.suggestion, made.triggers[0]["rule"]) == (suggestion, rule)
    if triggering is not None:
        assert made.triggers[0]["readings"] == triggering


def test_an_edited_rule_rules(periksa: Ticket, readings: dict[str, Any], agent: User) -> None:
    SuggestionRule.objects.filter(code="A2").update(limits={"low": 231, "high": 260})

    made, _ = submit_diagnosis(ticket=periksa, readings=readings, by=agent)

    assert (made.suggestion, made.triggers[0]["rule"]) == ("OFFICER", "A2")


def test_a_meter_that_got_a_token_this_month_gets_an_officer_suggested(
    diagnosis: SelfDiagnosis,
    report: Make,
    customer: Customer,
    readings: dict[str, Any],
    agent: User,
    vcc_operator: User,
) -> None:
    approve_ctt(diagnosis=diagnosis, by=vcc_operator, reason="clear")
    again = create_ticket(report=report(wo_type="KWH_PERIKSA", customer=customer), by=agent)

    made, _ = submit_diagnosis(ticket=again, readings=readings, by=agent)

    assert (made.suggestion, made.triggers[0]["rule"]) == ("OFFICER", "A7")


@pytest.mark.requirement("R-003-116")
def test_an_operator_approves_a_token_and_the_ticket_waits_for_the_customer(
    diagnosis: SelfDiagnosis, vcc_operator: User
) -> None:
    approve_ctt(diagnosis=diagnosis, by=vcc_operator, reason="terminal opened, all else normal")

    diagnosis.refresh_from_db()
    ticket = Ticket.objects.get(pk=diagnosis.ticket_id)
    assert (diagnosis.status, diagnosis.decided_by) == (DiagnosisStatus.CTT_APPROVED, vcc_operator)
    assert (diagnosis.decided_in.holder, diagnosis.reason[:8]) == (vcc_operator, "terminal")
    assert ticket.status == Status.MENUNGGU_KONFIRMASI
    assert not ticket.orders.exists()


@pytest.mark.requirement("R-003-115")
def test_a_token_has_20_digits_and_is_kept_sealed_for_its_meter(
    diagnosis: SelfDiagnosis, vcc_operator: User, agent: User
) -> None:
    approve_ctt(diagnosis=diagnosis, by=vcc_operator, reason="clear", token=TOKEN)

    token = ClearTamperToken.objects.get()
    digits = TOKEN.replace(" ", "")
    assert (token.meter_number, token.ending, str(token)) == ("14000000001", "7890", "•••• 7890")
    assert digits.encode() not in bytes(token.encrypted)
    assert digits not in token.fingerprint
    assert ctt.read_out(ticket=token.diagnosis.ticket, by=agent) == TOKEN

    token.meter_number = "14000000002"
    with pytest.raises(Exception, match="14000000002"):
        ctt.digits_of(token)


@pytest.mark.parametrize("typed", ["1234", "1234 5678 9012 3456 789x", "1" * 21, "١" * 20])
def test_what_is_no_token_is_refused_and_nothing_is_decided(
    diagnosis: SelfDiagnosis, vcc_operator: User, typed: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        approve_ctt(diagnosis=diagnosis, by=vcc_operator, reason="clear", token=typed)

    diagnosis.refresh_from_db()
    assert refusal.value.code == "bad_token"
    assert (diagnosis.status, ClearTamperToken.objects.count()) == (DiagnosisStatus.SUBMITTED, 0)


def test_a_token_is_issued_once(
    diagnosis: SelfDiagnosis,
    report: Make,
    customer: Customer,
    readings: dict[str, Any],
    agent: User,
    vcc_operator: User,
) -> None:
    approve_ctt(diagnosis=diagnosis, by=vcc_operator, reason="clear", token=TOKEN)
    other = create_ticket(report=report(wo_type="KWH_PERIKSA", customer=customer), by=agent)
    second, _ = submit_diagnosis(ticket=other, readings=readings, by=agent)

    with pytest.raises(ctt.TokenUsed):
        approve_ctt(diagnosis=second, by=vcc_operator, reason="clear", token=TOKEN)

    second.refresh_from_db()
    assert second.status == DiagnosisStatus.SUBMITTED


@pytest.mark.requirement("R-003-113")
def test_an_officer_is_sent_with_an_order_for_the_posko(
    diagnosis: SelfDiagnosis, vcc_operator: User, periksa: Ticket
) -> None:
    send_officer(diagnosis=diagnosis, by=vcc_operator, reason="currents differ")

    periksa.refresh_from_db()
    order = periksa.orders.get()
    assert (periksa.status, order.status, order.posko) == (Status.LAPOR, OrderStatus.ANTRE, periksa.posko)
    assert order.type == "KWH_PERIKSA"
    assert periksa.events.last().kind == EventKind.OFFICER_SENT


def test_nobody_decides_on_what_they_submitted(
    periksa: Ticket, readings: dict[str, Any], vcc_operator: User, appoint: Callable[..., User]
) -> None:
    both = appoint("vcc_operator", "CSO", "PLN Pusat")
    own, _ = submit_diagnosis(ticket=periksa, readings=readings, by=both)

    for decide in (approve_ctt, send_officer):
        with pytest.raises(OwnSubmission):
            decide(diagnosis=own, by=vcc_operator, reason="mine")

    own.refresh_from_db()
    assert (own.status, ClearTamperToken.objects.count()) == (DiagnosisStatus.SUBMITTED, 0)


def test_an_agent_does_not_decide(diagnosis: SelfDiagnosis, supervisor: User, posko_menteng: User) -> None:
    for person in (supervisor, posko_menteng):
        with pytest.raises(Forbidden):
            approve_ctt(diagnosis=diagnosis, by=person, reason="clear")
        with pytest.raises(Forbidden):
            send_officer(diagnosis=diagnosis, by=person, reason="go")

    diagnosis.refresh_from_db()
    assert (diagnosis.status, ClearTamperToken.objects.count()) == (DiagnosisStatus.SUBMITTED, 0)


def test_a_decision_needs_a_reason(diagnosis: SelfDiagnosis, vcc_operator: User) -> None:
    for decide in (approve_ctt, send_officer):
        with pytest.raises(Invalid) as refusal:
            decide(diagnosis=diagnosis, by=vcc_operator, reason="  ")
        assert refusal.value.code == "reason_required"

    diagnosis.refresh_from_db()
    assert diagnosis.status == DiagnosisStatus.SUBMITTED


def test_the_second_operator_is_told_who_decided(
    diagnosis: SelfDiagnosis, vcc_operator: User, appoint: Callable[..., User]
) -> None:
    second = appoint("second_operator", "VCC_OPERATOR", "PLN Pusat")
    stale = SelfDiagnosis.objects.get(pk=diagnosis.pk)
    approve_ctt(diagnosis=diagnosis, by=vcc_operator, reason="clear")

    with pytest.raises(AlreadyDecided) as refusal:
        send_officer(diagnosis=stale, by=second, reason="look")

    assert "vcc_operator" in refusal.value.message
    assert SelfDiagnosis.objects.get().status == DiagnosisStatus.CTT_APPROVED


def test_a_cancelled_report_leaves_the_queue_and_is_not_decided(
    diagnosis: SelfDiagnosis, periksa: Ticket, agent: User, vcc_operator: User
) -> None:
    cancel_ticket(ticket=periksa, by=agent, reason="solved")

    assert not SelfDiagnosis.objects.waiting().exists()
    with pytest.raises(TicketClosed):
        approve_ctt(diagnosis=diagnosis, by=vcc_operator, reason="clear")
    assert not ClearTamperToken.objects.exists()


def test_a_token_goes_out_by_the_customers_own_ways_and_each_is_logged(
    report: Make, customer: Customer, readings: dict[str, Any], agent: User, vcc_operator: User
) -> None:
    ticket = create_ticket(
        report=report(
            wo_type="KWH_PERIKSA", customer=customer, mobile_number="081200000001", by_wa=True, by_sms=True
        ),
        by=agent,
    )
    made, _ = submit_diagnosis(ticket=ticket, readings=readings, by=agent)
    approve_ctt(diagnosis=made, by=vcc_operator, reason="clear")

    waiting = list(TokenDelivery.objects.all())
    assert [(it.way, it.result) for it in waiting] == [("WA", "WAITING"), ("SMS", "WAITING")]
    for delivery in waiting:
        ctt.send_message(delivery_id=delivery.pk, at=timezone.now())
        ctt.send_message(delivery_id=delivery.pk, at=timezone.now())

    assert set(TokenDelivery.objects.values_list("result", flat=True)) == {"SENT"}
    assert ticket.events.filter(kind=EventKind.CTT_DELIVERED).count() == 2


def test_a_delivery_that_fails_says_so_and_is_no_delivery(
    report: Make,
    customer: Customer,
    readings: dict[str, Any],
    agent: User,
    vcc_operator: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticket = create_ticket(
        report=report(wo_type="KWH_PERIKSA", customer=customer, mobile_number="081200000001", by_wa=True),
        by=agent,
    )
    made, _ = submit_diagnosis(ticket=ticket, readings=readings, by=agent)
    approve_ctt(diagnosis=made, by=vcc_operator, reason="clear")

    def refuse(self: object, **message: str) -> None:
        raise ConnectionError

    monkeypatch.setattr(messaging.SimulatedMessageGateway, "send", refuse)
    ctt.send_message(delivery_id=TokenDelivery.objects.get().pk, at=timezone.now())

    delivery = TokenDelivery.objects.get()
    assert (delivery.result, delivery.error) == ("FAILED", "ConnectionError")
    assert not ticket.events.filter(kind=EventKind.CTT_DELIVERED).exists()


def test_a_way_that_the_customer_does_not_have_is_refused(
    diagnosis: SelfDiagnosis, vcc_operator: User
) -> None:
    with pytest.raises(Invalid) as refusal:
        approve_ctt(diagnosis=diagnosis, by=vcc_operator, reason="clear", ways=["WA"])

    diagnosis.refresh_from_db()
    assert refusal.value.code == "way_not_possible"
    assert diagnosis.status == DiagnosisStatus.SUBMITTED


@pytest.mark.requirement("R-003-117")
def test_a_token_that_helped_finishes_the_ticket_by_the_customers_word(
    diagnosis: SelfDiagnosis, vcc_operator: User, agent: User
) -> None:
    approve_ctt(diagnosis=diagnosis, by=vcc_operator, reason="clear")
    assert Ticket.objects.get().status == Status.MENUNGGU_KONFIRMASI

    ticket, follower = ctt.answer_completion(ticket=diagnosis.ticket, is_done=True, by=agent)

    assert (ticket.status, ticket.is_confirmed, follower) == (Status.SELESAI, True, None)
    assert ticket.restored_at is not None


def test_a_token_that_did_not_help_sends_an_officer(
    diagnosis: SelfDiagnosis, vcc_operator: User, agent: User
) -> None:
    approve_ctt(diagnosis=diagnosis, by=vcc_operator, reason="clear")

    ticket, _ = ctt.answer_completion(ticket=diagnosis.ticket, is_done=False, by=agent, reason="refused")

    assert (ticket.status, ticket.orders.get().status) == (Status.LAPOR, OrderStatus.ANTRE)


def test_the_simulator_gives_the_same_token_for_the_same_case_only() -> None:
    issue = vending.SimulatedVendingService().issue_ctt

    first = issue(meter_number="14000000001", reference="diagnosis-1", timeout=1)
    assert first == issue(meter_number="14000000001", reference="diagnosis-1", timeout=1)
    assert first != issue(meter_number="14000000002", reference="diagnosis-1", timeout=1)
    assert (len(first), first.isdigit()) == (20, True)


def test_without_a_vending_service_the_operator_types_the_token(
    diagnosis: SelfDiagnosis, vcc_operator: User, settings: Any
) -> None:
    settings.VENDING_SERVICE = ""

    with pytest.raises(vending.TokenRequired):
        approve_ctt(diagnosis=diagnosis, by=vcc_operator, reason="clear")
    approve_ctt(diagnosis=diagnosis, by=vcc_operator, reason="clear", token=TOKEN)

    assert ClearTamperToken.objects.get().source == "operator"


def test_a_vending_service_that_is_down_leaves_the_case_undecided(
    diagnosis: SelfDiagnosis, vcc_operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: object, **asked: str) -> str:
        raise TimeoutError

    monkeypatch.setattr(vending.SimulatedVendingService, "issue_ctt", refuse)

    with pytest.raises(vending.VendingUnavailable):
        approve_ctt(diagnosis=diagnosis, by=vcc_operator, reason="clear")

    diagnosis.refresh_from_db()
    assert diagnosis.status == DiagnosisStatus.SUBMITTED


def test_the_clock_runs_while_the_command_centre_decides(periksa: Ticket) -> None:
    """A-003-22: the decision lies inside the three hours."""
    assert periksa.due_at == periksa.reported_at + timedelta(hours=3)
