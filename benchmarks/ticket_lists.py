"""The lists that people work from: who opens them, where, and how PostgreSQL finds their rows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

LISTS = (
    ("agent", "/api/v1/tickets/"),
    ("agent", "/api/v1/tickets/?page_size=200"),
    ("agent", "/api/v1/tickets/?is_open=true&ordering=queue_key"),
    ("agent", "/api/v1/tickets/?is_overdue=true&ordering=queue_key"),
    ("agent", "/api/v1/tickets/?status=LAPOR&ordering=queue_key"),
    ("agent", "/api/v1/tickets/?number=G100000000100"),
    ("agent", "/api/v1/tickets/?meter_number=00000000100"),
    ("posko", "/api/v1/tickets/"),
    ("posko", "/api/v1/tickets/?is_open=true&ordering=queue_key"),
    ("posko", "/api/v1/tickets/?is_overdue=true&is_begun=false&ordering=queue_key"),
    ("posko", "/api/v1/work-orders/"),
    ("posko", "/api/v1/work-orders/?is_open=true"),
    ("quiet", "/api/v1/tickets/"),
    ("quiet", "/api/v1/tickets/?is_open=true&ordering=queue_key"),
    ("quiet", "/api/v1/work-orders/"),
    ("operator", "/api/v1/tickets/?status=LAPOR_PERIKSA&ordering=queue_key"),
    ("operator", "/admin/tickets/ticket/"),
    ("operator", "/admin/tickets/ticket/?after=1001000"),
    ("operator", "/admin/tickets/ticket/?list=decision"),
    ("operator", "/admin/tickets/ticket/?list=late"),
    ("operator", "/admin/tickets/ticket/?list=late_begun"),
    ("operator", "/admin/tickets/ticket/?list=repeated"),
    ("operator", "/admin/tickets/ticket/?list=bad"),
    ("operator", "/admin/tickets/ticket/?q=G100000000100"),
    ("posko", "/admin/tickets/ticket/"),
    ("posko", "/admin/tickets/ticket/?list=mine"),
    ("posko", "/admin/tickets/ticket/?list=late"),
    ("posko", "/admin/tickets/ticket/?list=bad"),
    ("quiet", "/admin/tickets/ticket/"),
    ("quiet", "/admin/tickets/ticket/?list=mine"),
    ("quiet", "/admin/tickets/workorder/"),
)
BIG = ("tickets_ticket", "tickets_workorder")
BIG_INDEXES = (*BIG, "ticket_", "order_")


def open_list(client: Client, address: str) -> list[str]:
    """Open it, and answer the queries of the big tables that it took."""
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code, answer.content[:300])
    return [it["sql"] for it in captured.captured_queries if _is_of_big_table(it["sql"])]


def _is_of_big_table(sql: str) -> bool:
    return sql.startswith("SELECT") and any(f'FROM "{table}"' in sql for table in BIG)


def trouble_of(sql: str, *, at_most: int) -> list[str]:
    """What makes it slower with every year: a count, a scan of a whole table, more rows read than that."""
    found = ["counts"] if re.search(r"\bCOUNT\(", sql, re.IGNORECASE) else []
    nodes = [it for it in _plan(sql) if it.get("Relation Name") in BIG]
    scanned = {it["Relation Name"] for it in nodes if it["Node Type"] == "Seq Scan"}
    read = sum(map(_rows_read, nodes))
    found += [f"reads all of {table}" for table in sorted(scanned)]
    return [*found, f"reads {read} rows"] if read > at_most else found


def indexes_of(sql: str) -> list[str]:
    """The indexes of the big tables that its plan uses."""
    nodes = [it for it in _plan(sql) if "Index Name" in it]
    used = {it["Index Name"] for it in nodes}
    return sorted(name for name in used if name.startswith(BIG_INDEXES))


def _rows_read(node: dict[str, Any]) -> int:
    kept, dropped = node["Actual Rows"], node.get("Rows Removed by Filter", 0)
    return int((kept + dropped) * node["Actual Loops"])


def _plan(sql: str) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
        [(plan,)] = cursor.fetchall()
    read = json.loads(plan) if isinstance(plan, str) else plan
    return list(_nodes(read[0]["Plan"]))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from _nodes(inner)
