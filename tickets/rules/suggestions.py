"""What the portal suggests to the command centre: assumptions A1 to A8, kept as rows and read here.

PLN publishes no thresholds (domain.md 2.4). The operator decides, and says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tickets.rules.readings import Readings

CTT, OFFICER, NONE = "CTT", "OFFICER", "NONE"
MEASURED = "readings"


@dataclass(frozen=True)
class Rule:
    """One row of the table: when `condition` with `limits` holds, suggest `suggestion`."""

    code: str
    condition: str
    suggestion: str
    limits: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class Case:
    """What the rules look at."""

    readings: Readings
    limiter_a: int | None = None
    days_since_ctt: float | None = None


@dataclass(frozen=True)
class Advice:
    """A suggestion with the rules that speak for it: `{"rule", "readings", "note"}` each."""

    suggestion: str
    triggers: list[dict[str, Any]]


Held = dict[str, Any] | None
Condition = Callable[[Case, Mapping[str, Any]], Held]


def advise(case: Case, rules: Iterable[Rule]) -> Advice:
    """The first rule that holds decides; every rule that holds and says the same is named with it."""
    held = [
        (rule, found)
        for rule in rules
        if (found := CONDITIONS[rule.condition](case, rule.limits)) is not None
    ]
    if not held:
        return Advice(NONE, [])
    suggestion = held[0][0].suggestion
    triggers = [
        {"rule": rule.code, MEASURED: found, "note": rule.note}
        for rule, found in held
        if rule.suggestion == suggestion
    ]
    return Advice(suggestion, triggers)


def _all_null(case: Case, limits: Mapping[str, Any]) -> Held:
    """A1: every reading is "Tidak Ada Angka"."""
    return dict(case.readings) if all(value is None for value in case.readings.values()) else None


def _voltage_outside(case: Case, limits: Mapping[str, Any]) -> Held:
    """A2: no voltage, or one outside `low` to `high` volts."""
    volts = case.readings["41"]
    if volts is not None and limits["low"] <= volts <= limits["high"]:
        return None
    return {"41": volts}


def _currents_differ(case: Case, limits: Mapping[str, Any]) -> Held:
    """A3: phase and neutral differ by more than `amps` and by more than `percent` of the larger."""
    phase, neutral = case.readings["45"], case.readings["46"]
    if phase is None or neutral is None:
        return None
    difference, larger = abs(phase - neutral), max(abs(phase), abs(neutral))
    if difference <= limits["amps"] or difference <= larger * limits["percent"] / 100:
        return None
    return {"45": phase, "46": neutral}


def _cover_opened(case: Case, limits: Mapping[str, Any]) -> Held:
    """A4: the meter cover was opened more than `times` times."""
    return _above(case, "71", limits["times"])


def _over_limiter(case: Case, limits: Mapping[str, Any]) -> Held:
    """A5: more current than the contract's limiter by more than `percent`."""
    if case.limiter_a is None:
        return None
    return _above(case, "44", case.limiter_a * (1 + limits["percent"] / 100))


def _recent_ctt(case: Case, limits: Mapping[str, Any]) -> Held:
    """A7: the same meter got a CTT within `days` days."""
    if case.days_since_ctt is None or case.days_since_ctt > limits["days"]:
        return None
    return {}


def _known_cause(case: Case, limits: Mapping[str, Any]) -> Held:
    """A6: code 08 is one of `causes`, or the terminal was opened more than `times` times."""
    if case.readings["08"] in limits["causes"]:
        return {"08": case.readings["08"]}
    return _above(case, "70", limits["times"])


def _cause_unknown(case: Case, limits: Mapping[str, Any]) -> Held:
    """A8: code 08 says nothing that is known."""
    cause = case.readings["08"]
    return None if cause in limits["causes"] else {"08": cause}


def _above(case: Case, code: str, limit: float) -> Held:
    value = case.readings[code]
    return {code: value} if value is not None and value > limit else None


CONDITIONS: dict[str, Condition] = {
    "all_null": _all_null,
    "voltage_outside": _voltage_outside,
    "currents_differ": _currents_differ,
    "cover_opened": _cover_opened,
    "over_limiter": _over_limiter,
    "recent_ctt": _recent_ctt,
    "known_cause": _known_cause,
    "cause_unknown": _cause_unknown,
}
# What each condition needs among a rule's limits; a list of numbers for `causes`, a number for the others.
LIMITS: dict[str, tuple[str, ...]] = {
    "all_null": (),
    "voltage_outside": ("low", "high"),
    "currents_differ": ("amps", "percent"),
    "cover_opened": ("times",),
    "over_limiter": ("percent",),
    "recent_ctt": ("days",),
    "known_cause": ("causes", "times"),
    "cause_unknown": ("causes",),
}


def limits_fit(condition: str, limits: Any) -> bool:
    """Whether `limits` are exactly what `condition` reads, so that an edited rule cannot fail later."""
    if not isinstance(limits, dict) or set(limits) != set(LIMITS.get(condition, ("?",))):
        return False
    return all(_is_list(value) if name == "causes" else _is_number(value) for name, value in limits.items())


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(_is_number(item) for item in value)
