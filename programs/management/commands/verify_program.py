from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from programs.models import Program, Winner
from programs.services import draws, evaluations


class Command(BaseCommand):
    help = "Compute the digests and the draw of a frozen program again, and say whether they are the same."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("program", help="the program's short name")

    def handle(self, *args: Any, **options: Any) -> None:
        program = Program.objects.select_related("evaluation").filter(slug=options["program"]).first()
        if program is None or program.evaluation is None:
            raise CommandError("There is no frozen program of that name.")
        frozen = program.evaluation
        wrong = [
            name
            for name, is_same in (
                ("list", evaluations.digest_of(frozen, frozen.rule) == frozen.digest),
                ("winners", draws.winners_digest(program) == program.winners_digest),
                ("draw", not program.has_draw or self._is_same_draw(program)),
            )
            if not is_same
        ]
        if wrong:
            raise CommandError(f"not the same: {', '.join(wrong)}")
        self.stdout.write(f"{program.slug}: list, winners and draw are the same")

    def _is_same_draw(self, program: Program) -> bool:
        kept = Winner.objects.filter(program=program).values_list("customer__idpel", "rank")
        return sorted(draws.recompute_draw(program)) == sorted(kept.iterator(10_000))
