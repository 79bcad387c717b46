"""The small decisions: sentences, numbers, distances, the table of moves."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import product
from math import cos, radians

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.models import CLOSED, Status, Tab
from tickets.rules.moves import MOVES, ORDER_MOVES, Hand, MoveRefused, check_move, hands_for
from tickets.rules.nearness import box_around, distance_m
from tickets.rules.numbers import report_number
from tickets.rules.reachability import confirmation_sentence, reachability_sentence

SENTENCES = {
    (True, True, True): "Pelanggan dapat dihubungi via Telepon, WA & SMS",
    (True, False, True): "Pelanggan dapat dihubungi via Telepon & SMS",
    (False, True, True): "Pelanggan dapat dihubungi via WA & SMS",
    (True, True, False): "Pelanggan dapat dihubungi via Telepon & WA",
    (True, False, False): "Pelanggan dapat dihubungi via Telepon",
    (False, True, False): "Pelanggan dapat dihubungi via WA",
    (False, False, True): "Pelanggan dapat dihubungi via SMS",
    (False, False, False): "",
}


@pytest.mark.requirement("R-003-80")
@pytest.mark.parametrize("ways", list(product((True, False), repeat=3)))
def test_the_sentence_for_every_combination_of_ways(ways: tuple[bool, bool, bool]) -> None:
    by_phone, by_wa, by_sms = ways

    assert reachability_sentence(by_phone=by_phone, by_wa=by_wa, by_sms=by_sms) == SENTENCES[ways]


@pytest.mark.requirement("R-003-92")
def test_the_note_of_an_agreed_confirmation() -> None:
    said = confirmation_sentence(datetime(2022, 2, 18, 16, 5, tzinfo=UTC))

    assert said == "Penelepon minta dikonfirmasi pukul 16.05 tanggal 18/02/2022, karena baru ada dilokasi"


@pytest.mark.requirement("R-003-93")
@pytest.mark.parametrize(
    ("tab", "serial", "number"),
    [
        ("GANGGUAN", 1, "G260103000001"),
        ("KELUHAN", 1_000_000, "K260103000000"),
        ("GANGGUAN", 2_999_999, "G260103999999"),
    ],
)
def test_a_number_is_letter_day_and_six_digits(tab: str, serial: int, number: str) -> None:
    assert report_number(tab=tab, on=date(2026, 1, 3), serial=serial) == number


@given(st.floats(-11, 6), st.floats(95, 141), st.floats(0, 1), st.floats(0, 6.283), st.floats(10, 5000))
def test_everything_within_the_radius_is_within_the_box(
    lat: float, lon: float, share: float, angle: float, radius: float
) -> None:
    reach = radius * share / 111_195
    there = lat + reach * cos(angle), lon + reach * cos(angle + 1.5708) / cos(radians(lat))
    box = box_around(lat, lon, radius)

    if distance_m(lat, lon, *there) <= radius:
        assert box.south <= there[0] <= box.north
        assert box.west <= there[1] <= box.east


def test_a_known_distance() -> None:
    monas_to_istiqlal = distance_m(-6.175392, 106.827153, -6.170166, 106.831375)

    assert 730 < monas_to_istiqlal < 760


def test_nothing_follows_an_end() -> None:
    for tab in Tab:
        assert not set(MOVES[tab]) & set(CLOSED)


@pytest.mark.parametrize("tab", list(Tab))
def test_the_reporter_cancels_from_lapor_only(tab: Tab) -> None:
    starts = {start for start in Status if Hand.REPORTER in hands_for(tab=tab, start=start, to=Status.BATAL)}

    assert starts <= {Status.LAPOR, Status.LAPOR_PERIKSA}
    assert Status.LAPOR in starts
    assert not any(Status.BATAL in ends and start not in starts for start, ends in MOVES[tab].items())


@pytest.mark.parametrize("tab", list(Tab))
def test_every_status_of_the_table_leads_to_selesai(tab: Tab) -> None:
    reached = {Status.SELESAI}
    while more := {start for start, ends in MOVES[tab].items() if reached & set(ends)} - reached:
        reached |= more

    assert set(MOVES[tab]) <= reached


@pytest.mark.parametrize("tab", list(Tab))
def test_only_the_table_allows(tab: Tab) -> None:
    for start, to, hand in product(Status, Status, Hand):
        if hand in MOVES[tab].get(start, {}).get(to, ()):
            check_move(tab=tab, start=start, to=to, hand=hand)
        else:
            with pytest.raises(MoveRefused):
                check_move(tab=tab, start=start, to=to, hand=hand)


def test_orders_end_finished_or_cancelled() -> None:
    assert {to for ends in ORDER_MOVES.values() for to in ends} - set(ORDER_MOVES) == {"SELESAI", "BATAL"}
