"""Report numbers: G for Gangguan, K for Keluhan, the day, and six digits (R-003-93)."""

from __future__ import annotations

from datetime import date

from tickets.models.choices import Tab

PREFIX = {Tab.GANGGUAN: "G", Tab.KELUHAN: "K"}
PER_DAY = 1_000_000


def report_number(*, tab: str, on: date, serial: int) -> str:
    """`G` + YYMMDD + the last six digits of `serial`."""
    return f"{PREFIX[Tab(tab)]}{on:%y%m%d}{serial % PER_DAY:06d}"
