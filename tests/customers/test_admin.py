"""The back office of customers: masked pages, corrections, reveals, exports, imports."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from common import jobs
from common.models import Job
from customers.models import AccessLog, Customer, CustomerImport, Tariff
from customers.services import imports
from customers.services.privacy import reveal
from tests.customers.conftest import NIK, leaks
from tests.customers.test_import import GOOD, file_of

pytestmark = pytest.mark.django_db

REASON = "permintaan pelanggan lewat surat"


def page(name, *args):
    return reverse(f"admin:customers_{name}", args=args)


def change(customer):
    return page("customer_change", customer.pk)


def form_of(customer, **values):
    """What the change form posts, unless `values` say otherwise."""
    return {
        "area": customer.area_id,
        "unit": customer.unit_id,
        "tariff": customer.tariff_id,
        "kogol": customer.kogol_id,
        "power_va": customer.power_va,
        "phase": customer.phase,
        "product": customer.product,
        "read_version": customer.version,
        **management("meters", customer.meters.count()),
        **management("phones", 0),
        **values,
    }


def management(prefix, count):
    return {f"{prefix}-TOTAL_FORMS": count, f"{prefix}-INITIAL_FORMS": count}


# --- Masked everywhere ------------------------------------------------------------------------------


def test_no_page_shows_personal_data(browse, back_office, customer):
    client = browse(back_office)
    reveal(customer=customer, fields=["nik"], by=back_office, reason=REASON)
    version = customer.history.first().pk
    pages = [
        page("customer_changelist"),
        page("customer_changelist") + f"?q={customer.idpel}",
        change(customer),
        page("customer_history", customer.pk),
        page("customer_simple_history", customer.pk, version),
        page("customer_reveal", customer.pk),
        page("accesslog_changelist"),
        page("accesslog_change", AccessLog.objects.get().pk),
        reverse("admin:index"),
    ]

    for address in pages:
        response = client.get(address)
        assert response.status_code == 200, address
        assert leaks(response.content) == [], address


def test_the_pages_show_the_masked_values(browse, back_office, customer):
    shown = browse(back_office).get(change(customer)).content.decode()

    for masked in ("P•••• K••••", "J•••• C•••• R••••, ••••", "3171••••••••0000", "0812••••789"):
        assert masked in shown


@pytest.mark.parametrize(
    ("reader", "statuses"),
    [
        ("back_office", (200, 200)),
        ("manager_menteng", (200, 200)),
        ("manager_bandung", (200, 302)),
        ("sop_author", (403, 403)),
        ("nobody", (302, 302)),
    ],
)
def test_customers_are_seen_within_the_unit(browse, request, customer, reader, statuses):
    client = browse(request.getfixturevalue(reader))

    listed, detail = client.get(page("customer_changelist")), client.get(change(customer))

    assert (listed.status_code, detail.status_code) == statuses
    assert (customer.idpel in listed.content.decode()) == (statuses == (200, 200))


def test_the_history_of_a_hidden_customer_is_hidden(browse, manager_bandung, customer):
    client = browse(manager_bandung)

    assert client.get(page("customer_history", customer.pk)).status_code == 404
    version = customer.history.first().pk
    assert client.get(page("customer_simple_history", customer.pk, version)).status_code == 404


def test_an_old_version_is_read_and_never_restored(browse, back_office, customer):
    version = customer.history.first().pk
    Customer.objects.filter(pk=customer.pk).update(power_va=2200)

    address = page("customer_simple_history", customer.pk, version)
    assert browse(back_office).post(address, form_of(customer)).status_code == 403

    customer.refresh_from_db()
    assert customer.power_va == 2200


@pytest.mark.parametrize("many", [1, 8])
def test_the_list_costs_the_same_for_one_and_for_many(
    browse, back_office, register, many, django_assert_num_queries
):
    for number in range(many):
        register(f"54052000{number:04d}", "UP3 Menteng")
    client = browse(back_office)
    client.get(page("customer_changelist"))

    with django_assert_num_queries(9):
        client.get(page("customer_changelist"))


# --- Registering and correcting ---------------------------------------------------------------------


def test_a_correction_changes_what_was_typed_in_and_nothing_else(browse, back_office, customer):
    posted = form_of(
        customer,
        power_va=1300,
        new_name="PELANGGAN BARU",
        new_phone="081200000005",
        new_meter_number="32000000019",
        new_meter_installed_on="2026-01-05",
    )
    response = browse(back_office).post(change(customer), posted)

    assert response.status_code == 302
    customer = Customer.objects.get(pk=customer.pk)
    assert (customer.power_va, customer.name, customer.version) == (1300, "PELANGGAN BARU", 2)
    assert customer.street == "JL. CONTOH RAHASIA"
    assert customer.phones.filter(number="+6281200000005").exists()
    assert customer.current_meter.number == "32000000019"


def test_a_correction_of_an_old_version_is_refused_in_the_form(browse, back_office, customer):
    response = browse(back_office).post(change(customer), form_of(customer, power_va=1300, read_version=0))

    assert response.status_code == 200
    customer.refresh_from_db()
    assert (customer.power_va, customer.version) == (900, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"new_nik": "123"},
        {"new_phone": "123"},
        {"new_meter_number": "123", "new_meter_installed_on": "2026-01-05"},
        {"new_meter_number": "32000000019"},
        {"power_va": "-1"},
        {"power_va": "9" * 30},
        {"new_name": "a\x00b"},
        {"read_version": "x"},
        {"unit": "x"},
    ],
)
def test_bad_input_is_shown_in_the_form_and_changes_nothing(browse, back_office, customer, wrong):
    response = browse(back_office).post(change(customer), form_of(customer, **wrong))

    assert response.status_code == 200
    assert leaks(response.content) == []
    customer.refresh_from_db()
    assert (customer.power_va, customer.version, customer.meters.count()) == (900, 1, 1)


def test_a_customer_is_registered_by_hand(browse, back_office, customer):
    posted = form_of(
        customer, idpel="540520000099", new_name="PELANGGAN", new_street="JL. CONTOH", new_nik=NIK
    )
    response = browse(back_office).post(page("customer_add"), posted)

    assert response.status_code == 302
    assert Customer.objects.get(idpel="540520000099").nik_hash == customer.nik_hash


def test_a_phone_is_forgotten_by_its_checkbox(browse, back_office, customer):
    phones = list(customer.phones.all())
    posted = form_of(customer) | management("phones", 2)
    for index, phone in enumerate(phones):
        posted |= {f"phones-{index}-id": phone.pk, f"phones-{index}-customer": customer.pk}
    posted["phones-0-DELETE"] = "on"

    browse(back_office).post(change(customer), posted)

    assert list(customer.phones.all()) == phones[1:]


def test_who_may_only_see_changes_nothing(browse, manager_menteng, customer):
    response = browse(manager_menteng).post(change(customer), form_of(customer, power_va=1300))

    assert response.status_code == 403
    customer.refresh_from_db()
    assert customer.power_va == 900


# --- Revealing --------------------------------------------------------------------------------------


def test_a_link_reveals_nothing(browse, back_office, customer):
    client = browse(back_office)
    shown = client.get(change(customer)).content.decode()
    link = page("customer_open_reveal", customer.pk)
    assert link in shown

    response = client.get(link, follow=True)

    assert response.status_code == 200
    assert leaks(response.content) == []
    assert not AccessLog.objects.exists()


def test_a_reveal_shows_the_values_once_and_is_recorded_once(browse, back_office, customer):
    client = browse(back_office)
    posted = {"fields_to_reveal": ["nik", "phones"], "reason": REASON}
    response = client.post(page("customer_reveal", customer.pk), posted)

    shown = response.content.decode()
    assert NIK in shown
    assert "+6281299990789" in shown
    assert "KENARI" not in shown
    assert "no-store" in response["Cache-Control"]
    assert AccessLog.objects.get().fields == ["nik", "phones"]
    assert leaks(client.get(page("customer_reveal", customer.pk)).content) == []


@pytest.mark.parametrize(
    "posted",
    [{}, {"fields_to_reveal": ["nik"], "reason": "singkat"}, {"fields_to_reveal": ["x"], "reason": REASON}],
)
def test_a_reveal_without_reason_shows_and_records_nothing(browse, back_office, customer, posted):
    response = browse(back_office).post(page("customer_reveal", customer.pk), posted)

    assert response.status_code == 200
    assert leaks(response.content) == []
    assert not AccessLog.objects.exists()


@pytest.mark.parametrize(
    ("reader", "status"), [("manager_menteng", 403), ("program_jakarta", 403), ("sop_author", 403)]
)
def test_a_refused_reveal_records_nothing(browse, request, customer, reader, status):
    posted = {"fields_to_reveal": ["nik"], "reason": REASON}
    response = browse(request.getfixturevalue(reader)).post(page("customer_reveal", customer.pk), posted)

    assert response.status_code == status
    assert leaks(response.content) == []
    assert not AccessLog.objects.exists()


def test_a_hidden_customer_cannot_be_revealed(browse, posko_menteng, elsewhere):
    posted = {"fields_to_reveal": ["nik"], "reason": REASON}
    response = browse(posko_menteng).post(page("customer_reveal", elsewhere.pk), posted)

    assert response.status_code == 404
    assert not AccessLog.objects.exists()


def test_the_limit_by_the_hour_holds_here_too(browse, back_office, customer):
    client, posted = browse(back_office), {"fields_to_reveal": ["name"], "reason": REASON}
    for _ in range(31):
        response = client.post(page("customer_reveal", customer.pk), posted)

    assert leaks(response.content) == []
    assert AccessLog.objects.count() == 30


# --- Who read what ----------------------------------------------------------------------------------


def test_the_access_log_is_read_and_never_written(browse, supervisor, customer, agent):
    reveal(customer=customer, fields=["nik"], by=agent, reason=REASON)
    access = AccessLog.objects.get()
    client = browse(supervisor)

    assert REASON in client.get(page("accesslog_changelist")).content.decode()
    assert client.post(page("accesslog_change", access.pk), {"reason": "lain"}).status_code == 403
    assert client.get(page("accesslog_add")).status_code == 403
    assert client.post(page("accesslog_delete", access.pk), {"post": "yes"}).status_code == 403
    assert AccessLog.objects.get().reason == REASON


@pytest.mark.parametrize("many", [1, 5])
def test_the_access_log_costs_the_same_for_one_and_for_many(
    browse, supervisor, customer, agent, many, django_assert_num_queries
):
    for _ in range(many):
        reveal(customer=customer, fields=["nik"], by=agent, reason=REASON)
    client = browse(supervisor)
    client.get(page("accesslog_changelist"))

    with django_assert_num_queries(6):
        client.get(page("accesslog_changelist"))


# --- Exporting --------------------------------------------------------------------------------------


def test_an_export_asks_why_and_answers_a_masked_file(browse, supervisor, customer):
    client = browse(supervisor)
    posted = {"action": "export_selected", "_selected_action": [customer.pk]}

    asked = client.post(page("customer_changelist"), posted)
    assert asked.status_code == 200
    assert not AccessLog.objects.exists()
    response = client.post(page("customer_changelist"), posted | {"kind": "csv", "reason": REASON})

    assert response["Content-Disposition"].startswith("attachment")
    assert customer.idpel in response.content.decode()
    assert leaks(response.content) == []
    assert AccessLog.objects.get().row_count == 1


def test_who_may_not_export_is_not_offered_it(browse, manager_menteng, customer):
    client = browse(manager_menteng)
    posted = {"action": "export_selected", "_selected_action": [customer.pk], "kind": "csv", "reason": REASON}

    response = client.post(page("customer_changelist"), posted)

    assert "Content-Disposition" not in response
    assert not AccessLog.objects.exists()


# --- Importing --------------------------------------------------------------------------------------


def upload(client, content):
    file = SimpleUploadedFile("pelanggan.csv", content, "text/csv")
    return client.post(page("customerimport_add"), {"file": file})


def test_a_file_is_uploaded_checked_applied(browse, back_office):
    client = browse(back_office)
    assert upload(client, file_of(GOOD)).status_code == 302
    record = CustomerImport.objects.get()
    jobs.run(Job.objects.get(kind=imports.CHECK_JOB).pk, at=record.uploaded_at)

    apply = page("customerimport_apply", record.pk)
    assert apply in client.get(page("customerimport_change", record.pk)).content.decode()
    client.get(apply)
    record.refresh_from_db()
    assert record.status == "READY"
    client.post(apply, {"_form_submitted": "on"})

    record.refresh_from_db()
    assert (record.status, record.applied_by) == ("APPLYING", back_office)
    assert Job.objects.filter(kind=imports.APPLY_JOB).count() == 1


def test_the_report_is_shown_line_by_line_without_personal_data(browse, back_office):
    client = browse(back_office)
    upload(client, file_of(GOOD | {"tariff": "X", "kogol": "9"}))
    record = imports.check_import(import_id=CustomerImport.objects.get().pk)

    response = client.get(page("customerimport_change", record.pk))

    assert "tariff" in response.content.decode()
    assert "kogol" in response.content.decode()
    assert leaks(response.content) == []


def test_an_import_with_errors_cannot_be_applied(browse, back_office):
    client = browse(back_office)
    upload(client, file_of(GOOD | {"tariff": "X"}))
    record = imports.check_import(import_id=CustomerImport.objects.get().pk)

    apply = page("customerimport_apply", record.pk)
    assert apply not in client.get(page("customerimport_change", record.pk)).content.decode()
    assert client.post(apply, {"_form_submitted": "on"}).status_code == 403

    record.refresh_from_db()
    assert record.status == "FAILED"
    assert not Job.objects.filter(kind=imports.APPLY_JOB).exists()


def test_a_file_that_is_too_large_is_refused_in_the_form(browse, back_office, monkeypatch):
    monkeypatch.setattr("customers.admin.forms.MAX_BYTES", 10)

    assert upload(browse(back_office), file_of(GOOD)).status_code == 200
    assert not CustomerImport.objects.exists()


@pytest.mark.parametrize("reader", ["supervisor", "manager_menteng"])
def test_who_may_not_import_finds_no_import_page(browse, request, reader):
    client = browse(request.getfixturevalue(reader))

    assert client.get(page("customerimport_changelist")).status_code == 403
    assert upload(client, file_of(GOOD)).status_code == 403
    assert client.get(page("customerimport_template")).status_code == 403
    assert not CustomerImport.objects.exists()


def test_the_template_is_a_file_that_the_import_can_read(browse, back_office):
    response = browse(back_office).get(page("customerimport_template"))

    assert response.content.startswith(b'\xef\xbb\xbf"idpel"')
    record = imports.upload_import(file_name="x.csv", content=response.content, by=back_office)
    [problem] = imports.check_import(import_id=record.pk).report
    assert problem[2] == "empty"


# --- Reference data ---------------------------------------------------------------------------------


def test_the_back_office_maintains_tariffs_and_others_read_them(browse, back_office, manager_menteng):
    tariff = Tariff.objects.get(code="R1")
    posted = {"code": "R1", "name": "nama baru", "valid_from": "2000-01-01"}
    address = page("tariff_change", tariff.pk)

    assert browse(manager_menteng).get(address).status_code == 200
    assert browse(manager_menteng).post(address, posted).status_code == 403
    assert browse(back_office).post(address, posted).status_code == 302

    tariff.refresh_from_db()
    assert tariff.name == "nama baru"
    assert tariff.history.first().history_user == back_office
