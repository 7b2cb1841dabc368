"""Whether an answer is what its case expects."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Literal

from firmground.evaluate.cases import AS_EXPECTED, Case, Pattern, pattern_of
from firmground.types import Answer, AnswerStatus, Value

Fault = Literal["behaviour", "contains", "sources", "unacceptable"]
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-") | dict.fromkeys("‘’ʼ", "'") | dict.fromkeys("“”„", '"'))


class Verdict(Value):
    """How one answer fares by its case. All sentences that were shown count, what was held or cited does not."""

    behaved: bool
    """Its state is one that the case expects."""
    missing: tuple[str, ...] = ()
    """What should have been said; alternatives joined by `or`. Looked at only where the case expects an answer."""
    unsourced: tuple[str, ...] = ()
    """What should have been cited."""
    unacceptable: tuple[str, ...] = ()
    """What should never have been said."""
    answered_wrongly: bool = False
    """An answer was given, and it says what is unacceptable, lacks what it must say, or should not have been given."""

    @property
    def passed(self) -> bool:
        return self.behaved and not (self.missing or self.unsourced or self.unacceptable)

    @property
    def faults(self) -> tuple[Fault, ...]:
        found: dict[Fault, object] = {
            "behaviour": not self.behaved,
            "contains": self.missing,
            "sources": self.unsourced,
            "unacceptable": self.unacceptable,
        }
        return tuple(name for name, wrong in found.items() if wrong)


def judged(case: Case, answer: Answer) -> Verdict:
    """By words alone: what a case does not name, this cannot see."""
    return judged_by(case, answer.status, answer.text, [citation.uri for citation in answer.citations])


def judged_by(case: Case, status: AnswerStatus, text: str, cited: Sequence[str]) -> Verdict:
    """The same for what is no answer of ours: its state, its text, and the addresses it names as sources."""
    behaved = status in AS_EXPECTED[case.expect.behaviour]
    expected = case.expect.behaviour == "answer"
    said = evened(text)
    given = status in AS_EXPECTED["answer"]
    missing = _absent(case.expect.contains, lambda term: holds(said, term)) if expected else ()
    unsourced = _absent(case.expect.sources, lambda source: any(is_source(uri, source) for uri in cited)) if expected else ()
    unacceptable = tuple(term for term in case.unacceptable if holds(said, term))
    return Verdict(
        behaved=behaved,
        missing=missing,
        unsourced=unsourced,
        unacceptable=unacceptable,
        answered_wrongly=bool(unacceptable) or (given and (not expected or bool(missing))),
    )


def holds(said: str, term: str) -> bool:
    """Whether evened text says a term: plain words as they stand, not inside of other words; a pattern anywhere."""
    pattern = _pattern(term)
    return pattern.search(said) is not None


def evened(text: str) -> str:
    """Without what does not matter: case, kinds of dashes and quotes, white space, Markdown emphasis, citation marks."""
    text = unicodedata.normalize("NFKC", text).translate(_DASHES)
    text = re.sub(r"\s?\[\d+\]|[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}", "", text)
    return " ".join(text.casefold().split())


def words(question: str) -> str:
    """A question without what does not change it: as `evened`, and without punctuation."""
    return " ".join(re.findall(r"\w+", evened(question))) or evened(question)


def is_source(uri: str, wanted: str) -> bool:
    """Whether the address `source/path` is the one wanted, by its path or in full."""
    return uri == wanted or uri.partition("/")[2] == wanted


@lru_cache(maxsize=10_000)
def _pattern(term: str) -> Pattern:
    given = pattern_of(term)
    if given is not None:
        return given
    plain = re.escape(evened(term))
    return re.compile(rf"(?<!\w){plain}(?!\w)")


def _absent(terms: Iterable[Sequence[str]], there: Callable[[str], bool]) -> tuple[str, ...]:
    return tuple(" or ".join(alternatives) for alternatives in terms if not any(map(there, alternatives)))
