"""What the reference files say, and what loading them leaves alone."""

from datetime import date, timedelta

import pytest
from django.core.management import call_command

from common.models import ReferenceLoad
from units.models import Area, ServiceArea, Unit, UnitAlias
from units.services import reference
from units.services.areas import load_areas
from units.services.service_areas import load_service_areas, serving_unit
from units.services.structure import load_units

pytestmark = pytest.mark.django_db

TODAY = date(2026, 1, 1)


def area(code: str) -> Area:
    return Area.objects.get(pk=code)


def up3_of(unit: Unit) -> str:
    return Unit.objects.get(pk__in=unit.ancestor_ids, kind="UP3").name


def uid_of(unit: Unit) -> str:
    return Unit.objects.get(pk__in=unit.ancestor_ids, kind="UID").name


@pytest.mark.requirement("R-002-11")
def test_gambir_reads_as_on_the_form():
    lineage = Area.objects.in_bulk(area("31.71.01.1001").lineage)

    assert [lineage[code].display_name for code in sorted(lineage)] == [
        "DKI JAKARTA",
        "KOTA ADM. JAKARTA PUSAT",
        "GAMBIR",
        "GAMBIR",
    ]


def test_the_unit_list_is_complete():
    kinds = {kind: Unit.objects.filter(kind=kind).count() for kind in ("PUSAT", "UID", "UIW", "UP3")}

    assert kinds == {"PUSAT": 1, "UID": 7, "UIW": 15, "UP3": 52}


def test_sourced_codes_are_kept_and_made_up_ones_say_so():
    sourced = {"52100": "UP3 Yogyakarta", "52550": "UP3 Grobogan", "56100": "UP3 Banten Utara"}
    sourced |= {"56120": "ULP Cilegon", "52551": "ULP Demak"}
    certain = Unit.objects.filter(kind__in=("UP3", "ULP", "POSKO"), is_provisional=False)

    assert dict(certain.values_list("code", "name")) == sourced


def test_every_unit_stands_under_a_fitting_one_and_its_path_says_where():
    for unit in Unit.objects.select_related("parent"):
        unit.clean()
        assert unit.path == f"{unit.parent.path if unit.parent else '/'}{unit.pk}/"
        assert unit.basis


@pytest.mark.parametrize("alias", ["UID Jaya", "UID Jakarta", "DISTRIBUSI JAKARTA RAYA"])
def test_uid_jakarta_raya_is_found_by_its_other_names(alias):
    assert UnitAlias.objects.get(name=alias).unit.name == "UID Jakarta Raya"


@pytest.mark.parametrize(
    ("code", "up3", "uid"),
    [
        ("31.71.01.1001", "UP3 Menteng", "UID Jakarta Raya"),
        ("31.71.07", "UP3 Menteng", "UID Jakarta Raya"),
        ("32.75.08", "UP3 Pondok Gede", "UID Jakarta Raya"),
        ("32.75.01", "UP3 Bekasi", "UID Jawa Barat"),
        ("36.74.04", "UP3 Ciputat", "UID Jakarta Raya"),
        ("36.74.03", "UP3 Bintaro", "UID Jakarta Raya"),
        ("36.74.01", "UP3 Serpong", "UID Banten"),
        ("34.71.03", "UP3 Yogyakarta", "UID Jawa Tengah & D.I. Yogyakarta"),
        ("32.73.02", "UP3 Bandung", "UID Jawa Barat"),
    ],
)
def test_the_district_decides_the_unit_not_the_province(code, up3, uid):
    unit = serving_unit(area(code), TODAY)

    assert (up3_of(unit), uid_of(unit)) == (up3, uid)


@pytest.mark.parametrize("code", ["31.01.01.1001", "31", "73.71.01", "91.71"])
def test_where_no_unit_is_known_somebody_has_to_choose(code):
    load_areas(only=("31.01", "73.71", "91.71"))

    assert serving_unit(area(code), TODAY) is None


def test_the_most_specific_row_wins(bandung, menteng):
    ServiceArea.objects.create(area=area("31.71.01.1001"), unit=bandung)

    assert serving_unit(area("31.71.01.1001"), TODAY) == bandung
    assert up3_of(serving_unit(area("31.71.01.1002"), TODAY)) == menteng.name


def test_the_day_decides_which_row_is_in_force(bandung):
    village = area("31.71.01.1001")
    before = serving_unit(village, TODAY)
    last = TODAY + timedelta(days=9)
    ServiceArea.objects.create(area=village, unit=bandung, valid_from=TODAY, valid_until=last)

    days = (TODAY - timedelta(days=1), TODAY, last, last + timedelta(days=1))

    assert [serving_unit(village, day) for day in days] == [before, bandung, bandung, before]


def test_a_unit_that_is_no_more_leaves_its_area_to_the_wider_row(menteng):
    unit = serving_unit(area("31.71.01"), TODAY)
    Unit.objects.filter(pk=unit.pk).update(valid_until=TODAY)

    assert serving_unit(area("31.71.01"), TODAY) == unit
    assert serving_unit(area("31.71.01"), TODAY + timedelta(days=1)) == menteng


def test_finding_the_unit_costs_one_query(django_assert_num_queries):
    village = area("31.71.01.1001")

    with django_assert_num_queries(1):
        assert serving_unit(village, TODAY).name == "ULP Gambir"


def test_loading_again_changes_nothing():
    def content():
        return [list(model.objects.order_by("pk").values()) for model in (Area, Unit, UnitAlias, ServiceArea)]

    before = content()
    ReferenceLoad.objects.update(digest="of an older edition")

    assert load_areas(only=("31.71",)) == load_units() == load_service_areas() == 0
    assert content() == before


def test_what_people_corrected_stays(bandung):
    Unit.objects.filter(name="UP3 Menteng").update(code="54999", is_provisional=False)
    Unit.objects.filter(name="UP3 Bandung").update(name="UP3 Bandung Raya")
    ServiceArea.objects.filter(area="31.71.01").update(unit=bandung)
    ReferenceLoad.objects.all().delete()

    reference.load(only=("31.71",))

    assert Unit.objects.get(name="UP3 Menteng").code == "54999"
    assert Unit.objects.get(code=bandung.code).name == "UP3 Bandung Raya"
    assert ServiceArea.objects.get(area="31.71.01").unit == bandung


def test_more_areas_bring_their_service_areas_along():
    assert not ServiceArea.objects.filter(area__in=("33.21", "31.75.06")).exists()

    reference.load(only=("33.21", "31.75"))

    assert up3_of(serving_unit(area("33.21"), TODAY)) == "UP3 Grobogan"
    assert up3_of(serving_unit(area("31.75.06"), TODAY)) == "UP3 Pondok Kopi"


def test_loaded_rows_say_in_their_history_where_they_come_from():
    row = ServiceArea.objects.get(area="31.71.01")

    assert row.history.get().history_change_reason == "service_areas.csv"
    assert row.unit.history.get().history_change_reason == "units.csv"


def test_the_command_says_nothing_when_there_is_nothing_to_do(capsys, monkeypatch):
    command = "pln_portal.management.commands.load_reference"
    monkeypatch.setattr(
        f"{command}.import_module", lambda path: type("Nothing", (), {"load": lambda: {"areas": 0}})
    )

    call_command("load_reference")

    assert capsys.readouterr().out == ""
