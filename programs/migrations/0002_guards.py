from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from common.append_only import append_only

TABLES = ("entry", "entrycount", "seed", "draw", "contact", "programevent")

POSTGRESQL = """
CREATE OR REPLACE FUNCTION programs_list_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM programs_evaluation
        WHERE status NOT IN ('WAITING', 'RUNNING') AND id IN (SELECT DISTINCT evaluation_id FROM added)
    ) THEN
        RAISE EXCEPTION 'the list of this evaluation is frozen' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER programs_list_is_frozen AFTER INSERT ON programs_entry
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION programs_list_is_frozen();
"""
SQLITE = """
CREATE TRIGGER IF NOT EXISTS programs_list_is_frozen BEFORE INSERT ON programs_entry
WHEN (SELECT status FROM programs_evaluation WHERE id = NEW.evaluation_id) NOT IN ('WAITING', 'RUNNING')
BEGIN SELECT RAISE(ABORT, 'the list of this evaluation is frozen'); END
"""


def freeze_done_lists(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    is_postgresql = schema_editor.connection.vendor == "postgresql"
    schema_editor.execute(POSTGRESQL if is_postgresql else SQLITE, params=None)


def thaw_done_lists(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    place = " ON programs_entry" if schema_editor.connection.vendor == "postgresql" else ""
    schema_editor.execute(f"DROP TRIGGER IF EXISTS programs_list_is_frozen{place}", params=None)


class Migration(migrations.Migration):
    """What is written once stays so; a finished list takes no further entry."""

    dependencies = [("programs", "0001_initial")]

    operations = [
        *(append_only(f"programs_{table}") for table in TABLES),
        migrations.RunPython(freeze_done_lists, thaw_done_lists),
    ]
