"""Customers as a file: masked, harmless, on record. And files in general."""

import csv
import hashlib
import io
from datetime import date

import pytest
from openpyxl import load_workbook

from common.errors import Forbidden, Invalid
from common.exports import csv_file, xlsx_file
from customers.models import AccessLog, Customer
from customers.services.export import COLUMNS, export_customers
from tests.customers.conftest import leaks
from units.powers import Role

pytestmark = pytest.mark.django_db

REASON = "rekonsiliasi data bulanan"


def rows_of(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_an_export_is_masked_and_recorded_with_its_digest(customer, elsewhere, supervisor):
    content = export_customers(customers=Customer.objects.all(), kind="csv", by=supervisor, reason=REASON)

    header, *rows = rows_of(content)
    assert tuple(header) == COLUMNS
    assert [row[0] for row in rows] == [elsewhere.idpel, customer.idpel]
    assert rows[1][1:4] == ["P•••• K••••", "J•••• C•••• R••••, ••••", "0812••••789; 0215••••123"]
    assert leaks(content) == []
    access = AccessLog.objects.get()
    assert (access.kind, access.customer, access.row_count, access.role) == ("EXPORT", None, 2, "SUPERVISOR")
    assert access.digest == hashlib.sha256(content).hexdigest()


def test_a_sheet_holds_the_same(customer, supervisor):
    content = export_customers(customers=Customer.objects.all(), kind="xlsx", by=supervisor, reason=REASON)

    sheet = load_workbook(io.BytesIO(content)).active
    assert [cell.value for cell in sheet[2]][:2] == [customer.idpel, "P•••• K••••"]
    assert sheet["J2"].value == 900


def test_an_export_reaches_no_further_than_the_power(customer, elsewhere, appoint):
    local = appoint("supervisor of menteng", Role.SUPERVISOR, "UP3 Menteng")

    content = export_customers(customers=Customer.objects.all(), kind="csv", by=local, reason=REASON)

    assert [row[0] for row in rows_of(content)[1:]] == [customer.idpel]
    assert AccessLog.objects.get().row_count == 1


@pytest.mark.parametrize("reader", ["agent", "manager_menteng", "nobody"])
def test_who_may_not_export_gets_nothing_and_leaves_no_record(customer, request, reader):
    with pytest.raises(Forbidden):
        export_customers(
            customers=Customer.objects.all(), kind="csv", by=request.getfixturevalue(reader), reason=REASON
        )

    assert not AccessLog.objects.exists()


def test_an_export_needs_a_reason(customer, supervisor):
    with pytest.raises(Invalid):
        export_customers(customers=Customer.objects.all(), kind="csv", by=supervisor, reason="saja")

    assert not AccessLog.objects.exists()


@pytest.mark.parametrize("many", [1, 7])
def test_an_export_costs_the_same_for_one_and_for_many(register, supervisor, many, django_assert_num_queries):
    for number in range(many):
        register(f"54052000{number:04d}", "UP3 Menteng")
    assert supervisor.positions_in_force  # read once per request

    with django_assert_num_queries(10):
        export_customers(customers=Customer.objects.all(), kind="csv", by=supervisor, reason=REASON)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_text_that_begins_like_a_formula_is_defused_in_csv(start):
    [[cell]] = rows_of(csv_file([f"{start}1+1"], []))

    assert cell == f"'{start}1+1"


def test_numbers_dates_and_nothing_stay_themselves_in_csv():
    content = csv_file(["a", "b", "c", "d"], [[-5, date(2026, 1, 31), None, 'say "hi"']])

    assert content.endswith(b'"-5","2026-01-31","","say ""hi"""\r\n')


def test_a_sheet_never_holds_a_formula():
    content = xlsx_file(["kolom"], [["=1+1"], ["a\x00b"], [-5], [date(2026, 1, 31)]], title="a/b:c")

    book = load_workbook(io.BytesIO(content))
    sheet = book["a b c"]
    assert (sheet["A2"].data_type, sheet["A2"].value) == ("s", "=1+1")
    assert sheet["A3"].value == "ab"
    assert sheet["A4"].value == -5
