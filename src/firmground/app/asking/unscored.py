"""Answers without the scores of their passages, for who does not see everything.

A raw score rests on how often a word stands in all documents: it would tell apart a word that only hidden documents hold from one that none
does. What is left tells how near a passage is, as a search does.
"""

from firmground.app.asking.search import Band, band
from firmground.types import Actor, Answer, Passage, Scores, Trace

_NEAR: dict[Band, float] = {"high": 1.0, "middle": 0.5, "low": 0.0}


def unscored(answer: Answer, actor: Actor) -> Answer:
    """The same for who sees everything."""
    if actor.may("see_all") or not answer.closest:
        return answer
    return answer.model_copy(update={"closest": tuple(map(_without, answer.closest))})


def unscored_trace(trace: Trace, actor: Actor) -> Trace:
    """The same for an answer with its evidence."""
    if actor.may("see_all"):
        return trace
    evidence = tuple(_without(each) if isinstance(each, Passage) else each for each in trace.evidence)
    return trace.model_copy(update={"answer": unscored(trace.answer, actor), "evidence": evidence})


def _without(passage: Passage) -> Passage:
    return passage.model_copy(update={"score": _NEAR[band(passage)], "scores": Scores()})
