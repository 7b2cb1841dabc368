"""What a diagnosis knows of a workspace, gathered from its brief, documents, cases, evaluations and answers."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

from firmground.app.access.names import EVALUATION
from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.evaluating import prototypes
from firmground.app.evaluating.case_results import active_cases, kept_results
from firmground.app.evaluating.case_sources import confirmed
from firmground.app.evaluating.evaluation import REPORTS
from firmground.app.evaluating.samples import shipped_cases
from firmground.app.launching.briefs import brief_now
from firmground.app.launching.releases import recipe_now
from firmground.errors import FirmgroundError
from firmground.evaluate.cases import Case, dataset_digest
from firmground.evaluate.report import Report, Result
from firmground.evaluate.verdict import evened, holds
from firmground.gate.advice.tool import TABLES
from firmground.gate.brief import Brief
from firmground.gate.diagnosis import Diagnosis, diagnose, is_current
from firmground.gate.known import Asked, Corpus, Known
from firmground.ports import Transaction
from firmground.types import Actor, Document

_HARMFUL = frozenset({"contradiction", "superseded", "stale", "near_duplicate", "exact_duplicate"})
_WINDOW_DAYS = 30
_AT_ONCE = 100
_MOST_ANSWERS = 1000
"""Of people, newest first: enough for shares, and quick."""


def run(app: App, actor: Actor, *, prototype: Path | None = None) -> Diagnosis:
    """For auditors. NotFound and InvalidInput where the file of a prototype cannot be used; what else is missing is said in the
    diagnosis."""
    need(actor, "audit", "read the diagnosis")
    return diagnose(known(app, prototype=prototype))


def known(app: App, *, prototype: Path | None = None) -> Known:
    """All that the rules look at, as of one moment of the database."""
    found = prototypes.read(prototype) if prototype else None
    brief, problem = _brief(app)
    cases = active_cases(app)
    with app.database.reading() as tx:
        report = _newest(tx)
        results = kept_results(tx, cases, release=report.release, corpus=report.corpus, repeats=report.repeats) if report else []
        documents = tx.documents(state="indexed")
        return Known(
            now=app.clock(),
            brief=brief,
            brief_problem=problem,
            corpus=_corpus(app, tx, documents),
            cases=cases,
            shipped=shipped_cases(cases, confirmed(tx)),
            report=report,
            current=report is None or is_current(report, str(tx.corpus_version()), dataset_digest(cases)),
            results=results,
            words_there=_words_there(tx, documents, results),
            models=recipe_now(app, tx).answering.generation.routing.models,
            asked=_asked(tx),
            prototype=found.prototype if found else None,
            compared=prototypes.compared(found, results) if found and report else None,
        )


def _brief(app: App) -> tuple[Brief | None, str]:
    try:
        return brief_now(app), ""
    except FirmgroundError as error:
        return None, f"{error.problem[:1].upper()}{error.problem[1:]}."


def _newest(tx: Transaction) -> Report | None:
    found = [Report.model_validate(each) for each in tx.facts(REPORTS).values()]
    return max(found, key=lambda each: each.created_at, default=None)


def _corpus(app: App, tx: Transaction, documents: list[Document]) -> Corpus:
    now = app.clock()
    since = now - timedelta(days=_WINDOW_DAYS)
    covered = app.embedder.languages
    languages = Counter(document.language for document in documents)
    found = [finding for name in app.sources if (report := tx.report(name)) for finding in report[1] if finding.code in _HARMFUL]
    indexed = {f"{document.source}/{document.uri}" for document in documents}
    first = min((document.added_at for document in documents), default=now)
    return Corpus(
        documents=len(documents),
        characters=sum(document.characters for document in documents),
        structured=sum(document.uri.lower().endswith(TABLES) for document in documents),
        languages=dict(languages.most_common()),
        uncovered=0 if covered is None else sum(count for code, count in languages.items() if code and code not in covered),
        changed=sum(document.updated_at >= since and _changed_since_added(document) for document in documents),
        window_days=_WINDOW_DAYS,
        watched_days=(now - first).total_seconds() / 86_400,
        troubled=len({finding.uri for finding in found} & indexed),
        findings=dict(Counter(finding.code for finding in found)),
        waiting=sum(count for (_, state, _), count in tx.document_counts().items() if state in {"failed", "quarantined"}),
    )


def _changed_since_added(document: Document) -> bool:
    return document.updated_at - document.added_at > timedelta(minutes=1)


def _words_there(tx: Transaction, documents: list[Document], results: list[tuple[Case, list[Result]]]) -> dict[str, bool]:
    """Of cases whose sources were not all found: whether the documents that they name are indexed and hold the words."""
    by_name = {name: document for document in documents for name in (document.uri, f"{document.source}/{document.uri}")}
    missed = [case for case, came in results if any(each.retrieval is not None and each.retrieval.recall < 1 for each in came)]
    texts: dict[int, str] = {}

    def says(case: Case) -> bool:
        named = [by_name[source] for every in case.expect.sources for source in every if source in by_name]
        for document in named:
            if document.number not in texts:
                texts[document.number] = evened(tx.text(document.number))
        together = "\n".join(texts[document.number] for document in named)
        return bool(named) and all(any(holds(together, term) for term in terms) for terms in case.expect.contains)

    return {case.digest: says(case) for case in missed}


def _asked(tx: Transaction) -> Asked:
    """What people asked, by their words: case, punctuation and spaces aside."""
    questions: Counter[str] = Counter()
    refused, before = 0, ""
    while sum(questions.values()) < _MOST_ANSWERS and (found := tx.traces(but=EVALUATION, before=before, limit=_AT_ONCE)):
        for trace in found:
            words = "".join(sign if sign.isalnum() else " " for sign in trace.answer.question.casefold())
            questions[" ".join(words.split())] += 1
            refused += trace.answer.status in {"abstained", "out_of_scope", "blocked"}
        before = found[-1].answer.id
    return Asked(answers=sum(questions.values()), refused=refused, frequent=tuple(count for _, count in questions.most_common()))
