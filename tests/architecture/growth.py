"""How many steps a regular expression takes: its parse tree, walked with backtracking as `re` does, and every step counted.

Nothing here looks at a clock. Texts are made from the expression itself: what one of its repetitions repeats, many times, after what
leads there and before what lets it fail. Steps for a text of twice the length are compared with those for the single one.
"""

import re
import re._compiler as compiler
import re._constants as op
import re._parser as parser
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

_SHORT, _LONG = 12, 24
_LINEAR = 2.7
"""How much more steps twice the length may take: linear is 2, quadratic 4."""
_MOST_STEPS = 200_000
_FAR_TOO_MANY = 8
"""Times the steps for half the length: then nobody needs to know how many more."""
_BOUND = 3
"""Repetitions that end are cut down to so many: that they end is what counts."""
_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
_ALPHABET = "a A0_ \n\t.,-:;/\\|#*\"'`@<>()[]{}=+&%!?ßä漢"
Continue = Callable[[int], bool]


class Growth(NamedTuple):
    """`text` times two takes `ratio` times the steps."""

    ratio: float
    before: str
    repeated: str
    after: str


class _Enough(Exception):
    pass


class Walker:
    """One expression over texts. `anchored`: tried at the beginning alone, as by `match` and `fullmatch`."""

    def __init__(self, pattern: str | bytes, flags: int, *, anchored: bool) -> None:
        self._bytes = isinstance(pattern, bytes)
        self._tree = parser.parse(pattern, flags)
        self._flags = self._tree.state.flags
        self._anchored = anchored
        self._one = lru_cache(maxsize=None)(self._compiled)
        self._kept: dict[int, Any] = {}
        self._held: dict[tuple[int, Any], bool] = {}
        self._steps, self._most = 0, _MOST_STEPS
        self._text: Any = ""
        self._groups: dict[int, tuple[int, int]] = {}

    def _compiled(self, at: int) -> re.Pattern[Any]:
        alone = parser.SubPattern(self._tree.state, [self._kept[at]])
        return compiler.compile(alone, self._flags)

    def _holds(self, node: Any, at: int) -> bool:
        if node[0] is op.AT:
            return self._matches(node, at)
        key = (id(node), self._text[at])
        if key not in self._held:  # of one sign, whatever stands around it
            self._held[key] = self._matches(node, at)
        return self._held[key]

    def _matches(self, node: Any, at: int) -> bool:
        self._kept[id(node)] = node
        return self._one(id(node)).match(self._text, at) is not None

    def steps(self, text: str, most: int = _MOST_STEPS) -> int:
        """Until every match in the text was found, or there is none, or there were `most`."""
        self._most = most
        self._text = text.encode("latin-1", "replace") if self._bytes else text
        self._steps, at = 0, 0
        deepest = sys.getrecursionlimit()
        sys.setrecursionlimit(50_000)
        try:
            while at <= len(self._text):
                self._steps += 1
                self._groups = {}
                end = self._ends(at)
                if self._anchored:
                    break
                at = max(at + 1, end)
        except (_Enough, RecursionError):
            return most
        finally:
            sys.setrecursionlimit(deepest)
        return self._steps

    def _ends(self, at: int) -> int:
        found = [-1]

        def end(there: int) -> bool:
            found[0] = there
            return True

        self._walk(list(self._tree), 0, at, end)
        return found[0]

    def _walk(self, nodes: list[Any], place: int, at: int, then: Continue) -> bool:  # noqa: PLR0911 - one for each kind of node
        self._steps += 1
        if self._steps > self._most:
            raise _Enough
        if place == len(nodes):
            return then(at)
        kind, given = nodes[place]

        def further(there: int) -> bool:
            return self._walk(nodes, place + 1, there, then)

        if kind in _REPEATS:
            return self._repeat(kind, given, at, further)
        if kind is op.BRANCH:
            return any(self._walk(list(each), 0, at, further) for each in given[1])
        if kind is op.SUBPATTERN:
            return self._group(given, at, further)
        if kind is op.ATOMIC_GROUP:
            end = self._alone(list(given), at)
            return end is not None and further(end)
        if kind in {op.ASSERT, op.ASSERT_NOT}:
            return self._look(kind, given, at) and further(at)
        if kind is op.GROUPREF:
            start, end = self._groups.get(given, (0, -1))
            return self._text.startswith(self._text[start:end], at) and further(at + end - start)
        if kind is op.GROUPREF_EXISTS:
            chosen = given[1] if given[0] in self._groups else given[2]
            return self._walk(list(chosen or []), 0, at, further)
        if kind is op.AT:
            return self._holds(nodes[place], at) and further(at)
        return at < len(self._text) and self._holds(nodes[place], at) and further(at + 1)

    def _group(self, given: Any, at: int, further: Continue) -> bool:
        number, _add, _remove, body = given

        def closed(there: int) -> bool:
            if number is not None:
                self._groups[number] = (at, there)
            return further(there)

        return self._walk(list(body), 0, at, closed)

    def _alone(self, nodes: list[Any], at: int) -> int | None:
        found: list[int] = []
        self._walk(nodes, 0, at, lambda there: not found.append(there))
        return found[0] if found else None

    def _look(self, kind: Any, given: Any, at: int) -> bool:
        way, body = given
        start = at if way > 0 else at - body.getwidth()[0]
        held = start >= 0 and self._alone(list(body), start) is not None
        return held == (kind is op.ASSERT)

    def _repeat(self, kind: Any, given: Any, at: int, further: Continue) -> bool:
        low, high, body = given
        low, high = min(low, _BOUND), high if high is op.MAXREPEAT else min(high, max(_BOUND, 1))
        nodes = list(body)
        if kind is op.POSSESSIVE_REPEAT:
            count, end = 0, at
            while count < high and (there := self._alone(nodes, end)) is not None and (there > end or count < low):
                count, end = count + 1, there
            return count >= low and further(end)

        def again(count: int, here: int) -> bool:
            def once_more(there: int) -> bool:
                return (there > here or count < low) and again(count + 1, there)

            if count < low:
                return self._walk(nodes, 0, here, once_more)
            if kind is op.MIN_REPEAT:
                return further(here) or (count < high and self._walk(nodes, 0, here, once_more))
            return (count < high and self._walk(nodes, 0, here, once_more)) or further(here)

        return again(0, at)

    # ------------------------------------------------------------ texts that may take it long

    def attacks(self) -> Iterator[tuple[str, str, str]]:
        for before, body in self._endless(list(self._tree), ""):
            signs = [each for each in _ALPHABET if self._takes(body, each)]
            for each in sorted({*signs[:4], *self._samples(body)} - {""}):
                for start in sorted({before, ""}):
                    yield from ((start, each, after) for after in ("", "\x01", "\n\x01"))
            yield from (("", each, "") for each in {before, before + self._sample(body)} - {""})

    def _endless(self, nodes: list[Any], before: str) -> Iterator[tuple[str, list[Any]]]:
        """Each repetition without end: what may lead there, and what it repeats."""
        for node in nodes:
            kind, given = node
            if kind in _REPEATS:
                if given[1] is op.MAXREPEAT:
                    yield before, list(given[2])
                yield from self._endless(list(given[2]), before)
            for part in _parts(kind, given):
                yield from self._endless(part, before)
            before += self._sample([node])

    def _takes(self, body: list[Any], sign: str) -> bool:
        self._text, self._steps = (sign.encode("latin-1", "replace") if self._bytes else sign), 0
        return self._alone(body, 0) == len(self._text)

    def _samples(self, body: list[Any]) -> set[str]:
        whole = {self._sample(body)}
        for kind, given in body:
            whole |= {self._sample(part) for part in _parts(kind, given)}
        return whole

    def _sample(self, nodes: list[Any]) -> str:
        """A short text that the nodes match, as far as that is easily said."""
        text = ""
        for node in nodes:
            kind, given = node
            if kind in _REPEATS:
                text += self._sample(list(given[2])) * min(given[0], _BOUND)
            elif parts := _parts(kind, given):
                text += self._sample(parts[0])
            elif kind is op.LITERAL:
                text += chr(given)
            elif kind in {op.IN, op.NOT_LITERAL, op.ANY}:
                text += next((each for each in _ALPHABET if self._takes([node], each)), "a")
        return text

    def worst(self) -> Growth | None:
        """The text whose steps grow fastest with its length, where that is faster than in proportion."""
        found: Growth | None = None
        for before, repeated, after in dict.fromkeys(self.attacks()):
            short = self.steps(before + repeated * _SHORT + after)
            most = min(_FAR_TOO_MANY * short, 4 * _MOST_STEPS)
            long = self.steps(before + repeated * _LONG + after, most)
            ratio = float("inf") if long >= most or short >= _MOST_STEPS else long / short
            if ratio > _LINEAR and (found is None or ratio > found.ratio):
                found = Growth(ratio, before, repeated, after)
                if ratio == float("inf"):
                    break
        return found


def _parts(kind: Any, given: Any) -> list[list[Any]]:
    if kind is op.BRANCH:
        return [list(each) for each in given[1]]
    if kind is op.SUBPATTERN:
        return [list(given[3])]
    if kind is op.ATOMIC_GROUP:
        return [list(given)]
    if kind is op.ASSERT:
        return [list(given[1])] if given[0] > 0 else []
    return []
