"""What a request changed: a digest of every table, and whether it is worth while to compute one."""

from __future__ import annotations

import functools
import hashlib
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Model

OURS = (
    "common",
    "units",
    "customers",
    "allocation",
    "tickets",
    "programs",
    "sop",
    "oauth2_provider",
    "django_celery_beat",
    "otp_totp",
)
LARGE = ("units.Area", "units.ServiceArea", "units.HistoricalServiceArea", "units.HistoricalUnit")
NOT_A_CHANGE = {"last_login"}
NOT_THE_WORK = "common.IdempotencyKey"  # that a request was carried out, not what it did


def fingerprint() -> dict[str, str]:
    """By table, a digest of every row that somebody could change; of the large tables of their size."""
    with connection.cursor() as cursor:
        return {label: _digest(cursor, question) for label, question in _questions().items()}


def written() -> int:
    """How many rows were written so far on this connection, also in vain, by the database's own count.

    Where it stands still during a request, the request has changed nothing.
    """
    if connection.vendor == "sqlite":
        return connection.connection.total_changes
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_all_tables")
        return int(cursor.fetchone()[0])


class Watch:
    """What requests change, beside what stood in the tables when the watch began."""

    def __init__(self) -> None:
        self.before = fingerprint()
        self.counted = written()

    def changes(self) -> list[str]:
        """The tables that are not as they were."""
        if written() == self.counted:
            return []
        now = fingerprint()
        return [label for label in now if now[label] != self.before[label]]

    def start_anew(self) -> None:
        """What was undone, or belongs to the past, does not count."""
        self.counted = written()


@functools.cache
def _questions() -> dict[str, str]:
    """Asked in SQL: through models, the tables of a role's calls would take a minute to read."""
    models = [
        model for app in OURS for model in apps.get_app_config(app).get_models(include_auto_created=True)
    ]
    return {model._meta.label: _question(model) for model in models}


def _question(model: type[Model]) -> str:
    quote = connection.ops.quote_name
    columns = [f.column for f in model._meta.concrete_fields if f.column and f.attname not in NOT_A_CHANGE]
    key = [field.column for field in model._meta.pk_fields]
    asked, order = (", ".join(map(quote, names)) for names in (columns, key))
    if model._meta.label in LARGE:
        asked, order = "count(*)", "1"
    return f"SELECT {asked} FROM {quote(model._meta.db_table)} ORDER BY {order}"  # noqa: S608  (our own names)


def _digest(cursor: Any, question: str) -> str:
    cursor.execute(question)
    digest = hashlib.sha256()
    for row in cursor.fetchall():
        digest.update(repr([bytes(cell) if isinstance(cell, memoryview) else cell for cell in row]).encode())
    return digest.hexdigest()


class undone(transaction.Atomic):  # noqa: N801  (reads as a word: `with undone():`)
    """A savepoint that is always rolled back: what was allowed does not stand in the way of the next."""

    def __init__(self) -> None:
        super().__init__(using=None, savepoint=True, durable=False)

    def __exit__(self, *exception: Any) -> None:
        transaction.set_rollback(True)
        super().__exit__(*exception)
