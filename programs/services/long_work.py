"""Work that takes minutes in one transaction: how far it is, and whether somebody wants it stopped.

The transaction itself shows nothing before it commits. On PostgreSQL a second connection therefore writes
the progress every second, renews the lease of the background job, and cancels the running statement when
asked. SQLite lets one writer in at a time, so that there progress shows at the end.
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any, Self

from django.db import OperationalError, connection, connections, models

from common import jobs

SECONDS = 1.0


class Cancelled(Exception):
    """Somebody asked for the work to be stopped; what it did is rolled back."""


class LongWork:
    """Watches over the work on `row`, which has a status, a stage, and `cancel_asked`.

    Inside, set progress with `show`; nothing else may write the row until the end. A cancelled piece of
    work leaves by `Cancelled`.
    """

    def __init__(self, row: models.Model, **first: Any) -> None:
        self.row = row
        self.is_cancelled = False
        self._progress: dict[str, Any] = first
        self._over = threading.Event()
        self._job = jobs.current_job.get()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def show(self, **progress: Any) -> None:
        """Set columns of the row to how far the work is. Seen from outside within a second."""
        self._progress.update(progress)
        if self.is_cancelled:
            raise Cancelled

    def __enter__(self) -> Self:
        if connection.vendor == "postgresql":
            self._driver = connection.connection
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._thread.ident:
            self._thread.join()
        if isinstance(error, OperationalError) and self.is_cancelled:
            raise Cancelled from error

    def _watch(self) -> None:
        outside = connections.create_connection("default")
        try:
            with outside.cursor() as cursor:
                while True:
                    self._tick(cursor)
                    if self._over.wait(SECONDS):
                        return
        except OperationalError:
            return  # no second connection: the work goes on, only unseen
        finally:
            outside.close()

    def _tick(self, cursor: Any) -> None:
        columns = dict(self._progress)
        names = ", ".join(f'"{name}" = %s' for name in columns)
        cursor.execute(
            f'UPDATE "{self.row._meta.db_table}" SET {names} WHERE id = %s RETURNING cancel_asked',  # noqa: S608  # nosec B608
            (*columns.values(), self.row.pk),
        )
        if (found := cursor.fetchone()) and found[0] and not self.is_cancelled:
            self.is_cancelled = True
            self._driver.cancel()
        if self._job:
            jobs.renew(self._job, cursor)


def take_time() -> None:
    """Lift the time limits of the present transaction, and give its sorts and hashes room."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;"
            "SET LOCAL idle_in_transaction_session_timeout = 0;"
            "SET LOCAL work_mem = '256MB'; SET LOCAL hash_mem_multiplier = 2"
        )


def wait_turn(name: str) -> None:
    """Until the end of the transaction, be the only one who does `name`."""
    assert connection.in_atomic_block  # noqa: S101  (without a transaction there is nothing to hold the lock)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (name,))
