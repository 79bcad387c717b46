"""The work-order export: one row per order, one for a ticket without any, in the field's own columns.

Who takes it, and why, stands in the log of accesses before the first byte leaves; with the number of rows
and the digest of the file.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Generator, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from django.db.models import Prefetch

from common.exports import csv_lines, write_xlsx
from customers.models import AccessLog
from customers.services.privacy import record_export, record_sent
from tickets.models import Ticket, WorkOrder
from tickets.models.ticket import TicketQuerySet
from units.models import Unit, UnitKind, User
from units.powers import Power

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


class Counted:
    """Rows, with how many of them were taken so far."""

    def __init__(self, rows: Iterable[tuple[Any, ...]]) -> None:
        self.rows, self.count = rows, 0

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        for row in self.rows:
            self.count += 1
            yield row


def exportable(*, by: User, since: datetime, until: datetime) -> TicketQuerySet:
    """The tickets reported in that time that `by` may take out of the portal."""
    rows = Ticket.objects.filter(by.within(Power.EXPORT_TICKETS, "posko"))
    return rows.filter(reported_at__gte=since, reported_at__lt=until)


def stream_csv(*, tickets: TicketQuerySet, by: User, reason: str) -> Generator[bytes, None, None]:
    """The lines of the file, made while they are sent.

    It is recorded twice: when it begins, and when the last line, or the reader, has gone.

    Raises:
        Forbidden: no position of `by` may export.
        Invalid: the reason is shorter than 10 characters.
    """
    begun = _record(by=by, reason=reason, row_count=0, digest="")
    return _sent(Counted(export_rows(tickets)), begun)


def _sent(rows: Counted, begun: AccessLog) -> Generator[bytes, None, None]:
    digest = hashlib.sha256()
    try:
        for line in csv_lines(COLUMNS, rows):
            digest.update(line)
            yield line
    finally:
        record_sent(begun=begun, row_count=rows.count, digest=digest.hexdigest())


def make_xlsx(*, tickets: TicketQuerySet, by: User, reason: str) -> BinaryIO:
    """The workbook as a temporary file; it cannot be sent before it is whole.

    Raises: as `stream_csv`.
    """
    rows = Counted(export_rows(tickets))
    file = tempfile.TemporaryFile()  # noqa: SIM115  (closed by the response that sends it)
    write_xlsx(file, COLUMNS, rows, title="WO")
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    _record(by=by, reason=reason, row_count=rows.count, digest=digest)
    file.seek(0)
    return file


def _record(*, by: User, reason: str, row_count: int, digest: str) -> AccessLog:
    return record_export(
        by=by,
        reason=reason,
        row_count=row_count,
        digest=digest,
        fields=list(COLUMNS),
        power=Power.EXPORT_TICKETS,
    )


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
