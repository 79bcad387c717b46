"""Correcting, merging, postponing, checking in: what people do to a ticket after it was reported."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.browser.steps import GAMBIR, choose_place
from tests.browser.test_everybody_can_use_it import barriers
from tests.browser.test_tickets import save
from tests.security.ticket_endpoints import photo
from tests.tickets.conftest import *  # noqa: F403  (reports of the cast)
from tickets.models import SelfDiagnosis, Shift, Status, Ticket, WorkOrder
from tickets.services.diagnosis import submit_diagnosis
from tickets.services.incidents import declare_incident
from tickets.services.tickets import create_ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def open_part(page: Page, inside: str) -> None:
    """Unfold the part of the ticket that holds `inside`."""
    page.locator(f"details:has({inside}) > summary").first.click()


def test_a_report_is_corrected_but_not_over_somebody_elses_change(log_in, agent, ticket):
    page = log_in(agent, at=f"/tiket/{ticket.number}/")
    open_part(page, "#correction-place")
    page.locator("#edit-problem").fill("2 RUMAH PADAM")
    page.locator("#edit-latitude").fill("-6.1754, 106.8272")
    expect(page.locator("#edit-longitude")).to_have_value("106.8272")
    assert barriers(page) == []
    page.locator("#correction button").click()

    expect(page.locator("#ticket .problem-text")).to_have_text("2 RUMAH PADAM")
    ticket.refresh_from_db()
    assert (ticket.problem, str(ticket.latitude)) == ("2 RUMAH PADAM", "-6.175400")
    assert ticket.reporter_name == "Pelapor Uji"

    open_part(page, "#correction-place")
    page.locator("#edit-notes").fill("milik saya")
    Ticket.objects.filter(pk=ticket.pk).update(version=ticket.version + 1)
    page.locator("#correction button").click()
    expect(page.locator("#correction .problem-card")).to_be_visible()
    ticket.refresh_from_db()
    assert ticket.notes == ""


def test_photos_are_added_until_there_are_three(log_in, agent, ticket):
    page = log_in(agent, at=f"/tiket/{ticket.number}/")
    for count in (1, 2, 3):
        page.locator("#photo").set_input_files({"name": "m.jpg", "mimeType": "image/jpeg", "buffer": photo()})
        page.locator("#photo-form button").click()
        expect(page.locator("#photos img")).to_have_count(count)

    page.locator("#photo").set_input_files({"name": "m.jpg", "mimeType": "image/jpeg", "buffer": photo()})
    page.locator("#photo-form button").click()
    expect(page.locator("#photo-form .problem-card")).to_be_visible()
    assert ticket.photos.count() == 3


def test_a_duplicate_is_merged_and_taken_apart_again(log_in, posko_menteng, agent, report, customer):
    first, second = (create_ticket(report=report(customer=customer), by=agent) for _ in range(2))
    page = log_in(posko_menteng, at=f"/tiket/{first.number}/")
    for part in (f"[data-similar={second.number}]", f"[data-duplicate={second.number}]"):
        page.locator(f"{part} summary").click()
        assert barriers(page) == []
        page.locator(f"{part} [name=reason]").fill("Rumah yang sama")
        page.locator(f"{part} button").click()
        second.refresh_from_db()
        expect(page.locator(part)).to_have_count(0)

    expect(page.locator(f"[data-similar={second.number}]")).to_be_visible()
    second.refresh_from_db()
    assert second.merged_into is None
    assert [it.kind for it in second.events.order_by("version")][-2:] == ["MERGED", "UNMERGED"]


def test_a_reading_is_corrected_before_the_decision(log_in, agent, periksa, readings):
    submit_diagnosis(ticket=periksa, readings=readings, by=agent)
    page = log_in(agent, at=f"/tiket/{periksa.number}/")
    open_part(page, "[hx-get$='/pembacaan/']")
    expect(page.locator("#again-code-41")).to_have_value("230")
    page.locator("#again-code-41").fill("219,5")
    page.locator("[data-nothing=again-code-37]").check()
    page.locator("#readings-again button").click()

    expect(page.locator("#diagnosis .readings")).to_contain_text("219")
    case = SelfDiagnosis.objects.get(ticket=periksa)
    assert case.readings == readings | {"41": 219.5, "37": None}
    assert case.version == 2


def test_an_order_waits_for_the_customer_and_a_crew_checks_in(log_in, posko_menteng, ticket, on_duty):
    on_duty("Yantek 1", check_in=False)
    shift = Shift.objects.get()
    order = WorkOrder.objects.get(ticket=ticket)
    page = log_in(posko_menteng, at="/posko/")
    page.locator(f"#postpone-{order.pk}").click()
    later = timezone.localtime() + timedelta(days=1)
    page.locator("#postpone-at").fill(later.strftime("%Y-%m-%dT%H:%M"))
    page.locator("#postpone-reason").fill("Pelanggan baru pulang besok")
    assert barriers(page) == []
    page.locator("#postpone button.primary").click()

    expect(page.locator(f".order[data-ticket={ticket.number}]")).to_have_count(0)
    ticket.refresh_from_db()
    assert ticket.status == Status.MENUNGGU_KONFIRMASI

    page.locator(".duty > summary").click()
    page.locator(f"#check-in-{shift.pk}").click()
    expect(page.locator(f"#check-out-{shift.pk}")).to_be_visible()
    shift.refresh_from_db()
    assert shift.checked_in_at is not None


@pytest.mark.requirement("R-003-89")
def test_where_no_place_tells_the_unit_it_is_chosen_by_hand(log_in, agent, unit):
    page = log_in(agent, at="/laporan/")
    page.locator("#reporter_name").fill("Pelapor Uji")
    page.locator("#type-GANGGUAN").select_option("tetangga-tidak-turut-padam")
    page.locator("[name=wo_type][value=WO_AUTODISPATCH]").check()
    page.locator("#problem").fill("1 RUMAH PADAM")
    page.locator("#submit").click()
    expect(page.locator("#unit")).to_be_focused()

    page.locator("#unit").select_option(unit("UP3 Menteng").code)
    page.locator("#posko option", has_text="Posko Gambir").wait_for(state="attached")
    page.locator("#posko").select_option(unit("Posko Gambir").code)
    number = save(page)

    assert Ticket.objects.get(number=number).posko == unit("Posko Gambir")


def test_a_wide_outage_is_told_before_the_report_is_saved(log_in, agent, manager_menteng, unit, gambir):
    soon = timezone.now() + timedelta(hours=2)
    declare_incident(area=gambir, unit=unit("ULP Gambir"), by=manager_menteng, estimate_at=soon)
    page = log_in(agent, at="/laporan/")
    choose_place(page, *GAMBIR)

    expect(page.locator("#outage .estimate")).to_contain_text(timezone.localtime(soon).strftime("%H.%M"))
    assert barriers(page) == []
    page.locator("[name=tab][value=KELUHAN]").check()
    expect(page.locator("#outage .estimate")).to_have_count(0)
