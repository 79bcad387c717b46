"""What calls teach, as charts. Each stands beside a table that says the same in figures."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _

from sop.models import OutcomeKind
from sop.rules.graph import Step
from sop.services.statistics import PROCEDURE

Row = Mapping[str, Any]
Written = Mapping[tuple[Any, ...], Mapping[str, Step]]

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
    counts |= {(_key(row), "ABANDONED"): row["fruitless"] for row in runs}
    kinds = [*OutcomeKind.choices, ("ABANDONED", _("broken off before an outcome"))]
    bars = [
        _bar(str(label), [counts.get((_key(row), kind), 0) for row in runs], SHADES[index])
        for index, (kind, label) in enumerate(kinds)
    ]
    labels = [_name(_key(row)) for row in runs]
    return json.dumps({"labels": labels, "datasets": [bar for bar in bars if any(bar["data"])]})


def of_steps(
    steps: list[dict[str, Any]], drop_offs: list[dict[str, Any]], written: Written
) -> list[tuple[str, list[dict[str, Any]], str]]:
    """For each procedure and version its name, its steps as the SOP has them, and their chart."""
    broken = {(_key(row), row["last_step"]): row["count"] for row in drop_offs}
    tables = []
    for key, rows in groupby(steps, lambda row: _key(row, "call__")):
        table = _as_written(rows, written.get(key, {}))
        tables.append((_name(key), table, _chart_of_steps(table, broken, key)))
    return tables


def of_drop_offs(drop_offs: list[dict[str, Any]], written: Written) -> list[dict[str, Any]]:
    """Each with the number and the title that its step has in the SOP."""
    return [row | _entitled(row["last_step"] or "", written.get(_key(row), {})) for row in drop_offs]


def _as_written(rows: Iterable[dict[str, Any]], steps: Mapping[str, Step]) -> list[dict[str, Any]]:
    places = {address: place for place, address in enumerate(steps)}
    in_order = sorted(rows, key=lambda row: places.get(row["step"], len(places)))
    return [row | _entitled(row["step"], steps) for row in in_order]


def _entitled(address: str, steps: Mapping[str, Step]) -> dict[str, str]:
    body = steps[address].body if address in steps else {}
    return {"number": str(body.get("number", "")), "title": body.get("title", "")}


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
    labels = [f"{row['number']} {row['step']}".strip() for row in asked]
    return json.dumps({"labels": labels, "datasets": bars})


def _bar(label: str, data: list[Any], shade: str) -> dict[str, Any]:
    return {"label": label, "data": data, "backgroundColor": f"var(--color-primary-{shade})"}


def _key(row: Row, prefix: str = "") -> tuple[Any, ...]:
    return tuple(row[f"{prefix}{name}"] for name in PROCEDURE)


def _name(key: tuple[Any, ...]) -> str:
    document, number, _slug, title = key
    return f"{title} ({document}@{number})"
