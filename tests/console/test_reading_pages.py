"""Reading SOPs on the screens: what rules where, what changed, "I have read it", and who has not."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse

from sop.models import Acknowledgement, SopDocument, SopVersion
from tests.conftest import CAST
from units.powers import POWERS, Power

HTML = {"Accept": "text/html"}
SHELF = "/sop/"
PERIKSA = "/sop/periksa/2/"
pytestmark = pytest.mark.django_db


def fragment(screen, address: str) -> str:
    return screen.get(address, headers=HTML).content.decode()


@pytest.mark.parametrize("address", [SHELF, PERIKSA])
@pytest.mark.parametrize("name", sorted(name for name in CAST if name != "channel"))
def test_everybody_who_may_read_sops_opens_the_pages(anyone, browse, name, address):
    may = Power.SEE_SOP in POWERS[CAST[name][0]]

    assert browse(anyone(name)).get(address).status_code == (200 if may else 403)


@pytest.mark.parametrize("address", [SHELF, PERIKSA])
def test_a_stranger_is_sent_to_the_log_in_form(client, address):
    assert client.get(address)["Location"] == f"/accounts/login/?next={address}"


@pytest.mark.parametrize("address", ["/sop/periksa/99/", "/sop/no-such-sop/1/"])
def test_a_version_that_is_not_there_has_no_page(browse, agent, address):
    assert browse(agent).get(address).status_code == 404


def test_a_draft_has_no_page_for_an_agent(browse, agent, sop_author):
    document = SopDocument.objects.get(slug="periksa")
    day = date(2030, 1, 1)
    SopVersion.objects.create(
        document=document, number=3, title="PERIKSA", dated_on=day, valid_from=day, author=sop_author
    )

    assert browse(agent).get("/sop/periksa/3/").status_code == 404


def test_the_shelf_asks_the_api_and_links_to_the_page_of_each_version(browse, agent, unit):
    screen = browse(agent)
    assert f'hx-get="{reverse("api:sopdocument-list")}"' in screen.get(SHELF).content.decode()

    rules = fragment(screen, f"{reverse('api:sopdocument-list')}?unit={unit('UP3 Menteng').code}")

    assert f'href="{PERIKSA}"' in rules
    assert "data-unread" in rules


def test_a_search_shows_the_place_that_holds_the_words(browse, agent):
    found = fragment(browse(agent), f"{reverse('api:sopdocument-list')}?search=tertera+periksa")

    assert "<mark>" in found
    assert 'data-place="title"' in found


def test_a_document_lists_its_versions_and_what_each_changed(browse, agent):
    page = fragment(browse(agent), reverse("api:sopdocument-detail", args=["periksa"]))

    assert page.index(f'href="{PERIKSA}"') < page.index('href="/sop/periksa/1/"')
    change = reverse("api:sop-diff", kwargs={"slug": "periksa", "n": 1, "m": 2})
    assert page.count("hx-get=") == page.count(f'hx-get="{change}"') == 1


def test_what_changed_since_the_version_i_know_comes_before_the_text(browse, agent):
    screen = browse(agent)
    screen.post(reverse("api:sop-acknowledge", kwargs={"slug": "periksa", "n": 1}), headers=HTML)

    page = fragment(screen, reverse("api:sop-version", kwargs={"slug": "periksa", "n": 2}))

    assert page.index("whats-new") < page.index("sop-text")
    assert "<ins>" in page


def test_a_version_is_acknowledged_once_by_a_button(browse, agent):
    screen = browse(agent)
    address = reverse("api:sop-acknowledge", kwargs={"slug": "periksa", "n": 2})
    assert f'hx-post="{address}"' in fragment(screen, address.removesuffix("acknowledge/"))

    page = screen.post(address, headers=HTML).content.decode()

    assert 'class="acknowledged"' in page
    assert "hx-post" not in page
    assert Acknowledgement.objects.filter(reader=agent, version__document__slug="periksa").count() == 1


def test_only_who_supervises_is_led_to_who_has_not_read_it(browse, agent, supervisor):
    version = SopVersion.objects.get(document__slug="periksa", number=2)
    readers = reverse("admin:sop_sopversion_readers", args=[version.pk])

    assert readers in browse(supervisor).get(PERIKSA).content.decode()
    assert browse(supervisor).get(readers).status_code == 200
    assert readers not in browse(agent).get(PERIKSA).content.decode()


def test_the_pages_cost_a_fixed_number_of_queries(browse, agent, django_assert_num_queries):
    screen = browse(agent)
    screen.get(SHELF)

    with django_assert_num_queries(4):  # session, user, positions, units
        screen.get(SHELF)
    with django_assert_num_queries(4):  # session, user, positions, version
        screen.get(PERIKSA)


def test_nothing_of_the_pages_is_inline_script_or_style(browse, supervisor):
    for address in (SHELF, PERIKSA):
        page = browse(supervisor).get(address).content.decode()
        assert "<script>" not in page
        assert " style=" not in page
