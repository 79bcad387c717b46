"""What happened to a ticket and was added to it: events, repeats, merges, photos, looks, notifications."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from allocation.models import Channel
from common.append_only import AppendOnlyModel, AppendOnlyQuerySet
from common.moments import short_moment
from tickets.models.choices import EventKind, Status
from tickets.models.ticket import Ticket, seen_by
from units.models import Position, Unit, User
from units.powers import Power, Role

MAX_PHOTOS = 3


class TicketEventQuerySet(AppendOnlyQuerySet):
    def visible_to(self, user: User) -> TicketEventQuerySet:
        return self.filter(seen_by(user, "ticket__"))


class TicketEvent(AppendOnlyModel):
    """Something that happened to a ticket: the history, and the outbox that the sweep delivers from.

    `version` is the ticket's version after it, so that the events of a ticket are numbered without a gap.
    `data` holds no personal values.
    """

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="events", verbose_name=_("ticket"))
    version = models.PositiveIntegerField(_("version"))
    kind = models.CharField(_("what"), max_length=13, choices=EventKind.choices)
    from_status = models.CharField(_("from"), max_length=20, choices=Status.choices, blank=True)
    to_status = models.CharField(_("to"), max_length=20, choices=Status.choices)
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("who")
    )
    position = models.ForeignKey(
        Position,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("in which position"),
    )
    role = models.CharField(_("role"), max_length=16, choices=Role.choices, blank=True)
    job = models.CharField(_("background job"), max_length=40, blank=True)
    reason = models.CharField(_("why"), max_length=500, blank=True)
    data = models.JSONField(_("details"), default=dict)

    objects = TicketEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(name="ticket_event_in_order", fields=("ticket", "version")),
            models.CheckConstraint(name="ticket_event_has_actor", condition=Q(by__isnull=False) | ~Q(job="")),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {short_moment(self.at)}"


class TicketRepeat(AppendOnlyModel):
    """Lapor ulang: somebody reports again what a ticket is already open for."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="repeats", verbose_name=_("ticket"))
    at = models.DateTimeField(_("when"))
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("recorded by"))
    caller_number = models.CharField(_("caller number (CRM)"), max_length=16, blank=True)
    words = models.CharField(_("what was said"), max_length=500, blank=True)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("repeat report")
        verbose_name_plural = _("repeat reports")
        ordering = ("pk",)


class TicketMerge(models.Model):
    """That one ticket was found to be the same as another; kept after it is undone."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="merges", verbose_name=_("ticket"))
    into = models.ForeignKey(Ticket, models.PROTECT, related_name="+", verbose_name=_("merged into"))
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("who"))
    reason = models.CharField(_("why"), max_length=500)
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)
    undone_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("undone by")
    )

    class Meta:
        verbose_name = _("merge")
        verbose_name_plural = _("merges")
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                name="ticket_merged_once", fields=("ticket",), condition=Q(undone_at__isnull=True)
            ),
        )


def photo_path(photo: TicketPhoto, filename: str) -> str:
    """Where a photo is kept: by its content, so that nothing the sender chose becomes part of a path."""
    return f"tickets/{photo.digest[:2]}/{photo.digest}-{photo.ticket_id}-{photo.slot}.jpg"


class TicketPhotoQuerySet(models.QuerySet["TicketPhoto"]):
    def visible_to(self, user: User) -> TicketPhotoQuerySet:
        return self.filter(seen_by(user, "ticket__"))


class TicketPhoto(models.Model):
    """A photo of the meter display, at most three per ticket; re-encoded, without the camera's data."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="photos", verbose_name=_("ticket"))
    slot = models.PositiveSmallIntegerField(_("place"))
    image = models.FileField(_("photo"), upload_to=photo_path)
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    size = models.PositiveIntegerField(_("bytes"))
    digest = models.CharField(_("digest"), max_length=64)
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("added by"))
    added_at = models.DateTimeField(_("added"))

    objects = TicketPhotoQuerySet.as_manager()

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        ordering = ("slot",)
        constraints = (
            models.UniqueConstraint(name="ticket_photo_place", fields=("ticket", "slot")),
            models.CheckConstraint(name="ticket_photos_three", condition=Q(slot__range=(1, MAX_PHOTOS))),
        )

    def __str__(self) -> str:
        return f"{self.ticket} {self.slot}"


class TicketAccessQuerySet(AppendOnlyQuerySet):
    def visible_to(self, user: User) -> TicketAccessQuerySet:
        return self.filter(user.within(Power.SEE_ACCESS_LOG, "ticket__posko"))


class TicketAccess(AppendOnlyModel):
    """Who read in full how a reporter is called, reached and found, and why. Never changed."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="accesses", verbose_name=_("ticket"))
    reader = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("who"))
    position = models.ForeignKey(Position, models.PROTECT, related_name="+", verbose_name=_("position"))
    role = models.CharField(_("role"), max_length=16, choices=Role.choices)
    reason = models.CharField(_("reason"), max_length=500)
    at = models.DateTimeField(_("when"), db_index=True)

    objects = TicketAccessQuerySet.as_manager()

    class Meta:
        verbose_name = _("access to a reporter's data")
        verbose_name_plural = _("accesses to reporters' data")
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.ticket} {short_moment(self.at)}"


class NotificationQuerySet(models.QuerySet["Notification"]):
    def visible_to(self, user: User) -> NotificationQuerySet:
        """The inbox of the units where the reader sits; not of the units below them."""
        seats = [
            position.unit_id for position in user.positions_in_force if position.allows(Power.SEE_TICKETS)
        ]
        return self.filter(unit__in=seats)

    def unread(self) -> NotificationQuerySet:
        return self.filter(read_at=None)


class Notification(models.Model):
    """A line in the inbox of a unit: a ticket of its poskos needs somebody."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="notifications", verbose_name=_("unit"))
    event = models.ForeignKey(TicketEvent, models.PROTECT, related_name="+", verbose_name=_("event"))
    at = models.DateTimeField(_("when"))
    read_at = models.DateTimeField(_("read"), null=True, blank=True)
    read_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("read by")
    )

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        ordering = ("-pk",)
        constraints = (models.UniqueConstraint(name="notification_once", fields=("unit", "event")),)
        indexes = (
            models.Index(name="notification_unread", fields=("unit",), condition=Q(read_at__isnull=True)),
        )

    def __str__(self) -> str:
        return f"{self.unit}: {self.event}"
