"""Working time: when people are there, counted through weekends, holidays and changes of the clock."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from firmground.settings_review import CalendarSection, zone_of
from firmground.types import Value

_DAY = timedelta(days=1)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FURTHEST = 3660
"""Days that are looked through: a deadline is at most some ten years away."""


class Calendar(Value):
    """When people work. Both of its functions count the same time: `worked(start, due(start, hours))` is `hours`."""

    timezone: str = "UTC"
    hours: dict[int, tuple[int, int]]
    """Minutes of the day from which and until when, by weekday (0 is Monday)."""
    holidays: frozenset[date] = frozenset()

    @classmethod
    def of(cls, section: CalendarSection) -> "Calendar":
        hours = {_DAYS.index(day): _minutes(span) for day, span in section.hours.items()}
        return cls(timezone=section.timezone, hours=hours, holidays=frozenset(map(date.fromisoformat, section.holidays)))

    def due(self, start: datetime, hours: float) -> datetime:
        """The moment (UTC) by which people have worked `hours` since `start`: within working time, so work can still be done until then.
        Without any hours to work, `start` itself, or when work next begins."""
        left = timedelta(hours=max(0.0, hours))
        begins = start.astimezone(UTC)
        latest = begins
        for opens, closes in self._spans(begins, begins + _FURTHEST * _DAY):
            if closes - opens >= left:
                return opens + left
            left -= closes - opens
            latest = closes
        return latest

    def worked(self, since: datetime, until: datetime) -> timedelta:
        """How long people worked from one moment to another; nothing where that is no later."""
        return sum((closes - opens for opens, closes in self._spans(since.astimezone(UTC), until.astimezone(UTC))), timedelta())

    def _spans(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Working time between two moments, stretch by stretch."""
        if until <= since:
            return
        zone = zone_of(self.timezone)
        day, last = since.astimezone(zone).date() - _DAY, until.astimezone(zone).date()
        while day <= last:
            if day.weekday() in self.hours and day not in self.holidays:
                begins, ends = self.hours[day.weekday()]
                opens, closes = max(_moment(day, begins, zone), since), min(_moment(day, ends, zone, fold=1), until)
                if opens < closes:
                    yield opens, closes
            day += _DAY


def _moment(day: date, minutes: int, zone: tzinfo, fold: int = 0) -> datetime:
    """An hour that the clock shows twice is worked twice."""
    if minutes >= 24 * 60:
        return _moment(day + _DAY, 0, zone)
    return datetime.combine(day, time(minutes // 60, minutes % 60, fold=fold), zone).astimezone(UTC)


def _minutes(span: str) -> tuple[int, int]:
    begins, ends = (int(each[:2]) * 60 + int(each[3:]) for each in span.split("-"))
    return begins, ends
