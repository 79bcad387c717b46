"""Programs that the portal brings along as data."""

from __future__ import annotations

from typing import Any

import yaml
from django.conf import settings
from django.db import transaction

from programs.models import Program, ProgramEvent, Status
from programs.services.events import record
from units.models import Unit

FILE = "programs.yaml"


@transaction.atomic
def load() -> dict[str, int]:
    """Add the programs of `fixtures/programs.yaml` that are not there yet; what was edited stays.

    They are approved by the letter they name, outside the portal.
    """
    described = yaml.safe_load((settings.BASE_DIR / "fixtures" / FILE).read_text(encoding="utf-8"))
    known = set(Program.objects.values_list("slug", flat=True))
    new = [values for values in described if values["slug"] not in known]
    for values in new:
        _add(values)
    return {FILE: len(new)}


def _add(values: dict[str, Any]) -> None:
    unit = Unit.objects.get(name=values["unit"])
    program = Program(**values | {"unit": unit, "status": Status.APPROVED})
    program.full_clean(exclude=["drafted_by"])
    program.save()
    record(program, ProgramEvent.Kind.APPROVED, by=None)
