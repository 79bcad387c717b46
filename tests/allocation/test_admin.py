"""The back office of meter allocation: setting, previewing, publishing, reading why."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from allocation.models import AllocationMatrix, MeterAvailability
from allocation.services import availability
from allocation.services.matrix import draft_matrix
from customers.models import Phase

OVERVIEW = "/admin/allocation/meteravailability/overview/"


def page_of(unit, phase=1):
    return f"/admin/allocation/meteravailability/set/{unit.code}/{phase}/"


def etag_of(unit, phase=1):
    return availability.current(unit=unit, phase=phase, at=timezone.now()).etag


def set_to(client, unit, value, etag=None, reason="Stok gudang habis"):
    return client.post(page_of(unit), {"value": value, "reason": reason, "etag": etag or etag_of(unit)})


def test_a_manager_finds_their_own_units_meters_on_the_first_page(browse, manager_menteng, menteng):
    page = browse(manager_menteng).get("/admin/")

    assert [line["unit"] for line in page.context["lines"]] == [menteng]
    assert page_of(menteng) in page.content.decode()


@pytest.mark.requirement("R-002-4", "R-002-5")
def test_a_manager_sets_what_their_unit_has(browse, manager_menteng, menteng):
    response = set_to(browse(manager_menteng), menteng, "PRABAYAR")

    assert response.status_code == 302
    row = MeterAvailability.objects.get(unit=menteng, phase=Phase.ONE)
    assert (row.value, row.set_by, row.position.holder) == ("PRABAYAR", manager_menteng, manager_menteng)


@pytest.mark.requirement("R-002-4")
def test_a_manager_of_another_unit_is_refused_and_nothing_changes(browse, manager_bandung, menteng):
    response = set_to(browse(manager_bandung), menteng, "PRABAYAR")

    assert response.status_code == 403
    assert not MeterAvailability.objects.filter(unit=menteng).exists()


@pytest.mark.requirement("R-002-4")
def test_an_agent_cannot_open_the_page(browse, agent, menteng):
    assert browse(agent).get(page_of(menteng)).status_code == 403


def test_a_setting_changed_meanwhile_is_not_overwritten(browse, manager_menteng, srm_jakarta, menteng):
    seen = etag_of(menteng)
    set_to(browse(srm_jakarta), menteng, "PASCABAYAR")

    response = set_to(browse(manager_menteng), menteng, "PRABAYAR", etag=seen)

    assert response.status_code == 200
    assert response.context["form"].non_field_errors()
    assert [row.value for row in MeterAvailability.objects.filter(unit=menteng)] == ["PASCABAYAR"]


@pytest.mark.parametrize("reason", ["", "   ", "ok"])
def test_a_change_says_why(browse, manager_menteng, menteng, reason):
    response = set_to(browse(manager_menteng), menteng, "PRABAYAR", reason=reason)

    assert response.context["form"].errors["reason"]
    assert not MeterAvailability.objects.filter(unit=menteng).exists()


def test_the_manager_sees_what_a_change_would_have_meant(api, browse, agent, manager_menteng, menteng):
    set_to(browse(manager_menteng), menteng, "ALL")
    question = {"transaction": "PB", "unit": menteng.code, "power_va": 2200, "tariff": "R1"}
    for _ in range(3):
        asked = api(agent).post("/api/v1/allocation/checks/", question | {"product": "PASCABAYAR"})
        assert asked.json()["served"], asked.json()

    page = browse(manager_menteng).get(page_of(menteng))

    previews = {effect["preview"].value: effect["preview"] for effect in page.context["effects"]}
    assert (previews["PRABAYAR"].would_refuse, previews["PASCABAYAR"].would_refuse) == (3, 0)
    assert "2.200 VA" in page.content.decode()


@pytest.fixture
def draft(sop_author):
    return draft_matrix(
        source=AllocationMatrix.objects.get(version=1),
        effective_on=timezone.localdate() + timedelta(days=30),
        source_letter="No. 0001/DEMO",
        by=sop_author,
        at=timezone.now(),
    )


def publish(client, matrix):
    address = f"/admin/allocation/allocationmatrix/{matrix.pk}/publish/"
    return client.post(address, {"_form_submitted": "on"})


def test_a_matrix_is_published_by_a_second_person(browse, sop_author, sop_approver, draft):
    publish(browse(sop_author), draft)
    draft.refresh_from_db()
    assert not draft.is_published

    publish(browse(sop_approver), draft)

    draft.refresh_from_db()
    assert (draft.is_published, draft.published_by) == (True, sop_approver)


def test_reading_the_publish_dialog_publishes_nothing(browse, sop_approver, draft):
    browse(sop_approver).get(f"/admin/allocation/allocationmatrix/{draft.pk}/publish/")

    draft.refresh_from_db()
    assert not draft.is_published


def test_a_draft_is_copied_from_the_matrix_in_force(browse, sop_author):
    source = AllocationMatrix.objects.get(version=1)
    data = {"_form_submitted": "on", "effective_on": "2027-01-01", "source_letter": "No. 0002/DEMO"}

    browse(sop_author).post(f"/admin/allocation/allocationmatrix/{source.pk}/draft_from_this/", data)

    draft = AllocationMatrix.objects.get(source_letter="No. 0002/DEMO")
    assert (draft.rows.count(), draft.effective_on) == (30, date(2027, 1, 1))


def test_the_back_office_reads_why_a_caller_was_told_no(
    api, browse, agent, supervisor, manager_menteng, menteng
):
    set_to(browse(manager_menteng), menteng, "PRABAYAR", reason="Stok pascabayar kosong")
    question = {"transaction": "PB", "unit": menteng.code, "power_va": 2200, "tariff": "R1"}
    check = api(agent).post("/api/v1/allocation/checks/", question | {"product": "PASCABAYAR"}).json()

    page = browse(supervisor).get(f"/admin/allocation/allocationcheck/{check['id']}/change/")

    text = page.content.decode()
    assert page.status_code == 200
    assert "Stok pascabayar kosong" in text
    assert "Manager UP3" in text


def test_unmet_demand_counts_refusals_of_the_readers_units_only(
    api, browse, agent, manager_menteng, manager_bandung, menteng
):
    set_to(browse(manager_menteng), menteng, "PRABAYAR")
    question = {"transaction": "PB", "unit": menteng.code, "power_va": 2200, "tariff": "R1"}
    api(agent).post("/api/v1/allocation/checks/", question | {"product": "PASCABAYAR"})

    address = "/admin/allocation/allocationcheck/demand/"

    assert browse(manager_menteng).get(address).context["total"] == 1
    assert browse(manager_bandung).get(address).context["total"] == 0


@pytest.mark.parametrize(
    "address",
    [OVERVIEW, "/admin/", "/admin/allocation/allocationcheck/", "/admin/allocation/allocationcheck/demand/"],
)
def test_a_page_costs_the_same_whatever_its_length(
    browse, srm_jakarta, django_assert_max_num_queries, address
):
    client = browse(srm_jakarta)

    with django_assert_max_num_queries(16):
        assert client.get(address).status_code == 200
