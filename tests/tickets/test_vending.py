"""A vending service that takes its time, fails or comes back: nothing waits in a transaction meanwhile."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from common.models import IdempotencyKey
from tickets import vending
from tickets.models import ClearTamperToken, DiagnosisStatus, SelfDiagnosis, Ticket
from tickets.services.decisions import AlreadyDecided, BeingDecided, MeterChanged, token_in_hand
from tickets.services.diagnosis import approve_ctt, record_approval, send_officer, submit_diagnosis
from units.models import User

Api = Callable[[User | None], APIClient]
Asked = list[dict[str, Any]]
KEY = {"Idempotency-Key": "approve-once-1"}
REASON = {"reason": "terminal opened, all else normal"}


@pytest.fixture
def case(periksa: Ticket, readings: dict[str, Any], agent: User) -> SelfDiagnosis:
    return submit_diagnosis(ticket=periksa, readings=readings, by=agent)[0]


@pytest.fixture
def second(appoint: Callable[..., User]) -> User:
    return appoint("second_operator", "VCC_OPERATOR", "PLN Pusat")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What the service was asked, and whether a transaction was open meanwhile."""
    calls: Asked = []
    issue = vending.SimulatedVendingService.issue_ctt

    def note(self: Any, **asked: Any) -> str:
        calls.append(asked | {"in_transaction": connection.in_atomic_block})
        return issue(self, **asked)

    monkeypatch.setattr(vending.SimulatedVendingService, "issue_ctt", note)
    return calls


def fail(monkeypatch: pytest.MonkeyPatch, with_: Exception | str) -> Asked:
    """Let the service raise that, or answer that text."""
    calls: Asked = []

    def answer(self: Any, **asked: Any) -> str:
        calls.append(asked)
        if isinstance(with_, Exception):
            raise with_
        return with_

    monkeypatch.setattr(vending.SimulatedVendingService, "issue_ctt", answer)
    return calls


def url(case: SelfDiagnosis, verb: str = "approve-ctt") -> str:
    return f"/api/v1/self-diagnoses/{case.pk}/{verb}/"


def is_free(case: SelfDiagnosis) -> bool:
    case.refresh_from_db()
    return case.held_by is None and case.held_until is None and case.status == DiagnosisStatus.SUBMITTED


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("headers", [{}, KEY], ids=["without a key", "with a key"])
def test_the_api_asks_outside_of_every_transaction(
    api: Api, vcc_operator: User, case: SelfDiagnosis, asked: Asked, headers: dict[str, str]
) -> None:
    answer = api(vcc_operator).post(url(case), REASON, headers=headers)

    assert answer.status_code == 200
    assert [call["in_transaction"] for call in asked] == [False]
    assert asked[0]["timeout"] == 10


@pytest.mark.django_db(transaction=True)
def test_the_back_office_asks_outside_of_every_transaction(
    browse: Callable[[User], Client], vcc_operator: User, case: SelfDiagnosis, asked: Asked
) -> None:
    page = f"/admin/tickets/selfdiagnosis/{case.pk}/approve/"

    assert browse(vcc_operator).post(page, REASON | {"token": ""}).status_code == 302
    assert [call["in_transaction"] for call in asked] == [False]


@pytest.mark.requirement("R-003-116")
def test_while_one_operator_waits_for_a_token_the_second_is_told(
    api: Api, case: SelfDiagnosis, vcc_operator: User, second: User, agent: User, readings: dict[str, Any]
) -> None:
    with token_in_hand(diagnosis=case, by=vcc_operator, typed="", at=timezone.now()) as issued:
        for verb in ("approve-ctt", "send-officer"):
            told = api(second).post(url(case, verb), REASON)
            assert (told.status_code, told.json()["code"]) == (409, "being_decided")
            assert told["Retry-After"] == "5"
            assert "vcc_operator" in told.json()["detail"]
        changed = readings | {"41": 231}
        with pytest.raises(BeingDecided):
            submit_diagnosis(ticket=case.ticket, readings=changed, by=agent, version=1)
        record_approval(diagnosis=case, by=vcc_operator, issued=issued, **REASON)

    with pytest.raises(AlreadyDecided):
        send_officer(diagnosis=case, by=second, **REASON)
    case.refresh_from_db()
    assert (case.decided_by, case.held_by) == (vcc_operator, None)


def test_a_hold_that_nobody_ends_runs_out(
    case: SelfDiagnosis, vcc_operator: User, second: User, settings: Any
) -> None:
    """A process that died while it waited; nobody has to clean up."""
    settings.VENDING_TIMEOUT = 4
    now = timezone.now()
    SelfDiagnosis.objects.update(held_by=vcc_operator, held_until=now + timedelta(seconds=14))

    with pytest.raises(BeingDecided):
        approve_ctt(diagnosis=case, by=second, at=now + timedelta(seconds=13), **REASON)
    approve_ctt(diagnosis=case, by=second, at=now + timedelta(seconds=14), **REASON)

    case.refresh_from_db()
    assert case.decided_by == second


def test_who_was_cut_off_may_go_on_at_once(case: SelfDiagnosis, vcc_operator: User) -> None:
    SelfDiagnosis.objects.update(held_by=vcc_operator, held_until=timezone.now() + timedelta(minutes=1))

    approve_ctt(diagnosis=case, by=vcc_operator, **REASON)

    case.refresh_from_db()
    assert case.status == DiagnosisStatus.CTT_APPROVED


@pytest.mark.parametrize(
    "trouble",
    [
        TimeoutError(),
        ConnectionResetError(),
        ValueError("no JSON"),
        KeyError("token"),
        "123",
        "x" * 20,
        "٣" * 20,
    ],
    ids=repr,
)
def test_after_any_failure_the_case_is_free_and_a_retry_asks_for_the_same(
    api: Api,
    vcc_operator: User,
    second: User,
    case: SelfDiagnosis,
    monkeypatch: pytest.MonkeyPatch,
    trouble: Exception | str,
) -> None:
    with monkeypatch.context() as down:
        failed = fail(down, trouble)
        answer = api(vcc_operator).post(url(case), REASON, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (503, "vending_unavailable")
    assert answer["Retry-After"] == "30"
    assert is_free(case)
    assert not IdempotencyKey.objects.exists()
    assert not ClearTamperToken.objects.exists()

    asked: list[str] = []
    issue = vending.SimulatedVendingService.issue_ctt
    with monkeypatch.context() as up:
        up.setattr(
            vending.SimulatedVendingService,
            "issue_ctt",
            lambda self, **given: (asked.append(given["reference"]), issue(self, **given))[1],
        )
        retried = api(vcc_operator).post(url(case), REASON, headers=KEY)

    assert retried.status_code == 200
    assert asked == [failed[0]["reference"]] == [f"diagnosis-{case.pk}"]


def test_the_same_request_again_is_answered_without_asking_again(
    api: Api, vcc_operator: User, case: SelfDiagnosis, asked: Asked
) -> None:
    first, again = (api(vcc_operator).post(url(case), REASON, headers=KEY) for _ in range(2))
    other = api(vcc_operator).post(url(case), {"reason": "another"}, headers=KEY)

    assert (first.status_code, again.status_code, other.status_code) == (200, 200, 422)
    assert again["Idempotency-Replayed"] == "true"
    assert first.json() == again.json()
    assert len(asked) == 1


def test_a_refusal_after_the_call_leaves_the_case_free(
    api: Api, vcc_operator: User, second: User, case: SelfDiagnosis
) -> None:
    refused = api(vcc_operator).post(url(case), REASON | {"ways": ["WA"]}, headers=KEY)

    assert (refused.status_code, refused.json()["code"]) == (422, "way_not_possible")
    assert is_free(case)
    assert api(second).post(url(case), REASON).status_code == 200


def test_a_token_is_not_stored_for_another_meter_than_it_was_asked_for(
    case: SelfDiagnosis, vcc_operator: User
) -> None:
    """The hold ran out while the service was silent, and the readings were corrected meanwhile."""
    with token_in_hand(diagnosis=case, by=vcc_operator, typed="", at=timezone.now()) as issued:
        SelfDiagnosis.objects.update(meter_number="14000000002")
        with pytest.raises(MeterChanged):
            record_approval(diagnosis=case, by=vcc_operator, issued=issued, **REASON)

    assert is_free(case)
    assert not ClearTamperToken.objects.exists()


# --- A service behind a socket --------------------------------------------------------------------


class SocketVendingService:
    """Reads the token from a socket, as an adapter of a real service would, within the time it is given."""

    name = "socket"
    address: tuple[str, int]

    def issue_ctt(self, *, meter_number: str, reference: str, timeout: float) -> str:
        with socket.create_connection(self.address, timeout) as line:
            return line.recv(20).decode()


@pytest.fixture
def service(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A vending service that takes calls and says nothing."""
    settings.VENDING_SERVICE = f"{__name__}.SocketVendingService"
    settings.VENDING_TIMEOUT = 0.2
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(SocketVendingService, "address", server.getsockname(), raising=False)
        yield server


def test_a_service_that_is_silent_is_given_up_after_the_timeout_and_asked_again_later(
    api: Api, vcc_operator: User, case: SelfDiagnosis, service: socket.socket, settings: Any
) -> None:
    silent = api(vcc_operator).post(url(case), REASON, headers=KEY)
    assert (silent.status_code, silent.json()["code"]) == (503, "vending_unavailable")
    assert is_free(case)

    def speak() -> None:
        service.accept()[0].close()  # the call that was given up
        line, _ = service.accept()
        line.sendall(b"12345678901234567890")
        line.close()

    settings.VENDING_TIMEOUT = 10
    speaking = threading.Thread(target=speak)
    speaking.start()
    answered = api(vcc_operator).post(url(case), REASON, headers=KEY)
    speaking.join(5)

    assert (answered.status_code, answered.json()["status"]) == (200, "CTT_APPROVED")
    assert ClearTamperToken.objects.get().source == "socket"
