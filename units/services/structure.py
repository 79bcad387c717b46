"""The unit tree."""

from __future__ import annotations

from itertools import groupby

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Concat, Substr
from django.utils.translation import gettext as _
from simple_history.utils import bulk_create_with_history

from units import authority
from units.models import PARENT_KINDS, Unit, UnitAlias, UnitKind, User
from units.powers import Power
from units.services.reference_file import ReferenceFile


@transaction.atomic
def place_unit(*, unit: Unit, by: User) -> Unit:
    """Save `unit`, new or changed, and keep its path and the paths of all units below it right.

    Raises:
        Forbidden: `by` may not maintain units where it stands, or where it is moved to.
        ValidationError: it cannot stand there, or what stands below it cannot stand under it any more.
    """
    list(Unit.objects.select_for_update().filter(kind=UnitKind.PUSAT))  # moves wait for one another here
    before = Unit.objects.filter(pk=unit.pk).first()
    if unit.parent_id:
        unit.parent = Unit.objects.get(pk=unit.parent_id)  # the path of now, not of when the form was read
    for place in {before, unit.parent} - {None} or {None}:
        authority.require(user=by, power=Power.MANAGE_UNITS, unit=place)
    unit.path = before.path if before else ""
    unit.full_clean(exclude=["path"])
    _require_room_for_children(unit)
    unit._history_user = by  # type: ignore[attr-defined]
    unit.save()
    _move(unit, to=_path(unit))
    return unit


def _require_room_for_children(unit: Unit) -> None:
    kinds = set(unit.children.values_list("kind", flat=True)) if unit.pk else set()
    if any(unit.kind not in PARENT_KINDS[UnitKind(kind)] for kind in kinds):
        raise ValidationError({"kind": _("The units below it cannot stand under a unit of this kind.")})


def _path(unit: Unit) -> str:
    return f"{unit.parent.path if unit.parent else '/'}{unit.pk}/"


def _move(unit: Unit, *, to: str) -> None:
    """One UPDATE for the whole subtree; none when the path stays."""
    if unit.path == to:
        return
    moved = Unit.objects.below(unit) if unit.path else Unit.objects.filter(pk=unit.pk)
    moved.update(path=Concat(Value(to), Substr("path", len(unit.path) + 1)) if unit.path else Value(to))
    unit.path = to


def load_units() -> int:
    """Add the units of `fixtures/units.csv` that are missing, with their aliases; answer how many.

    A unit that is there, under its code or (given another code since) under its name, stays as it is:
    people may have corrected it.
    """
    file = ReferenceFile("units.csv")
    if file.is_loaded():
        return 0
    with file.loading():
        return _add_missing(list(file.rows()))


def _add_missing(rows: list[dict[str, str]]) -> int:
    there = list(Unit.objects.all())
    known = {unit.name: unit for unit in there} | {unit.code: unit for unit in there}
    known |= {unit.kind: unit for unit in there if unit.kind == UnitKind.PUSAT}
    added: list[Unit] = []
    aliases: list[UnitAlias] = []
    depth = {kind: number for number, kind in enumerate(UnitKind.values)}
    for _kind, level in groupby(sorted(rows, key=lambda row: depth[row["kind"]]), lambda row: row["kind"]):
        new = []
        for row in level:
            unit = known.get(row["code"]) or known.get(row["name"])
            if unit is None:
                unit = _unit(row, known.get(row["parent"]))
                new.append(unit)
                aliases += [UnitAlias(unit=unit, name=name) for name in row["aliases"].split("|") if name]
            known[row["code"]] = unit
        if new:
            bulk_create_with_history(new, Unit, default_change_reason="units.csv")
        for unit in new:
            unit.path = _path(unit)
        added += new
    Unit.objects.bulk_update(added, ["path"])
    UnitAlias.objects.bulk_create(aliases)
    return len(added)


def _unit(row: dict[str, str], parent: Unit | None) -> Unit:
    return Unit(
        code=row["code"],
        name=row["name"],
        kind=row["kind"],
        parent=parent,
        time_zone=row["time_zone"],
        basis=row["basis"],
        is_provisional=row["provisional"] == "1",
    )
