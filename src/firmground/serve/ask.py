"""The one answer path: question → evidence → decision → checked answer, with every step timed, named and kept."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random
from time import perf_counter
from uuid import UUID

from firmground.answer.confidence import SHIPPED, Confidence, only_words
from firmground.answer.contradiction import contradictions
from firmground.answer.extract import Extractive
from firmground.answer.signs import signs
from firmground.answer.states import Decision, Rule, Seen, States, nearest_example
from firmground.guard.questions import blocked, orders
from firmground.guard.redaction import placeholders, restored
from firmground.ports import Clock, Vectors
from firmground.serve.account import Account
from firmground.serve.aliased import Aliased
from firmground.serve.composing import Composed, Statement, compose
from firmground.serve.conversation import Turn, Understood, kept, understood
from firmground.serve.generation import EXTRACTIVE, WITHDRAWN, Generation, Models, Task, Written, write
from firmground.serve.guarding import Orders, notice, orders_in
from firmground.serve.quoting import quoted
from firmground.serve.rewriting import rewritten, turns
from firmground.serve.search import Corpus, Found, Retrieval, Watch, checked, search
from firmground.serve.sending import CLOSEST, DRAFT, Sending
from firmground.serve.unread import MADE_UP, NOTHING_UNREAD, Unread
from firmground.serve.versions import without_superseded
from firmground.types import Answer, AnswerStatus, Draft, Event, Json, Notice, Passage, Routed, Step, Trace, Value, Within

_STAGES = ("guard", "context", "retrieve", "decide", "generate")
_FAR = "nothing that was found is near the question, by words or by meaning; the topic itself was not ruled out"
_NO_ANSWER: Mapping[str, str] = {
    "not_borne_out": "The language model gave no answer that holds",
    "unreachable": "The language model could not be reached",
    "unavailable": "The language model failed too often lately and was not asked",
    "timeout": "The language model did not answer in time",
    "cut_off": "The language model broke off",
    "overloaded": "The language model has no room or is in trouble",
    "refused": "The server of the language model does not accept the key or the model",
    "rejected": "The language model did not accept the request",
    "nonsense": "The language model said nothing that can be read",
    "too_long": "The language model came to no end",
    WITHDRAWN: "The language model told of its instructions, so nothing it wrote counts",
    "over_budget": "The language model was not asked further, since that could cost more than the budget",
}
"""Why an answer is quotes, by the outcome of asking a model."""


class Answering(Value):
    """What makes an answer of evidence, frozen into releases."""

    extractive: Extractive = Extractive()
    confidence: Confidence = SHIPPED
    states: States = States()
    generation: Generation = Generation()
    refusal: str = "I don't know. Your documents do not seem to answer this question."
    out_of_scope: tuple[str, ...] = ()
    out_of_scope_text: str = "This is outside of what I answer."
    history_tokens: int = 1000


@dataclass(frozen=True)
class Asked:
    """One question, and on whose behalf."""

    question: str
    within: Within = field(default_factory=Within)
    """What the asker may see, narrowed by filters."""
    conversation: str = ""
    history: Sequence[Turn] = ()
    """The asker's own, oldest first."""
    person: str = ""
    via: str = "cli"
    groups: tuple[str, ...] = ()
    admin: bool = False
    filters: Mapping[str, Json] = field(default_factory=dict[str, Json])
    id: str = ""
    """Of the answer, where it was promised before; else a new one."""
    hidden: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """What placeholders in the question, and in those before it, stand for: compared with words of documents, and nothing else."""


@dataclass(frozen=True)
class Live:
    """What an answer needs besides the corpus: language models, time, chance, and whoever listens."""

    clock: Clock
    random: Random
    """Makes the ids."""
    models: Models
    examples: "Vectors | None" = None
    """Of `Answering.out_of_scope`, in its order; None where the embedder is not asked."""
    listen: Callable[[Event], None] = lambda _: None
    """Where there are rules, `sending.hear`."""
    sending: Sending = field(default_factory=Sending)
    cancelled: Callable[[], bool] = lambda: False
    after: str = ""
    """Id of the asker's answer before: the next one sorts behind it, though the clock was put back."""
    unread: Unread = NOTHING_UNREAD
    """Looks for personal data that a model was not told."""
    account: Account = field(default_factory=Account)
    """Of this answer alone: what it may take, and what it took, also where it came to nothing."""


def answer(corpus: Corpus, retrieval: Retrieval, answering: Answering, asked: Asked, live: Live, *, release: str) -> Trace:
    """Answer from what the asker may see, or say why not; `release` is the digest of the recipe that answers. Rules that can tell
    beforehand that no answer is made have been asked; what the others make of it is for `Sending.settled` to say.

    InvalidInput for an empty or overlong question; ModelFailed(cancelled) where nobody waits any more. Any other failure of a model
    leads to the next one, and last to an extractive answer.
    """
    return _Answering(corpus, retrieval, answering, asked=asked, live=live, release=release).trace()


@dataclass(frozen=True)
class _Made:
    """What an answer came to, as far as it is."""

    decision: Decision
    confidence: float = 0.0
    passages: Sequence[Passage] = ()
    signs: Mapping[str, float] = field(default_factory=dict[str, float])
    replaced: Mapping[str, Notice] = field(default_factory=dict[str, Notice])
    """The notice on the older version that was left out, by the id of the newer document."""
    written: Written | None = None
    composed: Composed | None = None
    draft: Draft | None = None
    routed: Routed | None = None


class _Answering:
    """One answer in the making."""

    def __init__(
        self, corpus: Corpus, retrieval: Retrieval, answering: Answering, *, asked: Asked, live: Live, release: str
    ) -> None:
        self._corpus = corpus
        self._retrieval = retrieval
        self._recipe = answering
        self._asked = asked
        self._live = live
        self._release = release
        self._created = live.clock()
        self._watch = Watch()
        self._account = live.account
        self._account.budget_usd = answering.generation.budget_usd
        self._first_sentence = 0.0
        self._question = checked(asked.question)
        self._history = kept(asked.history, answering.history_tokens)

    def trace(self) -> Trace:
        self._tell("understanding")
        span = blocked(orders(self._question))
        self._watch.lap("guard")
        known = self._understood() if span is None else understood(self._question)
        self._watch.lap("context")
        aliased = Aliased((), known.asked)
        decision = self._recipe.states.before(aliased.questions[0], span)
        if decision is not None:
            return self._trace(known, _Made(aliased.decision(decision)))
        if (routed := self._live.sending.asked(known.asked)) is not None:
            return self._trace(known, self._stopped(_Made(Decision(status="blocked")), routed))
        self._tell("searching")
        found = search(self._corpus, self._retrieval, known.asked, self._asked.within, hidden=self._hidden(known.asked))
        self._watch.lap("retrieve")
        return self._trace(known, self._made(known, found), found)

    # ---------------------------------------------------------------- deciding

    def _made(self, known: Understood, found: Found) -> _Made:
        passages, replaced = without_superseded(found.passages, self._corpus.superseded)
        vector = found.vector if found.covered else None
        aliased = Aliased(passages, found.question, as_said(found.question, passages, self._asked.hidden))
        (asked, question), read = aliased.questions, aliased.passages
        began = perf_counter()
        suspicious = orders_in(read)
        suspicious.told(self._account.step, began)
        extract = self._recipe.extractive.read(question, vector, suspicious.borne_out(read), self._corpus.embedder.embed)
        seen = signs(found.ranked, extract, question, read, language=found.language)
        self._watch.lap("generate")
        rule = self._recipe.confidence
        confidence = rule.of(seen, dense=found.covered) if extract.quotes else 0.0
        against = contradictions(read, extract.quotes)
        decision = self._recipe.states.decide(
            Seen(
                question=asked,
                language=found.language,
                confidence=confidence,
                threshold=rule.threshold,
                sure=rule.sure,
                passages=read,
                extract=extract,
                signs=seen,
                covered=found.covered,
                contradictions=against,
                example=nearest_example(asked, vector, self._recipe.out_of_scope, self._live.examples),
            )
        )
        decision = aliased.decision(decision)
        self._watch.lap("decide")
        made = _Made(decision, confidence, passages, seen, replaced)
        if (routed := self._stopping(made, found)) is not None:
            return self._stopped(made, routed)
        if decision.status not in {"answered", "weak"}:
            return made
        self._tell("answering")
        written = self._written(known, found, passages, confidence)
        self._watch.lap("generate")
        if written is not None:
            return self._judged(replace(made, written=written), written, found)
        composed = Composed(passages, found.documents)
        for statement in quoted(extract.quotes, against):
            self._show(composed, aliased.statement(statement))
        return replace(made, composed=composed)

    def _stopping(self, made: _Made, found: Found) -> Routed | None:
        """By what is known before anything is written."""
        status = made.decision.status
        asked = status in {"answered", "weak"} and self._recipe.generation.routing.model != EXTRACTIVE
        statuses: set[AnswerStatus] = {status, "abstained"} if asked else {status}
        contradict = any(rule.name == "contradicting" and rule.fired for rule in made.decision.rules)
        return self._live.sending.found(
            made.passages,
            language=found.language,
            confidence=self._told_confidence(made, found),
            statuses=statuses,
            mismatch=contradict or (None if asked else False),
        )

    def _stopped(self, made: _Made, routed: Routed) -> _Made:
        """No answer is made: a rule of the release says so."""
        names = ", ".join(cause.name for cause in routed.causes)
        rule = Rule(
            name="review", fired=True, status="blocked", seen=names, text="a rule of this release answers no such question"
        )
        text = self._live.sending.refusal(routed)
        decision = Decision(status="blocked", text=text, rules=(*made.decision.rules, rule))
        return replace(made, decision=decision, routed=routed)

    def _written(self, known: Understood, found: Found, passages: Sequence[Passage], confidence: float) -> Written | None:
        recipe = self._recipe.generation
        if not recipe.routing.chain(confidence):
            return None
        composed = Composed(passages, found.documents)
        suspicious = Orders.kept(self._account.steps)
        task = Task(known.asked, found.language, passages, self._recipe.refusal, confidence, turns(self._history), suspicious)
        return write(
            recipe,
            self._live.models,
            task,
            self._account,
            unread=self._live.unread,
            show=lambda statement: self._show(composed, statement),
            withdraw=lambda why: self._withdraw(composed, why),
            cancelled=self._live.cancelled,
        )

    def _judged(self, made: _Made, written: Written, found: Found) -> _Made:
        """What becomes of what a model wrote."""
        rules = made.decision.rules
        if written.declined:
            return replace(made, decision=Decision(status="abstained", rules=rules))
        at_once = self._recipe.generation.on_mismatch == "drop"
        if written.lost and not at_once:
            said = [claim.statement or Statement(claim.drafted.text, (), mark="") for claim in written.claims]
            held = compose(said, made.passages, found.documents)
            sentences, citations = tuple(held.sentences), tuple(held.citations)
            draft = Draft(status=made.decision.status, text=held.text, sentences=sentences, citations=citations)
            return replace(made, decision=Decision(status="draft", text=DRAFT, rules=rules), draft=draft)
        composed = Composed(made.passages, found.documents)
        for statement in written.statements:
            if at_once:
                composed.add(statement)
            else:
                self._show(composed, statement)
        return replace(made, composed=composed)

    def _hidden(self, asked: str) -> dict[str, str]:
        hidden = self._asked.hidden
        return {word: hidden[word] for word in placeholders(asked) if word in hidden}

    # ---------------------------------------------------------------- telling

    def _tell(self, status: str) -> None:
        self._live.listen(Event(kind="status", data={"status": status}))

    def _show(self, composed: Composed, statement: Statement) -> None:
        before = len(composed.text)
        sentence, citations = composed.add(statement)
        self._first_sentence = self._first_sentence or self._watch.total()
        for citation in citations:
            self._live.listen(Event(kind="citation", data=citation.model_dump(mode="json")))
        shown = composed.text[before:]
        self._live.listen(Event(kind="sentence", data={**sentence.model_dump(mode="json"), "shown": shown}))

    def _withdraw(self, composed: Composed, why: str) -> None:
        composed.clear()
        self._first_sentence = 0.0
        self._live.listen(Event(kind="withdrawn", data={"why": why}))

    def _understood(self) -> Understood:
        """By rules; with a model by its words, where they can be had."""
        known = understood(self._question, self._history)
        recipe = self._recipe.generation
        models = recipe.routing.chain(1.0)
        if not self._history or known.why in {"choice", "new_topic"} or recipe.rewrite is None or not models:
            return known
        return rewritten(
            known,
            self._history,
            prompt=recipe.rewrite,
            model=self._live.models.model(models[0]),
            unread=self._live.unread,
            account=self._account,
            cancelled=self._live.cancelled,
        )

    # ---------------------------------------------------------------- keeping

    def _trace(self, known: Understood, made: _Made, found: Found | None = None) -> Trace:
        id = self._asked.id or time_ordered(self._created, self._live.random, self._live.after)
        status = made.decision.status
        written, composed = made.written, made.composed
        answer = Answer(
            id=id,
            question=self._question,
            conversation=self._asked.conversation or id,
            created_at=self._created,
            release=self._release,
            corpus=str(found.corpus) if found else "",
            model=written.model if written else EXTRACTIVE,
            status=status,
            text=composed.text if composed else self._fixed(made.decision),
            sentences=tuple(composed.sentences) if composed else (),
            citations=tuple(composed.citations) if composed else (),
            closest=found.passages[:CLOSEST] if found and status == "abstained" else (),
            choices=tuple({"text": choice.text, "label": choice.label} for choice in made.decision.choices),
            notices=self._notices(made, composed, found) if found and composed else (),
            confidence=self._told_confidence(made, found),
            reasons=self._reasons(known, made, found),
            usage=self._account.usage,
            timings_ms=self._timings(),
        )
        return Trace(
            answer=answer,
            person=self._asked.person,
            via=self._asked.via,
            groups=self._asked.groups,
            admin=self._asked.admin,
            filters=dict(self._asked.filters),
            asked=known.asked,
            context=self._context(known),
            language=found.language if found else "",
            covered=found.covered if found else True,
            evidence=tuple(made.passages),
            prompt=self._recipe.generation.prompt.digest if written and self._recipe.generation.prompt else "",
            packed=written.packed if written else (),
            outputs=written.outputs if written else (),
            draft=made.draft,
            routed=made.routed,
            signs={name: round(value, 4) for name, value in made.signs.items()},
            steps=(*self._account.steps, _decided(made.decision)),
        )

    def _told_confidence(self, made: _Made, found: Found | None) -> float:
        words = found is not None and not found.covered
        return round(min(made.confidence, self._recipe.confidence.most_of_words) if words else made.confidence, 4)

    def _context(self, known: Understood) -> tuple[str, ...]:
        """A model that was asked saw the whole conversation, and may repeat any of it."""
        told = any(step.name in {"model", "rewrite"} for step in self._account.steps)
        ids = (*known.context, *(turn.id for turn in self._history if told))
        return tuple(dict.fromkeys(id for id in ids if id))

    def _timings(self) -> dict[str, float]:
        """In milliseconds; checking goes on while a model writes, and is told apart from it."""
        laps, checked = self._watch.laps, self._account.checked_ms
        told = {name: laps.get(name, 0.0) for name in _STAGES}
        total = self._watch.total()
        told["generate"] = max(0.0, told["generate"] - checked)
        return {**told, "check": checked, "first_sentence": self._first_sentence or total, "total": total}

    def _fixed(self, decision: Decision) -> str:
        texts = {"abstained": self._recipe.refusal, "out_of_scope": self._recipe.out_of_scope_text}
        return texts.get(decision.status, decision.text)

    def _notices(self, made: _Made, composed: Composed, found: Found) -> tuple[Notice, ...]:
        """That only words were compared, what documents disagree about, which older versions were left out, what was dropped."""
        notices: list[Notice] = []
        if not found.covered:
            why = only_words(found.language)
            notices.append(Notice(code="words_only", text=f"{why[0].upper()}{why[1:]}."))
        cited = {citation.document for citation in composed.citations}
        notices += made.decision.notices
        notices += [notice for newer, notice in made.replaced.items() if newer in cited]
        suspicious = notice(Orders.kept(self._account.steps), made.passages)
        return (*notices, *([suspicious] if suspicious else []), *self._of_models(made.written))

    def _of_models(self, written: Written | None) -> Iterator[Notice]:
        """What was left out of what a model wrote, what its judge could not tell, and that none wrote an answer."""
        steps = self._account.steps
        if left_out := sum(str(codes).count(MADE_UP) for step in steps for codes in (step.detail.get("lost"),)):
            sentences = "1 sentence" if left_out == 1 else f"{left_out} sentences"
            text = f"{sentences} of a language model left out: personal data in it stands in no document that it read."
            yield Notice(code="personal_data_removed", text=text)
        if written is None:
            outcomes = [step.outcome for step in steps if step.name == "model"]
            denied = self._account.denied
            if WITHDRAWN in outcomes:
                yield Notice(code="answer_withdrawn", text=f"{_NO_ANSWER[WITHDRAWN]}: these are quotes.")
            elif denied is not None and denied.notice and outcomes[-1:] == ["over_budget"]:
                yield Notice(code="budget_spent", text=f"{denied.notice}: these are quotes.")
            elif outcomes:
                yield Notice(code="fallback", text=f"{_why_quotes(outcomes)}: these are quotes.")
            return
        if lost := sum(all(each.code != MADE_UP for each in claim.mismatches) for claim in written.lost):
            sentences = "1 sentence was" if lost == 1 else f"{lost} sentences were"
            text = f"{sentences} left out, because the documents cited do not bear them out."
            yield Notice(code="sentences_left_out", text=text)
        if unclear := sum(step.name == "verify" and step.outcome == "unclear" for step in steps):
            sentences = "1 sentence is" if unclear == 1 else f"{unclear} sentences are"
            yield Notice(code="judge_unclear", text=f"The judge could not tell whether {sentences} borne out.")

    def _reasons(self, known: Understood, made: _Made, found: Found | None) -> tuple[str, ...]:
        first = (f"asked as “{known.asked}”: {known.text}",) if known.follow_up else ()
        if found is None:
            return (*first, made.decision.rules[-1].text)
        if not found.passages:
            return (*first, "nothing was found")
        reasons = self._recipe.confidence.reasons(made.signs, dense=found.covered, language=found.language)
        far = any(rule.name == "far" and rule.fired for rule in made.decision.rules)
        return (*first, *([_FAR] if far else []), *reasons)


def as_said(question: str, passages: Sequence[Passage], hidden: Mapping[str, str]) -> str:
    """The question with values in the place of those placeholders that the passages have not, but the values: documents that may hold
    personal data are compared word by word with what was meant."""
    wanted = {word: hidden[word] for word in placeholders(question) if word in hidden} if hidden else {}
    if not wanted:
        return question
    said = "\n".join(f"{passage.title}\n{passage.locator.heading}\n{passage.text}" for passage in passages).casefold()
    return restored(
        question, {word: value for word, value in wanted.items() if value.casefold() in said and word.casefold() not in said}
    )


def _why_quotes(outcomes: Sequence[str]) -> str:
    """What the models that were asked did instead of answering; that one said what does not hold tells most."""
    return _NO_ANSWER.get("not_borne_out" if "not_borne_out" in outcomes else outcomes[-1], _NO_ANSWER["not_borne_out"])


def _decided(decision: Decision) -> Step:
    rules: list[Json] = [rule.model_dump(mode="json") for rule in decision.rules]
    return Step(name="decide", outcome=decision.status, detail={"rules": rules})


def time_ordered(moment: datetime, random: Random, after: str = "") -> str:
    """A UUID version 7 (RFC 9562, section 5.7): later moments sort later, to the millisecond, and all of them behind the id `after`."""
    milliseconds = int(moment.timestamp() * 1000)
    if after:
        milliseconds = max(milliseconds, (UUID(after).int >> 80) + 1)
    milliseconds &= 2**48 - 1
    bits = milliseconds << 80 | 0x7 << 76 | random.getrandbits(12) << 64 | 0b10 << 62 | random.getrandbits(62)
    return str(UUID(int=bits))
