"""The reference data as a whole."""

from collections import Counter
from datetime import date

import pytest
from django.db.models import Count

from units.models import Area, ServiceArea, Unit
from units.services import reference
from units.services.areas import load_areas
from units.services.service_areas import serving_unit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("indonesia")]

TODAY = date(2026, 1, 1)
FIVE_PROVINCES = ("31", "32", "33", "34", "36")


def test_every_area_of_the_country_is_there():
    levels = dict(Area.objects.order_by().values_list("level").annotate(Count("pk")))

    assert levels == {1: 38, 2: 514, 3: 7285, 4: 83762}


def test_the_provinces_are_spread_over_the_three_time_zones():
    zones = Counter(Area.objects.filter(level=1).values_list("time_zone", flat=True))

    assert zones == {"Asia/Jakarta": 18, "Asia/Makassar": 12, "Asia/Jayapura": 8}


def test_no_two_areas_under_one_parent_bear_the_same_label_down_to_the_district():
    labels = Counter(Area.objects.filter(level__lte=3).values_list("parent", "display_name"))

    assert max(labels.values()) == 1


def test_every_regency_of_the_five_provinces_is_served_except_kepulauan_seribu():
    regencies = [area for area in Area.objects.filter(level=2) if area.code.startswith(FIVE_PROVINCES)]

    unserved = [area.display_name for area in regencies if serving_unit(area, TODAY) is None]

    assert len(regencies) == 81
    assert unserved == ["KAB. ADM. KEPULAUAN SERIBU"]


def test_every_district_of_jakarta_is_assigned_by_a_row_of_its_own():
    districts = Area.objects.filter(code__startswith="31.7", level=3)

    assert districts.count() == 42
    assert not districts.filter(service=None)


def test_nothing_outside_the_five_provinces_is_assigned():
    assert {code[:2] for code in ServiceArea.objects.values_list("area_id", flat=True)} == set(FIVE_PROVINCES)


def test_every_up3_serves_some_area_itself_or_through_a_unit_below_it():
    serving = Unit.objects.filter(service_areas__isnull=False)
    ids = {pk for unit in serving for pk in unit.ancestor_ids}

    assert Unit.objects.filter(kind="UP3").count() == 52
    assert not Unit.objects.filter(kind="UP3").exclude(pk__in=ids)


def test_a_second_load_writes_nothing_and_asks_four_questions(django_assert_num_queries):
    with django_assert_num_queries(4):
        assert set(reference.load().values()) == {0}


def test_a_new_edition_writes_only_what_differs():
    Area.objects.filter(pk="31.71.01").update(name="Gambier")
    load_areas(only=("31.71",))

    assert load_areas() == 0
    assert Area.objects.get(pk="31.71.01").name == "Gambir"
