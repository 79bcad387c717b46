"""Running a call: step by step, back, to its end; what is written and what is refused."""

from datetime import date, datetime, timedelta
from textwrap import dedent

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.errors import Forbidden, Invalid
from sop.models import Acknowledgement, Call, CallStep, HandOver, SopDocument, SopValue
from sop.services import calls
from sop.services.calls import AcknowledgeFirst, CallClosed, NotYourCall, Opening
from sop.services.library import NotInForce
from sop.services.presenting import present_path, present_step
from sop.services.running import NoWayBack, StaleStep
from tickets.models import Ticket, TicketRepeat
from units.models import Unit
from units.powers import Role

from .conftest import JAKARTA, MORNING, PADAM

pytestmark = pytest.mark.django_db

MOBILE = "081234567890"
GAMBIR = "31.71.01.1001"
NAMED = {"nama": "Penelepon Satu", "sapaan": "ibu"}


@pytest.fixture
def ring(agent, padam):
    """A call of the agent, after the given answers: a choice, fields, or None for a text read out."""

    def start(*answers, procedure="padam", caller_number=MOBILE, at=MORNING, **opening):
        opening = Opening(procedure=procedure, caller_number=caller_number, **opening)
        return go_on(calls.open_call(opening=opening, by=agent, at=at), agent, *answers)

    return start


def go_on(state, agent, *answers, at=MORNING):
    for given in answers:
        kind = {"choice": given} if isinstance(given, str) else {"given": given}
        state = calls.answer(call_id=state.call.pk, step=state.walk.current, by=agent, at=at, **kind)
    return state


def said(state):
    return present_step(state.situation)["say"]


# --- Forward --------------------------------------------------------------------------------------


@pytest.mark.requirement("R-ALL-5")
def test_a_call_walks_to_exactly_the_ticket_of_its_template(ring, menteng):
    state = ring(None, NAMED, "padam", {"area": GAMBIR}, {})

    ticket = Ticket.objects.get()
    assert state.call.ticket_number == ticket.number == state.call.ticket_number
    assert (ticket.tab, ticket.wo_type, ticket.status) == ("GANGGUAN", "WO_AUTODISPATCH", "LAPOR")
    assert ticket.problem_type.code == "tetangga-tidak-turut-padam"
    assert ticket.problem == "1 RUMAH PADAM (Sudah Padam)"
    assert ticket.notes == "Dilaporkan oleh CSO"
    assert ticket.power_state == "PADAM"
    assert ticket.sop_ref == "contoh@1"
    assert ticket.reporter_name == "Penelepon Satu"
    assert ticket.caller_number == "+6281234567890"
    assert ticket.details == {
        "jawaban": {"listrik": "padam"},
        "isian": {"area": GAMBIR, "sapaan": "ibu"},
    }
    assert said(state) == f"Nomornya {ticket.number}"
    assert go_on(state, state.call.agent, None).call.status == "FINISHED"


def test_a_check_is_answered_by_the_portal_and_shows_in_the_path(ring):
    state = ring(None, NAMED, "padam")

    assert state.walk.current == "lokasi"
    assert [(it["step"], it["answer"]) for it in present_path(state.situation)] == [
        ("salam", None),
        ("nama", None),
        ("listrik", "padam"),
        ("jenis", "MOBILE"),
    ]
    assert CallStep.objects.get(step="jenis").event == "CHECKED"


def test_a_fixed_line_is_asked_for_a_mobile_number(ring):
    assert ring(None, NAMED, "padam", caller_number="0213456789").walk.current == "hp"


@pytest.mark.requirement("R-ALL-4")
@pytest.mark.parametrize(
    ("hour", "word"), [(3, "Malam"), (4, "Pagi"), (11, "Siang"), (15, "Sore"), (18, "Malam"), (23, "Malam")]
)
def test_the_greeting_follows_the_clock_of_the_office(ring, agent, hour, word):
    agent.first_name = "Agen"
    agent.save()
    at = datetime(2026, 3, 2, hour, 0, tzinfo=JAKARTA)

    state = ring(at=at)

    assert said(state) == f"“PLN 123 selamat {word}, dengan Agen bisa dibantu?”"


@pytest.mark.requirement("R-ALL-4")
@pytest.mark.parametrize(
    ("office", "word"),
    [("UID Jakarta Raya", "Pagi"), ("UIW Sulawesi Selatan, Tenggara & Barat", "Siang")],
)
def test_two_offices_greet_by_their_own_clock_at_the_same_moment(appoint, padam, office, word):
    somebody = appoint("somebody", Role.CSO, office)
    at = datetime(2026, 3, 2, 10, 30, tzinfo=JAKARTA)

    state = calls.open_call(opening=Opening(procedure="padam"), by=somebody, at=at)

    assert said(state).startswith(f"“PLN 123 selamat {word}, dengan somebody")


def test_texts_are_filled_with_what_was_answered_and_what_is_not_known_keeps_its_spelling(ring):
    assert said(ring(None)) == "“Mohon maaf, dengan Bapak/Ibu siapa saya berbicara?”"
    assert said(ring(None, NAMED)).startswith("“... Baik Ibu Penelepon Satu ... saat ini")


def test_a_name_that_looks_like_a_placeholder_stays_as_it_is(ring):
    state = ring(None, NAMED | {"nama": "{nama_cso} {{ 7*7 }}"})

    assert "Baik Ibu {nama_cso} {{ 7*7 }} ..." in said(state)


def test_the_name_is_offered_when_the_number_called_before(ring, agent):
    ring(None, NAMED)

    state = ring(None)

    assert state.situation.offered_name == "Penelepon Satu"
    assert present_step(state.situation)["fields"][0]["value"] == "Penelepon Satu"
    assert ring(None, caller_number="081111111111").situation.offered_name == ""


def test_personal_data_is_masked_in_the_path(ring):
    state = ring(None, NAMED)

    assert present_path(state.situation)[1]["fields"] == {"nama": "P•••• S••••", "sapaan": "ibu"}


def test_the_problem_text_may_be_edited_the_kind_may_not(ring):
    state = ring(None, NAMED, "padam", {"area": GAMBIR})

    with pytest.raises(Invalid):
        go_on(state, state.call.agent, {"wo_type": "KWH_PERIKSA"})
    assert not Ticket.objects.exists()
    go_on(state, state.call.agent, {"permasalahan": "1 RUMAH PADAM, TETANGGA MENYALA"})

    assert Ticket.objects.get().problem == "1 RUMAH PADAM, TETANGGA MENYALA"
    assert Ticket.objects.get().wo_type == "WO_AUTODISPATCH"


def test_an_issue_closed_ticket_reaches_no_unit(ring):
    state = ring(None, NAMED, "menyala", {})

    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.posko, ticket.power_state) == ("ISSUE_CLOSED", None, "MENYALA")
    assert (state.call.status, state.call.outcome) == ("FINISHED", "ISSUE_CLOSED")


# --- What is refused ------------------------------------------------------------------------------


def test_an_answer_for_another_step_is_stale_and_changes_nothing(ring, agent):
    state = ring(None)
    before = CallStep.objects.count()

    with pytest.raises(StaleStep):
        calls.answer(call_id=state.call.pk, step="salam", by=agent, at=MORNING)

    assert CallStep.objects.count() == before


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        ((None,), {"given": {"nama": ""}}),
        ((None,), {"given": {}}),
        ((None,), {"given": NAMED | {"lain": "x"}}),
        ((None,), {"given": NAMED, "choice": "padam"}),
        ((None, NAMED), {"choice": "redup"}),
        ((None, NAMED), {}),
        ((None, NAMED, "padam"), {"given": {"area": "99.99"}}),
        ((), {"given": {"nama": "x"}}),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_and_changes_nothing(ring, agent, answers, wrong):
    state = ring(*answers)
    before = CallStep.objects.count()

    with pytest.raises(Invalid):
        calls.answer(call_id=state.call.pk, step=state.walk.current, by=agent, at=MORNING, **wrong)

    assert CallStep.objects.count() == before
    assert calls.read(call=state.call).walk.current == state.walk.current


def test_a_refused_outcome_leaves_the_call_where_it_was(publish, ring, agent):
    nowhere = PADAM.replace("slug: padam", "slug: tanpa-lokasi").replace("MOBILE: lokasi", "MOBILE: lapor")
    publish(nowhere, slug="tanpa")
    state = ring(None, NAMED, "padam", procedure="tanpa-lokasi")

    with pytest.raises(Invalid) as refusal:
        go_on(state, agent, {})

    assert (refusal.value.code, refusal.value.field) == ("unit_required", "fields/unit")
    assert not Ticket.objects.exists()
    assert calls.read(call=state.call).walk.current == "lapor"
    posko = Unit.objects.filter(kind="POSKO").first()
    go_on(state, agent, {"unit": posko.code})
    assert Ticket.objects.get().posko == posko


def test_only_its_agent_goes_on_with_a_call(ring, supervisor):
    state = ring(None)

    with pytest.raises(NotYourCall):
        calls.answer(call_id=state.call.pk, step="nama", given=NAMED, by=supervisor, at=MORNING)
    with pytest.raises(NotYourCall):
        calls.abandon(call_id=state.call.pk, reason="bosan", by=supervisor, at=MORNING)

    assert CallStep.objects.count() == 1


def test_an_agent_whose_position_ended_goes_on_with_nothing(ring, agent):
    state = ring(None)
    agent.positions.update(ends_at=MORNING - timedelta(days=1))

    with pytest.raises(Forbidden):
        calls.answer(call_id=state.call.pk, step="nama", given=NAMED, by=agent, at=MORNING)

    assert CallStep.objects.count() == 1


def test_somebody_without_the_power_opens_no_call(padam, manager_menteng):
    with pytest.raises(Forbidden):
        calls.open_call(opening=Opening(procedure="padam"), by=manager_menteng, at=MORNING)

    assert not Call.objects.exists()


def test_a_call_is_not_opened_for_a_day_to_come(ring):
    with pytest.raises(Invalid):
        ring(on=date(2026, 3, 3))


# --- Back -----------------------------------------------------------------------------------------


def test_going_back_keeps_the_answers_that_still_hold(ring, agent):
    state = ring(None, NAMED, "padam")
    state = calls.go_back(call_id=state.call.pk, to="nama", by=agent, at=MORNING)
    assert state.walk.current == "nama"
    assert present_step(state.situation)["fields"][0]["value"] == "Penelepon Satu"

    state = go_on(state, agent, NAMED | {"nama": "Penelepon Dua"})

    assert state.walk.current == "lokasi"
    assert state.situation.name == "Penelepon Dua"
    assert [it.event for it in CallStep.objects.order_by("sequence")][-4:] == [
        "BACK",
        "ANSWERED",
        "KEPT",
        "CHECKED",
    ]


def test_going_back_drops_what_no_longer_follows(ring, agent):
    state = ring(None, NAMED, "padam", {"area": GAMBIR})
    state = calls.go_back(call_id=state.call.pk, to="listrik", by=agent, at=MORNING)

    state = go_on(state, agent, "menyala")

    assert state.walk.current == "tutup"
    assert "area" not in state.situation.collected
    go_on(state, agent, {})
    assert Ticket.objects.get().area is None


def test_without_a_target_back_goes_to_the_last_answer(ring, agent):
    state = ring(None, NAMED, "padam")

    assert calls.go_back(call_id=state.call.pk, by=agent, at=MORNING).walk.current == "listrik"


def test_there_is_no_way_back_before_a_ticket_or_before_the_beginning(ring, agent):
    with pytest.raises(NoWayBack):
        calls.go_back(call_id=ring().call.pk, by=agent, at=MORNING)
    reported = ring(None, NAMED, "padam", {"area": GAMBIR}, {})
    with pytest.raises(NoWayBack):
        calls.go_back(call_id=reported.call.pk, by=agent, at=MORNING)

    assert Ticket.objects.count() == 1


# --- End ------------------------------------------------------------------------------------------


def test_breaking_off_asks_why_and_ends_the_call(ring, agent):
    state = ring(None)

    with pytest.raises(Invalid):
        calls.abandon(call_id=state.call.pk, reason="  ", by=agent, at=MORNING)
    calls.abandon(call_id=state.call.pk, reason="sambungan terputus", by=agent, at=MORNING)

    call = Call.objects.get()
    assert (call.status, call.abandon_reason) == ("ABANDONED", "sambungan terputus")
    with pytest.raises(CallClosed):
        calls.answer(call_id=call.pk, step="nama", given=NAMED, by=agent, at=MORNING)


def test_a_finished_call_takes_no_more_answers(ring, agent):
    state = ring(None, NAMED, "menyala", {})

    with pytest.raises(CallClosed):
        calls.answer(call_id=state.call.pk, step="tutup", by=agent, at=MORNING)

    assert Ticket.objects.count() == 1


# --- Versions -------------------------------------------------------------------------------------


def test_a_version_published_meanwhile_does_not_change_a_running_call(ring, agent, publish):
    state = ring(None, NAMED)
    publish(PADAM.replace("Sudah Padam", "Gelap"), number=2, valid_from=date(2026, 3, 2))

    running = present_step(calls.read(call=state.call).situation)
    new = ring(None, NAMED)

    assert running["choices"][0]["label"] == "Sudah Padam"
    assert state.situation.reference == "contoh@1"
    assert new.situation.reference == "contoh@2"
    assert present_step(new.situation)["choices"][0]["label"] == "Gelap"
    go_on(state, agent, "padam", {"area": GAMBIR}, {})
    assert Ticket.objects.get().sop_ref == "contoh@1"
    assert Ticket.objects.get().problem == "1 RUMAH PADAM (Sudah Padam)"


def test_a_day_in_the_past_is_answered_by_the_version_of_that_day(ring, publish):
    publish(PADAM.replace("Sudah Padam", "Gelap"), number=2, valid_from=date(2022, 2, 18))

    assert ring(on=date(2022, 2, 17)).situation.reference == "contoh@1"
    assert ring(on=date(2022, 2, 18)).situation.reference == "contoh@2"


def test_the_version_of_the_nearest_region_runs(ring, publish):
    publish(PADAM.replace("Sudah Padam", "Gelap"), number=2, at=("UID Jakarta Raya",))

    assert ring(area=GAMBIR).situation.reference == "contoh@2"
    assert ring(area="32.73.01").situation.reference == "contoh@1"


def test_nothing_runs_where_nothing_is_in_force(agent, publish):
    publish(PADAM, valid_from=date(2022, 2, 18), valid_until=date(2022, 3, 1))

    for on in (date(2022, 2, 17), date(2022, 3, 2)):
        with pytest.raises(NotInForce):
            calls.open_call(opening=Opening(procedure="padam", on=on), by=agent, at=MORNING)

    assert not Call.objects.exists()


def test_an_sop_that_demands_it_is_acknowledged_before_it_runs(ring, agent, padam):
    SopDocument.objects.update(demands_acknowledgement=True)
    with pytest.raises(AcknowledgeFirst):
        ring()
    Acknowledgement.objects.create(
        version=padam.version, reader=agent, unit=agent.positions.get().unit, at=MORNING
    )

    assert ring().walk.current == "salam"


# --- Called procedures and addenda ----------------------------------------------------------------

ACCESS = dedent(
    """
    slug: akses
    title: Pembatasan akses
    before: [GANGGUAN_AUTODISPATCH]
    start: tanya
    steps:
      tanya:
        kind: choose
        say: Apakah di wilayah / lokasi Pelanggan terdapat pembatasan akses masuk?
        choices:
          - {value: ada, label: Ada pembatasan akses masuk, next: saran}
          - {value: tidak, label: Tidak ada, next: return}
      saran:
        kind: say
        say: lakukan koordinasi ke RT atau perangkat daerah setempat
        next: return
    """
)


def test_an_addendum_comes_before_the_outcome_while_it_is_in_force(ring, agent, publish):
    publish(ACCESS, slug="pandemi", valid_until=date(2026, 3, 1))

    on_time = ring(None, NAMED, "padam", {"area": GAMBIR}, on=date(2026, 3, 1))
    later = ring(None, NAMED, "padam", {"area": GAMBIR})

    assert on_time.walk.current == "lapor+akses/tanya"
    assert later.walk.current == "lapor"
    go_on(on_time, agent, "ada", None, {})
    assert Ticket.objects.get().details["jawaban"]["lapor+akses/tanya"] == "ada"


def test_an_addendum_leaves_other_outcomes_alone(ring, publish):
    publish(ACCESS, slug="pandemi")

    assert ring(None, NAMED, "menyala").walk.current == "tutup"


CALLER = dedent(
    """
    slug: pemanggil
    title: Memanggil
    start: awal
    steps:
      awal:
        kind: choose
        say: Jadi?
        choices: [{value: ya, label: Ya, next: data}, {value: tidak, label: Tidak, next: pulang}]
      data: {kind: call, procedure: kelengkapan, next: tanya-lagi}
      tanya-lagi:
        kind: check
        check: answer_of
        args: {step: awal}
        answers: {ya: nanti}
      nanti: {kind: outcome, outcome: CALL_BACK}
      pulang: {kind: outcome, outcome: CALL_BACK}
    """
)
CALLED = dedent(
    """
    slug: kelengkapan
    title: Kelengkapan
    entry: false
    start: alamat
    steps:
      alamat:
        kind: collect
        say: "Jawaban tadi {jawaban.awal}. Nilai {nilai.contoh}."
        fields: [{name: alamat, type: address, label: Alamat}]
        next: return
    """
)


def test_a_called_procedure_returns_to_where_it_was_called(agent, publish):
    SopValue.objects.create(key="contoh", default="tujuh")
    publish(CALLED, CALLER, slug="dua")
    opening = Opening(procedure="pemanggil")
    state = go_on(calls.open_call(opening=opening, by=agent, at=MORNING), agent, "ya")

    assert state.walk.current == "data/alamat"
    assert said(state) == "Jawaban tadi Ya. Nilai tujuh."
    state = go_on(state, agent, {"alamat": {"street": "Jl. Melati", "rt": "001"}})
    assert state.walk.current == "nanti"
    assert go_on(state, agent, {}).call.outcome == "CALL_BACK"
    assert not Ticket.objects.exists()


def test_a_procedure_that_is_only_called_cannot_be_started(agent, publish):
    SopValue.objects.create(key="contoh", default="tujuh")
    publish(CALLED, slug="dua")

    with pytest.raises(NotInForce):
        calls.open_call(opening=Opening(procedure="kelengkapan"), by=agent, at=MORNING)


# --- Other outcomes -------------------------------------------------------------------------------


def test_an_application_goes_on_in_ap2t_with_its_data(agent, publish, menteng):
    source = """
    slug: pasang-baru
    title: Pasang baru
    start: data
    steps:
      data:
        kind: collect
        fields:
          - {name: area, type: area, label: Wilayah}
          - {name: daya, type: power_step, label: Daya}
          - {name: produk, type: product, label: Produk}
          - {name: tarif, type: tariff, label: Tarif}
          - {name: jenis_program, type: text, label: Jenis Program}
        next: ap2t
      ap2t: {kind: outcome, outcome: AP2T, template: {transaction: PB}}
    """
    publish(dedent(source), slug="pb")
    data = {"area": GAMBIR, "daya": "2.200", "produk": "PRABAYAR", "tarif": "R1", "jenis_program": "NOR"}
    state = calls.open_call(opening=Opening(procedure="pasang-baru"), by=agent, at=MORNING)

    state = go_on(state, agent, data, {})

    made = HandOver.objects.get()
    assert state.call.ticket_number == made.reference
    assert (made.transaction, made.product, made.power_va) == ("PB", "PRABAYAR", 2200)
    assert (made.area_id, made.tariff.code) == (GAMBIR, "R1")
    assert made.application["isian"]["jenis_program"] == "NOR"
    assert not Ticket.objects.exists()


def test_lapor_ulang_finds_the_earlier_ticket_and_makes_no_second_one(ring, agent, publish):
    source = """
    slug: ulang
    title: Lapor ulang
    start: cari
    steps:
      cari:
        kind: check
        check: earlier_report
        answers: {ada: catat, tidak_ada: nanti}
      catat:
        kind: outcome
        outcome: LAPOR_ULANG
        say: Laporan {laporan_sebelumnya} kami teruskan.
      nanti: {kind: outcome, outcome: CALL_BACK}
    """
    publish(dedent(source), slug="ulang")
    first = ring(None, NAMED, "padam", {"area": GAMBIR}, {})

    state = ring(procedure="ulang")
    assert said(state) == f"Laporan {first.call.ticket_number} kami teruskan."
    state = go_on(state, agent, {})

    assert state.call.ticket_number == first.call.ticket_number
    assert Ticket.objects.get().repeat_count == TicketRepeat.objects.count() == 1


# --- Cost -----------------------------------------------------------------------------------------


def test_an_answered_step_costs_the_same_however_long_the_call(ring, agent, api, publish, household):
    """Also where every text names the customer's street, the area, the unit and a maintained value."""
    SopValue.objects.create(key="contoh", default="tujuh")
    named = "{Bapak/Ibu} {jalan} {wilayah} {unit} {nilai.contoh}"
    long = ["slug: panjang", "title: Panjang", "start: siapa", "steps:"]
    long += [
        "  siapa: {kind: collect, next: s0, fields: [{name: pelanggan, type: idpel_or_meter, label: ID},"
    ]
    long += ["    {name: area, type: area, label: Wilayah}, {name: unit, type: unit, label: Unit}]}"]
    long += [f"  s{i}: {{kind: say, say: 'Baris {i} {named}', next: s{i + 1}}}" for i in range(60)]
    long += ["  s60: {kind: outcome, outcome: CALL_BACK}"]
    publish("\n".join(long), slug="panjang")
    given = {"pelanggan": household().idpel, "area": GAMBIR, "unit": "54013"}
    state = go_on(ring(procedure="panjang"), agent, given)
    client = api(agent)
    url = f"/api/v1/calls/{state.call.pk}/answers/"
    counts = []

    for index in range(59):
        with CaptureQueriesContext(connection) as queries:
            assert client.post(url, {"step": f"s{index}"}).status_code == 200
        counts.append(len(queries))

    assert said(calls.read(call=state.call)).endswith("Jl. Kenanga Gambir UP3 Menteng tujuh")
    assert counts[3] == counts[40] == max(counts) == min(counts) <= 10
