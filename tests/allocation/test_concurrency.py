"""64 questions while 16 managers change the same setting: no error, nothing lost, every answer true."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from allocation.models import AllocationCheck, AllocationMatrix, MeterAvailability
from allocation.services import matrix
from common.errors import DomainError
from tests.allocation.conftest import CHECKS, QUESTION
from tests.racing import at_once
from units.powers import Role

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="SQLite lets one writer in at a time: nothing to race for"
    ),
]
OUTCOMES = {None: "NOT_SET", "ALL": "SERVED", "PASCABAYAR": "SERVED", "PRABAYAR": "OFFER_OTHER"}


@pytest.mark.requirement("R-002-4", "R-002-7")
def test_checks_and_changes_at_once_neither_fail_nor_lose_anything(
    api, agent, appoint, menteng, address
) -> None:
    names = [f"manager_{number}" for number in range(16)]
    managers = [api(appoint(name, Role.MANAGER_UP3, "UP3 Menteng")) for name in names]
    agents = [api(agent) for _ in range(64)]
    values = ("ALL", "PRABAYAR", "PASCABAYAR")

    def change(client, number):
        answers = []
        for turn in range(4):
            etag = client.get(address())["ETag"]
            body = {"value": values[(number + turn) % 3], "reason": f"reason {number}.{turn}"}
            answers.append(client.put(address(), body, headers={"If-Match": etag}))
        return answers

    def ask(client):
        return [client.post(CHECKS, QUESTION) for _ in range(2)]

    def one(number):
        return change(managers[number], number) if number < 16 else ask(agents[number - 16])

    answers = at_once(one, 80)
    changed = [answer for group in answers[:16] for answer in group]
    told = [answer.json() for group in answers[16:] for answer in group if answer.status_code == 200]

    assert set(Counter(answer.status_code for answer in changed)) <= {200, 412}
    assert len(told) == 128
    rows = {row.version: row for row in MeterAvailability.objects.filter(unit=menteng, phase=1)}
    accepted = [answer.json()["setting"] for answer in changed if answer.status_code == 200]
    assert len(rows) >= 4
    assert sorted(rows) == list(range(1, len(rows) + 1))
    assert sorted(setting["version"] for setting in accepted) == sorted(rows)
    assert all(rows[setting["version"]].reason == setting["reason"] for setting in accepted)
    assert AllocationCheck.objects.count() == 128
    for answer in told:
        source = answer["availability_source"]["1"]
        value = rows[source["version"]].value if source else None
        assert answer["availability"]["1"] == value
        assert answer["outcome"] == OUTCOMES[value]


def test_of_sixteen_writes_with_the_same_version_one_wins(api, appoint, address, menteng) -> None:
    names = [f"manager_{number}" for number in range(16)]
    managers = [api(appoint(name, Role.MANAGER_UP3, "UP3 Menteng")) for name in names]
    etag = managers[0].get(address())["ETag"]
    body = {"value": "ALL", "reason": "the same moment"}

    def put(number):
        return managers[number].put(address(), body, headers={"If-Match": etag}).status_code

    assert Counter(at_once(put, 16)) == {200: 1, 412: 15}
    assert MeterAvailability.objects.get().version == 1


def test_the_same_key_at_once_makes_one_check(api, agent) -> None:
    headers = {"Idempotency-Key": "one-key-for-all"}
    clients = [api(agent) for _ in range(8)]
    answers = at_once(lambda number: clients[number].post(CHECKS, QUESTION, headers=headers), 8)

    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 200}) == 1
    assert AllocationCheck.objects.count() == 1


def test_of_two_who_publish_at_once_the_second_is_told(sop_author, sop_approver, back_office) -> None:
    now = timezone.now()
    draft = matrix.draft_matrix(
        source=AllocationMatrix.objects.get(version=1),
        effective_on=timezone.localdate() + timedelta(days=1),
        source_letter="a letter",
        by=sop_author,
        at=now,
    )

    def publish(number):
        try:
            matrix.publish_matrix(matrix=draft, by=(sop_approver, back_office)[number], at=now)
        except DomainError as refusal:
            return refusal.code
        return "published"

    assert sorted(at_once(publish, 2)) == ["matrix_published", "published"]
