"""Service areas from a CSV file."""

import io
from datetime import date

import pytest
from django.utils import translation

from common.errors import Forbidden
from units.models import ServiceArea, Unit
from units.powers import Role
from units.services import service_area_import
from units.services.service_area_import import import_service_areas

pytestmark = pytest.mark.django_db

HEADER = "area_code,unit_code,valid_from,basis\n"


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def run(back_office):
    def run(content, by=back_office, dry_run=False):
        file = io.BytesIO(content if isinstance(content, bytes) else content.encode())
        return import_service_areas(file=file, by=by, dry_run=dry_run)

    return run


def rows(code="31.71.01"):
    found = ServiceArea.objects.filter(area=code).order_by("valid_from")
    return [(row.unit.name, row.valid_from, row.valid_until) for row in found]


GAMBIR_BEFORE = [("ULP Gambir", date(2000, 1, 1), None)]


def test_a_new_row_ends_the_present_one_the_day_before(run, bandung, back_office):
    report = run(f"{HEADER}31.71.01,{bandung.code},2026-03-01,SK 12\n")

    assert report.is_written
    assert [(line.number, line.is_ok, line.message) for line in report.lines] == [
        (2, True, "GAMBIR is served by UP3 Bandung from 2026-03-01.")
    ]
    assert rows() == [
        ("ULP Gambir", date(2000, 1, 1), date(2026, 2, 28)),
        ("UP3 Bandung", date(2026, 3, 1), None),
    ]
    new = ServiceArea.objects.get(area="31.71.01", unit=bandung)
    assert new.basis == "SK 12"
    assert new.history.get().history_user == back_office
    assert (
        ServiceArea.objects.get(area="31.71.01", valid_from="2000-01-01").history.first().history_user
        == back_office
    )


def test_a_dry_run_reports_the_same_and_writes_nothing(run, bandung):
    content = f"{HEADER}31.71.01,{bandung.code},2026-03-01,\n"

    tried = run(content, dry_run=True)

    assert not tried.is_written
    assert rows() == GAMBIR_BEFORE
    assert run(content).lines == tried.lines


def test_the_same_file_twice_changes_nothing_the_second_time(run, bandung):
    content = f"{HEADER}31.71.01,{bandung.code},2026-03-01,\n"
    run(content)
    before = rows()

    report = run(content)

    assert report.lines[0].message == "Already so: GAMBIR is served by UP3 Bandung."
    assert rows() == before


def test_one_bad_line_and_nothing_is_imported(run, bandung):
    report = run(f"{HEADER}31.71.01,{bandung.code},2026-03-01,\n31.71.02,no-such,2026-03-01,\n")

    assert [(line.number, line.is_ok) for line in report.lines] == [(2, True), (3, False)]
    assert report.lines[1].message == "There is no unit with the code no-such."
    assert not report.is_written
    assert rows() == GAMBIR_BEFORE


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("99.99,{menteng},2026-01-01,", "There is no area with the code 99.99."),
        (",{menteng},2026-01-01,", "There is no area with the code ."),
        ("31.71.02,,2026-01-01,", "There is no unit with the code ."),
        ("31.71.02,54,2026-01-01,", "Only an UP3, an ULP or a posko can serve an area."),
        ("31.71.02,{menteng},01/02/2026,", "The day must be written as 2026-01-31."),
        ("31.71.02,{menteng},2026-02-30,", "The day must be written as 2026-01-31."),
        ("31.71.02,{menteng},20260201,", "The day must be written as 2026-01-31."),
        ("31.71.02,{menteng},٢٠٢٦-٠١-٠١,", "The day must be written as 2026-01-31."),
        ("31.71.02,{menteng},0001-01-01,", "The day must be written as 2026-01-31."),
        ("31.71.02,{menteng},,", "The day must be written as 2026-01-31."),
        ("31.71.02,{menteng},2026-01-01", "This line has another number of columns than the first one."),
        ("31.71.02,{menteng},2026-01-01,,", "This line has another number of columns than the first one."),
        ("31.71.02,{menteng},2026-01-01," + "x" * 201, "The basis is longer than 200 characters."),
        ("31.71.02,{menteng},2000-01-01,", "UP3 Bandengan already serves this area from 2000-01-01."),
        ("31.71.01,{menteng},2026-06-01,", "This area is already on line 2."),
    ],
)
def test_a_bad_line_is_reported_with_its_number_and_reason(run, bandung, menteng, line, message):
    good = f"31.71.01,{bandung.code},2026-03-01,\n"

    report = run(f"{HEADER}{good}{line.format(menteng=menteng.code)}\n")

    assert [(it.number, it.is_ok, it.message) for it in report.lines[1:]] == [(3, False, message)]
    assert not report.is_written
    assert rows() == GAMBIR_BEFORE


def test_a_unit_must_exist_on_that_day(run, bandung):
    Unit.objects.filter(pk=bandung.pk).update(valid_until="2026-02-28")

    report = run(f"{HEADER}31.71.01,{bandung.code},2026-03-01,\n")

    assert report.lines[0].message == "UP3 Bandung does not exist on that day."
    assert rows() == GAMBIR_BEFORE


def test_a_row_that_begins_later_or_is_closed_is_not_cut(run, bandung, menteng):
    ServiceArea.objects.filter(area="31.71.01").update(valid_until="2026-05-31")

    report = run(f"{HEADER}31.71.01,{bandung.code},2026-03-01,\n")

    assert report.lines[0].message == "ULP Gambir already serves this area from 2000-01-01."
    assert run(f"{HEADER}31.71.01,{bandung.code},2026-06-01,\n").is_written
    assert not run(f"{HEADER}31.71.01,{menteng.code},2026-04-01,\n").is_ok


@pytest.mark.parametrize(
    ("content", "number", "message"),
    [
        (b"", 1, "Columns are missing: area_code, unit_code, valid_from."),
        (HEADER.encode(), 1, "The file has no lines below the column names."),
        (f"{HEADER}\n\n".encode(), 1, "The file has no lines below the column names."),
        (b"area_code,valid_from\n31,2026-01-01\n", 1, "Columns are missing: unit_code."),
        (b"area_code,unit_code,valid_from,colour\n", 1, "Columns that the portal does not know: colour."),
        (b"area_code,unit_code,valid_from,basis,basis\n", 1, "A column is named twice."),
        (
            HEADER.encode() + b"31.71.01,caf\xe9,2026-01-01,\n",
            2,
            "The file is not UTF-8. Save it as CSV UTF-8.",
        ),
        (HEADER.encode("utf-16"), 1, "The file is not UTF-8. Save it as CSV UTF-8."),
        (HEADER.encode() + b"31.71.01\0,54013,2026-01-01,\n", 2, "The file is not a text file."),
        (
            HEADER.encode() + b'31.71.01,"54013,2026-01-01,\n',
            2,
            "This line is not valid CSV, or a quotation mark is missing.",
        ),
        (HEADER.encode() + b"x" * 600_000, 1, "The file is larger than 512 KB."),
        (HEADER.encode() + b"x" * 200_000, 2, "This line is not valid CSV, or a quotation mark is missing."),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_why(run, content, number, message):
    report = run(content)

    assert [(line.number, line.is_ok, line.message) for line in report.lines] == [(number, False, message)]
    assert not report.is_written


def test_too_many_lines_are_refused(run, monkeypatch):
    monkeypatch.setattr(service_area_import, "MAX_LINES", 2)

    assert run(HEADER + "x\n" * 3).lines[0].message == "At most 2 lines at a time."


def test_a_spreadsheet_with_semicolons_and_a_byte_order_mark_is_read(run, bandung):
    content = f"\ufeffarea_code;unit_code;valid_from\r\n31.71.01;{bandung.code};2026-03-01\r\n"

    assert run(content).is_written


def test_the_report_speaks_the_readers_language(run, monkeypatch):
    monkeypatch.setattr(service_area_import, "_", lambda text: f"{translation.get_language()}: {text}")

    with translation.override("id"):
        report = run(f"{HEADER}99.99,54013,2026-01-01,\n")

    assert report.lines[0].message == "id: There is no area with the code 99.99."


def test_only_who_maintains_units_may_import(run, agent, bandung):
    with pytest.raises(Forbidden):
        run(f"{HEADER}31.71.01,{bandung.code},2026-03-01,\n", by=agent)

    assert rows() == GAMBIR_BEFORE


def test_who_maintains_one_region_cannot_take_an_area_from_another(run, appoint, bandung):
    regional = appoint("regional", Role.BACK_OFFICE, "UID Jawa Barat")

    report = run(f"{HEADER}31.71.01,{bandung.code},2026-03-01,\n32.73,54013,2026-03-01,\n", by=regional)

    assert [line.is_ok for line in report.lines] == [False, False]
    assert rows() == GAMBIR_BEFORE


def test_the_number_of_queries_does_not_grow_with_the_file(run, bandung, django_assert_num_queries):
    codes = [f"31.71.{number:02}" for number in range(1, 9)]
    lines = [f"{code},{bandung.code},2026-03-01,\n" for code in codes]

    run(HEADER + lines[0], dry_run=True)  # reads the account's positions, once per request

    with django_assert_num_queries(9):
        assert run(HEADER + lines[0]).is_written
    with django_assert_num_queries(9):
        assert run(HEADER + "".join(lines[1:])).is_written
