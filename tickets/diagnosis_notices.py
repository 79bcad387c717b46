"""What the command centre reads about a self-diagnosis. Internal, never for customers (R-003-57)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _


def figure(value: Decimal | float) -> str:
    """A number as its reader writes it, without zeros that say nothing: `25.000`, `228,4`."""
    return number_format(Decimal(str(value)).normalize())


def warning_text(warning: Mapping[str, Any]) -> str:
    """A warning in words."""
    texts = {
        "out_of_range": _("Code %(code)s: usually between %(low)s and %(high)s."),
        "not_whole": _("Code %(code)s: usually a whole number."),
        "over_limiter": _("Code %(code)s: more than the limiter of %(limiter_a)s A."),
        "power_mismatch": _("Code %(code)s: about %(expected_w)s W would fit voltage and current."),
        "meter_number": _("The check digit of the meter number does not fit."),
    }
    return texts[warning["kind"]] % {
        name: value if isinstance(value, str) else figure(value) for name, value in warning.items()
    }


def trigger_text(trigger: Mapping[str, Any]) -> str:
    """A rule that speaks for the suggestion, with the readings that triggered it."""
    read = ", ".join(
        f"{code} = {'Null' if value is None else figure(value)}"
        for code, value in trigger["readings"].items()
    )
    return ": ".join(filter(None, (trigger["rule"], trigger["note"], read)))


def condition_text(condition: str, limits: Mapping[str, Any]) -> str:
    """When a rule of the table holds, in words with its limits."""
    texts = {
        "all_null": _("no reading shows a number"),
        "voltage_outside": _("voltage (41) outside %(low)s to %(high)s V"),
        "currents_differ": _("phase (45) and neutral (46) differ by more than %(amps)s A and %(percent)s %%"),
        "cover_opened": _("meter cover opened (71) more than %(times)s times"),
        "over_limiter": _("current (44) more than %(percent)s %% above the limiter"),
        "recent_ctt": _("a CTT for this meter within %(days)s days"),
        "known_cause": _("cause (08) is %(causes)s, or terminal opened (70) more than %(times)s times"),
        "cause_unknown": _("cause (08) is none of %(causes)s"),
    }
    shown = {
        name: ", ".join(map(figure, value)) if isinstance(value, list) else figure(value)
        for name, value in limits.items()
    }
    return texts[condition] % shown
