"""How sure we may be that the documents answer a question: a logistic regression over a few readable signs."""

import math
from collections.abc import Mapping, Sequence

from pydantic import Field

from firmground.answer.extract import Extract
from firmground.language.words import STEMMERS
from firmground.types import Hit, Value

_NEAR = 10
"""Candidates that two rankings are compared over."""


_WEIGHTS = {
    "words_in_sentence": 5.241,
    "sentence_cosine": 9.04,
    "passage_cosine": 7.157,
    "agreement": 1.062,
    "margin": 7.33,
}
_LEXICAL_WEIGHTS = {
    "words_in_sentence": 2.868,
    "words_in_passage": 3.33,
    "words_anywhere": 2.011,
    "margin": 7.049,
}


def signs(ranked: Sequence[tuple[Hit, float]], extract: Extract) -> dict[str, float]:
    """The signs of one question; `ranked` are all candidates, best first. None of them depends on the size of the corpus.

    `words_in_sentence`, `words_in_passage`, `words_anywhere`: share of the question's words, by rarity, in the best sentence, in the
    best single passage, in all of them. `sentence_cosine`, `passage_cosine`: of the best. `agreement`: share of the first ten that
    both rankings have in common. `margin`: fused score above that of the best candidate in another document.
    Dense signs are 0 where the embedder had no say.
    """
    lexical = [hit.scores.lexical or 0.0 for hit, _ in ranked]
    dense = [hit.scores.dense or 0.0 for hit, _ in ranked]
    return {
        "words_in_sentence": extract.best.coverage if extract.best else 0.0,
        "words_in_passage": extract.coverage,
        "words_anywhere": extract.covered,
        "sentence_cosine": max(extract.cosines, default=0.0),
        "passage_cosine": max(dense, default=0.0),
        "agreement": _agreement(lexical, dense),
        "margin": _margin(ranked),
    }


class Confidence(Value):
    """P(the documents answer it) = σ(intercept + Σ weight · sign), clipped below a threshold to "I don't know".

    The shipped numbers were fitted on questions about encyclopaedia articles, with the article in the corpus or removed from it
    (`benchmarks/answering.py`): they are not calibrated on anybody's own documents.
    """

    intercept: float = -11.536
    weights: dict[str, float] = Field(default_factory=lambda: dict(_WEIGHTS))
    """By sign, for questions in a language that the embedder was trained for."""
    lexical_intercept: float = -7.31
    lexical_weights: dict[str, float] = Field(default_factory=lambda: dict(_LEXICAL_WEIGHTS))
    """The same for all other questions: words only. The intercept is lowered by 0.42, so that one threshold serves both."""
    threshold: float = 0.55
    """Below: abstained. Where 5 % of the questions without an answer still got one."""
    sure: float = 0.88
    """From here on: answered; in between: weak. Where 2 % did."""
    calibrated_on: str = ""
    """What these numbers were fitted on; empty: not on the documents at hand."""

    @property
    def most_of_words(self) -> float:
        """The most that is shown where only words were compared: just below `sure`, since such an answer is never more than weak."""
        return max(self.threshold, self.sure - 0.01)

    def of(self, signs: Mapping[str, float], *, dense: bool = True) -> float:
        """0…1. `dense`: whether the embedder was trained for the question's language. NaN among the signs gives 0."""
        intercept, weights = (self.intercept, self.weights) if dense else (self.lexical_intercept, self.lexical_weights)
        total = intercept + sum(weight * signs[name] for name, weight in weights.items())
        return 0.0 if math.isnan(total) else 1 / (1 + math.exp(-max(-60.0, min(60.0, total))))

    def reasons(self, signs: Mapping[str, float], *, dense: bool = True, language: str = "") -> tuple[str, ...]:
        """What a person should know about this figure. `language` (ISO 639-1) is the question's."""
        seen = [
            f"the best sentence holds {signs['words_in_sentence']:.0%} of the question's words, weighed by rarity",
            f"the best passage holds {signs['words_in_passage']:.0%}, all passages together {signs['words_anywhere']:.0%}",
        ]
        if dense:
            seen.append(f"the best sentence has cosine {signs['sentence_cosine']:.2f} to the question")
        else:
            seen.append(f"{only_words(language)}, so it is held below {self.sure:.2f}")
        seen.append(f"calibrated on {self.calibrated_on}" if self.calibrated_on else "not calibrated on your documents")
        return tuple(seen)


def only_words(language: str) -> str:
    """Why meaning had no say, for people."""
    name = STEMMERS.get(language, "").title() or "the language of the question"
    return f"only words were compared, because the embedding model does not know {name}"


def _agreement(lexical: Sequence[float], dense: Sequence[float]) -> float:
    near = min(_NEAR, len(lexical))
    if not near or not any(dense):
        return 0.0
    first = [set(sorted(range(len(scores)), key=lambda at: (-scores[at], at))[:near]) for scores in (lexical, dense)]
    return len(first[0] & first[1]) / near


def _margin(ranked: Sequence[tuple[Hit, float]]) -> float:
    if not ranked:
        return 0.0
    best, score = ranked[0]
    return score - next((other for hit, other in ranked if hit.document != best.document), 0.0)


SHIPPED = Confidence()
