"""What of an answer its asker gets, and when: the rules of a release, applied while the answer is made."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from firmground.answer.wanted import wanted
from firmground.guard.redaction import placeholders
from firmground.language.identify import identify
from firmground.ports import Finder
from firmground.review.rules import HELD, Known, Rules, mismatched
from firmground.serve.composing import pieces
from firmground.types import Answer, AnswerStatus, Draft, Event, Json, Notice, Passage, Routed, Step, Tombstone, Trace

DRAFT = "A person looks at the answer to this before you read it."
"""What the reader sees of a draft."""
CLOSEST = 3
"""Passages that are shown where there is no answer."""
_NO_RULES = Rules()
_STEP = "review"
_APPROVED = "pin"
"""Step of an answer that a person approved before."""


@dataclass
class Sending:
    """Of one answer. Whoever makes it asks `asked` and `found` on the way, tells `hear` what can be told, and gives `settled` what it came
    to. While a rule may still keep the answer from its asker they hear of nothing but what is being done."""

    rules: Rules = _NO_RULES
    release: str = ""
    drawn: str = ""
    """What chance is drawn from: the lot of question and person; of a golden case its digest, so that it fares the same each time."""
    groups: Collection[str] = ()
    """Of the asker."""
    finder: Finder | None = None
    """Of personal data; without it there is what placeholders stand for."""
    listen: Callable[[Event], None] = lambda _: None
    _known: Known = field(default_factory=lambda: Known("", ""))
    _in_sources: bool | None = None
    """Whether there is personal data in the question or the passages; None where nobody looked for it."""
    _quiet: bool = False
    _heard: bool = False
    _untold: list[Event] = field(default_factory=list[Event])

    def asked(self, question: str) -> Routed | None:
        """That no answer is made to this question of theirs."""
        if not self.rules.rules:
            return None
        language = identify(question)
        personal = self._personal([question]) or None  # what the answer says is not known yet
        self._known = Known(self.drawn, question, language, self.groups, wanted(question), personal_data=personal)
        return self._looked()

    def found(
        self,
        passages: Sequence[Passage],
        *,
        language: str,
        confidence: float,
        statuses: Collection[AnswerStatus],
        mismatch: bool | None,
    ) -> Routed | None:
        """That no answer is made from these passages; `statuses` are those that the answer may come to."""
        if not self.rules.rules:
            return None
        self._in_sources = self._known.personal_data or self._personal([passage.text for passage in passages])
        self._known = replace(
            self._known,
            language=language,
            confidence=confidence,
            statuses=frozenset(statuses),
            mismatch=mismatch,
            near=[passage.uri for passage in passages],
            personal_data=self._in_sources or None,
        )
        return self._looked()

    def hear(self, event: Event) -> None:
        """What the answer tells of itself: passed on at once where nothing keeps it from the asker."""
        if event.kind == "status" or not self._quiet:
            self._heard |= event.kind == "sentence"
            self.listen(event)
        elif event.kind == "withdrawn":
            self._untold.clear()
        else:
            self._untold.append(event)

    def refusal(self, routed: Routed) -> str:
        """What is read of an answer that is blocked."""
        return self.rules.refusal(routed)

    def settled(self, trace: Trace) -> Trace:
        """The answer as its asker gets it; they hear now what was not told yet. One that is blocked already stays so, and one that a
        person stands behind already waits for no other."""
        blocked = trace.answer.status == "blocked"
        if blocked or not (self.rules or trace.draft):
            self._tell_all()
            return _told_why(trace, trace.routed) if trace.routed else trace
        known = known_of(trace, self.drawn, self._personal_in(trace))
        approved = any(step.name == _APPROVED for step in trace.steps)
        routed = self.rules.routed(known, self.release, approved=approved)
        routed = mismatched(routed) if trace.draft else routed
        step = Step(name=_STEP, outcome=routed.outcome, detail={"personal_data": known.personal_data})
        trace = _told_why(trace.model_copy(update={"routed": routed, "steps": (*trace.steps, step)}), routed)
        if routed.outcome in {*HELD, "block"}:
            if self._heard:
                self.listen(Event(kind="withdrawn", data={"why": "nothing said so far counts before a person looked at it"}))
            return _held(trace) if routed.outcome in HELD else _blocked(trace, self.refusal(routed))
        self._tell_all()
        return _warned(trace, routed.warning)

    def repeat(self, trace: Trace) -> Trace:
        """The same for an answer that was made before, for somebody else or at another time."""
        self._quiet, self._untold = True, told(trace.answer)
        return self.settled(trace)

    def _tell_all(self) -> None:
        for event in self._untold:
            self.listen(event)
        self._untold = []

    def _looked(self) -> Routed | None:
        self._quiet = self.rules.may_stop(self._known, self.release)
        return self.rules.blocks(self._known, self.release)

    def _personal(self, texts: Sequence[str]) -> bool:
        """Looked for only where a rule asks: it takes as long as the texts."""
        if not any(rule.personal_data for rule in self.rules.rules):
            return False
        found = self.finder.find if self.finder else placeholders
        return any(placeholders(text) or found(text) for text in texts)

    def _personal_in(self, trace: Trace) -> bool | None:
        if not any(rule.personal_data for rule in self.rules.rules):
            return None
        said = [trace.answer.text, trace.draft.text if trace.draft else ""]
        if self._in_sources is not None:  # looked for on the way
            return self._in_sources or self._personal(said)
        return self._personal([trace.asked, *said, *(each.text for each in trace.evidence if isinstance(each, Passage))])


def known_of(trace: Trace, drawn: str, personal: bool | None = None) -> Known:
    """What rules look at, of an answer as it was made or is kept. `personal`: whether it holds personal data, where that was looked for;
    else it is told by placeholders. Of an answer that is blocked it is known what was asked, and by whom."""
    said = trace.draft or trace.answer
    passages = [each for each in trace.evidence if isinstance(each, Passage)]
    if personal is None:
        personal = any(map(placeholders, [trace.asked, said.text, *(passage.text for passage in passages)]))
    known = Known(drawn, trace.asked, trace.language, trace.groups, wanted(trace.asked))
    if said.status == "blocked":
        return known
    return replace(
        known,
        statuses=frozenset({said.status}),
        confidence=trace.answer.confidence,
        personal_data=personal,
        mismatch=_mismatch(trace),
        near=[passage.uri for passage in passages],
        rests_on=[citation.uri for citation in said.citations],
    )


def closest_of(evidence: Sequence[Passage | Tombstone]) -> tuple[Passage, ...]:
    """What is shown of it where there is no answer."""
    return tuple(each for each in evidence if isinstance(each, Passage))[:CLOSEST]


def told(answer: Answer) -> list[Event]:
    """An answer as it would have been heard sentence by sentence."""
    citations = [Event(kind="citation", data=each.model_dump(mode="json")) for each in answer.citations]
    shown = pieces(answer.text, answer.sentences)
    said = zip(answer.sentences, shown, strict=True)
    return [*citations, *(Event(kind="sentence", data={**each.model_dump(mode="json"), "shown": text}) for each, text in said)]


def contradicting(steps: Sequence[Step]) -> bool:
    """Whether documents contradict what was said, by what was decided on the way."""
    decided = (cast("list[dict[str, Json]]", step.detail.get("rules", [])) for step in steps if step.name == "decide")
    return any(rule["name"] == "contradicting" and rule["fired"] for rules in decided for rule in rules)


def _mismatch(trace: Trace) -> bool:
    lost = any(step.detail.get("lost") for step in trace.steps if step.name == "model" and step.outcome == "written")
    return lost or contradicting(trace.steps)


def reasons_of(routed: Routed) -> tuple[str, ...]:
    """Why its rules made that of an answer, as its asker reads it."""
    return tuple(f"rule “{cause.name}”: {cause.text}" if cause.name else cause.text for cause in routed.causes)


def _told_why(trace: Trace, routed: Routed) -> Trace:
    reasons = (*trace.answer.reasons, *reasons_of(routed))
    return trace.model_copy(update={"answer": trace.answer.model_copy(update={"reasons": reasons})})


def _warned(trace: Trace, warning: str) -> Trace:
    if not warning:
        return trace
    notices = tuple(Notice(code="warning", text=text) for text in warning.split("\n"))
    return trace.model_copy(update={"answer": trace.answer.model_copy(update={"notices": (*notices, *trace.answer.notices)})})


def _held(trace: Trace) -> Trace:
    answer = trace.answer
    draft = trace.draft or Draft(
        status=answer.status,
        text=answer.text,
        sentences=answer.sentences,
        citations=answer.citations,
        choices=answer.choices,
        notices=answer.notices,
    )
    return trace.model_copy(update={"draft": draft, "answer": _silent(trace, "draft", DRAFT)})


def _blocked(trace: Trace, text: str) -> Trace:
    return trace.model_copy(update={"draft": None, "answer": _silent(trace, "blocked", text)})


def _silent(trace: Trace, status: AnswerStatus, text: str) -> Answer:
    said = {"sentences": (), "citations": (), "closest": (), "choices": (), "notices": ()}
    return trace.answer.model_copy(update={"status": status, "text": text, **said})
