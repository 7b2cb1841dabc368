"""Two rankings become one: BM25 and cosine are put on a common scale and added."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from firmground.types import Hit, Value

Floats = NDArray[np.float64]


class Fusion(Value):
    """A convex combination of the two scores, each normalised over the candidates of one question.

    `min-max` divides by the best candidate, with the least possible score as zero (0 for BM25, −1 for cosine): Bruch, Gai and
    Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval" (2023), section 4. Scores lie in 0…1.
    `z-score` subtracts the mean and divides by the standard deviation of the candidates. Scores are around 0.
    """

    kind: Literal["z-score", "min-max"] = "min-max"
    dense_weight: float = 0.75
    """Share of the dense retriever, 0…1, for languages its embedder was trained for."""
    unknown_dense_weight: float = 0.0
    """The same for questions in a language that the embedder was not trained for."""
    dense_weights: dict[str, float] = Field(default_factory=dict[str, float])
    """ISO 639-1 code → share, where a language needs its own."""

    def weight(self, language: str, covered: frozenset[str] | None) -> float:
        """Share of the dense retriever for a question in `language` (empty: unknown, treated as covered).

        `covered` are the languages of the embedder; None means many.
        """
        if language in self.dense_weights:
            return self.dense_weights[language]
        known = not language or covered is None or language in covered
        return self.dense_weight if known else self.unknown_dense_weight

    def rank(
        self, hits: Sequence[Hit], *, question_language: str = "", covered: frozenset[str] | None = None
    ) -> list[tuple[Hit, float]]:
        """The hits with their fused scores, best first; ties by id. A side that scored no hit at all leaves the order to the other;
        a hit that one side did not score counts there as its worst."""
        if not hits:
            return []
        lexical, dense = _column([hit.scores.lexical for hit in hits]), _column([hit.scores.dense for hit in hits])
        share = self.weight(question_language, covered)
        if lexical is None or dense is None:
            share = 0.0 if dense is None else 1.0
        fused = np.zeros(len(hits))
        if dense is not None:
            fused += share * self._scale(dense, least=-1.0)
        if lexical is not None:
            fused += (1.0 - share) * self._scale(lexical, least=0.0)
        scored = zip(hits, fused.tolist(), strict=True)
        return sorted(scored, key=lambda pair: (-pair[1], pair[0].id))

    def _scale(self, scores: Floats, *, least: float) -> Floats:
        if self.kind == "min-max":
            span = float(scores.max()) - least
            return (scores - least) / span if span > 0 else np.zeros_like(scores)
        spread = float(scores.std())
        return (scores - scores.mean()) / spread if spread > 1e-9 else np.zeros_like(scores)


def _column(scores: Sequence[float | None]) -> Floats | None:
    """Missing scores become the least one present; None where there is none at all."""
    present = [score for score in scores if score is not None]
    if not present:
        return None
    least = min(present)
    return np.array([least if score is None else score for score in scores], dtype=np.float64)
