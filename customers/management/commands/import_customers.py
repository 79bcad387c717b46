from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.errors import DomainError
from customers.models import CustomerImport
from customers.notices import report_lines
from customers.services import imports
from units.models import User


class Command(BaseCommand):
    help = (
        "Check a CSV file of new customers and report line by line; with --apply, take over all or nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--as", dest="username", required=True, help="the account that answers for it")
        parser.add_argument(
            "--apply", action="store_true", help="import the customers if no line has an error"
        )

    def handle(self, *args: Any, file: Path, username: str, apply: bool, **options: Any) -> None:
        try:
            by = User.objects.get(username=username, is_active=True)
            record = imports.upload_import(file_name=file.name, content=file.read_bytes(), by=by)
            record = imports.check_import(import_id=record.pk)
            if apply and record.status == CustomerImport.Status.READY:
                imports.request_apply(record=record, by=by)
                record = imports.apply_import(import_id=record.pk)
        except (User.DoesNotExist, OSError, DomainError) as error:
            raise CommandError(str(error)) from error
        self._tell(record)

    def _tell(self, record: CustomerImport) -> None:
        for row in report_lines(record):
            kind = "error" if row["is_error"] else "warning"
            self.stdout.write(f"line {row['line']} {row['column']}: {kind}: {row['message']}")
        if record.error_count:
            raise CommandError(f"{record.error_count} errors; nothing was imported.")
        applied = record.status == CustomerImport.Status.APPLIED
        self.stdout.write(f"{record.row_count} lines, {'imported' if applied else 'good; not imported yet'}.")
