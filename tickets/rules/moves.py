"""What may follow what: the moves of tickets and of work orders, and by whose hand each is made.

Everything that changes a status asks here; a bulk action, a task and a PATCH have no other way.
"""

from __future__ import annotations

from enum import StrEnum

from django.utils.translation import gettext as _

from common.errors import Conflict
from tickets.models.choices import OrderStatus, Status, Tab
from units.powers import Power


class Hand(StrEnum):
    """By whose hand a ticket moves."""

    REPORTER = "REPORTER"  # the caller, through an agent or a channel
    UNIT = "UNIT"  # an officer of the posko or a unit above it
    ORDER = "ORDER"  # the ticket's work order, whoever moved that
    CENTRE = "CENTRE"  # the command centre, deciding on a self-diagnosis
    OUTAGE = "OUTAGE"  # the wide outage that the ticket belongs to, whoever leads that


# The power that a hand needs at the ticket's posko. The services of orders and outages have asked for theirs.
POWER_OF: dict[Hand, Power | None] = {
    Hand.REPORTER: Power.SPEAK_FOR_REPORTER,
    Hand.UNIT: Power.HANDLE_TICKETS,
    Hand.ORDER: None,
    Hand.CENTRE: Power.DECIDE_DIAGNOSIS,
    Hand.OUTAGE: None,
}

Moves = dict[Status, dict[Status, frozenset[Hand]]]

_REPORTER = frozenset({Hand.REPORTER})
_UNIT = frozenset({Hand.UNIT})
_ORDER = frozenset({Hand.ORDER})
_UNIT_OR_ORDER = _UNIT | _ORDER
_OUTAGE = frozenset({Hand.OUTAGE})
_CENTRE = frozenset({Hand.CENTRE})

_ON_THE_WAY: Moves = {
    Status.PENUGASAN_REGU: {
        Status.LAPOR: _ORDER,
        Status.MENUNGGU_KONFIRMASI: _UNIT_OR_ORDER,
        Status.DALAM_PERJALANAN: _ORDER,
    },
    Status.DALAM_PERJALANAN: {
        Status.LAPOR: _ORDER,
        Status.PENUGASAN_REGU: _ORDER,
        Status.DALAM_PENGERJAAN: _ORDER,
    },
}

MOVES: dict[Tab, Moves] = {
    Tab.GANGGUAN: _ON_THE_WAY
    | {
        Status.LAPOR: {
            Status.MENUNGGU_KONFIRMASI: _UNIT,
            Status.PENUGASAN_REGU: _ORDER,
            Status.NYALA: _OUTAGE,
            Status.BATAL: _REPORTER,
        },
        Status.LAPOR_PERIKSA: {
            Status.LAPOR: _CENTRE,
            Status.MENUNGGU_KONFIRMASI: _CENTRE,
            Status.BATAL: _REPORTER,
        },
        Status.MENUNGGU_KONFIRMASI: {
            Status.LAPOR: _UNIT | _CENTRE,
            Status.PENUGASAN_REGU: _ORDER,
            Status.NYALA: _UNIT | _CENTRE | _OUTAGE,
        },
        Status.DALAM_PENGERJAAN: {
            Status.LAPOR: _ORDER,
            Status.PENUGASAN_REGU: _ORDER,
            Status.NYALA_SEMENTARA: _ORDER,
            Status.NYALA: _ORDER,
        },
        Status.NYALA_SEMENTARA: {
            Status.DALAM_PENGERJAAN: _ORDER,
            Status.NYALA: _ORDER,
        },
        Status.NYALA: {Status.SELESAI: _UNIT_OR_ORDER | _CENTRE | _OUTAGE},
    },
    Tab.KELUHAN: _ON_THE_WAY
    | {
        Status.LAPOR: {
            Status.MENUNGGU_KONFIRMASI: _UNIT,
            Status.PENUGASAN_REGU: _ORDER,
            Status.DALAM_PENGERJAAN: _UNIT,
            Status.BATAL: _REPORTER,
        },
        Status.MENUNGGU_KONFIRMASI: {
            Status.LAPOR: _UNIT,
            Status.PENUGASAN_REGU: _ORDER,
            Status.DALAM_PENGERJAAN: _UNIT,
        },
        Status.DALAM_PENGERJAAN: {
            Status.LAPOR: _ORDER,
            Status.PENUGASAN_REGU: _ORDER,
            Status.MENUNGGU_KONFIRMASI: _UNIT,
            Status.SELESAI: _UNIT_OR_ORDER,
        },
    },
}

ORDER_MOVES: dict[OrderStatus, tuple[OrderStatus, ...]] = {
    OrderStatus.ANTRE: (OrderStatus.PENUGASAN_REGU, OrderStatus.BATAL),
    OrderStatus.PENUGASAN_REGU: (
        OrderStatus.ANTRE,
        OrderStatus.PENUGASAN_REGU,
        OrderStatus.DALAM_PERJALANAN,
        OrderStatus.BATAL,
    ),
    OrderStatus.DALAM_PERJALANAN: (
        OrderStatus.ANTRE,
        OrderStatus.PENUGASAN_REGU,
        OrderStatus.DALAM_PENGERJAAN,
        OrderStatus.BATAL,
    ),
    OrderStatus.DALAM_PENGERJAAN: (
        OrderStatus.ANTRE,
        OrderStatus.PENUGASAN_REGU,
        OrderStatus.NYALA_SEMENTARA,
        OrderStatus.NYALA,
        OrderStatus.SELESAI,
        OrderStatus.BATAL,
    ),
    OrderStatus.NYALA_SEMENTARA: (OrderStatus.DALAM_PENGERJAAN, OrderStatus.NYALA),
    OrderStatus.NYALA: (OrderStatus.SELESAI,),
}


class MoveRefused(Conflict):
    """The ticket stands where this cannot follow, or it follows by another hand only."""

    code = "move_not_allowed"


def hands_for(*, tab: str, start: str, to: str) -> frozenset[Hand]:
    """By whose hands a ticket of `tab` may go from `start` to `to`; none: not at all."""
    return MOVES[Tab(tab)].get(Status(start), {}).get(Status(to), frozenset())


def check_move(*, tab: str, start: str, to: str, hand: Hand) -> None:
    """Refuse with `MoveRefused` what the table does not hold."""
    if hand not in hands_for(tab=tab, start=start, to=to):
        raise MoveRefused(
            _("A ticket that is %(start)s cannot become %(to)s here.")
            % {"start": Status(start).label, "to": Status(to).label}
        )


def next_by(*, tab: str, start: str, hand: Hand) -> list[Status]:
    """Where `hand` may take a ticket from `start`, in the table's order."""
    return [to for to, hands in MOVES[Tab(tab)].get(Status(start), {}).items() if hand in hands]


def may_order_move(*, start: str, to: str) -> bool:
    return OrderStatus(to) in ORDER_MOVES.get(OrderStatus(start), ())
