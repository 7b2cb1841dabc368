"""What golden cases come to when a recipe is asked: kept as soon as it is there, and asked only where it is not.

Found by recipe, corpus version, case and repeat, so that what was interrupted goes on, and a case that nothing has changed for is not asked
again. The answers are kept as traces of `EVALUATION`: they are erased with their documents like all others. The results hold no text.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import SystemRandom

from firmground.answer.judge import Judge
from firmground.app.answers import examples
from firmground.app.app import App
from firmground.app.releases import RECIPES
from firmground.app.search import corpus as corpus_of
from firmground.app.traces import EVALUATION, keep
from firmground.errors import FirmgroundError, Refused
from firmground.evaluate.cases import Case
from firmground.evaluate.files import load
from firmground.evaluate.report import Result
from firmground.evaluate.retrieval import retrieved
from firmground.evaluate.scores import named_documents, scored
from firmground.evaluate.verdict import judged
from firmground.ports import Transaction
from firmground.release.spec import ReleaseSpec
from firmground.serve.ask import Asked, Live, answer
from firmground.serve.generation import Models
from firmground.serve.search import Corpus, search
from firmground.types import Passage, Trace, Within

_BATCH = 40
_THREADS = 4


class CaseResults:
    """Cases, asked of the documents as they are now."""

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

    def of(self, recipe: ReleaseSpec, repeats: int, done: Callable[[int], None]) -> dict[str, list[Result]]:
        """What every case came to, by its digest; `done` hears of each lot how many it was. Errors are results, asked again next time."""
        namespace = _namespace(recipe.digest, self.version)
        corpus = corpus_of(self._app, recipe)
        with self._app.database.transaction() as tx:
            known = _kept(tx, namespace)
            if tx.fact(RECIPES, recipe.digest) is None:
                tx.put_fact(RECIPES, recipe.digest, recipe.model_dump(mode="json"))
        wanted = [(case, n) for n in range(repeats) for case in self._cases]
        left = [(case, n) for case, n in wanted if _key(case, n) not in known or known[_key(case, n)].error]
        done(len(wanted) - len(left))
        if left:  # what is loaded once is no part of anybody's time
            search(corpus, recipe.retrieval, left[0][0].question, self.within(left[0][0]), limit=1)
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="case") as threads:
            for start in range(0, len(left), _BATCH):
                self._check_cancelled()
                batch = left[start : start + _BATCH]
                answers = list(threads.map(partial(self._ask, recipe, corpus), [case for case, _ in batch]))
                with self._app.database.transaction() as tx:
                    for (case, n), (made, trace) in zip(batch, answers, strict=True):
                        result = made if trace is None else self._with_disclosed(tx, case, made, trace)
                        if trace is not None:
                            keep(tx, trace, known=int(self.version))
                        known[_key(case, n)] = result
                        tx.put_fact(namespace, _key(case, n), result.model_dump(mode="json"))
                done(len(batch))
        return {case.digest: [known[_key(case, n)] for n in range(repeats)] for case in self._cases}

    def check_unchanged(self, tx: Transaction) -> None:
        """Refused where the corpus is no longer the one that was asked."""
        if str(tx.corpus_version()) != self.version:
            raise Refused("the documents changed while the cases were asked", "run the same command again")

    def _ask(self, recipe: ReleaseSpec, corpus: Corpus, case: Case) -> tuple[Result, Trace | None]:
        """One case, as one of its groups would ask it. An error is a result."""
        asked = Asked(
            question=case.question,
            within=self.within(case),
            person=EVALUATION,
            via="job",
            groups=tuple(sorted({*case.as_, "public"})),
        )
        live = Live(
            clock=self._app.clock,
            random=SystemRandom(),
            models=Models(self._app.model, lambda: Judge(self._app.model(recipe.answering.generation.judge))),
            examples=examples(self._app, recipe),
        )
        try:
            trace = answer(corpus, recipe.retrieval, recipe.answering, asked, live, release=recipe.digest)
        except FirmgroundError as error:
            return Result(case=case.digest, error=str(error)), None
        given = trace.answer
        evidence = [each.uri for each in trace.evidence if isinstance(each, Passage)]
        result = Result(
            case=case.digest,
            trace=given.id,
            status=given.status,
            verdict=judged(case, given),
            retrieval=retrieved(case, evidence),
            confidence=given.confidence,
            scores=scored(trace, case.expect.answer, corpus.embedder.embed),
            first_sentence_ms=given.timings_ms["first_sentence"],
            total_ms=given.timings_ms["total"],
            stages_ms={name: took for name, took in given.timings_ms.items() if name not in {"first_sentence", "total"}},
            cost_usd=given.usage.cost_usd,
        )
        return result, trace

    def _with_disclosed(self, tx: Transaction, case: Case, result: Result, trace: Trace) -> Result:
        """By the rows of the documents, not by the search that should have kept to them."""
        named = [tx.document(id) for id in named_documents(trace)]
        hidden = sum(document is not None and document.scope not in self._scopes[case.as_] for document in named)
        return result.model_copy(update={"scores": result.scores.model_copy(update={"disclosed": hidden})})


def active_cases(app: App) -> list[Case]:
    """The cases that count."""
    return [placed.case for placed in load(app.workspace.root).cases if placed.case.status == "active"]


def kept_results(
    tx: Transaction, cases: Sequence[Case], *, release: str, corpus: str, repeats: int
) -> list[tuple[Case, list[Result]]]:
    """Those of these cases that a recipe was asked at a version of the corpus, with what they came to."""
    known = _kept(tx, _namespace(release, corpus))
    found = [(case, [known[key] for n in range(repeats) if (key := _key(case, n)) in known]) for case in cases]
    return [(case, results) for case, results in found if results]


def _namespace(release: str, corpus: str) -> str:
    return f"results:{release}:{corpus}"


def _key(case: Case, repeat: int) -> str:
    return f"{case.digest}/{repeat}"


def _kept(tx: Transaction, namespace: str) -> dict[str, Result]:
    return {key: Result.model_validate(each) for key, each in tx.facts(namespace).items()}
