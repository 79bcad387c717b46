"""The shell pages of tickets: who may open which, and what the fragments say."""

import pytest
from django.urls import reverse

from tests.conftest import CAST
from tests.tickets.conftest import *  # noqa: F403  (reports of the cast)
from tickets.models import WorkOrder
from tickets.services.diagnosis import submit_diagnosis
from units.powers import POWERS, Power

HTML = {"Accept": "text/html"}
PAGES = {
    "console:report": Power.CREATE_TICKETS,
    "console:tickets": Power.SEE_TICKETS,
    "console:vcc": Power.DECIDE_DIAGNOSIS,
    "console:board": Power.DISPATCH_ORDERS,
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("name", sorted(name for name in CAST if name != "channel"))
def test_each_page_opens_for_its_power_and_stands_in_the_menu_for_it_only(anyone, browse, name, page):
    screen = browse(anyone(name))

    may = PAGES[page] in POWERS[CAST[name][0]]
    assert screen.get(reverse(page)).status_code == (200 if may else 403)
    assert (f'href="{reverse(page)}"' in screen.get("/", follow=True).content.decode()) is may


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_is_sent_to_the_log_in_form(client, page):
    assert client.get(reverse(page)).headers["Location"].startswith("/accounts/login/")


def test_a_ticket_that_the_reader_does_not_see_has_no_page(browse, manager_menteng, manager_bandung, ticket):
    address = reverse("console:ticket", args=[ticket.number])

    assert browse(manager_menteng).get(address).status_code == 200
    assert browse(manager_bandung).get(address).status_code == 404


def test_the_page_of_a_ticket_offers_what_the_reader_has_the_power_for(browse, agent, posko_menteng, ticket):
    address = reverse("console:ticket", args=[ticket.number])
    confirm, move = (reverse(f"api:ticket-{verb}", args=[ticket.number]) for verb in ("confirm", "moves"))

    for_agent = browse(agent).get(address).content.decode()
    for_posko = browse(posko_menteng).get(address).content.decode()

    assert confirm in for_agent
    assert move not in for_agent
    assert move in for_posko
    assert confirm not in for_posko


def test_the_nine_readings_are_asked_until_they_were_handed_in(browse, agent, periksa, readings):
    address = reverse("console:ticket", args=[periksa.number])
    page = browse(agent).get(address).content.decode()
    places = [page.index(f'name="readings.{code}"') for code in readings]
    assert places == sorted(places)

    submit_diagnosis(ticket=periksa, readings=readings, by=agent)

    assert 'name="readings.' not in browse(agent).get(address).content.decode()


def test_the_fragment_of_a_ticket_masks_the_reporter_and_counts_down(browse, agent, ticket):
    page = browse(agent).get(f"/api/v1/tickets/{ticket.number}/", headers=HTML).content.decode()

    assert 'data-until="' in page
    assert "Pelapor Uji" not in page
    assert 'data-may-cancel="yes"' in page


def test_the_timeline_says_moments_and_people_in_words(browse, agent, ticket):
    page = browse(agent).get(f"/api/v1/tickets/{ticket.number}/events/", headers=HTML).content.decode()

    assert 'data-kind="CREATED"' in page
    assert "agent (" in page
    assert ">CREATED<" not in page


def test_the_fragment_of_a_case_shows_readings_warnings_and_suggestion(
    browse, vcc_operator, agent, periksa, readings
):
    made, _ = submit_diagnosis(ticket=periksa, readings=readings | {"47": None}, by=agent)

    queue = (
        browse(vcc_operator).get("/api/v1/self-diagnoses/?status=SUBMITTED", headers=HTML).content.decode()
    )
    case = browse(vcc_operator).get(f"/api/v1/self-diagnoses/{made.pk}/", headers=HTML).content.decode()

    assert periksa.number in queue
    assert f'data-suggestion="{made.suggestion}"' in case
    assert "Tidak Ada Angka" in case
    assert "approve-ctt" in case


def test_the_board_puts_an_order_into_the_column_of_its_status(browse, posko_menteng, ticket):
    order = WorkOrder.objects.get(ticket=ticket)

    page = browse(posko_menteng).get("/api/v1/work-orders/?is_open=true", headers=HTML).content.decode()

    column = page.split(f'data-column="{order.status}"')[1].split("data-column=")[0]
    assert ticket.number in column
    assert page.count(f'data-ticket="{ticket.number}"') == 1


def test_no_page_of_tickets_holds_inline_script_or_style(browse, supervisor, vcc_operator, periksa):
    addresses = [reverse(page) for page in ("console:report", "console:tickets")]
    addresses.append(reverse("console:ticket", args=[periksa.number]))
    pages = [browse(supervisor).get(address) for address in addresses]
    pages += [browse(vcc_operator).get(reverse(page)) for page in ("console:vcc", "console:board")]

    for response in pages:
        page = response.content.decode()
        assert "<script>" not in page
        assert " style=" not in page
        assert " onclick=" not in page


def test_the_pages_cost_a_fixed_number_of_queries(browse, agent, periksa, django_assert_num_queries):
    screen = browse(agent)
    screen.get(reverse("console:report"))

    with django_assert_num_queries(5):  # session, user, positions, types, provinces
        screen.get(reverse("console:report"))
    with django_assert_num_queries(6):  # session, user, positions, ticket, diagnosis, codes
        screen.get(reverse("console:ticket", args=[periksa.number]))
