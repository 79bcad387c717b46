"""What people asked for and did not get, and what another setting would have meant for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from allocation.models import AllocationCheck, AllocationMatrix, MeterAvailability
from allocation.services import demand, demo
from common.errors import Forbidden
from customers.models import Tariff
from units.models import Unit, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(agent: User) -> Callable[..., None]:
    """`count` kept checks: PB of 2,200 VA pascabayar, refused, but for what is named."""

    def make(unit: Unit, count: int = 1, days: int = 0, **fields) -> None:
        at = timezone.now() - timedelta(days=days)
        values = {
            "transaction": "PB",
            "power_va": 2200,
            "product": "PASCABAYAR",
            "tariff": Tariff.objects.get(code="R1"),
            "outcome": "OFFER_OTHER",
            "phases": "1",
            "on": timezone.localdate(at),
            "asked_at": at,
            "asked_by": agent,
            "matrix": AllocationMatrix.objects.get(),
        } | fields
        AllocationCheck.objects.bulk_create(AllocationCheck(unit=unit, **values) for _ in range(count))

    return make


def preview(unit: Unit, value: str, by: User, **fields) -> list[tuple[int, str, int, int]]:
    found = demand.preview_change(unit=unit, phase=1, value=value, by=by, at=timezone.now(), **fields)
    return [(line.power_va, line.product, line.would_refuse, line.would_serve) for line in found.lines]


def test_a_preview_counts_both_ways_by_power_and_product(asked, menteng, manager_menteng) -> None:
    asked(menteng, 3)
    asked(menteng, 2, product="PRABAYAR", outcome="SERVED")
    asked(menteng, 4, power_va=1300, product="PRABAYAR", outcome="SERVED")

    assert preview(menteng, "PASCABAYAR", manager_menteng) == [
        (1300, "PRABAYAR", 4, 0),
        (2200, "PASCABAYAR", 0, 3),
        (2200, "PRABAYAR", 2, 0),
    ]
    assert preview(menteng, "ALL", manager_menteng) == [(2200, "PASCABAYAR", 0, 3)]
    assert preview(menteng, "PRABAYAR", manager_menteng) == []


def test_a_customers_own_meter_stays_served_in_a_preview(asked, menteng, manager_menteng) -> None:
    own = {"transaction": "PD", "current_phase": 1, "current_product": "PRABAYAR"}
    asked(menteng, 2, product="PRABAYAR", outcome="SERVED", **own)

    assert preview(menteng, "PASCABAYAR", manager_menteng) == []


def test_a_preview_leaves_out_other_days_phases_units_and_looking_back(
    asked, menteng, bandung, manager_menteng
) -> None:
    asked(menteng, days=31)
    asked(menteng, phases="3", power_va=23000)
    asked(bandung)
    asked(menteng, on=timezone.localdate() - timedelta(days=3))

    assert preview(menteng, "ALL", manager_menteng) == []
    assert preview(menteng, "ALL", manager_menteng, days=60) == [(2200, "PASCABAYAR", 0, 1)]


def test_a_manual_power_is_served_by_the_other_phase_also_in_a_preview(
    asked, setting, menteng, manager_menteng
) -> None:
    other = setting(menteng, 3, "ALL", manager_menteng)
    asked(menteng, power_va=5000, phases="13", outcome="SERVED", availability_3=other)

    assert preview(menteng, "PRABAYAR", manager_menteng) == []


def test_a_uid_previews_for_those_of_its_up3_that_inherit(
    asked, setting, menteng, unit, jakarta, bandung, srm_jakarta
) -> None:
    setting(menteng, 1, "PRABAYAR", srm_jakarta)
    for place, count in ((menteng, 1), (unit("UP3 Bulungan"), 2), (jakarta, 4), (bandung, 8)):
        asked(place, count)

    assert preview(jakarta, "ALL", srm_jakarta) == [(2200, "PASCABAYAR", 0, 6)]


def test_a_preview_is_for_those_who_may_see_the_checks(api, asked, address, menteng, manager_bandung, agent):
    asked(menteng)
    with pytest.raises(Forbidden):
        preview(menteng, "ALL", manager_bandung)
    path = address(under="preview/?value=ALL")
    assert api(manager_bandung).get(path).status_code == 403
    assert api(agent).get(path).json()["would_serve"] == 1
    for wrong in ("preview/", "preview/?value=X", "preview/?value=ALL&days=0", "preview/?value=ALL&x=1"):
        assert api(agent).get(address(under=wrong)).status_code == 400


def test_a_preview_judges_like_questions_once(
    asked, menteng, jakarta, srm_jakarta, django_assert_num_queries
):
    srm_jakarta.positions_in_force  # noqa: B018  (read once per request)
    for count in (10, 200):
        asked(menteng, count)
        with django_assert_num_queries(4):
            preview(jakarta, "ALL", srm_jakarta)


def test_unmet_demand_is_counted_by_unit_power_product_and_week(
    asked, menteng, bandung, manager_menteng, supervisor, django_assert_num_queries
) -> None:
    asked(menteng, 3)
    asked(menteng, 2, days=7)
    asked(menteng, 4, outcome="SERVED")
    asked(menteng, 1, power_va=13900, outcome="NOTHING_SERVED")
    asked(bandung, 5, outcome="NOT_SET")
    asked(bandung, 1, days=40)
    until = timezone.now() + timedelta(minutes=1)
    since = until - timedelta(days=30)
    for user in (manager_menteng, supervisor):
        user.positions_in_force  # noqa: B018  (read once per request)

    with django_assert_num_queries(1):
        own = demand.unmet_demand(user=manager_menteng, since=since, until=until)
    assert [(line.unit_name, line.power_va, line.product, line.count) for line in own] == [
        ("UP3 Menteng", 2200, "PASCABAYAR", 3),
        ("UP3 Menteng", 13900, "PASCABAYAR", 1),
        ("UP3 Menteng", 2200, "PASCABAYAR", 2),
    ]
    assert own[0].week - own[2].week == timedelta(days=7)
    assert own[0].week.isoweekday() == 1
    everywhere = demand.unmet_demand(user=supervisor, since=since, until=until)
    assert sum(line.count for line in everywhere) == 11


def test_the_demo_shows_refusals_of_every_kind(appoint, supervisor, django_assert_max_num_queries) -> None:
    for username, role, at in (
        ("cso", "CSO", "PLN Pusat"),
        ("pln-mobile", "CHANNEL", "PLN Pusat"),
        ("manager.menteng", "MANAGER_UP3", "UP3 Menteng"),
        ("manager.bandung", "MANAGER_UP3", "UP3 Bandung"),
        ("srm.jakarta", "SRM_NIAGA", "UID Jakarta Raya"),
    ):
        appoint(username, role, at)
    with django_assert_max_num_queries(150):  # for 600 checks
        assert demo.load() == 600
    assert demo.load() == 0

    newest = MeterAvailability.objects.newest(timezone.now())
    assert newest.get(unit__name="UP3 Menteng", phase=1).value == "ALL"
    outcomes = set(AllocationCheck.objects.values_list("outcome", flat=True))
    assert outcomes == {"SERVED", "OFFER_OTHER", "NOTHING_SERVED", "NOT_SET"}
    now = timezone.now()
    found = demand.unmet_demand(user=supervisor, since=now - timedelta(days=60), until=now)
    assert len({line.unit_code for line in found}) >= 5
