from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from programs.models import Program
from programs.services import demo
from units.models import User


class Command(BaseCommand):
    help = "Make up customers and their payments for a program, the same for the same seed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("program", help="the program's short name")
        parser.add_argument("--customers", type=int, default=10_000)
        parser.add_argument("--seed", type=int, default=2021)
        parser.add_argument("--by", required=True, help="the account that imports; it must hold the power")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            program = Program.objects.select_related("unit").get(slug=options["program"])
            by = User.objects.get(username=options["by"])
        except (Program.DoesNotExist, User.DoesNotExist) as error:
            raise CommandError(str(error)) from error
        generator = demo.generator_for(program, count=options["customers"], seed=options["seed"])
        with transaction.atomic():
            demo.make_customers(generator, on_progress=self._tell)
        for month in generator.months:
            done = demo.import_month(generator, month, program=program, by=by)
            self.stdout.write(f"{month:%Y-%m}: {done.row_count:,} payments, {done.get_status_display()}")

    def _tell(self, count: int) -> None:
        if count % 100_000 == 0:
            self.stderr.write(f"{count:,} customers")
