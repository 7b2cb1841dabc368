"""From a question to passages: the one place where the order of the steps is written."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from firmground.errors import InvalidInput
from firmground.guard.redaction import PLACEHOLDER, restored
from firmground.language.identify import identify
from firmground.language.terms import query_terms
from firmground.ports import Embedder, SearchIndex, Transaction
from firmground.retrieve.evidence import Candidate, Evidence, passages
from firmground.retrieve.fuse import Fusion
from firmground.types import Document, Hit, Passage, Value, Within

LONGEST_QUESTION = 4000
"""Characters. Beyond it, somebody pasted a document."""


class Retrieval(Value):
    """What a search does, frozen into releases."""

    candidates: int = 100
    """Chunks taken from each retriever."""
    passages: int = 8
    """Passages that an answer may rest on."""
    other_language: float = 0.8
    """What the score of a chunk counts for when its document is in another language than the question."""
    fusion: Fusion = Fusion()
    evidence: Evidence = Evidence()


@dataclass(frozen=True)
class Corpus:
    """What is searched: live parts, opened by the caller."""

    reading: Callable[[], AbstractContextManager[Transaction]]
    """A short consistent view of the database (`Database.reading`)."""
    index: SearchIndex
    embedder: Embedder
    build: str
    """The build of the index, whose chunks the database knows."""
    languages: tuple[str, ...] = ("en",)
    """ISO 639-1 codes of the documents, most frequent first; "" stands for those whose language is not known."""
    superseded: Mapping[str, str] = field(default_factory=dict[str, str])
    """`source/path` of documents of which the corpus holds a newer version → that of the newer one."""


@dataclass(frozen=True)
class Found:
    """What a search came to, and what it knew on the way."""

    question: str
    language: str
    """Of the question; empty when unsure."""
    covered: bool
    """Whether the embedder was trained for that language; unsure counts as covered."""
    terms: tuple[str, ...]
    vector: NDArray[np.float32] | None
    """Of the question; None where the dense retriever has no say in its language."""
    ranked: tuple[tuple[Hit, float], ...]
    """Every candidate with its fused score, best first, whether or not it became evidence."""
    passages: tuple[Passage, ...]
    documents: Mapping[str, Document]
    """Those of the passages, by id."""
    corpus: int
    """Version of the corpus that the passages were read from."""
    timings_ms: Mapping[str, float]


def search(
    corpus: Corpus,
    recipe: Retrieval,
    question: str,
    within: Within | None = None,
    *,
    limit: int | None = None,
    hidden: Mapping[str, str] | None = None,
) -> Found:
    """The passages that speak to the question, best first, at most `limit` (default: `recipe.passages`).

    `hidden` is what placeholders in the question stand for: words are compared with both, meaning with the placeholders alone.

    `within` carries the asker's permissions and filters; what the database says now decides over what the index proposes.
    InvalidInput for an empty or overlong question or a limit below 1.
    """
    question, limit = checked(question), recipe.passages if limit is None else limit
    if limit < 1:
        raise InvalidInput(f"a limit of {limit} leaves nothing to find", "use 1 or more")
    within = within or Within()
    watch = Watch()
    language = identify(question, frozenset(filter(None, corpus.languages))) or identify(question)
    terms = query_terms(question, corpus.languages)
    meant = query_terms(restored(question, hidden), corpus.languages) if hidden else []
    watch.lap("analyse")
    share = recipe.fusion.weight(language, corpus.embedder.languages)
    vector = corpus.embedder.embed([question])[0] if share > 0 else None
    watch.lap("embed")
    hits = corpus.index.search(list(dict.fromkeys([*terms, *meant])), vector, limit=max(recipe.candidates, limit), within=within)
    watch.lap("index")
    ranked = recipe.fusion.rank(hits, question_language=language, covered=corpus.embedder.languages)
    with corpus.reading() as database:
        candidates = _candidates(database, corpus.build, ranked, within, enough=4 * limit)
        candidates = [_weighed(candidate, language, recipe.other_language) for candidate in candidates]
        found = _read(database, corpus.build, recipe.evidence, candidates, limit)
        version = database.corpus_version()
    watch.lap("read")
    documents = {candidate.document.id: candidate.document for candidate in candidates}
    return Found(
        question=question,
        language=language,
        covered=not language or corpus.embedder.languages is None or language in corpus.embedder.languages,
        terms=tuple(terms),
        vector=vector,
        ranked=tuple(ranked),
        passages=tuple(found),
        documents={passage.document: documents[passage.document] for passage in found},
        corpus=version,
        timings_ms=watch.laps,
    )


def checked(question: str) -> str:
    """Without white space around it, and with a sign in the place of what is no Unicode. InvalidInput where it is empty or too long; a
    placeholder counts as one sign, since somebody wrote less."""
    question = question.replace("\0", " ").encode("utf-16", "surrogatepass").decode("utf-16", "replace").strip()
    if not question:
        raise InvalidInput("the question is empty", "write what you want to know")
    if len(question) > LONGEST_QUESTION and (written := len(PLACEHOLDER.sub("x", question))) > LONGEST_QUESTION:
        raise InvalidInput(f"the question has {written} characters", f"use at most {LONGEST_QUESTION}")
    return question


def _candidates(
    database: Transaction, build: str, ranked: Sequence[tuple[Hit, float]], within: Within, *, enough: int
) -> list[Candidate]:
    """The best `enough` hits that the database confirms, with their texts."""
    confirmed: list[tuple[Hit, float, Document]] = []
    for batch in _batches(ranked, 2 * enough):
        documents = database.documents_numbered({hit.document for hit, _ in batch})
        visible = {number: document for number, document in documents.items() if _may_show(document, within)}
        confirmed += [(hit, score, visible[hit.document]) for hit, score in batch if hit.document in visible]
        if len(confirmed) >= enough:
            break
    chunks = database.chunks(build, [hit.id for hit, _, _ in confirmed])
    known = [(hit, score, document, chunks[hit.id]) for hit, score, document in confirmed if hit.id in chunks][:enough]
    texts = database.slices([(chunk.document, chunk.start, chunk.end) for _, _, _, chunk in known])
    return [
        Candidate(hit, score, chunk, document, text) for (hit, score, document, chunk), text in zip(known, texts, strict=True)
    ]


def _weighed(candidate: Candidate, language: str, share: float) -> Candidate:
    """People want to read their own language where the documents say it there too."""
    spoken = candidate.document.language
    return candidate if not language or spoken in {"", language} else replace(candidate, score=candidate.score * share)


def _read(database: Transaction, build: str, evidence: Evidence, candidates: Iterable[Candidate], limit: int) -> list[Passage]:
    stretches = evidence.choose(candidates, limit=limit)
    wanted = evidence.neighbours(stretches)
    if wanted:
        stretches = evidence.widen(stretches, database.chunks_around(build, wanted))
    return passages(stretches, database.slices([stretch.span for stretch in stretches]))


def _may_show(document: Document, within: Within) -> bool:
    """The index may lag behind the database, which knows what was removed, held back or hidden since."""
    return (
        document.state == "indexed"
        and (within.scopes is None or document.scope in within.scopes)
        and (within.documents is None or document.number in within.documents)
        and document.number not in within.excluded
    )


def _batches(items: Sequence[tuple[Hit, float]], size: int) -> Iterable[Sequence[tuple[Hit, float]]]:
    return (items[at : at + size] for at in range(0, len(items), size))


class Watch:
    """Milliseconds of each stage, in order."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._start = self._last = perf_counter()

    def lap(self, name: str) -> None:
        now = perf_counter()
        self.laps[name] = self.laps.get(name, 0.0) + (now - self._last) * 1000
        self._last = now

    def total(self) -> float:
        return (perf_counter() - self._start) * 1000
