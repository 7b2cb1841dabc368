"""Where the quotes of an answer stand in their documents, as these are now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from firmground.app.app import App
from firmground.app.redaction.masked import Hides, may_have_file, words_hidden
from firmground.guard.redaction import PLACEHOLDER
from firmground.ports import Transaction
from firmground.serve.trace import passages_of
from firmground.types import Actor, Citation, Document, Passage, Trace

_AROUND = 600
"""Characters before and after a quote: some sentences, so that nobody has to open the document to understand it."""


@dataclass(frozen=True)
class Quote:
    """One citation with what stands around it: `text` is the document's from offset `start`, whole lines or words.

    Where the document does not say it there any more, or is gone, `text` is the quote itself and `unchanged` is False.
    """

    citation: Citation
    text: str
    start: int
    unchanged: bool = True
    cut_before: bool = False
    cut_after: bool = False
    table_header: str = ""
    """The row that names the columns of the table that `text` begins within; empty where it begins elsewhere, or with that row."""
    paged: bool = False
    """Whether the document can be shown as pictures of its pages, to this reader."""
    hides: Mapping[str, Hides] = field(default_factory=dict[str, Hides])
    """What placeholders in `text` stand for."""


def quotes(app: App, actor: Actor, trace: Trace) -> list[Quote]:
    """Every citation of an answer, in its order. `trace` is what this person may see of it now."""
    with app.database.reading() as tx:
        scopes = None if actor.may("see_all") else tx.visible_scopes(actor.groups)
        known = {each.document: tx.document(each.document) for each in trace.answer.citations}
        seen = {id: document for id, document in known.items() if document and (scopes is None or document.scope in scopes)}
        found = [_quote(tx, each, seen.get(each.document), _passage(trace, each)) for each in trace.answer.citations]
        return _as_read(app, tx, actor, found, seen)


def _as_read(app: App, tx: Transaction, actor: Actor, found: Sequence[Quote], seen: Mapping[str, Document]) -> list[Quote]:
    """With what this reader may know of what their texts hide. The citation may have been told as it is read already."""
    hidden = words_hidden(app, tx, actor, seen.values(), (f"{each.text}\n{each.table_header}" for each in found))
    numbers = {id: document.number for id, document in seen.items()}
    as_filed = {id for id, document in seen.items() if document.pages and may_have_file(app, tx, actor, document)}
    return [
        replace(
            each,
            hides=hidden.get(numbers.get(each.citation.document, 0), {}),
            paged=each.paged and each.citation.document in as_filed,
        )
        for each in found
    ]


def _quote(tx: Transaction, citation: Citation, document: Document | None, passage: Passage | None) -> Quote:
    start, end = citation.locator.start, citation.locator.end
    if document is None or document.state in {"removed", "excluded"}:
        return Quote(citation, citation.snippet, start, unchanged=False)
    first = max(0, start - _AROUND)
    [text] = tx.slices([(document.number, first, min(end + _AROUND, document.characters))])
    said = text[start - first : end - first]
    if said != citation.snippet and not _reads(said, citation.snippet):
        return Quote(citation, citation.snippet, start, unchanged=False)
    before, after = text[: start - first], text[end - first :]
    kept_before = before if not first else _from_a_line(before)
    kept_after = after if end + _AROUND >= document.characters else _to_a_line(after)
    text = f"{kept_before}{said}{kept_after}"
    at = start - len(kept_before)
    return Quote(
        citation,
        text,
        at,
        cut_before=at > 0,
        cut_after=len(kept_after) < len(after) or end + _AROUND < document.characters,
        table_header=_header(text, at, passage),
        paged=document.media_type == "application/pdf" and bool(document.pages),
    )


def _reads(said: str, snippet: str) -> bool:
    """Whether the snippet is what is said, with values in the place of placeholders."""
    at = 0
    for part in PLACEHOLDER.split(said):
        at = snippet.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return PLACEHOLDER.search(said) is not None


def _from_a_line(text: str) -> str:
    """Without the line, or else the word, that is cut at its beginning."""
    for sign in "\n ":
        cut = text.find(sign)
        if 0 <= cut < len(text) - 1:
            return text[cut + 1 :]
    return text


def _to_a_line(text: str) -> str:
    for sign in "\n ":
        cut = text.rfind(sign)
        if cut > 0:
            return text[:cut]
    return text


def _header(text: str, start: int, passage: Passage | None) -> str:
    """The row that names the columns of the table that `text` begins within."""
    if passage is None or not text.lstrip().startswith("|"):
        return ""
    above = passage.text[: max(0, start - passage.locator.start)].splitlines()
    rows = [*takewhile(lambda line: line.lstrip().startswith("|"), reversed(above))]
    return rows[-1] if rows and (len(rows) < len(above) or not passage.table_header) else passage.table_header


def _passage(trace: Trace, citation: Citation) -> Passage | None:
    """The evidence that a citation was taken from."""
    return next((each for each in passages_of(trace) if each.passage == citation.passage), None)
