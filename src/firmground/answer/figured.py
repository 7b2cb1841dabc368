"""Numbers, dates and times of a sentence against those of its passages."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from firmground.answer.grounds import Figures, Ground, Piece
from firmground.language.moments import Clock, Day, Moments
from firmground.language.placeholders import kinds
from firmground.language.quantities import Number, agree, alike
from firmground.language.terms import terms
from firmground.language_model import Mismatch

_MOST = 40
"""Numbers of one sentence that are compared; a sentence with more is none."""
_SHOWN = 3
"""Numbers of the source that a detail names at most."""
_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
_WEEKDAY = re.compile(
    r"\b(?:weekdays?|werktags|wochentags|weekends?|wochenende\w*|week-ends?|fin(?:es)? de semana|daily)\b", re.I
)


class Source(NamedTuple):
    """What the cited passages say in figures, all together."""

    numbers: tuple[Number, ...]
    days: tuple[Day, ...]
    clocks: tuple[Clock, ...]
    weekdays: frozenset[int]
    years: frozenset[int]
    bare: frozenset[str]
    """Every run of digits, also inside dates, times and codes."""
    weekday_words: bool
    pieces: tuple[Piece, ...]


def source(grounds: Sequence[Ground]) -> Source:
    """The figures of several passages as one."""
    found = [ground.figures for ground in grounds]
    days = tuple(day for each in found for day in each.moments.days)
    texts = [f"{ground.context}\n{ground.text}" for ground in grounds]
    return Source(
        numbers=tuple({_sense(number): number for each in found for number in each.numbers}.values()),
        days=days,
        clocks=tuple(clock for each in found for clock in each.moments.clocks),
        weekdays=frozenset(day for each in found for day in _weekdays(each.moments)),
        years=frozenset(year for day in days for year, _, _ in day.readings if year is not None),
        bare=frozenset(run for text in texts for run in _DIGITS.findall(kinds(text))),
        weekday_words=any(_WEEKDAY.search(text) for text in texts),
        pieces=tuple(piece for ground in grounds for piece in ground.pieces),
    )


def _sense(number: Number) -> tuple[object, ...]:
    """Equal for numbers that agree with the same numbers."""
    return number.values, number.unit, number.noun, number.loose


def _weekdays(found: Moments) -> Iterator[int]:
    yield from (day for day, _, _ in found.weekdays)
    for first, last in found.weekday_ranges:
        yield from ((first + step) % 7 for step in range((last - first) % 7 + 1))


def number_mismatches(text: str, claim: Figures, said: Source, language: str, *, excused: Sequence[Number]) -> Iterator[Mismatch]:
    """Numbers that the source does not give, or gives of something else. Those `excused` may be repeated from the question."""
    clocks = [(clock.start, clock.end) for clock in claim.moments.clocks if _clock_said(clock, said)]
    if len(claim.numbers) > _MOST:
        yield Mismatch(code="number", detail=f"it holds more than {_MOST} numbers, too many to compare")
        return
    for number in claim.numbers:
        if number.loose or any(start <= number.start < end for start, end in clocks):
            continue
        matches = {agree(number, other) for other in said.numbers}
        written = text[number.start : number.end]
        if number.unit == "hour" and any(value * 60 == clock.minutes for value in number.values for clock in said.clocks):
            continue
        if "same" in matches or _bare(number, written, said) or any(agree(number, other) == "same" for other in excused):
            continue
        if "unit" in matches:
            yield Mismatch(code="unit", detail=f"“{written}”: the cited passages give this number of something else")
        elif not (number.spelled and not number.unit) or _counted(number, said, language):
            yield Mismatch(code="number", detail=f"“{written}” is not in the cited passages{_instead(number, said)}")


def _bare(number: Number, written: str, said: Source) -> bool:
    """Whether a number without a unit stands in a date, a time or a code: "version 4.3", "the 10th"."""
    return not number.unit and any(run in said.bare for run in _DIGITS.findall(written))


def _counted(number: Number, said: Source, language: str) -> bool:
    """Whether the source counts the same thing in another number: then a small number in words is no mere way of speaking."""
    noun = terms(number.noun, language)
    return bool(noun) and any(terms(other.noun, language) == noun for other in said.numbers if other.noun)


def _instead(number: Number, said: Source) -> str:
    others = list(
        dict.fromkeys(_shown(other) for other in said.numbers if not other.loose and number.unit and alike(number, other))
    )
    return f" (they give {', '.join(others[:_SHOWN])})" if others else ""


def _shown(number: Number) -> str:
    return f"{number.values[0]:g} {number.unit or number.noun}".strip()


def bound_mismatch(text: str, claim: Sequence[Number], pieces: Sequence[Piece]) -> Mismatch | None:
    """A number that the sentence makes a minimum and the source a maximum, or the other way round."""
    said = [number for piece in pieces for number in piece.figures.numbers]
    for number in claim[:_MOST]:
        same = [other for other in said if agree(number, other) == "same"]
        if number.bound and same and all(other.bound and other.bound != number.bound for other in same):
            is_least = number.bound == "least"
            stated, found = ("a minimum", "a maximum") if is_least else ("a maximum", "a minimum")
            written = text[number.start : number.end]
            return Mismatch(code="number", detail=f"“{written}” is {stated} here and {found} in the cited passage")
    return None


def date_mismatches(text: str, claim: Moments, said: Source, *, excused: Moments) -> Iterator[Mismatch]:
    """Dates, times and weekdays that the source does not give."""
    for day in claim.days:
        if not _day_said(day, said) and not any(same_day(day, other, frozenset()) for other in excused.days):
            yield Mismatch(code="date", detail=f"“{text[day.start : day.end].strip()}” is not in the cited passages")
    for clock in claim.clocks:
        written = text[clock.start : clock.end].strip()
        if (
            written[:1].isdigit()
            and written[-1] not in "hH"
            and not _clock_said(clock, said)
            and not clock_in(clock, excused.clocks)
        ):
            yield Mismatch(code="date", detail=f"“{written}” is not in the cited passages")
    asked = frozenset(_weekdays(excused))
    for weekday, start, end in claim.weekdays:
        if weekday not in said.weekdays and weekday not in asked and (said.weekdays or not said.weekday_words):
            yield Mismatch(code="date", detail=f"“{text[start:end]}” is not in the cited passages")


def _day_said(day: Day, said: Source) -> bool:
    if any(same_day(day, other, said.years) for other in said.days):
        return True
    for year, month, number in day.readings:
        if month is None:
            return str(year) in said.bare or any(float(year or 0) in other.values for other in said.numbers)
        if (
            number is not None
            and (year is None or year in said.years)
            and any(_range_of(piece, month, number) for piece in said.pieces)
        ):
            return True
    return False


def _range_of(piece: Piece, month: int, number: int) -> bool:
    """`1 to 30 November`: the first day stands without its month."""
    months = {found for day in piece.figures.moments.days for _, found, _ in day.readings}
    return month in months and any(float(number) in other.values and not other.unit for other in piece.figures.numbers)


def same_day(day: Day, other: Day, years: frozenset[int]) -> bool:
    return any(
        _part(claimed[1], found[1])
        and _part(claimed[2], found[2])
        and (_part(claimed[0], found[0]) or (found[0] is None and claimed[0] in years))
        for claimed in day.readings
        for found in other.readings
    )


def _part(claimed: int | None, found: int | None) -> bool:
    return claimed is None or claimed == found


def _clock_said(clock: Clock, said: Source) -> bool:
    hour, minute = divmod(clock.minutes, 60)
    if minute == 0 and not said.clocks and (str(hour) in said.bare or str(hour % 12 or 12) in said.bare):
        return True
    return clock_in(clock, said.clocks) or (minute == 0 and any(_hour(number, hour) for number in said.numbers))


def _hour(number: Number, hour: int) -> bool:
    """`9 to 17:00`, `from 9 to 5 pm`: the first of two hours may stand without anything."""
    return not number.unit and not number.noun and not number.spelled and hour in (number.values[0], number.values[0] + 12)


def clock_in(clock: Clock, others: Sequence[Clock]) -> bool:
    return any(
        clock.minutes == other.minutes or ((clock.half or other.half) and (clock.minutes - other.minutes) % 720 == 0)
        for other in others
    )
