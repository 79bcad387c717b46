"""The demo of the command centre: cases to decide, cases decided, one outage; once."""

from __future__ import annotations

import pytest

from customers.services import demo as customers_demo
from pln_portal import demo as accounts
from tickets.models import ClearTamperToken, Incident, SelfDiagnosis, Suggestion
from tickets.services import demo, demo_centre


@pytest.fixture
def loaded(db: None) -> int:
    accounts.create_accounts(password="a-password-for-tests")
    customers_demo.load(count=400)
    demo.load(count=240)
    return demo_centre.load()


def test_the_demo_has_cases_of_every_suggestion_some_of_them_waiting(loaded: int) -> None:
    assert SelfDiagnosis.objects.count() == loaded > 4
    assert SelfDiagnosis.objects.waiting().count() == 3
    assert set(SelfDiagnosis.objects.values_list("suggestion", flat=True)) == set(Suggestion)
    assert ClearTamperToken.objects.exists()
    outage = Incident.objects.with_reports().get()
    assert (outage.status, outage.reports) == ("PERBAIKAN", demo_centre.DARK_HOUSES)


def test_the_demo_of_the_centre_is_loaded_once(loaded: int) -> None:
    assert demo_centre.load() == 0
    assert SelfDiagnosis.objects.count() == loaded
