"""What self-diagnosis comes with: areas, codes, the one meaning that was published, rules A1 to A8."""

from __future__ import annotations

import json
from collections.abc import Callable

from tickets.models import CodeMeaning, DiagnosisCoverage, ReadingCode, SuggestionRule
from units.models import Area, Unit
from units.services.reference_file import ReferenceFile

Row = dict[str, str]


def load() -> dict[str, int]:
    """Add what is missing of each file; answer the rows written of each. Edited rows stay as they are."""
    return {
        "areas of self-diagnosis": _load("self_diagnosis_coverage.csv", _add_coverage),
        "short codes": _load("reading_codes.csv", _add_code),
        "meanings of values": _load("code_meanings.csv", _add_meaning),
        "suggestion rules": _load("suggestion_rules.csv", _add_rule),
    }


def _load(filename: str, add: Callable[[Row], bool]) -> int:
    file = ReferenceFile(filename)
    if file.is_loaded():
        return 0
    with file.loading():
        return sum(add(row) for row in file.rows())


def _add_coverage(row: Row) -> bool:
    """A province that is not in the database (only some areas were loaded) has nothing to cover."""
    unit = Unit.objects.get(code=row["unit"]) if row["unit"] else None
    province = Area.objects.filter(pk=row["province"]).first() if row["province"] else None
    if unit is None and province is None:
        return False
    return DiagnosisCoverage.objects.get_or_create(
        unit=unit,
        province=province,
        valid_from=row["valid_from"],
        defaults={"is_active": row["is_active"] == "1", "notice": row["notice"], "basis": row["basis"]},
    )[1]


def _add_code(row: Row) -> bool:
    return ReadingCode.objects.get_or_create(code=row.pop("code"), defaults=row)[1]


def _add_meaning(row: Row) -> bool:
    code = ReadingCode.objects.get(pk=row.pop("code"))
    key = {"code": code, "brand": row.pop("brand"), "value": row.pop("value")}
    return CodeMeaning.objects.get_or_create(**key, defaults=row)[1]


def _add_rule(row: Row) -> bool:
    row["limits"] = json.loads(row["limits"])
    return SuggestionRule.objects.get_or_create(code=row.pop("code"), defaults=row)[1]
