"""Outgoing webhooks: signed, tried again with growing pauses, parked, and never to a private address."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from django.utils import timezone

from common.errors import Forbidden, Invalid
from tickets.models import Ticket, WebhookDelivery, WebhookEndpoint
from tickets.rules.webhooks import PAUSES, is_allowed_address, read_secret, signed_headers, write_secret
from tickets.services import announce, webhooks
from tickets.services.addresses import AddressRefused, check_url, resolve
from tickets.services.report import Report
from tickets.services.tickets import create_ticket
from units.models import User

SECRET = write_secret(b"0123456789abcdef0123456789abcdef")
Status = WebhookDelivery.Status


class Receiver(HTTPServer):
    """Keeps what it was sent, and answers `status`."""

    status = 204
    location = ""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?from=portal"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    server = Receiver()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture
def endpoint(receiver: Receiver, channel: User, back_office: User) -> WebhookEndpoint:
    made = WebhookEndpoint(client=channel, url=receiver.url)
    return webhooks.save_endpoint(endpoint=made, by=back_office, secret=SECRET)[0]


@pytest.fixture
def reported(report: Callable[..., Report], channel: User) -> Ticket:
    """A report that the channel made, with its first event announced."""
    return create_ticket(report=report(channel="PLN_MOBILE", client_ref="app-1"), by=channel)


def deliver(ticket: Ticket) -> list[bool]:
    for event in ticket.events.all():
        announce.announce(event_id=event.pk)
    now = timezone.now()
    return [webhooks.send(delivery_id=pk, at=now) for pk in webhooks.take_due(at=now)]


def test_the_signature_is_that_of_the_standards_own_example() -> None:
    """The example of standardwebhooks.com: same secret, id, time and body, same signature."""
    headers = signed_headers(
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
        key=base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    )

    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_channel_hears_of_its_own_report_signed(
    endpoint: WebhookEndpoint, reported: Ticket, receiver: Receiver
) -> None:
    assert deliver(reported) == [True]

    headers, body = receiver.got[0]
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = read_secret(SECRET) or b""
    expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    told = json.loads(body)
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert (told["type"], told["data"]["number"]) == ("ticket.created", reported.number)
    assert (told["data"]["client_ref"], told["data"]["status"]) == ("app-1", "LAPOR")
    assert WebhookDelivery.objects.get().status == Status.SENT


def test_nobody_hears_of_a_report_that_is_not_theirs(
    endpoint: WebhookEndpoint, ticket: Ticket, receiver: Receiver
) -> None:
    assert deliver(ticket) == []
    assert receiver.got == []


def test_an_event_announced_twice_is_delivered_once(
    endpoint: WebhookEndpoint, reported: Ticket, receiver: Receiver
) -> None:
    deliver(reported)
    deliver(reported)

    assert len(receiver.got) == 1


def test_a_refused_delivery_is_tried_again_with_growing_pauses_then_parked_then_sent_by_hand(
    endpoint: WebhookEndpoint, reported: Ticket, receiver: Receiver, back_office: User
) -> None:
    receiver.status = 500
    announce.announce(event_id=reported.events.get().pk)
    delivery = WebhookDelivery.objects.get()
    now, pauses = timezone.now(), []
    for _ in range(len(PAUSES) + 1):
        assert webhooks.take_due(at=now) == [delivery.pk]
        assert not webhooks.send(delivery_id=delivery.pk, at=now)
        delivery.refresh_from_db()
        if delivery.next_try_at:
            pauses.append(delivery.next_try_at - now)
            now = delivery.next_try_at

    assert pauses == list(PAUSES) == sorted(pauses)
    assert (delivery.status, delivery.last_answer) == (Status.PARKED, "500")
    assert webhooks.take_due(at=now + timedelta(days=9)) == []

    receiver.status = 200
    webhooks.send_again(delivery=delivery, by=back_office)
    [again] = webhooks.take_due(at=timezone.now())
    assert webhooks.send(delivery_id=again, at=timezone.now())
    ids = {headers["webhook-id"] for headers, _ in receiver.got}
    assert len(ids) == 1


def test_a_claimed_delivery_is_offered_to_nobody_else_until_its_lease_runs_out(
    endpoint: WebhookEndpoint, reported: Ticket
) -> None:
    announce.announce(event_id=reported.events.get().pk)
    now = timezone.now()

    assert len(webhooks.take_due(at=now)) == 1
    assert webhooks.take_due(at=now) == []
    assert len(webhooks.take_due(at=now + webhooks.LEASE)) == 1


def test_a_redirect_is_not_followed(endpoint: WebhookEndpoint, reported: Ticket, receiver: Receiver) -> None:
    receiver.status, receiver.location = 302, receiver.url

    assert deliver(reported) == [False]
    assert (len(receiver.got), WebhookDelivery.objects.get().last_answer) == (1, "302")


def test_the_network_is_judged_when_it_is_sent_not_only_when_it_is_saved(
    endpoint: WebhookEndpoint, reported: Ticket, receiver: Receiver, settings: Any
) -> None:
    settings.WEBHOOK_NETWORKS = []

    assert deliver(reported) == [False]
    assert (receiver.got, WebhookDelivery.objects.get().last_answer) == ([], "address_refused")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.5.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104
        "224.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "198.18.0.1",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:db8::1",
    ],
)
def test_private_and_reserved_addresses_are_refused(address: str) -> None:
    assert not is_allowed_address(ip_address(address), [])


@pytest.mark.parametrize("address", ["203.0.114.1", "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_public_addresses_are_not(address: str) -> None:
    assert is_allowed_address(ip_address(address), [])


def test_an_opened_network_is_reached_and_no_other() -> None:
    opened = [ip_network("10.20.0.0/16")]

    assert is_allowed_address(ip_address("10.20.3.4"), opened)
    assert is_allowed_address(ip_address("::ffff:10.20.3.4"), opened)
    assert not is_allowed_address(ip_address("10.21.3.4"), opened)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/",
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[fe80::1%25lo]/",
        "http://10.0.0.5:8080/hook",
    ],
)
def test_every_spelling_of_a_private_host_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        resolve(url)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "https://",
        "https://user:secret@example.com/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://exa mple.com/",
        "https://example.com/\r\nX: y",
        "https://[::1",
        "javascript:alert(1)",
        "",
    ],
)
def test_what_is_no_address_of_a_web_service_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        check_url(url)


def test_production_takes_https_only(settings: Any) -> None:
    settings.PRODUCTION = True

    with pytest.raises(AddressRefused):
        check_url("http://example.com/")
    assert check_url("https://example.com/").hostname == "example.com"


def test_one_private_address_among_several_is_one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(2, 1, 6, "", ("8.8.8.8", 443)), (2, 1, 6, "", ("10.0.0.1", 443))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *args, **kwargs: found)

    with pytest.raises(AddressRefused):
        resolve("https://rebinding.example/")


def test_the_secret_is_kept_sealed_and_made_where_none_is_given(channel: User, back_office: User) -> None:
    made = WebhookEndpoint(client=channel, url="https://example.com/hook")
    endpoint, secret = webhooks.save_endpoint(endpoint=made, by=back_office)

    assert len(read_secret(secret) or b"") == 32
    assert secret.encode() not in bytes(endpoint.secret_encrypted)


def test_a_webhook_is_maintained_by_the_back_office_for_channels_only(
    channel: User, agent: User, back_office: User
) -> None:
    with pytest.raises(Forbidden):
        webhooks.save_endpoint(endpoint=WebhookEndpoint(client=channel, url="https://example.com/"), by=agent)
    with pytest.raises(Invalid):
        webhooks.save_endpoint(
            endpoint=WebhookEndpoint(client=agent, url="https://example.com/"), by=back_office
        )
    with pytest.raises(Invalid):
        webhooks.save_endpoint(
            endpoint=WebhookEndpoint(client=channel, url="https://example.com/"),
            by=back_office,
            secret="short",
        )

    assert not WebhookEndpoint.objects.exists()
