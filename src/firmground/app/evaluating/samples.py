"""What came with the sample: its golden cases are nobody's labels here, until somebody answers for them."""

from collections.abc import Collection, Iterator, Sequence
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

from firmground.evaluate.cases import Case
from firmground.evaluate.files import Placed, read_file
from firmground.evaluate.verdict import words


def shipped_cases(cases: Sequence[Case], confirmed: Collection[str] = ()) -> frozenset[str]:
    """Digests of those that ask what the sample asks, but for a letter, whatever else was changed in them; not those that a person
    `confirmed` (digests of what they ask), who then answers for them."""
    return frozenset(case.digest for case in cases if case.asks not in confirmed and _is_shipped(case.question))


def _is_shipped(question: str) -> bool:
    return not _shipped().isdisjoint(_nearly(words(question)))


@cache
def _shipped() -> frozenset[str]:
    with as_file(files("firmground").joinpath("sample", "golden")) as folder:
        read = [each for path in sorted(Path(folder).iterdir()) for each in read_file(path)]
    return frozenset(near for each in read if isinstance(each, Placed) for near in _nearly(words(each.case.question)))


def _nearly(text: str) -> Iterator[str]:
    """Itself, and without each of its letters: two texts that differ in one have one of these in common."""
    yield text
    yield from (text[:place] + text[place + 1 :] for place in range(len(text)))
