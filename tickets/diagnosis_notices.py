"""What the command centre reads about a self-diagnosis. Internal, never for customers (R-003-57)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _


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
        name: f"{value:g}" if isinstance(value, float) else value for name, value in warning.items()
    }


def trigger_text(trigger: Mapping[str, Any]) -> str:
    """A rule that speaks for the suggestion, with the readings that triggered it."""
    read = ", ".join(
        f"{code} = {'Null' if value is None else f'{value:g}'}" for code, value in trigger["readings"].items()
    )
    return ": ".join(filter(None, (trigger["rule"], trigger["note"], read)))
