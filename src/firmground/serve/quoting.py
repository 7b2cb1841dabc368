"""Quotes become statements: word for word, each resting on exactly its span."""

from collections.abc import Iterator, Sequence

from firmground.answer.contradiction import Contradiction
from firmground.answer.units import Quote, Unit
from firmground.serve.composing import Place, Statement


def quoted(quotes: Sequence[Quote], against: Sequence[Contradiction] = ()) -> Iterator[Statement]:
    """In the order of `quotes`, each followed by what other documents say against it."""
    said = [quote.unit for quote in quotes]
    before: Unit | None = None
    for quote in quotes:
        yield _statement(quote.unit, quote.shown, before)
        before = quote.unit
        for other in (each.other for each in against if _within(each.one, quote.unit)):
            if not any(_within(other, unit) or _within(unit, other) for unit in said):
                said.append(other)
                yield _statement(other, Quote(other, 0.0, 0.0, 0.0).shown, before)
                before = other


def _statement(unit: Unit, shown: str, before: Unit | None) -> Statement:
    return Statement(
        text=shown,
        places=(Place(unit.passage, unit.start, unit.end, unit.heading),),
        before=_between(before, unit),
        mark="\n" if unit.header else " ",
        check="not_checked",
    )


def _between(before: Unit | None, unit: Unit) -> str:
    if before is None:
        return ""
    return "\n\n" if before.item or unit.item or before.passage != unit.passage else " "


def _within(one: Unit, other: Unit) -> bool:
    return one.passage == other.passage and other.start <= one.start and one.end <= other.end
