"""The demo's customers: many, synthetic, always the same."""

import pytest

from customers import rules
from customers.models import Customer, Meter, PhoneNumber
from customers.services import demo
from customers.services.identity import nik_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def made():
    demo.load(count=400)
    return Customer.objects.select_related("unit", "area", "tariff").order_by("pk")


def test_every_customer_is_marked_and_belongs_to_a_unit_that_serves(made):
    assert made.count() == 400
    assert not made.filter(is_demo=False).exists()
    assert set(made.values_list("unit__kind", flat=True)) <= {"ULP", "UP3", "UID", "UIW"}
    outside = made.filter(area__code__startswith="73.")
    assert {customer.unit.name for customer in outside} == {"UIW Sulawesi Selatan, Tenggara & Barat"}


def test_no_name_phone_or_nik_can_be_anybodys(made):
    assert all(customer.name.startswith("PELANGGAN ") for customer in made)
    assert all("00" in number[5:8] or "00" in number[4:7] for number in _numbers())
    niks = [nik_of(customer) for customer in made]
    assert 200 < sum(map(bool, niks)) < 360
    assert all(rules.check_nik(nik).endswith("0000") for nik in niks if nik)
    assert all(rules.normalise_phone(number).number == number for number in _numbers())


def _numbers():
    return PhoneNumber.objects.values_list("number", flat=True)


def test_meters_are_plausible_and_of_every_age(made):
    assert all(map(rules.meter_number_is_plausible, Meter.objects.values_list("number", flat=True)))
    years = {installed.year for installed in Meter.objects.values_list("installed_on", flat=True)}
    assert len(years) >= 15


def test_the_mix_is_realistic(made):
    assert set(made.values_list("product", "phase")) == {
        ("PASCABAYAR", 1),
        ("PASCABAYAR", 3),
        ("PRABAYAR", 1),
        ("PRABAYAR", 3),
    }
    assert {"R1", "R1M", "R2", "B1", "P1"} <= set(made.values_list("tariff__code", flat=True))
    assert set(made.filter(tariff__code="P1").values_list("kogol_id", flat=True)) == {1}
    assert not made.filter(product="PRABAYAR", phase=1, power_va__gt=11000).exists()


def test_a_second_load_adds_nothing(made, django_assert_num_queries):
    with django_assert_num_queries(3):
        assert demo.load() == 0


def test_the_same_seed_makes_the_same_customers(made):
    first = list(made.values_list("idpel", "area_id", "power_va", "product"))
    Meter.objects.all().delete()
    Customer.objects.all().delete()

    demo.load(count=400)

    assert list(made.values_list("idpel", "area_id", "power_va", "product")) == first
