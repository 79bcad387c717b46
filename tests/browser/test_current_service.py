"""Perubahan Daya and Migrasi: the current service, said by the caller or read from the record."""

import pytest
from playwright.sync_api import Page, expect

from customers.models import Customer, Tariff
from tests.browser.steps import choose_place
from units.models import Area

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def customer(menteng) -> Customer:
    """A prabayar customer with 1.300 VA in Gambir."""
    return Customer.objects.create(
        idpel="540510000011",
        name="Pelanggan Uji",
        street="Jalan Uji",
        area=Area.objects.get(pk="31.71.01.1001"),
        unit=menteng,
        tariff=Tariff.objects.get(code="R1"),
        power_va=1300,
        phase=1,
        product="PRABAYAR",
    )


@pytest.fixture
def desk(log_in, agent) -> Page:
    page = log_in(agent)
    page.locator("[name=transaction][value=PD]").check()
    return page


def choose_service(page: Page) -> None:
    page.get_by_label("Daya:", exact=True).select_option("2200")
    page.get_by_label("Tarif:", exact=True).select_option("R1")
    page.locator("[name=product][value=PRABAYAR]").check()


@pytest.mark.requirement("R-002-14")
def test_the_service_on_record_is_filled_in_and_must_be_confirmed(desk, customer):
    desk.locator("[name=place][value=idpel]").check()
    desk.locator("#idpel").fill(customer.idpel)
    desk.keyboard.press("Tab")
    expect(desk.locator("[name=current][value='1 PRABAYAR']")).to_be_checked()
    choose_service(desk)

    desk.keyboard.press("Enter")
    expect(desk.locator("#confirmed")).to_be_focused()
    expect(desk.locator(".answer")).to_have_count(0)
    desk.locator("#confirmed").check()
    desk.keyboard.press("Enter")

    expect(desk.locator(".answer")).to_contain_text("UP3 Menteng")
    expect(desk.locator("#asked")).to_contain_text("1 Ph – Prabayar")


@pytest.mark.requirement("R-002-8")
def test_without_a_current_service_there_is_no_answer(desk):
    choose_place(desk, "DKI JAKARTA", "KOTA ADM. JAKARTA PUSAT", "GAMBIR", "GAMBIR")
    choose_service(desk)

    desk.keyboard.press("Enter")
    expect(desk.locator("[data-problem-for~=current_phase]")).not_to_be_empty()
    expect(desk.locator(".answer")).to_have_count(0)
    desk.locator("[name=current][value='3 PASCABAYAR']").check()
    desk.keyboard.press("Enter")

    expect(desk.locator(".answer")).to_be_visible()


def test_an_unknown_idpel_is_said_at_its_field(desk):
    desk.locator("[name=transaction][value=PB]").check()
    desk.locator("[name=place][value=idpel]").check()
    desk.locator("#idpel").fill("999999999999")
    choose_service(desk)
    desk.keyboard.press("Enter")

    expect(desk.locator("[data-problem-for~=idpel]")).not_to_be_empty()
    expect(desk.locator("#idpel")).to_be_focused()


def test_the_next_reader_at_the_same_desk_sees_nothing_of_the_one_before(log_in, agent, supervisor):
    page = log_in(agent)
    choose_place(page, "DKI JAKARTA", "KOTA ADM. JAKARTA PUSAT")

    page = log_in(supervisor)

    expect(page.locator("#provinsi")).to_have_value("")
