"""Ranked chunks become passages: duplicates collapsed, neighbours merged, no document crowding out the others."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from firmground.types import Chunk, Document, Hit, Locator, Passage, Value

Span = tuple[int, int, int]
"""Document number, start, end."""


@dataclass(frozen=True)
class Candidate:
    """A chunk that was found, with its document and its own text."""

    hit: Hit
    score: float
    chunk: Chunk
    document: Document
    text: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stretch:
    """A run of consecutive chunks of one document, around the best one."""

    best: Candidate
    first: Chunk
    last: Chunk

    @property
    def span(self) -> Span:
        return self.best.chunk.document, self.first.start, max(self.first.end, self.last.end)

    @property
    def places(self) -> set[tuple[int, int]]:
        """(document number, ordinal) of its chunks."""
        return {(self.best.chunk.document, ordinal) for ordinal in range(self.first.ordinal, self.last.ordinal + 1)}

    def length_with(self, first: Chunk, last: Chunk) -> int:
        """In characters, were it to reach from `first` to `last` as well."""
        return max(self.last.end, last.end) - min(self.first.start, first.start)

    def touches(self, first: Chunk, last: Chunk) -> bool:
        same = self.best.chunk.document == first.document
        return same and first.ordinal <= self.last.ordinal + 1 and last.ordinal >= self.first.ordinal - 1

    def reaching(self, first: Chunk, last: Chunk) -> "Stretch":
        return replace(
            self,
            first=min(self.first, first, key=lambda chunk: chunk.ordinal),
            last=max(self.last, last, key=lambda chunk: chunk.ordinal),
        )

    def joined(self, other: "Stretch") -> "Stretch":
        """Both in one, around the better of their best chunks."""
        better = min(self, other, key=lambda stretch: (-stretch.best.score, stretch.span))
        return better.reaching(self.first, self.last).reaching(other.first, other.last)


class Evidence(Value):
    """How passages are made of chunks. Lengths are characters."""

    longest: int = 1800
    """Neighbours are merged up to this length."""
    shortest: int = 320
    """A passage below this takes in neighbours under the same headings, whether found or not."""
    per_document: int = 3
    """Passages of one document, unless there is nothing else."""

    def choose(self, candidates: Iterable[Candidate], *, limit: int) -> list[Stretch]:
        """At most `limit` stretches, best first. Found chunks that follow each other in a document become one stretch."""
        stretches: list[Stretch] = []
        for candidate in distinct(candidates):
            self._join(stretches, Stretch(candidate, candidate.chunk, candidate.chunk))
        return self._spread(stretches, limit)

    def neighbours(self, stretches: Iterable[Stretch]) -> set[tuple[int, int]]:
        """(document number, ordinal) of the chunks that `widen` would like to see."""
        wanted: set[tuple[int, int]] = set()
        for stretch in stretches:
            number, start, end = stretch.span
            if end - start < self.shortest:
                wanted |= {(number, stretch.first.ordinal - 1), (number, stretch.last.ordinal + 1)}
        return wanted

    def widen(self, stretches: Iterable[Stretch], around: Iterable[Chunk]) -> list[Stretch]:
        """Short stretches take in the chunk after them, else the one before, under the same headings; never one another's chunks."""
        stretches = list(stretches)
        known = {(chunk.document, chunk.ordinal): chunk for chunk in around}
        taken = {place for stretch in stretches for place in stretch.places}
        widened: list[Stretch] = []
        for stretch in stretches:
            grown = self._grown(stretch, known, taken)
            taken |= grown.places
            widened.append(grown)
        return widened

    def _grown(self, stretch: Stretch, known: Mapping[tuple[int, int], Chunk], taken: set[tuple[int, int]]) -> Stretch:
        number, start, end = stretch.span
        if end - start >= self.shortest:
            return stretch
        for ordinal in (stretch.last.ordinal + 1, stretch.first.ordinal - 1):
            chunk = known.get((number, ordinal))
            if chunk is None or (number, ordinal) in taken or chunk.headings != stretch.best.chunk.headings:
                continue
            if stretch.length_with(chunk, chunk) <= self.longest:
                return stretch.reaching(chunk, chunk)
        return stretch

    def _join(self, stretches: list[Stretch], new: Stretch) -> None:
        """Add `new`, or let it grow a stretch it touches, which may close the gap to another one."""
        for at, held in enumerate(stretches):
            if held.touches(new.first, new.last) and held.length_with(new.first, new.last) <= self.longest:
                del stretches[at]
                self._join(stretches, held.joined(new))
                return
        stretches.append(new)

    def _spread(self, stretches: Iterable[Stretch], limit: int) -> list[Stretch]:
        ordered = sorted(stretches, key=lambda stretch: (-stretch.best.score, stretch.span))
        counts: dict[int, int] = {}
        kept: list[Stretch] = []
        crowded: list[Stretch] = []
        for stretch in ordered:
            number = stretch.best.chunk.document
            counts[number] = counts.get(number, 0) + 1
            (kept if counts[number] <= self.per_document else crowded).append(stretch)
        chosen = (kept + crowded)[:limit]
        return sorted(chosen, key=lambda stretch: (-stretch.best.score, stretch.span))


def distinct(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Best first, each text once: equal texts (case and white space aside) leave the better ranked, else the newest, which names
    the other documents."""
    ordered = sorted(
        candidates,
        key=lambda found: (-round(found.score, 6), -found.document.modified_ns, found.chunk.document, found.chunk.ordinal),
    )
    kept: dict[str, Candidate] = {}
    for candidate in ordered:
        key = " ".join(candidate.text.casefold().split())
        held = kept.setdefault(key, candidate)
        uri = uri_of(candidate.document)
        if held.document.number != candidate.document.number and uri not in held.also:
            kept[key] = replace(held, also=(*held.also, uri))
    return list(kept.values())


def passages(stretches: Sequence[Stretch], texts: Sequence[str]) -> list[Passage]:
    """The passages of these stretches; `texts` are the slices of their documents at their spans, in the same order."""
    return [_passage(stretch, text) for stretch, text in zip(stretches, texts, strict=True)]


def _passage(stretch: Stretch, text: str) -> Passage:
    best, document = stretch.best, stretch.best.document
    _, start, end = stretch.span
    page = page_at(document, start)
    return Passage(
        passage=best.chunk.id,
        document=document.id,
        title=document.title,
        uri=uri_of(document),
        language=document.language,
        locator=Locator(
            page=best.chunk.page if page is None else page, heading=" > ".join(best.chunk.headings), start=start, end=end
        ),
        text=text,
        table_header="" if stretch.first.table_header in text else stretch.first.table_header,
        metadata=document.metadata,
        modified_ns=document.modified_ns,
        score=best.score,
        scores=best.hit.scores,
        also=best.also,
    )


def page_at(document: Document, offset: int) -> int | None:
    """The page that holds the character at `offset`, if the document has pages."""
    return next((page.number for page in document.pages if page.start <= offset < page.end), None)


def uri_of(document: Document) -> str:
    return f"{document.source}/{document.uri}"
