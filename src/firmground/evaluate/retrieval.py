"""How well the documents were found that a case names: on documents, in the order of their best passages."""

from collections.abc import Sequence
from math import log2

from firmground.evaluate.cases import Case
from firmground.evaluate.verdict import is_source
from firmground.types import Value


class Retrieval(Value):
    """Metrics of one case. Each entry of `expect.sources` counts as one document wanted, found at the place of the first alternative."""

    hit_at_1: float
    hit_at_3: float
    recall: float
    """Share of the documents wanted that are among all those found."""
    reciprocal_rank: float
    """1 / place of the first; 0 where none is found."""
    ndcg: float
    """Normalised discounted cumulative gain over all places, gain 1 for each (Järvelin and Kekäläinen 2002)."""


METRICS = tuple(Retrieval.model_fields)


def retrieved(case: Case, uris: Sequence[str]) -> Retrieval | None:
    """`uris`: of the passages that were found, best first. None where the case names no source."""
    wanted = case.expect.sources
    if not wanted:
        return None
    documents = list(dict.fromkeys(uris))
    places = [place for alternatives in wanted if (place := _first(documents, alternatives)) is not None]
    first = min(places, default=None)
    gain = sum(1 / log2(place + 2) for place in places)
    best = sum(1 / log2(place + 2) for place in range(len(wanted)))
    return Retrieval(
        hit_at_1=float(first == 0),
        hit_at_3=float(first is not None and first < 3),
        recall=len(places) / len(wanted),
        reciprocal_rank=0.0 if first is None else 1 / (first + 1),
        ndcg=min(gain / best, 1.0),
    )


def _first(documents: Sequence[str], alternatives: Sequence[str]) -> int | None:
    return next((place for place, uri in enumerate(documents) if any(is_source(uri, wanted) for wanted in alternatives)), None)
