"""The database itself refuses to change a published version, what belongs to it, and the path of a call.

Of a published version only its end and its withdrawal may still be written.
"""

from django.db import migrations

from common.append_only import append_only

VERSION = "sop_sopversion"
PARTS = ("sop_sopregion", "sop_procedure", "sop_attachment")
SEALED = "('PUBLISHED', 'WITHDRAWN')"
CONTENT = (
    "id",
    "document_id",
    "number",
    "title",
    "revision",
    "origin",
    "dated_on",
    "text",
    "notes",
    "valid_from",
    "supersedes_id",
    "author_id",
    "approver_id",
    "drafted_at",
    "submitted_at",
    "published_at",
    "digest",
    "scripts",
)
CHANGED = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in CONTENT)
REOPENED = f"NEW.status NOT IN {SEALED} OR (OLD.status = 'WITHDRAWN' AND NEW.status <> 'WITHDRAWN')"
PARENT = f"EXISTS (SELECT 1 FROM {VERSION} WHERE id = {{row}}.version_id AND status IN {SEALED})"


def frozen():
    """Table, event, and the condition under which the event is refused."""
    yield VERSION, "UPDATE", f"OLD.status IN {SEALED} AND ({CHANGED} OR {REOPENED})"
    yield VERSION, "DELETE", f"OLD.status IN {SEALED}"
    for table in PARTS:
        yield table, "INSERT", PARENT.format(row="NEW")
        yield table, "UPDATE", f"{PARENT.format(row='OLD')} OR {PARENT.format(row='NEW')}"
        yield table, "DELETE", PARENT.format(row="OLD")


def _name(table, event):
    return f"published_is_frozen_{event.lower()}_{table}"


def _statements(vendor, table, event, condition):
    name = _name(table, event)
    if vendor != "postgresql":
        condition = condition.replace("IS DISTINCT FROM", "IS NOT")
        yield (
            f'CREATE TRIGGER "{name}" BEFORE {event} ON "{table}" WHEN {condition}'
            " BEGIN SELECT RAISE(ABORT, 'a published SOP is never changed'); END"
        )
        return
    answer = "OLD" if event == "DELETE" else "NEW"
    yield (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF {condition} THEN RAISE EXCEPTION 'a published SOP is never changed'"
        f" USING ERRCODE = 'restrict_violation'; END IF; RETURN {answer}; END $$"
    )
    yield f'CREATE TRIGGER "{name}" BEFORE {event} ON "{table}" FOR EACH ROW EXECUTE FUNCTION {name}()'


def install(apps, schema_editor):
    for table, event, condition in frozen():
        for statement in _statements(schema_editor.connection.vendor, table, event, condition):
            schema_editor.execute(statement, params=None)


def remove(apps, schema_editor):
    is_postgresql = schema_editor.connection.vendor == "postgresql"
    for table, event, _condition in frozen():
        name = _name(table, event)
        schema_editor.execute(f'DROP TRIGGER "{name}"' + (f' ON "{table}"' if is_postgresql else ""))
        if is_postgresql:
            schema_editor.execute(f"DROP FUNCTION {name}()")


class Migration(migrations.Migration):
    dependencies = [("sop", "0001_initial")]

    operations = [
        migrations.RunPython(install, remove),
        append_only("sop_acknowledgement"),
        append_only("sop_callstep"),
        append_only("sop_handover"),
    ]
