"""An answer that a person approved, given once more to its question: nothing is searched and no model is asked."""

from collections.abc import Callable, Sequence
from datetime import datetime

from firmground.answer.states import nearest_example
from firmground.guard.questions import blocked, orders
from firmground.lessons import Pin
from firmground.ports import Vectors
from firmground.serve.ask import Answering, Asked
from firmground.serve.cache import normalised
from firmground.serve.conversation import Turn, kept, understood
from firmground.serve.search import checked
from firmground.types import Answer, Json, Notice, Sentence, Step, Trace, digest

PINNED = "pinned"
"""Code of the notice; and what stands in the place of a model's name."""
STEP = "pin"
_AROUND = ".,;:!?…¿¡\"'“”„‘’‚«»()[]"
_UNITS = frozenset("\"'“”’‘")
"""Feet, inches, minutes and seconds behind a number."""
_ABBREVIATION = 4
"""Letters up to which a word in capitals is another than the same in small ones: US is not us."""


def key(question: str, filters: dict[str, Json]) -> str:
    """Of a question and what it was narrowed to. Equal where the words are, in their order; case, white space and the marks around words
    make no difference. No word is left out or cut to its stem: "may I not" asks something else than "may I"."""
    words = [word for part in normalised(question).split() if (word := _bare(part))]
    same = [word if word.isupper() and 1 < len(word) <= _ABBREVIATION else word.casefold() for word in words]
    return digest([[*same], filters])


def _bare(part: str) -> str:
    """Without the marks around it, but for those that make another number: .5 is not 5, and 6' is not 6"."""
    word = part.strip(_AROUND)
    before, _, after = part.partition(word) if word else ("", "", "")
    first = before[-1:] if before[-1:] in {".", ","} and word[:1].isdigit() else ""
    last = after[:1] if after[:1] in _UNITS and word[-1:].isdigit() else ""
    return f"{first}{word}{last}"


def stands_alone(question: str, history: Sequence[Turn], tokens: int) -> bool:
    """Whether what was said before changes nothing of what the question asks."""
    return not understood(checked(question), kept(history, tokens)).follow_up


def answerable(
    answering: Answering, question: str, examples: "Vectors | None", embed: Callable[[Sequence[str]], Vectors]
) -> bool:
    """Whether the release would search for it at all: its rules stand above what a person approved under another."""
    asked = understood(checked(question)).asked
    if answering.states.before(asked, blocked(orders(question))) is not None:
        return False
    if not answering.out_of_scope:
        return True
    nearest = nearest_example(asked, embed([asked])[0], answering.out_of_scope, examples)
    return nearest is None or nearest[1] < answering.states.excluded_from


def pinned(pin: Pin, asked: Asked, now: datetime, *, release: str, corpus: str) -> Trace:
    """The answer that was pinned, as one of its own, to whoever may see all that it rests on; nobody is told of it yet."""
    says = pin.says
    sentences = says.sentences or (Sentence(text=says.text, citations=tuple(each.n for each in says.citations)),)
    answer = Answer(
        id=asked.id,
        question=checked(asked.question),
        conversation=asked.conversation or asked.id,
        created_at=now,
        release=release,
        corpus=corpus,
        model=PINNED,
        status="answered",
        text=says.text,
        sentences=sentences,
        citations=says.citations,
        notices=(_notice(pin),),
        confidence=pin.confidence,
        reasons=("a person approved this answer to this question",),
        timings_ms={"first_sentence": 0.0, "total": 0.0},
    )
    return Trace(
        answer=answer,
        person=asked.person,
        via=asked.via,
        groups=asked.groups,
        admin=asked.admin,
        filters=dict(asked.filters),
        asked=answer.question,
        language=pin.language,
        covered=pin.covered,
        evidence=pin.evidence,
        cached_from=pin.answer,
        steps=(Step(name=STEP, outcome="given", detail={"pin": pin.id, "version": pin.version}),),
    )


def pin_of(trace: Trace) -> str:
    """Id of the pin that an answer came from; empty where it came from none."""
    return next((str(step.detail.get("pin", "")) for step in trace.steps if step.name == STEP), "")


def _notice(pin: Pin) -> Notice:
    who = {"owner": "An owner", "admin": "An administrator"}.get(pin.role, "A reviewer")
    return Notice(
        code=PINNED,
        text=f"{who} stands behind this answer since {pin.at:%Y-%m-%d}: it is given to this question until a document it rests on changes.",
    )
