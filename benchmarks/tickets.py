"""How long the lists of tickets take with N tickets, against a hundredth of them, and by which indexes.

    export DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres
    .venv/bin/python -m benchmarks.tickets --tickets 300000

Makes a scratch database beside the one named, and drops it again. What is open stays the same: the larger
table has more history. A list that keeps its speed has a ratio near 1. 10,000,000 tickets need some 25 GB.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import Any
from urllib.parse import urlsplit

from benchmarks.programs import scratch_database, set_up_django

SCRATCH = "benchmark_tickets"
RATIO, FAST = 2.0, 50.0  # a list may be slower by that factor, or take so many milliseconds
TIMES = 15
ROWS_READ = 20_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tickets", type=int, default=300_000)
    count = parser.parse_args().tickets
    address = urlsplit(os.environ.get("DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres"))
    with scratch_database(address, SCRATCH) as scratch:
        set_up_django(scratch)
        from django.test.utils import override_settings

        with override_settings(ALLOWED_HOSTS=["*"], SECURE_SSL_REDIRECT=False, DEBUG=False):
            return _compare(count)


def _compare(count: int) -> int:
    from benchmarks.ticket_rows import fill

    template = _template()
    few = count // 100
    quiet = fill(template, start=count - few, stop=count, total=count)
    clients = _clients(quiet.name)
    small = _measure(clients)
    began = time.perf_counter()
    fill(template, start=0, stop=count - few, total=count)
    _vacuum()
    _say(f"{count:,} tickets, made in {time.perf_counter() - began:.0f} s; a hundredth: {few:,}")
    return _judge(clients, small, _measure(clients))


def _template() -> Any:
    """One report with its order, made by the services."""
    from django.utils import timezone

    from tickets.models import ProblemType
    from tickets.services.report import Report
    from tickets.services.tickets import create_ticket
    from units.models import Area

    report = Report(
        tab="GANGGUAN",
        problem_type=ProblemType.objects.get(code="tetangga-tidak-turut-padam"),
        wo_type="WO_AUTODISPATCH",
        problem="1 RUMAH PADAM",
        reporter_name="Pelapor Uji",
        area=Area.objects.get(pk="31.71.01.1001"),
    )
    return create_ticket(report=report, by=_person("recorder", "CSO", "PLN Pusat"), at=timezone.now())


def _person(name: str, role: str, at: str) -> Any:
    from units.models import Position, Unit, User

    user = User.objects.create(username=name, is_staff=True)
    Position.objects.create(holder=user, role=role, unit=Unit.objects.get(name=at))
    return user


def _clients(quiet: str) -> dict[str, Any]:
    from django.test import Client

    people = {
        "agent": _person("agent", "CSO", "PLN Pusat"),
        "operator": _person("operator", "VCC_OPERATOR", "PLN Pusat"),
        "posko": _person("posko", "POSKO_OFFICER", "UP3 Menteng"),
        "quiet": _person("quiet", "POSKO_OFFICER", quiet),
    }
    clients = {}
    for name, person in people.items():
        clients[name] = Client()
        clients[name].force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return clients


def _measure(clients: dict[str, Any]) -> dict[tuple[str, str], float]:
    """Milliseconds of each list's queries of the big tables, the best of some openings."""
    from django.db import connection

    from benchmarks.ticket_lists import LISTS, open_list

    found = {}
    for who, address in LISTS:
        queries = open_list(clients[who], address)
        times = []
        for _ in range(TIMES):
            began = time.perf_counter()
            with connection.cursor() as cursor:
                for sql in queries:
                    cursor.execute(sql)
                    cursor.fetchall()
            times.append((time.perf_counter() - began) * 1000)
        found[who, address] = min(times)
    return found


def _judge(clients: dict[str, Any], small: dict[Any, float], large: dict[Any, float]) -> int:
    from benchmarks.ticket_lists import indexes_of, open_list, trouble_of

    missed = 0
    for (who, address), milliseconds in large.items():
        queries = open_list(clients[who], address)
        trouble = [it for sql in queries for it in trouble_of(sql, at_most=ROWS_READ)]
        ratio = milliseconds / small[who, address]
        is_met = not trouble and (ratio <= RATIO or milliseconds <= FAST)
        missed += not is_met
        how = trouble or sorted({name for sql in queries for name in indexes_of(sql)})
        _say(f"{'ok    ' if is_met else 'MISSED'} {ratio:6.2f} {milliseconds:8.1f} ms  {who:<9}{address}"
             f"  {', '.join(how)}")  # fmt: skip
    return 1 if missed else 0


def _vacuum() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("VACUUM ANALYZE tickets_ticket")
        cursor.execute("VACUUM ANALYZE tickets_workorder")


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
