"""The first page of the admin: the meters of the reader's own units, then everything they may open."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from allocation.admin.availability import lines_of
from allocation.services.availability import SETTING_KINDS
from pln_portal.theme import NAVIGATION
from sop.services import reading, reviews
from units.models import Unit
from units.powers import Power


def first_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the template `admin/index.html` shows, made for the reader's positions."""
    own = Unit.objects.filter(request.user.within(Power.SET_AVAILABILITY, field=""), kind__in=SETTING_KINDS)
    context["lines"] = lines_of(request, own) if request.user.may(Power.SET_AVAILABILITY) else []
    context["title"] = _("Start")
    context["availability_title"] = _("Meter availability")
    context["unread"] = _unread(request)
    context["reviews"] = _reviews(request)
    context["groups"] = [group for entry in NAVIGATION if (group := _open_part(entry, request))["items"]]
    return context


def _unread(request: HttpRequest) -> list[Any]:
    """The SOPs in force that the reader has not acknowledged."""
    if not request.user.may(Power.SEE_SOP):
        return []
    return reading.unread_by(reader=request.user, on=timezone.localdate())


def _reviews(request: HttpRequest) -> list[reviews.Due]:
    """The reader's SOPs that are due for review within 30 days."""
    due = reviews.due_dates(until=timezone.localdate() + reviews.REMIND_BEFORE)
    powers = (Power.AUTHOR_SOP, Power.APPROVE_SOP)
    return [it for it in due if any(request.user.may(power, it.document.owner_unit) for power in powers)]


def _open_part(entry: dict[str, Any], request: HttpRequest) -> dict[str, Any]:
    """The group with those of its pages that the reader may open."""
    return entry | {"items": [item for item in entry["items"] if item["permission"](request)]}
