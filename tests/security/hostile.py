"""Sending what nobody should send, as somebody who may use the endpoint."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.test import Client

from tests.security.changes import Watch, undone
from tests.security.endpoint import Endpoint
from tests.security.world import World, appoint, logged_in
from units.powers import POWERS, Role

SEAT = "UP3 Menteng"
JSON = "application/json"
Key = tuple[str, str]


class Users:
    """For each endpoint somebody who holds its power at the seat."""

    def __init__(self, world: World, matrix: dict[Key, Endpoint]) -> None:
        self.world, self.matrix = world, matrix
        self.clients: dict[Role, Client] = {}

    def who(self, name: str, method: str) -> Client:
        power = self.matrix[name, method].power
        role = next(role for role in Role if power is None or power in POWERS[role])
        if role not in self.clients:
            self.clients[role] = logged_in(appoint(f"actor {role}", role, self.world.units[SEAT]))
        return self.clients[role]

    def all_there(self) -> Watch:
        """A watch that begins when everybody has an account."""
        for key in self.matrix:
            self.who(*key)
        return Watch()

    def path(self, name: str, method: str) -> str:
        return self.matrix[name, method].path(self.world, SEAT).partition("?")[0]

    def asking(self, key: Key) -> Callable[..., Any]:
        """The call of that endpoint, but for the body and its type."""
        return partial(send, self.who(*key), key[1], self.path(*key))


def send(client: Client, method: str, path: str, body: bytes, content_type: str = JSON) -> Any:
    """Without an Idempotency-Key: keeping it and giving it up again would be a write of every refusal."""
    return client.generic(method, path, body, content_type=content_type, HTTP_IF_MATCH="*")


def tried(watch: Watch, ask: Callable[[], Any]) -> list[str]:
    """What is wrong with the answer to hostile input. The request is undone."""
    watch.start_anew()
    with undone():
        return list(_faults(ask(), watch))


def _faults(answer: Any, watch: Watch) -> Iterator[str]:
    if answer.status_code >= 500:
        yield f"{answer.status_code}"
    elif answer.status_code >= 400:
        if not is_problem(answer):
            yield f"{answer.status_code} that is no problem"
        if changed := watch.changes():
            yield f"{answer.status_code}, yet {changed} changed"


def is_problem(answer: Any) -> bool:
    body = json.loads(answer.content)
    return (
        answer.headers["Content-Type"] == "application/problem+json" and body["status"] == answer.status_code
    )
