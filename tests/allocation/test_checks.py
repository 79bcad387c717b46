"""May this meter be promised? One question after the other, over HTTP as an agent or a channel asks."""

from __future__ import annotations

from datetime import date, timedelta
from urllib.parse import urlencode

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from allocation.models import AllocationCheck, Channel
from tests.allocation.conftest import CHECKS, GAMBIR, QUESTION
from units.models import Area, ServiceArea, Unit
from units.powers import Role

pytestmark = pytest.mark.django_db
PD = {"transaction": "PD", "current_phase": 1, "current_product": "PRABAYAR"}


def pointers(response) -> list[str]:
    return [error["pointer"] for error in response.json().get("errors", [])]


@pytest.mark.requirement("R-002-18", "R-002-25")
def test_the_sample_of_the_sop_shows_its_notification(ask, setting, manager_menteng, menteng) -> None:
    setting(menteng, 1, "PRABAYAR", manager_menteng)
    answer = ask().json()

    assert answer["served"] is False
    assert answer["outcome"] == "OFFER_OTHER"
    assert answer["unit"] == {"code": menteng.code, "name": "UP3 Menteng", "kind": "UP3"}
    assert answer["phase"] == 1
    assert answer["availability"] == {"1": "PRABAYAR", "3": None}
    assert answer["options"] == [{"phase": 1, "product": "PRABAYAR", "min_va": 450, "max_va": 11000}]
    assert answer["notification"] == (
        "Layanan PASCABAYAR saat ini belum tersedia di Wilayah Anda. "
        "Apakah anda bersedia dilayani dengan Layanan PRABAYAR?"
    )
    assert answer["script"].startswith(
        "... Mohon maaf Bapak/Ibu, untuk saat ini Daya 2.200 VA dengan layanan"
    )
    assert answer["matrix_effective_on"] == "2021-01-26"


def test_what_is_served_has_no_notification(ask, setting, manager_menteng, menteng) -> None:
    setting(menteng, 1, "ALL", manager_menteng)
    answer = ask().json()

    assert (answer["served"], answer["outcome"], answer["notification"]) == (True, "SERVED", None)
    assert {option["product"] for option in answer["options"]} == {"PASCABAYAR", "PRABAYAR"}
    assert answer["script"].startswith("... baik Bp/Ibu, untuk produk layanan")


def test_a_unit_that_has_set_nothing_promises_nothing(ask) -> None:
    answer = ask().json()

    assert (answer["served"], answer["outcome"], answer["options"]) == (False, "NOT_SET", [])
    assert "belum diatur" in answer["notification"]
    assert "bersedia dilayani" not in answer["notification"] + answer["script"]


def test_where_neither_product_is_served_none_is_offered(ask, setting, manager_menteng, menteng) -> None:
    setting(menteng, 1, "PRABAYAR", manager_menteng)
    answer = ask(power_va=13900, tariff="B2").json()

    assert (answer["served"], answer["outcome"]) == (False, "NOTHING_SERVED")
    assert "bersedia dilayani" not in answer["notification"] + answer["script"]


def test_the_answer_names_the_unit_that_was_inherited_from(ask, setting, srm_jakarta, jakarta) -> None:
    setting(jakarta, 1, "PRABAYAR", srm_jakarta)
    answer = ask().json()

    assert answer["availability"]["1"] == "PRABAYAR"
    assert answer["availability_source"]["1"]["unit"]["code"] == jakarta.code
    assert answer["availability_source"]["1"]["inherited"] is True
    assert answer["availability_source"]["3"] is None


@pytest.mark.requirement("R-ALL-4")
def test_the_applicant_is_addressed_by_name_and_kept_nowhere(
    ask, api, agent, setting, menteng, manager_menteng
):
    setting(menteng, 1, "PRABAYAR", manager_menteng)
    body = QUESTION | {"salutation": "Ibu", "applicant_name": "Nama Rahasia"}
    client = api(agent)
    answers = [client.post(CHECKS, body, headers={"Idempotency-Key": "key-of-the-test"}) for _ in range(2)]

    assert answers[0].json()["script"].startswith("... Mohon maaf Ibu Nama Rahasia, untuk saat ini")
    assert answers[1]["Idempotency-Replayed"] == "true"
    assert answers[1].json() == answers[0].json()
    assert AllocationCheck.objects.count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM common_idempotencykey")
        assert "Rahasia" not in str(cursor.fetchall())


def test_the_same_key_with_another_question_is_refused(api, agent) -> None:
    client = api(agent)
    headers = {"Idempotency-Key": "key-of-the-test"}

    assert client.post(CHECKS, QUESTION, headers=headers).status_code == 200
    assert client.post(CHECKS, QUESTION | {"power_va": 1300}, headers=headers).status_code == 422
    assert AllocationCheck.objects.count() == 1


# --- Where ------------------------------------------------------------------------------------------


def test_the_area_leads_to_the_up3_also_by_way_of_an_ulp(ask, menteng) -> None:
    serving = ServiceArea.objects.serving(Area.objects.get(pk=GAMBIR), timezone.localdate()).first()

    assert serving is not None
    assert serving.unit.kind == "ULP"
    assert ask().json()["unit"]["code"] == menteng.code
    assert ask(area=..., unit=serving.unit.code).json()["unit"]["code"] == menteng.code


def test_a_unit_may_be_named_and_a_uid_has_its_own(ask, setting, srm_jakarta, jakarta, menteng) -> None:
    setting(menteng, 1, "PASCABAYAR", srm_jakarta)
    setting(jakarta, 1, "PRABAYAR", srm_jakarta)

    assert ask(area=..., unit=menteng.code).json()["availability"]["1"] == "PASCABAYAR"
    assert ask(area=..., unit=jakarta.code).json()["availability"]["1"] == "PRABAYAR"


def test_the_head_office_decides_nothing(ask, unit) -> None:
    answer = ask(area=..., unit=unit("PLN Pusat").code)

    assert (answer.status_code, answer.json()["code"]) == (422, "unit_unknown")
    assert not AllocationCheck.objects.exists()


def test_an_area_that_nobody_covers_asks_for_the_unit(ask) -> None:
    answer = ask(area="73.71")

    assert (answer.status_code, answer.json()["code"]) == (422, "unit_unknown")
    assert pointers(answer) == ["/area"]
    assert not AllocationCheck.objects.exists()


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"area": ...}, "/area"),
        ({"unit": "54013"}, "/area"),
        ({"area": "99.99"}, "/area"),
        ({"area": ..., "unit": "no such"}, "/unit"),
        ({"area": ..., "idpel": "999999999999"}, "/idpel"),
        ({"area": ..., "idpel": "12345"}, "/idpel"),
        ({"transaction": "PS"}, "/transaction"),
        ({"product": "Pascabayar"}, "/product"),
        ({"tariff": "R9"}, "/tariff"),
        ({"tariff": ...}, "/tariff"),
        ({"phase": 2}, "/phase"),
        ({"channel": "FAX"}, "/channel"),
        ({"on": "kemarin"}, "/on"),
        ({"power_va": 0}, "/power_va"),
        ({"power_va": -2200}, "/power_va"),
        ({"power_va": 10**12}, "/power_va"),
        ({"power_va": 2200.5}, "/power_va"),
        ({"power_va": "2.20"}, "/power_va"),
        ({"power_va": True}, "/power_va"),
        ({"power_va": None}, "/power_va"),
        ({"power_va": [2200]}, "/power_va"),
        ({"wanted": "x"}, "/wanted"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(ask, changes, pointer) -> None:
    answer = ask(**changes)

    assert answer.status_code == 400
    assert pointer in pointers(answer)
    assert not AllocationCheck.objects.exists()


@pytest.mark.parametrize("written", [2200, "2200", "2.200"])
def test_a_power_may_be_written_with_a_dot(ask, written) -> None:
    assert ask(power_va=written).status_code == 200
    assert AllocationCheck.objects.get().power_va == 2200


# --- The present service --------------------------------------------------------------------------------


@pytest.mark.requirement("R-002-8")
def test_a_change_of_power_needs_the_current_service_and_a_new_connection_has_none(ask) -> None:
    assert pointers(ask(transaction="PD")) == ["/current_phase", "/current_product"]
    assert pointers(ask(transaction="MIGRASI", current_phase=1)) == ["/current_product"]
    assert pointers(ask(current_phase=1, current_product="PRABAYAR")) == [
        "/current_phase",
        "/current_product",
    ]
    assert not AllocationCheck.objects.exists()


@pytest.mark.requirement("R-002-14")
def test_the_idpel_fills_in_place_and_current_service(ask, setting, customer, manager_menteng, menteng):
    setting(menteng, 1, "PASCABAYAR", manager_menteng)
    answer = ask(transaction="PD", area=..., idpel=customer.idpel, product="PRABAYAR").json()
    check = AllocationCheck.objects.get()

    assert answer["served"] is True  # the customer's own meter stays
    assert answer["unit"]["code"] == menteng.code
    assert (check.current_phase, check.current_product, check.customer) == (1, "PRABAYAR", customer)
    assert answer["warnings"] == []


def test_what_the_caller_says_weighs_more_but_is_remarked(
    ask, setting, customer, manager_menteng, menteng
) -> None:
    setting(menteng, 1, "PASCABAYAR", manager_menteng)
    answer = ask(transaction="PD", area=..., idpel=customer.idpel, current_phase=3, product="PRABAYAR").json()

    assert answer["served"] is False
    assert AllocationCheck.objects.get().warnings == ["CURRENT_DIFFERS"]
    assert len(answer["warnings"]) == 1


def test_area_and_customer_together_mean_new_premises(
    ask, setting, customer, manager_bandung, bandung
) -> None:
    setting(bandung, 1, "PRABAYAR", manager_bandung)
    area = ServiceArea.objects.filter(unit=bandung).earliest("pk").area_id
    answer = ask(transaction="PD", area=area, idpel=customer.idpel).json()

    assert answer["unit"]["code"] == bandung.code
    assert AllocationCheck.objects.get().current_product == customer.product


@pytest.mark.requirement("R-002-3")
def test_a_pure_migration_goes_to_the_other_product(ask, setting, customer, manager_menteng, menteng) -> None:
    setting(menteng, 1, "ALL", manager_menteng)
    migration = {"transaction": "MIGRASI", "area": ..., "idpel": customer.idpel, "power_va": 1300}
    same = ask(**migration, product="PRABAYAR")

    assert (same.status_code, same.json()["code"]) == (422, "same_product")
    assert pointers(same) == ["/product"]
    assert ask(**migration, product="PASCABAYAR").json()["served"] is True
    assert AllocationCheck.objects.count() == 1


def test_a_migration_to_another_power_is_remarked(ask, customer) -> None:
    ask(transaction="MIGRASI", area=..., idpel=customer.idpel, power_va=2200)

    assert AllocationCheck.objects.get().warnings == ["POWER_CHANGES"]


# --- The phase ------------------------------------------------------------------------------------------


def test_a_manual_power_is_judged_by_both_phases(ask, setting, manager_menteng, menteng) -> None:
    setting(menteng, 1, "PRABAYAR", manager_menteng)
    setting(menteng, 3, "ALL", manager_menteng)
    answer = ask(power_va=5000).json()

    assert (answer["served"], answer["phase"]) == (True, 3)
    assert [(it["phase"], it["product"]) for it in answer["options"]] == [
        (1, "PRABAYAR"),
        (3, "PASCABAYAR"),
        (3, "PRABAYAR"),
    ]
    assert [row["phase"] for row in answer["rows"]] == [1, 3]
    assert AllocationCheck.objects.get().warnings == ["MANUAL_POWER"]


def test_a_manual_power_that_both_serve_asks_for_the_phase(ask, setting, manager_menteng, menteng) -> None:
    setting(menteng, 1, "ALL", manager_menteng)
    setting(menteng, 3, "ALL", manager_menteng)
    ask(power_va=5000)

    assert AllocationCheck.objects.get().warnings == ["MANUAL_POWER", "ASK_PHASE"]


def test_a_phase_that_is_asked_for_wins(ask, setting, manager_menteng, menteng) -> None:
    setting(menteng, 3, "ALL", manager_menteng)
    answer = ask(power_va=5500, phase=3).json()

    assert (answer["served"], answer["phase"]) == (True, 3)
    assert AllocationCheck.objects.get().warnings == ["STEP_OF_OTHER_PHASE"]


def test_a_power_between_the_ranges_is_refused_with_a_message(ask, setting, manager_menteng, menteng) -> None:
    setting(menteng, 3, "PRABAYAR", manager_menteng)
    answer = ask(power_va=45000, phase=3, tariff="B2").json()

    assert answer["outcome"] == "NOTHING_SERVED"
    assert "45.000 VA" in answer["notification"]


# --- When -----------------------------------------------------------------------------------------------


def test_a_past_day_is_answered_by_what_was_in_force_then(ask, setting, manager_menteng, menteng) -> None:
    now = timezone.now()
    setting(menteng, 1, "ALL", manager_menteng, set_at=now - timedelta(days=20))
    setting(menteng, 1, "PRABAYAR", manager_menteng, set_at=now - timedelta(days=5))

    def served(days: int) -> str:
        return ask(on=(timezone.localdate() - timedelta(days=days)).isoformat()).json()["outcome"]

    assert [served(days) for days in (21, 20, 6, 5, 0, -30)] == [
        "NOT_SET",
        "SERVED",
        "SERVED",
        "OFFER_OTHER",
        "OFFER_OTHER",
        "OFFER_OTHER",
    ]


@pytest.mark.parametrize("on", ["2021-01-25", "0001-01-01"])
def test_before_the_first_matrix_there_is_no_answer(ask, menteng, on) -> None:
    Unit.objects.update(valid_from=date(1, 1, 1))
    answer = ask(on=on, area=..., unit=menteng.code)

    assert (answer.status_code, answer.json()["code"]) == (422, "no_matrix")
    assert not AllocationCheck.objects.exists()


def test_the_last_day_there_is_can_be_asked_for(ask, setting, menteng, manager_menteng) -> None:
    setting(menteng, 1, "ALL", manager_menteng)

    assert ask(on="9999-12-31").json()["served"] is True


# --- Who ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "who", ["manager_menteng", "srm_jakarta", "posko_menteng", "sop_author", "back_office"]
)
def test_only_agents_supervisors_and_channels_ask(api, anyone, who) -> None:
    assert api(anyone(who)).post(CHECKS, QUESTION).status_code == 403
    assert not AllocationCheck.objects.exists()


@pytest.mark.requirement("R-002-3", "R-002-7", "R-002-28")
def test_every_channel_gets_the_same_answer(ask, setting, manager_menteng, menteng) -> None:
    setting(menteng, 1, "PRABAYAR", manager_menteng)
    answers = [ask(channel=channel).json() | {"id": None} for channel in Channel.values]

    assert all(answer == answers[0] for answer in answers)
    assert set(AllocationCheck.objects.values_list("channel", flat=True)) == set(Channel.values)


def test_a_channel_system_asks_with_its_own_token_and_a_key(channel_api, channel) -> None:
    client = channel_api("allocation")

    assert client.post(CHECKS, QUESTION).json()["code"] == "idempotency_key_required"
    asked = client.post(
        CHECKS, QUESTION | {"channel": "PLN_MOBILE"}, headers={"Idempotency-Key": "a-channel-key"}
    )
    assert asked.status_code == 200
    assert AllocationCheck.objects.get().asked_by == channel
    assert channel_api("read").post(CHECKS, QUESTION).status_code == 403


# --- The record -----------------------------------------------------------------------------------------


def test_why_was_this_caller_told_no(api, ask, setting, appoint, menteng, supervisor) -> None:
    acting = appoint("acting_manager", Role.MANAGER_UP3, "UP3 Menteng", is_acting=True)
    setting(menteng, 1, "PRABAYAR", acting, reason="kWh meter pascabayar habis")
    told = ask().json()
    setting(menteng, 1, "ALL", acting)
    found = api(supervisor).get(f"{CHECKS}{told['id']}/").json()

    assert {name: found[name] for name in told} == told
    assert found["question"]["area"] == GAMBIR
    assert found["matrix_version"] == 1
    assert found["rows"][0]["availability"] == "PRABAYAR"
    assert found["settings"]["1"]["reason"] == "kWh meter pascabayar habis"
    assert found["settings"]["1"]["set_by"] == "acting_manager"
    assert found["settings"]["1"]["position"] == {
        "role": "MANAGER_UP3",
        "unit": {"code": menteng.code, "name": "UP3 Menteng", "kind": "UP3"},
        "is_acting": True,
    }


def test_checks_are_seen_by_the_units_they_concern(
    api, ask, manager_menteng, manager_bandung, srm_jakarta, channel
):
    made = ask().json()["id"]

    for reader in (manager_menteng, srm_jakarta):
        assert [row["id"] for row in api(reader).get(CHECKS).json()["results"]] == [made]
        assert api(reader).get(f"{CHECKS}{made}/").status_code == 200
    assert api(manager_bandung).get(CHECKS).json()["results"] == []
    assert api(manager_bandung).get(f"{CHECKS}{made}/").status_code == 404
    assert api(channel).get(CHECKS).status_code == 403


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("served=true", 1),
        ("served=false", 2),
        ("outcome=OFFER_OTHER", 1),
        ("product=PASCABAYAR", 2),
        ("transaction=PD", 1),
        ("unit=54", 3),
        ("unit=53", 0),
        ("unit=none", 0),
        ("from=0001-01-01&until=9999-12-31", 3),
        ("until=2020-01-01", 0),
        ("from=9999-12-31", 0),
    ],
)
def test_the_list_of_checks_is_filtered(
    api, agent, ask, setting, manager_menteng, menteng, query, count
) -> None:
    setting(menteng, 1, "PRABAYAR", manager_menteng)
    ask()
    ask(product="PRABAYAR")
    ask(power_va=13900, **PD)

    assert len(api(agent).get(f"{CHECKS}?{query}").json()["results"]) == count


@pytest.mark.parametrize("query", ["served=perhaps", "outcome=X", "from=x", "idpel=1", "ordering=idpel"])
def test_a_filter_that_makes_no_sense_is_refused(api, agent, query) -> None:
    assert api(agent).get(f"{CHECKS}?{query}").status_code == 400


def test_a_kept_check_is_never_changed(ask) -> None:
    ask()
    for statement in ("UPDATE {} SET outcome = 'SERVED'", "DELETE FROM {}"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.format(AllocationCheck._meta.db_table))
    assert AllocationCheck.objects.get().outcome == "NOT_SET"


# --- The agent's screen ------------------------------------------------------------------------------------


def test_the_same_answer_as_a_fragment(api, agent, setting, manager_menteng, menteng) -> None:
    setting(menteng, 1, "PRABAYAR", manager_menteng)
    body = QUESTION | {"applicant_name": "<b>nama</b>", "phase": "", "current_phase": ""}
    form = {"data": urlencode(body), "content_type": "application/x-www-form-urlencoded"}
    answer = api(agent).post(CHECKS, **form, headers={"Accept": "text/html"})
    page = answer.content.decode()

    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/html")
    assert "Layanan PASCABAYAR saat ini belum tersedia di Wilayah Anda." in page
    assert 'data-answer="ya" data-product="PRABAYAR">Ya<' in page
    assert ">Tidak<" in page
    assert "&lt;b&gt;nama&lt;/b&gt;" in page
    assert "450 VA s.d. 11.000 VA" in page


def test_a_refusal_as_a_fragment_points_to_its_field(api, agent) -> None:
    answer = api(agent).post(CHECKS, QUESTION | {"power_va": "x"}, headers={"Accept": "text/html"})

    assert answer.status_code == 400
    assert 'data-pointer="/power_va"' in answer.content.decode()


def test_a_check_costs_the_same_however_much_has_happened(
    api, agent, ask, setting, manager_menteng, menteng, django_assert_num_queries
) -> None:
    client = api(agent)
    for count in (1, 10, 30):
        while menteng.availabilities.count() < count:
            setting(menteng, 1, "PRABAYAR", manager_menteng)
            ask()
        with django_assert_num_queries(11):
            ask()
        with django_assert_num_queries(4):
            client.get(CHECKS)
