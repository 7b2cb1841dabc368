"""When a message may be sent: at once, or when it is gathered with others, and not in quiet hours unless it is urgent."""

import math
from datetime import UTC, datetime, time, timedelta
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Digest: TypeAlias = Literal["at_once", "hourly", "daily"]
_MORNING = time(8)
_FIRST, _MOST = 30.0, 6 * 3600.0
GIVEN_UP_AFTER = timedelta(days=3)
"""How long it is tried to send a message."""


def zone(name: str) -> ZoneInfo:
    """UTC where this machine knows no such zone: settings tell of that elsewhere."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def send_at(now: datetime, digest: Digest, quiet: str, where: ZoneInfo, *, urgent: bool) -> datetime:
    """The first moment, from `now` on, at which it may be sent."""
    if urgent or (digest == "at_once" and not quiet):
        return now
    local = now.astimezone(where)
    if digest == "hourly":
        # Counted in UTC, since clocks are turned at full hours; the rest of an hour is one of minutes everywhere.
        now += timedelta(hours=1) - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    elif digest == "daily":
        now = _next(local, _MORNING)
    return quiet_until(now, quiet, where) or now


def quiet_until(now: datetime, quiet: str, where: ZoneInfo) -> datetime | None:
    """When the quiet hours end that it is in, if it is."""
    if not quiet:
        return None
    begin, end = (time.fromisoformat(each) for each in quiet.split("-"))
    local = now.astimezone(where)
    at = local.time()
    inside = begin <= at < end if begin < end else at >= begin or at < end
    return _next(local, end) if inside else None


def again_after(attempts: int, chance: float, wanted: float = 0.0) -> timedelta:
    """How long to wait after so many attempts: twice as long each time, up to six hours, a fifth more or less by `chance` (0 to 1), so that
    those who failed together do not come back together; `wanted`: seconds that the other side asks for."""
    doubled = math.ldexp(_FIRST, min(max(attempts - 1, 0), 20))
    return timedelta(seconds=max(min(doubled, _MOST) * (0.8 + 0.4 * chance), wanted))


def _next(local: datetime, at: time) -> datetime:
    """The next moment after `local` at which clocks there say so."""
    day = local.date() if local.time() < at else local.date() + timedelta(days=1)
    return datetime.combine(day, at, local.tzinfo).astimezone(UTC)
