"""Report numbers, unique however many agents save at once."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from tickets.models import TicketSerial
from tickets.rules.numbers import report_number


def next_number(*, tab: str, at: datetime) -> str:
    """A number that nobody else has. The day is the head office's.

    The serial comes from the table's own sequence, which nobody waits on; a rolled back report leaves a
    gap. A million reports of one tab on one day would come round: the unique number then refuses the next.
    """
    serial = TicketSerial.objects.create()
    return report_number(tab=tab, on=timezone.localdate(at), serial=serial.pk)


def drop_serials() -> int:
    """Delete the rows of numbers given out; their sequence goes on. Answers how many."""
    newest = TicketSerial.objects.order_by("-pk").values_list("pk", flat=True).first()
    if newest is None:
        return 0
    return TicketSerial.objects.filter(pk__lt=newest).delete()[0]
