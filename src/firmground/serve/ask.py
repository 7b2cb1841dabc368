"""The one answer path: question → evidence → answer, with every step timed and named."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import combinations
from random import Random
from uuid import UUID

from firmground.answer.confidence import SHIPPED, Confidence, only_words, signs
from firmground.answer.extract import Extract, Extractive, Quote
from firmground.language.terms import terms
from firmground.ports import Clock
from firmground.retrieve.evidence import page_at
from firmground.serve.search import Corpus, Found, Retrieval, Watch, search
from firmground.types import Answer, AnswerStatus, Citation, Locator, Notice, Passage, Sentence, Value, Within

_CLOSEST = 3
_MUCH_THE_SAME = 0.4
"""Share of the words of the shorter passage."""


class Answering(Value):
    """What makes an answer of evidence, frozen into releases."""

    extractive: Extractive = Extractive()
    confidence: Confidence = SHIPPED
    refusal: str = "I don't know. Your documents do not seem to answer this question."


def answer(
    corpus: Corpus,
    retrieval: Retrieval,
    answering: Answering,
    question: str,
    within: Within | None = None,
    *,
    release: str,
    clock: Clock,
    random: Random,
    conversation: str = "",
) -> Answer:
    """Answer from what the asker may see (`within`), or say that the documents do not answer it.

    `release` is the digest of the recipe that answers; `random` makes the ids. InvalidInput for an empty or overlong question.
    """
    watch = Watch()
    created = clock()
    found = search(corpus, retrieval, question, within)
    watch.lap("retrieve")
    passages, replaced = _without_superseded(found.passages, corpus.superseded)
    vector = found.vector if found.covered else None
    extract = answering.extractive.read(found.question, vector, passages, corpus.embedder.embed)
    watch.lap("generate")
    seen = signs(found.ranked, extract)
    rule = answering.confidence
    confidence = rule.of(seen, dense=found.covered) if extract.quotes else 0.0
    status = _status(rule, confidence, found.covered) if extract.quotes else "abstained"
    watch.lap("check")
    id = time_ordered(created, random)
    sentences, citations, text = _cited(found, passages, extract) if status != "abstained" else ((), (), answering.refusal)
    return Answer(
        id=id,
        question=found.question,
        conversation=conversation or id,
        created_at=created,
        release=release,
        corpus=str(found.corpus),
        model="extractive",
        status=status,
        text=text,
        sentences=sentences,
        citations=citations,
        closest=found.passages[:_CLOSEST] if status == "abstained" else (),
        notices=_notices(found, citations, replaced) if status != "abstained" else (),
        confidence=round(confidence if found.covered else min(confidence, rule.most_of_words), 4),
        reasons=rule.reasons(seen, dense=found.covered, language=found.language) if found.passages else ("nothing was found",),
        timings_ms={"guard": 0.0, **watch.laps, "first_sentence": watch.total(), "total": watch.total()},
    )


def _status(rule: Confidence, confidence: float, covered: bool) -> AnswerStatus:
    """Where only words were compared, because the embedder does not know the language, an answer is never more than weak."""
    if confidence < rule.threshold:
        return "abstained"
    return "answered" if covered and confidence >= rule.sure else "weak"


def _notices(found: Found, citations: Sequence[Citation], replaced: Mapping[str, Notice]) -> tuple[Notice, ...]:
    """That only words were compared, and which older versions of the documents cited were left out."""
    why = only_words(found.language)
    words_only = () if found.covered else (Notice(code="words_only", text=f"{why[0].upper()}{why[1:]}."),)
    cited = {citation.document for citation in citations}
    return (*words_only, *(notice for newer, notice in replaced.items() if newer in cited))


def _cited(found: Found, passages: Sequence[Passage], extract: Extract) -> tuple[tuple[Sentence, ...], tuple[Citation, ...], str]:
    """The quotes as sentences, each with a citation of exactly its span; the text that the reader sees."""
    sentences: list[Sentence] = []
    citations: list[Citation] = []
    text = ""
    before: Quote | None = None
    for n, quote in enumerate(extract.quotes, 1):
        sentences.append(Sentence(text=quote.shown, citations=(n,)))
        citations.append(_citation(n, quote, found, passages[quote.unit.passage]))
        mark = f"\n[{n}]" if quote.unit.header else f" [{n}]"
        text += _between(before, quote) + quote.shown + mark
        before = quote
    return tuple(sentences), tuple(citations), text


def _between(before: Quote | None, quote: Quote) -> str:
    if before is None:
        return ""
    if before.unit.item or quote.unit.item or before.unit.passage != quote.unit.passage:
        return "\n\n"
    return " "


def _citation(n: int, quote: Quote, found: Found, passage: Passage) -> Citation:
    start, end = passage.locator.start + quote.unit.start, passage.locator.start + quote.unit.end
    page = page_at(found.documents[passage.document], start)
    heading = quote.unit.heading or passage.locator.heading
    return Citation(
        n=n,
        passage=passage.passage,
        document=passage.document,
        title=passage.title,
        uri=passage.uri,
        locator=Locator(page=passage.locator.page if page is None else page, heading=heading, start=start, end=end),
        snippet=quote.unit.text,
    )


def _without_superseded(
    passages: tuple[Passage, ...], superseded: Mapping[str, str]
) -> tuple[tuple[Passage, ...], dict[str, Notice]]:
    """Where the passages come from two versions of a document, only the newer speaks, with the score of the best; a notice, by the
    id of the newer document, tells.

    Versions are what the last sync found to be so, and dated documents of one title that say much the same. Titles alone do not
    decide: minutes of two meetings share one, but not their words."""
    older: dict[str, Passage] = {}
    newer: dict[str, Passage] = {}
    best: dict[str, float] = {}
    for one, two in combinations(passages, 2):
        old, new = sorted((one, two), key=lambda passage: str(passage.metadata.get("dated", "")))
        if superseded.get(new.uri) == old.uri:
            old, new = new, old
        elif superseded.get(old.uri) != new.uri and not _supersedes(new, old):
            continue
        older[old.document], newer[old.document] = old, new
        best[new.document] = max(best.get(new.document, new.score), old.score)
    kept = [passage for passage in passages if passage.document not in older]
    raised = [each.model_copy(update={"score": best.pop(each.document, each.score)}) for each in kept]
    notices = {
        newer[document].document: Notice(
            code="superseded",
            text=f"{_dated(old)} is left out: {_dated(newer[document])} has the same title and is newer.",
        )
        for document, old in older.items()
    }
    return tuple(sorted(raised, key=lambda passage: -passage.score)), notices


def _dated(passage: Passage) -> str:
    said = passage.metadata.get("dated")
    return f"{passage.uri} ({said})" if said else passage.uri


def _supersedes(new: Passage, old: Passage) -> bool:
    dates = old.metadata.get("dated", ""), new.metadata.get("dated", "")
    if new.title.casefold() != old.title.casefold() or not new.title or not all(dates) or dates[0] == dates[1]:
        return False
    said, again = (frozenset(terms(passage.text, passage.language)) for passage in (old, new))
    return len(said & again) >= _MUCH_THE_SAME * min(len(said), len(again))


def time_ordered(moment: datetime, random: Random) -> str:
    """A UUID version 7 (RFC 9562, section 5.7): later moments sort later, to the millisecond."""
    milliseconds = int(moment.timestamp() * 1000) & (2**48 - 1)
    bits = milliseconds << 80 | 0x7 << 76 | random.getrandbits(12) << 64 | 0b10 << 62 | random.getrandbits(62)
    return str(UUID(int=bits))
