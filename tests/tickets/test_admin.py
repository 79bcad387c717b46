"""The back office of tickets: fast lists, pages that ask, files without a ceiling."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from customers.models import AccessLog
from tests.tickets.copies import copy_ticket
from tickets.admin.performance import first_of_months
from tickets.models import (
    Crew,
    EventKind,
    Notification,
    OrderStatus,
    ServicePolicy,
    Status,
    Tab,
    Ticket,
    TicketAccess,
    WorkOrder,
)
from tickets.services import clock, export, performance
from tickets.services.report import Report
from tickets.services.tickets import create_ticket
from units.models import Unit, User

Browse = Callable[[User], Client]
Make = Callable[..., Report]
LIST = "/admin/tickets/ticket/"
QUERIES = ("", "?list=late", "?list=mine", "?q=G260101000001", "?status__exact=LAPOR")


def page(ticket: Ticket, name: str = "change") -> str:
    return reverse(f"admin:tickets_ticket_{name}", args=[ticket.pk])


@pytest.mark.parametrize(
    "query", ["", "?list=late", "?list=mine", "?q=G260101000001", "?status__exact=LAPOR"]
)
def test_the_list_never_counts_and_costs_the_same_at_a_thousand(
    browse: Browse, posko_menteng: User, ticket: Ticket, query: str
) -> None:
    client = browse(posko_menteng)
    copy_ticket(ticket, 60)
    client.get(LIST)
    few = _queries(client, LIST + query)
    copy_ticket(ticket, 940, start=100)
    many = _queries(client, LIST + query)

    assert len(many) == len(few)
    assert not [it for it in many if "COUNT(" in it and "tickets_ticket" in it]
    assert not [it for it in many if "OFFSET" in it]


def _queries(client: Client, path: str) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return [query["sql"] for query in queries]


def test_pages_follow_each_other_by_key(browse: Browse, agent: User, ticket: Ticket) -> None:
    copy_ticket(ticket, 119)
    client, path, seen = browse(agent), LIST, []
    while path:
        changelist = client.get(path).context["cl"]
        seen += [row.pk for row in changelist.result_list]
        path = LIST + changelist.next_page if changelist.next_page else ""

    assert len(seen) == 120
    assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize("after", ["x", "-1", "9" * 30, "%00"])
def test_a_page_that_is_none_leads_back(browse: Browse, agent: User, ticket: Ticket, after: str) -> None:
    assert browse(agent).get(f"{LIST}?after={after}").status_code in (302, 400)


@pytest.mark.parametrize(
    ("name", "found"),
    [("mine", 0), ("late", 1), ("late_begun", 1), ("decision", 1), ("repeated", 1), ("bad", 1)],
)
def test_the_lists_that_people_work_from(
    browse: Browse, manager_menteng: User, ticket: Ticket, name: str, found: int
) -> None:
    copy_ticket(ticket, 5)
    rows = list(Ticket.objects.exclude(pk=ticket.pk).order_by("pk"))
    late = timezone.now() - timedelta(hours=1)
    for row, values in zip(
        rows,
        (
            {"due_at": late},
            {"due_at": late, "status": Status.DALAM_PERJALANAN},
            {"status": Status.LAPOR_PERIKSA},
            {"repeat_count": 2},
            {"status": Status.SELESAI, "rating": 1},
        ),
        strict=True,
    ):
        Ticket.objects.filter(pk=row.pk).update(**values)

    changelist = browse(manager_menteng).get(f"{LIST}?list={name}").context["cl"]

    assert len(changelist.result_list) == found


def test_my_posko_is_where_i_sit(browse: Browse, appoint: Callable[..., User], ticket: Ticket) -> None:
    officer = appoint("posko_gambir_officer", "POSKO_OFFICER", "Posko Gambir")

    changelist = browse(officer).get(f"{LIST}?list=mine").context["cl"]

    assert list(changelist.result_list) == [ticket]


def test_the_page_shows_the_timeline_and_nobodys_data(
    browse: Browse, posko_menteng: User, report: Make, agent: User
) -> None:
    personal = {
        "reporter_name": "Sutarmin Rahasia",
        "caller_number": "081234567890",
        "street": "Jalan Rahasia",
    }
    ticket = create_ticket(report=report(**personal, building_number="77Z"), by=agent)

    text = browse(posko_menteng).get(page(ticket)).content.decode()

    assert 'data-kind="CREATED"' in text
    assert not [word for word in ("Sutarmin", "34567", "Rahasia", "77Z") if word in text]


@pytest.mark.parametrize("name", ["change", "move", "merge", "unmerge", "reveal"])
def test_a_hidden_ticket_is_not_there(
    browse: Browse,
    manager_bandung: User,
    posko_menteng: User,
    ticket: Ticket,
    name: str,
    appoint: Callable[..., User],
) -> None:
    stranger = appoint("posko_bandung", "POSKO_OFFICER", "UP3 Bandung")

    answer = browse(stranger).get(page(ticket, name))

    assert answer.status_code == (302 if name == "change" else 404)


def test_a_ticket_is_moved_by_the_service(
    browse: Browse, posko_menteng: User, agent: User, report: Make
) -> None:
    ticket = create_ticket(report=report(tab=Tab.KELUHAN), by=agent)
    client = browse(posko_menteng)

    refused = client.post(page(ticket, "move"), {"to": "SELESAI"})
    assert refused.status_code == 200
    moved = client.post(page(ticket, "move"), {"to": "DALAM_PENGERJAAN"})

    ticket.refresh_from_db()
    assert (moved.status_code, ticket.status) == (302, Status.DALAM_PENGERJAAN)
    assert ticket.events.get(kind=EventKind.MOVED).by == posko_menteng


@pytest.mark.parametrize("name", ["move", "merge", "unmerge"])
def test_an_agent_has_no_such_page(browse: Browse, agent: User, ticket: Ticket, name: str) -> None:
    assert browse(agent).post(page(ticket, name), {"to": "SELESAI", "reason": "x"}).status_code == 403
    assert ticket.events.count() == 1


def test_a_bulk_action_has_the_guards_of_one(
    browse: Browse, posko_menteng: User, agent: User, report: Make
) -> None:
    first, second = (create_ticket(report=report(tab=Tab.KELUHAN), by=agent) for _ in range(2))
    Ticket.objects.filter(pk=first.pk).update(status=Status.DALAM_PENGERJAAN)
    body = {"action": "finish_selected", "_selected_action": [first.pk, second.pk]}

    browse(posko_menteng).post(LIST, body)

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == (Status.SELESAI, Status.LAPOR)
    assert second.events.count() == 1


def test_a_reveal_shows_once_and_is_recorded(browse: Browse, posko_menteng: User, ticket: Ticket) -> None:
    client = browse(posko_menteng)
    assert "Pelapor Uji" not in client.get(page(ticket, "reveal")).content.decode()
    assert not TicketAccess.objects.exists()

    shown = client.post(page(ticket, "reveal"), {"reason": "Petugas menuju lokasi"}).content.decode()

    assert "Pelapor Uji" in shown
    assert TicketAccess.objects.get().reader == posko_menteng


def test_tickets_are_never_typed_into(browse: Browse, back_office: User, ticket: Ticket) -> None:
    client = browse(back_office)

    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(page(ticket), {"status": "SELESAI"}).status_code == 403
    assert (
        client.post(reverse("admin:tickets_ticket_delete", args=[ticket.pk]), {"post": "yes"}).status_code
        == 403
    )
    ticket.refresh_from_db()
    assert ticket.status == Status.LAPOR


def test_a_target_is_changed_by_a_new_version(browse: Browse, back_office: User) -> None:
    before = ServicePolicy.objects.get(code="gangguan")
    body = {
        "code": "gangguan",
        "tab": "GANGGUAN",
        "minutes": 120,
        "calendar": before.calendar_id,
        "valid_from": "01/01/2026",
        "basis": "TMP 2026",
    }

    answer = browse(back_office).post("/admin/tickets/servicepolicy/add/", body)

    assert answer.status_code == 302, answer.context["errors"]
    assert list(ServicePolicy.objects.filter(code="gangguan").values_list("version", "minutes")) == [
        (2, 120),
        (1, 180),
    ]


def test_the_inbox_is_marked_as_read_by_its_own_unit(
    browse: Browse, appoint: Callable[..., User], ticket: Ticket, posko_menteng: User
) -> None:
    officer = appoint("posko_gambir_officer", "POSKO_OFFICER", "Posko Gambir")
    clock.ring_alerts(at=ticket.due_at)  # type: ignore[arg-type]
    lines = list(Notification.objects.visible_to(officer))
    body = {"action": "mark_read", "_selected_action": [line.pk for line in lines]}
    path = "/admin/tickets/notification/"

    browse(posko_menteng).post(path, body)
    assert Notification.objects.filter(pk__in=[it.pk for it in lines]).unread().count() == len(lines) == 2
    browse(officer).post(path, body)
    assert not Notification.objects.visible_to(officer).unread().exists()


# --- Files ------------------------------------------------------------------------------------------


@pytest.fixture
def exported(ticket: Ticket, posko_gambir: Unit) -> WorkOrder:
    """An order of a crew whose name a spreadsheet would take for a formula."""
    crew = Crew.objects.create(posko=posko_gambir, code="regu-1", name="=HYPERLINK(1)")
    at = ticket.reported_at
    Ticket.objects.update(responded_at=at + timedelta(minutes=40), restored_at=at + timedelta(minutes=70))
    WorkOrder.objects.filter(ticket=ticket).update(
        status=OrderStatus.SELESAI,
        crew=crew,
        assigned_at=at + timedelta(minutes=5),
        departed_at=at + timedelta(minutes=10),
        started_at=at + timedelta(minutes=40),
        restored_at=at + timedelta(minutes=70),
        finished_at=at + timedelta(minutes=95),
    )
    return WorkOrder.objects.get(ticket=ticket)


def _export(client: Client, kind: str, reason: str = "laporan bulanan posko") -> Any:
    now = timezone.localtime()
    since, until = now - timedelta(days=1), now + timedelta(days=1)
    body = {
        "since_0": f"{since:%d/%m/%Y}",
        "since_1": "00:00",
        "until_0": f"{until:%d/%m/%Y}",
        "until_1": "00:00",
        "kind": kind,
        "reason": reason,
    }
    return client.post(reverse("admin:tickets_ticket_export"), body)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_stands_in_the_access_log_with_its_digest(
    browse: Browse, posko_menteng: User, exported: WorkOrder, kind: str
) -> None:
    answer = _export(browse(posko_menteng), kind)
    begun = list(AccessLog.objects.values_list("reader__username", "role", "reason"))
    content = b"".join(answer.streaming_content)

    assert begun == [("posko_menteng", "POSKO_OFFICER", "laporan bulanan posko")]
    last = AccessLog.objects.latest("pk")
    assert (last.kind, last.row_count, last.reason) == ("EXPORT", 1, "laporan bulanan posko")
    assert last.digest == hashlib.sha256(content).hexdigest()
    assert last.fields == list(export.COLUMNS)
    assert last.unit == posko_menteng.positions.get().unit


def test_an_export_that_is_broken_off_is_recorded_with_what_left(
    posko_menteng: User, ticket: Ticket, exported: WorkOrder
) -> None:
    """A response closes the lines that it was given when its reader goes away."""
    copy_ticket(ticket, 30)
    lines = export.stream_csv(tickets=Ticket.objects.all(), by=posko_menteng, reason="laporan bulanan")
    taken = b"".join(next(lines) for _ in range(12))
    lines.close()

    begun, last = AccessLog.objects.order_by("pk")
    assert (begun.row_count, begun.digest) == (0, "")
    assert last.digest == hashlib.sha256(taken).hexdigest()
    assert last.row_count == 10


@pytest.mark.parametrize("reason", ["", "pendek"])
def test_nothing_leaves_without_a_reason(
    browse: Browse, posko_menteng: User, exported: WorkOrder, reason: str
) -> None:
    answer = _export(browse(posko_menteng), "csv", reason)

    assert (answer.status_code, answer.streaming) == (200, False)
    assert not AccessLog.objects.exists()


def test_the_work_orders_leave_as_csv(
    browse: Browse, posko_menteng: User, ticket: Ticket, exported: WorkOrder
) -> None:
    answer = _export(browse(posko_menteng), "csv")

    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["No Laporan"] == ticket.number
    assert (row["UID/UIW"], row["UP3"], row["Posko"]) == ("UID Jakarta Raya", "UP3 Menteng", "Posko Gambir")
    assert (row["Dispatch By"], row["Nama Regu"]) == ("Autodispatch", "'=HYPERLINK(1)")
    assert (row["Durasi Perjalanan (menit)"], row["Durasi WO (menit)"]) == ("30.0", "90.0")
    assert (row["RPT (menit)"], row["RCT (menit)"]) == ("40.0", "70.0")
    assert row["Tgl Lapor"] == f"{timezone.localtime(ticket.reported_at):%Y-%m-%d %H:%M:%S}"


def test_the_work_orders_leave_as_xlsx(
    browse: Browse, posko_menteng: User, ticket: Ticket, exported: WorkOrder
) -> None:
    answer = _export(browse(posko_menteng), "xlsx")

    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    columns, row = list(sheet.iter_rows(values_only=True))
    assert columns == export.COLUMNS
    assert dict(zip(columns, row, strict=True))["No Laporan"] == ticket.number
    assert not [cell for cell in sheet[2] if cell.data_type == "f"]


@pytest.mark.parametrize(
    ("who", "status"), [("manager_bandung", 200), ("agent", 403), ("program_jakarta", 403)]
)
def test_an_export_holds_what_the_reader_may_export(
    browse: Browse, anyone: Callable[[str], User], exported: WorkOrder, who: str, status: int
) -> None:
    answer = _export(browse(anyone(who)), "csv")

    assert answer.status_code == status
    if status == 200:
        assert b"".join(answer.streaming_content).count(b"\r\n") == 1


def test_an_export_costs_the_same_for_ten_and_a_thousand(ticket: Ticket, exported: WorkOrder) -> None:
    copy_ticket(ticket, 9)
    with CaptureQueriesContext(connection) as few:
        assert len(list(export.export_rows(Ticket.objects.all()))) == 10
    copy_ticket(ticket, 990, start=10)
    with CaptureQueriesContext(connection) as many:
        assert len(list(export.export_rows(Ticket.objects.all()))) == 1000

    assert len(few) == len(many) == 3


def test_rpt_and_rct_per_posko_and_crew_and_month(
    ticket: Ticket, exported: WorkOrder, posko_menteng: User, manager_bandung: User
) -> None:
    span = {"since": ticket.reported_at - timedelta(days=1), "until": ticket.reported_at + timedelta(days=1)}

    (unit,) = performance.by_unit(user=posko_menteng, **span)
    (crew,) = performance.by_crew(user=posko_menteng, **span)

    assert (unit.name, crew.code) == ("Posko Gambir", "regu-1")
    for found in (unit, crew):
        assert (found.rpt, found.rct) == (timedelta(minutes=40), timedelta(minutes=70))
        assert (found.tickets, found.restored, found.in_time) == (1, 1, 1)
        assert found.month == timezone.localdate(ticket.reported_at).replace(day=1)
    assert performance.by_unit(user=manager_bandung, **span) == []


def test_rpt_and_rct_of_a_up3_and_a_uid_weigh_each_posko_by_its_tickets(
    report: Callable[..., Report], agent: User, srm_jakarta: User, unit: Callable[[str], Unit]
) -> None:
    at = timezone.now() - timedelta(hours=3)
    for posko, minutes in (("Posko Gambir", 10), ("Posko Gambir", 20), ("Posko Menteng", 60)):
        made = create_ticket(report=report(posko=unit(posko), area=None), by=agent, at=at)
        there, back = at + timedelta(minutes=minutes), at + timedelta(minutes=2 * minutes)
        Ticket.objects.filter(pk=made.pk).update(responded_at=there, restored_at=back)
    create_ticket(report=report(), by=agent, at=at)
    span: dict[str, Any] = {
        "user": srm_jakarta,
        "since": at - timedelta(days=1),
        "until": at + timedelta(days=1),
    }

    for kinds, name in ((("UP3",), "UP3 Menteng"), (("UID", "UIW"), "UID Jakarta Raya")):
        (found,) = performance.by_parent(kinds=kinds, **span)
        assert (found.name, found.tickets, found.restored, found.in_time) == (name, 4, 3, 3)
        assert (found.rpt, found.rct) == (timedelta(minutes=30), timedelta(minutes=60))


def test_the_page_of_response_and_recovery_counts_what_its_reader_sees(
    browse: Browse,
    posko_menteng: User,
    manager_bandung: User,
    agent: User,
    ticket: Ticket,
    exported: WorkOrder,
) -> None:
    page = reverse("admin:tickets_ticket_performance")

    shown = browse(posko_menteng).get(page, {"months": "12"})
    (unit,), (up3,) = shown.context["units"], shown.context["up3s"]
    assert (unit.name, unit.in_time) == ("Posko Gambir", 1)
    assert (up3.name, up3.in_time) == ("UP3 Menteng", 1)
    assert '<td class="py-1 pr-4">0 j 40 mnt</td><td class="py-1 pr-4">1 j 10 mnt</td>' in shown.text
    assert browse(manager_bandung).get(page, {"months": "no number"}).context["units"] == []
    assert browse(agent).get(page).status_code == 403


@pytest.mark.parametrize(
    ("now", "months", "since"),
    [
        ("2026-03-31T20:00Z", 1, "2026-04-01"),  # already April in Jakarta
        ("2026-01-15T00:00Z", 1, "2026-01-01"),
        ("2026-01-15T00:00Z", 3, "2025-11-01"),
        ("2026-12-31T00:00Z", 12, "2026-01-01"),
    ],
)
def test_a_span_begins_with_a_month_of_the_office(now: str, months: int, since: str) -> None:
    assert first_of_months(datetime.fromisoformat(now), months).isoformat()[:10] == since
