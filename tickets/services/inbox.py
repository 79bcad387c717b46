"""The inbox that the people of a unit share."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from tickets.models import Notification
from tickets.models.history import NotificationQuerySet
from units.models import User


def mark_read(*, lines: NotificationQuerySet, by: User, at: datetime | None = None) -> int:
    """Mark those of `lines` that are in the reader's own inboxes as read; answer how many were unread."""
    mine = (
        Notification.objects.visible_to(by).unread().filter(pk__in=list(lines.values_list("pk", flat=True)))
    )
    return mine.update(read_at=at or timezone.now(), read_by=by)
