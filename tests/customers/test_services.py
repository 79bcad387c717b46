"""Registering, correcting, finding and revealing customers."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from common.errors import Forbidden, Invalid
from customers.models import AccessLog, Customer, Meter, PhoneNumber
from customers.services import customers as service
from customers.services.lookup import find_customers
from customers.services.privacy import reveal
from tests.customers.conftest import NIK
from units.models import Position, Unit
from units.powers import Role

pytestmark = pytest.mark.django_db

REASON = "penelepon meminta dibacakan"


# --- Registering and correcting ---------------------------------------------------------------------


def test_a_taken_idpel_is_named_at_its_field(register, customer):
    with pytest.raises(ValidationError) as refusal:
        register(customer.idpel, "UP3 Menteng")

    assert list(refusal.value.message_dict) == ["idpel"]
    assert Customer.objects.count() == 1


def test_a_posko_does_not_serve_customers(register, unit):

    posko = Unit.objects.filter(kind="POSKO").first()
    with pytest.raises(ValidationError):
        register("540520000033", posko.name)

    assert not Customer.objects.exists()


def test_a_correction_raises_the_version_and_is_in_the_history_without_content(customer, back_office):
    changed = service.correct_customer(
        customer=customer, by=back_office, version=1, name="PELANGGAN BARU", power_va=1300, nik=""
    )

    assert (changed.version, changed.power_va, changed.name) == (2, 1300, "PELANGGAN BARU")
    assert changed.nik_encrypted is None
    assert changed.nik_hash == ""
    newest = changed.history.first()
    assert (newest.power_va, newest.history_change_reason) == (1300, "name, power_va, nik")


def test_a_correction_of_an_old_version_changes_nothing(customer, back_office):
    service.correct_customer(customer=customer, by=back_office, version=1, power_va=1300)

    with pytest.raises(service.ChangedMeanwhile):
        service.correct_customer(customer=customer, by=back_office, version=1, power_va=2200)

    customer.refresh_from_db()
    assert (customer.power_va, customer.version) == (1300, 2)


def test_who_may_not_maintain_customers_changes_nothing(customer, manager_menteng):
    with pytest.raises(Forbidden):
        service.correct_customer(customer=customer, by=manager_menteng, version=1, power_va=1300)
    with pytest.raises(Forbidden):
        service.add_phone(customer=customer, number="081200000002", by=manager_menteng)
    with pytest.raises(Forbidden):
        service.remove_phone(phone=customer.phones.first(), by=manager_menteng)

    customer.refresh_from_db()
    assert (customer.power_va, customer.version, customer.phones.count()) == (900, 1, 2)


def test_a_customer_cannot_be_moved_to_a_unit_out_of_reach(customer, bandung, appoint):

    local = appoint("back office of menteng", Role.BACK_OFFICE, "UP3 Menteng")

    with pytest.raises(Forbidden):
        service.correct_customer(customer=customer, by=local, version=1, unit=bandung)

    customer.refresh_from_db()
    assert customer.unit.name == "UP3 Menteng"


def test_the_idpel_is_never_corrected(customer, back_office):
    with pytest.raises(ValidationError):
        service.correct_customer(customer=customer, by=back_office, version=1, idpel="540520000099")


def test_a_new_meter_ends_the_one_in_use_on_the_same_day(customer, back_office):
    old = customer.current_meter
    new = service.install_meter(
        customer=customer, number="32000000019", installed_on=date(2026, 1, 5), by=back_office
    )

    old.refresh_from_db()
    assert old.removed_on == date(2026, 1, 5)
    assert new.brand == "Itron"
    assert Customer.objects.get(pk=customer.pk).current_meter == new


def test_a_meter_hangs_in_one_place_only(customer, elsewhere, back_office):
    number = customer.current_meter.number
    with pytest.raises(service.MeterTaken):
        service.install_meter(
            customer=elsewhere, number=number, installed_on=date(2026, 1, 5), by=back_office
        )

    assert elsewhere.meters.count() == 1


def test_a_meter_older_than_the_one_in_use_is_refused(customer, back_office):
    with pytest.raises(Invalid):
        service.install_meter(
            customer=customer, number="32000000019", installed_on=date(2000, 1, 5), by=back_office
        )

    assert Meter.objects.count() == 1


def test_the_same_phone_is_noted_once(customer, back_office):
    service.add_phone(customer=customer, number="+62 812-9999-0789", by=back_office)

    assert customer.phones.count() == 2


# --- Finding ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "criterion",
    [
        {"idpel": "540520000017"},
        {"meter_number": "14520000017"},
        {"phone": "0812-9999-0789"},
        {"phone": "6281299990789"},
        {"phone": "0215559123"},
    ],
)
def test_a_customer_is_found_by_one_exact_number(customer, criterion):
    assert list(find_customers(**criterion)) == [customer]


@pytest.mark.parametrize(
    "criteria",
    [
        {},
        {"idpel": "540520000017", "phone": "081299990789"},
        {"idpel": "5405"},
        {"idpel": ""},
        {"meter_number": "145"},
        {"phone": "0812"},
    ],
)
def test_nothing_is_found_by_less_or_more(customer, criteria):
    with pytest.raises(Invalid):
        find_customers(**criteria)


# --- Revealing --------------------------------------------------------------------------------------


def test_a_reveal_answers_in_full_and_is_recorded_once(customer, agent):
    values = reveal(customer=customer, fields=["nik", "name", "address", "phones"], by=agent, reason=REASON)

    assert values == {
        "name": "PELANGGAN KENARI",
        "address": "JL. CONTOH RAHASIA No. 17 RT 003 RW 004 (PAGAR BIRU)",
        "nik": NIK,
        "phones": [
            {"number": "+6281299990789", "kind": "MOBILE"},
            {"number": "+62215559123", "kind": "PSTN"},
        ],
    }
    access = AccessLog.objects.get()
    assert (access.kind, access.customer, access.unit) == ("REVEAL", customer, customer.unit)
    assert (access.reader, access.role, access.reason) == (agent, "CSO", REASON)
    assert access.fields == ["name", "address", "nik", "phones"]
    assert access.position == agent.positions.get()


def test_a_reveal_answers_what_was_asked_and_no_more(customer, agent):
    assert reveal(customer=customer, fields=["name"], by=agent, reason=REASON) == {"name": "PELANGGAN KENARI"}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [(["name"], "singkat"), (["name"], "  a  b       "), ([], REASON), (["idpel"], REASON)],
)
def test_a_reveal_without_reason_or_field_records_and_answers_nothing(customer, agent, fields, reason):
    with pytest.raises(Invalid):
        reveal(customer=customer, fields=fields, by=agent, reason=reason)

    assert not AccessLog.objects.exists()


@pytest.mark.parametrize("reader", ["manager_menteng", "program_jakarta", "sop_author", "channel", "nobody"])
def test_who_may_not_reveal_is_refused_and_nothing_is_recorded(customer, request, reader):
    with pytest.raises(Forbidden):
        reveal(customer=customer, fields=["name"], by=request.getfixturevalue(reader), reason=REASON)

    assert not AccessLog.objects.exists()


def test_a_posko_reveals_in_its_own_unit_only(elsewhere, posko_menteng):
    with pytest.raises(Forbidden):
        reveal(customer=elsewhere, fields=["name"], by=posko_menteng, reason=REASON)

    assert not AccessLog.objects.exists()


def test_a_position_that_ended_a_second_ago_reveals_nothing(customer, agent):
    Position.objects.filter(holder=agent).update(ends_at=timezone.now() - timedelta(seconds=1))

    with pytest.raises(Forbidden):
        reveal(customer=customer, fields=["name"], by=agent, reason=REASON)

    assert not AccessLog.objects.exists()


def test_without_its_record_a_reveal_does_not_happen(customer, agent, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("no record")

    monkeypatch.setattr(AccessLog, "save", broken)
    with pytest.raises(RuntimeError):
        reveal(customer=customer, fields=["name"], by=agent, reason=REASON)


def test_forgetting_a_phone_forgets_it(customer, back_office):
    service.remove_phone(phone=customer.phones.get(kind="PSTN"), by=back_office)

    assert not PhoneNumber.objects.filter(number="+62215559123").exists()
