"""Where one customer stands in a program: what the agent's screen shows to "why not me?"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from customers.models import Customer
from customers.services.lookup import find_customers
from programs import rules
from programs.models import PUBLIC, Entry, Payment, Program, Winner
from units.models import Unit, User


@dataclass(frozen=True)
class Standing:
    """Each month with its verdict, the verdict of all, and whether the frozen list names the customer."""

    program: Program
    customer: Customer
    months: list[rules.MonthVerdict]
    verdict: rules.Verdict
    is_listed: bool | None  # None: no list is frozen yet
    winner: Winner | None  # once the winners are announced


def standing_of(*, program: Program, idpel: str, to: User, at: datetime) -> Standing:
    """The standing of the customer with that IDPEL as things are at `at`. At most three queries.

    The frozen list is what decides about winning; payments that came later show in the months only.

    Raises:
        Invalid: not an IDPEL.
        Customer.DoesNotExist: no customer that `to` may see.
    """
    listed = Entry.objects.filter(evaluation=program.evaluation_id, idpel=OuterRef("idpel"))
    won = Winner.objects.filter(program=program, program__status__in=PUBLIC, customer=OuterRef("pk"))
    found = find_customers(idpel=idpel).visible_to(to)
    customer = found.annotate(is_listed=Exists(listed), is_winner=Exists(won)).get()
    bills = _bills(program, customer)
    rule = program.rule(unit_codes=frozenset(bill.unit_code for bill in bills if bill.is_within))
    months = rules.judge(rule, bills, at=at)
    is_listed = customer.is_listed if program.evaluation_id else None
    winner = _winner(program, customer) if customer.is_winner else None
    return Standing(program, customer, months, rules.verdict(months), is_listed, winner)


def _bills(program: Program, customer: Customer) -> list[Any]:
    """The customer's payments of the program's months, each with whether its unit is in scope."""
    periods = [month.period for month in program.months_of_rule]
    within = Unit.objects.below(program.unit).filter(code=OuterRef("unit_code"))
    bills = Payment.objects.filter(idpel=customer.idpel, period__in=periods)
    return list(bills.annotate(is_within=Exists(within)))


def _winner(program: Program, customer: Customer) -> Winner:
    return Winner.objects.select_related("unit", "reward").get(program=program, customer=customer)
