import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.errors import DomainError
from programs.management.progress import follow
from programs.models import PaymentImport, Program
from programs.notices import report_lines
from programs.services.imports import import_now
from units.models import User

SHOWN = 20


class Command(BaseCommand):
    help = "Import a payment file of any size: as a whole, or not at all. Killed, it leaves nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="CSV, plain or gzipped")
        parser.add_argument("--program", required=True, help="the program's short name")
        parser.add_argument("--by", required=True, help="the account that imports; it must hold the power")
        parser.add_argument("--replaces", type=int, help="number of the import that this file corrects")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            program = Program.objects.select_related("unit").get(slug=options["program"])
            by = User.objects.get(username=options["by"])
            replaces = PaymentImport.objects.get(pk=options["replaces"]) if options["replaces"] else None
            size = path.stat().st_size
            with path.open("rb") as raw, follow(self.stderr, size) as tell:
                done = import_now(
                    program=program,
                    raw=raw,
                    name=path.name,
                    size=size,
                    by=by,
                    replaces=replaces,
                    on_progress=tell,
                )
        except (
            DomainError,
            Program.DoesNotExist,
            User.DoesNotExist,
            PaymentImport.DoesNotExist,
            OSError,
        ) as error:
            raise CommandError(str(error)) from error
        self._tell(done)

    def _tell(self, done: PaymentImport) -> None:
        if done.status == PaymentImport.Status.APPLIED:
            self.stdout.write(f"import {done.pk}: {done.row_count:,} rows, SHA-256 {done.digest}")
            return
        for line in report_lines(done)[:SHOWN]:
            place = f"line {line['line']}, {line['column'] or '-'}" if line["line"] else "the file"
            self.stderr.write(f"{place}: {line['message']}")
        self.stderr.write(f"import {done.pk}: {done.get_status_display()}, {done.error_count:,} errors")
        sys.exit(1)
