"""From the call to the customer's yes, and from nine readings to a token, as people do it on the screens."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_everybody_can_use_it import barriers
from tests.tickets.conftest import *  # noqa: F403  (reports of the cast)
from tickets.models import DiagnosisStatus, OrderStatus, SelfDiagnosis, Status, Ticket, WorkOrder
from tickets.services.diagnosis import submit_diagnosis
from tickets.services.tickets import create_ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def fill_in_report(page: Page, *, wo_type: str, kind: str = "tetangga-tidak-turut-padam") -> None:
    """A house of the customer in Gambir; not saved yet."""
    page.wait_for_url("**/laporan/")
    page.wait_for_load_state()
    page.locator("#reporter_name").fill("Pelapor Uji")
    page.locator("#idpel").fill("5405 2000 0001")
    page.locator("#type-GANGGUAN").select_option(kind)
    page.locator(f"[name=wo_type][value={wo_type}]").check()
    page.locator("#problem").fill("1 RUMAH PADAM")


def save(page: Page) -> str:
    """By keyboard; answers the number that the portal gave."""
    page.locator("#problem").press("Control+Enter")
    number = page.locator(".report-number")
    expect(number).to_be_visible()
    return number.inner_text()


def on_the_board(page: Page, order: WorkOrder, verb: str) -> None:
    """Press the button for `verb` on the order's card."""
    page.locator(f"#{verb}-{order.pk}").click()


def column(page: Page, status: str, number: str) -> Any:
    return page.locator(f"[data-column={status}] .order[data-ticket={number}]")


def test_the_idpel_tells_whose_house_it_is_and_the_report_is_of_that_house(log_in, agent, customer):
    page = log_in(agent, at="/laporan/")
    fill_in_report(page, wo_type="WO_AUTODISPATCH")

    expect(page.locator("#customer")).to_contain_text("J•••• U••••")
    expect(page.locator("#customer")).to_contain_text("GAMBIR")
    ticket = Ticket.objects.get(number=save(page))

    assert (ticket.area, ticket.street) == (customer.area, customer.street)


def test_a_report_goes_from_the_call_to_the_customers_yes(log_in, agent, posko_menteng, customer, on_duty):
    page = log_in(agent, at="/laporan/")
    fill_in_report(page, wo_type="WO_AUTODISPATCH")
    number = save(page)
    order = WorkOrder.objects.get(ticket__number=number)
    assert order.status == OrderStatus.ANTRE

    crew = on_duty("Yantek 1")
    order.refresh_from_db()
    page = log_in(posko_menteng, at="/posko/")
    if order.status == OrderStatus.ANTRE:
        on_the_board(page, order, "assign")
        page.locator(f"[name=crew][value='{crew.code}']").check()
        page.locator("#assign button.primary").click()
    expect(column(page, "PENUGASAN_REGU", number)).to_contain_text("Yantek 1")
    for verb, then in (
        ("depart", "DALAM_PERJALANAN"),
        ("start", "DALAM_PENGERJAAN"),
        ("temporarily", "NYALA_SEMENTARA"),
        ("restore", "NYALA"),
    ):
        on_the_board(page, order, verb)
        expect(column(page, then, number)).to_be_visible()
    on_the_board(page, order, "finish")
    expect(page.locator(f".order[data-ticket={number}]")).to_have_count(0)
    assert Ticket.objects.get(number=number).status == Status.SELESAI

    page = log_in(agent, at=f"/tiket/{number}/")
    expect(page.locator(".ticket")).to_have_attribute("data-status", "SELESAI")
    page.locator("[name=is_done][value=true]").check()
    page.locator(".deed:has([name=is_done]) button").click()
    expect(page.locator(".timeline [data-kind=CONFIRMED]")).to_be_visible()
    page.locator("[name=rating][value='5']").check()
    page.locator(".deed:has([name=rating]) button").click()
    expect(page.locator(".timeline [data-kind=RATED]")).to_be_visible()

    done = Ticket.objects.get(number=number)
    assert done.is_confirmed is True
    assert done.rating == 5


def test_a_diagnosis_goes_from_nine_readings_to_an_approved_ctt(
    log_in, agent, vcc_operator, customer, readings
):
    page = log_in(agent, at="/laporan/")
    fill_in_report(page, wo_type="KWH_PERIKSA", kind="periksa")
    number = save(page)
    page.locator("[data-next]").click()
    page.wait_for_url(f"**/tiket/{number}/**")
    for code, value in readings.items():
        if code == "47":
            page.locator("[data-nothing=code-47]").check()
        else:
            page.locator(f"#code-{code}").fill(str(value).replace(".", ","))
    page.locator("#readings button").click()
    expect(page.locator("[data-diagnosis=SUBMITTED]")).to_contain_text("Tidak Ada Angka")
    expect(page.locator("#readings")).to_be_hidden()
    assert SelfDiagnosis.objects.get(ticket__number=number).readings == readings | {"47": None}

    page = log_in(vcc_operator, at="/vcc/")
    page.locator("#queue .case", has_text=number).wait_for()
    page.keyboard.press("j")
    expect(page.locator(".case-detail .readings tr")).to_have_count(9)
    expect(page.locator(".case-detail p.suggestion")).to_be_visible()
    page.locator("[data-decide=approve]").click()
    expect(page.locator("[data-problem] .problem-card")).to_be_visible()
    assert SelfDiagnosis.objects.get(ticket__number=number).status == DiagnosisStatus.SUBMITTED

    page.locator("#reason").fill("Tutup terminal terbuka, beban normal")
    page.locator("[data-decide=approve]").click()

    expect(page.locator(".case-detail")).to_have_attribute("data-status", "CTT_APPROVED")
    expect(page.locator("#queue .case")).to_have_count(0)
    case = SelfDiagnosis.objects.get(ticket__number=number)
    assert case.status == DiagnosisStatus.CTT_APPROVED
    assert case.decided_by == vcc_operator


def test_the_operator_sends_an_officer_instead(log_in, agent, vcc_operator, periksa, readings):
    submit_diagnosis(ticket=periksa, readings=readings, by=agent)
    page = log_in(vcc_operator, at="/vcc/")
    page.locator("#queue .case").click()
    page.locator("#reason").fill("Perlu diperiksa di lokasi")

    page.locator("[data-decide=officer]").click()

    expect(page.locator(".case-detail")).to_have_attribute("data-status", "OFFICER_SENT")
    assert SelfDiagnosis.objects.get(ticket=periksa).status == DiagnosisStatus.OFFICER_SENT


def test_what_another_did_appears_without_reloading(log_in, agent, vcc_operator, periksa, readings):
    page = log_in(vcc_operator, at="/vcc/")
    expect(page.locator("#queue .message")).to_be_visible()

    submit_diagnosis(ticket=periksa, readings=readings, by=agent)

    expect(page.locator("#queue .case")).to_contain_text(periksa.number, timeout=15_000)


def test_a_caller_who_reports_again_is_recorded_on_the_first_ticket(log_in, agent, report, customer):
    first = create_ticket(report=report(customer=customer), by=agent)
    page = log_in(agent, at="/laporan/")
    fill_in_report(page, wo_type="WO_AUTODISPATCH")
    page.locator("#candidates li", has_text=first.number).get_by_role("button").click()

    expect(page.locator("#answer .ticket")).to_have_attribute("data-number", first.number)
    assert Ticket.objects.count() == 1
    first.refresh_from_db()
    assert first.repeat_count == 1


def test_a_report_that_lacks_something_says_so_at_the_field(log_in, agent):
    page = log_in(agent, at="/laporan/")
    page.wait_for_url("**/laporan/")
    page.wait_for_load_state()
    page.locator("#reporter_name").fill("Pelapor Uji")

    page.locator("#submit").click()

    expect(page.locator("[data-problem-for=problem]")).to_be_visible()
    expect(page.locator("#type-GANGGUAN")).to_be_focused()
    assert page.locator("#reporter_name").input_value() == "Pelapor Uji"
    assert not Ticket.objects.exists()


@pytest.mark.parametrize("field", ["number", "idpel", "meter"])
def test_one_field_finds_a_ticket_by_number_idpel_or_meter(log_in, agent, periksa, field):
    words = {"number": periksa.number.lower(), "idpel": "540520000001", "meter": "14000000001"}
    page = log_in(agent, at="/tiket/")
    page.wait_for_url("**/tiket/")
    page.wait_for_load_state()
    page.locator("#q").fill(words[field])
    page.keyboard.press("Enter")

    expect(page.locator("#found .ticket-card")).to_have_attribute("data-number", periksa.number)
    page.locator("#found a", has_text=periksa.number).click()
    expect(page.locator(".countdown")).to_contain_text(":")


def test_a_ticket_is_found_by_phone_and_nonsense_is_refused(log_in, agent, report):
    made = create_ticket(report=report(caller_number="081234567890"), by=agent)
    page = log_in(agent, at="/tiket/")
    page.wait_for_url("**/tiket/")
    page.wait_for_load_state()
    page.locator("#q").fill("+62 812-3456-7890")
    page.keyboard.press("Enter")
    expect(page.locator("#found .ticket-card")).to_have_attribute("data-number", made.number)

    page.locator("#q").fill("abc")
    page.keyboard.press("Enter")
    expect(page.locator("#unclear")).to_be_visible()


def test_the_screens_hold_no_barriers(log_in, agent, vcc_operator, posko_menteng, periksa, readings, on_duty):
    page = log_in(agent, at="/laporan/")
    assert barriers(page) == []
    page.goto(page.url.replace("/laporan/", f"/tiket/{periksa.number}/"))
    expect(page.locator("#readings")).to_be_visible()
    assert barriers(page) == []
    submit_diagnosis(ticket=periksa, readings=readings | {"41": 9}, by=agent)

    page = log_in(vcc_operator, at="/vcc/")
    page.locator("#queue .case").click()
    expect(page.locator(".case-detail")).to_be_visible()
    assert barriers(page) == []


def test_the_board_and_its_question_hold_no_barriers(log_in, posko_menteng, ticket, on_duty):
    on_duty("Yantek 1", check_in=False)
    page = log_in(posko_menteng, at="/posko/")
    page.locator("[data-ask=assign]").click()
    expect(page.locator("#crews .message")).to_be_visible()
    assert barriers(page) == []
    page.keyboard.press("Escape")

    expect(page.locator("[data-ask=assign]")).to_be_focused()
    assert barriers(page) == []
