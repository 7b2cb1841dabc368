"""An answer made once more from what was kept of it, to show that it came about as it says. Nobody is asked: what the model and the
judge said then is said again."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

from firmground.answer.contradiction import contradictions
from firmground.errors import ModelFailed
from firmground.language_model import Delta, ModelCall, Tokens, Verification
from firmground.ports import Embedder
from firmground.serve.account import Account
from firmground.serve.aliased import Aliased
from firmground.serve.ask import Answering, as_said
from firmground.serve.composing import Statement
from firmground.serve.generation import EXTRACTIVE, Models, Routing, Task, write
from firmground.serve.guarding import Orders
from firmground.serve.pinned import PINNED
from firmground.serve.quoting import quoted
from firmground.types import Passage, Tombstone, Trace, Value


class Replay(Value):
    """What making an answer once more came to."""

    outcome: Literal["same", "different", "source_erased"]
    erased: tuple[str, ...] = ()
    """Ids of the documents that were erased since."""
    before: tuple[str, ...] = ()
    now: tuple[str, ...] = ()
    """The sentences then and now."""
    confidence: float = 0.0
    """As it is worked out now from the signs kept."""


def replayed(
    trace: Trace,
    answering: Answering,
    embedder: Embedder,
    count: Callable[[str], int],
    *,
    hidden: Mapping[str, str] | None = None,
) -> Replay:
    """`answering` is the recipe that answered then; `count` says how many tokens a text takes for the model that answered then;
    `hidden` is what placeholders in the question stand for."""
    answer = trace.answer
    erased = tuple(dict.fromkeys(each.document for each in trace.evidence if isinstance(each, Tombstone)))
    if erased or trace.erased:
        return Replay(outcome="source_erased", erased=erased)
    passages = [each for each in trace.evidence if isinstance(each, Passage)]
    confidence = answering.confidence.of(trace.signs, dense=trace.covered) if trace.signs else 0.0
    sentences = (trace.draft or answer).sentences
    if not sentences:
        return Replay(outcome="same", confidence=confidence)
    if answer.model == PINNED:  # a person said it, and says the same
        told = tuple(each.text for each in answer.sentences)
        return Replay(outcome="same", before=told, now=told, confidence=confidence)
    quotes = answer.model == EXTRACTIVE
    said = list(
        _quoted(trace, answering, passages, embedder, hidden or {}) if quotes else _written(trace, answering, passages, count)
    )
    before, now = tuple(each.text for each in sentences if each.citations), tuple(each.text for each in said)
    return Replay(outcome="same" if before == now else "different", before=before, now=now, confidence=confidence)


def _quoted(
    trace: Trace, answering: Answering, passages: Sequence[Passage], embedder: Embedder, hidden: Mapping[str, str]
) -> Iterator[Statement]:
    vector = embedder.embed([trace.asked])[0] if trace.covered else None
    aliased = Aliased(passages, trace.asked, as_said(trace.asked, passages, hidden))
    told = Orders.kept(trace.steps).borne_out(aliased.passages)
    extract = answering.extractive.read(aliased.questions[1], vector, told, embedder.embed)
    yield from map(aliased.statement, quoted(extract.quotes, contradictions(aliased.passages, extract.quotes)))


def _written(trace: Trace, answering: Answering, passages: Sequence[Passage], count: Callable[[str], int]) -> Sequence[Statement]:
    name = trace.answer.model
    recipe = answering.generation.model_copy(update={"routing": Routing(model=name), "budget_usd": None})
    orders = Orders.kept(trace.steps)
    task = Task(trace.asked, trace.language, passages, answering.refusal, trace.answer.confidence, orders=orders)
    models = Models(lambda _: _Recorded(name, trace.outputs, count), lambda: _Verdicts(trace))
    try:
        written = write(recipe, models, task, Account())
    except ModelFailed:
        written = None
    return written.statements if written else ()


class _Recorded:
    """A model that says again what it said."""

    structured = True

    def __init__(self, name: str, outputs: Sequence[str], count: Callable[[str], int]) -> None:
        self.name = name
        self._outputs = iter(outputs)
        self._count = count

    def count(self, text: str) -> int:
        return self._count(text)

    def cost(self, tokens: Tokens, seconds: float = 0.0) -> float | None:
        del tokens, seconds
        return 0.0

    def stream(self, call: ModelCall, *, cancelled: Callable[[], bool] = lambda: False) -> Iterator[Delta]:
        del call, cancelled
        said = next(self._outputs, None)
        if said is None:
            raise ModelFailed("nonsense", "the model said no more")
        yield Delta(text=said)
        yield Delta(tokens=Tokens(), finish="stop")

    def close(self) -> None:
        """Nothing is open."""


class _Verdicts:
    """A judge that judges again as it did."""

    name = "recorded"

    def __init__(self, trace: Trace) -> None:
        self._verdicts = iter([step.outcome for step in trace.steps if step.name == "verify"])

    def cost(self, claim: str, passages: Sequence[str]) -> float | None:
        del claim, passages
        return 0.0

    def most(self, claim: str, passages: Sequence[str]) -> Tokens:
        del claim, passages
        return Tokens()

    def verify(self, claim: str, passages: Sequence[str], *, cancelled: Callable[[], bool] = lambda: False) -> Verification:
        del claim, passages, cancelled
        return Verification.model_validate({"verdict": next(self._verdicts, "unclear")})
