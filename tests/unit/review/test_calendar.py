"""Deadlines are counted in the hours that people work, through weekends, holidays and changes of the clock."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import ValidationError

from firmground.review.calendar import Calendar
from firmground.settings_review import CalendarSection, ReviewSection

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe", "America/Havana"]
OFFICE = {"mon": "09:00-17:00", "tue": "09:00-17:00", "wed": "09:00-17:00", "thu": "09:00-17:00", "fri": "09:00-15:00"}
SPANS = ["00:00-24:00", "09:00-17:00", "01:30-02:30", "22:00-24:00"]
ROUND = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "00:00-24:00")
FRIDAY = datetime(2026, 11, 20, 14, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def a_calendar(hours: dict[str, str] = OFFICE, **more: Any) -> Calendar:
    return Calendar.of(CalendarSection(hours=hours, **more))


calendars = some.builds(
    a_calendar,
    some.dictionaries(some.sampled_from([*ROUND]), some.sampled_from(SPANS), min_size=1),
    timezone=some.sampled_from(ZONES),
    holidays=some.lists(some.dates(date(2026, 1, 1), date(2027, 1, 1)).map(date.isoformat), max_size=4).map(tuple),
)
moments = some.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001 - set at once


def test_what_is_not_done_on_friday_is_due_on_monday():
    assert a_calendar().due(FRIDAY, 2) == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert a_calendar(holidays=("2026-11-23",)).due(FRIDAY, 2) == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert a_calendar().due(FRIDAY + timedelta(days=1), 0) == datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert a_calendar().worked(FRIDAY, datetime(2026, 11, 24, 9, 30, tzinfo=UTC)) == timedelta(hours=9.5)


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-03-29", 23), ("2026-10-25", 25), ("2026-07-01", 24)],
    ids=["clock goes forward", "clock goes back", "neither"],
)
def test_a_day_on_which_the_clock_changes_has_the_hours_it_has(day: str, hours: int):
    berlin = a_calendar(ROUND, timezone="Europe/Berlin")
    begins = datetime.fromisoformat(f"{day}T12:00:00+00:00") - timedelta(days=1)
    all_of_it = berlin.worked(begins, begins + timedelta(days=3))
    assert all_of_it == timedelta(days=3), "working round the clock is time as it goes"
    weekday = [*ROUND][date.fromisoformat(day).weekday()]
    only = a_calendar({weekday: "00:00-24:00"}, timezone="Europe/Berlin")
    assert only.worked(begins, begins + timedelta(days=3)) == timedelta(hours=hours)


def test_hours_are_those_on_the_clock_of_the_place():
    summer, winter = datetime(2026, 7, 6, tzinfo=UTC), datetime(2026, 12, 7, tzinfo=UTC)
    berlin = a_calendar(timezone="Europe/Berlin")
    assert [berlin.due(start, 1).hour for start in (summer, winter)] == [8, 9]


@given(calendars, moments, some.floats(0.01, 200))
def test_what_is_due_was_worked_for_exactly_as_long(calendar: Calendar, start: datetime, hours: float):
    due = calendar.due(start, hours)
    assert due >= start
    if due < start + timedelta(days=3660):
        assert abs(calendar.worked(start, due) - timedelta(hours=hours)) < SECOND


@given(calendars, some.lists(moments, min_size=3, max_size=3))
def test_time_worked_adds_up_and_never_runs_back(calendar: Calendar, at: list[datetime]):
    first, second, third = sorted(at)
    assert calendar.worked(first, second) + calendar.worked(second, third) == calendar.worked(first, third)
    assert timedelta() <= calendar.worked(first, third) <= third - first
    assert calendar.worked(third, first) == timedelta()
    assert calendar.due(first, 3) <= calendar.due(second, 3)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"timezone": "Europe/Atlantis"}, "knows no time zone 'Europe/Atlantis'"),
        ({"timezone": "../../etc/passwd"}, "knows no time zone"),
        ({"hours": {}}, "nobody ever works"),
        ({"hours": {"mon": "17:00-09:00"}}, "are no hours"),
        ({"hours": {"someday": "09:00-17:00"}}, "is no day"),
        ({"holidays": ("2026-02-30",)}, "'2026-02-30' is no day"),
        ({"holidays": ("20261225",)}, "is no day; write it like"),
    ],
)
def test_a_calendar_that_cannot_be_is_refused_in_one_line(wrong: dict[str, Any], said: str):
    with pytest.raises(ValidationError, match=said):
        CalendarSection(**wrong)


def test_hours_until_something_is_due_are_some_and_name_priorities():
    assert ReviewSection(due_hours={"urgent": 1}).due_hours == {"urgent": 1, "high": 4, "normal": 8, "low": 40}
    for wrong in ({"soon": 1.0}, {"urgent": 0.0}, {"low": 1e9}, {"low": float("nan")}):
        with pytest.raises(ValidationError):
            ReviewSection(due_hours=wrong)
