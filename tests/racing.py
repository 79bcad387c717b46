"""Many at the same moment, each with a connection of its own."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from django.db import connections


def at_once(work: Callable[[int], Any], count: int) -> list[Any]:
    """What `work` returned for 0, 1, 2 … `count` - 1, all begun together.

    One race at a time, whatever other tests run beside it: PostgreSQL lets in a hundred connections.
    """
    start = threading.Barrier(count)

    def one(number: int) -> Any:
        start.wait()
        try:
            return work(number)
        finally:
            connections.close_all()

    with Path(__file__).open() as line, ThreadPoolExecutor(count) as pool:
        fcntl.flock(line, fcntl.LOCK_EX)
        return list(pool.map(one, range(count)))
