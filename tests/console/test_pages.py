"""The shell pages: who lands where, and what everybody can read."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from tests.conftest import CAST
from units.models import Position
from units.powers import POWERS, Power

ROLES_ON_SCREEN = sorted(name for name in CAST if name != "channel")


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/", "/alokasi/", "/accounts/mfa/"])
def test_a_stranger_is_sent_to_the_log_in_form(client, address):
    response = client.get(address)

    assert response.status_code == 302
    assert response["Location"] == f"/accounts/login/?next={address}"


@pytest.mark.parametrize("name", ROLES_ON_SCREEN)
def test_the_check_opens_for_those_who_may_check_and_for_nobody_else(anyone, browse, name):
    response = browse(anyone(name)).get("/alokasi/")

    may = Power.CHECK_ALLOCATION in POWERS[CAST[name][0]]
    assert response.status_code == (200 if may else 403)
    assert ('id="check"' in response.content.decode()) is may


def test_an_agent_lands_on_the_check(browse, agent):
    assert browse(agent).get("/").headers["Location"] == reverse("console:check")


def test_a_manager_finds_the_way_to_the_availability_of_meters(browse, manager_menteng):
    page = browse(manager_menteng).get("/").content.decode()

    assert reverse("admin:allocation_meteravailability_overview") in page
    assert reverse("console:check") not in page


def test_somebody_without_a_position_reads_why_nothing_is_here(browse, nobody):
    page = browse(nobody).get("/")

    assert page.status_code == 200
    assert 'class="notice"' in page.content.decode()
    assert reverse("console:check") not in page.content.decode()


def test_a_position_that_ended_a_second_ago_opens_no_check(browse, agent):
    screen = browse(agent)
    assert screen.get("/alokasi/").status_code == 200
    Position.objects.filter(holder=agent).update(ends_at=timezone.now() - timezone.timedelta(seconds=1))

    assert screen.get("/alokasi/").status_code == 403


def test_the_frame_names_who_is_logged_in_and_in_which_position(browse, agent):
    page = browse(agent).get("/alokasi/").content.decode()

    assert "agent" in page
    assert str(agent.positions_in_force[0]) in page


def test_the_language_changes_by_a_form(browse, agent):
    screen = browse(agent)

    response = screen.post("/i18n/setlang/", {"language": "en", "next": "/alokasi/"})

    assert response.status_code == 302
    assert '<html lang="en">' in screen.get("/alokasi/").content.decode()
    assert "May this meter be promised?" in screen.get("/alokasi/").content.decode()


@pytest.mark.requirement("R-002-11")
def test_the_form_asks_for_the_area_first_in_the_words_of_the_sop(browse, agent):
    page = browse(agent).get("/alokasi/").content.decode()

    words = ["Provinsi:", "Pilih Provinsi...", "Kabupaten:", "Pilih Kabupaten...", "Kecamatan:"]
    words += ["Pilih Kecamatan...", "Desa:", "Pilih Desa...", 'name="transaction"', "Daya:", 'name="product"']
    places = [page.index(word) for word in words]
    assert places == sorted(places)
    assert "Tanyakan / pastikan dahulu kepada Pemohon, wilayah yang akan dilakukan penyambungan" in page


@pytest.mark.requirement("R-002-12", "R-002-13")
def test_power_tariff_and_product_are_asked_in_the_words_of_the_sop(browse, agent):
    page = browse(agent).get("/alokasi/").content.decode()

    power = page.index("Tanyakan besaran Daya yang diinginkan &amp; Tarif Keperuntukannya")
    product = page.index("Tanyakan produk layanan (Paskabayar/Prabayar) yang diinginkan Pemohon/Pelanggan")
    assert power < product


@pytest.mark.requirement("R-002-8")
def test_the_four_current_services_are_written_as_in_the_matrix(browse, agent):
    page = browse(agent).get("/alokasi/").content.decode()

    for service in ("1 Ph – Pascabayar", "1 Ph – Prabayar", "3 Ph – Pascabayar", "3 Ph – Prabayar"):
        assert service in page


def test_the_standard_powers_stand_under_their_phase_and_daya_manual_at_the_end(browse, agent):
    page = browse(agent).get("/alokasi/").content.decode()

    one, three = page.index('label="1 Phasa"'), page.index('label="3 Phasa"')
    assert one < page.index('value="2200"') < three < page.index('value="3900"') < page.index("Daya Manual")
    assert ">2.200 VA<" in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("parent", "first", "child"),
    [
        ("31", "Pilih Kabupaten...", "KOTA ADM. JAKARTA PUSAT"),
        ("31.71", "Pilih Kecamatan...", "GAMBIR"),
        ("31.71.01", "Pilih Desa...", "GAMBIR"),
    ],
)
def test_the_api_renders_the_options_of_an_area(browse, agent, parent, first, child):
    page = browse(agent).get(f"/api/v1/areas/?parent={parent}&page_size=200", headers={"Accept": "text/html"})

    assert page.headers["Content-Type"].startswith("text/html")
    assert page.content.decode().startswith(f'<option value="">{first}</option>')
    assert f">{child}</option>" in page.content.decode()


def test_the_check_page_costs_a_fixed_number_of_queries(browse, agent, django_assert_num_queries):
    screen = browse(agent)
    screen.get("/alokasi/")

    with django_assert_num_queries(6):  # session, user, positions, provinces, power steps, tariffs
        screen.get("/alokasi/")


@pytest.mark.django_db
def test_a_wrong_address_has_a_page_of_ours(client):
    response = client.get("/tidak-ada/")

    assert response.status_code == 404
    assert 'class="card"' in response.content.decode()


@pytest.mark.django_db
def test_a_form_without_its_token_is_refused_with_a_page_of_ours(agent):
    response = Client(enforce_csrf_checks=True).post(
        "/accounts/login/", {"username": "agent", "password": "x"}
    )

    assert response.status_code == 403
    assert 'class="card"' in response.content.decode()


def test_no_page_of_the_console_holds_inline_script_or_style(browse, agent):
    for address in ("/alokasi/", "/accounts/mfa/"):
        response = browse(agent).get(address)
        page = response.content.decode()

        assert "<script>" not in page
        assert " style=" not in page
        assert " onclick=" not in page
        assert "'unsafe" not in response.headers["Content-Security-Policy"]


@pytest.mark.requirement("R-002-15")
def test_the_question_for_the_product_stands_there_word_for_word(browse, agent):
    page = strip_tags(browse(agent).get("/alokasi/").content.decode())

    assert (
        "“... untuk Penyambungan nanti Bapak/Ibu menginginkan dengan Layanan PRABAYAR (pengaturan penggunaan"
        " listriknya dengan pembelian pulsa listrik/token) atau PASKABAYAR (pembayaran rekening listrik"
        " setiap bulannya/pembayaran rekening di akhir setelah pemakaian) ?...”"
    ) in " ".join(page.split())
