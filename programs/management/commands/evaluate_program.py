import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.errors import DomainError
from programs.models import Evaluation, Program
from programs.services import evaluations
from units.models import User


class Command(BaseCommand):
    help = "Evaluate a program in this process, and print the number of eligible customers and the digest."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("program", help="the program's short name")
        parser.add_argument("--by", required=True, help="the account that asks; it must hold the power")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        try:
            program = Program.objects.select_related("unit", "evaluation").get(slug=options["program"])
            by = User.objects.get(username=options["by"])
            asked = evaluations.ask_evaluation(program=program, by=by)
        except (DomainError, Program.DoesNotExist, User.DoesNotExist) as error:
            raise CommandError(str(error)) from error
        done = evaluations.run_evaluation(evaluation_id=asked.pk)
        if done.status != Evaluation.Status.DONE:
            raise CommandError(f"evaluation {done.pk}: {done.get_status_display()}")
        seconds = time.monotonic() - started
        self.stdout.write(f"evaluation {done.pk}: {done.entry_count:,} eligible, {seconds:.1f} s")
        self.stdout.write(f"SHA-256 {done.digest}")
        if program.evaluation:
            self._compare(done, program.evaluation)

    def _compare(self, done: Evaluation, frozen: Evaluation) -> None:
        """The same as the frozen list, or what changed."""
        if done.digest == frozen.digest:
            self.stdout.write("the same as the frozen list")
            return
        changed = evaluations.differences(done, frozen)
        if changed["rule_changed"]:
            self.stdout.write("the criteria are not those of the frozen list")
        for name, word in (("added", "more"), ("removed", "fewer")):
            only = changed[name]
            self.stdout.write(
                f"{only['count']:,} {word} than the frozen list: {', '.join(only['idpels']) or '-'}"
            )
