"""What is in force where and when, and who has read it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import Conflict
from sop.models import Acknowledgement, SopVersion, VersionStatus
from units.authority import acting_position
from units.models import Position, Unit, User
from units.powers import Power, roles_with

LONG = ("text", "scripts")  # not read where only the name is shown
STATES = {
    "draft": gettext_lazy("draft"),
    "in_review": gettext_lazy("in review"),
    "withdrawn": gettext_lazy("withdrawn"),
    "to_come": gettext_lazy("not yet in force"),
    "in_force": gettext_lazy("in force"),
    "expired": gettext_lazy("expired"),
    "superseded": gettext_lazy("superseded"),
}


class NotInForce(Conflict):
    """Only what is published can be acknowledged."""

    code = "not_published"


def versions_in_force(*, unit: Unit | None, on: date) -> dict[int, SopVersion]:
    """Of every document the version that rules at `unit` on `on`, by document id; one query.

    Without a unit: the newest that rules anywhere.
    """
    found: dict[int, SopVersion] = {}
    rows = SopVersion.objects.ruling(on, unit).select_related("document__owner_unit", "supersedes")
    for version in rows.defer(*LONG):
        found.setdefault(version.document_id, version)
    return found


def state_of(version: SopVersion, on: date, ruling: Iterable[int] = ()) -> str:
    """What the version is on that day, one of `STATES`. `ruling` holds the ids of versions that rule."""
    if version.status != VersionStatus.PUBLISHED:
        return str(version.status).lower()
    if version.valid_from > on:
        return "to_come"
    if version.valid_until is not None and version.valid_until < on:
        return "expired"
    return "in_force" if version.pk in ruling else "superseded"


def ruling_somewhere(on: date) -> set[int]:
    """Ids of the versions that rule in at least one of their regions on `on`; one query.

    Where two versions apply at the same unit, the later beginning rules.
    """
    rows = SopVersion.objects.ruling(on, None).values_list(
        "document", "regions__unit", "regions__effective_from", "number", "pk"
    )
    best: dict[tuple[int, int], tuple[date, int, int]] = {}
    for document, unit, start, number, pk in rows:
        best[document, unit] = max(best.get((document, unit), (date.min, 0, 0)), (start, number, pk))
    return {pk for _start, _number, pk in best.values()}


# --- Acknowledgements -----------------------------------------------------------------------------


@transaction.atomic
def acknowledge(*, version: SopVersion, by: User, at: datetime) -> Acknowledgement:
    """Record that `by` has read the version; a second time changes nothing.

    Raises:
        Forbidden: `by` reads no SOPs.
        NotInForce: it is not published.
    """
    if version.status != VersionStatus.PUBLISHED:
        raise NotInForce(_("Only a published version can be acknowledged."))
    seat = next((it for it in by.positions_in_force if it.allows(Power.SEE_SOP)), None)
    unit = seat.unit if seat else version.document.owner_unit
    acting_position(user=by, power=Power.SEE_SOP, unit=unit, at=at)
    made, _is_new = Acknowledgement.objects.get_or_create(
        version=version, reader=by, defaults={"unit": unit, "at": at}
    )
    return made


def known_version(*, version: SopVersion, reader: User) -> SopVersion | None:
    """The newest version of the same document that `reader` acknowledged, if it is not this one."""
    rows = SopVersion.objects.filter(document=version.document_id, acknowledgements__reader=reader)
    newest = rows.order_by("-acknowledgements__at", "-number").first()
    return None if newest is None or newest.pk == version.pk else newest


def acknowledged_at(*, version: SopVersion, reader: User) -> datetime | None:
    rows = Acknowledgement.objects.filter(version=version, reader=reader)
    return rows.values_list("at", flat=True).first()


@dataclass(frozen=True)
class Reader:
    """An agent, the position in which the version concerns them, and when they read it (None: not yet)."""

    position: Position
    read_at: datetime | None


def readers_of(*, version: SopVersion, supervisor: User, at: datetime) -> list[Reader]:
    """Everybody within the supervisor's reach who runs calls, those who have not read it first."""
    roles = list(roles_with(Power.RUN_CALLS))
    positions = (
        Position.objects.active(at)
        .filter(supervisor.within(Power.SEE_CALLS), role__in=roles, holder__is_active=True)
        .select_related("holder", "unit")
        .order_by("unit__name", "holder__username")
    )
    read = dict(Acknowledgement.objects.filter(version=version).values_list("reader", "at"))
    people = {it.holder_id: Reader(it, read.get(it.holder_id)) for it in positions}
    return sorted(people.values(), key=lambda it: it.read_at is not None)


def unread_by(*, reader: User, on: date) -> list[SopVersion]:
    """Versions in force that `reader` has not acknowledged, those that demand it first."""
    ruling = versions_in_force(unit=None, on=on).values()
    read = Acknowledgement.objects.filter(Q(version__in=[it.pk for it in ruling]), reader=reader)
    known = set(read.values_list("version", flat=True))
    unread = [it for it in ruling if it.pk not in known]
    return sorted(unread, key=lambda it: (not it.document.demands_acknowledgement, it.document.title))
