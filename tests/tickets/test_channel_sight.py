"""What a channel reads holds nothing internal, however it logged in: the position decides (R-003-57)."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from oauth2_provider.models import Application, get_access_token_model
from rest_framework.test import APIClient

from customers.models import Customer
from tests.tickets.test_diagnosis_api import _secrets
from tickets.api.urls import urlpatterns
from tickets.channel_notices import channel_message
from tickets.messaging import SimulatedMessageGateway
from tickets.models import DiagnosisCoverage, SelfDiagnosis, Ticket, TokenDelivery, WebhookEndpoint
from tickets.services import ctt, webhooks
from tickets.services.corrections import edit_ticket
from tickets.services.diagnosis import approve_ctt, send_officer, submit_diagnosis
from tickets.services.report import Report
from tickets.services.tickets import create_ticket
from units.models import User

# Beyond the meanings: fields of the house, and what an insider wrote or did.
INTERNAL_KEYS = {
    "notes", "details", "report_text", "sop_ref", "external_number", "is_hard_complaint", "contact", "posko",
    "due_at", "is_overdue", "moves", "target_minutes", "by", "role", "job", "unit", "reason", "warnings",
    "triggers", "suggestion", "is_assumption", "submitted_by", "decided_by", "token_source", "deliveries",
}  # fmt: skip
INTERNAL_TEXT = ("catatan rahasia", "rahasia: kabel tua", "vcc_operator", "posko gambir", "autodispatch")
KEY = "a-key-of-the-channel"


@pytest.fixture(params=["client credentials", "session", "personal token"])
def reader(
    request: pytest.FixtureRequest, channel: User, api: Any, channel_api: Callable[..., APIClient]
) -> APIClient:
    """The same channel account by each way of logging in."""
    if request.param == "client credentials":
        return channel_api("tickets diagnosis")
    if request.param == "session":
        return api(channel)
    application = Application.objects.create(
        name="another grant",
        user=channel,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
    )
    token = get_access_token_model().objects.create(
        user=channel,
        application=application,
        token="token-of-a-person",
        scope="agent",
        expires=timezone.now() + timezone.timedelta(hours=1),
    )
    made = APIClient(raise_request_exception=False)
    made.credentials(HTTP_AUTHORIZATION=f"Bearer {token.token}")
    return made


@pytest.fixture
def mine(report: Callable[..., Report], channel: User, customer: Customer, agent: User) -> Ticket:
    """A PERIKSA report of the app, to which an agent has added what is not for the caller."""
    body = report(wo_type="KWH_PERIKSA", customer=customer, channel="PLN_MOBILE", client_ref="m-1")
    made = create_ticket(report=body, by=channel)
    changes = {"notes": "Catatan RAHASIA", "is_hard_complaint": True}
    return edit_ticket(ticket=made, changes=changes, by=agent)


def read_everything(client: APIClient, ticket: Ticket, case: SelfDiagnosis) -> list[Any]:
    """Every address of tickets that answers a GET, as JSON and as a fragment."""
    answers = []
    for pattern in urlpatterns:
        path = f"/api/v1/{_filled(str(pattern.pattern), ticket, case)}"
        for accept in ("application/json", "text/html"):
            answers.append(client.get(path, headers={"Accept": accept}))
    return answers


def _filled(pattern: str, ticket: Ticket, case: SelfDiagnosis) -> str:
    """The address that a pattern of the router describes, for this ticket and this case."""
    path = pattern.strip("^$").replace(r"\.", ".").replace(r"\Z", "")
    path = re.sub(r"\(\?P<number>\[GK\]\[0-9\]\{12\}\)", ticket.number, path)
    path = re.sub(r"\(\?P<slot>[^)]*\)", "1", path)
    path = re.sub(r"\(\?P<pk>[^)]*\)", str(case.pk), path)
    path = re.sub(r"\(\?P<code>[^)]*\)", "regu-1", path)
    assert "(?P" not in path, path
    return path


def keys_in(value: Any) -> set[str]:
    """Every key of a JSON answer, at any depth."""
    if isinstance(value, dict):
        return set(value) | {key for it in value.values() for key in keys_in(it)}
    if isinstance(value, list):
        return {key for it in value for key in keys_in(it)}
    return set()


def secrets() -> list[str]:
    """What must not be said. The word "reason" is left to the keys: candidates have reasons of their own."""
    return [*(it for it in _secrets() if it != "reason"), *INTERNAL_TEXT]


def check(answers: list[Any]) -> None:
    """Answers and refusals alike."""
    assert {it.status_code for it in answers} <= {200, 201, 403, 404, 405, 406}
    assert any('"71"' in it.content.decode() for it in answers)
    for answer in answers:
        scan(answer)


def scan(answer: Any) -> None:
    """Neither in the words of an answer or a problem, nor in its keys, is anything of the house."""
    text, path = answer.content.decode().lower(), str(answer.request["PATH_INFO"])
    text = re.sub("wo[ _]autodispatch", "", text)  # the Tipe WO that a channel reports with
    assert not [secret for secret in secrets() if secret in text], (path, text)
    if "json" in answer["Content-Type"] and "problem-types" not in path:
        assert not keys_in(answer.json()) & INTERNAL_KEYS, path


@pytest.mark.requirement("R-003-57")
@pytest.mark.parametrize("decide", [None, send_officer, approve_ctt], ids=["waiting", "officer", "token"])
def test_no_address_tells_a_channel_anything_internal(
    reader: APIClient,
    mine: Ticket,
    readings: dict[str, Any],
    vcc_operator: User,
    decide: Callable[..., Any] | None,
) -> None:
    odd = readings | {"41": 500, "71": 3}
    address = f"/api/v1/tickets/{mine.number}/"
    answers = [reader.put(f"{address}self-diagnosis/", {"readings": odd})]
    assert answers[0].status_code == 201
    case = SelfDiagnosis.objects.get()
    if decide:
        decide(diagnosis=case, by=vcc_operator, reason="RAHASIA: kabel tua")

    answers += read_everything(reader, mine, case)

    check(answers)
    sent = [json.dumps(channel_message(event)).lower() for event in mine.events.select_related("ticket")]
    assert not [secret for secret in secrets() if any(secret in it for it in sent)]


@pytest.mark.requirement("R-003-57")
def test_no_answer_to_a_channels_own_verbs_tells_anything_internal(
    reader: APIClient, mine: Ticket, readings: dict[str, Any], vcc_operator: User, form: Callable[..., Any]
) -> None:
    """Report, candidates, repeat, diagnosis, coverage, token's answer, rating, cancel."""
    said = []

    def post(path: str, body: dict[str, Any], code: int) -> None:
        answer = reader.post(f"/api/v1/{path}", body, headers={"Idempotency-Key": f"{KEY}-{len(said)}"})
        assert answer.status_code == code, (path, answer.content)
        said.append(answer)

    address = f"tickets/{mine.number}/"
    post("tickets/", form(channel="PLN_MOBILE", client_ref="m-2"), 201)
    other = said[0].json()["number"]
    post("tickets/candidates/", {"meter_number": "14000000001"}, 200)
    post(f"{address}repeats/", {"channel": "PLN_MOBILE"}, 201)
    said.append(reader.put(f"/api/v1/{address}self-diagnosis/", {"readings": readings}))
    approve_ctt(diagnosis=SelfDiagnosis.objects.get(), by=vcc_operator, reason="RAHASIA: kabel tua")
    said.append(reader.get(f"/api/v1/{address}ctt/"))
    post(f"{address}confirm/", {"is_done": True}, 200)
    post(f"{address}rating/", {"rating": 5}, 200)
    post(f"tickets/{other}/cancel/", {"reason": "sudah menyala"}, 200)
    post("coverage-checks/", {"area": "31.71.01.1001"}, 200)

    assert ctt.digits_of(SelfDiagnosis.objects.get().token) in said[4].content.decode()
    check(said)


@pytest.mark.requirement("R-003-57")
def test_no_refusal_tells_a_channel_anything_internal(
    reader: APIClient,
    mine: Ticket,
    readings: dict[str, Any],
    vcc_operator: User,
    customer: Customer,
    form: Callable[..., Any],
) -> None:
    """Every way to be refused that a channel has with its own report, by the code of the problem."""
    address, keys = f"/api/v1/tickets/{mine.number}/", itertools.count()

    def ask(code: str, path: str, body: dict[str, Any], method: str = "post", **headers: str) -> None:
        keyed = {"Idempotency-Key": f"{KEY}-{next(keys)}"} | headers
        answer = getattr(reader, method)(path, body, headers=keyed)
        scan(answer)
        assert answer.json()["code"] == code

    def submit(code: str, changed: dict[str, Any], **headers: str) -> None:
        ask(code, f"{address}self-diagnosis/", {"readings": readings | changed}, "put", **headers)

    periksa = {"wo_type": "KWH_PERIKSA", "channel": "PLN_MOBILE"}
    ask("not_prepaid", "/api/v1/tickets/", form(**periksa))
    ask("client_ref_used", "/api/v1/tickets/", form(**periksa, idpel=customer.idpel, client_ref="m-1"))
    ask("not_an_agent", "/api/v1/tickets/", form(channel="PLN_MOBILE", wo_type="", is_issue_closed=True))
    ask("reading_missing", f"{address}self-diagnosis/", {"readings": {"08": 1}}, "put")
    submit("not_a_number", {"41": "banyak"})
    submit("unknown_code", {"99": 1})
    ask("not_at_the_end", f"{address}confirm/", {"is_done": True})
    ask("not_at_the_end", f"{address}rating/", {"rating": 5})
    assert reader.put(f"{address}self-diagnosis/", {"readings": readings}).status_code == 201
    submit("precondition_required", {"41": 231})
    submit("stale", {"41": 231}, **{"If-Match": '"0-0"'})
    case = SelfDiagnosis.objects.get()
    until = timezone.now() + timezone.timedelta(minutes=1)
    SelfDiagnosis.objects.update(held_by=vcc_operator, held_until=until)
    submit("being_decided", {"41": 231}, **{"If-Match": case.etag})
    SelfDiagnosis.objects.update(held_by=None, held_until=None)
    for verb in ("approve-ctt", "send-officer", "deliver"):
        ask("permission_denied", f"/api/v1/self-diagnoses/{case.pk}/{verb}/", {"reason": "saya"})
    approve_ctt(diagnosis=case, by=vcc_operator, reason="RAHASIA: kabel tua")
    submit("already_decided", {"41": 231})
    ask("move_not_allowed", f"{address}cancel/", {"reason": "sudah menyala"})
    ask("forbidden", f"{address}ctt/read-out/", {})
    DiagnosisCoverage.objects.all().delete()
    ask("not_covered", "/api/v1/tickets/", form(**periksa, idpel=customer.idpel))
    Customer.objects.update(product="PASCABAYAR")
    ask("not_prepaid", "/api/v1/tickets/", form(**periksa, idpel=customer.idpel))


@pytest.mark.requirement("R-003-57", "R-003-115")
def test_what_is_sent_to_the_channel_and_the_customer_is_scanned_as_it_leaves(
    mine: Ticket,
    channel: User,
    back_office: User,
    readings: dict[str, Any],
    vcc_operator: User,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The bodies of webhooks and the texts of WA and SMS, whatever happened to the ticket."""
    left: list[str] = []
    monkeypatch.setattr(webhooks, "_call", lambda target, body, headers: left.append(body.decode()) or 200)
    monkeypatch.setattr(SimulatedMessageGateway, "send", lambda self, *, text, **rest: left.append(text))
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    Ticket.objects.filter(pk=mine.pk).update(mobile_number="+6281234567890", by_wa=True, by_sms=True)
    mine.refresh_from_db()
    endpoint = WebhookEndpoint(client=channel, url="https://127.0.0.1/hook")
    webhooks.save_endpoint(endpoint=endpoint, by=back_office)
    case, _ = submit_diagnosis(ticket=mine, readings=readings | {"41": 500, "71": 3}, by=channel)
    approve_ctt(diagnosis=case, by=vcc_operator, reason="RAHASIA: kabel tua")
    for delivery in TokenDelivery.objects.filter(way__in=("WA", "SMS")):
        ctt.send_message(delivery_id=delivery.pk, at=timezone.now())
    ctt.answer_token(ticket=mine, is_done=False, by=channel, reason="masih PERIKSA")
    for event in mine.events.all():
        webhooks.fan_out(event=event)
    at = timezone.now()
    assert all(webhooks.send(delivery_id=pk, at=at) for pk in webhooks.take_due(at=at))

    assert len(left) > 5
    assert sum("Clear Tamper Token" in text for text in left) == 2
    for text in left:
        assert not [secret for secret in secrets() if secret in text.lower()], text
        assert "{" not in text or not keys_in(json.loads(text)) & INTERNAL_KEYS, text


@pytest.mark.parametrize("who", ["agent", "srm_jakarta", "vcc_operator", "posko_menteng", "back_office"])
def test_people_of_the_house_still_read_what_is_theirs(
    api: Any, anyone: Callable[[str], User], mine: Ticket, who: str
) -> None:
    answer = api(anyone(who)).get(f"/api/v1/tickets/{mine.number}/").json()

    assert answer["notes"] == "Catatan RAHASIA"
    assert answer["posko"]["name"] == "Posko Gambir"
