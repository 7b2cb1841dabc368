"""Ask a language model what it thinks of the answers of an evaluation, and how far it agrees with people."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, cast

from firmground.app.app import App
from firmground.app.redaction import masking
from firmground.app.spending.metering import JOB, metered
from firmground.errors import ModelFailed
from firmground.evaluate.cases import Case
from firmground.evaluate.judge import INSTRUCTIONS, Grade, Graded, Judged, agreement, graded
from firmground.evaluate.report import Result, answered, wrong
from firmground.ports import Transaction
from firmground.serve.account import Accounted, OverBudget
from firmground.types import Json, digest

_BATCH = 20
_THREADS = 4


class _Said(NamedTuple):
    case: Case
    result: Result
    text: str
    people: bool | None
    """Whether people found it right; None where none said, or they did not agree."""


def judged(
    app: App, name: str, cases: Sequence[Case], results: Mapping[str, Sequence[Result]], check: Callable[[], None]
) -> Judged:
    """The answers that were given, the first of each case, graded by the model `name`. What was graded before is not asked again; where the
    model gave no answer the case is unclear, and asked next time. Kept are grades, no words. `check` may stop it, and LimitReached where
    the workspace's budget is spent."""
    model = app.model(name)
    namespace = namespace_of(name)
    with app.database.reading() as tx:
        said = [each for case in cases if (each := _said(tx, case, results[case.digest][0])) is not None]
        known = {key: Graded.model_validate(each) for key, each in tx.facts(namespace).items()}
    left = [each for each in said if _key(each) not in known]

    def grade(each: _Said) -> Graded | None:
        with metered(app, JOB, release="", degrades=False) as meter:
            try:
                return graded(Accounted(model, meter.account), _masked(app, each.case), each.text)
            except (ModelFailed, OverBudget):
                return None

    failed: set[str] = set()
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="judge") as threads:
        for start in range(0, len(left), _BATCH):
            check()
            lot = left[start : start + _BATCH]
            given = list(threads.map(grade, lot))
            with app.database.transaction() as tx:
                for each, made in zip(lot, given, strict=True):
                    if made is None:
                        failed.add(_key(each))
                    else:
                        known[_key(each)] = made.model_copy(update={"why": ""})
                        tx.put_fact(namespace, _key(each), cast("Json", known[_key(each)].model_dump(mode="json")))
    return _counted(name, said, {**known, **dict.fromkeys(failed, Graded(grade="unclear"))})


def _masked(app: App, case: Case) -> Case:
    """What a model is told of it."""

    def plain(texts: Sequence[str]) -> tuple[str, ...]:
        return tuple(masking.earlier(app, None, text).text for text in texts)

    question, answer = plain([case.question, case.expect.answer])
    expected = {"answer": answer, "contains": tuple(map(plain, case.expect.contains))}
    told = {"question": question, "expect": case.expect.model_copy(update=expected), "unacceptable": plain(case.unacceptable)}
    return case.model_copy(update=told)


def namespace_of(model: str) -> str:
    """Where the grades of a model are kept: those by other instructions are others."""
    return f"graded:{model}:{digest(INSTRUCTIONS)[:12]}"


def _counted(name: str, said: Sequence[_Said], known: Mapping[str, Graded]) -> Judged:
    grades: list[Grade] = [known[_key(each)].grade for each in said]
    costs = [known[_key(each)].cost_usd for each in said]
    by_people: list[tuple[Grade, bool]] = [
        (grade, each.people) for grade, each in zip(grades, said, strict=True) if each.people is not None
    ]
    counts: dict[str, Any] = {grade: grades.count(grade) for grade in ("right", "wrong", "unclear")}
    return Judged(
        model=name,
        with_cases=agreement([(grade, not wrong(each.result)) for grade, each in zip(grades, said, strict=True)]),
        with_people=agreement(by_people),
        cost_usd=None if None in costs else sum(cost for cost in costs if cost is not None),
        **counts,
    )


def _said(tx: Transaction, case: Case, result: Result) -> _Said | None:
    trace = tx.trace(result.trace) if answered(result) else None
    if trace is None:
        return None
    thumbs = {each.verdict for each in tx.feedback(trace.answer.id)}
    return _Said(case, result, trace.answer.text, thumbs == {"up"} if len(thumbs) == 1 else None)


def _key(each: _Said) -> str:
    return f"{each.case.digest}/{each.result.trace}"
