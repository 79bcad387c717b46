"""The back office's pages for units, service areas, positions and accounts."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.utils import timezone

from units.models import Area, Position, ServiceArea, Unit, User
from units.powers import Role


def test_moving_a_unit_in_the_admin_moves_what_is_below(browse, back_office, menteng, bandung):
    below = Unit.objects.filter(parent=menteng).first()
    data = form_of(menteng) | {"parent": bandung.parent.pk}

    response = browse(back_office).post(f"/admin/units/unit/{menteng.pk}/change/", data)

    assert response.status_code == 302, response.content.decode()[:2000]
    menteng.refresh_from_db()
    below.refresh_from_db()
    assert menteng.path.startswith(bandung.parent.path)
    assert below.path.startswith(menteng.path)


def test_an_impossible_place_is_refused_in_the_form(browse, back_office, menteng):
    posko = Unit.objects.filter(kind="POSKO").first()
    data = form_of(menteng) | {"parent": posko.pk}

    response = browse(back_office).post(f"/admin/units/unit/{menteng.pk}/change/", data)

    assert response.status_code == 200
    assert Unit.objects.get(pk=menteng.pk).parent_id == menteng.parent_id


def form_of(unit: Unit) -> dict:
    return {
        "code": unit.code,
        "name": unit.name,
        "kind": unit.kind,
        "parent": unit.parent_id,
        "time_zone": unit.time_zone,
        "valid_from": "2000-01-01",
        "valid_until": "",
        "basis": "",
        "aliases-TOTAL_FORMS": 0,
        "aliases-INITIAL_FORMS": 0,
    }


def test_a_new_service_area_ends_the_present_one(browse, back_office, bandung):
    area = Area.objects.get(code="31.71.01")
    present = ServiceArea.objects.get(area=area)
    data = {"area": area.pk, "unit": bandung.pk, "valid_from": "2026-06-01", "valid_until": "", "basis": "x"}

    response = browse(back_office).post("/admin/units/servicearea/add/", data)

    assert response.status_code == 302, response.content.decode()[:2000]
    present.refresh_from_db()
    assert present.valid_until.isoformat() == "2026-05-31"
    assert ServiceArea.objects.get(area=area, valid_until=None).unit == bandung


def test_a_file_is_checked_first_and_written_after(browse, back_office, bandung):
    client = browse(back_office)

    def send(button: str):
        file = BytesIO(f"area_code,unit_code,valid_from\n31.71.01,{bandung.code},2026-06-01\n".encode())
        file.name = "areas.csv"
        return client.post("/admin/units/servicearea/import/", {"file": file, button: ""})

    before = ServiceArea.objects.count()
    assert send("check").status_code == 200
    assert ServiceArea.objects.count() == before
    assert send("write").status_code == 200
    assert ServiceArea.objects.count() == before + 1


def test_a_reader_cannot_open_the_import(browse, manager_menteng):
    assert browse(manager_menteng).get("/admin/units/servicearea/import/").status_code == 403


def position_form(holder: User, unit: Unit, role: Role) -> dict:
    return {
        "holder": holder.pk,
        "role": role,
        "unit": unit.pk,
        "starts_at_0": "2026-01-01",
        "starts_at_1": "08:00:00",
        "ends_at_0": "",
        "ends_at_1": "",
        "decree_number": "0001/DEMO/2026",
    }


def test_the_back_office_appoints_somebody(browse, back_office, nobody, menteng):
    data = position_form(nobody, menteng, Role.MANAGER_UP3)

    response = browse(back_office).post("/admin/units/position/add/", data)

    assert response.status_code == 302, response.content.decode()[:2000]
    assert nobody.positions.get().role == Role.MANAGER_UP3


def test_nobody_appoints_themselves(browse, back_office, menteng):
    data = position_form(back_office, menteng, Role.MANAGER_UP3)

    response = browse(back_office).post("/admin/units/position/add/", data)

    assert response.status_code == 200
    assert not Position.objects.filter(holder=back_office, role=Role.MANAGER_UP3).exists()


def test_ending_a_position_takes_a_reason_and_takes_its_powers(browse, api, back_office, manager_menteng):
    position = manager_menteng.positions.get()
    address = f"/admin/units/position/{position.pk}/end_now/"
    their_session = api(manager_menteng)
    assert their_session.get("/api/v1/me/").json()["permissions"]

    browse(back_office).get(address)
    position.refresh_from_db()
    assert position.ends_at is None, "a GET changes nothing"

    browse(back_office).post(address, {"_form_submitted": "on", "reason": "Mutasi"})

    position.refresh_from_db()
    assert position.ends_at <= timezone.now()
    assert their_session.get("/api/v1/me/").json()["permissions"] == []


def test_a_superusers_account_is_out_of_the_back_offices_reach(browse, back_office):
    admin = User.objects.create_superuser("root-for-tests", password="a-password-for-tests")

    response = browse(back_office).get(f"/admin/units/user/{admin.pk}/password/")

    assert response.status_code in (302, 404)
    assert not User.objects.visible_to(back_office).filter(pk=admin.pk).exists()


@pytest.mark.parametrize("listed", ["unit", "area", "servicearea", "position", "user"])
def test_a_list_costs_the_same_whatever_its_length(
    browse, back_office, django_assert_max_num_queries, listed
):
    client = browse(back_office)

    with django_assert_max_num_queries(14):
        assert client.get(f"/admin/units/{listed}/").status_code == 200
