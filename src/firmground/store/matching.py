"""Filters over what documents say of themselves, as SQL conditions."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any, TypeAlias

from sqlalchemy import Column, ColumnElement, and_, false, or_, select

from firmground.errors import InvalidInput
from firmground.ports import Filter, Filters
from firmground.store.tables import document_metadata, documents
from firmground.types import Scalar

Condition: TypeAlias = ColumnElement[bool]

_m = document_metadata.c
_LONG = 200
_WHOLE = 2**63
"""Whole numbers from here on do not fit into a database."""
_NANOSECONDS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_OWN_TEXTS: dict[str, Column[Any]] = {name: documents.c[name] for name in ("source", "uri", "title", "language", "media_type")}


def metadata_rows(metadata: Mapping[str, Scalar | tuple[Scalar, ...]]) -> list[dict[str, Any]]:
    """One row for each value, in the forms that filters compare."""
    rows: list[dict[str, Any]] = []
    for key, value in metadata.items():
        for each in value if isinstance(value, tuple) else (value,):
            moment = _moment(each) if isinstance(each, str) else None
            rows.append(
                {
                    "key": short(key),
                    "text": _text(each),
                    "number": float(each) if isinstance(each, int | float) and not isinstance(each, bool) else None,
                    "date": _stamp(moment[0]) if moment else None,
                }
            )
    return rows


def conditions(filters: Filters) -> list[Condition]:
    """One condition on `documents` for each filter. InvalidInput names the bad one."""
    return [_condition(key, wanted) for key, wanted in filters.items()]


def _condition(key: str, wanted: Filter) -> Condition:
    if not key.strip():
        raise InvalidInput("a filter has no key", "write KEY=VALUE")
    if isinstance(wanted, Mapping):
        return _range(key, wanted)
    values: Sequence[Any] = wanted if isinstance(wanted, Sequence) and not isinstance(wanted, str) else (wanted,)
    for value in values:
        _check_scalar(key, value)
    if not values:
        return false()
    if key == "modified":
        return or_(*(_modified_on(key, value) for value in values))
    if key == "uri":
        place = documents.c.source + "/" + documents.c.uri
        texts = [_plain(value) for value in values]
        return or_(documents.c.uri.in_(texts), place.in_(texts))
    if key in _OWN_TEXTS:
        return _OWN_TEXTS[key].in_([_plain(value) for value in values])
    numbers = [float(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    same = _m.text.in_([_text(value) for value in values])
    return _documents_with(key, or_(same, _m.number.in_(numbers)) if numbers else same)


def _range(key: str, wanted: Mapping[str, Scalar]) -> Condition:
    unknown = set(wanted) - {"from", "to"}
    if unknown or not wanted:
        raise InvalidInput(f"the range for '{key}' names {sorted(unknown) or 'no bound'}", "use from and to, or one of them")
    bounds = {side: _check_scalar(key, value) for side, value in wanted.items()}
    if all(isinstance(value, str) for value in bounds.values()):
        moments = {side: _date(key, value) for side, value in bounds.items()}
        if key == "modified":
            return _between(documents.c.modified_ns, {side: (_ns(low), _ns(high)) for side, (low, high) in moments.items()})
        stamps = {side: (_stamp(low), _stamp(high)) for side, (low, high) in moments.items()}
        column: Column[Any] = _m.date
        inside = _between(column, stamps)
    elif all(isinstance(value, int | float) and not isinstance(value, bool) for value in bounds.values()):
        inside = and_(*(_m.number >= value if side == "from" else _m.number <= value for side, value in bounds.items()))
    else:
        raise InvalidInput(f"the range for '{key}' is neither of numbers nor of dates", "use two numbers or two ISO dates")
    if key in _OWN_TEXTS or key == "modified":
        raise InvalidInput(f"'{key}' has no such range", "give a value or a list of values, or dates for modified")
    return _documents_with(key, inside)


def _between(column: Column[Any], bounds: Mapping[str, tuple[Any, Any]]) -> Condition:
    """Both ends are inside; a bound that is a day ends where the next one begins."""
    return and_(*(column >= low if side == "from" else column < high for side, (low, high) in bounds.items()))


def _modified_on(key: str, value: Scalar) -> Condition:
    low, high = _date(key, value)
    return and_(documents.c.modified_ns >= _ns(low), documents.c.modified_ns < _ns(high))


def _documents_with(key: str, condition: Condition) -> Condition:
    return documents.c.number.in_(select(_m.document).where(_m.key == short(key), condition))


def _check_scalar(key: str, value: object) -> Scalar:
    if not isinstance(value, str | int | float):
        raise InvalidInput(f"the filter '{key}' holds a value of type {type(value).__name__}", "use text, numbers, true or false")
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidInput(f"the filter '{key}' holds {value}", "use a finite number")
    if isinstance(value, int) and abs(value) >= _WHOLE:
        raise InvalidInput(f"the filter '{key}' holds a number that is too large", "use one of at most 18 digits")
    return value


def _date(key: str, value: Scalar) -> tuple[datetime, datetime]:
    moment = _moment(value) if isinstance(value, str) else None
    if moment is None:
        raise InvalidInput(f"'{value}' is no date, as the filter '{key}' needs", "write it as 2026-11-20")
    return moment


def _moment(value: str) -> tuple[datetime, datetime] | None:
    """An ISO date or time as its first moment and the first one after it, in UTC; a time without a zone is taken as UTC."""
    if not (10 <= len(value) <= 35 and value[4] == "-" and value[7] == "-"):
        return None
    try:
        if len(value) == 10:
            day = date.fromisoformat(value)
            start = datetime(day.year, day.month, day.day, tzinfo=UTC)
            return start, start + _DAY
        moment = datetime.fromisoformat(value)
        start = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return start, start + timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return None


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")


def _ns(moment: datetime) -> int:
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * _NANOSECONDS + since.microseconds * 1000


def _plain(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _text(value: Scalar) -> str:
    """A number equals its written form: what is typed at a prompt has no type."""
    return short(_plain(value))


def short(text: str) -> str:
    """As a key or value is stored: long ones as their digest."""
    return text if len(text) <= _LONG else f"sha256:{sha256(text.encode()).hexdigest()}"
