"""An answer written by language models: a chain of them, a budget, and no sentence without its check."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from time import perf_counter
from typing import Literal

from firmground.answer.check import Checks
from firmground.answer.cite import Citing
from firmground.answer.generate import SCHEMA, Drafted, Ending, Reading
from firmground.answer.packing import Packing
from firmground.answer.prompt import Prompt, messages, repair_messages
from firmground.errors import ModelFailed
from firmground.guard.copies import Copies
from firmground.language_model import Message, Mismatch, ModelCall, Tokens
from firmground.ports import LanguageModel, Verifier
from firmground.serve.account import Account, OverBudget, charged
from firmground.serve.composing import Place, Statement
from firmground.serve.guarding import Guard, Orders, Withdrawn
from firmground.serve.unread import MADE_UP, NOTHING_UNREAD, Unread
from firmground.types import Json, Passage, Value

_AFTERWARDS = 200
"""Pieces that are waited for after the last sentence: the one that counts the tokens comes last."""
_LINE = re.compile(r"\s*(?:\||[-*+•]\s|\d{1,3}[.)]\s)")

EXTRACTIVE = "extractive"
"""The model that is none: sentences of the documents, word for word."""
WITHDRAWN = "withdrawn"
"""Outcome of asking a model that told what it must not tell."""


class Routing(Value):
    """Which models are asked, in which order; where all fail, the answer is extractive."""

    model: str = EXTRACTIVE
    fallbacks: tuple[str, ...] = ()
    strong_model: str = ""
    strong_below: float = 0.75

    def chain(self, confidence: float) -> tuple[str, ...]:
        """The strong model comes first where `confidence` is low, else when the first one fails or what it says does not hold."""
        if self.model == EXTRACTIVE:
            return ()
        first = [self.strong_model, self.model] if confidence < self.strong_below else [self.model, self.strong_model]
        names = dict.fromkeys(name for name in (*first, *self.fallbacks) if name)
        return tuple(names)[: list(names).index(EXTRACTIVE)] if EXTRACTIVE in names else tuple(names)

    @property
    def models(self) -> frozenset[str]:
        """All that may be asked."""
        return frozenset(self.chain(0.0))


class Generation(Value):
    """How models write answers, frozen into releases."""

    routing: Routing = Routing()
    prompt: Prompt | None = None
    """None where no model is asked."""
    repair: Prompt | None = None
    rewrite: Prompt | None = None
    packing: Packing = Packing.model_validate({})
    citing: Citing = Citing.model_validate({})
    checks: Checks = Checks()
    temperature: float = 0.0
    max_output_tokens: int = 700
    budget_usd: float | None = None
    judge: str = ""
    on_mismatch: Literal["drop", "draft"] = "drop"
    most_dropped: float = 0.5
    """An answer that loses more than this share of its sentences is not given: the next model is asked."""


@dataclass(frozen=True)
class Models:
    """The live side: language models by name, and the judge."""

    model: Callable[[str], LanguageModel]
    judge: Callable[[], Verifier | None] = lambda: None


@dataclass(frozen=True)
class Task:
    """What is to be written."""

    question: str
    language: str
    passages: Sequence[Passage]
    refusal: str
    confidence: float
    history: Sequence[Message] = ()
    orders: Orders = field(default_factory=Orders)


@dataclass
class Claim:
    """A drafted sentence and what became of it: a statement that holds, or why it does not."""

    drafted: Drafted
    statement: Statement | None = None
    mismatches: tuple[Mismatch, ...] = ()


@dataclass(frozen=True)
class Written:
    """What a model wrote. `declined`: it says that the passages do not answer."""

    model: str
    declined: bool
    claims: Sequence[Claim]
    outputs: tuple[str, ...]
    packed: tuple[int, ...]

    @property
    def statements(self) -> list[Statement]:
        return [claim.statement for claim in self.claims if claim.statement is not None]

    @property
    def lost(self) -> list[Claim]:
        return [claim for claim in self.claims if claim.statement is None]

    def stands(self, most_dropped: float) -> bool:
        return bool(self.statements) and len(self.lost) <= most_dropped * len(self.claims)


def write(
    recipe: Generation,
    models: Models,
    task: Task,
    account: Account,
    *,
    unread: Unread = NOTHING_UNREAD,
    show: Callable[[Statement], None] = lambda _: None,
    withdraw: Callable[[str], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Written | None:
    """What the first model writes whose sentences hold; None where none does, so that the answer must come from elsewhere.

    `show` gets each statement as soon as it is checked, `withdraw` why nothing shown so far counts any more. A model that says that the
    passages do not answer is believed, unless a stronger one is still to be asked. After one that tells its instructions none is asked.
    ModelFailed only where `cancelled`.
    """
    declined: Written | None = None
    for name in recipe.routing.chain(task.confidence):
        if declined is not None and name != recipe.routing.strong_model:
            break
        began = perf_counter()
        attempt = _Attempt(recipe, models, name, task=task, account=account, unread=unread, show=show, cancelled=cancelled)
        try:
            written = attempt.run()
        except ModelFailed as error:
            account.step("model", error.reason, began, model=name, why=error.problem)
            if error.reason == "cancelled":
                raise
        except OverBudget as error:
            account.step("model", "over_budget", began, model=name, why=error.code)
        except Withdrawn as error:
            account.step("model", WITHDRAWN, began, model=name, why=error.why)
            if attempt.shown:
                withdraw("nothing the model said counts")
            return None
        else:
            outcome = "declined" if written.declined else "written" if written.stands(recipe.most_dropped) else "not_borne_out"
            account.step("model", outcome, began, model=name, claims=len(written.claims), lost=_codes(written.lost))
            if outcome == "written":
                return written
            declined = written if written.declined else declined
        if attempt.shown:
            withdraw("what was said so far does not hold")
    return declined


class _Attempt:
    """One model's attempt at one task."""

    def __init__(
        self,
        recipe: Generation,
        models: Models,
        name: str,
        *,
        task: Task,
        account: Account,
        unread: Unread,
        show: Callable[[Statement], None],
        cancelled: Callable[[], bool],
    ) -> None:
        if recipe.prompt is None:
            raise AssertionError("a model is asked by a prompt")
        self._recipe = recipe
        self._prompt = recipe.prompt
        self._model = models.model(name)
        self._judge = models.judge() if recipe.judge else None
        self._task = task
        self._account = account
        self._unread = unread
        self._show = show
        self._cancelled = cancelled
        self._guard = Guard(task.passages, question=task.question, refusal=task.refusal, history=task.history)
        self._packed = recipe.packing.pack(task.question, task.orders.shown(task.passages), self._model.count)
        evidence = task.orders.borne_out(task.passages)
        self._sources = recipe.citing.over(self._packed, evidence)
        self._evidence = recipe.checks.against(evidence)
        self._claims: list[Claim] = []
        self._outputs: list[str] = []
        self.shown = False

    def run(self) -> Written:
        ending = self._say(self._messages, self._take)
        lost = [claim for claim in self._claims if claim.statement is None]
        if ending.answerable and self._recipe.repair is not None and (lost or not self._claims):
            self._mend(lost, self._repaired(ending, lost))
        declined = not ending.answerable and not self._claims
        packed = tuple(each.at for each in self._packed)
        return Written(self._model.name, declined, self._claims, tuple(self._outputs), packed)

    def _repaired(self, ending: Ending, lost: Sequence[Claim]) -> list[Drafted]:
        """What the model writes anew; nothing where it fails now: what held before still does."""
        drafts: list[Drafted] = []
        began = perf_counter()
        try:
            self._say(lambda: self._repairing(ending, lost), drafts.append)
        except (ModelFailed, OverBudget) as error:
            reason = error.reason if isinstance(error, ModelFailed) else "over_budget"
            if reason == "cancelled" or not self._held():
                raise
            why: dict[str, Json] = {"why": error.code} if isinstance(error, OverBudget) else {}
            self._account.step("repair", reason, began, model=self._model.name, **why)
            self._outputs.pop()
            return []
        return drafts

    def _held(self) -> bool:
        return any(claim.statement for claim in self._claims)

    def _say(self, messages: Callable[[], tuple[Message, ...]], take: Callable[[Drafted], None]) -> Ending:
        """Let the model speak. A server that refuses the form while it is asked must be told in words: then once more."""
        structured = self._model.structured
        call = ModelCall(
            messages=messages(),
            max_output_tokens=self._recipe.max_output_tokens,
            temperature=self._recipe.temperature,
            json_schema=SCHEMA if structured else None,
        )
        self._guard.tell(call.messages, structured=structured)
        reading = Reading(structured=structured)
        output: list[str] = []
        cut, idle = False, 0
        deltas = charged(self._model, call, self._account, self._cancelled)
        try:
            for delta in deltas:
                output.append(delta.text)
                for drafted in reading.feed(delta.text):
                    take(self._heard(drafted))
                if delta.finish == "refused":
                    raise ModelFailed("rejected", f"the model {self._model.name} refuses to answer this")
                cut = delta.finish == "length"
                idle += reading.over
                if idle > _AFTERWARDS:
                    break
        finally:
            deltas.close()
            self._outputs.append(self._unread.hidden("".join(output), self._read))
        ending = reading.finish(cut=cut)
        for drafted in ending.rest:
            take(self._heard(drafted))
        self._guard.hear_all("".join(output))
        return ending

    def _heard(self, drafted: Drafted) -> Drafted:
        """The sentence, with placeholders as they are. Withdrawn where it tells what it must not."""
        self._guard.hear(drafted.text)
        mended = self._copies.mended(drafted.text)
        return drafted if mended == drafted.text else Drafted(mended, drafted.marks)

    def _messages(self) -> tuple[Message, ...]:
        task = self._task
        return messages(
            self._prompt,
            task.question,
            self._packed,
            task.passages,
            seal=self._guard.seal,
            language=task.language,
            structured=self._model.structured,
            history=task.history,
            refusal=task.refusal,
            quoted=task.orders.quoted,
        )

    def _repairing(self, ending: Ending, lost: Sequence[Claim]) -> tuple[Message, ...]:
        task = self._task
        assert self._recipe.repair is not None  # noqa: S101 - asked by `run`
        return repair_messages(
            self._recipe.repair,
            task.question,
            self._packed,
            task.passages,
            [(claim.drafted.text, claim.drafted.marks, claim.mismatches) for claim in lost],
            seal=self._guard.seal,
            fault="" if lost else ending.malformed,
            language=task.language,
            structured=self._model.structured,
            refusal=task.refusal,
            quoted=task.orders.quoted,
        )

    def _take(self, drafted: Drafted) -> None:
        if not drafted.marks and drafted.text.endswith(":"):
            return  # it only announces the answer
        if any(claim.drafted == drafted or (claim.statement and claim.drafted.text == drafted.text) for claim in self._claims):
            return  # it says the same again
        drafted, made_up = self._without_made_up(drafted)
        statement, mismatches = (None, made_up) if made_up else self._settled(drafted)
        self._claims.append(Claim(drafted, statement, mismatches))
        if statement is not None:
            self._told(statement)

    def _mend(self, lost: Sequence[Claim], drafts: Sequence[Drafted]) -> None:
        """Put what the model wrote anew into the places of what did not hold; it is said once only."""
        for drafted in drafts if not lost else ():
            self._take(drafted)
        open_ = list(lost)
        for drafted in drafts if lost else ():
            if self._without_made_up(drafted)[1]:
                continue
            mended = Claim(drafted)
            mended.statement, mended.mismatches = self._settled(drafted)
            if mended.statement is None or not open_:
                continue
            words = set(drafted.text.casefold().split())
            place = max(open_, key=lambda claim: len(words & set(claim.drafted.text.casefold().split())))
            open_.remove(place)
            place.drafted, place.statement, place.mismatches = drafted, mended.statement, ()
            self._told(mended.statement)

    @cached_property
    def _read(self) -> list[str]:
        """What the model was told of documents and by whom it asks."""
        task = self._task
        passages = [
            f"{each.title}\n{each.locator.heading}\n{each.table_header}\n{each.text}\n{list(each.metadata.values())}"
            for each in task.passages
        ]
        return [*passages, task.question, *(message.text for message in task.history)]

    @cached_property
    def _copies(self) -> Copies:
        return Copies("\n".join(self._read))

    def _without_made_up(self, drafted: Drafted) -> tuple[Drafted, tuple[Mismatch, ...]]:
        """The sentence without personal data that the model was not told, and why it cannot be said then."""
        if self._copies.torn(drafted.text):
            return drafted, (Mismatch(code=MADE_UP, detail="it changes a word that stands for personal data: copy it as it is"),)
        kinds = self._unread.made_up(drafted.text, self._read)
        if not kinds:
            return drafted, ()
        detail = f"it holds personal data ({', '.join(kinds)}) that stands in no passage"
        return Drafted(self._unread.hidden(drafted.text, self._read), drafted.marks), (Mismatch(code=MADE_UP, detail=detail),)

    def _settled(self, drafted: Drafted) -> tuple[Statement | None, tuple[Mismatch, ...]]:
        """The statement, where it may be said; else why not."""
        began = perf_counter()
        try:
            return self._checked(drafted)
        finally:
            self._account.checked_ms += (perf_counter() - began) * 1000

    def _checked(self, drafted: Drafted) -> tuple[Statement | None, tuple[Mismatch, ...]]:
        faults = self._guard.faults(drafted.text, [self._packed[n - 1].at for n in drafted.marks if 0 < n <= len(self._packed)])
        cited = self._sources.cite(drafted.text, drafted.marks, language=self._task.language)
        if faults or not cited.supports:
            return None, faults or cited.removed
        at = [support.at for support in cited.supports]
        mismatches = self._evidence.mismatches(drafted.text, self._task.question, at) or self._judged(drafted.text, at)
        if mismatches:
            return None, mismatches
        places = tuple(Place(each.at, each.start, each.end, each.heading) for each in cited.supports)
        return Statement(drafted.text, places, before=_before(drafted.text), check="no_mismatch_found"), ()

    def _judged(self, text: str, at: Sequence[int]) -> tuple[Mismatch, ...]:
        """The judge's objection, if there is a judge and it has one. A judge that fails lets nothing pass: ModelFailed; nor does one that
        could take more than is left: OverBudget."""
        if self._judge is None:
            return ()
        began = perf_counter()
        shown = [self._task.passages[number].text for number in at]
        self._account.permit(self._judge.most(text, shown), self._judge.cost(text, shown))
        try:
            judged = self._judge.verify(text, shown, cancelled=self._cancelled)
        except ModelFailed as error:
            read, wrote = error.tokens
            self._account.charge(
                self._judge.name, Tokens(input=read, output=wrote, estimated=True), None if read or wrote else 0.0
            )
            raise
        self._account.charge(self._judge.name, judged.tokens, judged.cost_usd)
        self._account.step("verify", judged.verdict, began, by=self._judge.name)
        if judged.verdict in {"supported", "unclear"}:
            return ()
        return (Mismatch(code="verifier", detail=judged.why or f"{self._judge.name} calls it {judged.verdict}"),)

    def _told(self, statement: Statement) -> None:
        if self._recipe.on_mismatch == "drop":
            self.shown = True
            self._show(statement)


def _before(text: str) -> str:
    """Rows of a table and items of a list stand on lines of their own."""
    return "\n" if _LINE.match(text) else " "


def _codes(lost: Sequence[Claim]) -> Json:
    """Why claims were lost, without their words."""
    return [", ".join(sorted({mismatch.code for mismatch in claim.mismatches})) for claim in lost]
