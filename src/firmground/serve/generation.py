"""An answer written by language models: a chain of them, a budget, and no sentence without its check."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Literal

from firmground.answer.check import Checks
from firmground.answer.cite import Citing
from firmground.answer.generate import SCHEMA, Drafted, Ending, Reading
from firmground.answer.packing import Packing
from firmground.answer.prompt import Prompt, messages, repair_messages
from firmground.errors import ModelFailed
from firmground.ports import LanguageModel, Verifier
from firmground.serve.account import Account, OverBudget, charged
from firmground.serve.composing import Place, Statement
from firmground.types import Json, Message, Mismatch, ModelCall, Passage, Value

_AFTERWARDS = 200
"""Pieces that are waited for after the last sentence: the one that counts the tokens comes last."""
_LINE = re.compile(r"\s*(?:\||[-*+•]\s|\d{1,3}[.)]\s)")

EXTRACTIVE = "extractive"
"""The model that is none: sentences of the documents, word for word."""


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
    show: Callable[[Statement], None] = lambda _: None,
    withdraw: Callable[[str], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Written | None:
    """What the first model writes whose sentences hold; None where none does, so that the answer must come from elsewhere.

    `show` gets each statement as soon as it is checked, `withdraw` why nothing shown so far counts any more. A model that says that the
    passages do not answer is believed, unless a stronger one is still to be asked. ModelFailed only where `cancelled`.
    """
    declined: Written | None = None
    for name in recipe.routing.chain(task.confidence):
        if declined is not None and name != recipe.routing.strong_model:
            break
        began = perf_counter()
        attempt = _Attempt(recipe, models, name, task=task, account=account, show=show, cancelled=cancelled)
        try:
            written = attempt.run()
        except ModelFailed as error:
            account.step("model", error.reason, began, model=name, why=error.problem)
            if error.reason == "cancelled":
                raise
        except OverBudget:
            account.step("model", "over_budget", began, model=name)
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
        self._show = show
        self._cancelled = cancelled
        self._packed = recipe.packing.pack(task.question, task.passages, self._model.count)
        self._sources = recipe.citing.over(self._packed, task.passages)
        self._evidence = recipe.checks.against(task.passages)
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
            self._account.step("repair", reason, began, model=self._model.name)
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
        reading = Reading(structured=structured)
        output: list[str] = []
        cut, idle = False, 0
        deltas = charged(self._model, call, self._account, self._cancelled)
        try:
            for delta in deltas:
                output.append(delta.text)
                for drafted in reading.feed(delta.text):
                    take(drafted)
                if delta.finish == "refused":
                    raise ModelFailed("rejected", f"the model {self._model.name} refuses to answer this")
                cut = delta.finish == "length"
                idle += reading.over
                if idle > _AFTERWARDS:
                    break
        finally:
            deltas.close()
            self._outputs.append("".join(output))
        ending = reading.finish(cut=cut)
        for drafted in ending.rest:
            take(drafted)
        return ending

    def _messages(self) -> tuple[Message, ...]:
        task = self._task
        return messages(
            self._prompt,
            task.question,
            self._packed,
            task.passages,
            language=task.language,
            structured=self._model.structured,
            history=task.history,
            refusal=task.refusal,
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
            fault="" if lost else ending.malformed,
            language=task.language,
            structured=self._model.structured,
            refusal=task.refusal,
        )

    def _take(self, drafted: Drafted) -> None:
        if not drafted.marks and drafted.text.endswith(":"):
            return  # it only announces the answer
        if any(claim.drafted == drafted or (claim.statement and claim.drafted.text == drafted.text) for claim in self._claims):
            return  # it says the same again
        statement, mismatches = self._settled(drafted)
        self._claims.append(Claim(drafted, statement, mismatches))
        if statement is not None:
            self._told(statement)

    def _mend(self, lost: Sequence[Claim], drafts: Sequence[Drafted]) -> None:
        """Put what the model wrote anew into the places of what did not hold; it is said once only."""
        for drafted in drafts if not lost else ():
            self._take(drafted)
        open_ = list(lost)
        for drafted in drafts if lost else ():
            mended = Claim(drafted)
            mended.statement, mended.mismatches = self._settled(drafted)
            if mended.statement is None or not open_:
                continue
            words = set(drafted.text.casefold().split())
            place = max(open_, key=lambda claim: len(words & set(claim.drafted.text.casefold().split())))
            open_.remove(place)
            place.drafted, place.statement, place.mismatches = drafted, mended.statement, ()
            self._told(mended.statement)

    def _settled(self, drafted: Drafted) -> tuple[Statement | None, tuple[Mismatch, ...]]:
        """The statement, where it may be said; else why not."""
        began = perf_counter()
        try:
            return self._checked(drafted)
        finally:
            self._account.checked_ms += (perf_counter() - began) * 1000

    def _checked(self, drafted: Drafted) -> tuple[Statement | None, tuple[Mismatch, ...]]:
        cited = self._sources.cite(drafted.text, drafted.marks, language=self._task.language)
        if not cited.supports:
            return None, cited.removed
        at = [support.at for support in cited.supports]
        mismatches = self._evidence.mismatches(drafted.text, self._task.question, at) or self._judged(drafted.text, at)
        if mismatches:
            return None, mismatches
        places = tuple(Place(each.at, each.start, each.end, each.heading) for each in cited.supports)
        return Statement(drafted.text, places, before=_before(drafted.text), check="no_mismatch_found"), ()

    def _judged(self, text: str, at: Sequence[int]) -> tuple[Mismatch, ...]:
        """The judge's objection, if there is a judge and it has one. A judge that fails lets nothing pass: ModelFailed; nor does one that
        could cost more than is left: OverBudget."""
        if self._judge is None:
            return ()
        began = perf_counter()
        shown = [self._task.passages[number].text for number in at]
        if self._account.budget_usd is not None and not self._account.affords(self._judge.cost(text, shown)):
            raise OverBudget
        judged = self._judge.verify(text, shown, cancelled=self._cancelled)
        self._account.charge(judged.tokens, judged.cost_usd)
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
