"""Lists of the back office that grow without end: their rows are never counted."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from allocation.models import AllocationCheck
from common.keyset import KeysetAdmin
from customers.models import AccessLog
from programs.models import Winner
from tests.conftest import CAST
from tickets.models import Notification, SelfDiagnosis, Ticket, TicketAccess, WebhookDelivery, WorkOrder

pytestmark = pytest.mark.django_db

ENDLESS = (
    AccessLog,
    AllocationCheck,
    Notification,
    SelfDiagnosis,
    Ticket,
    TicketAccess,
    WebhookDelivery,
    Winner,
    WorkOrder,
)


@pytest.mark.parametrize("model", ENDLESS, ids=lambda it: it.__name__)
def test_a_list_without_end_is_read_by_key_and_never_counted(model, request, browse):
    page = admin.site.get_model_admin(model)
    assert isinstance(page, KeysetAdmin)
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    readers = [person for name in CAST if (person := request.getfixturevalue(name)).may(page.see)]

    with CaptureQueriesContext(connection) as queries:
        shown = browse(readers[0]).get(address)

    assert shown.status_code == 200
    assert not [it["sql"] for it in queries if "COUNT(" in it["sql"] and model._meta.db_table in it["sql"]]
