"""How fast payments go in and a program is evaluated, against PostgreSQL's own `\\copy` and the bare SQL.

    export DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres
    .venv/bin/python -m benchmarks.programs --customers 100000

Makes a scratch database beside the one named, measures both sides in the same run on the same file, and
drops it again. A checkpoint before each measurement keeps one side from paying for what the other wrote; it
needs a superuser. 5,000,000 customers with 5 months need some 15 GB of disk. On a busy machine give the
server's processes the same priority as this one: at a lower one only our side of the comparison would wait.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2

SCRATCH = "benchmark_programs"
IMPORT_TARGET, EVALUATION_TARGET, MEMORY_TARGET, QUERY_TARGET = 0.7, 1.3, 200, 3
# The same question in one statement, as somebody would type it.
BARE_SQL = """
CREATE TEMP TABLE bare AS
SELECT idpel, split_part(last, ',', 2) AS tariff, split_part(last, ',', 3) AS unit_code
FROM (
    SELECT p.idpel, count(DISTINCT p.period) AS months,
           max(concat_ws(',', p.reference, p.tariff, p.unit_code)) FILTER (WHERE p.period = '2021-05') AS last
    FROM programs_payment p
    WHERE p.kind = 'PAYMENT' AND p.product = 'PASCABAYAR' AND p.kogol NOT IN (1, 2, 3)
      AND p.unit_code IN (
          SELECT u.code FROM units_unit u JOIN units_unit top ON top.code = '54'
          WHERE left(u.path, length(top.path)) = top.path)
      AND p.period IN ('2021-01', '2021-02', '2021-03', '2021-04', '2021-05')
      AND p.paid_at >= (p.period || '-01')::timestamp AT TIME ZONE 'Asia/Jakarta'
      AND p.paid_at < (p.period || '-06')::timestamp AT TIME ZONE 'Asia/Jakarta'
      AND NOT EXISTS (
          SELECT 1 FROM programs_payment r
          WHERE r.kind = 'REVERSAL' AND r.idpel = p.idpel AND r.period = p.period
            AND r.reference = p.reference)
    GROUP BY p.idpel
) counted
WHERE months = 5
"""


def main() -> int:
    options = _options()
    address = urlsplit(os.environ.get("DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres"))
    with scratch_database(address, SCRATCH) as scratch:
        set_up_django(scratch)
        with tempfile.TemporaryDirectory(dir=options.directory) as folder:
            return _Benchmark(options, scratch, Path(folder)).run()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--directory", default=None, help="where the payment files are written")
    return parser.parse_args()


@contextmanager
def scratch_database(address: Any, name: str) -> Any:
    """A database of that name beside the one at `address`, dropped in the end."""
    server = psycopg2.connect(address.geturl())
    server.autocommit = True
    with server.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name}")
    try:
        yield address._replace(path=f"/{name}").geturl()
    finally:
        from django.db import connections

        connections.close_all()
        with server.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.close()


def set_up_django(scratch: str) -> None:
    os.environ |= {
        "DATABASE_URL": scratch,
        "DJANGO_SETTINGS_MODULE": "pln_portal.settings",
        "LOG_LEVEL": "ERROR",
    }
    for command in ("migrate", "load_reference"):  # in processes of their own: their memory is not ours
        subprocess.run([sys.executable, "manage.py", command, "-v0"], check=True, stdout=subprocess.DEVNULL)
    import django

    django.setup()


class _Benchmark:
    def __init__(self, options: argparse.Namespace, scratch: str, folder: Path) -> None:
        from programs.models import Program
        from programs.services import demo, reference
        from units.models import Position, User
        from units.powers import Role

        reference.load()
        self.options, self.scratch, self.folder = options, scratch, folder
        self.program = Program.objects.select_related("unit").get(slug="pelanggan-terbaik-2021")
        self.officer = User.objects.create(username="benchmark")
        Position.objects.create(holder=self.officer, role=Role.PROGRAM_OFFICER, unit=self.program.unit)
        self.generator = demo.generator_for(self.program, count=options.customers, seed=options.seed)
        self.missed: list[str] = []

    def run(self) -> int:
        _say(f"{self.options.customers:,} customers, {len(self.generator.months)} months")
        self._make()
        rates = [self._import(month) for month in self.generator.months]
        self._vacuum()
        ratio = statistics.median(rates)
        self._judge(
            "import rate, ours / \\copy, median month", ratio, ratio >= IMPORT_TARGET, f">= {IMPORT_TARGET}"
        )
        self._evaluate()
        self._standing()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        self._judge("peak memory of our process (MB)", peak, peak <= MEMORY_TARGET, f"<= {MEMORY_TARGET}")
        return 1 if self.missed else 0

    def _make(self) -> None:
        from programs.services import demo

        seconds = _timed(lambda: demo.make_customers(self.generator))
        _say(f"made the customers in {seconds:.0f} s")
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            jobs = [(self.generator, month, str(self._file(month))) for month in self.generator.months]
            seconds = _timed(lambda: pool.starmap(write_month, jobs))
        _say(f"wrote the payment files in {seconds:.0f} s")
        self._sql("CREATE TABLE baseline (LIKE programs_payment INCLUDING ALL)")
        self._sql("ALTER TABLE baseline ALTER payment_import_id SET DEFAULT 1")
        self._sql("VACUUM ANALYZE customers_customer")

    def _file(self, month: date) -> Path:
        return self.folder / f"{month:%Y-%m}.csv"

    def _import(self, month: date) -> float:
        """One month by `\\copy` into a table of the same shape, and by our import; ours / theirs."""
        from programs.services.imports import import_now

        path = self._file(month)
        columns = path.open().readline().strip()
        copy = f"\\copy baseline ({columns}) from '{path}' with (format csv, header)"
        self._sql("CHECKPOINT")
        theirs = _timed(lambda: subprocess.run(["psql", "-q", self.scratch, "-c", copy], check=True))
        self._sql("CHECKPOINT")
        made: list[Any] = []
        with path.open("rb") as raw:
            size = path.stat().st_size
            ours = _timed(lambda: made.append(
                import_now(program=self.program, raw=raw, name=path.name, size=size, by=self.officer)
            ))  # fmt: skip
        assert made[0].status == "APPLIED", made[0].report[:5]
        rows = made[0].row_count
        _say(f"{path.name}: {rows:,} rows, \\copy {rows / theirs:,.0f}/s, ours {rows / ours:,.0f}/s"
             f" ({theirs / ours:.2f})")  # fmt: skip
        return theirs / ours

    def _evaluate(self) -> None:
        from programs.models import Evaluation
        from programs.services.evaluations import ask_evaluation, run_evaluation

        bare, ours = [], []
        for _ in range(3):
            self._sql("CHECKPOINT")
            bare.append(_timed(lambda: self._sql(
                f"SET work_mem = '256MB'; SET hash_mem_multiplier = 2; DROP TABLE IF EXISTS bare; {BARE_SQL}"
            )))  # fmt: skip
            evaluation = ask_evaluation(program=self.program, by=self.officer)
            self._sql("CHECKPOINT")
            ours.append(_timed(lambda pk=evaluation.pk: run_evaluation(evaluation_id=pk)))
            _say(f"bare SQL {bare[-1]:.1f} s, ours {ours[-1]:.1f} s with list and digest")
        count = self._sql("SELECT count(*) FROM bare")[0][0]
        done = Evaluation.objects.filter(status="DONE")
        assert {row.entry_count for row in done} == {count}, "the bare SQL finds another list"
        assert len({row.digest for row in done}) == 1, "the same question gave two digests"
        _say(f"{count:,} eligible")
        ratio = statistics.median(ours) / statistics.median(bare)
        self._judge(
            "evaluation time, ours / bare SQL", ratio, ratio <= EVALUATION_TARGET, f"<= {EVALUATION_TARGET}"
        )

    def _standing(self) -> None:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext
        from django.utils import timezone

        from programs.services.standing import standing_of

        times = []
        for number in range(0, self.options.customers, max(self.options.customers // 200, 1)):
            idpel = self.generator.customer(number).idpel
            with CaptureQueriesContext(connection) as queries:
                times.append(_timed(lambda it=idpel: standing_of(
                    program=self.program, idpel=it, to=self.officer, at=timezone.now()
                )))  # fmt: skip
        self._judge("queries of standing", len(queries), len(queries) <= QUERY_TARGET, f"<= {QUERY_TARGET}")
        _say(f"standing: median {statistics.median(times) * 1000:.1f} ms, worst {max(times) * 1000:.1f} ms")

    def _vacuum(self) -> None:
        self._sql("VACUUM ANALYZE programs_payment")
        self._sql("DROP TABLE baseline")

    def _sql(self, sql: str) -> list[Any]:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def _judge(self, what: str, value: float, is_met: bool, target: str) -> None:
        _say(f"{'ok    ' if is_met else 'MISSED'} {what}: {value:.2f} (target {target})")
        if not is_met:
            self.missed.append(what)


def write_month(generator: Any, month: date, path: str) -> None:
    """The payment file of one month; in a process of its own."""
    with Path(path).open("w") as file:
        file.write("idpel,period,paid_at,amount,product,tariff,power_va,kogol,unit_code,reference,kind\n")
        file.writelines(generator.lines(month))


def _timed(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} load {os.getloadavg()[0]:4.1f}  {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
