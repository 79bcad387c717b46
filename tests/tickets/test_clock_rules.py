"""Which minutes count: across midnight, holidays and the three zones."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tickets.rules.clock import (
    NOTHING,
    Interval,
    Stretch,
    WorkCalendar,
    after_working,
    due_at,
    next_alert,
    queue_key,
    worked,
    working_windows,
)

WIB, WITA, WIT = (ZoneInfo(name) for name in ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"))
ALWAYS = WorkCalendar(is_around_the_clock=True)
OFFICE = WorkCalendar(
    is_around_the_clock=False,
    intervals=tuple(
        Interval(day, *hours) for day in range(5) for hours in ((time(7, 30), time(12)), (time(13), time(16)))
    ),
    holidays=frozenset({date(2026, 8, 17)}),
)
NIGHT = WorkCalendar(
    is_around_the_clock=False, intervals=tuple(Interval(day, time(22), time(6)) for day in range(7))
)

zones = st.sampled_from((WIB, WITA, WIT))
moments = st.integers(0, 364 * 24 * 60).map(
    lambda it: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=it)
)
times = st.times(min_value=time(0), max_value=time(23, 59)).map(lambda it: it.replace(microsecond=0))
intervals = st.builds(Interval, st.integers(0, 6), times, times)
whole_hours = st.builds(time, st.integers(0, 23))
calendars = st.builds(
    WorkCalendar,
    is_around_the_clock=st.just(False),
    intervals=st.lists(st.builds(Interval, st.integers(0, 6), times, times), min_size=1, max_size=8).map(
        tuple
    ),
    holidays=st.frozensets(st.dates(date(2026, 1, 1), date(2027, 1, 1)), max_size=5),
)
amounts = st.timedeltas(min_value=timedelta(minutes=1), max_value=timedelta(hours=60))


def counted(stretches: Iterable[Stretch], calendar: WorkCalendar, zone: ZoneInfo, at: datetime) -> timedelta:
    """The time that has counted until `at`."""
    total = NOTHING
    for stretch in stretches:
        end = min(stretch.ends_at or at, at)
        if stretch.counts and stretch.starts_at < end:
            total += worked(calendar, zone, stretch.starts_at, end)
    return total


def local(zone: ZoneInfo, *parts: int) -> datetime:
    return datetime(*parts, tzinfo=zone)  # type: ignore[misc, arg-type]


@pytest.mark.requirement("R-003-104")
def test_three_hours_around_the_clock_run_over_midnight() -> None:
    reported = local(WIB, 2026, 11, 20, 23, 30)

    assert due_at([Stretch(reported, None, True)], timedelta(hours=3), ALWAYS, WIB) == local(
        WIB, 2026, 11, 21, 2, 30
    )


def test_office_hours_skip_lunch_the_night_and_the_weekend() -> None:
    friday = local(WIB, 2026, 8, 14, 15, 0)  # one hour left; Monday is a holiday

    assert after_working(OFFICE, WIB, friday, timedelta(hours=2)) == local(WIB, 2026, 8, 18, 8, 30)


def test_the_same_hours_are_later_in_the_west() -> None:
    start = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)  # 05.00 WIB, 06.00 WITA, 07.00 WIT on Tuesday
    opens = {
        zone: next(iter(working_windows(OFFICE, zone, start, start + timedelta(days=1))))[0]
        for zone in (WIB, WITA, WIT)
    }

    assert opens[WIB] - opens[WITA] == opens[WITA] - opens[WIT] == timedelta(hours=1)


def test_a_shift_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    holiday = WorkCalendar(False, NIGHT.intervals, frozenset({date(2026, 8, 17)}))
    start, end = local(WITA, 2026, 8, 16, 12, 0), local(WITA, 2026, 8, 18, 12, 0)

    windows = [
        tuple(it.astimezone(WITA).hour for it in pair) for pair in working_windows(holiday, WITA, start, end)
    ]
    assert windows == [(22, 6)]  # the night of the 16th; none begins on the 17th


def test_a_pause_does_not_count() -> None:
    start = local(WIB, 2026, 11, 20, 8, 0)
    paused, back = start + timedelta(hours=1), start + timedelta(hours=6)
    life = [Stretch(start, paused, True), Stretch(paused, back, False), Stretch(back, None, True)]

    assert due_at(life, timedelta(hours=3), ALWAYS, WIB) == start + timedelta(hours=8)
    assert counted(life, ALWAYS, WIB, back) == timedelta(hours=1)


def test_a_calendar_without_hours_never_comes_due() -> None:
    empty = WorkCalendar(is_around_the_clock=False)

    assert after_working(empty, WIB, local(WIB, 2026, 1, 1), timedelta(minutes=1)) is None


@given(calendars, zones, moments, amounts)
def test_at_the_due_time_exactly_the_target_has_counted(
    calendar: WorkCalendar, zone: ZoneInfo, start: datetime, amount: timedelta
) -> None:
    due = after_working(calendar, zone, start, amount)
    assume(due is not None)
    assert due is not None

    assert worked(calendar, zone, start, due) == amount
    assert worked(calendar, zone, start, due - timedelta(seconds=1)) < amount


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.builds(Interval, st.integers(0, 6), whole_hours, whole_hours), min_size=6, max_size=12),
    st.frozensets(st.integers(-1, 3), max_size=3),
    zones,
    moments,
    st.integers(24 * 60, 50 * 60),
)
def test_what_counts_is_what_a_clock_on_the_wall_would_count(
    intervals: list[Interval], days_off: frozenset[int], zone: ZoneInfo, start: datetime, minutes: int
) -> None:
    """Minute by minute in local time, the plain way: over midnight, in each zone, around holidays."""
    today = start.astimezone(zone).date()
    holidays = frozenset(today + timedelta(days=it) for it in days_off)
    calendar = WorkCalendar(False, tuple(intervals), holidays)
    passed = (start + timedelta(minutes=it) for it in range(minutes))
    plain = sum(is_working(calendar, moment.astimezone(zone)) for moment in passed)

    assert worked(calendar, zone, start, start + timedelta(minutes=minutes)) == timedelta(minutes=plain)


def is_working(calendar: WorkCalendar, local: datetime) -> bool:
    today, time_of_day = local.date(), local.time()
    before = today - timedelta(days=1)
    begun_today = (
        it.starts <= time_of_day and (time_of_day < it.ends or it.ends <= it.starts)
        for it in calendar.intervals
        if it.weekday == today.weekday() and today not in calendar.holidays
    )
    from_yesterday = (
        time_of_day < it.ends <= it.starts
        for it in calendar.intervals
        if it.weekday == before.weekday() and before not in calendar.holidays
    )
    return any(begun_today) or any(from_yesterday)


@given(calendars, zones, moments, amounts, amounts)
def test_counting_in_two_parts_is_counting_in_one(
    calendar: WorkCalendar, zone: ZoneInfo, start: datetime, first: timedelta, second: timedelta
) -> None:
    middle, end = start + first, start + first + second

    whole = worked(calendar, zone, start, end)
    assert whole == worked(calendar, zone, start, middle) + worked(calendar, zone, middle, end)
    assert NOTHING <= whole <= end - start


@given(calendars, zones, moments, amounts)
def test_windows_are_in_order_and_apart(
    calendar: WorkCalendar, zone: ZoneInfo, start: datetime, length: timedelta
) -> None:
    edges = [edge for pair in working_windows(calendar, zone, start, start + length) for edge in pair]

    assert edges == sorted(edges)
    assert all(start <= edge <= start + length for edge in edges)


@given(calendars, zones, moments, amounts)
def test_nothing_begins_on_a_holiday(
    calendar: WorkCalendar, zone: ZoneInfo, start: datetime, length: timedelta
) -> None:
    days = {(start + timedelta(days=it)).astimezone(zone).date() for it in range(-1, 5)}
    closed = WorkCalendar(False, calendar.intervals, frozenset(days))

    assert worked(closed, zone, start, start + length) == NOTHING


@given(
    calendars, zones, moments, st.lists(st.tuples(amounts, st.booleans()), min_size=1, max_size=6), amounts
)
def test_pausing_never_brings_the_due_time_nearer(
    calendar: WorkCalendar,
    zone: ZoneInfo,
    start: datetime,
    parts: list[tuple[timedelta, bool]],
    target: timedelta,
) -> None:
    life, at = [], start
    for length, counts in parts:
        life.append(Stretch(at, at + length, counts))
        at += length
    life.append(Stretch(at, None, True))

    with_pauses = due_at(life, target, calendar, zone)
    without = due_at([Stretch(start, None, True)], target, calendar, zone)
    assume(with_pauses is not None)
    assert with_pauses is not None
    assert without is not None
    assert without <= with_pauses
    assert counted(life, calendar, zone, with_pauses) == target


@given(zones, moments, amounts)
def test_around_the_clock_the_zone_does_not_matter(
    zone: ZoneInfo, start: datetime, amount: timedelta
) -> None:
    assert after_working(ALWAYS, zone, start, amount) == start + amount


def test_alerts_ring_in_order_and_then_no_more() -> None:
    due = datetime(2026, 1, 1, 12, tzinfo=UTC)
    rings = [next_alert(due=due, steps=[-30, 0, 60], done=done) for done in range(4)]

    assert rings == [due - timedelta(minutes=30), due, due + timedelta(hours=1), None]
    assert next_alert(due=None, steps=[0], done=0) is None


def test_repeats_and_hard_complaints_go_up_in_the_lists() -> None:
    due = datetime(2026, 1, 1, 12, tzinfo=UTC)
    keys = {
        "late": queue_key(number="G260101000001", due=due + timedelta(hours=1), repeats=0, is_hard=False),
        "soon": queue_key(number="G260101000002", due=due, repeats=0, is_hard=False),
        "repeated": queue_key(number="G260101000003", due=due + timedelta(days=1), repeats=1, is_hard=False),
        "hard": queue_key(number="G260101000004", due=None, repeats=0, is_hard=True),
    }

    assert sorted(keys, key=keys.__getitem__) == ["hard", "repeated", "soon", "late"]
