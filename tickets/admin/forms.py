"""What the pages of a ticket ask before they do something."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from tickets.models import Status, Ticket
from tickets.rules.moves import Hand, next_by

FORMATS = (("csv", "CSV"), ("xlsx", "XLSX"))
LONGEST = timedelta(days=366)


class TicketForm(forms.Form):
    """A form about one ticket."""

    def __init__(self, *args: Any, ticket: Ticket | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ticket = ticket


class ReasonForm(TicketForm):
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=UnfoldAdminTextareaWidget)


class MoveForm(TicketForm):
    to = forms.ChoiceField(label=_("Status"), widget=UnfoldAdminSelectWidget)
    reason = forms.CharField(
        label=_("Reason"), max_length=500, required=False, widget=UnfoldAdminTextareaWidget
    )
    confirm_at = forms.SplitDateTimeField(
        label=_("confirm first, at"), required=False, widget=UnfoldAdminSplitDateTimeWidget
    )

    def __init__(self, *args: Any, ticket: Ticket, **kwargs: Any) -> None:
        super().__init__(*args, ticket=ticket, **kwargs)
        following = next_by(tab=ticket.tab, start=ticket.status, hand=Hand.UNIT)
        self.fields["to"].choices = [(it, Status(it).label) for it in following]


class MergeForm(ReasonForm):
    into = forms.CharField(label=_("merged into"), max_length=13, widget=UnfoldAdminTextInputWidget)
    field_order = ("into", "reason")


class ExportForm(TicketForm):
    since = forms.SplitDateTimeField(label=_("from"), widget=UnfoldAdminSplitDateTimeWidget)
    until = forms.SplitDateTimeField(label=_("until"), widget=UnfoldAdminSplitDateTimeWidget)
    kind = forms.ChoiceField(label=_("format"), choices=FORMATS, widget=UnfoldAdminSelectWidget)
    reason = forms.CharField(
        label=_("Reason"),
        min_length=10,
        max_length=500,
        help_text=_("At least 10 characters; kept on record with your name."),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"until": timezone.now(), "since": timezone.now() - timedelta(days=31)}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        since, until = data.get("since"), data.get("until")
        if since and until and not since < until <= since + LONGEST:
            self.add_error("until", _("Choose an end after the beginning, within a year."))
        return data
