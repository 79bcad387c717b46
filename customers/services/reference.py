"""Tariffs, power steps and kogol: reference data that the back office may edit afterwards."""

from __future__ import annotations

from typing import Any

from django.db import models

from customers.models import Kogol, PowerStep, Tariff
from units.services.reference_file import ReferenceFile

FILES: dict[str, tuple[type[models.Model], str]] = {
    "tariffs.csv": (Tariff, "code"),
    "power_steps.csv": (PowerStep, "va"),
    "kogol.csv": (Kogol, "code"),
}


def load() -> dict[str, int]:
    """Load the reference files that changed since the last load; answer the rows written of each.

    An unchanged file costs one query and overwrites nothing that was edited meanwhile.
    """
    return {filename: _load(filename, *target) for filename, target in FILES.items()}


def _load(filename: str, model: type[models.Model], key: str) -> int:
    file = ReferenceFile(filename)
    if file.is_loaded():
        return 0
    with file.loading():
        rows = [_values(model, row) for row in file.rows()]
        for row in rows:
            model._default_manager.update_or_create(defaults=row, **{key: row[key]})
    return len(rows)


def _values(model: type[models.Model], row: dict[str, str]) -> dict[str, Any]:
    """The row with None for an empty cell, where the column knows None."""
    nullable = {name for name in row if model._meta.get_field(name).null}
    return {name: None if value == "" and name in nullable else value for name, value in row.items()}
