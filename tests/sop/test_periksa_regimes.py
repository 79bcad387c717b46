"""PERIKSA by region and day: self-diagnosis where it is in force, WO Autodispatch elsewhere and before."""

from __future__ import annotations

from datetime import date

import pytest

from sop.models import SopValue
from tickets.models import DiagnosisCoverage

from .periksa import AUTODISPATCH, OFF, ON, PHONE
from .walking import form_of

pytestmark = pytest.mark.django_db

ALONE = {"akses": "tidak"}  # the question of SOP 001, in force in those years
PLACES = {
    "Jakarta": ("31.71.01.1001", "ULP Gambir"),
    "Pondok Gede": ("32.75.08", "UP3 Pondok Gede"),  # in Jawa Barat, served by UID Jakarta Raya
    "Banten": ("36.74.01", "ULP Serpong"),
    "Bandung": ("32.73.03", "ULP Bandung Barat"),
    "Bekasi": ("32.75", "UP3 Bekasi"),
    "Yogyakarta": ("34.71.01", "Posko Gondokusuman"),
    "Makassar": ("73.71", "UP3 Makassar Uji"),
}
FORMER, SELF_DIAGNOSIS = "periksa@1", "periksa@2"
JAKARTA_DAY = pytest.mark.requirement("R-003-27", "R-003-28", "R-003-30", "R-003-32")
JABAR_DAY = pytest.mark.requirement("R-003-27", "R-003-28", "R-003-31", "R-003-32")
ELSEWHERE = pytest.mark.requirement("R-003-29", "R-003-32")


@pytest.fixture
def live_at(household, makassar):
    """A household in one of the places."""

    def make(place: str):
        area, unit = PLACES[place]
        return household(area=area, at=unit)

    return make


INSIDE = [
    pytest.param("Jakarta", "2021-12-22", marks=JAKARTA_DAY),
    pytest.param("Pondok Gede", "2021-12-22", marks=JAKARTA_DAY),
    pytest.param("Banten", "2021-12-22", marks=JAKARTA_DAY),
    pytest.param("Bandung", "2022-02-18", marks=JABAR_DAY),
    pytest.param("Bekasi", "2022-02-18", marks=JABAR_DAY),
    pytest.param("Yogyakarta", "2022-02-18", marks=JABAR_DAY),
]
OFF_TEXT, ON_TEXT = (OFF, "periksa-o5-padam"), (ON, "periksa-o5-menyala")
BEFORE = [
    pytest.param("Jakarta", "2021-12-21", *OFF_TEXT, marks=JAKARTA_DAY, id="jakarta-padam"),
    pytest.param("Jakarta", "2021-12-21", *ON_TEXT, marks=JAKARTA_DAY, id="jakarta-menyala"),
    pytest.param("Pondok Gede", "2021-12-21", *ON_TEXT, marks=JAKARTA_DAY, id="pondok-gede"),
    pytest.param("Banten", "2021-12-21", *OFF_TEXT, marks=JAKARTA_DAY, id="banten"),
    pytest.param("Bandung", "2022-02-17", *OFF_TEXT, marks=JABAR_DAY, id="bandung-padam"),
    pytest.param("Bandung", "2022-02-17", *ON_TEXT, marks=JABAR_DAY, id="bandung-menyala"),
    pytest.param("Bekasi", "2021-12-22", *ON_TEXT, marks=JABAR_DAY, id="bekasi-jakarta-day"),
    pytest.param("Yogyakarta", "2022-02-17", *OFF_TEXT, marks=JABAR_DAY, id="yogyakarta"),
    pytest.param("Makassar", "2021-12-21", *OFF_TEXT, marks=ELSEWHERE, id="makassar-before"),
    pytest.param("Makassar", "2022-02-18", *ON_TEXT, marks=ELSEWHERE, id="makassar-after"),
    pytest.param("Makassar", "2026-01-01", *OFF_TEXT, marks=ELSEWHERE, id="makassar-today"),
]


@pytest.mark.parametrize(
    ("area", "on", "sop"),
    [
        pytest.param("31.71.01.1001", "2021-12-21", FORMER, marks=JAKARTA_DAY),
        pytest.param("31.71.01.1001", "2021-12-22", SELF_DIAGNOSIS, marks=JAKARTA_DAY),
        pytest.param("32.75.08", "2021-12-22", SELF_DIAGNOSIS, marks=JAKARTA_DAY),
        pytest.param("32.73.03", "2022-02-17", FORMER, marks=JABAR_DAY),
        pytest.param("32.73.03", "2022-02-18", SELF_DIAGNOSIS, marks=JABAR_DAY),
        pytest.param("73.71", "2021-12-21", FORMER, marks=ELSEWHERE),
    ],
)
def test_the_area_and_the_day_choose_the_version(desk, area, on, sop):
    offered = desk.client.get("/api/v1/calls/procedures/", {"search": "periksa", "area": area, "on": on})
    opened = desk.call("periksa", area=area, on=on).now

    assert [it["sop"] for it in offered.json() if it["slug"] == "periksa"] == [sop]
    assert (opened["sop"], opened["on"]) == (sop, on)


@pytest.mark.requirement("R-003-29", "R-003-32")
def test_an_area_whose_unit_nobody_knows_is_turned_away_at_step_8(desk, live_at, makassar):
    live_at("Makassar")

    call = desk.call("periksa", caller_number=PHONE, area="73.71").walk(**OFF)

    assert next(it["answer"] for it in call.now["path"] if it["step"] == "wilayah") == "di_luar"
    assert (call.now["outcome"], call.ticket.unit) == ("GANGGUAN_AUTODISPATCH", makassar)


@pytest.mark.parametrize(("place", "on"), INSIDE)
def test_from_its_day_on_the_region_diagnoses(desk, live_at, place, on):
    customer = live_at(place)

    call = desk.call("periksa", caller_number=PHONE, idpel=customer.idpel, on=on).walk(**ON, until="kode_08")

    assert (call.now["sop"], call.now["on"]) == (SELF_DIAGNOSIS, on)
    assert "di_lokasi" in call.steps


@pytest.mark.parametrize(("place", "on", "power", "key"), BEFORE)
def test_before_its_day_and_elsewhere_the_former_rule_holds(desk, live_at, place, on, power, key):
    customer = live_at(place)

    call = desk.call("periksa", caller_number=PHONE, idpel=customer.idpel, on=on)
    call.walk(**power | ALONE)

    assert (call.now["sop"], call.now["outcome"]) == (FORMER, "GANGGUAN_AUTODISPATCH")
    assert not [name for name in call.steps if name.startswith("kode_") or name == "di_lokasi"]
    assert form_of(call.ticket) == AUTODISPATCH | {
        "problem": SopValue.objects.get(key=key).default,
        "unit": customer.unit.name,
        "posko": call.ticket.posko.name,
    }
    assert call.ticket.posko.is_within(customer.unit)
    assert call.ticket.sop_ref == FORMER


@pytest.mark.requirement("R-003-27", "R-003-29", "R-003-31", "R-003-32")
@pytest.mark.parametrize(
    ("place", "on", "power", "is_covered"),
    [
        ("Jakarta", "2021-12-22", OFF, True),
        ("Bandung", "2021-12-22", ON, False),
        ("Bandung", "2022-02-17", OFF, False),
        ("Bandung", "2022-02-18", ON, True),
        ("Makassar", "2022-02-18", ON, False),
        ("Makassar", "2026-01-01", OFF, False),
    ],
)
def test_an_address_that_turns_up_only_on_the_call_decides_at_step_8(
    desk, live_at, place, on, power, is_covered
):
    live_at(place)
    call = desk.call("periksa", caller_number=PHONE, on=on)
    assert call.now["sop"] == SELF_DIAGNOSIS  # in force somewhere, and the premises are not known yet

    call.walk(**power | ALONE)

    found = next(it for it in call.now["path"] if it["step"] == "wilayah")
    assert found["answer"] == ("dicakup" if is_covered else "di_luar")
    assert call.now["outcome"] == ("KWH_PERIKSA" if is_covered else "GANGGUAN_AUTODISPATCH")
    assert call.ticket.wo_type == ("KWH_PERIKSA" if is_covered else "WO_AUTODISPATCH")


@pytest.mark.requirement("R-003-32")
def test_before_the_first_day_nobody_is_diagnosed_whatever_the_address(desk, live_at):
    live_at("Jakarta")

    call = desk.call("periksa", caller_number=PHONE, on="2021-12-21").walk(**ON | ALONE)

    assert (call.now["sop"], call.now["outcome"]) == (FORMER, "GANGGUAN_AUTODISPATCH")


@pytest.mark.requirement("R-003-32")
def test_the_covered_regions_are_data_that_can_be_extended(desk, live_at, makassar):
    live_at("Makassar")
    DiagnosisCoverage.objects.create(unit=makassar.parent, valid_from=date(2022, 6, 11), basis="uji")

    call = desk.call("periksa", caller_number=PHONE).walk(**ON, until="di_lokasi")

    assert call.now["sop"] == SELF_DIAGNOSIS
