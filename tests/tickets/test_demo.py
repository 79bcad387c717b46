"""The demo's tickets: every status, the same each time, once."""

from __future__ import annotations

from collections import Counter

import pytest
from django.utils import timezone

from customers.models import Customer, Meter
from customers.services import demo as customers_demo
from pln_portal import demo as accounts
from tests.tickets.walking import check
from tickets.models import Status, Ticket, TicketEvent
from tickets.services import demo


@pytest.fixture
def loaded(db: None) -> None:
    accounts.create_accounts(password="a-password-for-tests")
    customers_demo.load(count=400)
    demo.load(count=40)


def test_the_demo_shows_every_status_and_nothing_of_the_future(loaded: None) -> None:
    assert set(Ticket.objects.values_list("status", flat=True)) == set(Status)
    assert not TicketEvent.objects.filter(at__gt=timezone.now()).exists()
    assert Ticket.objects.filter(is_demo=False).count() == 0


def test_the_demo_keeps_the_rules(loaded: None) -> None:
    for ticket in Ticket.objects.exclude(status=Status.ISSUE_CLOSED):
        check(ticket)


def test_the_demo_is_loaded_once(loaded: None) -> None:
    before = Counter(Ticket.objects.values_list("number", flat=True))

    assert demo.load(count=40) == 0
    assert Counter(Ticket.objects.values_list("number", flat=True)) == before


def test_customers_without_a_meter_report_nothing(db: None) -> None:
    accounts.create_accounts(password="a-password-for-tests")
    customers_demo.load(count=400)
    bare = list(Customer.objects.order_by("pk").values_list("pk", flat=True)[::2])
    Meter.objects.filter(customer__in=bare).delete()

    demo.load(count=40)

    assert Ticket.objects.count() >= 40
    assert not Ticket.objects.filter(customer__in=bare).exists()
