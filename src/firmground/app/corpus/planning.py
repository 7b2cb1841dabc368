"""What a sync has to do: files to look at, documents that are gone, and the reader that looks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from firmground.app.app import App
from firmground.app.corpus import origins
from firmground.app.corpus.reading import Reader, Reading, reading_stamp
from firmground.app.corpus.reports import COUNTS
from firmground.app.redaction.intake import Intake, intake_of
from firmground.errors import OutsideFailed
from firmground.index.quality import Inspector
from firmground.ports import Source
from firmground.types import Document, Json, Problem, SourceFile, digest

_INSPECTION = 2
"""Grows when documents must be inspected again because the inspection changed."""
_RETRIED = frozenset({"unreadable", "changed_while_reading", "ocr_language_missing", "timeout", "out_of_memory"})
"""Failures whose cause may lie outside the file: it is tried again at each sync."""
_BATCH_FILES = 48
_BATCH_BYTES = 24_000_000


def plans_for(app: App, names: Sequence[str], listing: Callable[[], None] = lambda: None) -> dict[str, dict[str, Any]]:
    """A plan for each source; of one whose place cannot be reached only why (`unreached`), so that it keeps the others from nothing.
    OutsideFailed where none can be."""
    plans: dict[str, dict[str, Any]] = {}
    failed: list[OutsideFailed] = []
    for name in names:
        try:
            plans[name] = plan_for(app, origins.source_of(app, name), listing)
        except OutsideFailed as why:
            plans[name] = {"unreached": {"source": name, "problem": why.problem, "remedy": why.remedy}}
            failed.append(why)
    if len(failed) == len(plans) == 1:
        raise failed[0]
    if failed and len(failed) == len(plans):
        problems = "; ".join(why.problem for why in failed)
        raise OutsideFailed(
            f"no source can be reached: {problems}", "bring them back, or correct firmground.toml; nothing was removed"
        )
    return plans


def plan_for(app: App, source: Source, listing: Callable[[], None] = lambda: None) -> dict[str, Any]:
    """Files to look at in batches, documents that are gone, and what needs no look. `listing` is called for each file, and may raise:
    a place may take long to say what it holds."""
    with app.database.reading() as tx:
        known = {document.uri: document for document in tx.documents(source=source.name)}
    reading_id = _reading_id(app, intake_of(app, source.name))
    counts: dict[str, int] = dict.fromkeys(COUNTS, 0)
    changed: list[SourceFile] = []
    retried = 0
    listed: set[str] = set()
    for file in source.files():
        listing()
        listed.add(file.uri)
        before = known.get(file.uri)
        stamp = reading_stamp(file, reading_id)
        if before is not None and _needs_no_look(before, stamp):
            counts[before.state if before.state in {"quarantined", "failed"} else "unchanged"] += 1
        else:
            changed.append(file)
            retried += before is not None and before.stamp == stamp
    hidden = tuple(uri for uri, code, _ in source.problems() if code == "unreadable")
    missing = [
        [document.id, uri, document.content_hash]
        for uri, document in known.items()
        if uri not in listed and not _lies_in(uri, hidden)
    ]
    problems = [
        Problem(uri=f"{source.name}/{uri}", kind="warning", code=code, detail=text) for uri, code, text in source.problems()
    ]
    return {
        "batches": [[file.model_dump(mode="json") for file in batch] for batch in _batched(changed)],
        "missing": missing,
        "retried": retried,
        "counts": counts,
        "problems": [problem.model_dump() for problem in problems],
    }


def outdated(plan: dict[str, Any]) -> bool:
    """Whether there is more to do than to try again what has just failed: a job that was joined may have planned long ago."""
    if "unreached" in plan:
        return False
    return bool(plan["missing"]) or sum(len(files) for files in plan["batches"]) > plan["retried"]


def outlook(reading: Reading) -> str:
    if reading.action in {"same", "renamed"} and reading.before is not None and reading.before.state == "quarantined":
        return "quarantined"
    return "unchanged" if reading.action == "same" else reading.action


def reader_for(
    app: App, name: str, known: Mapping[str, Document], missing: Sequence[Sequence[str]], seen: Callable[[], None] = lambda: None
) -> Reader:
    gone = {(id, uri) for id, uri, _ in missing}
    by_hash: dict[str, list[Document]] = {}
    for document in known.values():
        if (document.id, document.uri) in gone:  # one that was renamed before the job was cut off is taken
            by_hash.setdefault(document.content_hash, []).append(document)
    settings, intake = app.workspace.settings, intake_of(app, name)
    return Reader(
        source=origins.source_of(app, name),
        parser=app.parser,
        intake=intake,
        inspector=Inspector(stale_days=settings.quality.stale_after_days),
        reading_id=_reading_id(app, intake),
        workers=settings.parsing.workers,
        today=app.clock().date(),
        known=known,
        missing=by_hash,
        seen=seen,
    )


def _lies_in(uri: str, hidden: Sequence[str]) -> bool:
    """Whether it is, or lies in a folder, that could not be listed: then nobody knows that it is gone. Folders end with a slash."""
    return any(uri == each or (each.endswith("/") and uri.startswith(each)) for each in hidden)


def _needs_no_look(before: Document, stamp: str) -> bool:
    return before.state == "excluded" or (before.stamp == stamp and before.code not in _RETRIED)


def _reading_id(app: App, intake: Intake) -> str:
    how: list[Json] = [app.parser.id, app.finder.id, _INSPECTION, *filter(None, [intake.id])]
    return digest(how)[:12]


def _batched(files: Sequence[SourceFile]) -> Iterator[list[SourceFile]]:
    batch: list[SourceFile] = []
    size = 0
    for file in files:
        if batch and (len(batch) >= _BATCH_FILES or size + file.size > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.size
    if batch:
        yield batch
