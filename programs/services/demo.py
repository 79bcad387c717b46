"""Made-up customers and their payments in the database: for a demo, and as large as a benchmark wants."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from customers.models import Customer, PowerStep, Tariff
from programs.models import PaymentImport, Program, Status
from programs.rules import COLUMNS
from programs.services.bulk_sql import copy_from
from programs.services.generator import IDPEL_START, Generator, MadeCustomer
from programs.services.imports import import_now
from units.models import Area, AreaLevel, Unit, UnitKind, User

BATCH = 5000
HEADER = ",".join(COLUMNS) + "\n"


def generator_for(program: Program, *, count: int, seed: int) -> Generator:
    """Customers of the program's UP3s, who pay the program's months."""
    up3s = Unit.objects.below(program.unit).filter(kind=UnitKind.UP3).order_by("code")
    return Generator(
        count=count,
        seed=seed,
        unit_codes=list(up3s.values_list("code", flat=True)),
        months=[date.fromisoformat(f"{month.period}-01") for month in program.months_of_rule],
    )


def load(*, count: int = 10_000, seed: int = 2021) -> int:
    """Give the first approved program without payments `count` made-up customers, and their payment files.

    Two of the files are of the months before the program. Answers the number of customers made; none where
    there are some already, or where nobody may run the program.
    """
    program = Program.objects.filter(status=Status.APPROVED, payment_imports__isnull=True).first()
    officer = _officer(program) if program else None
    if program is None or officer is None or Customer.objects.filter(idpel__startswith=IDPEL_START).exists():
        return 0
    generator = generator_for(program, count=count, seed=seed)
    with transaction.atomic():
        make_customers(generator)
    for month in _months_before(program.period_start, 2):
        _import(generator.lines_before(month), month, program=program, by=officer)
    for month in generator.months:
        import_month(generator, month, program=program, by=officer)
    return count


def import_month(generator: Generator, month: date, *, program: Program, by: User) -> PaymentImport:
    """Write the payment file of one month and import it as any other."""
    return _import(generator.lines(month), month, program=program, by=by)


def _import(lines: Iterator[str], month: date, *, program: Program, by: User) -> PaymentImport:
    with tempfile.TemporaryFile() as file:
        file.write(HEADER.encode())
        for batch in _batches(lines):
            file.write("".join(batch).encode())
        size = file.tell()
        file.seek(0)
        return import_now(program=program, raw=file, name=f"demo-{month:%Y-%m}.csv", size=size, by=by)


def _months_before(start: date, count: int) -> list[date]:
    months = [start]
    while len(months) <= count:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    return months[:0:-1]


def make_customers(generator: Generator, *, on_progress: Callable[[int], None] | None = None) -> None:
    """Write the customers of a generator, in batches: by COPY on PostgreSQL, by INSERT elsewhere."""
    make = _Maker()
    done = 0
    for batch in _batches(generator.customers()):
        rows = [make.row(made) for made in batch]
        _write(list(make.columns), rows)
        done += len(rows)
        if on_progress:
            on_progress(done)


class _Maker:
    """Turns made-up customers into rows of the customer table."""

    columns = (
        "idpel", "name", "street", "building_number", "rt", "rw", "landmark", "area_id", "unit_id",
        "tariff_id", "power_va", "phase", "product", "kogol_id", "nik_hash", "version", "is_demo",
        "created_at", "updated_at",
    )  # fmt: skip

    def __init__(self) -> None:
        self.units = dict(Unit.objects.values_list("code", "pk"))
        self.tariffs = dict(Tariff.objects.values_list("code", "pk"))
        self.phases = dict(PowerStep.objects.values_list("va", "phase"))
        desa = Area.objects.filter(level=AreaLevel.DESA).order_by("pk")
        self.area = desa.filter(pk__startswith="31.").values_list("pk", flat=True)[0]
        self.now = timezone.now()

    def row(self, made: MadeCustomer) -> list[Any]:
        number = made.idpel[4:]
        return [
            made.idpel, f"PELANGGAN {number}", "JL. CONTOH", number[-3:], "001", "001", "", self.area,
            self.units[made.unit_code], self.tariffs[made.tariff], made.power_va, self.phases[made.power_va],
            made.product, made.kogol, "", 1, True, self.now, self.now,
        ]  # fmt: skip


def _write(columns: list[str], rows: list[list[Any]]) -> None:
    table = Customer._meta.db_table
    if connection.vendor == "postgresql":
        block = "".join("\t".join(map(str, row)) + "\n" for row in rows).encode()
        copy_from(iter([block]), f"COPY {table} ({', '.join(columns)}) FROM STDIN")
    else:
        Customer.objects.bulk_create(Customer(**dict(zip(columns, row, strict=True))) for row in rows)


def _officer(program: Program) -> User | None:
    """Somebody who may run the program, in whose name the demo files are imported."""
    at = timezone.now()
    holders = User.objects.filter(
        positions__role="PROGRAM_OFFICER", positions__unit__in=program.unit.ancestor_ids
    )
    for user in holders.distinct():
        if user.positions.active(at).filter(role="PROGRAM_OFFICER").exists():
            return user
    return None


def _batches(things: Iterable[Any]) -> Iterator[list[Any]]:
    iterator = iter(things)
    while batch := list(islice(iterator, BATCH)):
        yield batch
