"""Who wins a payment program: the rule as plain Python, month by month, with the reason for each no.

The evaluation asks the same question of the whole table in SQL (`programs.models.PaymentQuerySet.counting`);
the tests hold both against a third reading. R-004-4, R-004-5, A-004-1, A-004-6, A-004-7, A-004-8.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any, Protocol

CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # no 0 O 1 I L: a code is read out on the phone
CODE_LENGTH = 8
MASK = "••••"
# Of a payment file, in this order.
COLUMNS = (
    "idpel", "period", "paid_at", "amount", "product", "tariff", "power_va", "kogol", "unit_code",
    "reference", "kind",
)  # fmt: skip
BOMB_RATIO = 50  # payment files pack to a sixth or a seventh; what packs so much better is a bomb


class Bill(Protocol):
    """What the rule reads of a payment: the bill's own words at the time (unit, tariff, kogol, product)."""

    period: str
    kind: str
    reference: str
    paid_at: datetime
    product: str
    tariff: str
    power_va: int
    kogol: int
    unit_code: str


@dataclass(frozen=True)
class Month:
    """One month that must be paid; a payment counts from `opens_at` to before `closes_at`."""

    period: str
    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True)
class Rule:
    """The criteria of a program. Empty `tariffs` means every tariff; an open power limit is None."""

    months: tuple[Month, ...]
    products: frozenset[str]
    excluded_kogol: frozenset[int]
    unit_codes: frozenset[str]
    tariffs: frozenset[str] = frozenset()
    min_va: int | None = None
    max_va: int | None = None

    def as_text(self) -> str:
        """The rule in one canonical line: the same rule always gives the same text."""
        plain = {name: _plain(value) for name, value in asdict(self).items()}
        return json.dumps(plain, sort_keys=True, separators=(",", ":"))


class Reason(StrEnum):
    """Why a month counts, or does not. In the order in which a payment fails: later is closer."""

    NOT_YET = "NOT_YET"
    NOT_PAID = "NOT_PAID"
    REVERSED = "REVERSED"
    PAID_EARLY = "PAID_EARLY"
    PAID_LATE = "PAID_LATE"
    OTHER_UNIT = "OTHER_UNIT"
    OTHER_PRODUCT = "OTHER_PRODUCT"
    EXCLUDED_KOGOL = "EXCLUDED_KOGOL"
    OTHER_TARIFF = "OTHER_TARIFF"
    OTHER_POWER = "OTHER_POWER"
    COUNTED = "COUNTED"


class Verdict(StrEnum):
    ELIGIBLE = "ELIGIBLE"
    POSSIBLE = "POSSIBLE"
    NOT_ELIGIBLE = "NOT_ELIGIBLE"


@dataclass(frozen=True)
class MonthVerdict:
    month: Month
    reason: Reason
    bill: Bill | None = None

    @property
    def is_counted(self) -> bool:
        return self.reason == Reason.COUNTED


def months_from(start: date, count: int, first_day: int, last_day: int, zone: tzinfo) -> tuple[Month, ...]:
    """`count` months from `start`'s, each open from `first_day` to the end of `last_day` in `zone`."""
    made = []
    for offset in range(count):
        year, month = divmod(start.year * 12 + start.month - 1 + offset, 12)
        opens = datetime(year, month + 1, first_day, tzinfo=zone)
        last = date(year, month + 1, last_day) + timedelta(days=1)
        closes = datetime(last.year, last.month, last.day, tzinfo=zone)
        made.append(Month(f"{year:04}-{month + 1:02}", opens, closes))
    return tuple(made)


def judge(rule: Rule, bills: Sequence[Bill], *, at: datetime) -> list[MonthVerdict]:
    """The verdict on each month of `rule` from one customer's `bills`, as things stand at `at`."""
    return [_judge_month(rule, month, [bill for bill in bills if bill.period == month.period], at)
            for month in rule.months]  # fmt: skip


def verdict(months: Iterable[MonthVerdict]) -> Verdict:
    """Every month counted, none lost so far, or at least one lost."""
    reasons = {month.reason for month in months}
    if reasons == {Reason.COUNTED}:
        return Verdict.ELIGIBLE
    return Verdict.POSSIBLE if reasons <= {Reason.COUNTED, Reason.NOT_YET} else Verdict.NOT_ELIGIBLE


def _judge_month(rule: Rule, month: Month, bills: list[Bill], at: datetime) -> MonthVerdict:
    reversed_ones = {bill.reference for bill in bills if bill.kind == "REVERSAL"}
    judged = [
        MonthVerdict(month, _judge_bill(rule, month, bill, reversed_ones), bill)
        for bill in bills
        if bill.kind == "PAYMENT"
    ]
    order = list(Reason)
    best = max(judged, key=lambda one: (order.index(one.reason), _reference(one)), default=None)
    if best and best.is_counted:
        return best
    if at < month.closes_at:
        return MonthVerdict(month, Reason.NOT_YET)
    return best or MonthVerdict(month, Reason.NOT_PAID)


def _reference(judged: MonthVerdict) -> str:
    return judged.bill.reference if judged.bill else ""


def _judge_bill(rule: Rule, month: Month, bill: Bill, reversed_ones: set[str]) -> Reason:
    failures = (
        (bill.reference in reversed_ones, Reason.REVERSED),
        (bill.paid_at < month.opens_at, Reason.PAID_EARLY),
        (bill.paid_at >= month.closes_at, Reason.PAID_LATE),
        (bill.unit_code not in rule.unit_codes, Reason.OTHER_UNIT),
        (bill.product not in rule.products, Reason.OTHER_PRODUCT),
        (bill.kogol in rule.excluded_kogol, Reason.EXCLUDED_KOGOL),
        (bool(rule.tariffs) and bill.tariff not in rule.tariffs, Reason.OTHER_TARIFF),
        (rule.min_va is not None and bill.power_va < rule.min_va, Reason.OTHER_POWER),
        (rule.max_va is not None and bill.power_va > rule.max_va, Reason.OTHER_POWER),
    )
    return next((reason for fails, reason in failures if fails), Reason.COUNTED)


# --- Draw ------------------------------------------------------------------------------------------


def commitment_to(secret: str) -> str:
    """What is published before the draw: the secret cannot be found from it, nor changed after it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def draw_seed(*, secret: str, second_seed: str, digest: str) -> str:
    """The seed of a draw: from one person's committed secret, another's seed, and the frozen list."""
    return hashlib.sha256("\n".join((secret, second_seed, digest)).encode()).hexdigest()


def draw_key(seed: str, idpel: str) -> str:
    """Where an entry comes in the draw: the smallest key first."""
    return hashlib.sha256(f"{seed}:{idpel}".encode()).hexdigest()


def pick_up_code(key: str, program: str, idpel: str) -> str:
    """The code a winner shows at the counter; made again when it is needed, never stored."""
    mac = hmac.new(key.encode(), f"pick-up:{program}:{idpel}".encode(), hashlib.sha256).digest()
    return "".join(CODE_ALPHABET[byte % len(CODE_ALPHABET)] for byte in mac[:CODE_LENGTH])


def mask_idpel(idpel: str) -> str:
    """The last four digits: enough for the holder, too little for anybody else."""
    return f"{MASK * 2}{idpel[-4:]}"


def is_same_code(given: str, right: str) -> bool:
    """Compare without regard to case, spaces and dashes, in constant time."""
    cleaned = "".join(character for character in given.upper() if character.isalnum())
    return hmac.compare_digest(cleaned.encode(), right.encode())


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [{name: str(part) for name, part in month.items()} for month in value]
    return value
