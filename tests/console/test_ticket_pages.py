"""The shell pages of tickets: who may open which, and what the fragments say."""

from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from common import jobs
from common.models import Job
from tests.conftest import CAST
from tests.security.ticket_endpoints import photo
from tests.tickets.conftest import *  # noqa: F403  (reports of the cast)
from tickets import tasks  # noqa: F401  (registers the jobs)
from tickets.models import IncidentStatus, PowerState, Ticket, WorkOrder
from tickets.services.diagnosis import approve_ctt, submit_diagnosis
from tickets.services.incidents import FOLLOW, declare_incident
from tickets.services.repeats import merge_ticket
from tickets.services.tickets import create_ticket
from tickets.services.workorders import assign_crew
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

    with django_assert_num_queries(6):  # session, user, positions, types, provinces, units
        screen.get(reverse("console:report"))
    with django_assert_num_queries(6):  # session, user, positions, ticket, diagnosis, codes
        screen.get(reverse("console:ticket", args=[periksa.number]))


def page_of(browse, user, address: str) -> str:
    return browse(user).get(address, headers=HTML).content.decode()


def test_the_search_sends_a_phone_number_in_the_body_and_never_in_an_address(browse, agent):
    page = browse(agent).get(reverse("console:tickets")).content.decode()

    assert f'hx-post="{reverse("api:ticket-search")}"' in page
    assert "hx-get" not in page.split('id="search"')[1].split("</form>")[0]


def test_what_a_search_finds_links_to_the_screen_that_the_settings_name(browse, agent, ticket):
    def found() -> str:
        screen = browse(agent)
        return screen.post(
            reverse("api:ticket-search"),
            {"number": ticket.number},
            headers=HTML,
            content_type="application/json",
        ).content.decode()

    assert f'href="{reverse("console:ticket", args=[ticket.number])}"' in found()
    with override_settings(TICKET_PAGE="api:ticket-detail"):
        assert f'href="{reverse("api:ticket-detail", args=[ticket.number])}"' in found()


def test_a_correction_starts_from_what_the_report_says_and_hides_the_reporter(browse, agent, ticket):
    Ticket.objects.update(latitude=Decimal("-6.175432"), longitude=Decimal("106.827654"))
    page = browse(agent).get(reverse("console:correction", args=[ticket.number])).content.decode()

    assert f'data-if-match="{escape(ticket.etag)}"' in page
    assert ">1 RUMAH PADAM</textarea>" in page
    assert not [it for it in ("Pelapor Uji", "6.175432", "106.827654") if it in page]
    assert 'name="latitude"' in page
    assert 'name="posko"' in page


@pytest.mark.parametrize("name", ["manager_menteng", "posko_menteng", "vcc_operator"])
def test_only_who_may_correct_is_given_the_form(anyone, browse, name, ticket):
    may = Power.EDIT_TICKETS in POWERS[CAST[name][0]]
    address = reverse("console:correction", args=[ticket.number])
    screen = browse(anyone(name))

    assert screen.get(address).status_code == (200 if may else 403)
    page = screen.get(reverse("console:ticket", args=[ticket.number])).content.decode()
    assert (address in page) is may


def test_a_reading_is_corrected_until_the_centre_decides(browse, agent, vcc_operator, periksa, readings):
    made, _ = submit_diagnosis(ticket=periksa, readings=readings | {"47": None}, by=agent)
    address = reverse("console:readings", args=[periksa.number])
    before = browse(agent).get(address).content.decode()

    assert 'value="230"' in before
    assert f"{made.pk}-{made.version}" in before
    assert before.count(" checked") == 1

    approve_ctt(diagnosis=made, by=vcc_operator, reason="Wajar")
    assert 'name="readings.' not in browse(agent).get(address).content.decode()


@pytest.mark.parametrize(("readings_say", "primary"), [({}, "approve"), ({"71": 2}, "officer")])
def test_only_the_suggested_decision_stands_out(
    browse, vcc_operator, agent, periksa, readings, readings_say, primary
):
    made, _ = submit_diagnosis(ticket=periksa, readings=readings | readings_say, by=agent)

    case = page_of(browse, vcc_operator, reverse("api:selfdiagnosis-detail", args=[made.pk]))

    standing_out = [part for part in case.split("<button") if 'class="primary"' in part.split(">")[0]]
    assert [f'data-decide="{primary}"' in part for part in standing_out] == [True]


def test_duplicates_are_merged_and_taken_apart_from_the_ticket(
    browse, posko_menteng, agent, report, customer
):
    first, second, third = (create_ticket(report=report(customer=customer), by=agent) for _ in range(3))
    merge_ticket(ticket=third, into=first, by=posko_menteng, reason="Rumah yang sama")

    page = page_of(browse, posko_menteng, reverse("api:ticket-duplicates", args=[first.number]))

    assert reverse("api:ticket-merge", args=[second.number]) in page
    assert f'name="into" value="{first.number}"' in page
    assert reverse("api:ticket-unmerge", args=[third.number]) in page
    assert 'id="duplicates"' in page_of(browse, posko_menteng, reverse("console:ticket", args=[first.number]))
    assert 'id="duplicates"' not in page_of(browse, agent, reverse("console:ticket", args=[first.number]))


def test_photos_are_shown_to_who_sees_the_ticket_and_added_by_who_may_report(
    browse, agent, posko_menteng, ticket
):
    address = reverse("api:ticket-photos", args=[ticket.number])
    upload = SimpleUploadedFile("meter.jpg", photo(), "image/jpeg")
    said = browse(agent).post(address, {"photo": upload}, headers=HTML)
    assert said.status_code == 201

    shown = page_of(browse, posko_menteng, address)
    picture = reverse("api:ticket-photo", args=[ticket.number, 1])
    assert f'src="{picture}"' in shown
    assert (
        browse(posko_menteng)
        .get(picture, headers={"Accept": "image/*,*/*;q=0.8"})
        .headers["Content-Disposition"]
        .startswith("attachment")
    )
    form = f'hx-post="{address}"'
    assert form in page_of(browse, agent, reverse("console:ticket", args=[ticket.number]))
    assert form not in page_of(browse, posko_menteng, reverse("console:ticket", args=[ticket.number]))


def test_a_wide_outage_is_shown_with_its_estimate_before_the_report_is_saved(
    browse, agent, manager_menteng, unit, gambir
):
    soon = timezone.now() + timedelta(hours=2)
    declare_incident(area=gambir, unit=unit("ULP Gambir"), by=manager_menteng, estimate_at=soon)

    page = page_of(browse, agent, f"{reverse('api:incident-list')}?area={gambir.pk}&is_current=true")

    assert "data-incident=" in page
    assert timezone.localtime(soon).strftime("%H.%M") in page
    assert 'id="outage"' in browse(agent).get(reverse("console:report")).content.decode()


def test_the_unit_and_the_posko_are_chosen_by_hand_from_the_tree(browse, agent, unit):
    menteng = unit("UP3 Menteng")
    offered = browse(agent).get(reverse("console:report")).content.decode()
    assert f'<option value="{menteng.code}">' in offered
    assert '<option value="32">UIW Sulawesi Selatan, Tenggara &amp; Barat' in offered, (
        "none of its UP3s is known"
    )
    assert '<option value="54">' not in offered

    poskos = page_of(browse, agent, f"{reverse('api:unit-list')}?kind=POSKO&unit={menteng.code}")

    assert "Posko Gambir</option>" in poskos
    assert page_of(browse, agent, f"{reverse('api:unit-list')}?kind=POSKO&unit=nobody").count("<option") == 1


def test_the_board_checks_crews_in_whose_shift_is_now(browse, posko_menteng, manager_bandung, on_duty):
    on_duty("Yantek 1", check_in=False)
    on_duty("Yantek 2")
    address = f"{reverse('api:shift-list')}?is_due=true"

    page = page_of(browse, posko_menteng, address)

    assert page.count("/check-in/") == page.count("/check-out/") == 1
    assert "Yantek" not in page_of(browse, manager_bandung, address)
    assert reverse("api:shift-list") in browse(posko_menteng).get(reverse("console:board")).content.decode()


def test_an_order_that_nobody_set_out_for_can_wait_for_the_customer(
    browse, posko_menteng, vcc_operator, ticket, on_duty
):
    board = f"{reverse('api:workorder-list')}?is_open=true"
    moved = reverse("api:ticket-moves", args=[ticket.number])
    assert f'data-to="MENUNGGU_KONFIRMASI" data-url="{moved}"' in page_of(browse, posko_menteng, board)

    order = WorkOrder.objects.get(ticket=ticket)
    assign_crew(order=order, crew=on_duty("Yantek 1"), by=posko_menteng)
    postponed = reverse("api:workorder-postpone", args=[order.pk])
    assert f'data-ask="postpone" data-url="{postponed}"' in page_of(browse, posko_menteng, board)
    assert "handles-none" not in browse(posko_menteng).get(reverse("console:board")).content.decode()
    assert "handles-none" in browse(vcc_operator).get(reverse("console:board")).content.decode()


@pytest.mark.parametrize(
    "address", ["api:shift-list", "api:incident-list", "api:unit-list", "api:workorder-list"]
)
def test_the_lists_of_the_screens_cost_a_fixed_number_of_queries(
    browse, agent, posko_menteng, report, on_duty, address
):
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            page_of(browse, posko_menteng, reverse(address))
        return len(queries)

    on_duty("Yantek 1")
    create_ticket(report=report(), by=agent)
    cost()
    before = cost()
    for number in range(2, 8):
        on_duty(f"Yantek {number}")
        create_ticket(report=report(), by=agent)

    assert cost() == before
    assert Ticket.objects.count() == 7


def test_no_fragment_of_a_lower_app_names_a_screen():
    named = [
        path
        for path in Path(settings.BASE_DIR).glob("*/templates/**/*.html")
        if "console" not in path.parts and "pln_portal" not in path.parts and "console:" in path.read_text()
    ]

    assert named == []


def test_the_timeline_says_how_a_wide_outage_went_and_who_told(
    report, agent, manager_menteng, unit, gambir, browse
):
    soon = timezone.now() + timedelta(hours=2)
    ticket = create_ticket(report=report(power_state="PADAM"), by=agent)
    declare_incident(area=gambir, unit=unit("ULP Gambir"), by=manager_menteng, estimate_at=soon)
    for job in Job.objects.filter(kind=FOLLOW):
        jobs.run(job.pk, at=timezone.now())

    events = page_of(browse, agent, reverse("api:ticket-events", args=[ticket.number]))

    assert IncidentStatus.INFO.label in events
    assert timezone.localtime(soon).strftime("%H.%M") in events
    assert "<small>portal</small>" in events
    assert FOLLOW not in events


def test_the_page_says_where_and_since_when_the_house_is_dark(report, agent, browse):
    made = create_ticket(
        report=report(
            street="Jalan Uji",
            power_state="PADAM",
            outage_on=timezone.localdate(),
            outage_time=time(0, 5),
            latitude=Decimal("-6.17"),
            longitude=Decimal("106.83"),
        ),
        by=agent,
    )

    page = page_of(browse, agent, reverse("api:ticket-detail", args=[made.number]))

    assert "GAMBIR" in page
    assert "J•••• U••••" in page
    assert "Jalan Uji" not in page
    assert "00.05" in page
    assert "106.83" not in page  # it tells the house that the address hides
    assert PowerState.PADAM.label in page
