"""What stands between what others wrote, a model, and a reader: orders are shown as quotations, and what comes back is looked at."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, cast

from firmground.answer.generate import form
from firmground.answer.seals import sealed
from firmground.guard.instructions import instructions, suspected
from firmground.guard.output import Leak, Output
from firmground.language.sentences import sentences
from firmground.language_model import Message, Mismatch
from firmground.types import Json, Notice, Passage, Span, Step

_STEP = "guard"
_OUT = 0.9
"""A passage with so strong an order is not shown to a model while there are others."""
_BLANK = re.compile(r"[^\n]")
_WHY: Mapping[Leak, str] = {"canary": "it said the word that it must not say", "prompt": "it repeated its instructions"}


class Withdrawn(Exception):
    """Nothing of what the model wrote may be shown."""

    def __init__(self, leak: Leak) -> None:
        super().__init__(leak)
        self.leak = leak
        self.why = _WHY[leak]


@dataclass(frozen=True)
class Orders:
    """Passages of the evidence that speak to a model, by position: shown as quotations, or not at all. Their orders bear nothing out."""

    quoted: tuple[int, ...] = ()
    left_out: tuple[int, ...] = ()
    stretches: tuple[tuple[int, int, int], ...] = ()
    """Position of the passage, begin and end of an order in its text."""

    def shown(self, passages: Sequence[Passage]) -> Sequence[Passage]:
        """What a model may read: the passages at their positions, without the words of those that are left out."""
        if not self.left_out:
            return passages
        return [each.model_copy(update={"text": ""}) if at in self.left_out else each for at, each in enumerate(passages)]

    def borne_out(self, passages: Sequence[Passage]) -> Sequence[Passage]:
        """What sentences may rest on: the passages with blanks in the place of orders, so that all else keeps its place."""
        texts = {at: passages[at].text for at, _, _ in self.stretches if at < len(passages)}
        for at, start, end in self.stretches:
            if at in texts:
                texts[at] = texts[at][:start] + _BLANK.sub(" ", texts[at][start:end]) + texts[at][end:]
        return (
            [each.model_copy(update={"text": texts.get(at, each.text)}) for at, each in enumerate(passages)]
            if texts
            else passages
        )

    def told(self, step: Callable[..., None], began: float) -> None:
        """Keeps them as a step of the answer."""
        if self.quoted or self.left_out:
            stretches: Json = [list(each) for each in self.stretches]
            step(_STEP, "quoted_orders", began, quoted=list(self.quoted), left_out=list(self.left_out), stretches=stretches)

    @classmethod
    def kept(cls, steps: Sequence[Step]) -> "Orders":
        """As they were found for an answer with these steps."""
        for step in steps:
            if step.name == _STEP:
                stretches = cast("list[list[int]]", step.detail.get("stretches") or [])
                return cls(
                    tuple(cast("list[int]", step.detail.get("quoted") or [])),
                    tuple(cast("list[int]", step.detail.get("left_out") or [])),
                    tuple((at, start, end) for at, start, end in stretches),
                )
        return cls()


def orders_in(passages: Sequence[Passage]) -> Orders:
    """Which passages give orders, by the detector as it is now."""
    found = {at: told for at, each in enumerate(passages) if (told := _orders(each.text, _named(each))).score}
    left_out = tuple(at for at, told in found.items() if told.score >= _OUT)
    if len(left_out) == len(passages):
        left_out = ()
    stretches = tuple((at, start, end) for at, told in found.items() for start, end in told.stretches)
    return Orders(tuple(at for at in found if at not in left_out), left_out, stretches)


def notice(orders: Orders, passages: Sequence[Passage]) -> Notice | None:
    """What the reader is told of them."""
    count = len(orders.quoted) + len(orders.left_out)
    if not count:
        return None
    found = "1 passage that was found gives" if count == 1 else f"{count} passages that were found give"
    text = f"{found} orders to a model instead of telling something. Nothing rests on these orders."
    about = dict.fromkeys(passages[at].uri for at in (*orders.quoted, *orders.left_out) if at < len(passages))
    return Notice(code="quoted_orders", text=text, about=tuple(about))


class Guard:
    """Looks at what one model writes for one answer. `evidence` is what sentences may cite, by position."""

    def __init__(self, evidence: Sequence[Passage], *, question: str, refusal: str, history: Sequence[Message] = ()) -> None:
        self._evidence = evidence
        self._refusal = refusal
        self._held: dict[tuple[int, ...], str] = {}
        self.seal = sealed([question, *(each.text for each in history), *map(words_of, evidence)])
        self._output = Output("")

    def tell(self, messages: Sequence[Message], *, structured: bool) -> None:
        """What the model is told next. How it writes its answer is no secret, nor is what others wrote."""
        said = "\n".join(each.text for each in messages if each.role == "system").replace(form(structured), "\n")
        known = [self._refusal, *(each.text for each in messages if each.role != "system")]
        self._output = Output(said, canary=self.seal.canary, fence=self.seal.fence, known=known)

    def hear(self, sentence: str) -> None:
        """Withdrawn where this sentence, after those before it, tells what the model must not tell."""
        if leak := self._output.hear(sentence):
            raise Withdrawn(leak)

    def hear_all(self, written: str) -> None:
        """Withdrawn where the canary stands anywhere in what it wrote."""
        if self._output.says_canary(written):
            raise Withdrawn("canary")

    def faults(self, sentence: str, cited: Sequence[int]) -> tuple[Mismatch, ...]:
        """Why this sentence cannot be shown, which cites the passages at these positions."""
        at = tuple(sorted(set(cited)))
        held = self._held.get(at)
        if held is None:
            held = self._held[at] = "\n".join(words_of(self._evidence[each]) for each in at)
        fault = self._output.fault(sentence, held)
        return (Mismatch(code=fault.code, detail=fault.detail),) if fault else ()


def words_of(passage: Passage) -> str:
    """All that it says, as it is compared with what is said of it."""
    told = (passage.title, passage.uri, passage.locator.heading, passage.table_header, passage.text)
    return "\n".join((*told, *(str(value) for value in passage.metadata.values())))


def _named(passage: Passage) -> str:
    return "\n".join((passage.title, passage.locator.heading, passage.table_header))


@lru_cache(maxsize=2048)
def _named_so(named: str) -> tuple[Span, ...]:
    """The orders in names, which many passages have in common."""
    return tuple(instructions(named))


class _Told(NamedTuple):
    score: float
    """Of the strongest order; 0 where there is no reason to suspect one."""
    stretches: tuple[tuple[int, int], ...]


@lru_cache(maxsize=2048)
def _orders(text: str, named: str) -> _Told:
    """The orders in a passage's text. Each goes from the sentence that gives it to the end of its line: what is to be said comes last."""
    spans = instructions(text)
    above = _named_so(named)
    if not suspected([*spans, *above]):
        return _Told(0.0, ())
    lines = [(max(text.rfind("\n", 0, span.start) + 1, 0), text.find("\n", span.end)) for span in spans]
    stretches = [
        (
            next((start + begun for begun, until in sentences(text[start : span.end]) if start + until > span.start), span.start),
            end,
        )
        for span, (start, end) in zip(spans, lines, strict=True)
    ]
    ends = [(start, len(text) if end < 0 else end) for start, end in stretches]
    return _Told(max(span.score for span in (*spans, *above)), tuple(dict.fromkeys(ends)))
