"""PERIKSA, its outcomes O1 to O10 in both power states: which ticket, and with which words."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine

from sop.models import SopValue

from .periksa import (
    AUTODISPATCH,
    AWAY_NOBODY,
    AWAY_UNWILLING,
    AWAY_WILLING,
    BLANK,
    CLOSED,
    DIAGNOSED,
    NO_NUMBER,
    NOT_GUIDED,
    OFF,
    ON,
    PHONE,
)
from .walking import form_of

pytestmark = pytest.mark.django_db

AWAY_OFF = "1 RUMAH PADAM (DISPLAY APP TERTERA PERIKSA, PELANGGAN TIDAK BERADA DI LOKASI)"
AWAY_ON = "DISPLAY PADA APP TERTERA PERIKSA, PELANGGAN TIDAK BERADA DI LOKASI (LISTRIK MASIH MENYALA)"
REFUSED_OFF = "1 RUMAH PADAM (DISPLAY PADA APP TERTERA PERIKSA, PELANGGAN TIDAK BERSEDIA DIPANDU)"
# By kind of outcome and answers: the SOP's own words, or the key of the value that stands in for them.
GIVEN = [
    (
        "O1",
        "GANGGUAN_AUTODISPATCH",
        OFF | BLANK,
        "1 RUMAH PADAM (LAYAR APP BLANK/GELAP, SEBELUMNYA TERTERA PERIKSA)",
    ),
    ("O7-off", "GANGGUAN_AUTODISPATCH", OFF | AWAY_UNWILLING, AWAY_OFF),
    ("O7-on", "GANGGUAN_AUTODISPATCH", ON | AWAY_UNWILLING, AWAY_ON),
    ("O8-off", "GANGGUAN_AUTODISPATCH", OFF | AWAY_NOBODY, AWAY_OFF),
    ("O8-on", "GANGGUAN_AUTODISPATCH", ON | AWAY_NOBODY, AWAY_ON),
    ("O9-off", "GANGGUAN_AUTODISPATCH", OFF | NOT_GUIDED, REFUSED_OFF),
]
ASSUMED = [
    ("O3", "GANGGUAN_AUTODISPATCH", OFF | NO_NUMBER, "periksa-o3-padam"),
    ("O4", "ISSUE_CLOSED", ON | NO_NUMBER, "periksa-o4"),
    ("O6-off", "ISSUE_CLOSED", OFF | AWAY_WILLING, "periksa-o6"),
    ("O6-on", "ISSUE_CLOSED", ON | AWAY_WILLING, "periksa-o6"),
    ("O9-on", "GANGGUAN_AUTODISPATCH", ON | NOT_GUIDED, "periksa-o9-menyala"),
    ("O10-off", "KWH_PERIKSA", OFF, "periksa-o10-padam"),
    ("O10-on", "KWH_PERIKSA", ON, "periksa-o10-menyala"),
]
OUTSIDE = [("O5-off", OFF, "periksa-o5-padam"), ("O5-on", ON, "periksa-o5-menyala")]
FORMS = {"GANGGUAN_AUTODISPATCH": AUTODISPATCH, "ISSUE_CLOSED": CLOSED, "KWH_PERIKSA": DIAGNOSED}
STATUSES = {"GANGGUAN_AUTODISPATCH": "LAPOR", "ISSUE_CLOSED": "ISSUE_CLOSED", "KWH_PERIKSA": "LAPOR_PERIKSA"}
TOLD = (
    "Tanyakan kelengkapan data-data yang diperlukan dan sampaikan laporannya ke Unit Pelayanan terkait "
    "(sesuai ketentuan layanan sebelumnya untuk laporan “Display APP Tertera Periksa”)."
)


def cases(rows):
    return [pytest.param(*row[1:], id=row[0]) for row in rows]


@pytest.fixture
def customer(household):
    return household()


@pytest.fixture
def call(desk, customer):
    return desk.call("periksa", caller_number=PHONE)


# --- The tickets ----------------------------------------------------------------------------------


@pytest.mark.requirement("R-003-84", "R-003-85")
@pytest.mark.parametrize(("kind", "answers", "problem"), cases(GIVEN))
def test_the_ticket_is_written_in_the_words_of_the_sop(call, kind, answers, problem):
    call.walk(**answers)

    assert call.now["outcome"] == kind
    assert form_of(call.ticket) == FORMS[kind] | {"problem": problem}
    assert not outcome_of(call)["assumed"]["problem"]
    assert (call.ticket.status, call.ticket.sop_ref) == (STATUSES[kind], "periksa@2")


def outcome_of(call):
    """The outcome as the agent saw it before saving."""
    return next(it["outcome"] for it in call.heard if it["outcome"])


@pytest.mark.requirement("R-003-84", "R-003-85")
@pytest.mark.parametrize(("kind", "answers", "key"), cases(ASSUMED))
def test_where_the_sop_gives_no_words_a_maintained_value_stands_in_marked_as_assumed(
    call, kind, answers, key
):
    value = SopValue.objects.get(key=key)
    assert (value.is_capture_lost, value.is_assumed) == (True, True)

    call.walk(**answers)

    assert call.now["outcome"] == kind
    assert form_of(call.ticket) == FORMS[kind] | {"problem": value.default}
    assert outcome_of(call)["assumed"]["problem"]
    assert (call.ticket.status, call.ticket.sop_ref) == (STATUSES[kind], "periksa@2")


@pytest.mark.requirement("R-003-29", "R-003-85")
@pytest.mark.parametrize(("answers", "key"), cases(OUTSIDE))
def test_outside_the_regions_the_unit_gets_the_report_as_before(desk, household, makassar, answers, key):
    household(area="73.71.01.1001", at=makassar.name)

    call = desk.call("periksa", caller_number=PHONE).walk(**answers)

    outside = {
        "problem": SopValue.objects.get(key=key).default,
        "unit": makassar.name,
        "posko": makassar.name,
    }
    assert form_of(call.ticket) == AUTODISPATCH | outside
    assert call.now["outcome"] == "GANGGUAN_AUTODISPATCH"
    assert not {"di_lokasi", "bersedia_dipandu", "kode_08"} & set(call.steps)


@pytest.mark.requirement("R-003-85")
def test_a_value_that_somebody_corrects_goes_onto_the_next_ticket(call):
    SopValue.objects.filter(key="periksa-o10-menyala").update(value="DISPLAY PERIKSA, DATA LENGKAP")

    call.walk(**ON)

    assert call.ticket.problem == "DISPLAY PERIKSA, DATA LENGKAP"
    assert not SopValue.objects.get(key="periksa-o10-menyala").is_assumed
    assert not outcome_of(call)["assumed"]["problem"]


@pytest.mark.requirement("R-003-85")
@pytest.mark.parametrize("power", [OFF, ON], ids=["padam", "menyala"])
def test_the_ticket_carries_the_state_of_the_power_and_how_the_caller_is_reached(call, power):
    ticket = call.walk(**power).ticket

    assert ticket.power_state == power["listrik"].upper()
    assert ticket.notes == "Pelanggan dapat dihubungi via Telepon, WA & SMS"
    assert ticket.reporter_name == "Penelepon Satu"


# --- Steps 9 and 10: reports to the unit ----------------------------------------------------------


@pytest.mark.requirement("R-003-41", "R-003-42", "R-003-43", "R-003-44")
@pytest.mark.parametrize(
    ("power", "step", "problem"),
    [
        pytest.param(OFF, "lapor_tidak_di_lokasi_padam", AWAY_OFF, id="padam"),
        pytest.param(ON, "lapor_tidak_di_lokasi_menyala", AWAY_ON, id="menyala"),
    ],
)
def test_unwilling_means_data_first_and_then_a_report_to_the_unit(call, power, step, problem):
    call.walk(**power | AWAY_UNWILLING)

    shown = call.shown(step)
    assert shown["guide"].strip().split("\n") == [
        "Buat Laporan tsb pada “APKT GANGGUAN - WO AUTODISPATCH”",
        TOLD,
    ]
    data = ["alamat", "koordinat", "nomor_ini", "wa_sms", "apkt", "konfirmasi", step]
    asked = call.steps[call.steps.index("alamat") :]
    assert asked[: len(data)] == data
    assert form_of(call.ticket) == AUTODISPATCH | {"problem": problem}


@pytest.mark.requirement("R-003-46")
@pytest.mark.parametrize("branch", [AWAY_UNWILLING, AWAY_NOBODY], ids=["unwilling", "nobody"])
def test_the_text_follows_the_power_and_the_agent_may_edit_it_but_not_the_kind(call, branch):
    call.walk(**ON | branch, until="lapor_tidak_di_lokasi_menyala")
    assert call.now["step"]["outcome"]["problem"] == AWAY_ON
    for fixed in ({"wo_type": "KWH_PERIKSA"}, {"tab": "KELUHAN"}, {"outcome": "ISSUE_CLOSED"}):
        assert call.try_answer(fixed).status_code == 422

    call.answer({"permasalahan": f"{AWAY_ON}, PAGAR TERKUNCI"})

    assert form_of(call.ticket) == AUTODISPATCH | {"problem": f"{AWAY_ON}, PAGAR TERKUNCI"}


@pytest.mark.requirement("R-003-46")
def test_an_answer_changed_by_going_back_changes_the_text(call):
    call.walk(**OFF | AWAY_NOBODY, until="lapor_tidak_di_lokasi_padam").back("listrik")

    call.walk(**ON | AWAY_NOBODY)

    assert call.ticket.problem == AWAY_ON


@pytest.mark.requirement("R-003-49", "R-003-50", "R-003-51")
def test_the_form_for_refused_guidance(call):
    call.walk(**OFF | NOT_GUIDED, until="lapor_tidak_dipandu_padam")
    shown = call.now["step"]

    assert shown["guide"].strip().split("\n") == [
        "Buat Laporan tsb pada “APKT GANGGUAN - WO AUTODISPATCH”",
        TOLD,
    ]
    assert (shown["outcome"]["tab"], shown["outcome"]["type"]) == ("GANGGUAN", "Tetangga Tidak Turut Padam")
    assert shown["outcome"]["problem"] == REFUSED_OFF
    call.walk(**OFF)
    assert form_of(call.ticket) == AUTODISPATCH | {"problem": REFUSED_OFF}
    assert call.ticket.get_wo_type_display() == "WO Autodispatch"


@pytest.mark.requirement("R-003-49")
def test_refused_guidance_asks_the_data_like_an_unwilling_caller(call, desk):
    refused = call.walk(**ON | NOT_GUIDED)
    unwilling = desk.call("periksa", caller_number=PHONE).walk(**ON | AWAY_UNWILLING)

    data = [it for it in refused.steps if it in ("alamat", "koordinat", "nomor_ini", "wa_sms", "apkt")]
    assert data == [it for it in unwilling.steps if it in data]
    assert refused.shown("lapor_tidak_dipandu_menyala")["guide"].strip().endswith(TOLD)


# --- 17k ------------------------------------------------------------------------------------------

WISHED = {"konfirmasi": "yes", "waktu": {"konfirmasi_pada": "2026-03-02T16:30"}}


@pytest.mark.requirement("R-003-91")
@pytest.mark.parametrize("branch", [AWAY_UNWILLING, AWAY_NOBODY, NOT_GUIDED], ids=["O7", "O8", "O9"])
@pytest.mark.parametrize("power", [OFF, ON], ids=["padam", "menyala"])
def test_who_is_away_or_not_guided_may_wish_to_be_confirmed_first(desk, customer, branch, power):
    jakarta = ZoneInfo("Asia/Jakarta")
    with time_machine.travel(datetime(2026, 3, 2, 9, 30, tzinfo=jakarta), tick=False):
        call = desk.call("periksa", caller_number=PHONE).walk(**power | branch | WISHED)

    assert call.shown("konfirmasi")["guide"] == (
        "(kondisi tsb bagi Penelepon yang sedang tidak berada di lokasi yang dilaporkan atau Tidak Bersedia "
        "dipandu untuk melakukan pemeriksaan di kWh Meternya)"
    )
    assert call.ticket.confirm_at == datetime(2026, 3, 2, 16, 30, tzinfo=jakarta)
    wished = "Penelepon minta dikonfirmasi pukul 16.30, karena baru ada dilokasi"
    assert wished in call.ticket.notes.split("\n")


@pytest.mark.requirement("R-003-91")
@pytest.mark.parametrize(
    "answers",
    [OFF | BLANK, OFF | NO_NUMBER, ON | NO_NUMBER, OFF | AWAY_WILLING, ON],
    ids=["O1", "O3", "O4", "O6", "O10"],
)
def test_nobody_else_is_offered_that(call, answers):
    call.walk(**answers | WISHED)

    assert not {"konfirmasi", "waktu"} & set(call.steps)
    assert call.ticket.confirm_at is None
