"""What a correction may cite besides what the draft cites: passages that were found for the question, and any other that both whoever asked
and whoever corrects may see."""

from collections.abc import Mapping, Sequence

from firmground.app.app import App
from firmground.app.asking.search import corpus
from firmground.app.launching.releases import LIVE, named
from firmground.app.redaction import masking
from firmground.app.redaction.answers import passages_as_read, values_of
from firmground.app.reviewing.seeing import reviewer_now, scopes_of, to_review
from firmground.errors import InvalidInput, Refused
from firmground.ports import Transaction
from firmground.retrieve.evidence import Candidate, Stretch, passages
from firmground.serve.search import search
from firmground.serve.trace import passages_of
from firmground.types import Actor, Draft, Hit, Passage, Scores, Trace, Value, Within

MOST_FOUND, MOST_NAMED = 5, 50
_UNSCORED = Scores(lexical=None, dense=None)


class Numbered(Value):
    """A passage, and the number by which a correction cites it."""

    n: int
    passage: Passage


def besides(trace: Trace, base: Draft) -> tuple[Numbered, ...]:
    """Passages of the answer that the draft does not cite, numbered on from those that it cites."""
    cited = {each.passage for each in base.citations}
    others = {each.passage: each for each in passages_of(trace) if each.passage not in cited}
    return tuple(Numbered(n=n, passage=each) for n, each in enumerate(others.values(), 1 + _last(base)))


def find(app: App, actor: Actor, item: str, words: str) -> list[Passage]:
    """At most `MOST_FOUND` passages that speak to these words, best first, as this reviewer may read them. NotFound where the item is not
    theirs to see; InvalidInput for no words, or too many."""
    said = masking.question(app, actor, words)
    with app.database.reading() as tx:
        recipe, within = named(app, tx, LIVE), _seen_by_both(tx, actor, item)
    found = search(corpus(app, recipe), recipe.retrieval, said.text, within, limit=MOST_FOUND, hidden=values_of(said.values))
    return shown(app, actor, item, [each.passage for each in found.passages])


def shown(app: App, actor: Actor, item: str, ids: Sequence[str]) -> list[Passage]:
    """These passages (ids), in their order, as this reviewer may read them; what is gone is left out."""
    with app.database.reading() as tx:
        known = _passages(app, tx, actor, item, ids)
        return passages_as_read(app, tx, actor, [known[id] for id in dict.fromkeys(ids) if id in known])


def cited_besides(app: App, actor: Actor, item: str, ids: Mapping[int, str]) -> dict[int, Passage]:
    """The passages of these numbers, as they are kept. InvalidInput for one that there is not, or that not both may see."""
    if len(ids) > MOST_NAMED:
        raise InvalidInput(f"{len(ids)} sources are too many at once", f"name at most {MOST_NAMED}")
    if not ids:
        return {}
    with app.database.reading() as tx:
        known = _passages(app, tx, actor, item, [*ids.values()])
    for n, id in ids.items():
        if n < 1 or id not in known:
            raise InvalidInput(f"source {n} is no passage that both you and whoever asked may see", "find it by its words again")
    return {n: known[id] for n, id in ids.items()}


def all_of(trace: Trace, base: Draft, more: Mapping[int, Passage]) -> dict[int, Passage]:
    """What may be cited besides the draft's own sources, by number. InvalidInput where a number of `more` means another one already."""
    known = {each.n: each.passage for each in besides(trace, base)}
    taken = {each.n: each.passage for each in base.citations} | {n: each.passage for n, each in known.items()}
    for n, each in more.items():
        if taken.get(n, each.passage) != each.passage:
            raise InvalidInput(f"[{n}] refers to another source already", f"use a number above {max(taken)}")
    return {**more, **known}


def added(tx: Transaction, trace: Trace, wrote: Draft, more: Mapping[int, Passage]) -> Trace:
    """The trace with the passages that a correction cites and it had not: they are erased, and seen by others, as the rest of it. Refused
    where one says something else by now."""
    had = {each.passage for each in passages_of(trace)}
    cited = {each.passage for each in wrote.citations} - had
    new = {each.passage: each for each in more.values() if each.passage in cited}
    if not new:
        return trace
    documents = tx.documents_named([each.document for each in new.values()])
    for each in new.values():
        document = documents.get(each.document)
        spans = [(document.number, each.locator.start, each.locator.end)] if document and document.state == "indexed" else []
        if tx.slices(spans) != [each.text]:
            raise Refused(f"{each.uri} changed meanwhile", "find the passage again")
    return trace.model_copy(update={"added": (*trace.added, *new.values())})


def _passages(app: App, tx: Transaction, actor: Actor, item: str, ids: Sequence[str]) -> dict[str, Passage]:
    """Those among them that both may see, by id: a chunk each."""
    within, build = _seen_by_both(tx, actor, item), named(app, tx, LIVE).build
    chunks = tx.chunks(build, [*dict.fromkeys(ids)][:MOST_NAMED])
    documents = tx.documents_numbered({each.document for each in chunks.values()})
    found: dict[str, Passage] = {}
    for id, chunk in chunks.items():
        document = documents.get(chunk.document)
        if document is None or document.state != "indexed" or (within.scopes is not None and document.scope not in within.scopes):
            continue
        [text] = tx.slices([(chunk.document, chunk.start, chunk.end)])
        best = Candidate(Hit(id=id, document=chunk.document, scores=_UNSCORED), 0.0, chunk, document, text)
        [found[id]] = passages([Stretch(best, chunk, chunk)], [text])
    return found


def _seen_by_both(tx: Transaction, actor: Actor, item: str) -> Within:
    """What whoever reviews this item and whoever asked may see, at this moment; who is known no more, what they might when they asked."""
    reviewer = reviewer_now(tx, actor)
    trace = tx.trace(to_review(tx, reviewer, item).answer)
    if trace is None:
        raise InvalidInput("the answer of this item is gone", "take the next one")
    if tx.has_person(trace.person):
        theirs = scopes_of(tx, tx.actor(trace.person, via="http"))
    else:
        theirs = None if trace.admin else tx.visible_scopes(trace.groups)
    ours = scopes_of(tx, reviewer)
    if ours is None or theirs is None:
        return Within(scopes=None if ours is theirs else frozenset(theirs or ours or ()))
    return Within(scopes=frozenset(ours) & frozenset(theirs))


def _last(base: Draft) -> int:
    return max((each.n for each in base.citations), default=0)
