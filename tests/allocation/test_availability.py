"""Which meters a unit has: who may say so, what it inherits, and that nothing is lost or rewritten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from allocation.models import MeterAvailability
from allocation.services import availability
from common.append_only import AppendOnlyError
from common.errors import Forbidden, Stale
from units.models import Position, Unit
from units.powers import Role

pytestmark = pytest.mark.django_db
CHANGE = {"value": "PRABAYAR", "reason": "kWh meter pascabayar habis"}


def put(client, path, body=CHANGE, etag=None):
    headers = {"If-Match": etag or client.get(path)["ETag"]}
    return client.put(path, body, headers=headers)


@pytest.mark.requirement("R-002-4", "R-002-5")
@pytest.mark.parametrize("value", ["ALL", "PASCABAYAR", "PRABAYAR"])
def test_the_manager_of_the_unit_sets_each_value(api, manager_menteng, menteng, address, value) -> None:
    answer = put(api(manager_menteng), address(phase=3), CHANGE | {"value": value})

    row = MeterAvailability.objects.get()
    assert answer.status_code == 200
    assert answer.json()["value"] == value
    assert (row.unit, row.phase, row.value, row.version) == (menteng, 3, value, 1)
    assert (row.set_by, row.reason) == (manager_menteng, CHANGE["reason"])
    assert row.position == manager_menteng.positions.get()
    assert answer["ETag"] == f'"{menteng.code}-3-1.{row.pk}"'


@pytest.mark.requirement("R-002-4")
def test_the_srm_sets_it_for_the_uid_and_for_its_up3(api, srm_jakarta, jakarta, address) -> None:
    client = api(srm_jakarta)

    assert put(client, address(unit=jakarta)).status_code == 200
    assert put(client, address()).status_code == 200
    assert MeterAvailability.objects.count() == 2


@pytest.mark.requirement("R-002-4")
@pytest.mark.parametrize(
    "who",
    [
        "agent",
        "supervisor",
        "manager_bandung",
        "vcc_operator",
        "posko_menteng",
        "program_jakarta",
        "sop_author",
        "sop_approver",
        "back_office",
        "channel",
    ],
)
def test_everybody_else_reads_and_is_refused_a_write(api, anyone, who, address) -> None:
    client = api(anyone(who))

    assert client.get(address()).status_code == 200
    assert put(client, address()).status_code == 403
    assert not MeterAvailability.objects.exists()


def test_the_manager_of_an_up3_does_not_set_the_uid(api, manager_menteng, jakarta, address) -> None:
    assert put(api(manager_menteng), address(unit=jakarta)).status_code == 403
    assert not MeterAvailability.objects.exists()


def test_without_a_log_in_nothing_is_shown(api, address) -> None:
    assert api().get(address()).status_code in (401, 403)


@pytest.mark.requirement("R-002-4")
def test_a_position_that_ended_a_second_ago_sets_nothing(api, manager_menteng, address) -> None:
    client = api(manager_menteng)
    etag = client.get(address())["ETag"]
    Position.objects.filter(holder=manager_menteng).update(ends_at=timezone.now() - timedelta(seconds=1))

    assert put(client, address(), etag=etag).status_code == 403
    assert not MeterAvailability.objects.exists()


def test_the_service_itself_asks_for_the_position(manager_bandung, menteng) -> None:
    with pytest.raises(Forbidden):
        availability.set_availability(
            unit=menteng,
            phase=1,
            by=manager_bandung,
            expected_etag=f'"{menteng.code}-1-0.0"',
            at=timezone.now(),
            **CHANGE,
        )
    assert not MeterAvailability.objects.exists()


@pytest.mark.requirement("R-002-4")
def test_an_acting_manager_is_recorded_as_acting(api, appoint, address) -> None:
    acting = appoint("acting_manager", Role.MANAGER_UP3, "UP3 Menteng", is_acting=True)
    put(api(acting), address())

    history = api(acting).get(address(under="history/")).json()["results"]
    assert history[0]["position"]["is_acting"] is True
    assert history[0]["set_by"] == "acting_manager"


@pytest.mark.parametrize("reason", ["", "    ", "abc", "x" * 501])
def test_a_reason_is_required(api, manager_menteng, address, reason) -> None:
    answer = put(api(manager_menteng), address(), {"value": "ALL", "reason": reason})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/reason"
    assert not MeterAvailability.objects.exists()


@pytest.mark.parametrize(
    "body", [{"value": "NONE", "reason": "a reason"}, {"reason": "a reason"}, [], CHANGE | {"phase": 3}]
)
def test_a_body_that_makes_no_sense_is_refused(api, manager_menteng, address, body) -> None:
    assert put(api(manager_menteng), address(), body).status_code == 400
    assert not MeterAvailability.objects.exists()


def test_a_write_says_which_version_it_changes(api, manager_menteng, address) -> None:
    client = api(manager_menteng)
    etag = client.get(address())["ETag"]

    assert client.put(address(), CHANGE).status_code == 428
    assert put(client, address(), etag='"another-1-0.0"').status_code == 412
    assert put(client, address(), etag=etag).status_code == 200
    again = put(client, address(), etag=etag)
    assert again.status_code == 412
    assert again["ETag"] == client.get(address())["ETag"]
    assert MeterAvailability.objects.count() == 1


def test_a_change_of_what_is_inherited_counts_too(api, manager_menteng, srm_jakarta, jakarta, address):
    client = api(manager_menteng)
    etag = client.get(address())["ETag"]
    put(api(srm_jakarta), address(unit=jakarta))

    assert put(client, address(), etag=etag).status_code == 412
    assert not MeterAvailability.objects.filter(unit__kind="UP3").exists()


def test_the_service_refuses_a_state_that_is_no_longer_the_newest(setting, manager_menteng, menteng) -> None:
    before = availability.current(unit=menteng, phase=1, at=timezone.now())
    setting(menteng, 1, "ALL", manager_menteng)

    with pytest.raises(Stale):
        availability.set_availability(
            unit=menteng, phase=1, by=manager_menteng, expected_etag=before.etag, at=timezone.now(), **CHANGE
        )
    assert MeterAvailability.objects.count() == 1


def test_an_up3_inherits_until_it_sets_its_own(setting, srm_jakarta, jakarta, menteng, bandung) -> None:
    setting(jakarta, 1, "PRABAYAR", srm_jakarta)
    now = timezone.now()
    states = availability.in_force([menteng, bandung, jakarta], at=now)

    assert states[menteng.pk, 1].value == "PRABAYAR"
    assert states[menteng.pk, 1].is_inherited
    assert not states[jakarta.pk, 1].is_inherited
    assert states[menteng.pk, 3].value is states[bandung.pk, 1].value is None

    setting(menteng, 1, "ALL", srm_jakarta)
    state = availability.current(unit=menteng, phase=1, at=timezone.now())
    assert (state.value, state.is_inherited) == ("ALL", False)


def test_what_applied_at_a_moment_is_what_was_set_before_it(setting, manager_menteng, menteng) -> None:
    now = timezone.now()
    for days, value in ((30, "ALL"), (10, "PRABAYAR"), (1, "PASCABAYAR")):
        setting(menteng, 1, value, manager_menteng, set_at=now - timedelta(days=days))

    found = [
        availability.current(unit=menteng, phase=1, at=now - timedelta(days=days)).value
        for days in (31, 30, 11, 10, 2, 0)
    ]
    assert found == [None, "ALL", "ALL", "PRABAYAR", "PRABAYAR", "PASCABAYAR"]


def test_nothing_that_was_set_is_changed_or_deleted(setting, manager_menteng, menteng) -> None:
    row = setting(menteng, 1, "ALL", manager_menteng)
    for change in (row.save, row.delete, MeterAvailability.objects.all().delete):
        with pytest.raises(AppendOnlyError):
            change()
    for statement in ("UPDATE {} SET value = 'PRABAYAR'", "DELETE FROM {}"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.format(MeterAvailability._meta.db_table))
    assert MeterAvailability.objects.get().value == "ALL"


def test_the_list_answers_for_every_unit_and_phase(
    api, agent, setting, srm_jakarta, jakarta, menteng
) -> None:
    setting(jakarta, 1, "PRABAYAR", srm_jakarta)
    client = api(agent)
    first = client.get("/api/v1/allocation/availabilities/?page_size=200").json()["results"]
    units = Unit.objects.filter(kind__in=availability.SETTING_KINDS).count()

    assert len(first) == 2 * units
    one = client.get(f"/api/v1/allocation/availabilities/?unit={menteng.code}&phase=1").json()["results"]
    assert [(row["value"], row["inherited"]) for row in one] == [("PRABAYAR", True)]
    assert one[0]["setting"]["unit"]["code"] == jakarta.code


def test_the_list_is_read_in_pages_of_units(api, agent) -> None:
    client, path, seen = api(agent), "/api/v1/allocation/availabilities/?page_size=20", []
    while path:
        page = client.get(path).json()
        seen += [(row["unit"]["code"], row["phase"]) for row in page["results"]]
        path = page["next"]

    assert len(seen) == len(set(seen)) == 2 * Unit.objects.filter(kind__in=availability.SETTING_KINDS).count()


@pytest.mark.parametrize("query", ["unknown=1", "phase=2", "page_size=0", "page_size=201", "cursor=x"])
def test_a_parameter_that_makes_no_sense_is_refused(api, agent, query) -> None:
    assert api(agent).get(f"/api/v1/allocation/availabilities/?{query}").status_code == 400


def test_units_that_set_nothing_have_no_availability(api, agent, unit, address) -> None:
    client = api(agent)
    for path in (address(unit=unit("PLN Pusat")), address(phase=2), address().replace("/1/", "/x/")):
        assert client.get(path).status_code == 404


def test_lists_cost_the_same_for_few_and_many_rows(
    api, agent, setting, srm_jakarta, menteng, address, django_assert_num_queries
) -> None:
    client = api(agent)
    for count in (1, 10, 60):
        while MeterAvailability.objects.count() < count:
            setting(menteng, 1, "ALL", srm_jakarta)
        with django_assert_num_queries(5):
            client.get("/api/v1/allocation/availabilities/?page_size=200")
        with django_assert_num_queries(5):
            client.get(address(under="history/"))
        with django_assert_num_queries(5):
            client.get(address())
