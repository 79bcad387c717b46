from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from common.errors import DomainError
from customers.models import Customer
from programs.models import PaymentImport, Program
from programs.services import demo
from programs.services.generator import IDPEL_START, Generator
from units.authority import acting_position
from units.models import User
from units.powers import Power

MOST = 99_999_999  # as many as numbers of eight digits


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
            acting_position(user=by, power=Power.RUN_PROGRAMS, unit=program.unit, at=timezone.now())
        except (Program.DoesNotExist, User.DoesNotExist, DomainError) as error:
            raise CommandError(str(error)) from error
        if not 0 < options["customers"] <= MOST:
            raise CommandError(f"--customers: 1 to {MOST:,}")
        if Customer.objects.filter(idpel__startswith=IDPEL_START).exists():
            raise CommandError("There are made-up customers already.")
        generator = demo.generator_for(program, count=options["customers"], seed=options["seed"])
        if not generator.unit_codes:
            raise CommandError("This program reaches no UP3.")
        with transaction.atomic():
            demo.make_customers(generator, on_progress=self._tell)
        for month in generator.months:
            self._import(generator, month, program, by)

    def _import(self, generator: Generator, month: date, program: Program, by: User) -> None:
        try:
            done = demo.import_month(generator, month, program=program, by=by)
        except DomainError as error:
            raise CommandError(str(error)) from error
        told = f"{month:%Y-%m}: {done.row_count:,} payments, {done.get_status_display()}"
        if done.status != PaymentImport.Status.APPLIED:
            raise CommandError(told)
        self.stdout.write(told)

    def _tell(self, count: int) -> None:
        if count % 100_000 == 0:
            self.stderr.write(f"{count:,} customers")
