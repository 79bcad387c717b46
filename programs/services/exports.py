"""Winners as files: for the UP3 to work with, and for the public to read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import TooLarge
from common.exports import csv_file, xlsx_file
from customers.rules import mask_name
from programs import rules
from programs.models import Program, ProgramEvent, Status, Winner, WinnerQuerySet
from programs.services.events import record
from programs.services.programs import WrongStage
from units.authority import require
from units.models import User
from units.powers import Power

MAX_ROWS = 20_000
COLUMNS = (
    "up3_code",
    "up3",
    "tariff",
    "rank",
    "idpel",
    "name",
    "status",
    "reward",
    "told_at",
    "handed_over_at",
)
PUBLIC = ("up3", "tariff", "idpel", "name")
WRITERS: dict[str, Callable[[tuple[str, ...], Iterator[list[Any]]], bytes]] = {
    "csv": csv_file,
    "xlsx": lambda columns, rows: xlsx_file(columns, rows, title=_("Winners")),
}


@transaction.atomic
def export_winners(
    *, program: Program, winners: WinnerQuerySet, kind: str, by: User, public: bool = False
) -> bytes:
    """Winners that `by` may see as a `csv` or `xlsx` file, masked, and a record of it with its digest.

    The public list names UP3, tariff, masked IDPEL and masked name, and only once the program is announced.

    Raises:
        Forbidden: `by` sees no winners.
        WrongStage: a public list before the announcement.
        TooLarge: more than 20,000 winners; choose one UP3.
    """
    require(user=by, power=Power.SEE_WINNERS)
    if public and program.status not in (Status.ANNOUNCED, Status.CLOSED):
        raise WrongStage(_("The list is published when the program is announced."))
    rows = winners.visible_to(by).filter(program=program).selected()
    rows = rows.select_related("unit", "customer", "reward").order_by("unit__code", "tariff", "rank", "pk")
    count = rows.count()
    if count > MAX_ROWS:
        raise TooLarge(_("At most %(count)d winners at a time. Choose one UP3.") % {"count": MAX_ROWS})
    line = _public_line if public else _line
    content = WRITERS[kind](PUBLIC if public else COLUMNS, (line(row) for row in rows.iterator(2000)))
    digest = hashlib.sha256(content).hexdigest()
    record(program, ProgramEvent.Kind.EXPORTED, by=by, rows=count, digest=digest, public=public)
    return content


def _public_line(winner: Winner) -> list[Any]:
    customer = winner.customer
    return [winner.unit.name, winner.tariff, rules.mask_idpel(customer.idpel), mask_name(customer.name)]


def _line(winner: Winner) -> list[Any]:
    masked = _public_line(winner)
    times = [moment and timezone.localtime(moment) for moment in (winner.told_at, winner.handed_over_at)]
    reward = winner.reward.name if winner.reward else ""
    return [
        winner.unit.code, *masked[:2], winner.rank, *masked[2:], winner.get_status_display(), reward, *times
    ]  # fmt: skip
