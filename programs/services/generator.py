"""Made-up customers and payments with the patterns that matter, the same for the same seed.

For the demo (10 thousand customers) and the benchmark (5 million). Nobody in it is real. Customer number `n`
and its payments depend on the seed and on `n` only, so that a part can be made again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import NamedTuple

TARIFFS = (("R1", 1300), ("R1M", 900), ("R2", 3500), ("R3", 6600), ("B1", 2200), ("B2", 16500), ("I1", 13900))
TARIFF_WEIGHTS = (40, 25, 12, 6, 9, 5, 3)  # of a hundred
IDPEL_START = "5499"
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
EXACT = {
    "last second": (5, "23:59:59"),
    "first second too late": (6, "00:00:00"),
    "first second": (1, "00:00:00"),
}
PATTERN_OF = [pattern.name for pattern in PATTERNS for _ in range(pattern.share)]
TARIFF_OF = [tariff for tariff, share in zip(TARIFFS, TARIFF_WEIGHTS, strict=True) for _ in range(share)]
_64_BITS = (1 << 64) - 1


class MadeCustomer(NamedTuple):
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
        chance = scatter(self.seed << 36 | number)
        pattern = PATTERN_OF[chance % len(PATTERN_OF)]
        tariff, power_va = TARIFF_OF[(chance >> 20) % len(TARIFF_OF)]
        kogol = 0
        if pattern == "kogol":
            kogol = 1 + (chance >> 40) % 3
        elif pattern == "kogol 4":
            kogol = 4
        product = "PRABAYAR" if pattern == PRABAYAR else "PASCABAYAR"
        unit_code = self.unit_codes[(chance >> 44) % len(self.unit_codes)]
        return MadeCustomer(
            f"{IDPEL_START}{number:08d}", pattern, tariff, power_va, kogol, product, unit_code
        )

    def lines(self, month: date) -> Iterator[str]:
        """The payment file of one month, without header: in the order of payment, that is, of no IDPEL."""
        index = self.months.index(month)
        for place in range(self.count):
            number = place * self._step % self.count
            yield from self._lines_of(number, index)

    def lines_before(self, month: date) -> Iterator[str]:
        """The payment file of a month before the program: everybody pays on any day up to the 20th."""
        for number in range(self.count):
            customer = self.customer(number)._replace(pattern=LATE)
            day, time = self._moment(LATE, False, scatter(self.seed << 48 | month.month << 36 | number))
            line = _Line(customer, month, self._reference(month, number), 50_000 + number % 1000 * 500)
            yield line.text(day, time, customer.tariff, customer.power_va, customer.unit_code)

    def _reference(self, month: date, number: int) -> str:
        return f"T{_in_text(month)[2]}{number:08d}"

    def _lines_of(self, number: int, index: int) -> list[str]:
        customer = self.customer(number)
        pattern = customer.pattern
        special = index == number % len(self.months)
        if special and pattern == "missing month":
            return []
        day, time = self._moment(pattern, special, scatter(self.seed << 48 | index << 36 | number))
        month = self.months[index]
        line = _Line(customer, month, self._reference(month, number), 50_000 + number % 1000 * 500)
        then = self._at_the_time(customer, index)
        lines = [line.text(day, time, *then)]
        if special and pattern in ("reversed", "reversed and paid again"):
            lines.append(line.text(day, time, *then, kind="REVERSAL"))
        if special and pattern in ("paid twice", "reversed and paid again"):
            lines.append(line.text(5, "12:00:00", *then, suffix="B"))
        return lines

    def _moment(self, pattern: str, special: bool, chance: int) -> tuple[int, str]:
        """Day of the month and time of day (WIB) of a payment."""
        if special and pattern in EXACT:
            return EXACT[pattern]
        day = 1 + chance % (20 if pattern in (LATE, PRABAYAR) else 5)
        minutes, seconds = divmod((chance >> 20) % 86_400, 60)
        return day, f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"

    def _at_the_time(self, customer: MadeCustomer, index: int) -> tuple[str, int, str]:
        """Tariff, power and unit on the bill of month `index`: the old ones before a change."""
        is_before = index < len(self.months) // 2
        if customer.pattern == "changed tariff" and is_before:
            return "R1", 2200, customer.unit_code
        if customer.pattern == "moved" and is_before:
            place = self.unit_codes.index(customer.unit_code)
            return customer.tariff, customer.power_va, self.unit_codes[place - 1]
        return customer.tariff, customer.power_va, customer.unit_code


def scatter(number: int) -> int:
    """64 bits that look random and depend on `number` only (the finaliser of SplitMix64)."""
    number = (number + 0x9E3779B97F4A7C15) & _64_BITS
    number = ((number ^ number >> 30) * 0xBF58476D1CE4E5B9) & _64_BITS
    number = ((number ^ number >> 27) * 0x94D049BB133111EB) & _64_BITS
    return number ^ number >> 31


@cache
def _in_text(month: date) -> tuple[str, str, str]:
    """`2021-01`, `2021-01-` and `2101`: formatting a date for each of millions of lines takes long."""
    return f"{month:%Y-%m}", f"{month:%Y-%m-}", f"{month:%y%m}"


class _Line(NamedTuple):
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
        (month, start, _), customer = _in_text(self.month), self.customer
        return (
            f"{customer.idpel},{month},{start}{day:02}T{time}+07:00,{self.amount},{customer.product},{tariff},"
            f"{power_va},{customer.kogol},{unit_code},{self.reference}{suffix},{kind}\n"
        )
