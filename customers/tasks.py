"""What the background does for customers."""

from common.jobs import handles
from customers.services import imports


@handles(imports.CHECK_JOB)
def check_import(import_id: int) -> None:
    imports.check_import(import_id=import_id)


@handles(imports.APPLY_JOB)
def apply_import(import_id: int) -> None:
    imports.apply_import(import_id=import_id)
