"""Which unit serves an area."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _
from simple_history.utils import bulk_create_with_history

from common.errors import Invalid
from common.models import ReferenceLoad
from units.models import Area, ServiceArea, Unit
from units.services.reference_file import ReferenceFile


class NoServingUnit(Invalid):
    """No unit is known for the area; somebody has to choose one."""

    code = "no_serving_unit"


def serving_unit(area: Area, on: date) -> Unit | None:
    """The unit that serves `area` on that day, by the most specific row; None where nobody is known.

    One query. The unit may be an UP3 or one below it.
    """
    row = ServiceArea.objects.serving(area, on).select_related("unit").first()
    return row.unit if row else None


def find_unit(*, area: Area, on: date) -> Unit:
    """As `serving_unit`, for callers that cannot go on without one.

    Raises:
        NoServingUnit: nobody is known to serve the area.
    """
    unit = serving_unit(area, on)
    if unit is None:
        message = _("No unit is known for %(area)s. Please choose the unit.") % {"area": area}
        raise NoServingUnit(message, field="area")
    return unit


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
