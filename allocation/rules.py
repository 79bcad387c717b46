"""Which product can be promised at which power: decided by the rows of the matrix, and by nothing else."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

ONE, THREE = 1, 3
PHASES = (ONE, THREE)
PASCABAYAR, PRABAYAR = "PASCABAYAR", "PRABAYAR"
PRODUCTS = (PASCABAYAR, PRABAYAR)
AVAILABILITIES = ("ALL", PASCABAYAR, PRABAYAR)
SERVED, OFFER_OTHER, NOTHING_SERVED, NOT_SET = "SERVED", "OFFER_OTHER", "NOTHING_SERVED", "NOT_SET"
OTHER = {PASCABAYAR: PRABAYAR, PRABAYAR: PASCABAYAR}

Limits = tuple[int, int | None]
Key = tuple[int, str, str, int | None, str]


class Row(Protocol):
    """A row of the matrix, as `allocation.models.AllocationRow` has it."""

    phase: int
    availability: str
    transaction: str
    current_phase: int | None
    current_product: str
    prabayar_min: int | None
    prabayar_max: int | None
    pascabayar_min: int | None
    pascabayar_max: int | None


R = TypeVar("R", bound=Row)


@dataclass(frozen=True)
class Question:
    """What the applicant wants. `current_*` is the present service; PB has none."""

    transaction: str
    power_va: int
    product: str
    current_phase: int | None = None
    current_product: str = ""


@dataclass(frozen=True)
class Option:
    """A product that can be served at the wanted power; no upper end where `max_va` is None."""

    phase: int
    product: str
    min_va: int
    max_va: int | None


@dataclass(frozen=True)
class Verdict:
    """The answer: `phase` is the one it speaks of, None where it speaks of no single one."""

    outcome: str
    phase: int | None
    options: tuple[Option, ...]


def key_of(row: Row) -> Key:
    """The combination that a row answers for."""
    return (row.phase, row.availability, row.transaction, row.current_phase, row.current_product)


def combinations() -> Iterator[Key]:
    """The 30 combinations that a matrix answers for: 2 phases x 3 availabilities x (PB and 4 PD)."""
    for phase in PHASES:
        for availability in AVAILABILITIES:
            yield (phase, availability, "PB", None, "")
            for current_phase in PHASES:
                for current_product in PRODUCTS:
                    yield (phase, availability, "PD", current_phase, current_product)


def missing(rows: Iterable[Row]) -> list[Key]:
    """Combinations that no row answers for."""
    present = {key_of(row) for row in rows}
    return [key for key in combinations() if key not in present]


def superfluous(rows: Iterable[Row]) -> list[Key]:
    """Combinations that several rows answer for, or that do not exist."""
    known = set(combinations())
    counted = Counter(key_of(row) for row in rows)
    return [key for key, count in counted.items() if count > 1 or key not in known]


def unsound(rows: Iterable[Row]) -> list[Key]:
    """Combinations with a range that makes no sense: it ends below its beginning, or never begins."""
    return [key_of(row) for row in rows if not all(_is_sound(*_ends(row, it)) for it in PRODUCTS)]


def _is_sound(low: int | None, high: int | None) -> bool:
    if low is None:
        return high is None
    return low >= 1 and (high is None or high >= low)


def _ends(row: Row, product: str) -> tuple[int | None, int | None]:
    if product == PRABAYAR:
        return row.prabayar_min, row.prabayar_max
    return row.pascabayar_min, row.pascabayar_max


def limits(row: Row, product: str) -> Limits | None:
    """Lowest and highest power (VA, inclusive; None = no upper end) of `product`; None = not served."""
    low, high = _ends(row, product)
    return None if low is None else (low, high)


def serves(row: Row, product: str, power_va: int) -> bool:
    """Both ends of a range count (R-002-9)."""
    found = limits(row, product)
    return found is not None and found[0] <= power_va and (found[1] is None or power_va <= found[1])


def find_row(rows: Iterable[R], *, phase: int, availability: str, question: Question) -> R | None:
    """The row that answers; MIGRASI is judged as PD (R-002-3)."""
    if question.transaction == "PB":
        key: Key = (phase, availability, "PB", None, "")
    else:
        key = (phase, availability, "PD", question.current_phase, question.current_product)
    return next((row for row in rows if key_of(row) == key), None)


def phases_for(*, step_phase: int | None, asked: int | None) -> tuple[int, ...]:
    """The phases to judge: the one asked for, else the one of the standard step, else both (A-002-12)."""
    if asked or step_phase:
        return (asked or step_phase or ONE,)
    return PHASES


def deciding_rows(
    rows: Sequence[R], *, question: Question, availability: Mapping[int, str | None]
) -> dict[int, R | None]:
    """Per phase of `availability` the row that decides; None where the unit has set nothing."""
    return {
        phase: find_row(rows, phase=phase, availability=value, question=question) if value else None
        for phase, value in availability.items()
    }


def judge(question: Question, deciding: Mapping[int, Row | None], matrix: Iterable[Row]) -> Verdict:
    """The answer from the deciding row of each phase.

    The other product is offered exactly when the wanted one is not served and the other one is
    (R-002-25). "Not set" is the answer only where some setting could serve this power (A-002-5).
    """
    options = options_in(question, deciding)
    wanted = [option for option in options if option.product == question.product]
    if wanted:
        return Verdict(SERVED, wanted[0].phase, options)
    if options:
        return Verdict(OFFER_OTHER, options[0].phase, options)
    unset = [phase for phase, row in deciding.items() if row is None]
    is_open = any(_could_serve(matrix, phase, question.power_va) for phase in unset)
    sole = next(iter(deciding)) if len(deciding) == 1 else None
    return Verdict(NOT_SET if is_open else NOTHING_SERVED, sole, ())


def options_in(question: Question, deciding: Mapping[int, Row | None]) -> tuple[Option, ...]:
    """Every phase and product that can be served at the wanted power, 1 Phasa first."""
    return tuple(
        Option(phase, product, *found)
        for phase, row in sorted(deciding.items())
        for product in PRODUCTS
        if row and serves(row, product, question.power_va) and (found := limits(row, product))
    )


def warnings_for(
    *, question: Question, verdict: Verdict, step_phase: int | None, asked: int | None, unset: Iterable[int]
) -> list[str]:
    """What an agent should know beside the answer; codes that `allocation.notices` puts into words."""
    wanted = {option.phase for option in verdict.options if option.product == question.product}
    found = {
        "MANUAL_POWER": step_phase is None,
        "STEP_OF_OTHER_PHASE": bool(asked and step_phase and asked != step_phase),
        "ASK_PHASE": len(wanted) > 1,
        "PHASE_NOT_SET": bool(verdict.options) and bool(list(unset)),
    }
    return [code for code, holds in found.items() if holds]


def _could_serve(matrix: Iterable[Row], phase: int, power_va: int) -> bool:
    return any(serves(row, it, power_va) for row in matrix if row.phase == phase for it in PRODUCTS)


def digest(rows: Iterable[Row]) -> str:
    """SHA-256 over the rows in a fixed order: the seal of a published matrix."""
    values = [
        [*map(str, key_of(row)), *(_ends(row, PRABAYAR)), *(_ends(row, PASCABAYAR))]
        for row in sorted(rows, key=lambda row: [str(part) for part in key_of(row)])
    ]
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()
