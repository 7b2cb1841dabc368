"""One click makes a golden case of an answer that people looked at: what it must say, what it must never, and what it must cite."""

import re

from firmground.answer.marks import parts
from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.evaluating import case_edits
from firmground.app.reviewing.written import base_of
from firmground.app.teaching.labelled import decided, whole
from firmground.errors import Refused
from firmground.evaluate.cases import LONGEST, Behaviour, Case, Expectation, Kind
from firmground.evaluate.files import load
from firmground.ports import Transaction
from firmground.reviews import ReviewAct
from firmground.types import Actor, Draft, Trace

_NUMBER = re.compile(r"(?<![\w.,])\d[\d.,:/-]{0,30}(?:\s?[%‰€$£])?(?!\w)")
_NUMBERS = 5
"""That a case asks for: more would be a text to learn by heart."""
_ENDS = ".,:/-"
_NOT_ANSWERED: dict[str, tuple[Behaviour, Kind]] = {
    "not_for_us": ("abstain", "out_of_scope"),
    "not_supported": ("abstain", "out_of_scope"),
    "unsafe": ("refuse", "sensitive"),
    "personal_data": ("refuse", "sensitive"),
}
"""What should have become of a question whose answer was rejected, by the reason."""


def make(app: App, actor: Actor, answer: str) -> Case:
    """Put a draft of a case at the end of `golden/added.yaml`; an administrator makes it count. NotFound; Refused where something of the
    answer is erased, and where there is a case of it already; OutsideFailed where nothing can be written."""
    need(actor, "review", "make golden cases of answers")
    with app.database.reading() as tx:
        trace = whole(tx, actor, answer)
        case = _drafted(app, tx, actor, trace)
    notes = _notes(trace)
    if there := next((each for each in load(app.workspace.root).cases if each.case.notes.startswith(notes)), None):
        raise Refused(f"there is a case of this answer already: {there.case.id}", "change that one")
    case_edits.add_draft(app, actor, case)
    return case


def _drafted(app: App, tx: Transaction, actor: Actor, trace: Trace) -> Case:
    made = case_edits.of_trace(app, actor, trace)
    found, base = decided(tx, trace), base_of(trace)
    update: dict[str, object] = {"status": "draft", "notes": _notes(trace)}
    if found is None:
        return made.model_copy(update=update)
    item, act = found
    if item.outcome == "rejected":
        behaviour, kind = _NOT_ANSWERED.get(act.reason or "", ("answer", "normal"))
        expect = Expectation(behaviour=behaviour)
    else:
        behaviour, kind = "answer", made.kind if trace.answer.status in {"answered", "weak"} else "normal"
        expect = _expected(act.wrote or base)
    unacceptable = tuple(_wrong(base, act)) if behaviour == "answer" else ()
    return made.model_copy(update={**update, "kind": kind, "expect": expect, "unacceptable": unacceptable})


def _expected(says: Draft) -> Expectation:
    """What the approved answer says, with the numbers in it as what must be said."""
    text = " ".join(part.text for part in parts(says.text)) or says.text
    numbers = dict.fromkeys(found.rstrip(_ENDS) for found in _NUMBER.findall(text))
    return Expectation(
        behaviour="answer",
        contains=tuple((number,) for number in list(numbers)[:_NUMBERS]),
        sources=tuple((uri,) for uri in dict.fromkeys(each.uri for each in says.citations)),
        answer=text[:LONGEST],
    )


def _wrong(base: Draft, act: ReviewAct) -> list[str]:
    """Sentences that are marked as wrong; all of an answer that was rejected without a mark."""
    marked = [place for place, mark in act.marks.items() if mark == "wrong"]
    places = marked or (range(len(base.sentences)) if act.act == "reject" else [])
    found = [base.sentences[place].text.strip() for place in places if place < len(base.sentences)]
    return [each for each in dict.fromkeys(found) if each and len(each) <= LONGEST and not each.startswith("/")]


def _notes(trace: Trace) -> str:
    return f"From the answer {trace.answer.id}."
