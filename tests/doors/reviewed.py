"""Answers that people look at, on a bench."""

from firmground.app.app import App
from firmground.app.asking.answers import ask
from firmground.app.reviewing import intake
from firmground.reviews import ReviewItem
from firmground.testing.app import COLLEAGUE
from firmground.types import Actor, Cause, Draft

WAIT = "a person looks at it first"
QUESTION = "how many vacation days may I carry over?"


def wanted(app: App, question: str = QUESTION, *, asker: Actor = COLLEAGUE, cause: str = "request", note: str = "") -> ReviewItem:
    """An answer that somebody got, and a person is to look at."""
    return _opened(app, question, asker, cause, note, held=False)


def held(app: App, question: str = QUESTION, *, asker: Actor = COLLEAGUE, rule: str = "look first") -> ReviewItem:
    """An answer that nobody gets before a person looked at it."""
    return _opened(app, question, asker, "rule", rule, held=True)


def _opened(app: App, question: str, asker: Actor, cause: str, note: str, *, held: bool) -> ReviewItem:
    answer = ask(app, asker, question)
    with app.database.transaction() as tx:
        trace = tx.trace(answer.id)
        assert trace is not None
        why = Cause.model_validate({"kind": cause, "name": note if held else "", "text": "It fits the rule." if held else ""})
        if held:
            draft = Draft(status=answer.status, text=answer.text, sentences=answer.sentences, citations=answer.citations)
            empty = {"status": "draft", "text": WAIT, "sentences": (), "citations": ()}
            trace = trace.model_copy(update={"draft": draft, "answer": trace.answer.model_copy(update=empty)})
            tx.save_trace(trace)
        return intake.open_item(app, tx, trace, [why], person="" if held else asker.person, note="" if held else note)
