"""What the permission tests know of an endpoint, beyond what the table of powers says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.security.world import World
from units.powers import Power


@dataclass(frozen=True)
class Endpoint:
    """One method of one address: the power it asks for (None: any account), its OAuth scope, and a call.

    `hidden` names the power whose reach decides whether the row is seen at all (404 outside it); `bound`
    the one whose reach decides whether it may be used (403 outside it). Only settable units have settings.
    """

    power: Power | None
    scope: str
    path: Callable[[World, str], str]
    body: Callable[[World, str], dict] | None = None
    hidden: Power | None = None
    bound: Power | None = None
    settable: bool = False
    per_unit: bool = True
    ok: int = 200
    reads: bool = False  # a POST that only asks
    upload: Callable[[], bytes] | None = None  # a file instead of a body
    upload_as: str = "photo"
    people_only: bool = False  # a channel that holds the power does this only to its own

    def changes(self, method: str) -> bool:
        return method != "GET" and not self.reads
