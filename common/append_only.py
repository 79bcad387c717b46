"""Rows that are written once: the model refuses to change them, and so does the database.

In a migration, after the table is made: `operations = [append_only("customers_accesslog")]`. Where a later
migration alters such a table, repeat the operation there: SQLite rebuilds the table and drops its triggers.

PostgreSQL's triggers work per row, so that TRUNCATE, which only the owner of the table may use, still
empties it. SQLite has no TRUNCATE; there `manage.py flush` is refused like any other DELETE.
"""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TRIGGER = "append_only"
EVENTS = ("UPDATE", "DELETE")


class AppendOnlyError(TypeError):
    """Code tried to change a row that is never changed: a bug, not a refusal for people."""


class AppendOnlyQuerySet(models.QuerySet):
    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError(f"rows of {self.model._meta.label} are never changed")

    def delete(self) -> NoReturn:
        raise AppendOnlyError(f"rows of {self.model._meta.label} are never deleted")


class AppendOnlyModel(models.Model):
    """A row that can be added and read. Derive its queryset from `AppendOnlyQuerySet`."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError(f"rows of {self._meta.label} are never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError(f"rows of {self._meta.label} are never deleted")


def append_only(table: str) -> migrations.RunPython:
    """The migration operation that makes the database refuse UPDATE and DELETE on `table`.

    A refused statement raises IntegrityError on both databases.
    """

    def install(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
        for statement in _statements(schema_editor.connection.vendor, table):
            schema_editor.execute(statement, params=None)

    def remove(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
        place = f' ON "{table}"' if schema_editor.connection.vendor == "postgresql" else ""
        for event in EVENTS:
            schema_editor.execute(f'DROP TRIGGER IF EXISTS "{_name(table, event)}"{place}')

    return migrations.RunPython(install, remove)


def _name(table: str, event: str) -> str:
    return f"{TRIGGER}_{event.lower()}_{table}"


def _statements(vendor: str, table: str) -> list[str]:
    if vendor == "postgresql":
        return [_POSTGRESQL_FUNCTION, *(_postgresql_trigger(table, event) for event in EVENTS)]
    return [_sqlite_trigger(table, event) for event in EVENTS]


_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION append_only_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""


def _postgresql_trigger(table: str, event: str) -> str:
    return (
        f'CREATE OR REPLACE TRIGGER "{_name(table, event)}" BEFORE {event} ON "{table}"'
        " FOR EACH ROW EXECUTE FUNCTION append_only_refuse()"
    )


def _sqlite_trigger(table: str, event: str) -> str:
    return (
        f'CREATE TRIGGER IF NOT EXISTS "{_name(table, event)}" BEFORE {event} ON "{table}"'
        f" BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
    )
