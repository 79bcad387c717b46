"""Moving units, and appointing people to them."""

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common.errors import Forbidden, Invalid
from units.models import Position, Unit
from units.powers import Role
from units.services import positions
from units.services.structure import place_unit

pytestmark = pytest.mark.django_db

START = datetime(2026, 1, 1, tzinfo=timezone.get_default_timezone())


def test_a_new_unit_knows_its_place(back_office, menteng):
    unit = place_unit(unit=Unit(code="54099", name="ULP Baru", kind="ULP", parent=menteng), by=back_office)

    unit.refresh_from_db()
    assert unit.path == f"{menteng.path}{unit.pk}/"
    assert unit.history.get().history_user == back_office


def test_a_moved_unit_takes_everything_below_it_along(back_office, menteng, unit):
    banten = unit("UID Banten")
    below = Unit.objects.below(menteng).count()
    menteng.parent = banten

    with CaptureQueriesContext(connection) as queries:
        place_unit(unit=menteng, by=back_office)

    assert len([it for it in queries if it["sql"].startswith("UPDATE") and "SUBSTR" in it["sql"]]) == 1

    assert Unit.objects.below(menteng).count() == below > 1
    for moved in Unit.objects.below(menteng).select_related("parent"):
        assert moved.path == f"{moved.parent.path}{moved.pk}/"
        assert moved.is_within(banten)


def test_a_unit_cannot_stand_under_itself_or_under_an_unfitting_one(back_office, menteng, unit):
    path = menteng.path
    menteng.parent = unit("ULP Gambir")

    with pytest.raises(ValidationError):
        place_unit(unit=menteng, by=back_office)

    assert Unit.objects.get(pk=menteng.pk).path == path


def test_a_unit_cannot_become_a_kind_that_its_children_cannot_stand_under(back_office, unit):
    gambir = unit("ULP Gambir")
    gambir.kind = "POSKO"

    with pytest.raises(ValidationError):
        place_unit(unit=gambir, by=back_office)

    assert Unit.objects.get(pk=gambir.pk).kind == "ULP"


def test_a_regional_back_office_moves_units_within_its_region_only(appoint, menteng, bandung, unit):
    regional = appoint("regional", Role.BACK_OFFICE, "UID Jawa Barat")
    menteng.parent = unit("UID Jawa Barat")
    bandung.parent = unit("UID Banten")

    for taken in (menteng, bandung):
        with pytest.raises(Forbidden):
            place_unit(unit=taken, by=regional)

    assert Unit.objects.get(pk=menteng.pk).parent.name == "UID Jakarta Raya"
    assert Unit.objects.get(pk=bandung.pk).parent.name == "UID Jawa Barat"


def make(by, holder, unit, role=Role.MANAGER_UP3, **fields):
    return positions.appoint(holder=holder, role=role, unit=unit, by=by, **{"starts_at": START} | fields)


def test_an_appointment_gives_the_role_and_says_who_made_it(back_office, nobody, menteng):
    position = make(back_office, nobody, menteng, is_acting=True, decree_number="SK 1/2026")

    assert list(nobody.positions.active(START)) == [position]
    assert position.history.get().history_user == back_office


def test_the_same_position_twice_at_a_time_is_refused(back_office, nobody, menteng):
    make(back_office, nobody, menteng, ends_at=START + timedelta(days=10))

    with pytest.raises(positions.AlreadyHeld):
        make(back_office, nobody, menteng, starts_at=START + timedelta(days=9))

    make(back_office, nobody, menteng, starts_at=START + timedelta(days=10))
    make(back_office, nobody, menteng, starts_at=START - timedelta(days=5), ends_at=START)
    assert nobody.positions.count() == 3


def test_a_role_is_held_at_a_fitting_unit(back_office, nobody, jakarta):
    with pytest.raises(ValidationError):
        make(back_office, nobody, jakarta)

    assert not nobody.positions.exists()


def test_only_who_may_appoints_and_ends(manager_menteng, nobody, menteng):
    position = manager_menteng.positions.get()

    with pytest.raises(Forbidden):
        make(manager_menteng, nobody, menteng)
    with pytest.raises(Forbidden):
        positions.end_position(position=position, by=manager_menteng, at=timezone.now(), reason="x")

    assert list(Position.objects.values_list("holder__username", "ends_at")) == [("manager_menteng", None)]


def test_ending_a_position_ends_its_powers_and_keeps_the_reason(back_office, nobody, menteng):
    position = make(back_office, nobody, menteng)
    end = START + timedelta(days=3)

    positions.end_position(position=position, by=back_office, at=end, reason=" Mutasi ")

    assert nobody.positions.active(end - timedelta(seconds=1)).exists()
    assert not nobody.positions.active(end).exists()
    last = position.history.first()
    assert (last.history_change_reason, last.history_user) == ("Mutasi", back_office)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 101])
def test_ending_a_position_needs_a_reason_that_fits(back_office, nobody, menteng, reason):
    position = make(back_office, nobody, menteng)

    with pytest.raises(Invalid) as refusal:
        positions.end_position(position=position, by=back_office, at=START, reason=reason)

    assert refusal.value.code == "reason_required"
    assert Position.objects.get(pk=position.pk).ends_at is None


def test_a_position_ends_once_and_not_before_it_begins(back_office, nobody, menteng):
    position = make(back_office, nobody, menteng)

    with pytest.raises(Invalid):
        positions.end_position(position=position, by=back_office, at=START - timedelta(days=1), reason="x")
    positions.end_position(position=position, by=back_office, at=START, reason="x")
    with pytest.raises(positions.AlreadyEnded):
        positions.end_position(position=position, by=back_office, at=START + timedelta(days=1), reason="y")

    assert Position.objects.get(pk=position.pk).ends_at == START
