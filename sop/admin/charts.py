"""What calls teach, as charts. Each stands beside a table that says the same in figures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _

from sop.models import OutcomeKind
from sop.services.statistics import PROCEDURE

Row = Mapping[str, Any]

SHADES = ("800", "400", "600", "200", "950", "500", "700", "300")
STACKED = json.dumps(
    {
        "maintainAspectRatio": False,
        "indexAxis": "y",
        "scales": {"x": {"stacked": True, "ticks": {"precision": 0}}, "y": {"stacked": True}},
    }
)


def step_options() -> str:
    """Seconds below, counts above: the two have nothing to do with each other."""
    return json.dumps(
        {
            "maintainAspectRatio": False,
            "indexAxis": "y",
            "scales": {
                "x": {"title": {"display": True, "text": _("Average seconds")}},
                "y": {"ticks": {"autoSkip": False}},
                "counts": {
                    "position": "top",
                    "beginAtZero": True,
                    "ticks": {"precision": 0},
                    "grid": {"display": False},
                    "title": {"display": True, "text": _("Calls")},
                },
            },
        }
    )


def of_outcomes(runs: list[dict[str, Any]], outcomes: list[dict[str, Any]]) -> str:
    """A bar for each procedure and version, cut by how its calls ended."""
    counts = {(_key(row), row["outcome"]): row["count"] for row in outcomes}
    counts |= {(_key(row), "ABANDONED"): row["abandoned"] for row in runs}
    kinds = [*OutcomeKind.choices, ("ABANDONED", _("broken off"))]
    bars = [
        _bar(str(label), [counts.get((_key(row), kind), 0) for row in runs], SHADES[index])
        for index, (kind, label) in enumerate(kinds)
    ]
    labels = [_name(_key(row)) for row in runs]
    return json.dumps({"labels": labels, "datasets": [bar for bar in bars if any(bar["data"])]})


def of_steps(
    steps: list[dict[str, Any]], drop_offs: list[dict[str, Any]]
) -> list[tuple[str, list[dict[str, Any]], str]]:
    """For each procedure and version its name, its steps, and their chart."""
    broken = {(_key(row), row["last_step"]): row["count"] for row in drop_offs}
    grouped = ((key, list(rows)) for key, rows in groupby(steps, lambda row: _key(row, "call__")))
    return [(_name(key), rows, _chart_of_steps(rows, broken, key)) for key, rows in grouped]


def _chart_of_steps(
    rows: list[dict[str, Any]], broken: Mapping[tuple[Any, str], int], key: tuple[Any, ...]
) -> str:
    """How long agents take, where they go back to, and after which step calls were broken off."""
    asked = [row for row in rows if row["answered"]]
    seconds = [round(row["seconds"], 1) for row in asked]
    back = [row["back"] for row in asked]
    ended = [broken.get((key, row["step"]), 0) for row in asked]
    bars = [
        _bar(_("Average seconds"), seconds, "700"),
        _bar(_("Gone back to"), back, "400") | {"xAxisID": "counts"},
        _bar(_("Broken off after"), ended, "200") | {"xAxisID": "counts"},
    ]
    return json.dumps({"labels": [row["step"] for row in asked], "datasets": bars})


def _bar(label: str, data: list[Any], shade: str) -> dict[str, Any]:
    return {"label": label, "data": data, "backgroundColor": f"var(--color-primary-{shade})"}


def _key(row: Row, prefix: str = "") -> tuple[Any, ...]:
    return tuple(row[f"{prefix}{name}"] for name in PROCEDURE)


def _name(key: tuple[Any, ...]) -> str:
    document, number, _slug, title = key
    return f"{title} ({document}@{number})"
