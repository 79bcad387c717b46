"""What the background does for programs. Each may run twice."""

from common.jobs import handles
from programs.services import imports


@handles(imports.IMPORT_JOB, time_limit=imports.TIME_LIMIT)
def import_payments(import_id: int) -> None:
    imports.run_import(import_id=import_id)
