"""When documents are due for review, and who is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from sop.models import ReviewReminder, SopDocument, VersionStatus
from units.authority import acting_position
from units.models import User
from units.powers import Power

REMIND_BEFORE = timedelta(days=30)


@dataclass(frozen=True)
class Due:
    """A document and the day by which somebody looks at it again."""

    document: SopDocument
    due_on: date

    def is_overdue(self, on: date) -> bool:
        return self.due_on < on


def due_dates(*, until: date) -> list[Due]:
    """Documents due for review by `until`, the longest overdue first.

    Counted from the last review or publication, whichever is later; without an interval never.
    """
    rows = SopDocument.objects.filter(
        review_interval_months__isnull=False, versions__status=VersionStatus.PUBLISHED
    ).select_related("owner_unit")
    found = [Due(row, _due_on(row)) for row in rows.annotate(published=Max("versions__published_at"))]
    return sorted((it for it in found if it.due_on <= until), key=lambda it: it.due_on)


def _due_on(document: SopDocument) -> date:
    published = document.owner_unit.local_date(document.published)  # type: ignore[attr-defined]
    start = max(published, document.reviewed_on or published)
    return months_later(start, document.review_interval_months or 0)


def months_later(day: date, months: int) -> date:
    """The same day of the month, or its last one."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first_of_next = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + timedelta(days=day.day - 1), first_of_next - timedelta(days=1))


def remind_of_reviews(*, at: datetime) -> int:
    """Remind of every document due within 30 days, once for each due date; answers how many were new."""
    made = 0
    for due in due_dates(until=timezone.localdate(at) + REMIND_BEFORE):
        _row, is_new = ReviewReminder.objects.get_or_create(
            document=due.document, due_on=due.due_on, defaults={"reminded_at": at}
        )
        made += is_new
    return made


@transaction.atomic
def record_review(*, document: SopDocument, by: User, at: datetime) -> SopDocument:
    """Somebody has looked at the document and left it as it is: the next review counts from today.

    Raises:
        Forbidden: `by` neither writes nor approves SOPs for its unit.
    """
    row = SopDocument.objects.select_for_update(of=("self",)).select_related("owner_unit").get(pk=document.pk)
    power = Power.AUTHOR_SOP if by.may(Power.AUTHOR_SOP, row.owner_unit) else Power.APPROVE_SOP
    acting_position(user=by, power=power, unit=row.owner_unit, at=at)
    row.reviewed_on = row.owner_unit.local_date(at)
    row.save(update_fields=["reviewed_on"])
    row.reminders.filter(done_at__isnull=True).update(done_at=at)
    return row
