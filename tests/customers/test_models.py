"""What can never be true of a customer, whoever writes it; and rows that are written once."""

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from common.append_only import AppendOnlyError
from customers.models import AccessLog, Customer, Meter, PhoneNumber, PowerStep, Tariff
from customers.services import privacy, reference
from customers.services.identity import nik_hash
from tests.customers.conftest import NIK
from tests.flushing import triggers_lifted

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "values",
    [
        {"idpel": "54052000001x"},
        {"idpel": "5405200001"},
        {"phase": 2},
        {"product": "LAIN"},
        {"power_va": 0},
        {"power_va": 200_000_001},
    ],
)
def test_the_database_refuses_an_impossible_customer(customer, values):
    with pytest.raises(IntegrityError), transaction.atomic():
        Customer.objects.filter(pk=customer.pk).update(**values)


def test_the_database_refuses_a_second_meter_in_use(customer):
    with pytest.raises(IntegrityError), transaction.atomic():
        Meter.objects.create(customer=customer, number="14000000099", installed_on=date(2020, 1, 1))

    assert customer.meters.count() == 1


def test_the_database_refuses_a_phone_that_is_not_e164(customer):
    with pytest.raises(IntegrityError), transaction.atomic():
        PhoneNumber.objects.create(customer=customer, number="0812", kind="MOBILE")


def test_the_nik_is_kept_sealed_and_known_by_its_hash(customer):
    with connection.cursor() as cursor:
        cursor.execute("SELECT nik_encrypted, nik_hash FROM customers_customer")
        sealed, hashed = cursor.fetchone()

    assert NIK.encode() not in bytes(sealed)
    assert NIK not in hashed
    assert hashed == nik_hash(NIK) != nik_hash("3171010101900000")


def test_the_history_holds_no_personal_data(customer):
    recorded = {field.name for field in Customer.history.model._meta.get_fields()}

    assert not recorded & set(Customer.PERSONAL)
    assert recorded >= {"idpel", "unit", "tariff", "power_va", "product"}


def test_subsidy_follows_from_tariff_and_power():
    r1, r1m = Tariff.objects.get(code="R1"), Tariff.objects.get(code="R1M")

    assert [r1.is_subsidised_at(va) for va in (450, 900, 1300)] == [True, True, False]
    assert not r1m.is_subsidised_at(900)


# --- Reference data ---------------------------------------------------------------------------------


def test_the_reference_data_is_there():
    assert Tariff.objects.count() == 20
    assert list(PowerStep.objects.filter(va__in=(450, 3900)).values_list("phase", flat=True)) == [1, 3]
    assert PowerStep.objects.get(va=41500).limiter_a == 63


def test_a_second_load_asks_one_question_a_file_and_keeps_what_was_edited(django_assert_num_queries):
    Tariff.objects.filter(code="R1").update(name="dari back office")

    with django_assert_num_queries(3):
        assert reference.load() == {"tariffs.csv": 0, "power_steps.csv": 0, "kogol.csv": 0}

    assert Tariff.objects.get(code="R1").name == "dari back office"


# --- Rows that are written once ---------------------------------------------------------------------


@pytest.fixture
def access(customer, agent):
    privacy.reveal(customer=customer, fields=["name"], by=agent, reason="penelepon lupa namanya")
    return AccessLog.objects.get()


def test_code_cannot_change_an_access(access):
    access.reason = "alasan lain yang dikarang"
    with pytest.raises(AppendOnlyError):
        access.save()
    with pytest.raises(AppendOnlyError):
        access.delete()
    with pytest.raises(AppendOnlyError):
        AccessLog.objects.all().delete()
    with pytest.raises(AppendOnlyError):
        AccessLog.objects.update(reason="")


@pytest.mark.parametrize(
    "statement", ["UPDATE customers_accesslog SET reason = ''", "DELETE FROM customers_accesslog"]
)
def test_the_database_cannot_change_an_access_either(access, statement):
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert AccessLog.objects.get().reason == "penelepon lupa namanya"


def test_a_reveal_without_a_customer_cannot_be_recorded(access):
    with pytest.raises(IntegrityError), transaction.atomic():
        AccessLog.objects.create(
            kind="REVEAL",
            unit=access.unit,
            reader=access.reader,
            position=access.position,
            role=access.role,
            fields=["name"],
            reason="tanpa pelanggan",
            at=timezone.now(),
        )


@pytest.mark.django_db(transaction=True)
def test_tests_that_commit_can_still_be_cleaned_up(access):
    with triggers_lifted():
        pass
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM customers_accesslog")
