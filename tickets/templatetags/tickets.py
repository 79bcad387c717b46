"""What the fragments need to show the words of the API's answers."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.template import Library
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tickets.models import (
    EventKind,
    IncidentStatus,
    OrderStatus,
    PowerState,
    Status,
    Suggestion,
    TokenDelivery,
)
from tickets.services import ctt, incidents
from units.powers import Role

register = Library()

WORDS: dict[str, dict[str, Any]] = {
    "status": dict(Status.choices),
    "order": dict(OrderStatus.choices),
    "event": dict(EventKind.choices),
    "suggestion": dict(Suggestion.choices),
    "way": dict(TokenDelivery.Way.choices),
    "result": dict(TokenDelivery.Result.choices),
    "role": dict(Role.choices),
    "power": dict(PowerState.choices),
    "outage": dict(IncidentStatus.choices),
    "job": {
        "clock": _("clock of the portal"),
        "autodispatch": "autodispatch",
        incidents.PROPOSER: _("the portal"),
        incidents.FOLLOW: _("the portal"),
        ctt.SEND: _("the portal"),
    },
}


@register.filter
def label(word: str, kind: str) -> str:
    """The label of a word of the contract; `kind` names the list that it is from."""
    return WORDS[kind].get(word, word)


@register.filter
def at_status(orders: list[dict[str, Any]], status: str) -> list[dict[str, Any]]:
    """Those of `orders` that stand at `status`."""
    return [order for order in orders if order["status"] == status]


@register.simple_tag
def ticket_page(number: str) -> str:
    """The address of a ticket's screen. The settings name the screen, for it stands above this app."""
    return reverse(settings.TICKET_PAGE, args=[number])
