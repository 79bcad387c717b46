"""Winners as files: for the UP3 to work with, and for the public to read.

A program without a draw has millions of winners. A CSV file is therefore made while it is sent, and takes
any number of them; a workbook has to be whole first.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Generator, Iterator
from datetime import datetime
from typing import Any, BinaryIO

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import TooLarge
from common.exports import csv_lines, write_xlsx
from customers.rules import mask_name
from programs import rules
from programs.models import PUBLIC as ANNOUNCED
from programs.models import Program, ProgramEvent, Winner, WinnerQuerySet
from programs.services.evaluations import write_list
from programs.services.events import record
from programs.services.programs import WrongStage
from units.authority import acting_position, require
from units.models import User
from units.powers import Power

MAX_SHEET_ROWS = 50_000  # half a minute of work
CHUNK = 2000
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
PUBLIC_COLUMNS = ("up3", "tariff", "idpel", "name")


@transaction.atomic
def export_list(*, program: Program, to: BinaryIO, by: User, at: datetime) -> str:
    """Write the frozen list as it was digested, for whoever recomputes it or the draw; answers its digest.

    It holds IDPELs in full, without names.

    Raises:
        Forbidden: `by` may not run this program.
        WrongStage: no list is frozen.
    """
    acting_position(user=by, power=Power.RUN_PROGRAMS, unit=program.unit, at=at)
    if program.evaluation is None:
        raise WrongStage(_("No list is frozen yet."))
    frozen = program.evaluation
    write_list(frozen, frozen.rule, to)
    kind = ProgramEvent.Kind.EXPORTED
    record(program, kind, by=by, rows=frozen.entry_count, digest=frozen.digest, public=False)
    return frozen.digest


class WinnerFile:
    """The winners that `by` may see as a file, masked; each is on record with its number of rows and digest.

    The public list names UP3, tariff, masked IDPEL and masked name, and only once the program is announced.

    Raises:
        Forbidden: `by` sees no winners.
        WrongStage: a public list before the announcement.
    """

    def __init__(self, *, program: Program, winners: WinnerQuerySet, by: User, public: bool = False) -> None:
        require(user=by, power=Power.SEE_WINNERS)
        if public and program.status not in ANNOUNCED:
            raise WrongStage(_("The list is published when the program is announced."))
        self.program, self.by, self.public = program, by, public
        self.columns = PUBLIC_COLUMNS if public else COLUMNS
        self.winners = winners.visible_to(by).filter(program=program).selected()

    def csv(self) -> Generator[bytes, None, None]:
        """The lines, made while they are sent. On record when the last one, or the reader, has gone."""
        digest, count = hashlib.sha256(), -1
        try:
            for line in csv_lines(self.columns, self._rows()):
                digest.update(line)
                count += 1
                yield line
        finally:
            self._record(max(count - 1, 0), digest.hexdigest())

    def xlsx(self) -> BinaryIO:
        """The workbook as a temporary file.

        Raises:
            TooLarge: more than 50,000 winners; choose one UP3, or CSV.
        """
        count = self.winners.count()
        if count > MAX_SHEET_ROWS:
            message = _("A workbook holds at most %(count)d winners. Choose one UP3, or CSV.")
            raise TooLarge(message % {"count": MAX_SHEET_ROWS})
        file = tempfile.TemporaryFile()  # noqa: SIM115  (closed by the response that sends it)
        write_xlsx(file, self.columns, self._rows(), title=_("Winners"))
        file.seek(0)
        self._record(count, hashlib.file_digest(file, "sha256").hexdigest())
        file.seek(0)
        return file

    def _rows(self) -> Iterator[list[Any]]:
        rows = self.winners.select_related("unit", "customer", "reward")
        line = _public_line if self.public else self._line
        for winner in rows.order_by("unit__code", "tariff", "rank", "pk").iterator(CHUNK):
            yield line(winner)

    def _line(self, winner: Winner) -> list[Any]:
        masked = _public_line(winner)
        times = [moment and timezone.localtime(moment) for moment in (winner.told_at, winner.handed_over_at)]
        may_see = winner.reward and self.by.may(Power.SEE_REWARDS, winner.unit)
        reward = winner.reward.name if winner.reward and may_see else ""
        status = winner.get_status_display()
        return [winner.unit.code, *masked[:2], winner.rank, *masked[2:], status, reward, *times]

    def _record(self, rows: int, digest: str) -> None:
        kind = ProgramEvent.Kind.EXPORTED
        record(self.program, kind, by=self.by, rows=rows, digest=digest, public=self.public)


def _public_line(winner: Winner) -> list[Any]:
    customer = winner.customer
    return [winner.unit.name, winner.tariff, rules.mask_idpel(customer.idpel), mask_name(customer.name)]
