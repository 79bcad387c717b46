"""Made-up customers and payments with the patterns that matter, the same for the same seed.

For the demo (10 thousand customers) and the benchmark (5 million). Nobody in it is real. Customer number `n`
and its payments depend on the seed and on `n` only, so that a part can be made again.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

TARIFFS = (("R1", 1300), ("R1M", 900), ("R2", 3500), ("R3", 6600), ("B1", 2200), ("B2", 16500), ("I1", 13900))
TARIFF_WEIGHTS = (40, 25, 12, 6, 9, 5, 3)
IN_TIME, PRABAYAR, LATE = "in time", "prabayar", "late"


@dataclass(frozen=True)
class Pattern:
    """What a customer is like; `share` of ten thousand are. The names say which month is special."""

    name: str
    share: int


PATTERNS = (
    Pattern(IN_TIME, 3400),  # pays in every month between day 1 and day 5
    Pattern(LATE, 3000),  # pays on any day
    Pattern("last second", 300),  # one month on the last day, 23:59:59 WIB
    Pattern("first second too late", 300),  # one month on the day after, 00:00:00 WIB
    Pattern("first second", 200),  # one month on day 1, 00:00:00 WIB
    Pattern("missing month", 500),
    Pattern("paid twice", 300),  # in time and again
    Pattern("reversed", 300),  # the only payment of one month is taken back
    Pattern("reversed and paid again", 200),  # in time
    Pattern("kogol", 400),  # 1, 2 or 3
    Pattern("kogol 4", 100),
    Pattern(PRABAYAR, 500),
    Pattern("moved", 300),  # to another UP3 within the program
    Pattern("changed tariff", 200),
)
NAMES = [pattern.name for pattern in PATTERNS]
SHARES = [pattern.share for pattern in PATTERNS]


@dataclass(frozen=True)
class MadeCustomer:
    idpel: str
    pattern: str
    tariff: str
    power_va: int
    kogol: int
    product: str
    unit_code: str


class Generator:
    """`count` customers of the units `unit_codes`, who pay the `months` (first days, in order)."""

    def __init__(self, *, count: int, seed: int, unit_codes: Sequence[str], months: Sequence[date]) -> None:
        self.count, self.seed = count, seed
        self.unit_codes, self.months = tuple(unit_codes), tuple(months)
        step = 1_000_003  # a prime: n * step mod count visits every n once, in no order of IDPEL
        self._step = step if count % step else step + 30

    def customers(self) -> Iterator[MadeCustomer]:
        return (self.customer(number) for number in range(self.count))

    def customer(self, number: int) -> MadeCustomer:
        chance = random.Random(self.seed << 32 | number)  # noqa: S311  (no secret)
        pattern = chance.choices(NAMES, SHARES)[0]
        tariff, power_va = chance.choices(TARIFFS, TARIFF_WEIGHTS)[0]
        kogol = {"kogol": chance.choice((1, 2, 3)), "kogol 4": 4}.get(pattern, 0)
        product = "PRABAYAR" if pattern == PRABAYAR else "PASCABAYAR"
        unit_code = chance.choice(self.unit_codes)
        return MadeCustomer(f"5499{number:08d}", pattern, tariff, power_va, kogol, product, unit_code)

    def lines(self, month: date) -> Iterator[str]:
        """The payment file of one month, without header: in the order of payment, that is, of no IDPEL."""
        index = self.months.index(month)
        for place in range(self.count):
            number = place * self._step % self.count
            yield from self._lines_of(number, index)

    def _lines_of(self, number: int, index: int) -> list[str]:
        customer = self.customer(number)
        chance = random.Random(self.seed << 40 | index << 32 | number)  # noqa: S311
        special = index == number % len(self.months)
        day, time = self._moment(customer.pattern, special, chance)
        if customer.pattern == "missing month" and special:
            return []
        line = _Line(customer, self.months[index], f"T{index:02d}{number:08d}", 50_000 + number % 1000 * 500)
        tariff, power_va, unit_code = self._at_the_time(customer, index)
        first = line.text(day, time, tariff, power_va, unit_code)
        if not special:
            return [first]
        again = line.text(5, "12:00:00", tariff, power_va, unit_code, suffix="B")
        taken_back = line.text(day, time, tariff, power_va, unit_code, kind="REVERSAL")
        return {
            "paid twice": [first, again],
            "reversed": [first, taken_back],
            "reversed and paid again": [first, taken_back, again],
        }.get(customer.pattern, [first])

    def _moment(self, pattern: str, special: bool, chance: random.Random) -> tuple[int, str]:
        """Day of the month and time of day (WIB) of a payment."""
        exact = {
            "last second": (5, "23:59:59"),
            "first second too late": (6, "00:00:00"),
            "first second": (1, "00:00:00"),
        }
        if special and pattern in exact:
            return exact[pattern]
        day = chance.randint(1, 20 if pattern in (LATE, PRABAYAR) else 5)
        hour, minute, second = chance.randrange(24), chance.randrange(60), chance.randrange(60)
        return day, f"{hour:02}:{minute:02}:{second:02}"

    def _at_the_time(self, customer: MadeCustomer, index: int) -> tuple[str, int, str]:
        """Tariff, power and unit on the bill of month `index`: the old ones before a change."""
        is_before = index < len(self.months) // 2
        if customer.pattern == "changed tariff" and is_before:
            return "R1", 2200, customer.unit_code
        if customer.pattern == "moved" and is_before:
            place = self.unit_codes.index(customer.unit_code)
            return customer.tariff, customer.power_va, self.unit_codes[place - 1]
        return customer.tariff, customer.power_va, customer.unit_code


@dataclass(frozen=True)
class _Line:
    customer: MadeCustomer
    month: date
    reference: str
    amount: int

    def text(
        self,
        day: int,
        time: str,
        tariff: str,
        power_va: int,
        unit_code: str,
        *,
        kind: str = "PAYMENT",
        suffix: str = "",
    ) -> str:
        month, customer = f"{self.month:%Y-%m}", self.customer
        return (
            f"{customer.idpel},{month},{month}-{day:02}T{time}+07:00,{self.amount},{customer.product},{tariff},"
            f"{power_va},{customer.kogol},{unit_code},{self.reference}{suffix},{kind}\n"
        )
