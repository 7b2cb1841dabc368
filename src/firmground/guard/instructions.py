"""Text in a document that gives orders to a model instead of telling a reader something.

No detector of this kind is reliable against somebody who knows it. It is a signal: suspected documents wait for a person.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence

from firmground.guard.encodings import apart, readings, stretches
from firmground.guard.signals import signals
from firmground.language.visible import Seen, latinised, unseen
from firmground.types import Span

REASONS = {
    "instruction_override": "tells a model to drop its instructions",
    "instruction_role": "tells a model to be something else",
    "instruction_prompt": "asks a model for its hidden instructions",
    "instruction_address": "speaks to a model instead of a reader",
    "instruction_reply": "says what a reply must contain",
    "instruction_tag": "imitates the marks that separate speakers in a conversation with a model",
    "instruction_exfiltration": "would send what a model knows to another place",
    "instruction_hidden": "is hidden from readers",
    "instruction_encoded": "is encoded so that readers cannot see what it says",
}
"""Kind of span → why it was marked, to be read after "this passage"."""

_SUSPECTED = 0.8
_MENTIONED = 0.4
"""Factor for text in quotation marks or code, or close to words about such attacks: it is talked about, not said."""


_NEGATED = re.compile(
    r"\b(?:do\s+not|don't|never|must\s+not|may\s+not|should\s+not|cannot|nicht|nie|kein\w*|ne|jamais|nunca|no)\s+(?:\w+\s+)?$",
    re.IGNORECASE,
)
_NARRATED = re.compile(
    r"prompt[\s-]+injection|提示词注入|提示詞注入|[プフ]ロン[プフ]ト・?イン[ジシ]ェクション|프롬프트\s?(?:인젝션|주입)|jail\s?break|injection\s+attack|adversarial|attackers?\b|red[\s-]team|"
    r"phrases?\s+(?:like|such\s+as)|\b(?:tells?|told|tricks?|instructs?)\s+(?:the|a|an)\s+(?:model|ai|llm|assistant|"
    r"chatbot)",
    re.IGNORECASE,
)
_OPENING_QUOTES = re.compile(r"[\"“„«‘`'「『][^\"“”„«»`「」『』\n]{0,60}$")
_CLOSING_QUOTES = re.compile(r"^[^\"“”„«»`「」『』\n]{0,200}[\"”“»’`'」』]")
_FENCE = re.compile(r"^ {0,3}(```|~~~).*?(?:^ {0,3}\1|\Z)", re.MULTILINE | re.DOTALL)
_TAGS = re.compile("(?<![\U0001f3f4\U000e0020-\U000e007e])[\U000e0020-\U000e007e]{4,}")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{4,}+")
_UNSEEN_RUN = re.compile("[\u200b\u200c\u200d\u2060-\u2064\ufeff]{16,}")
_SPACED = re.compile(r"(?<!\S)(?:[^\W\d_] ){11,200}[^\W\d_](?!\S)")
_DEPTH = 2
"""How often something encoded may be encoded again."""


class _Stretches:
    """Stretches of a text that do not overlap; a hostile text has a hundred thousand of them."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, start: int, end: int) -> None:
        at = bisect_left(self._starts, start)
        self._starts.insert(at, start)
        self._ends.insert(at, end)

    def meet(self, start: int, end: int) -> bool:
        at = bisect_left(self._starts, end)
        return at > 0 and self._ends[at - 1] > start


def instructions(text: str) -> list[Span]:
    """The passages of `text` that speak to a model, in order; `kind` is a key of REASONS, `score` between 0 and 1.

    Passages that are quoted, shown as code, or part of an explanation of such attacks score low.
    """
    found = [*_visible(text), *_hidden(text), *_encoded(text)]
    best: list[Span] = []
    taken: defaultdict[str, _Stretches] = defaultdict(_Stretches)
    for span in sorted(found, key=lambda span: (-span.score, span.start, span.end, span.kind)):
        if not taken[span.kind].meet(span.start, span.end):
            taken[span.kind].add(span.start, span.end)
            best.append(span)
    return sorted(best, key=lambda span: (span.start, span.end, span.kind))


def suspected(spans: Sequence[Span]) -> bool:
    """Whether a document with these spans should wait for a person: one strong sign, or weak signs of two kinds."""
    strongest: dict[str, float] = {}
    for span in spans:
        if span.kind in REASONS:
            strongest[span.kind] = max(strongest.get(span.kind, 0.0), span.score)
    if any(score >= _SUSPECTED for score in strongest.values()):
        return True
    return sum(score for score in strongest.values() if score >= _MENTIONED + 0.05) >= 1.0


def _visible(text: str) -> Iterator[Span]:
    """Signals in the text as readers see it, at their place in the text with what they do not see."""
    seen = Seen(text)
    fences = _Stretches()
    for fence in _FENCE.finditer(seen.text):
        fences.add(fence.start(), fence.end())
    for clean in _looks(seen.text):
        for signal, match in signals(clean):
            start, end = match.start(), match.end()
            while (
                start < end and not clean[start].isalnum() and signal.kind not in {"instruction_tag", "instruction_exfiltration"}
            ):
                start += 1
            if _NEGATED.search(clean, max(0, start - 30), start):
                continue
            coded = fences.meet(start, start + 1)
            score = signal.score * _MENTIONED if coded or _mentioned(clean, start, end) else signal.score
            yield Span(kind=signal.kind, start=seen.original(start), end=seen.original(end - 1) + 1, score=round(score, 2))


def _looks(text: str) -> Iterator[str]:
    """The text, and with letters for what only looks like them."""
    yield text
    plain = latinised(text)
    if plain != text:
        yield plain


def _mentioned(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - 62) : start], text[end : end + 202]
    if _OPENING_QUOTES.search(before) and _CLOSING_QUOTES.search(after):
        return True
    line = max(start - 200, text.rfind("\n", max(0, start - 200), start) + 1)
    stop = text.find("\n", end, end + 100)
    return bool(_NARRATED.search(text, line, min(end + 100, stop if stop >= 0 else len(text))))


def _hidden(text: str) -> Iterator[Span]:
    hides = next(unseen(text), None) is not None
    signs = ((_TAGS, 0.95), (_SELECTORS, 0.95), (_UNSEEN_RUN, 0.6)) if hides else ()
    for runs, score in (*signs, *(((_SPACED, 0.5),) if apart(text) else ())):
        for run in runs.finditer(text):
            yield Span(kind="instruction_hidden", start=run.start(), end=run.end(), score=score)
    for start, end in _comments(text):
        told = signals(text[start + 4 : end - 3])
        if any(signal.score >= _SUSPECTED or signal.kind == "instruction_reply" for signal, _ in told):
            yield Span(kind="instruction_hidden", start=start, end=end, score=0.95)


def _comments(text: str) -> Iterator[tuple[int, int]]:
    start = text.find("<!--")
    while start >= 0:
        end = text.find("-->", start + 4)
        if end < 0:
            return
        yield start, end + 3
        start = text.find("<!--", end + 3)


def _encoded(text: str, depth: int = 1) -> Iterator[Span]:
    """Strong signals in what encoded stretches say, and in the text read otherwise."""
    for start, end, says in stretches(text):
        if _orders(says, depth):
            yield Span(kind="instruction_encoded", start=start, end=end, score=0.95)
    for reading in readings(text):
        for signal, match in signals(reading.text):
            start, end = reading.place(match.start(), match.end())
            if signal.score >= _SUSPECTED and match[0] != text[start:end] and reading.differs(text[start:end]):
                yield Span(kind="instruction_encoded", start=start, end=end, score=0.95)


def _orders(says: str, depth: int) -> bool:
    said = any(signal.score >= _SUSPECTED for look in _looks(Seen(says).text) for signal, _ in signals(look))
    return said or (depth < _DEPTH and any(True for _ in _encoded(says, depth + 1)))
