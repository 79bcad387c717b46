"""The call desk's shell and the fragments it shows: who may open it, and what stands in them."""

import re

import pytest
from django.urls import reverse

from sop.models import Call
from tests.conftest import CAST
from tests.programs.conftest import program  # noqa: F401  (a fixture)
from units.powers import POWERS, Power

pytestmark = pytest.mark.django_db

ROLES_ON_SCREEN = sorted(name for name in CAST if name != "channel")
URL = "/api/v1/calls/"
HTML = {"HTTP_ACCEPT": "text/html"}
GAMBIR = "31.71.01.1001"


@pytest.fixture
def call(api, agent):
    """The agent's client and the address of a call of PERIKSA in Jakarta."""
    client = api(agent)
    made = client.post(URL, {"procedure": "periksa", "caller_number": "081234567890", "area": GAMBIR})
    assert made.json()["sop"] == "periksa@2"
    return client, f"{URL}{made.json()['id']}/"


def fragment(client, url: str) -> str:
    return client.get(url, **HTML).content.decode()


@pytest.mark.parametrize("name", ROLES_ON_SCREEN)
def test_the_desk_opens_for_those_who_run_calls_and_for_nobody_else(anyone, browse, name):
    response = browse(anyone(name)).get("/panggilan/")

    may = Power.RUN_CALLS in POWERS[CAST[name][0]]
    assert response.status_code == (200 if may else 403)
    assert ('id="opening"' in response.content.decode()) is may


def test_a_stranger_is_sent_to_the_log_in_form(client):
    assert client.get("/panggilan/")["Location"] == "/accounts/login/?next=/panggilan/"


def test_the_desk_names_ones_own_open_calls_and_no_others(call, browse, agent, supervisor):
    pk = str(Call.objects.get().pk)

    assert f'href="#{pk}"' in browse(agent).get("/panggilan/").content.decode()
    assert pk not in browse(supervisor).get("/panggilan/").content.decode()


def test_the_desk_costs_a_fixed_number_of_queries(call, browse, agent, django_assert_num_queries):
    screen = browse(agent)
    screen.get("/panggilan/")

    with django_assert_num_queries(9):  # session, user, positions; six lists of choices and calls
        screen.get("/panggilan/")


def test_the_menu_leads_to_the_desk(browse, agent):
    assert f'href="{reverse("console:calls")}"' in browse(agent).get("/alokasi/").content.decode()


def test_nothing_of_the_desk_is_inline_script_or_style(call, browse, agent):
    client, url = call

    for page in (browse(agent).get("/panggilan/").content.decode(), fragment(client, url)):
        assert "<script>" not in page
        assert " style=" not in page
        assert not re.search(r" on[a-z]+=", page)


def test_a_call_shows_who_calls_and_what_to_say(call):
    client, url = call
    page = fragment(client, url)

    assert "0812••••890" in page
    assert "6281234567890" not in page
    assert '<blockquote class="say-aloud" id="say">“PLN 123 selamat' in page


def test_the_name_given_before_is_offered_on_the_next_call(call):
    client, url = call
    client.post(f"{url}answers/", {"step": "salam"})
    client.post(f"{url}answers/", {"step": "nama", "fields": {"nama": "Penelepon Satu"}})
    again = client.post(URL, {"procedure": "periksa", "caller_number": "081234567890", "area": GAMBIR}).json()

    page = fragment(client, f"{URL}{again['id']}/")

    assert "data-offered-name" in page
    assert "Penelepon Satu" in page


def test_answers_have_keys_and_the_path_leads_back(call):
    client, url = call
    client.post(f"{url}answers/", {"step": "salam"})
    client.post(f"{url}answers/", {"step": "nama", "fields": {"nama": "Penelepon Satu"}})

    page = fragment(client, url)

    assert re.search(r'name="choice" value="padam" data-key="1"', page)
    assert re.search(r'name="choice" value="menyala" data-key="2"', page)
    assert 'name="to" value="nama"' in page
    assert f'hx-post="{url}back/"' in page


def test_a_broken_off_call_offers_the_next_one(call):
    client, url = call
    client.post(f"{url}abandon/", {"reason": "terputus"})

    page = fragment(client, url)

    assert "data-new-call" in page
    assert "answer-step" not in page


def test_a_call_links_to_the_text_of_its_sop(call):
    client, url = call

    assert 'href="/sop/periksa/2/"' in fragment(client, url)


def test_checks_of_the_path_are_named_in_words(call):
    client, url = call
    client.post(f"{url}answers/", {"step": "salam"})

    path = fragment(client, url).split('class="path"')[1]

    assert "Dikenal" in path
    assert "_" not in re.sub(r"<[^>]+>", "", path)


def test_the_desk_answers_where_a_customer_stands_in_a_program(browse, agent, program):  # noqa: F811
    page = browse(agent).get("/panggilan/").content.decode()

    assert "data-standing-open" in page
    assert f'value="{reverse("api:program-standing", args=[program.slug])}"' in page


def test_the_desk_tells_its_shortcuts(browse, agent):
    keys = browse(agent).get("/panggilan/").content.decode().split('class="keys"')[1].split("</table>")[0]

    assert "<kbd>Ctrl</kbd> + <kbd>Enter</kbd>" in keys
