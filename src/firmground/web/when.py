"""Moments as people say them: `in 3 hours`, `2 days overdue`."""

from datetime import datetime
from typing import NamedTuple

from firmground.web.language import _, plural

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_HOURS_FROM = 90 * _MINUTE
_DAYS_FROM = 36 * _HOUR


class Due(NamedTuple):
    """When something is due, in words, and whether that is over."""

    words: str
    late: bool = False


def due(at: datetime, now: datetime, *, paused: bool = False) -> Due:
    """In minutes up to an hour and a half, in hours up to a day and a half, else in days."""
    if paused:
        return Due(_("paused"))
    left = (at - now).total_seconds()
    count, unit = _in_units(abs(left))
    if left < 0:
        return Due(_overdue(count, unit), late=True)
    return Due(_ahead(count, unit))


def took(minutes: float | None) -> str:
    """`12 minutes`, `3 hours`, `2 days`; a dash where nobody knows."""
    if minutes is None:
        return "–"
    count, unit = _in_units(60 * minutes)
    if unit == _MINUTE:
        return plural("%(num)s minute", "%(num)s minutes", count)
    return plural("%(num)s hour", "%(num)s hours", count) if unit == _HOUR else plural("%(num)s day", "%(num)s days", count)


def _in_units(seconds: float) -> tuple[int, int]:
    unit = _MINUTE if seconds < _HOURS_FROM else _HOUR if seconds < _DAYS_FROM else _DAY
    return max(1, round(seconds / unit)), unit


def _ahead(count: int, unit: int) -> str:
    if unit == _MINUTE:
        return plural("in %(num)s minute", "in %(num)s minutes", count)
    return (
        plural("in %(num)s hour", "in %(num)s hours", count)
        if unit == _HOUR
        else plural("in %(num)s day", "in %(num)s days", count)
    )


def _overdue(count: int, unit: int) -> str:
    if unit == _MINUTE:
        return plural("%(num)s minute overdue", "%(num)s minutes overdue", count)
    if unit == _HOUR:
        return plural("%(num)s hour overdue", "%(num)s hours overdue", count)
    return plural("%(num)s day overdue", "%(num)s days overdue", count)
