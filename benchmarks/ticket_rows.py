"""Many tickets in a moment: copies of one, made by PostgreSQL itself, in the spread that lists have to bear.

What is open is a matter of days, what is closed of years: the newest `OPEN` tickets are open, all others are
closed, and a larger table has more history, not more work. One posko has a ticket in `RARE` only.
"""

from __future__ import annotations

from django.db import connection

from tickets.models import Ticket, WorkOrder
from units.models import Unit, UnitKind

OPEN = 2000
RARE = 997
FIRST = 1_000_000  # the keys begin here, and number the tickets
STATUSES = ("LAPOR", "LAPOR_PERIKSA", "PENUGASAN_REGU", "DALAM_PERJALANAN", "DALAM_PENGERJAAN", "NYALA")


def fill(template: Ticket, *, start: int, stop: int, total: int) -> Unit:
    """Insert the tickets number `start` to `stop` of `total`, and an order for each; the quiet posko."""
    rows = Unit.objects.filter(kind=UnitKind.POSKO).exclude(pk=template.posko_id).order_by("pk")
    poskos = list(rows.values_list("pk", flat=True))
    order = WorkOrder.objects.filter(ticket=template).first()
    is_open = f"g >= {total - OPEN}"
    rare, others = poskos[0], [template.posko_id, *poskos[1:]]
    common = f"(ARRAY{others})[1 + (g::bigint * 7919) % {len(others)}]"
    posko = f"CASE WHEN g % {RARE} = 7 THEN {rare} ELSE {common} END"
    status = f"CASE WHEN {is_open} THEN (ARRAY{list(STATUSES)})[1 + g % {len(STATUSES)}] ELSE 'SELESAI' END"
    at = f"now() - ({total} - g) * interval '37 seconds'"
    number = "'G' || lpad((100000000000 + g)::text, 12, '0')"
    _copy("tickets_ticket", template.pk, start, stop, {
        "id": f"{FIRST} + g",
        "number": number,
        "queue_key": f"'9-' || to_char({at}, 'YYYYMMDDHH24MISS') || '-' || {number}",
        "posko_id": posko,
        "status": status,
        "reported_at": at,
        "due_at": f"{at} + interval '3 hours'",
        "alert_at": "NULL",
        "closed_at": f"CASE WHEN {is_open} THEN NULL ELSE {at} + interval '2 hours' END",
        "repeat_count": "CASE WHEN g % 50 = 0 THEN 2 ELSE 0 END",
        "rating": f"CASE WHEN {is_open} THEN NULL ELSE 1 + g % 5 END",
        "is_confirmed": f"CASE WHEN {is_open} THEN NULL ELSE true END",
        "meter_number": "lpad(g::text, 11, '0')",
        "mobile_number": "'+62812' || lpad(g::text, 8, '0')",
        "caller_number": "'+62813' || lpad(g::text, 8, '0')",
    })  # fmt: skip
    if order is not None:
        _copy("tickets_workorder", order.pk, start, stop, {
            "id": f"{FIRST} + g",
            "ticket_id": f"{FIRST} + g",
            "posko_id": posko,
            "status": f"CASE WHEN {is_open} THEN 'ANTRE' ELSE 'BATAL' END",
            "created_at": at,
        })  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE units_unit")
        cursor.execute("ANALYZE tickets_ticket")
        cursor.execute("ANALYZE tickets_workorder")
    return Unit.objects.get(pk=rare)


def _copy(table: str, pk: int, start: int, stop: int, changed: dict[str, str]) -> None:
    """Copy one row so many times; `changed` has the expressions of `g` for what differs."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")  # a test's rollback undoes it
        described = connection.introspection.get_table_description(cursor, table)
        columns = [it.name for it in described]
        values = ", ".join(changed.get(name, f'it."{name}"') for name in columns)
        names = ", ".join(f'"{name}"' for name in columns)
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} it, "  # noqa: S608
            f"generate_series({start}, {stop - 1}) g WHERE it.id = {pk}"
        )
