"""The demo's calls: led by the procedures in force, to outcomes of several kinds, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from common.models import Job
from customers.services import demo as customers_demo
from pln_portal import demo as accounts
from sop.models import Call, CallStatus, CallStep
from sop.services import demo
from tickets.models import Status, Ticket
from tickets.services import ledger

pytestmark = pytest.mark.django_db


@pytest.fixture
def loaded(db: None) -> int:
    accounts.create_accounts(password="a-password-for-tests")
    customers_demo.load(count=200)
    return demo.load()


def test_the_demo_has_calls_to_learn_from(loaded: int) -> None:
    calls = Call.objects.all()

    assert calls.count() == loaded == 60
    assert not calls.filter(status=CallStatus.OPEN).exists()
    assert (
        calls.filter(status=CallStatus.FINISHED).count() > calls.filter(status=CallStatus.ABANDONED).count()
    )
    assert {"ISSUE_CLOSED", "KELUHAN_TO_UNIT", "AP2T"} <= set(calls.values_list("outcome", flat=True))
    assert not calls.filter(status=CallStatus.ABANDONED, abandon_reason="").exists()
    assert not CallStep.objects.filter(at__gt=timezone.now()).exists()


def test_what_the_demos_past_brought_to_a_unit_is_done_and_news_to_nobody(loaded: int) -> None:
    past = Ticket.objects.filter(reported_at__lt=timezone.now() - timedelta(hours=20))

    assert set(past.values_list("status", flat=True)) == {Status.ISSUE_CLOSED, Status.SELESAI}
    assert not Job.objects.filter(kind=ledger.ANNOUNCE).exists()


def test_the_demo_is_loaded_once(loaded: int) -> None:
    assert demo.load() == 0
    assert Call.objects.count() == loaded
