"""The work-order export: one row per order, one for a ticket without any, in the field's own columns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Prefetch

from tickets.models import Ticket, WorkOrder
from tickets.models.ticket import TicketQuerySet
from units.models import Unit, UnitKind

COLUMNS = (
    "No",
    "UID/UIW",
    "UP3",
    "Posko",
    "Sumber Lapor",
    "Create By",
    "Dispatch By",
    "Dispatch Time",
    "User Regu",
    "Nama Regu",
    "Nama Petugas",
    "Shift",
    "Check In Petugas",
    "No Laporan",
    "Tgl Lapor",
    "Tgl Penugasan Regu",
    "Tgl Dalam Perjalanan",
    "Tgl Pengerjaan",
    "Tgl Nyala Sementara",
    "Tgl Nyala",
    "Tgl Selesai",
    "Durasi Perjalanan (menit)",
    "Durasi WO (menit)",
    "Check Out Petugas",
    "RPT (menit)",
    "RCT (menit)",
    "Rating",
)
AUTODISPATCH = "Autodispatch"
CHUNK = 2000


def export_rows(tickets: TicketQuerySet) -> Iterator[tuple[Any, ...]]:
    """Rows for `COLUMNS`, the oldest ticket first, read in chunks; times are those of the posko.

    They hold no data of customers.
    """
    units = {unit.pk: unit for unit in Unit.objects.all()}
    orders = WorkOrder.objects.select_related("crew", "shift", "dispatched_by").order_by("pk")
    rows = tickets.select_related("created_by").prefetch_related(Prefetch("orders", orders)).order_by("pk")
    number = 0
    for ticket in rows.iterator(chunk_size=CHUNK):
        posko = units[ticket.posko_id] if ticket.posko_id else None
        found: list[WorkOrder | None] = list(ticket.orders.all())
        for order in found or [None]:
            number += 1
            yield (number, *_place(posko, units), *_row(ticket, order, posko))


def _place(posko: Unit | None, units: dict[int, Unit]) -> tuple[str, str, str]:
    """Names of the UID, the UP3 and the posko; empty for what never reached a unit."""
    if posko is None:
        return "", "", ""
    above = {units[pk].kind: units[pk].name for pk in posko.ancestor_ids}
    parent = above.get(UnitKind.UID) or above.get(UnitKind.UIW) or ""
    return parent, above.get(UnitKind.UP3, ""), posko.name


def _row(ticket: Ticket, order: WorkOrder | None, posko: Unit | None) -> tuple[Any, ...]:
    return (
        ticket.get_channel_display(),
        ticket.created_by.username,
        *_dispatch(order, posko),
        ticket.number,
        _local(ticket.reported_at, posko),
        *_moments(order, posko),
        *_spans(order),
        _local(order.shift.checked_out_at, posko) if order and order.shift else "",
        _minutes(ticket.reported_at, ticket.responded_at),
        _minutes(ticket.reported_at, ticket.restored_at),
        ticket.rating,
    )


def _dispatch(order: WorkOrder | None, posko: Unit | None) -> tuple[str, ...]:
    if order is None or order.crew is None:
        return ("",) * 7
    shift = order.shift
    return (
        order.dispatched_by.username if order.dispatched_by else AUTODISPATCH,
        _local(order.assigned_at, posko),
        order.crew.code,
        order.crew.name,
        shift.officers if shift else "",
        shift.name if shift else "",
        _local(shift.checked_in_at, posko) if shift else "",
    )


def _moments(order: WorkOrder | None, posko: Unit | None) -> tuple[str, ...]:
    if order is None:
        return ("",) * 6
    moments = (
        order.assigned_at,
        order.departed_at,
        order.started_at,
        order.restored_temporarily_at,
        order.restored_at,
        order.finished_at,
    )
    return tuple(_local(moment, posko) for moment in moments)


def _spans(order: WorkOrder | None) -> tuple[float | None, float | None]:
    if order is None:
        return None, None
    return _minutes(order.departed_at, order.started_at), _minutes(order.assigned_at, order.finished_at)


def _local(moment: datetime | None, posko: Unit | None) -> str:
    if moment is None:
        return ""
    return f"{moment.astimezone(posko.zone) if posko else moment:%Y-%m-%d %H:%M:%S}"


def _minutes(start: datetime | None, end: datetime | None) -> float | None:
    return round((end - start) / timedelta(minutes=1), 1) if start and end else None
