"""Which minutes count. All moments are aware; calendars speak the local time of the unit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

HORIZON = timedelta(days=800)
NOTHING = timedelta(0)


@dataclass(frozen=True)
class Interval:
    """Working time on one weekday (0 is Monday). Where it does not end after it starts, it ends next day."""

    weekday: int
    starts: time
    ends: time


@dataclass(frozen=True)
class WorkCalendar:
    """Around the clock, or the intervals of a week without those that begin on a holiday."""

    is_around_the_clock: bool
    intervals: tuple[Interval, ...] = ()
    holidays: frozenset[date] = frozenset()


@dataclass(frozen=True)
class Stretch:
    """A part of a ticket's life, open where `ends_at` is None; `counts` tells whether its clock ran."""

    starts_at: datetime
    ends_at: datetime | None
    counts: bool


def working_windows(
    calendar: WorkCalendar, zone: ZoneInfo, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """The working time between `start` and `end`: (from, until) in UTC, in order, without overlap."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if calendar.is_around_the_clock:
        if start < end:
            yield start, end
        return
    reached = start
    for opens, closes in _openings(calendar, zone, start, end):
        opens, closes = max(opens, reached), min(closes, end)
        if opens < closes:
            yield opens, closes
            reached = closes


def _openings(
    calendar: WorkCalendar, zone: ZoneInfo, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Every interval that may touch the time from `start` to `end`, by its beginning."""
    day = start.astimezone(zone).date() - timedelta(days=1)
    last = end.astimezone(zone).date()
    ordered = sorted(calendar.intervals, key=lambda it: it.starts)
    while day <= last:
        if day not in calendar.holidays:
            for it in ordered:
                if it.weekday == day.weekday():
                    yield _moments(it, day, zone)
        day += timedelta(days=1)


def _moments(interval: Interval, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    ends_on = day if interval.ends > interval.starts else day + timedelta(days=1)
    opens = datetime.combine(day, interval.starts, zone)
    closes = datetime.combine(ends_on, interval.ends, zone)
    return opens.astimezone(UTC), closes.astimezone(UTC)


def worked(calendar: WorkCalendar, zone: ZoneInfo, start: datetime, end: datetime) -> timedelta:
    """How much working time lies between `start` and `end`."""
    windows = working_windows(calendar, zone, start, end)
    return sum((closes - opens for opens, closes in windows), NOTHING)


def after_working(
    calendar: WorkCalendar, zone: ZoneInfo, start: datetime, amount: timedelta
) -> datetime | None:
    """The first moment at which `amount` of working time has passed since `start`, in UTC.

    None where the calendar does not hold that much within 800 days.
    """
    if calendar.is_around_the_clock:
        return start.astimezone(UTC) + amount
    for opens, closes in working_windows(calendar, zone, start, start + HORIZON):
        if closes - opens >= amount:
            return opens + amount
        amount -= closes - opens
    return None


def due_at(
    stretches: Iterable[Stretch], target: timedelta, calendar: WorkCalendar, zone: ZoneInfo
) -> datetime | None:
    """When the counted minutes reach `target`; None while that cannot be known, as the clock stands."""
    left = target
    for stretch in stretches:
        if not stretch.counts:
            continue
        due = after_working(calendar, zone, stretch.starts_at, left)
        if stretch.ends_at is None or (due is not None and due <= stretch.ends_at):
            return due
        left -= worked(calendar, zone, stretch.starts_at, stretch.ends_at)
    return None


def next_alert(*, due: datetime | None, steps: Sequence[int], done: int) -> datetime | None:
    """When the next of `steps` (minutes after `due`, ascending) rings, `done` of them having rung."""
    if due is None or done >= len(steps):
        return None
    return due + timedelta(minutes=steps[done])


def queue_key(*, number: str, due: datetime | None, repeats: int, is_hard: bool) -> str:
    """Sorts open tickets: more urgent first, then the sooner due, then the older number. Unique.

    A repeat report raises a ticket by one place of nine, a hard complaint by three.
    """
    urgency = 9 - min(9, repeats + (3 if is_hard else 0))
    moment = due.astimezone(UTC).strftime("%Y%m%d%H%M%S") if due else "9" * 14
    return f"{urgency}-{moment}-{number}"
