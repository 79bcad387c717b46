"""The administrative areas."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from units import rules
from units.models import Area
from units.services.reference_file import ReferenceFile

FIELDS = ("name", "display_name", "level", "parent_id", "time_zone")


def load_areas(*, only: Sequence[str] = ()) -> int:
    """Bring the areas up to date with `fixtures/areas.csv.gz`; answer how many rows were written.

    `only` restricts the load to some areas, what lies below them and what stands above: `("31.71", "32.73")`.
    Areas that a new edition no longer names stay, because customers and service areas point at them.
    """
    file = ReferenceFile("areas.csv.gz", Path(rules.__file__).read_text(encoding="utf-8"), *only)
    if file.is_loaded():
        return 0
    with file.loading():
        known = {code: values for code, *values in Area.objects.order_by().values_list("code", *FIELDS)}
        wanted = (_area(row) for row in file.rows() if rules.is_wanted(row["code"], only))
        changed = [area for area in wanted if known.get(area.code) != [getattr(area, it) for it in FIELDS]]
        Area.objects.bulk_create(
            changed,
            batch_size=5000,
            update_conflicts=True,
            unique_fields=["code"],
            update_fields=["name", "display_name", "level", "parent", "time_zone"],
        )
    return len(changed)


def _area(row: dict[str, str]) -> Area:
    code, name = row["code"], row["name"]
    return Area(
        code=code,
        name=name,
        display_name=rules.display_name(code, name),
        level=rules.area_level(code),
        parent_id=rules.parent_code(code),
        time_zone=rules.area_zone(code),
    )
