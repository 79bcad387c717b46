from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from common.errors import DomainError
from programs.models import Program
from programs.services.exports import export_list
from units.models import User


class Command(BaseCommand):
    help = "Write the frozen list of a program to a file: its SHA-256 is the digest of the list."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("program", help="the program's short name")
        parser.add_argument("file", type=Path, help="must not exist yet")
        parser.add_argument("--by", required=True, help="the account that asks; it must hold the power")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            program = Program.objects.select_related("unit", "evaluation").get(slug=options["program"])
            by = User.objects.get(username=options["by"])
            with path.open("xb") as file:
                digest = export_list(program=program, to=file, by=by, at=timezone.now())
        except (Program.DoesNotExist, User.DoesNotExist, OSError) as error:
            raise CommandError(str(error)) from error
        except DomainError as error:
            path.unlink()
            raise CommandError(str(error)) from error
        self.stdout.write(f"SHA-256 {digest}")
