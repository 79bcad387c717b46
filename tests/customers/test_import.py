"""New customers from a file: every line judged; all of them, or none."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from common import jobs
from common.errors import Forbidden, TooLarge
from common.models import Job
from customers import tasks
from customers.models import Customer, CustomerImport, Meter, Tariff
from customers.notices import report_lines
from customers.services import imports
from customers.services.import_lines import OPTIONAL, REQUIRED
from tests.customers.conftest import NIK, leaks
from units.models import Position
from units.powers import Role

pytestmark = pytest.mark.django_db

Status = CustomerImport.Status
COLUMNS = [*REQUIRED, *OPTIONAL]
GOOD = {
    "idpel": "540520000101",
    "name": "PELANGGAN KENARI",
    "street": "JL. CONTOH RAHASIA",
    "area_code": "31.71.01.1001",
    "tariff": "R1",
    "power_va": "1300",
    "product": "PRABAYAR",
    "nik": NIK,
    "meter_number": "14000000018",
    "meter_installed_on": "2019-05-01",
    "phones": "0812-9999-0789|021-5559123",
}


def file_of(*rows, columns=COLUMNS, delimiter=","):
    lines = [columns, *([row.get(column, "") for column in columns] for row in rows)]
    return "".join(delimiter.join(cells) + "\r\n" for cells in lines).encode()


def many(count):
    return [
        GOOD | {"idpel": f"5405{number:08d}", "meter_number": f"14{number:09d}"} for number in range(count)
    ]


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def check(back_office):
    def run(content, by=back_office):
        record = imports.upload_import(file_name="/tmp/pelanggan.csv", content=content, by=by)  # noqa: S108
        return imports.check_import(import_id=record.pk)

    return run


@pytest.fixture
def apply(check, back_office):
    def run(content):
        record = imports.request_apply(record=check(content), by=back_office)
        return imports.apply_import(import_id=record.pk)

    return run


def problems(record):
    return [(row["line"], row["column"], row["message"]) for row in report_lines(record) if row["is_error"]]


# --- Good files -------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_good_file_is_ready_and_writes_nothing_yet(check, delimiter, mark):
    record = check(mark + file_of(GOOD, delimiter=delimiter))

    assert (record.status, record.row_count, record.error_count) == (Status.READY, 1, 0)
    assert record.file_name == "pelanggan.csv"
    assert not Customer.objects.exists()


def test_applied_it_registers_customers_with_meter_phones_and_history(apply, back_office):
    record = apply(file_of(GOOD))

    assert (record.status, record.applied_by) == (Status.APPLIED, back_office)
    customer = Customer.objects.get()
    assert (customer.idpel, customer.name, customer.phase) == ("540520000101", "PELANGGAN KENARI", 1)
    assert customer.unit.name == "ULP Gambir"
    assert customer.current_meter.brand == "Hexing"
    assert sorted(customer.phones.values_list("number", "kind")) == [
        ("+62215559123", "PSTN"),
        ("+6281299990789", "MOBILE"),
    ]
    assert customer.history.get().history_user == back_office


def test_the_content_is_kept_sealed_and_only_until_the_end(check, back_office):
    record = check(file_of(GOOD))
    assert leaks(bytes(record.content).decode("latin-1")) == []

    imports.request_apply(record=record, by=back_office)
    assert imports.apply_import(import_id=record.pk).content is None


def test_a_doubtful_line_is_a_warning_and_hinders_nothing(check):
    record = check(file_of(GOOD | {"power_va": "3500", "meter_number": "14000000011"}))

    assert record.status == Status.READY
    assert [(row["line"], row["column"], row["is_error"]) for row in report_lines(record)] == [
        (2, "meter_number", False),
        (2, "power_va", False),
    ]


# --- Bad lines --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "column", "message"),
    [
        ({"idpel": ""}, "idpel", "This must not be empty."),
        ({"idpel": "5405"}, "idpel", "An IDPEL has 12 digits."),
        ({"idpel": "５４０５２００００１０１"}, "idpel", "An IDPEL has 12 digits."),
        ({"name": "x" * 121}, "name", "This is longer than 120 characters."),
        ({"name": "a\x07b"}, "name", "This holds a character that no text may hold."),
        ({"rt": "0003"}, "rt", "This is longer than 3 characters."),
        ({"area_code": "99.99"}, "area_code", "The portal does not know this."),
        ({"unit_code": "99999"}, "unit_code", "The portal does not know this."),
        ({"unit_code": "PUSAT"}, "unit_code", "A unit of this kind does not serve customers."),
        ({"area_code": "73.71"}, "unit_code", "No unit is known for this area. Please name the unit."),
        ({"tariff": "R9"}, "tariff", "The portal does not know this."),
        ({"power_va": "1.300"}, "power_va", "Give a whole number from 1 to 200000000, digits only."),
        ({"power_va": "0"}, "power_va", "Give a whole number from 1 to 200000000, digits only."),
        ({"power_va": "1301"}, "phase", "This is no standard power. Please name the phase."),
        ({"phase": "2"}, "phase", "The portal does not know this."),
        ({"product": "GRATIS"}, "product", "The portal does not know this."),
        ({"kogol": "9"}, "kogol", "The portal does not know this."),
        ({"nik": "1234"}, "nik", "This is not a NIK."),
        ({"meter_number": "12"}, "meter_number", "A meter number has 11 digits."),
        ({"meter_installed_on": ""}, "meter_installed_on", "This must not be empty."),
        (
            {"meter_installed_on": "01/05/2019"},
            "meter_installed_on",
            "The day must be written as 2026-01-31.",
        ),
        (
            {"meter_installed_on": "2999-01-01"},
            "meter_installed_on",
            "The day lies in the future, or before 1950.",
        ),
        ({"phones": "123"}, "phones", "This is not a phone number."),
        ({"phones": "|".join(["081200000001"] * 6)}, "phones", "At most 5 phone numbers."),
    ],
)
def test_a_bad_cell_is_named_by_line_and_column(check, cells, column, message):
    record = check(file_of(GOOD | {"idpel": "540520000100", "meter_number": "14000000000"}, GOOD | cells))

    assert (record.status, record.row_count) == (Status.FAILED, 2)
    assert problems(record) == [(3, column, message)]
    assert record.content is None


def test_everything_wrong_with_a_line_is_said_at_once(check):
    record = check(file_of(GOOD | {"idpel": "1", "tariff": "X", "nik": "2"}))

    assert [column for _, column, _ in problems(record)] == ["idpel", "tariff", "nik"]


def test_the_report_speaks_the_language_of_its_reader(check):
    record = check(file_of(GOOD | {"idpel": "1"}))

    assert record.report == [[2, "idpel", "bad_idpel", {}]]


def test_duplicates_are_found_in_the_file_and_in_the_portal(check, customer):
    record = check(
        file_of(
            GOOD,
            GOOD | {"meter_number": "14000000026"},
            GOOD | {"idpel": "540520000102"},
            GOOD | {"idpel": customer.idpel, "meter_number": customer.current_meter.number},
        )
    )

    assert problems(record) == [
        (3, "idpel", "This stands on line 2 already."),
        (4, "meter_number", "This stands on line 2 already."),
        (5, "idpel", "This is registered already."),
        (5, "meter_number", "This is registered already."),
    ]


def test_a_unit_out_of_reach_is_refused(check, appoint):
    local = appoint("back office of bandung", Role.BACK_OFFICE, "UP3 Bandung")

    assert problems(check(file_of(GOOD), by=local)) == [(2, "unit_code", "This unit is not one of yours.")]


# --- Bad files --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"", 1, "Columns are missing: idpel, name, street, area_code, tariff, power_va, product."),
        (b"\xff\xfe\x00i\x00d", 1, "The file is not UTF-8. Save it as CSV UTF-8."),
        (file_of(GOOD).replace(b"KENARI", b"\xe9"), 2, "The file is not UTF-8. Save it as CSV UTF-8."),
        (file_of(GOOD | {"name": "a\x00b"}), 2, "The file is not a text file."),
        (b"PK\x03\x04\x00\x00", 1, "The file is not a text file."),
        (file_of(), 1, "The file has no lines below the column names."),
        (file_of(GOOD, columns=COLUMNS[1:]), 1, "Columns are missing: idpel."),
        (file_of(GOOD, columns=[*COLUMNS, "gaji"]), 1, "Columns that the portal does not know: gaji."),
        (file_of(GOOD, columns=[*COLUMNS, "nik"]), 1, "A column is named twice."),
        (file_of(GOOD | {"name": "x" * 4001}), 2, "This line is longer than 4,000 characters."),
        (file_of(GOOD) + b'"open', 3, "This line is not valid CSV, or a quotation mark is missing."),
        (file_of(GOOD) + b"a,b\r\n", 3, "This line has another number of columns than the first one."),
    ],
)
def test_a_bad_file_is_reported_by_line(check, content, line, message):
    record = check(content)

    assert record.status == Status.FAILED
    assert problems(record) == [(line, "", message)]


def test_the_good_and_bad_lines_before_a_break_are_reported_too(check):
    record = check(file_of(GOOD | {"idpel": "1"}) + b'"open')

    assert [line for line, *_ in problems(record)] == [2, 3]


def test_a_file_over_10_megabytes_is_not_even_kept(back_office):
    with pytest.raises(TooLarge):
        imports.upload_import(file_name="x.csv", content=b"x" * (10 * 1024 * 1024 + 1), by=back_office)

    assert not CustomerImport.objects.exists()


def test_a_report_of_a_thousand_errors_keeps_five_hundred(check):
    record = check(file_of(*(row | {"tariff": "X"} for row in many(1001))))

    assert (record.error_count, len(record.report)) == (1001, 500)


# --- All or nothing ---------------------------------------------------------------------------------


def test_what_changed_since_the_check_stops_the_whole_import(check, back_office):
    record = imports.request_apply(record=check(file_of(*many(3))), by=back_office)
    Tariff.objects.filter(code="R1").update(valid_until="2020-01-01")

    record = imports.apply_import(import_id=record.pk)

    assert (record.status, record.error_count) == (Status.FAILED, 3)
    assert not Customer.objects.exists()


def test_a_bad_line_in_the_second_thousand_leaves_nothing_of_the_first(check, register, back_office):
    record = check(file_of(*many(1500)))
    imports.request_apply(record=record, by=back_office)
    register("540500001400", "UP3 Menteng")

    record = imports.apply_import(import_id=record.pk)

    assert problems(record)[0][:2] == (1402, "idpel")
    assert Customer.objects.count() == 1


def test_an_import_is_applied_once(apply, back_office):
    record = apply(file_of(GOOD))

    with pytest.raises(imports.NotReady):
        imports.request_apply(record=record, by=back_office)
    imports.apply_import(import_id=record.pk)
    assert Customer.objects.count() == 1


def test_an_import_with_errors_is_never_applied(check, back_office):
    with pytest.raises(imports.NotReady):
        imports.request_apply(record=check(file_of(GOOD | {"idpel": "1"})), by=back_office)


def test_who_lost_the_position_meanwhile_imports_nothing(check, back_office):
    record = imports.request_apply(record=check(file_of(GOOD)), by=back_office)
    Position.objects.filter(holder=back_office).update(ends_at=timezone.now())

    record = imports.apply_import(import_id=record.pk)

    assert record.status == Status.FAILED
    assert problems(record) == [(1, "", "This unit is not one of yours.")]
    assert not Customer.objects.exists()


@pytest.mark.parametrize("reader", ["agent", "manager_menteng", "supervisor"])
def test_who_may_not_maintain_customers_uploads_nothing(request, reader):
    with pytest.raises(Forbidden):
        imports.upload_import(file_name="x.csv", content=file_of(GOOD), by=request.getfixturevalue(reader))

    assert not CustomerImport.objects.exists()


def test_the_background_checks_and_applies(back_office):
    record = imports.upload_import(file_name="x.csv", content=file_of(*many(3)), by=back_office)
    assert tasks.check_import in jobs.HANDLERS.values()

    assert jobs.run(Job.objects.get(kind=imports.CHECK_JOB).pk, at=timezone.now())
    record.refresh_from_db()
    assert imports.progress(record) == 3
    imports.request_apply(record=record, by=back_office)
    assert jobs.run(Job.objects.get(kind=imports.APPLY_JOB).pk, at=timezone.now())

    record.refresh_from_db()
    assert record.status == Status.APPLIED
    assert Meter.objects.count() == 3


def test_a_thousand_lines_cost_what_one_line_costs(check, back_office):
    assert back_office.positions_in_force  # read once per request
    with CaptureQueriesContext(connection) as one:
        check(file_of(*many(1)))
    with CaptureQueriesContext(connection) as thousand:
        check(file_of(*many(1000)))

    assert len(thousand) == len(one)


# --- The command ------------------------------------------------------------------------------------


def test_the_command_checks_and_with_apply_imports(tmp_path, back_office):
    file, told = tmp_path / "pelanggan.csv", StringIO()
    file.write_bytes(file_of(*many(2)))

    call_command("import_customers", str(file), "--as", "back_office", stdout=told)
    assert not Customer.objects.exists()
    call_command("import_customers", str(file), "--as", "back_office", "--apply", stdout=told)

    assert Customer.objects.count() == 2
    assert "2 lines, imported." in told.getvalue()


def test_the_command_reports_by_line_and_fails(tmp_path, back_office):
    file, told = tmp_path / "pelanggan.csv", StringIO()
    file.write_bytes(file_of(GOOD | {"tariff": "X"}))

    with pytest.raises(CommandError, match="1 errors"):
        call_command("import_customers", str(file), "--as", "back_office", "--apply", stdout=told)

    assert "line 2 tariff: error: The portal does not know this." in told.getvalue()
    assert not Customer.objects.exists()


@pytest.mark.parametrize("username", ["nobody there", "agent"])
def test_the_command_needs_an_account_that_may(tmp_path, agent, username):
    file = tmp_path / "pelanggan.csv"
    file.write_bytes(file_of(GOOD))

    with pytest.raises(CommandError):
        call_command("import_customers", str(file), "--as", username)
