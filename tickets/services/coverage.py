"""Where self-diagnosis can be used, and from when (R-003-27 to R-003-32)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django.utils.translation import gettext as _

from common.errors import Invalid
from customers.models import Customer, Product
from tickets.models import DiagnosisCoverage, WorkOrderType
from units.models import Area, Unit, UnitKind


class NotCovered(Invalid):
    """Self-diagnosis is not in force there on that day; the answer is WO Autodispatch (R-003-29)."""

    code = "not_covered"


class NotPrepaid(Invalid):
    """Only a prabayar meter shows PERIKSA (A-003-21); the answer is WO Autodispatch."""

    code = "not_prepaid"


@dataclass(frozen=True)
class Coverage:
    """Whether self-diagnosis may be used, the order type that follows, and what to tell the customer."""

    is_covered: bool
    wo_type: str
    notice: str
    valid_from: date | None = None


def find_coverage(*, unit: Unit | None, area: Area | None, on: date) -> DiagnosisCoverage | None:
    """The row in force on `on` for the unit or one above it, the nearest first.

    The province of the area decides only where no unit is known: a kecamatan of Jawa Barat that UID Jakarta
    Raya serves follows its unit. A row of the head office is for the whole country. One query.
    """
    if unit is not None:
        place = Q(unit__in=unit.ancestor_ids)
    elif area is not None:
        place = Q(province=area.lineage[0]) | Q(unit__kind=UnitKind.PUSAT)
    else:
        return None
    rows = DiagnosisCoverage.objects.in_force(on).filter(place).select_related("unit")
    return max(rows, key=_precision, default=None)


def _precision(row: DiagnosisCoverage) -> tuple[bool, int, date]:
    return row.unit is None, len(row.unit.ancestor_ids) if row.unit else 0, row.valid_from


def ask_coverage(
    *, unit: Unit | None, area: Area | None, on: date, customer: Customer | None = None
) -> Coverage:
    """The answer to step 8 of the SOP, and to a channel that asks before it shows its form (R-003-110)."""
    if customer is not None and customer.product != Product.PRABAYAR:
        notice = _("Self-diagnosis is for prabayar meters. Please report the outage instead.")
        return Coverage(False, WorkOrderType.WO_AUTODISPATCH, notice)
    row = find_coverage(unit=unit, area=area, on=on)
    if row is None:
        notice = _("Self-diagnosis is not available in your area yet. Please report the outage instead.")
        return Coverage(False, WorkOrderType.WO_AUTODISPATCH, notice)
    notice = row.notice or _("Your area can be served with self-diagnosis.")
    return Coverage(True, WorkOrderType.KWH_PERIKSA, notice, row.valid_from)


def require_coverage(*, unit: Unit, area: Area | None, on: date) -> None:
    """Refuse with `NotCovered` where self-diagnosis is not in force on `on`."""
    if find_coverage(unit=unit, area=area, on=on) is None:
        message = _("Self-diagnosis is not in force there on that day. Choose WO Autodispatch.")
        raise NotCovered(message, field="wo_type")
