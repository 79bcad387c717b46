"""Tests that commit are cleaned up by emptying every table, in which nothing may stand in the way.

A page whose browser has gone may still be answered; what that answer reads and locks would wait for the
tables that are emptied, and they for it, until PostgreSQL ends one of the two. So the answers come first.

PostgreSQL is emptied by TRUNCATE, where row triggers do not fire. SQLite is emptied by DELETE, where they do,
and frozen tables would refuse: there the triggers are taken off for that moment, and only there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

ALL_TRIGGERS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
ANSWERING = "process_request_thread"  # what the live server's threads do, and are named for
PATIENCE = 30  # seconds


def wait_for_answers() -> None:
    """Until the live server has answered everybody."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and any(ANSWERING in thread.name for thread in threading.enumerate()):
        time.sleep(0.01)


@contextmanager
def triggers_lifted() -> Iterator[None]:
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        triggers = cursor.execute(ALL_TRIGGERS).fetchall()
        for name, _ in triggers:
            cursor.execute(f'DROP TRIGGER "{name}"')
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for _, statement in triggers:
                cursor.execute(statement)
