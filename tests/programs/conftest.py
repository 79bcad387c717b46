"""One approved program of UID Jakarta Raya, three customers, and payment files made of lines."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from common import jobs
from common.models import Job
from customers.models import Customer, Tariff
from programs import tasks
from programs.models import Evaluation, PaymentImport, Program
from programs.services import evaluations, imports, reference
from programs.services.payment_file import COLUMNS
from units.models import Area, Unit, User

assert tasks  # registers the jobs that `work` runs

PERIODS = ("2021-01", "2021-02", "2021-03", "2021-04", "2021-05")
AFTER_THE_PERIOD = datetime(2021, 6, 10, 3, tzinfo=UTC)
PICK_UP_DAY = datetime(2021, 6, 17, 3, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_june_2021(request: pytest.FixtureRequest) -> Iterator[None]:
    """The program's own time: the months are over, the winners not yet announced."""
    if "browser" in request.keywords:
        yield
        return
    with time_machine.travel(AFTER_THE_PERIOD):
        yield


@pytest.fixture
def program(db: None) -> Program:
    """PELANGGAN TERBAIK 2021, approved, as the portal brings it along."""
    reference.load()
    return Program.objects.select_related("unit").get(slug="pelanggan-terbaik-2021")


@pytest.fixture
def make_customer(db: None) -> Callable[..., Customer]:
    def make(idpel: str, *, at: str = "UP3 Menteng", tariff: str = "R1", **fields: Any) -> Customer:
        values: dict[str, Any] = {"product": "PASCABAYAR", "power_va": 1300, "phase": 1} | fields
        return Customer.objects.create(
            idpel=idpel,
            name="PELANGGAN CONTOH",
            street="JL. CONTOH",
            area=Area.objects.get(pk="31.71"),
            unit=Unit.objects.get(name=at),
            tariff=Tariff.objects.get(code=tariff),
            **values,
        )

    return make


@pytest.fixture
def customers(make_customer: Callable[..., Customer]) -> list[Customer]:
    return [make_customer(f"54000000000{number}") for number in (1, 2, 3)]


@pytest.fixture
def line(menteng: Unit) -> Callable[..., str]:
    """A line of a payment file: paid on the third at ten in the morning, unless told otherwise."""

    def make(idpel: str = "540000000001", period: str = "2021-01", day: int = 3, **cells: Any) -> str:
        values = {
            "idpel": idpel,
            "period": period,
            "paid_at": f"{period}-{day:02}T10:00:00+07:00",
            "amount": 150_000,
            "product": "PASCABAYAR",
            "tariff": "R1",
            "power_va": 1300,
            "kogol": 0,
            "unit_code": menteng.code,
            "reference": f"T{period}-{idpel[-3:]}",
            "kind": "PAYMENT",
        } | cells
        return ",".join(str(values[name]) for name in COLUMNS) + "\n"

    return make


def payment_file(*lines: str, header: str = ",".join(COLUMNS)) -> bytes:
    return (header + "\n" + "".join(lines)).encode()


@pytest.fixture
def import_file(program: Program, program_jakarta: User) -> Callable[..., PaymentImport]:
    """Import a file as the program officer."""

    def run(content: bytes, **more: Any) -> PaymentImport:
        return imports.import_now(
            program=more.pop("program", program),
            raw=io.BytesIO(content),
            name="payments.csv",
            size=len(content),
            by=more.pop("by", program_jakarta),
            **more,
        )

    return run


@pytest.fixture
def paid_in_time(
    line: Callable[..., str], customers: list[Customer], import_file: Callable[..., PaymentImport]
) -> None:
    """All three customers paid every month on the third."""
    lines = [line(customer.idpel, period) for customer in customers for period in PERIODS]
    assert import_file(payment_file(*lines)).status == "APPLIED"


@pytest.fixture
def evaluate(program: Program, program_jakarta: User) -> Callable[..., Evaluation]:
    def run(of: Program = program, by: User = program_jakarta) -> Evaluation:
        asked = evaluations.ask_evaluation(program=of, by=by)
        return evaluations.run_evaluation(evaluation_id=asked.pk)

    return run


@pytest.fixture
def work() -> Callable[[], None]:
    """Do the waiting background jobs; each must succeed."""

    def run() -> None:
        for job_id in jobs.take_ready(at=timezone.now()):
            assert jobs.run(job_id, at=timezone.now()), Job.objects.get(pk=job_id).error

    return run


def is_postgresql() -> bool:
    return connection.vendor == "postgresql"
