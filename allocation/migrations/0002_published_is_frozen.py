"""The database itself refuses to change a published matrix, its rows, an availability or a check."""

from django.db import migrations

from common.append_only import append_only

MATRIX, ROW = "allocation_allocationmatrix", "allocation_allocationrow"
PUBLISHED = f"EXISTS (SELECT 1 FROM {MATRIX} WHERE id = {{row}}.matrix_id AND status = 'PUBLISHED')"
# Table, event, and the condition under which the event is refused.
FROZEN = (
    (MATRIX, "UPDATE", "OLD.status = 'PUBLISHED'"),
    (MATRIX, "DELETE", "OLD.status = 'PUBLISHED'"),
    (ROW, "INSERT", PUBLISHED.format(row="NEW")),
    (ROW, "UPDATE", f"{PUBLISHED.format(row='OLD')} OR {PUBLISHED.format(row='NEW')}"),
    (ROW, "DELETE", PUBLISHED.format(row="OLD")),
)


def _name(table, event):
    return f"published_is_frozen_{event.lower()}_{table}"


def _statements(vendor, table, event, condition):
    name = _name(table, event)
    if vendor != "postgresql":
        yield (
            f'CREATE TRIGGER "{name}" BEFORE {event} ON "{table}" WHEN {condition}'
            " BEGIN SELECT RAISE(ABORT, 'a published matrix is never changed'); END"
        )
        return
    answer = "OLD" if event == "DELETE" else "NEW"
    yield (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF {condition} THEN RAISE EXCEPTION 'a published matrix is never changed'"
        f" USING ERRCODE = 'restrict_violation'; END IF; RETURN {answer}; END $$"
    )
    yield (
        f'CREATE TRIGGER "{name}" BEFORE {event} ON "{table}" FOR EACH ROW EXECUTE FUNCTION {name}()'
    )


def install(apps, schema_editor):
    for table, event, condition in FROZEN:
        for statement in _statements(schema_editor.connection.vendor, table, event, condition):
            schema_editor.execute(statement, params=None)


def remove(apps, schema_editor):
    is_postgresql = schema_editor.connection.vendor == "postgresql"
    for table, event, _condition in FROZEN:
        name = _name(table, event)
        schema_editor.execute(f'DROP TRIGGER "{name}"' + (f' ON "{table}"' if is_postgresql else ""))
        if is_postgresql:
            schema_editor.execute(f"DROP FUNCTION {name}()")


class Migration(migrations.Migration):
    dependencies = [("allocation", "0001_initial")]

    operations = [
        migrations.RunPython(install, remove),
        append_only("allocation_meteravailability"),
        append_only("allocation_allocationcheck"),
    ]
