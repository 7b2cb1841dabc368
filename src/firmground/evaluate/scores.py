"""How good an answer is, beyond right and wrong; what cannot be measured is None, never 0."""

import re
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from firmground.evaluate.verdict import evened
from firmground.types import Trace, Value

_WORD = re.compile(r"\w+")
Embed = Callable[[Sequence[str]], NDArray[np.float32]]


class AnswerScores(Value):
    token_f1: float | None = None
    """Of the words said and those of `expect.answer` (Rajpurkar and others 2016); None where nothing is said or expected."""
    similarity: float | None = None
    """Cosine of the two, by the embedder; None also where it was not trained for the language."""
    faithful: float | None = None
    """Share of the sentences a language model wrote that their passages bear out, those left out before the reader saw them included; None
    where none wrote: quotes are verbatim."""
    disclosed: int = 0
    """Documents that the answer or its evidence names and the asker may not see: any is one too many."""


def scored(trace: Trace, reference: str, embed: Embed) -> AnswerScores:
    """`reference`: what the case says a good answer is; may be empty. `disclosed` is for whoever knows who may see what."""
    said = trace.answer.text if trace.answer.status in {"answered", "weak"} else ""
    return AnswerScores(
        token_f1=token_f1(said, reference) if said and reference else None,
        similarity=_similarity(said, reference, embed) if said and reference and trace.covered else None,
        faithful=_faithful(trace),
    )


def token_f1(said: str, reference: str) -> float:
    """Harmonic mean of precision and recall over words as multisets; 0 where they share none."""
    ours, theirs = Counter(_WORD.findall(evened(said))), Counter(_WORD.findall(evened(reference)))
    shared = sum((ours & theirs).values())
    return 2 * shared / (ours.total() + theirs.total()) if shared else 0.0


def named_documents(trace: Trace) -> frozenset[str]:
    """Ids of all documents that an answer cites, shows as closest, or rests on."""
    answer = trace.answer
    cited = {citation.document for citation in answer.citations}
    return frozenset(cited | {each.document for each in (*answer.closest, *trace.evidence)})


def _similarity(said: str, reference: str, embed: Embed) -> float:
    first, second = embed([evened(said), evened(reference)])
    return float(first @ second)


def _faithful(trace: Trace) -> float | None:
    """The last attempt that wrote anything tells how many sentences it wrote, and which of them were lost."""
    for step in reversed(trace.steps):
        claims, lost = step.detail.get("claims"), step.detail.get("lost")
        if step.name == "model" and isinstance(claims, int) and claims and isinstance(lost, list):
            return 1 - len(lost) / claims
    return None
