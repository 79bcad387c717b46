"""The console's pages, and who is offered which of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from units.models import User
from units.powers import Power


@dataclass(frozen=True)
class Entry:
    """A page offered to whoever holds `power` in some position. `about` says in a sentence what it is for."""

    page: str
    power: Power
    icon: str
    title: Any
    about: Any

    @property
    def url(self) -> str:
        return reverse(self.page)


ENTRIES = (
    Entry(
        page="console:check",
        power=Power.CHECK_ALLOCATION,
        icon="meter",
        title=_("Meter allocation check"),
        about=_("A caller wants a new connection or another power: may this meter be promised?"),
    ),
    Entry(
        page="console:calls",
        power=Power.RUN_CALLS,
        icon="speech",
        title=_("Calls"),
        about=_("A caller is on the line: the procedure, step by step, up to the report number."),
    ),
    Entry(
        page="admin:allocation_meteravailability_overview",
        power=Power.SET_AVAILABILITY,
        icon="switch",
        title=_("Meter availability"),
        about=_("Say which meters your units can install today, per phase."),
    ),
    Entry(
        page="console:report",
        power=Power.CREATE_TICKETS,
        icon="speech",
        title=_("New report"),
        about=_("A caller reports an outage or a complaint."),
    ),
    Entry(
        page="console:tickets",
        power=Power.SEE_TICKETS,
        icon="help",
        title=_("Find a ticket"),
        about=_("By number, IDPEL, meter or phone; with its history and its target."),
    ),
    Entry(
        page="console:vcc",
        power=Power.DECIDE_DIAGNOSIS,
        icon="meter",
        title=_("Command centre"),
        about=_("Nine readings wait for a decision: approve the CTT or send an officer."),
    ),
    Entry(
        page="console:board",
        power=Power.DISPATCH_ORDERS,
        icon="bolt",
        title=_("Posko board"),
        about=_("Open work orders by where they stand: assign a crew and follow it."),
    ),
    Entry(
        page="console:sops",
        power=Power.SEE_SOP,
        icon="book",
        title=_("SOP"),
        about=_("What is in force where, what changed, and what you have not acknowledged yet."),
    ),
)


def entries_for(user: User) -> list[Entry]:
    """What `user` may open, in the order of the menu."""
    return [entry for entry in ENTRIES if user.may(entry.power)]


def may_enter_back_office(user: User) -> bool:
    """True when the admin has at least one page for `user`."""
    return user.is_active and user.is_staff and bool(user.positions_in_force or user.is_superuser)


def back_office_url() -> str:
    return reverse(f"{admin.site.name}:index")
