"""Which unit serves an area."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from simple_history.utils import bulk_create_with_history

from common.models import ReferenceLoad
from units import authority
from units.models import Area, ServiceArea, Unit, User
from units.powers import Power
from units.services.reference_file import ReferenceFile


def serving_unit(area: Area, on: date) -> Unit | None:
    """The unit that serves `area` on that day, by the most specific row; None where nobody is known.

    One query. The unit may be an UP3 or one below it.
    """
    row = ServiceArea.objects.serving(area, on).select_related("unit").first()
    return row.unit if row else None


@transaction.atomic
def assign_area(*, row: ServiceArea, by: User) -> ServiceArea:
    """Save who serves an area, new or corrected. A new row ends the open one on the day before.

    Raises:
        Forbidden: `by` may not maintain the unit that gets the area, or the one that had it.
        ValidationError: another unit serves the area in that time.
    """
    present = list(
        ServiceArea.objects.select_for_update(of=("self",)).select_related("unit").filter(area=row.area)
    )
    ending = [
        other
        for other in present
        if not row.pk and other.valid_until is None and other.valid_from < row.valid_from
    ]
    corrected = [other for other in present if other.pk == row.pk]
    for unit in {row.unit, *(other.unit for other in (*ending, *corrected))}:
        authority.require(user=by, power=Power.MANAGE_UNITS, unit=unit)
    for other in ending:
        other.valid_until = row.valid_from - timedelta(days=1)
        _save(other, by)
    row.full_clean()
    _save(row, by)
    return row


def _save(row: ServiceArea, by: User) -> None:
    row._history_user = by  # type: ignore[attr-defined]
    row.save()


def load_service_areas() -> int:
    """Add the rows of `fixtures/service_areas.csv` for areas that have none yet; answer how many.

    Areas for which rows exist keep them as they are. Rows that name an area or a unit that is not in the
    database are left out, and looked at again once more areas or units are loaded.
    """
    others = ReferenceLoad.objects.filter(name__in=("areas.csv.gz", "units.csv")).order_by("name")
    file = ReferenceFile("service_areas.csv", *others.values_list("digest", flat=True))
    if file.is_loaded():
        return 0
    with file.loading():
        rows = list(file.rows())
        codes = {row["area_code"] for row in rows}
        areas = set(Area.objects.filter(service=None, pk__in=codes).values_list("pk", flat=True))
        units = dict(Unit.objects.values_list("code", "pk"))
        new = [
            ServiceArea(
                area_id=row["area_code"],
                unit_id=units[row["unit_code"]],
                valid_from=date.fromisoformat(row["valid_from"]),
                basis=row["basis"],
            )
            for row in rows
            if row["area_code"] in areas and row["unit_code"] in units
        ]
        if new:
            bulk_create_with_history(new, ServiceArea, default_change_reason="service_areas.csv")
    return len(new)
