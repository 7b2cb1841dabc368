"""Hand out what people made of answers: for tools that label, train and evaluate.

Whoever takes it out sees every document, and still gets placeholders where personal data is masked. People are not named: what they said
is told, and that several did.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias, cast, get_args

from firmground.app.access.names import EVALUATION
from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.recording.ledger import record
from firmground.errors import InvalidInput
from firmground.lessons import Pair, Signal
from firmground.ports import Transaction
from firmground.reviews import ReviewAct, ReviewItem
from firmground.types import Actor, Feedback, Json, Passage, Trace

Dataset: TypeAlias = Literal["feedback", "pairs"]
Format: TypeAlias = Literal["jsonl", "csv", "label-studio"]
DATASETS: tuple[str, ...] = get_args(Dataset)
FORMATS: Mapping[str, str] = {"jsonl": "application/jsonl", "csv": "text/csv", "label-studio": "application/json"}
"""And the media type of each."""
_AT_ONCE = 100
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""A cell that begins so is a formula to a spreadsheet."""
_DECISIONS = frozenset({"approve", "edit", "reject"})


class Row(NamedTuple):
    """One answer, with all that people made of it."""

    trace: Trace
    thumbs: Sequence[Feedback]
    items: Sequence[ReviewItem]
    acts: Sequence[ReviewAct]
    signals: Sequence[Signal]


def exported(app: App, actor: Actor, dataset: str, form: str = "jsonl") -> Iterator[str]:
    """A dataset in pieces of text: `feedback`, every answer that somebody said or did something about, oldest first; or `pairs` of a
    question and a passage. For whoever sees everything; it is recorded. InvalidInput for a dataset or a form that does not exist."""
    need(actor, "see_all", f"export {dataset[:40]}")
    if dataset not in DATASETS:
        raise InvalidInput(f"there is no dataset {dataset[:40]!r}", f"use one of {', '.join(DATASETS)}")
    if form not in FORMATS or (dataset, form) == ("pairs", "label-studio"):
        forms = [each for each in FORMATS if dataset == "feedback" or each != "label-studio"]
        raise InvalidInput(f"{dataset} cannot be exported as {form[:40]!r}", f"use {', '.join(forms)}")
    with app.database.transaction() as tx:
        record(app, tx, actor, "dataset.exported", dataset, form=form)
    told = _feedback(app) if dataset == "feedback" else _pairs(app)
    if form == "label-studio":
        return _tasks(app)
    return _csv(told) if form == "csv" else (json.dumps(each, ensure_ascii=False) + "\n" for each in told)


# ---------------------------------------------------------------- what was said


def _rows(app: App) -> Iterator[Row]:
    """Lot by lot, so that neither memory nor a snapshot grows with the workspace."""
    for ids in _ids(app):
        with app.database.reading() as tx:
            found = [trace for id in ids if (trace := tx.trace(id)) is not None]
            rows = _with_said(tx, found)
        yield from rows


def _ids(app: App) -> Iterator[list[str]]:
    """Of answers to people, oldest first."""
    every: list[str] = []
    before = ""
    while True:
        with app.database.reading() as tx:
            page = tx.traces(but=EVALUATION, before=before, limit=_AT_ONCE)
        if not page:
            break
        before = page[-1].answer.id
        every += [trace.answer.id for trace in page]
    every.reverse()
    for start in range(0, len(every), _AT_ONCE):
        yield every[start : start + _AT_ONCE]


def _with_said(tx: Transaction, traces: Sequence[Trace]) -> list[Row]:
    ids = [trace.answer.id for trace in traces]
    items: dict[str, list[ReviewItem]] = {}
    for item in tx.items_of(ids):
        items.setdefault(item.answer, []).append(item)
    acts = tx.acts([item.id for of in items.values() for item in of])
    signals = tx.signals(ids)
    rows: list[Row] = []
    for trace in traces:
        id = trace.answer.id
        ours = items.get(id, [])
        thumbs = tx.feedback(id)
        if thumbs or ours or signals.get(id):
            told = [act for item in ours if not _unsaid(item) for act in acts.get(item.id, [])]
            rows.append(Row(trace, thumbs, ours, told, signals.get(id, [])))
    return rows


def _unsaid(item: ReviewItem) -> bool:
    """What people said of a blind item is told when all have: who decides next may read this."""
    return item.blind and item.state == "waiting"


def _feedback(app: App) -> Iterator[dict[str, Json]]:
    for row in _rows(app):
        answer = row.trace.answer
        yield {
            "answer": answer.id,
            "asked_at": answer.created_at.isoformat(),
            "question": answer.question,
            "language": row.trace.language,
            "status": answer.status,
            "text": answer.text,
            "draft": row.trace.draft.text if row.trace.draft else "",
            "confidence": answer.confidence,
            "release": answer.release,
            "model": answer.model,
            "passages": [_passage(each) for each in row.trace.evidence if isinstance(each, Passage)],
            "thumbs": [each.model_dump(mode="json", include={"verdict", "reason", "comment", "at"}) for each in row.thumbs],
            "outcomes": [item.outcome for item in row.items if item.outcome],
            "causes": [
                cause.kind if not cause.name else f"{cause.kind}: {cause.name}" for item in row.items for cause in item.causes
            ],
            "reviews": [_decision(act) for act in row.acts if act.act in _DECISIONS],
            "signals": [each.model_dump(mode="json", include={"kind", "at", "detail"}) for each in row.signals],
        }


def _passage(passage: Passage) -> dict[str, Json]:
    return {
        "document": passage.document,
        "uri": passage.uri,
        "start": passage.locator.start,
        "end": passage.locator.end,
        "text": passage.text,
    }


def _decision(act: ReviewAct) -> dict[str, Json]:
    marks: dict[str, Json] = {str(place): mark for place, mark in act.marks.items()}
    return {
        "act": act.act,
        "reason": act.reason,
        "note": act.note,
        "marks": marks,
        "text": act.wrote.text if act.wrote else "",
        "at": act.at.isoformat(),
    }


def _pairs(app: App) -> Iterator[dict[str, Json]]:
    with app.database.reading() as tx:
        found = list(tx.pairs())
    yield from map(_pair, found)


def _pair(pair: Pair) -> dict[str, Json]:
    return cast("dict[str, Json]", pair.model_dump(mode="json", exclude={"by"}))


# ---------------------------------------------------------------- forms


def _tasks(app: App) -> Iterator[str]:
    """A list of tasks of Label Studio (its "basic JSON"): with what people decided as annotations."""
    before = "["
    for row in _rows(app):
        yield before + "\n" + json.dumps(_task(row), ensure_ascii=False)
        before = ","
    yield "\n]\n" if before == "," else "[]\n"


def _task(row: Row) -> dict[str, Json]:
    answer = row.trace.answer
    passages = [f"[{place}] {each.text}" for place, each in enumerate(row.trace.evidence, 1) if isinstance(each, Passage)]
    data: dict[str, Json] = {
        "answer_id": answer.id,
        "question": answer.question,
        "text": row.trace.draft.text if row.trace.draft else answer.text,
        "passages": "\n\n".join(passages),
        "status": answer.status,
        "confidence": answer.confidence,
        "release": answer.release,
    }
    annotations: list[Json] = [
        {"result": _result(act), "created_at": act.at.isoformat()} for act in row.acts if act.act in _DECISIONS
    ]
    return {"data": data, "annotations": annotations}


def _result(act: ReviewAct) -> list[Json]:
    result: list[Json] = [
        {"id": f"{act.number}a", "from_name": "verdict", "to_name": "answer", "type": "choices", "value": {"choices": [act.act]}}
    ]
    if act.wrote:
        text: dict[str, Json] = {"text": [act.wrote.text]}
        result.append({"id": f"{act.number}b", "from_name": "correction", "to_name": "answer", "type": "textarea", "value": text})
    return result


def _csv(rows: Iterator[dict[str, Json]]) -> Iterator[str]:
    """A line of names, then a line for each row; lists and objects as JSON. What a spreadsheet would take for a formula has an apostrophe
    before it."""
    first = True
    for row in rows:
        if first:
            yield _line(list(row))
            first = False
        yield _line([_cell(value) for value in row.values()])


def _line(cells: Sequence[str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()


def _cell(value: Json) -> str:
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
