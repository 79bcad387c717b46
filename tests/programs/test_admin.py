"""The back office: from a draft to a reward handed over, and what it refuses."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.html import escape, strip_tags
from openpyxl import load_workbook

from customers.models import AccessLog, Customer, PhoneNumber
from programs.models import Evaluation, PaymentImport, Program, Reward, Winner
from programs.notices import IMPORT
from programs.services import exports, programs, rewards
from tests.programs import hostile
from tests.programs.conftest import AFTER_THE_PERIOD as AT
from tests.programs.conftest import PERIODS, PICK_UP_DAY, payment_file
from units.models import Unit, User

pytestmark = pytest.mark.django_db
Browse = Callable[[User], Any]


def desk(program: Program) -> str:
    return reverse("admin:programs_program_desk", args=[program.pk])


def take(client: Any, program: Program, step: str, **values: Any) -> Any:
    data = {"step": step} | {f"{step}-{name}": value for name, value in values.items()}
    return client.post(desk(program), data, follow=True)


CRITERIA = {
    "name": "Pelanggan Terbaik 2021 B", "slug": "terbaik-b", "alias": "", "letter": "", "purpose": "",
    "period_start": "2021-01-01", "months": 5, "first_day": 1, "last_day": 5, "products": ["PASCABAYAR"],
    "excluded_kogol": ["1", "2", "3"], "tariffs": [], "min_va": "", "max_va": "", "winners_per_group": "",
    "reserves_per_group": 0, "grouping": "TARIFF_UNIT", "announce_before": "2021-06-17",
    "announcement_note": "", "pick_up_from": "2021-06-17", "pick_up_until": "2021-06-17",
    "pick_up_place": "kantor UP3", "agent_may_say": "Bayar tanggal 1 s.d. 5.", "agent_must_not": "",
}  # fmt: skip


def test_from_a_draft_to_a_reward_in_hand(
    browse: Browse,
    program_jakarta: User,
    srm_jakarta: User,
    manager_menteng: User,
    jakarta: Unit,
    menteng: Unit,
    customers: list[Customer],
    line: Callable[..., str],
    work: Callable[[], None],
) -> None:
    officer, approver, manager = browse(program_jakarta), browse(srm_jakarta), browse(manager_menteng)
    made = officer.post(reverse("admin:programs_program_add"), CRITERIA | {"unit": jakarta.pk})
    assert made.status_code == 302, made.context["adminform"].form.errors
    program = Program.objects.get(slug="terbaik-b")
    assert program.excluded_kogol == [1, 2, 3]
    take(approver, program, "approve")
    content = payment_file(*(line(customer.idpel, period) for customer in customers for period in PERIODS))
    take(officer, program, "upload", file=SimpleUploadedFile("bayar.csv", content))
    work()
    take(officer, program, "evaluate")
    work()
    take(approver, program, "freeze")
    work()
    take(officer, program, "announce")
    program.refresh_from_db()
    assert (program.status, Winner.objects.count()) == ("ANNOUNCED", 3)

    reward = {"program": program.pk, "unit": menteng.pk, "name": "Payung", "stock": 5}
    assert manager.post(reverse("admin:programs_reward_add"), reward).status_code == 302
    winner = Winner.objects.select_related("program", "customer").order_by("pk")[0]
    act(manager, winner, "assign", reward=Reward.objects.get().pk)
    act(manager, winner, "contact", method="PHONE", reached="on")
    code = rewards.code_of(winner)
    assert f"{code[:4]}-{code[4:]}" in act(manager, winner, "show_code").content.decode()
    with time_machine.travel(PICK_UP_DAY):
        act(browse(manager_menteng), winner, "hand_over", code=code, identity="KTP", identity_last4="0001")

    winner.refresh_from_db()
    assert (winner.status, winner.handed_over_by) == ("HANDED_OVER", manager_menteng)
    shown = officer.get(desk(program)).content.decode()
    assert "UP3 Menteng" in shown
    assert "540000000001" not in shown


@pytest.mark.parametrize(
    ("status", "at", "offered"),
    [
        ("SELECTED", AT, {"reach", "contact", "assign"}),
        ("TOLD", PICK_UP_DAY, {"reach", "contact", "assign", "show_code", "hand_over"}),
        ("TOLD", PICK_UP_DAY + timedelta(days=1), {"reach", "contact", "assign", "not_collected"}),
        ("HANDED_OVER", PICK_UP_DAY, set()),
        ("RESERVE", AT, set()),
    ],
)
def test_the_page_of_a_winner_offers_what_can_be_done_now(
    announced: Program, browse: Browse, manager_menteng: User, status: str, at: datetime, offered: set[str]
) -> None:
    winner = Winner.objects.order_by("pk")[0]
    values: dict[str, Any] = {"status": status}
    if status == "HANDED_OVER":
        reward = Reward.objects.create(program=announced, unit=winner.unit, name="Payung", stock=1)
        values |= {"reward": reward, "handed_over_at": at, "handed_over_by": manager_menteng}
    Winner.objects.filter(pk=winner.pk).update(**values)

    with time_machine.travel(at):
        client = browse(manager_menteng)
        page = client.get(reverse("admin:programs_winner_change", args=[winner.pk])).content.decode()

    assert set(re.findall(rf"/winner/{winner.pk}/(\w+)/\"", page)) - {"history", "change"} == offered


def act(client: Any, winner: Winner, name: str, **values: Any) -> Any:
    """Post a dialog of the winner's page, and show the page that follows."""
    page = reverse("admin:programs_winner_change", args=[winner.pk])
    answer = client.post(f"/admin/programs/winner/{winner.pk}/{name}/", {"_form_submitted": "on"} | values)
    assert answer.status_code == 302, answer.content
    return client.get(page)


def test_a_get_runs_no_step(program: Program, browse: Browse, program_jakarta: User) -> None:
    browse(program_jakarta).get(desk(program), {"step": "evaluate"})

    assert not Evaluation.objects.exists()


@pytest.mark.parametrize("name", ["manager_menteng", "manager_bandung", "srm_jakarta", "agent"])
def test_a_step_of_somebody_else_does_nothing(
    program: Program, browse: Browse, anyone: Callable[[str], User], name: str
) -> None:
    client = browse(anyone(name))

    take(client, program, "evaluate")
    take(client, program, "upload", file=SimpleUploadedFile("x.csv", b"x"))
    take(client, program, "revise", reason="x")

    assert not Evaluation.objects.exists()
    assert not PaymentImport.objects.exists()
    assert Program.objects.get().status == "APPROVED"


def test_a_refused_step_says_why_at_the_form(
    program: Program, browse: Browse, program_jakarta: User, srm_jakarta: User, work: Callable[[], None]
) -> None:
    client = browse(program_jakarta)
    Program.objects.update(winners_per_group=1)

    short = take(client, program, "commit", secret="short")
    assert short.status_code == 200
    assert not program.seeds.exists()
    take(client, program, "commit", secret="a long enough secret")
    assert program.seeds.get().value != "a long enough secret"


def test_a_draft_of_another_unit_is_hidden(
    program: Program, browse: Browse, anyone: Callable[[str], User]
) -> None:
    Program.objects.update(status="DRAFT")

    for name in ("agent", "manager_bandung", "manager_menteng"):
        assert browse(anyone(name)).get(desk(program)).status_code == 404


def test_the_report_of_an_import_is_for_its_officers(
    program: Program, import_file: Any, browse: Browse, program_jakarta: User, manager_menteng: User
) -> None:
    failed = import_file(payment_file("1,2,3\n"))
    page = reverse("admin:programs_paymentimport_report", args=[failed.pk])

    assert browse(program_jakarta).get(page).status_code == 200
    assert browse(manager_menteng).get(page).status_code == 404


def test_a_hostile_file_is_explained_on_its_page(
    program: Program,
    customers: list[Customer],
    line: Callable[..., str],
    browse: Browse,
    program_jakarta: User,
    work: Callable[[], None],
) -> None:
    client, files = browse(program_jakarta), hostile.files(line)
    for name in ("UTF-16", "NUL bytes", "a long line", "a line twice", "a formula", "a ZIP bomb"):
        content, (_, _, code) = files[name]
        take(client, program, "upload", file=SimpleUploadedFile("<b>x.csv", content))
        work()
        made = PaymentImport.objects.latest("pk")

        page = client.get(reverse("admin:programs_paymentimport_report", args=[made.pk]))

        assert (name, page.status_code, made.status) == (name, 200, "FAILED")
        assert escape(str(IMPORT[code])) in page.content.decode(), name
        assert "<b>x.csv" not in page.content.decode()


def test_a_running_evaluation_is_watched_and_stopped(
    program: Program, paid_in_time: None, browse: Browse, program_jakarta: User, work: Callable[[], None]
) -> None:
    client = browse(program_jakarta)
    take(client, program, "evaluate")
    watched = client.get(desk(program), headers={"HX-Request": "true"})
    assert 'hx-trigger="every 2s"' in watched.content.decode()
    assert "HX-Refresh" not in watched

    take(client, program, "stop")
    work()

    assert Evaluation.objects.get().status == "CANCELLED"
    over = client.get(desk(program), headers={"HX-Request": "true"})
    assert over["HX-Refresh"] == "true"
    assert "hx-trigger" not in over.content.decode().partition('id="progress"')[2].partition(">")[0]
    take(client, program, "evaluate")
    work()
    assert Evaluation.objects.latest("pk").entry_count == 3


@pytest.fixture
def announced(
    program: Program,
    paid_in_time: None,
    evaluate: Callable[..., Evaluation],
    srm_jakarta: User,
    program_jakarta: User,
    work: Callable[[], None],
) -> Program:
    programs.freeze_list(evaluation=evaluate(), by=srm_jakarta, at=AT)
    work()
    return programs.announce_program(program=program, by=program_jakarta, at=AT)


def test_winners_leave_the_portal_masked_and_harmless(
    announced: Program, browse: Browse, manager_menteng: User, manager_bandung: User
) -> None:
    Customer.objects.filter(idpel="540000000001").update(name="=HYPERLINK(1)")
    page = reverse("admin:programs_program_winners", args=[announced.pk, "csv"])

    content = read(browse(manager_menteng).get(page)).decode("utf-8-sig")

    rows = list(csv.DictReader(io.StringIO(content)))
    assert [row["idpel"] for row in rows] == ["••••••••0001", "••••••••0002", "••••••••0003"]
    assert rows[0]["name"].startswith("'=")
    assert "54000000000" not in content
    assert read(browse(manager_bandung).get(page)).decode("utf-8-sig").count("\n") == 1
    event = announced.events.filter(kind="EXPORTED").order_by("pk")[0]
    digest = hashlib.sha256(b"\xef\xbb\xbf" + content.encode()).hexdigest()
    assert event.data == {"rows": 3, "digest": digest, "public": False}


def read(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_a_list_of_one_up3_is_taken_alone(
    announced: Program, browse: Browse, program_jakarta: User, menteng: Unit, unit: Callable[[str], Unit]
) -> None:
    Winner.objects.filter(customer__idpel="540000000003").update(unit=unit("UP3 Bulungan"))
    page = reverse("admin:programs_program_winners", args=[announced.pk, "csv"])

    answer = browse(program_jakarta).get(page, {"unit": menteng.code})

    assert answer["Content-Disposition"] == f'attachment; filename="{announced.slug}-{menteng.code}.csv"'
    assert read(answer).count(b"\n") == 3


def test_a_workbook_takes_what_one_can_wait_for_and_csv_everything(
    announced: Program, browse: Browse, program_jakarta: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "MAX_SHEET_ROWS", 2)
    pages = [reverse("admin:programs_program_winners", args=[announced.pk, kind]) for kind in ("xlsx", "csv")]
    client = browse(program_jakarta)

    refused = client.get(pages[0], follow=True)

    assert "CSV" in str(next(iter(refused.context["messages"])))
    assert not announced.events.filter(kind="EXPORTED").exists()
    assert read(client.get(pages[1])).count(b"\n") == 4


@pytest.mark.requirement("R-004-7")
def test_who_sees_winners_but_no_rewards_finds_none_on_any_page(
    announced: Program, browse: Browse, supervisor: User, manager_menteng: User, menteng: Unit
) -> None:
    reward = rewards.set_reward(
        program=announced, unit=menteng, name="Payung", stock=3, by=manager_menteng, at=AT
    )
    rewards.assign_to_waiting(reward=reward, by=manager_menteng, at=AT)
    client = browse(supervisor)
    winner = Winner.objects.order_by("pk")[0]

    shown = [
        client.get(reverse("admin:programs_winner_changelist")),
        client.get(reverse("admin:programs_winner_change", args=[winner.pk])),
        client.get(desk(announced)),
    ]

    assert [page.status_code for page in shown] == [200, 200, 200]
    taken = read(client.get(reverse("admin:programs_program_winners", args=[announced.pk, "csv"])))
    assert taken.count(b"\n") == 4
    assert not any(b"Payung" in text for text in (taken, *(page.content for page in shown)))
    assert client.get(reverse("admin:programs_reward_changelist")).status_code == 403


def test_the_up3_sees_whom_to_call_and_the_look_is_on_record(
    announced: Program, browse: Browse, manager_menteng: User, manager_bandung: User
) -> None:
    winner = Winner.objects.order_by("pk")[0]
    PhoneNumber.objects.create(customer=winner.customer, number="+6281200000001", kind="MOBILE")
    page = f"/admin/programs/winner/{winner.pk}/reach/"
    asked = {"_form_submitted": "on"}
    client = browse(manager_menteng)
    assert "PELANGGAN CONTOH" not in client.get(page).content.decode()
    assert browse(manager_bandung).post(page, asked).status_code == 404
    assert not AccessLog.objects.exists()

    shown = client.post(page, asked).content.decode()

    for text in (winner.customer.idpel, "PELANGGAN CONTOH", "+6281200000001", "JL. CONTOH"):
        assert text in shown
    log = AccessLog.objects.get()
    assert (log.reader, log.customer, log.role) == (manager_menteng, winner.customer, "MANAGER_UP3")
    assert log.fields == ["name", "address", "phones"]
    assert announced.name in log.reason

    Winner.objects.update(status="NOT_COLLECTED")
    assert "PELANGGAN CONTOH" not in client.post(page, asked).content.decode()
    assert AccessLog.objects.count() == 1


def test_the_list_to_publish_names_nobody(announced: Program, browse: Browse, program_jakarta: User) -> None:
    page = reverse("admin:programs_program_winners", args=[announced.pk, "xlsx"])

    content = read(browse(program_jakarta).get(page, {"public": "1"}))

    sheet = load_workbook(io.BytesIO(content)).active
    rows = [[cell.value for cell in row] for row in sheet.rows]
    assert rows[0] == ["up3", "tariff", "idpel", "name"]
    assert rows[1] == ["UP3 Menteng", "R1", "••••••••0001", "P•••• C••••"]


def test_the_desk_shows_whether_the_cash_comes_in_earlier(
    program: Program,
    paid_in_time: None,
    line: Callable[..., str],
    import_file: Any,
    evaluate: Callable[..., Evaluation],
    browse: Browse,
    program_jakarta: User,
) -> None:
    before = [line(f"54000000000{number}", "2020-12", day=day) for number, day in ((1, 4), (2, 5), (3, 6))]
    assert import_file(payment_file(*before)).status == "APPLIED"
    evaluate()

    page = browse(program_jakarta).get(desk(program))

    assert page.context["in_time"] == {"before": 66.7, "during": 100.0}
    bars = {row["label"]: row["data"] for row in json.loads(page.context["chart"])["datasets"]}
    assert list(bars.values()) == [
        [0.0] * 3 + [33.33] * 3 + [0.0] * 25,
        [0.0] * 2 + [100.0] + [0.0] * 28,
    ]
    assert page.context["total"] == {
        "eligible": 3, "winners": 0, "told": 0, "handed_over": 0, "not_collected": 0, "left": 0,
    }  # fmt: skip
    assert "66,7 %" in page.content.decode()


def test_a_status_shows_in_words(announced: Program, browse: Browse, manager_menteng: User) -> None:
    client, winner = browse(manager_menteng), Winner.objects.order_by("pk")[0]
    for page, text in (
        (reverse("admin:programs_program_changelist"), announced.get_status_display()),
        (reverse("admin:programs_winner_changelist"), winner.get_status_display()),
        (reverse("admin:programs_winner_change", args=[winner.pk]), winner.get_status_display()),
    ):
        shown = strip_tags(client.get(page).content.decode())
        assert text in shown, page
        assert not {"ANNOUNCED", "SELECTED"} & set(re.findall(r"\w+", shown)), page


def test_the_desk_costs_the_same_for_any_number_of_winners(
    announced: Program, browse: Browse, program_jakarta: User, django_assert_max_num_queries: Any
) -> None:
    client = browse(program_jakarta)
    client.get(desk(announced))

    with django_assert_max_num_queries(22):
        client.get(desk(announced))


def test_a_reward_of_another_up3_is_not_set(
    announced: Program, browse: Browse, manager_bandung: User, menteng: Unit
) -> None:
    body = {"program": announced.pk, "unit": menteng.pk, "name": "Tas", "stock": 1}

    browse(manager_bandung).post(reverse("admin:programs_reward_add"), body)

    assert not Reward.objects.exists()
