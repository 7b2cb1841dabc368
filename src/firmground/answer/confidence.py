"""How sure we may be that the documents answer a question: a logistic regression over a few readable signs."""

import math
from collections.abc import Mapping, Sequence

from pydantic import Field

from firmground.answer.extract import Extract
from firmground.types import Hit, Value

_NEAR = 10
"""Candidates that two rankings are compared over."""


_WEIGHTS = {
    "words_in_sentence": 4.502,
    "words_in_passage": -1.323,
    "words_anywhere": -0.062,
    "sentence_cosine": 6.186,
    "passage_cosine": 7.502,
    "sentence_lead": 3.847,
    "passage_lead": -0.518,
    "match_lead": 0.043,
    "match": 1.106,
    "agreement": 2.271,
    "margin": 3.162,
    "length": 1.141,
}
_LEXICAL_WEIGHTS = {
    "words_in_sentence": 3.557,
    "words_in_passage": -1.982,
    "words_anywhere": 3.015,
    "match": 2.069,
    "match_lead": -0.11,
    "length": 2.936,
}


def signs(ranked: Sequence[tuple[Hit, float]], extract: Extract, *, asked: int) -> dict[str, float]:
    """The signs of one question. `ranked` are all candidates, best first; `asked` is its number of distinct words.

    `words_in_sentence`, `words_in_passage`, `words_anywhere`: share of the question's words, by rarity, in the best sentence, in the
    best single passage, in all of them. `sentence_cosine`, `passage_cosine`: of the best. `sentence_lead`: the best sentence's
    cosine above the mean of all compared. `passage_lead`, `match_lead`: how many standard deviations the best candidate lies above
    the mean, by cosine and by BM25. `match`: best BM25 score per word. `agreement`: share of the first ten that both rankings have
    in common. `margin`: fused score above that of the best candidate in another document. `length`: ln(1 + words).
    Dense signs are 0 where the embedder had no say.
    """
    lexical = [hit.scores.lexical or 0.0 for hit, _ in ranked]
    dense = [hit.scores.dense or 0.0 for hit, _ in ranked]
    best = extract.best
    return {
        "words_in_sentence": best.coverage if best else 0.0,
        "words_in_passage": extract.coverage,
        "words_anywhere": extract.covered,
        "sentence_cosine": max(extract.cosines, default=0.0),
        "passage_cosine": max(dense, default=0.0),
        "sentence_lead": max(extract.cosines, default=0.0) - _mean(extract.cosines),
        "passage_lead": _lead(dense),
        "match_lead": _lead(lexical),
        "match": max(lexical, default=0.0) / max(1, asked),
        "agreement": _agreement(lexical, dense),
        "margin": _margin(ranked),
        "length": math.log1p(asked),
    }


class Confidence(Value):
    """P(the documents answer it) = σ(intercept + Σ weight · sign), clipped below a threshold to "I don't know".

    The shipped numbers were fitted on questions about encyclopaedia articles, with the article in the corpus or removed from it
    (`benchmarks/answering.py`): they are not calibrated on anybody's own documents.
    """

    intercept: float = -13.541
    weights: dict[str, float] = Field(default_factory=lambda: dict(_WEIGHTS))
    """By sign, for questions in a language that the embedder was trained for."""
    lexical_intercept: float = -13.528
    lexical_weights: dict[str, float] = Field(default_factory=lambda: dict(_LEXICAL_WEIGHTS))
    """The same for all other questions: words only."""
    threshold: float = 0.5
    """Below: abstained. Where 5 % of the questions without an answer still got one."""
    sure: float = 0.93
    """From here on: answered; in between: weak. Where 2 % did."""
    calibrated_on: str = ""
    """What these numbers were fitted on; empty: not on the documents at hand."""

    def of(self, signs: Mapping[str, float], *, dense: bool = True) -> float:
        """0…1. `dense`: whether the embedder was trained for the question's language. NaN among the signs gives 0."""
        intercept, weights = (self.intercept, self.weights) if dense else (self.lexical_intercept, self.lexical_weights)
        total = intercept + sum(weight * signs[name] for name, weight in weights.items())
        return 0.0 if math.isnan(total) else 1 / (1 + math.exp(-max(-60.0, min(60.0, total))))

    def reasons(self, signs: Mapping[str, float], *, dense: bool = True) -> tuple[str, ...]:
        """What a person should know about this figure."""
        seen = [
            f"the best sentence holds {signs['words_in_sentence']:.0%} of the question's words, weighed by rarity",
            f"the best passage holds {signs['words_in_passage']:.0%}, all passages together {signs['words_anywhere']:.0%}",
        ]
        if dense:
            seen.append(f"the best sentence has cosine {signs['sentence_cosine']:.2f} to the question")
        else:
            seen.append("the embedding model was not trained for the language of the question: only words were compared")
        seen.append(f"calibrated on {self.calibrated_on}" if self.calibrated_on else "not calibrated on your documents")
        return tuple(seen)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _lead(scores: Sequence[float]) -> float:
    mean = _mean(scores)
    spread = math.sqrt(_mean([(score - mean) ** 2 for score in scores]))
    return (max(scores) - mean) / spread if spread > 1e-9 else 0.0


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
