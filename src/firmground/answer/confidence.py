"""How sure we may be that the documents answer a question: a logistic regression over readable signs."""

import json
import math
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from pydantic import Field

from firmground.answer.signs import NAMED, signs
from firmground.language.words import STEMMERS
from firmground.types import Value

__all__ = ["FARTHEST", "SHIPPED", "Confidence", "Contribution", "Logistic", "Sign", "only_words", "signs"]


FARTHEST = 4.0
"""No single odd sign decides alone."""


class Sign(Value):
    """What one sign counts for. `weight` is in log-odds for each `spread` (a standard deviation) that it lies above `typical`."""

    weight: float
    typical: float
    spread: float


class Contribution(NamedTuple):
    """What one sign of one question adds to the log-odds, compared with a typical one."""

    sign: str
    meaning: str
    value: float
    weight: float
    contribution: float


class Logistic(Value):
    """P = σ(intercept + Σ weight · (value − typical) / spread), each sign taken to lie at most `FARTHEST` spreads from the typical."""

    intercept: float
    signs: dict[str, Sign]

    def contributions(self, seen: Mapping[str, float]) -> dict[str, float]:
        return {name: each.weight * _clipped((seen[name] - each.typical) / each.spread) for name, each in self.signs.items()}

    def of(self, seen: Mapping[str, float]) -> float:
        """0…1. NaN among the signs gives 0."""
        total = self.intercept + math.fsum(self.contributions(seen).values())
        return 0.0 if math.isnan(total) else 1 / (1 + math.exp(-max(-60.0, min(60.0, total))))


class Confidence(Value):
    """P(the documents answer it), and from where on it is believed. One value that a calibration replaces as a whole.

    The shipped numbers were fitted on questions about encyclopaedia articles and a handbook, with the document in the corpus or removed
    from it (`benchmarks/answering.py --fit`): they are not calibrated on anybody's own documents.
    """

    meaning: Logistic = Field(default_factory=lambda: _shipped("meaning"))
    """For questions in a language that the embedder was trained for."""
    words: Logistic = Field(default_factory=lambda: _shipped("words"))
    """For all other questions: words only. Its intercept is lowered so that one threshold serves both."""
    threshold: float = Field(default_factory=lambda: _shipped("threshold"))
    """Below: abstained. Shipped: where 5 % of the questions fitted on that were not covered still got an answer."""
    sure: float = Field(default_factory=lambda: _shipped("sure"))
    """From here on: answered; in between: weak. Shipped: where 2 % did."""
    calibrated_on: str = ""
    """What these numbers were fitted on; empty: not on the documents at hand."""

    @property
    def most_of_words(self) -> float:
        """The most that is shown where only words were compared: just below `sure`, since such an answer is never more than weak."""
        return max(self.threshold, self.sure - 0.01)

    def of(self, seen: Mapping[str, float], *, dense: bool = True) -> float:
        """0…1. `dense`: whether the embedder was trained for the question's language. NaN among the signs gives 0."""
        return (self.meaning if dense else self.words).of(seen)

    def explained(self, seen: Mapping[str, float], *, dense: bool = True) -> tuple[Contribution, ...]:
        """Each sign with its value, its weight and what it adds, the most decisive first. With the intercept they sum to the log-odds."""
        rule = self.meaning if dense else self.words
        parts = rule.contributions(seen)
        found = [Contribution(name, NAMED[name], seen[name], rule.signs[name].weight, parts[name]) for name in parts]
        return tuple(sorted(found, key=lambda each: -abs(each.contribution)))

    def reasons(self, seen: Mapping[str, float], *, dense: bool = True, language: str = "") -> tuple[str, ...]:
        """What a person should know about this figure. `language` (ISO 639-1) is the question's."""
        said = [
            f"the best sentence holds {seen['words_in_sentence']:.0%} of the question's words, weighed by rarity",
            f"the best passage holds {seen['words_in_passage']:.0%}, all passages together {seen['words_anywhere']:.0%}",
        ]
        if dense:
            said.append(f"the best sentence has cosine {seen['sentence_cosine']:.2f} to the question")
        else:
            said.append(f"{only_words(language)}, so it is held below {self.sure:.2f}")
        if seen["names_missing"] or seen["numbers_missing"]:
            said.append("a name or number of the question is not in the best passage")
        said.append(f"calibrated on {self.calibrated_on}" if self.calibrated_on else "not calibrated on your documents")
        return tuple(said)


def only_words(language: str) -> str:
    """Why meaning had no say, for people."""
    name = STEMMERS.get(language, "").title() or "the language of the question"
    return f"only words were compared, because the embedding model does not know {name}"


def _clipped(far: float) -> float:
    return far if math.isnan(far) else max(-FARTHEST, min(FARTHEST, far))


@cache
def _shipped(part: str) -> Any:
    found: Any = json.loads(files("firmground.answer").joinpath("confidence.json").read_text(encoding="utf-8"))[part]
    return Logistic.model_validate(found) if isinstance(found, dict) else found


SHIPPED = Confidence()
