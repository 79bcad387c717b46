"""The nine readings of a self-diagnosis: what counts as one, and which of them are hard to believe.

A reading is a number, or None for "Tidak Ada Angka" (R-003-56). A missing one has not been asked yet.
What is hard to believe is kept and marked: the agent writes down what the caller reads out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from common.errors import Invalid

# In the order in which the SOP asks (R-003-58 to R-003-66).
CODES = ("08", "70", "71", "41", "44", "45", "46", "37", "47")
COUNTED = ("08", "70", "71")
CAUSE, VOLTAGE, CURRENT, POWER = "08", "41", "44", "47"
POWER_TOLERANCE = 0.5

Reading = float | int | None
Readings = dict[str, Reading]
Warning_ = dict[str, Any]


class NotAsked(Invalid):
    """A code has neither a number nor "Tidak Ada Angka" (R-003-67)."""

    code = "reading_missing"


@dataclass(frozen=True)
class Range:
    """What a reading usually lies between, both ends included."""

    low: float
    high: float


def check_readings(given: Mapping[str, Any]) -> Readings:
    """All nine, in the SOP's order.

    Raises:
        NotAsked: one of them is missing.
        Invalid: a code that is not asked (`unknown_code`), or neither a number nor null (`not_a_number`).
    """
    if unknown := sorted(set(given) - set(CODES)):
        raise Invalid(_("This code is not asked for."), code="unknown_code", field=f"readings/{unknown[0]}")
    for code in CODES:
        if code not in given:
            message = _("Code %(code)s has not been asked yet.") % {"code": code}
            raise NotAsked(message, field=f"readings/{code}")
        if not is_reading(given[code]):
            message = _("Give a number, or null for “Tidak Ada Angka”.")
            raise Invalid(message, code="not_a_number", field=f"readings/{code}")
    return {code: given[code] for code in CODES}


def is_reading(value: Any) -> bool:
    """A finite number or None; true and false are no numbers, and neither is a text."""
    if value is None:
        return True
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def warnings_for(
    readings: Readings, *, ranges: Mapping[str, Range], limiter_a: int | None, is_meter_plausible: bool
) -> list[Warning_]:
    """What an operator should doubt: `{"code", "kind", ...}` each, without words. It refuses nothing."""
    found: list[Warning_] = []
    for code, value in readings.items():
        found.extend(_doubts(code, value, ranges.get(code)))
    found.extend(_over_limiter(readings, limiter_a))
    found.extend(_power_that_does_not_fit(readings))
    if not is_meter_plausible:
        found.append({"code": "", "kind": "meter_number"})
    return found


def _doubts(code: str, value: Reading, usual: Range | None) -> list[Warning_]:
    if value is None:
        return []
    if usual and not usual.low <= value <= usual.high:
        return [{"code": code, "kind": "out_of_range", "low": usual.low, "high": usual.high}]
    if code in COUNTED and value != int(value):
        return [{"code": code, "kind": "not_whole"}]
    return []


def _over_limiter(readings: Readings, limiter_a: int | None) -> Sequence[Warning_]:
    current = readings[CURRENT]
    if current is None or limiter_a is None or current <= limiter_a:
        return ()
    return ({"code": CURRENT, "kind": "over_limiter", "limiter_a": limiter_a},)


def _power_that_does_not_fit(readings: Readings) -> Sequence[Warning_]:
    """The momentary power is about voltage times current; far from it, one of the three was misread."""
    volts, amps, watts = readings[VOLTAGE], readings[CURRENT], readings[POWER]
    if volts is None or amps is None or watts is None:
        return ()
    expected = abs(volts * amps)
    if abs(abs(watts) - expected) <= max(expected * POWER_TOLERANCE, 100):
        return ()
    return ({"code": POWER, "kind": "power_mismatch", "expected_w": round(expected)},)
