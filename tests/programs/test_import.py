"""Payment files: as a whole or not at all, once, in bounded memory, with a report per line."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from common.errors import Forbidden
from customers.models import Customer
from programs.models import Payment, PaymentDay, PaymentImport, Program
from programs.services import imports
from programs.services.payment_file import COLUMNS, PATTERNS, PaymentFile, UnreadableFile
from tests.programs import hostile
from tests.programs.conftest import PERIODS, payment_file
from tests.programs.oracle import WIB
from units.models import User

pytestmark = pytest.mark.django_db
Import = Callable[..., PaymentImport]
Line = Callable[..., str]


def codes(record: PaymentImport) -> list[tuple[int, str, str]]:
    return [tuple(row) for row in record.report]


def test_a_good_file_is_imported_as_it_is(customers: list[Customer], line: Line, import_file: Import) -> None:
    content = payment_file(*(line(period=period) for period in PERIODS))

    done = import_file(content)

    assert (done.status, done.row_count, done.error_count) == ("APPLIED", 5, 0)
    payment = Payment.objects.get(period="2021-02")
    assert payment.paid_at.astimezone(WIB).isoformat() == "2021-02-03T10:00:00+07:00"
    assert (payment.amount, payment.tariff, payment.power_va, payment.kogol) == (150_000, "R1", 1300, 0)
    assert payment.payment_import == done


@pytest.mark.parametrize(
    "dress",
    [
        gzip.compress,
        lambda content: b"\xef\xbb\xbf" + content,
        lambda content: content.replace(b"\n", b"\r\n"),
        lambda content: content.rstrip(b"\n"),
        lambda content: content.replace(b",PASCABAYAR,", b',"PASCABAYAR",'),
        lambda content: content + b"\n\n",
    ],
    ids=["gzip", "byte order mark", "CRLF", "no last newline", "quotes", "blank lines"],
)
def test_the_same_payments_in_other_dress(
    customers: list[Customer], line: Line, import_file: Import, dress: Callable[[bytes], bytes]
) -> None:
    done = import_file(dress(payment_file(*(line(period=period) for period in PERIODS))))

    assert done.status == "APPLIED", done.report
    assert Payment.objects.count() == 5


def test_a_file_goes_in_once_also_in_other_dress(paid_in_time: None, line: Line, import_file: Import) -> None:
    again = import_file(gzip.compress(_same_file(line), mtime=0))

    assert codes(again) == [(0, "", "already_imported")]
    assert again.status == "FAILED"
    assert Payment.objects.count() == 15


def _same_file(line: Line) -> bytes:
    idpels = [f"54000000000{number}" for number in (1, 2, 3)]
    return payment_file(*(line(idpel, period) for idpel in idpels for period in PERIODS))


BAD_CELLS = {
    "idpel": ("54000000001", "bad_idpel"),
    "period": ("2021-13", "bad_period"),
    "paid_at": ("2021-02-30T10:00:00+07:00", "bad_paid_at"),
    "amount": ("9999999999999", "bad_amount"),
    "product": ("TOKEN", "bad_product"),
    "tariff": ("=1+1", "bad_tariff"),
    "power_va": ("1e3", "bad_power_va"),
    "kogol": ("-1", "bad_kogol"),
    "unit_code": ("54 001", "bad_unit_code"),
    "reference": ("=HYPERLINK(1)", "bad_reference"),
    "kind": ("payment", "bad_kind"),
}


@pytest.mark.parametrize(("column", "cell", "code"), [(name, *bad) for name, bad in BAD_CELLS.items()])
def test_a_bad_cell_is_named_and_nothing_is_imported(
    customers: list[Customer], line: Line, import_file: Import, column: str, cell: str, code: str
) -> None:
    cells = {"paid_at": "2021-02-03T10:00:00+07:00", "period": "2021-02"} | {column: cell}

    done = import_file(payment_file(line(period="2021-01"), line(**cells)))

    assert codes(done) == [(3, column, code)]
    assert done.status == "FAILED"
    assert not Payment.objects.exists()


@pytest.mark.parametrize(
    ("cells", "row"),
    [
        ({"idpel": "540000000099"}, (4, "idpel", "unknown_idpel")),
        ({"unit_code": "99999"}, (4, "unit_code", "unknown_unit_code")),
        ({"tariff": "Z9"}, (4, "tariff", "unknown_tariff")),
        ({"period": "2021-01"}, (4, "reference", "repeated")),
        ({"kind": "REVERSAL"}, (4, "reference", "no_payment")),
        ({"paid_at": "2021-03-03T10:00:00"}, (4, "paid_at", "bad_paid_at")),
    ],
)
def test_a_line_that_does_not_fit_is_named_by_its_number(
    customers: list[Customer], line: Line, import_file: Import, cells: dict[str, Any], row: tuple
) -> None:
    before = (line(period="2021-01", reference="A"), "\n", line(period="2021-02", reference="B"))
    wrong = line(**{"period": "2021-03", "reference": "A"} | cells)

    done = import_file(payment_file(before[0], before[2], wrong, line(period="2021-05")))

    assert codes(done) == [row]
    assert not Payment.objects.exists()


def test_lines_are_counted_over_those_that_are_dropped(
    customers: list[Customer], line: Line, import_file: Import
) -> None:
    bad, stranger = line(period="2021-01", kogol="x"), line("540000000099", "2021-02")

    done = import_file(payment_file(line(), "\n", bad, stranger, bad, stranger.replace("T2021", "U2021")))

    assert codes(done) == [
        (4, "kogol", "bad_kogol"),
        (5, "idpel", "unknown_idpel"),
        (6, "kogol", "bad_kogol"),
        (7, "idpel", "unknown_idpel"),
    ]


def test_what_an_earlier_file_said_is_named(paid_in_time: None, line: Line, import_file: Import) -> None:
    done = import_file(payment_file(line(period="2021-06"), line(period="2021-03")))

    assert codes(done) == [(3, "reference", "known")]
    assert Payment.objects.count() == 15


def test_a_reversal_may_come_in_a_later_file(paid_in_time: None, line: Line, import_file: Import) -> None:
    done = import_file(payment_file(line(kind="REVERSAL", day=9)))

    assert done.status == "APPLIED", done.report
    assert Payment.objects.filter(reference="T2021-01-001").count() == 2
    assert Payment.objects.standing().count() == 14


def test_a_corrected_file_replaces_exactly_what_it_corrects(
    customers: list[Customer], line: Line, import_file: Import
) -> None:
    kept = import_file(payment_file(line(period="2021-01")))
    wrong = import_file(payment_file(line(period="2021-02", day=9), line(period="2021-03")))

    right = import_file(payment_file(line(period="2021-02", day=2)), replaces=wrong)

    wrong.refresh_from_db()
    assert (kept.status, wrong.status, right.status) == ("APPLIED", "REPLACED", "APPLIED")
    assert {(row.period, row.payment_import_id) for row in Payment.objects.all()} == {
        ("2021-01", kept.pk),
        ("2021-02", right.pk),
    }
    assert not PaymentDay.objects.filter(payment_import=wrong).exists()


def test_a_bad_correction_leaves_what_it_would_replace(
    customers: list[Customer], line: Line, import_file: Import
) -> None:
    first = import_file(payment_file(line(period="2021-02")))

    failed = import_file(payment_file(line(period="2021-02", kogol="x")), replaces=first)

    first.refresh_from_db()
    assert (first.status, failed.status) == ("APPLIED", "FAILED")
    assert Payment.objects.get().payment_import == first


def test_an_import_that_was_replaced_cannot_be_corrected(
    customers: list[Customer], line: Line, import_file: Import
) -> None:
    first = import_file(payment_file(line(period="2021-02")))
    import_file(payment_file(line(period="2021-02", day=4)), replaces=first)
    first.refresh_from_db()

    with pytest.raises(imports.NotCorrectable):
        import_file(payment_file(line(period="2021-02", day=5)), replaces=first)
    assert Payment.objects.count() == 1


def test_a_hostile_file_gets_a_report_in_bounded_memory(
    customers: list[Customer], line: Line, import_file: Import
) -> None:
    for name, (content, row) in hostile.files(line).items():
        done, peak = _measured(lambda content=content: import_file(content))

        assert (name, done.status, row in codes(done)) == (name, "FAILED", True), codes(done)[:5]
        assert done.error_count >= len(done.report) > 0, name
        assert peak < 32 * hostile.MEGABYTE, (name, peak)
    assert not Payment.objects.exists()


def _measured(work: Callable[[], Any]) -> tuple[Any, int]:
    """What `work` answers, and the most memory that Python held for it."""
    tracemalloc.start()
    try:
        return work(), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


class _Endless(io.RawIOBase):
    """Ten gigabytes of one byte, made as they are read; counts how many were."""

    size = 10 * 1024**3

    def __init__(self, byte: bytes) -> None:
        self.byte, self.given = byte, 0

    def read(self, size: int = -1) -> bytes:
        size = min(size, self.size - self.given)
        self.given += size
        return self.byte * size

    def seek(self, *args: Any) -> int:
        self.given = 0
        return 0

    def tell(self) -> int:
        return self.given


def _read(raw: Any) -> PaymentFile:
    file = PaymentFile(raw, known={}, zone=WIB)
    with pytest.raises(UnreadableFile):
        for _ in file.blocks():
            pass
    return file


def test_a_line_of_ten_gigabytes_is_not_read_to_its_end(
    program: Program, program_jakarta: User, customers: list[Customer]
) -> None:
    endless = _Endless(b"7")

    done, peak = _measured(
        lambda: imports.import_now(
            program=program, raw=endless, name="endless.csv", size=_Endless.size, by=program_jakarta
        )
    )

    assert codes(done) == [(1, "", "line_too_long")]
    assert endless.given <= 2 * hostile.MEGABYTE
    assert peak < 32 * hostile.MEGABYTE


def test_a_gzip_bomb_is_not_unpacked() -> None:
    bomb = hostile.bomb(b"", b"0")
    assert len(bomb) < 12 * hostile.MEGABYTE

    file = _read(io.BytesIO(bomb))

    assert file.digest == hashlib.sha256(b"0" * hostile.MEGABYTE).hexdigest()  # what was unpacked
    assert file.line_count == 0


def test_only_the_first_thousand_errors_are_kept(
    customers: list[Customer], line: Line, import_file: Import
) -> None:
    done = import_file(payment_file(*(line(reference=f"R{number}", kogol="x") for number in range(1500))))

    assert done.error_count == 1500
    assert len(done.report) == 1000


def test_random_bytes_never_break_the_reader(customers: list[Customer], line: Line) -> None:
    good = payment_file(*(line(period=period) for period in PERIODS))
    for seed in range(300):
        noise = os.urandom(3)
        place = int.from_bytes(noise[:2]) % len(good)
        mutated = good[:place] + noise[2:] + good[place + 1 :]
        file = PaymentFile(io.BytesIO(mutated), known={}, zone=WIB)
        try:
            lines = b"".join(file.blocks())
        except UnreadableFile:
            continue
        assert lines.count(b"\n") + file.error_count >= 4, (seed, mutated)


def test_the_pattern_of_a_clean_line_names_every_column() -> None:
    assert tuple(PATTERNS) == COLUMNS


def test_days_are_counted_in_wib_without_reversals(
    customers: list[Customer], line: Line, import_file: Import
) -> None:
    lines: Iterator[str] = iter(
        [
            line(period="2021-01", day=3),
            line("540000000002", "2021-01", day=3),
            line("540000000003", "2021-01", paid_at="2021-01-05T18:00:00Z"),
            line("540000000002", "2021-01", day=3, kind="REVERSAL"),
        ]
    )
    import_file(payment_file(*lines))

    counted = {row.paid_on.isoformat(): row.payments for row in PaymentDay.objects.all()}
    assert counted == {"2021-01-03": 2, "2021-01-06": 1}


def test_an_upload_is_imported_in_the_background_and_its_file_deleted(
    program: Program,
    program_jakarta: User,
    customers: list[Customer],
    line: Line,
    work: Callable[[], None],
    django_capture_on_commit_callbacks: Any,
) -> None:
    upload = ContentFile(payment_file(line()), name="../../etc/january.csv")
    made = imports.upload_payments(program=program, file=upload, by=program_jakarta)
    stored = made.file.name
    assert (made.status, made.file_name) == ("WAITING", "january.csv")
    assert default_storage.exists(stored)

    with django_capture_on_commit_callbacks(execute=True):
        work()

    made.refresh_from_db()
    assert (made.status, made.row_count, made.file.name) == ("APPLIED", 1, "")
    assert not default_storage.exists(stored)


def test_a_cancelled_import_leaves_nothing(
    program: Program, program_jakarta: User, customers: list[Customer], line: Line, work: Callable[[], None]
) -> None:
    upload = ContentFile(payment_file(line()), name="january.csv")
    made = imports.upload_payments(program=program, file=upload, by=program_jakarta)
    imports.cancel_import(payment_import=made, by=program_jakarta)

    work()

    made.refresh_from_db()
    assert made.status == "CANCELLED"
    assert not Payment.objects.exists()


def test_only_the_program_officer_of_the_unit_imports(
    program: Program, line: Line, anyone: Callable[[str], User], import_file: Import
) -> None:
    for name in ("agent", "manager_menteng", "srm_jakarta", "manager_bandung", "back_office"):
        with pytest.raises(Forbidden):
            import_file(payment_file(line()), by=anyone(name))
    assert not PaymentImport.objects.exists()
