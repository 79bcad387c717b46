"""Progress on the terminal: how much of a file is read, at what rate, and how long it will take."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

SECONDS = 2.0


@contextmanager
def follow(out: Any, size: int) -> Iterator[Callable[[int, int], None]]:
    """Write a line to `out` every two seconds while the block inside runs, and tells rows and bytes read."""
    over, read = threading.Event(), [0, 0]

    def tell(rows: int, done: int) -> None:
        read[:] = rows, done

    thread = threading.Thread(target=_write, args=(out, read, max(size, 1), over), daemon=True)
    thread.start()
    try:
        yield tell
    finally:
        over.set()
        thread.join()


def _write(out: Any, read: list[int], size: int, over: threading.Event) -> None:
    started = time.monotonic()
    while not over.wait(SECONDS):
        out.write(progress_line(read[0], read[1], size, time.monotonic() - started))


def progress_line(rows: int, done: int, size: int, seconds: float) -> str:
    """`42 %  1,234,567 rows  250,000 rows/s  12 s left`; what was read to its end is being checked."""
    if not done:
        return "nothing read yet; one file is imported at a time"
    left = f"{seconds * (size - done) / done:.0f} s left" if done < size else "checking"
    return f"{done * 100 // size:3} %  {rows:,} rows  {rows / seconds:,.0f} rows/s  {left}"
