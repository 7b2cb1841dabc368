"""What golden cases come to when a recipe is asked: kept as soon as it is there, and asked only where it is not.

Found by recipe, corpus version, what a case asks and repeat, so that what was interrupted goes on, and a case that nothing has
changed for is not asked again. What was asked too long ago can be asked anew; what was wrong then is kept beside it. The answers
are kept as traces of `EVALUATION`: they are erased with their documents like all others. The results hold no text. A case is judged by what
its groups would read; what is kept has placeholders.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from random import SystemRandom

from firmground.answer.judge import Judge
from firmground.app.access.names import EVALUATION
from firmground.app.app import App
from firmground.app.asking.answers import examples
from firmground.app.asking.search import corpus as corpus_of
from firmground.app.asking.traces import keep
from firmground.app.launching.releases import RECIPES
from firmground.app.redaction import masking
from firmground.app.redaction.answers import answer_revealed, values_of
from firmground.app.spending.limits import LimitReached
from firmground.app.spending.metering import JOB, metered
from firmground.errors import FirmgroundError, Refused
from firmground.evaluate.cases import Case
from firmground.evaluate.files import load
from firmground.evaluate.report import Result, wrong
from firmground.evaluate.retrieval import retrieved
from firmground.evaluate.scores import named_documents, scored
from firmground.evaluate.verdict import Verdict, judged
from firmground.guard.redaction import Redacted
from firmground.ports import Transaction
from firmground.release.spec import ReleaseSpec
from firmground.serve.ask import Asked, Live, answer
from firmground.serve.generation import Models
from firmground.serve.search import Corpus, search
from firmground.serve.sending import Sending
from firmground.serve.unread import Unread
from firmground.types import Actor, Answer, Passage, Trace, Within

_BATCH = 40
_THREADS = 4
_NOBODY = Actor(person=EVALUATION)
"""Reads nothing that is hidden: who writes cases is not told by them what documents hide."""


class CaseResults:
    """Cases, asked of the documents as they are now. What models take for it counts for the workspace's budgets; where these are spent it
    is LimitReached, and goes on another day: quotes for want of money would measure something else."""

    def __init__(self, app: App, cases: Sequence[Case], check_cancelled: Callable[[], None]) -> None:
        self._app = app
        self._cases = cases
        self._check_cancelled = check_cancelled
        with app.database.reading() as tx:
            self.version = str(tx.corpus_version())
            self._scopes = {case.as_: tx.visible_scopes({*case.as_, "public"}) for case in cases}

    def within(self, case: Case) -> Within:
        """What one who is in the groups of the case may see."""
        return Within(scopes=self._scopes[case.as_])

    def of(
        self, recipe: ReleaseSpec, repeats: int, done: Callable[[int], None], *, since: datetime | None = None
    ) -> dict[str, list[Result]]:
        """What every case came to, by its digest; `done` hears of each lot how many it was. Errors are results, asked again next time, as
        is what was asked before `since`."""
        namespace = _namespace(recipe.digest, self.version)
        corpus = corpus_of(self._app, recipe)
        with self._app.database.transaction() as tx:
            known = _kept(tx, namespace)
            if tx.fact(RECIPES, recipe.digest) is None:
                tx.put_fact(RECIPES, recipe.digest, recipe.model_dump(mode="json"))
        wanted = {_key(case, n): (case, n) for n in range(repeats) for case in self._cases}
        left = [each for key, each in wanted.items() if key not in known or _asked_again(known[key], since)]
        done(repeats * len(self._cases) - len(left))
        if left:  # what is loaded once is no part of anybody's time
            search(corpus, recipe.retrieval, self.asked(left[0][0]).text, self.within(left[0][0]), limit=1)
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="case") as threads:
            for start in range(0, len(left), _BATCH):
                self._check_cancelled()
                batch = left[start : start + _BATCH]
                answers = list(threads.map(partial(self._ask, recipe, corpus), [case for case, _ in batch]))
                made_of = [(each, came) for each, came in zip(batch, answers, strict=True) if not isinstance(came, LimitReached)]
                with self._app.database.transaction() as tx:
                    for (case, n), (made, trace) in made_of:
                        result = made if trace is None else self._with_disclosed(tx, case, made, trace)
                        if trace is not None:
                            keep(tx, trace, known=int(self.version))
                        key = _key(case, n)
                        if (before := known.get(key)) and _counts_against(before):
                            tx.put_fact(namespace, f"{key}/{before.trace}", before.model_dump(mode="json"))
                        known[key] = result
                        tx.put_fact(namespace, key, result.model_dump(mode="json"))
                if spent := [came for came in answers if isinstance(came, LimitReached)]:
                    raise spent[0]
                done(len(batch))
        return {case.digest: [_of(case, known[_key(case, n)]) for n in range(repeats)] for case in self._cases}

    def check_unchanged(self, tx: Transaction) -> None:
        """Refused where the corpus is no longer the one that was asked."""
        if str(tx.corpus_version()) != self.version:
            raise Refused("the documents changed while the cases were asked", "run the same command again")

    def _ask(self, recipe: ReleaseSpec, corpus: Corpus, case: Case) -> tuple[Result, Trace | None] | LimitReached:
        """One case, as one of its groups would ask it. An error is a result, but for a budget that is spent."""
        try:
            said = self.asked(case)
        except FirmgroundError as error:
            return Result(case=case.digest, id=case.id, at=self._app.clock(), error=str(error)), None
        asked = Asked(
            question=said.text,
            hidden=values_of(said.values),
            within=self.within(case),
            person=EVALUATION,
            via="job",
            groups=tuple(sorted({*case.as_, "public"})),
        )
        try:
            with metered(self._app, JOB, release=recipe.digest, degrades=False) as meter:
                sending = Sending(recipe.review, recipe.digest, case.digest, groups=asked.groups, finder=self._app.finder)
                live = Live(
                    clock=self._app.clock,
                    random=SystemRandom(),
                    models=Models(self._app.model, lambda: Judge(self._app.model(recipe.answering.generation.judge))),
                    examples=examples(self._app, recipe),
                    sending=sending,
                    unread=Unread(self._app.finder),
                    account=meter.account,
                )
                trace = sending.settled(answer(corpus, recipe.retrieval, recipe.answering, asked, live, release=recipe.digest))
        except LimitReached as error:
            return error
        except FirmgroundError as error:
            return Result(case=case.digest, id=case.id, at=self._app.clock(), error=str(error)), None
        given, seen = trace.answer, self._seen(case, trace, said)
        evidence = [each.uri for each in trace.evidence if isinstance(each, Passage)]
        result = Result(
            case=case.digest,
            id=case.id,
            at=given.created_at,
            trace=given.id,
            status=given.status,
            verdict=self._without_values(judged(case, seen)),
            retrieval=retrieved(case, evidence),
            confidence=given.confidence,
            scores=scored(trace, masking.earlier(self._app, self.persona(case), case.expect.answer).text, corpus.embedder.embed),
            first_sentence_ms=given.timings_ms["first_sentence"],
            total_ms=given.timings_ms["total"],
            stages_ms={name: took for name, took in given.timings_ms.items() if name not in {"first_sentence", "total"}},
            cost_usd=given.usage.cost_usd,
        )
        return result, trace

    def asked(self, case: Case) -> Redacted:
        """Its question as it is asked. Refused where questions may hold no personal data, and it does."""
        return masking.question(self._app, self.persona(case), case.question)

    def persona(self, case: Case) -> Actor:
        """Whoever asks it: nobody, in the groups of the case."""
        return Actor(person=EVALUATION, groups=frozenset({*case.as_, "public"}), via="http")

    def _seen(self, case: Case, trace: Trace, said: Redacted) -> Answer:
        """The answer as one of its groups would read it: that is what a case speaks of."""
        with self._app.database.reading() as tx:
            return answer_revealed(self._app, tx, self.persona(case), trace, values_of(said.values))

    def _without_values(self, verdict: Verdict) -> Verdict:
        """What is kept of it holds no personal data, though the case may."""

        def plain(terms: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(masking.earlier(self._app, _NOBODY, term).text for term in terms)

        return verdict.model_copy(update={"missing": plain(verdict.missing), "unacceptable": plain(verdict.unacceptable)})

    def _with_disclosed(self, tx: Transaction, case: Case, result: Result, trace: Trace) -> Result:
        """By the rows of the documents, not by the search that should have kept to them."""
        named = [tx.document(id) for id in named_documents(trace)]
        hidden = sum(document is not None and document.scope not in self._scopes[case.as_] for document in named)
        return result.model_copy(update={"scores": result.scores.model_copy(update={"disclosed": hidden})})


def active_cases(app: App) -> list[Case]:
    """The cases that count."""
    return [placed.case for placed in load(app.workspace.root).cases if placed.case.status == "active"]


def kept_results(
    tx: Transaction, cases: Sequence[Case], *, release: str, corpus: str, repeats: int = 0
) -> list[tuple[Case, list[Result]]]:
    """Those of these cases that a recipe was asked at a version of the corpus, with what they came to: all that is kept of each, or the
    latest of so many `repeats`."""
    known = _kept(tx, _namespace(release, corpus))
    of: defaultdict[str, list[Result]] = defaultdict(list)
    for key, result in sorted(known.items(), key=_repeat_of):
        asks, n, *earlier = key.split("/")
        if not repeats or (int(n) < repeats and not earlier):
            of[asks].append(result)
    return [(case, [_of(case, each) for each in of[case.asks]]) for case in cases if case.asks in of]


def dropped_results(tx: Transaction, cases: Sequence[Case], *, release: str, corpus: str) -> list[Result]:
    """What the same recipe was asked there by cases that are none of these, or were not like these: retired, edited or removed since."""
    asked = {case.asks for case in cases}
    known = _kept(tx, _namespace(release, corpus))
    return [result for key, result in known.items() if result.id and key.partition("/")[0] not in asked]


def _namespace(release: str, corpus: str) -> str:
    return f"results:{release}:{corpus}"


def _key(case: Case, repeat: int) -> str:
    return f"{case.asks}/{repeat}"


def _repeat_of(kept: tuple[str, Result]) -> int:
    return int(kept[0].split("/")[1])


def _of(case: Case, result: Result) -> Result:
    """As of the case as it is named now."""
    return result if result.case == case.digest else result.model_copy(update={"case": case.digest, "id": case.id})


def _asked_again(result: Result, since: datetime | None) -> bool:
    return bool(result.error) or (since is not None and (result.at is None or result.at < since))


def _counts_against(result: Result) -> bool:
    return wrong(result) or bool(result.scores.disclosed)


def _kept(tx: Transaction, namespace: str) -> dict[str, Result]:
    return {key: Result.model_validate(each) for key, each in tx.facts(namespace).items()}
