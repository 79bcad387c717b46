"""What the background does for programs. Each may run twice."""

from common.jobs import handles
from programs.services import draws, evaluations, imports, programs


@handles(imports.IMPORT_JOB, time_limit=imports.TIME_LIMIT)
def import_payments(import_id: int) -> None:
    imports.run_import(import_id=import_id)


@handles(evaluations.EVALUATION_JOB, time_limit=evaluations.TIME_LIMIT)
def evaluate(evaluation_id: int) -> None:
    evaluations.run_evaluation(evaluation_id=evaluation_id)


@handles(programs.SELECT_JOB, time_limit=evaluations.TIME_LIMIT)
def select_winners(program_id: int) -> None:
    draws.select_winners(program_id=program_id)
