"""What the domain answers to a procedure's questions."""

from datetime import date, timedelta

import pytest
from django.test import override_settings

from allocation.models import AllocationCheck
from common.errors import Invalid
from customers import cipher
from customers.models import Customer, Meter, Tariff
from sop import checks
from sop.models import PsScheme, SopValue
from sop.rules.graph import link
from sop.rules.walk import ANSWERED, Move, Walk
from sop.situation import Premises, Situation
from tickets.models import DiagnosisCoverage
from units.models import Area, Unit

from .conftest import MORNING, TODAY

pytestmark = pytest.mark.django_db

GAMBIR = "31.71.01.1001"
TYPES = {
    "pelanggan": "idpel_or_meter",
    "area": "area",
    "unit": "unit",
    "daya": "power_step",
    "produk": "product",
    "produk_sekarang": "product",
    "phasa_sekarang": "choice",
    "tarif": "tariff",
    "hp": "phone",
    "koordinat": "coordinates",
    "setuju": "yes_no",
}


@pytest.fixture
def known(agent):
    """A situation in which these fields were collected."""

    def make(on=TODAY, caller_kind="", offered_name="", premises=None, **collected):
        steps = {
            "s": {"kind": "collect", "line": 1, "next": "end", "fields": _fields(collected)},
        }
        walk = Walk(link({"slug": "a", "start": "s", "steps": steps, "before": []}, {}))
        walk.add(Move(ANSWERED, "s", fields=collected))
        site = agent.positions.get().unit
        return Situation(
            walk=walk,
            agent=agent,
            site=site,
            on=on,
            at=MORNING,
            channel="CC123",
            reference="a@1",
            premises=premises or Premises(),
            caller_kind=caller_kind,
            offered_name=offered_name,
        )

    return make


def _fields(collected):
    return [{"name": name, "type": TYPES.get(name, "text"), "label": name} for name in collected]


@pytest.fixture
def customer(menteng):
    """A prepaid customer whose meter was installed fifteen years ago to the day."""
    customer = Customer.objects.create(
        idpel="541100000017",
        name="Pelanggan Contoh",
        street="Jl. Contoh",
        area=Area.objects.get(pk=GAMBIR),
        unit=menteng,
        tariff=Tariff.objects.get(code="R1"),
        power_va=900,
        phase=1,
        product="PRABAYAR",
    )
    Meter.objects.create(number="14000000001", customer=customer, installed_on=date(2011, 3, 2))
    return customer


def answer(name, situation, **arguments):
    return checks.ask(name, situation, arguments).value


def test_the_customer_is_found_by_idpel_and_by_meter_number(known, customer):
    for number in (customer.idpel, "14000000001"):
        assert answer("customer_found", known(pelanggan=number)) == "ya"
        assert answer("product", known(pelanggan=number)) == "PRABAYAR"
        assert answer("subsidised", known(pelanggan=number)) == "subsidi"
    assert answer("customer_found", known(pelanggan="999999999999")) == "tidak"
    assert answer("product", known()) == answer("subsidised", known()) == "tidak_diketahui"


@pytest.mark.parametrize(
    ("product", "years", "expected"),
    [
        ("PASCABAYAR", 9, "belum"),
        ("PASCABAYAR", 10, "memenuhi"),
        ("PRABAYAR", 14, "belum"),
        ("PRABAYAR", 15, "memenuhi"),
        (None, 20, "tidak_diketahui"),
        ("PRABAYAR", None, "tidak_diketahui"),
    ],
)
def test_a_meter_is_old_by_the_limit_of_its_product(known, product, years, expected):
    assert answer("meter_age", known(), product=product, years=years) == expected


def test_without_the_callers_word_the_day_of_installation_counts(known, customer):
    given = {"pelanggan": customer.idpel}

    assert answer("meter_age", known(**given)) == "memenuhi"
    assert answer("meter_age", known(on=TODAY - timedelta(days=1), **given)) == "belum"
    assert answer("meter_age", known(**given), product="PRABAYAR", years=3) == "belum"


def test_the_caller_and_the_form(known):
    assert answer("caller_number_kind", known(caller_kind="PSTN")) == "PSTN"
    assert answer("caller_number_kind", known()) == "tidak_ada"
    assert answer("caller_known", known(offered_name="Sri")) == "ya"
    assert answer("caller_known", known()) == "tidak"
    assert answer("channel", known()) == "CC123"
    assert answer("coordinates_known", known(koordinat={"latitude": -6.2, "longitude": 106.8})) == "ya"
    assert answer("field_value", known(setuju=False), field="setuju") == "tidak"
    assert answer("field_value", known(), field="setuju") == "kosong"


def test_the_unit_is_chosen_or_follows_from_customer_or_area(known, customer, bandung):
    assert known(area=GAMBIR).unit.is_within(Unit.objects.get(name="UID Jakarta Raya"))
    assert known(pelanggan=customer.idpel).unit == customer.unit
    assert known(pelanggan=customer.idpel, unit=bandung.code).unit == bandung
    assert answer("unit_known", known()) == "tidak"
    assert answer("unit_known", known(area=GAMBIR)) == "ya"


@pytest.mark.parametrize(
    ("unit", "on", "expected"),
    [
        ("UP3 Menteng", date(2021, 12, 21), "di_luar"),
        ("UP3 Menteng", date(2021, 12, 22), "dicakup"),
        ("UP3 Bandung", date(2022, 2, 17), "di_luar"),
        ("UP3 Bandung", date(2022, 2, 18), "dicakup"),
    ],
)
def test_coverage_is_that_of_the_day_of_the_call(known, unit, on, expected):
    DiagnosisCoverage.objects.all().delete()
    for name, since in (("UID Jakarta Raya", (2021, 12, 22)), ("UID Jawa Barat", (2022, 2, 18))):
        place = Unit.objects.get(name=name)
        DiagnosisCoverage.objects.create(unit=place, valid_from=date(*since), basis="uji")
    code = Unit.objects.get(name=unit).code

    assert answer("self_diagnosis_coverage", known(on=on, unit=code)) == expected


def test_coverage_of_nowhere_is_unknown(known):
    assert answer("self_diagnosis_coverage", known()) == "tidak_diketahui"


def test_the_scheme_is_the_nearest_one_and_not_set_blocks_nothing(known, menteng, jakarta):
    here = known(unit=menteng.code)
    assert answer("ps_scheme", here) == answer("ps_scheme", known()) == "belum_diatur"
    PsScheme.objects.create(unit=jakarta, scheme=1, valid_from=date(2020, 1, 1))
    assert answer("ps_scheme", here) == "skema_1"
    PsScheme.objects.create(unit=menteng, scheme=2, valid_from=date(2020, 1, 1))
    assert answer("ps_scheme", here) == "skema_2"


def test_tmp_counts_working_days_and_the_nearest_unit_declares_them(known, menteng):
    friday, arguments = date(2026, 2, 20), {"indicator": "sambung", "registered_on": "2026-02-13"}
    assert answer("tmp_exceeded", known(on=friday), **arguments) == "tidak_diketahui"
    SopValue.objects.create(key="tmp-sambung", default="5")
    assert answer("tmp_exceeded", known(on=friday), **arguments) == "belum"
    assert answer("tmp_exceeded", known(on=friday + timedelta(days=2)), **arguments) == "belum"
    assert answer("tmp_exceeded", known(on=friday + timedelta(days=3)), **arguments) == "melebihi"
    SopValue.objects.create(key=f"tmp-sambung-{menteng.code}", default="4")
    assert answer("tmp_exceeded", known(on=friday, unit=menteng.code), **arguments) == "melebihi"


@pytest.mark.parametrize(
    ("registered", "declared", "due"),
    [
        ("2026-02-13", "5", "20/02/2026"),
        ("2026-02-14", "5", "20/02/2026"),
        ("2026-02-13", "0", "13/02/2026"),
        ("2026-02-13", "1", "16/02/2026"),
        ("9999-12-31", "5", None),
    ],
)
def test_the_last_day_in_time_is_named(known, registered, declared, due):
    SopValue.objects.create(key="tmp-sambung", default=declared)

    found = checks.ask("tmp_exceeded", known(), {"indicator": "sambung", "registered_on": registered})

    assert (found.data["tmp"], found.data.get("jatuh_tempo")) == (declared, due)


def test_a_declared_time_that_is_no_number_of_days_is_unknown(known):
    SopValue.objects.create(key="tmp-sambung", default="9" * 200)

    assert (
        answer("tmp_exceeded", known(), indicator="sambung", registered_on="2026-02-13") == "tidak_diketahui"
    )


class Register:
    def is_registered(self, nik):
        return nik.endswith("1")


@pytest.mark.parametrize(("last", "expected"), [("1", "terdaftar"), ("2", "tidak_terdaftar")])
def test_the_register_answers_where_it_is_connected(known, last, expected):
    kept = checks.seal_nik(f"317101010190000{last}", "3171••••••••000x")

    assert answer("subsidy_register", known(), nik=kept) == "tidak_terhubung"
    with override_settings(SUBSIDY_REGISTER=f"{__name__}.Register"):
        assert answer("subsidy_register", known(), nik=kept) == expected


def test_a_nik_is_kept_sealed_for_its_own_place():
    kept = checks.seal_nik("3171010101900001", "3171••••••••0001")

    assert "3171010101900001" not in str(kept)
    assert checks.open_nik(kept) == "3171010101900001"
    with pytest.raises(cipher.UndecipherableError):
        cipher.decrypt(__import__("base64").b64decode(kept["sealed"]), place="elsewhere")


def test_the_allocation_is_asked_and_kept_and_brings_its_words(known, menteng):
    given = {"unit": menteng.code, "daya": 2200, "produk": "PASCABAYAR", "tarif": "R1"}

    found = checks.ask("allocation", known(**given), {"transaction": "PB"})

    kept = AllocationCheck.objects.get()
    assert found.value == "belum_diatur"
    assert (kept.unit, kept.power_va, kept.product) == (menteng, 2200, "PASCABAYAR")
    assert (found.data["daya"], found.data["produk"], found.data["produk_lain"]) == (
        "2.200 VA",
        "PASKABAYAR",
        "PRABAYAR",
    )


def test_an_allocation_without_power_product_or_tariff_is_refused(known, menteng):
    with pytest.raises(Invalid):
        answer("allocation", known(unit=menteng.code), transaction="PB")

    assert not AllocationCheck.objects.exists()


def test_other_sops_and_programs_by_the_day(known, publish):
    publish(slug="pandemi", valid_from=date(2020, 4, 10), valid_until=date(2020, 12, 31))

    assert answer("sop_in_force", known(on=date(2020, 4, 10)), sop="pandemi") == "berlaku"
    assert answer("sop_in_force", known(), sop="pandemi") == "tidak_berlaku"
    assert answer("program_in_force", known(), program="tidak-ada") == "tidak_berlaku"


def test_nothing_is_reported_and_nothing_is_out(known):
    assert answer("earlier_report", known(hp="+6281234567890")) == "tidak_ada"
    assert answer("open_incident", known(area=GAMBIR)) == "tidak_ada"
    assert answer("open_incident", known()) == "tidak_ada"
