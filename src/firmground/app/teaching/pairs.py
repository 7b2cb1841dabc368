"""One click makes pairs of a question and the passages that its answer cites: good ones, and such as lead astray."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.reviewing.written import base_of
from firmground.app.teaching.labelled import decided, whole
from firmground.errors import InvalidInput, Refused
from firmground.lessons import Pair
from firmground.reviews import ReviewAct, ReviewItem
from firmground.serve.trace import passages_of
from firmground.types import Actor, Citation, Draft, Passage, Trace, digest


class Made(NamedTuple):
    good: int
    bad: int


def make(app: App, actor: Actor, answer: str, *, bad: Collection[int] = ()) -> Made:
    """A pair of the question and each passage that the answer cites: bad where `bad` names its citation, where every sentence that cites it
    is marked wrong, or where it was rejected for its source; good where people approved what cites it. Again, they take the place of those
    before. NotFound; InvalidInput for a citation that there is not; Refused where nothing is cited, or nobody decided about the answer."""
    need(actor, "review", "make pairs of answers")
    with app.database.transaction() as tx:
        trace = whole(tx, actor, answer)
        found = decided(tx, trace)
        if found is None and not bad:
            raise Refused(
                "nobody looked at this answer, so nothing is learnt from it", "have it reviewed, or say which source is wrong"
            )
        pairs = [*_pairs(app, actor, trace, found, frozenset(bad))]
        if not pairs:
            raise Refused("no passage of this answer is known to be right or wrong", "mark a source or a sentence as wrong first")
        for each in pairs:
            tx.save_pair(each)
    count = sum(each.good for each in pairs)
    return Made(count, len(pairs) - count)


def _pairs(
    app: App, actor: Actor, trace: Trace, found: tuple[ReviewItem, ReviewAct] | None, bad: frozenset[int]
) -> Iterator[Pair]:
    says, act = base_of(trace), found[1] if found else None
    if act and act.wrote and not act.marks:
        says = act.wrote
    known = {each.n for each in says.citations}
    if unknown := sorted(bad - known):
        have = ", ".join(map(str, sorted(known))) or "none"
        raise InvalidInput(f"the answer has no source {unknown[0]}", f"it has {have}")
    for citation in says.citations:
        good = _is_good(citation, says, act, bad)
        passage = _passage(trace, citation)
        if good is None or passage is None:
            continue
        start, end = passage.locator.start, passage.locator.end
        question = trace.asked if trace.context else trace.answer.question
        yield Pair(
            id=digest([question, passage.document, start, end])[:32],
            question=question,
            document=passage.document,
            start=start,
            end=end,
            text=passage.text,
            good=good,
            answer=trace.answer.id,
            by=actor.person,
            at=app.clock(),
        )


def _is_good(citation: Citation, says: Draft, act: ReviewAct | None, bad: frozenset[int]) -> bool | None:
    """None where nobody said anything about it."""
    if citation.n in bad:
        return False
    if act is None:
        return None
    marks = [act.marks.get(place) for place, each in enumerate(says.sentences) if citation.n in each.citations]
    if marks and all(mark == "wrong" for mark in marks):
        return False
    if act.act == "reject":
        return False if act.reason == "wrong_source" else True if "right" in marks else None
    return True


def _passage(trace: Trace, citation: Citation) -> Passage | None:
    """The passage that a citation stands in: what was cited may be a sentence of it."""
    for each in passages_of(trace):
        if each.passage == citation.passage and each.document == citation.document:
            return each
    return None
