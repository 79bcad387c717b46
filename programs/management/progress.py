"""Progress on the terminal: how much of a file is read, at what rate, and how long it will take."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

SECONDS = 2.0


@contextmanager
def follow(out: Any, raw: IO[bytes], size: int) -> Iterator[None]:
    """Write a line to `out` every two seconds while `raw` is being read by the block inside."""
    over = threading.Event()
    thread = threading.Thread(target=_write, args=(out, raw, max(size, 1), over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _write(out: Any, raw: IO[bytes], size: int, over: threading.Event) -> None:
    started = time.monotonic()
    while not over.wait(SECONDS):
        done, seconds = raw.tell(), time.monotonic() - started
        left = f"{seconds * (size - done) / done:.0f} s left" if 0 < done < size else "checking"
        out.write(f"{done * 100 // size:3} %  {done / seconds / 1e6:.1f} MB/s  {left}")
