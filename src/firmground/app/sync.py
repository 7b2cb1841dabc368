"""Bring the workspace up to date with its sources: one durable job of idempotent batches.

plan (list, compare stamps) → take in batches (read, parse, inspect, save, index) → remove → report → clean up.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from time import perf_counter
from typing import Any, cast

from pydantic import TypeAdapter

from firmground.app import origins, quality
from firmground.app.app import App
from firmground.app.following import follow
from firmground.app.indexing import Indexed, bring_up_to_date, drop_other_builds, reconcile
from firmground.app.readiness import LEFT, SYNCS, plan_of
from firmground.app.reading import Reader, Reading, reading_stamp
from firmground.app.rights import administrators_only
from firmground.app.saving import forget, purge_erased, save
from firmground.errors import InvalidInput, NotFound
from firmground.index.quality import Inspector
from firmground.ports import Handler, JobContext, Source, Transaction
from firmground.types import Actor, Document, Finding, Job, Json, Problem, SourceFile, digest

COUNTS = ("added", "changed", "renamed", "removed", "unchanged", "quarantined", "failed")
_INSPECTION = 1
"""Grows when documents must be inspected again because the inspection changed."""
_RETRIED = frozenset({"unreadable", "changed_while_reading", "ocr_language_missing", "timeout", "out_of_memory"})
"""Failures whose cause may lie outside the file: it is tried again at each sync."""
_ENDED = "ended"
"""All that is left of the plan of a sync that has taken in everything: its result."""
_LOOK_AGAIN_SECONDS = 0.2
_BATCH_FILES = 48
_BATCH_BYTES = 24_000_000
_FILES = TypeAdapter(list[SourceFile])


def sync(app: App, actor: Actor, sources: Sequence[str] = (), *, watch: Callable[[Job], None] = lambda _: None) -> dict[str, Any]:
    """Take in what changed in `sources` (default: all, and what is left of sources that are no more) and return the report. Joins a
    sync of the same sources that waits, runs elsewhere or was cut off, and reports all of it; where files changed since that one began,
    another follows and the report is of both. `seconds` is how long this call took.

    NotFound names an unknown source; OutsideFailed where a source itself is missing: then nothing has changed.
    """
    administrators_only(actor, "sync")
    wanted: list[Json] = list(_wanted(app, sources))
    started = perf_counter()
    joined = _unfinished(app, wanted, running=True)
    report = _followed(app, joined or _submitted(app, wanted), watch)
    if joined and any(_outdated(_plan(app, origins.source_of(app, str(name)))) for name in wanted):
        report = _together(report, _followed(app, _submitted(app, wanted), watch))
    return {**report, "seconds": round(perf_counter() - started, 3)}


def request(app: App, actor: Actor, sources: Sequence[str] = ()) -> Job:
    """Ask for a sync without waiting for it: the job, new or joined, which whoever holds the worker lease runs. NotFound as in `sync`."""
    administrators_only(actor, "sync")
    wanted: list[Json] = list(_wanted(app, sources))
    return app.jobs.get(_unfinished(app, wanted) or _submitted(app, wanted))


def _unfinished(app: App, wanted: list[Json], *, running: bool = False) -> str | None:
    """A sync of the same sources that waits, was stopped, or was left by a process that died; with `running`, also one that a live
    process runs, which may have looked at the files before they were as they are now."""
    either = running or not app.jobs.working()
    with app.database.reading() as tx:
        registered = tx.facts(SYNCS)
    waiting = [job.id for job in app.jobs.unfinished("sync") if job.state == "queued" or either]
    return next((id for id in waiting if registered.get(id) == wanted), None)


def _submitted(app: App, wanted: list[Json]) -> str:
    job = app.jobs.submit("sync", {"sources": wanted})
    with app.database.transaction() as tx:
        tx.put_fact(SYNCS, job, wanted)
    return job


def _followed(app: App, job: str, watch: Callable[[Job], None]) -> dict[str, Any]:
    return _last_reports(app, job, cast("dict[str, Any]", follow(app, job, handlers(app), watch)))


def _together(first: Mapping[str, Any], then: Mapping[str, Any]) -> dict[str, Any]:
    """The report of two syncs, one right after the other, as of one. What failed or waits is so at the end."""
    before = {source["source"]: source for source in first["sources"]}
    sources: list[dict[str, Any]] = []
    for source in then["sources"]:
        old = before.get(source["source"], source | {"documents": dict.fromkeys(COUNTS, 0), "chunks": {"added": 0, "removed": 0}})
        taken = {kind: old["documents"][kind] for kind in ("added", "changed", "renamed")}
        documents = _summed([source["documents"], taken, {"removed": old["documents"]["removed"]}])
        documents["unchanged"] = max(0, documents["unchanged"] - sum(taken.values()))
        chunks = _summed([source["chunks"], {kind: old["chunks"][kind] for kind in ("added", "removed")}])
        sources.append({**source, "documents": documents, "chunks": chunks})
    return {**then, "sources": sources, "totals": _totals(sources)}


def _outdated(plan: dict[str, Any]) -> bool:
    """Whether there is more to do than to try again what has just failed: a job that was joined may have planned long ago."""
    return bool(plan["missing"]) or sum(len(files) for files in plan["batches"]) > plan["retried"]


def handlers(app: App) -> dict[str, Handler]:
    """What a worker of this workspace can do."""
    return {"sync": lambda context, inputs: _Sync(app, context, cast("list[str]", inputs["sources"])).run()}


def dry_run(app: App, actor: Actor, sources: Sequence[str] = ()) -> dict[str, Any]:
    """What a sync would do, by stamps and content alone. Nothing is parsed or written, so new content that would end in quarantine or
    fail counts as added or changed."""
    administrators_only(actor, "sync")
    reports: list[dict[str, Any]] = []
    for name in _wanted(app, sources):
        plan = _plan(app, origins.source_of(app, name))
        counts: dict[str, int] = {**plan["counts"], "removed": len(plan["missing"])}
        with app.database.reading() as tx:
            known = {document.uri: document for document in tx.documents(source=name)}
        reader = _reader(app, name, known, plan["missing"])
        for files in plan["batches"]:
            for reading in reader.outlook(_FILES.validate_python(files)):
                counts[_outlook(reading)] += 1
                counts["removed"] -= reading.action == "renamed"
        reports.append({"source": name, "documents": counts})
    return {"dry_run": True, "sources": reports, "totals": {"documents": _summed([each["documents"] for each in reports])}}


class _Sync:
    """One run of the job. Everything it must remember over a kill is in the database under its plan."""

    def __init__(self, app: App, context: JobContext, names: Sequence[str]) -> None:
        self.app = app
        self.context = context
        self.names = names
        self.namespace = plan_of(context.id)
        self.started = perf_counter()
        # How far it is, in files. A file counts half when it was read and half when it was taken in.
        self.files = 0
        self.read = 0
        self.taken = 0

    def run(self) -> Json:
        ended = self.context.step("take in", self._take_in)
        purge_erased(self.app)  # only now, because the plan and the reports before named and quoted documents too
        with self.app.database.transaction() as tx:
            _drop_plan(tx, self.context.id)
        return ended

    def _take_in(self) -> Json:
        with self.app.database.reading() as tx:
            ended = tx.fact(self.namespace, _ENDED)
        if ended is not None:
            return ended
        reconcile(self.app)
        self._bring_up_to_date()  # what a crash may have left between database and index
        plans = cast("dict[str, dict[str, Any]]", self.context.step("plan", self._plan))
        self.files = sum(plan["files"] for plan in plans.values())
        reports: list[dict[str, Any]] = []
        for name, plan in plans.items():
            counts: dict[str, int] = dict(plan["counts"])
            for step in self._batches(name, plan["batches"]):
                counts = _summed([counts, step["documents"]])
                self._check()
            counts["removed"] += cast("int", self.context.step(f"remove {name}", lambda name=name: self._remove(name)))
            reports.append({"source": name, "files": plan["files"], "documents": counts, "problems": plan["problems"]})
        chunks = cast("dict[str, dict[str, int]]", self.context.step("count", self._chunks))
        return self._finish([{**each, "chunks": chunks[each["source"]]} for each in reports])

    def _check(self, within: float = 0.0) -> None:
        """Show how far it is, `within` the files of this batch, and stop if that is wanted."""
        if self.files:
            self.context.progress(int((self.read + self.taken + within) / 2), self.files, "files")
        self.context.check_cancelled()

    def _bring_up_to_date(self, files: int = 0) -> None:
        bring_up_to_date(self.app, lambda done: self._check(min(done, files)), self._tally)

    def _tally(self, tx: Transaction, changed: Mapping[str, Indexed]) -> None:
        for name, change in changed.items():
            tx.put_fact(self.namespace, f"{name}/chunks", list(self._tallied(tx, name).plus(change)))

    def _tallied(self, tx: Transaction, name: str) -> Indexed:
        return Indexed(*cast("list[int]", tx.fact(self.namespace, f"{name}/chunks") or ()))

    def _chunks(self) -> Json:
        """Recorded before the plan is dropped, so that finishing can be repeated."""
        with self.app.database.reading() as tx:
            return {name: dict(self._tallied(tx, name)._asdict()) for name in self.names}

    def _plan(self) -> Json:
        """List every source before anything changes, so that a source that is missing stops the sync as a whole."""
        plans = {name: _plan(self.app, origins.source_of(self.app, name)) for name in self.names}
        unfinished = {job.id for job in self.app.jobs.unfinished()}
        with self.app.database.transaction() as tx:
            for ended in tx.facts(SYNCS).keys() - unfinished:
                _drop_plan(tx, ended)
            origins.remember(tx, self.names)
            for name, plan in plans.items():
                for number, files in enumerate(plan["batches"]):
                    tx.put_fact(self.namespace, _batch_key(name, number), files)
                tx.put_fact(self.namespace, f"{name}/missing", plan["missing"])
            tx.put_fact(self.namespace, LEFT, sum(len(files) for plan in plans.values() for files in plan["batches"]))
        return {
            name: {
                "batches": len(plan["batches"]),
                "files": sum(len(files) for files in plan["batches"]),
                "counts": plan["counts"],
                "problems": plan["problems"],
            }
            for name, plan in plans.items()
        }

    def _batches(self, name: str, count: int) -> Iterator[dict[str, Any]]:
        """The batches of one source, one step each; the next one is read while this one is indexed."""
        if not count:
            return
        with self.app.database.reading() as tx:
            known = {document.uri: document for document in tx.documents(source=name)}
            missing = cast("list[list[str]]", tx.fact(self.namespace, f"{name}/missing"))
            done = {key for key in tx.facts(self.namespace) if key.endswith("/done")}
        reader = _reader(self.app, name, known, missing, self._saw)
        with ThreadPoolExecutor(1, thread_name_prefix="reader") as ahead:
            pending = [number for number in range(count) if f"{_batch_key(name, number)}/done" not in done]
            readings = {number: ahead.submit(self._read, reader, name, number) for number in pending[:1]}
            for number in range(count):
                self.context.check_cancelled()
                following = next((each for each in pending if each > number), None)
                if following is not None and number in readings:
                    readings[following] = ahead.submit(self._read, reader, name, following)
                mine = readings.pop(number, None)
                take = partial(self._take, name, number, mine)
                step = cast("dict[str, Any]", self.context.step(_batch_key(name, number), take))
                self.taken += step["files"] if mine else 2 * step["files"]  # an earlier run has read them
                yield step

    def _read(self, reader: Reader, name: str, number: int) -> list[Reading]:
        with self.app.database.reading() as tx:
            files = tx.fact(self.namespace, _batch_key(name, number))
        return reader.read(_FILES.validate_python(files))

    def _saw(self) -> None:
        self.read += 1

    def _awaited(self, ahead: "Future[list[Reading]]") -> list[Reading]:
        while not ahead.done():
            self._check()
            wait([ahead], _LOOK_AGAIN_SECONDS)
        return ahead.result()

    def _take(self, name: str, number: int, ahead: "Future[list[Reading]] | None") -> Json:
        key = f"{_batch_key(name, number)}/done"
        with self.app.database.reading() as tx:
            already = tx.fact(self.namespace, key)
        if already is None:
            readings = self._awaited(ahead) if ahead else []
            with self.app.database.transaction() as tx:
                counts: dict[str, int] = dict.fromkeys(COUNTS, 0)
                for reading in readings:
                    counts[save(tx, name, reading, self.app)] += 1
                already = {"documents": cast("Json", counts), "files": len(readings)}
                tx.put_fact(self.namespace, key, already)
                left = tx.fact(self.namespace, LEFT)
                tx.put_fact(self.namespace, LEFT, max(0, (left if isinstance(left, int) else 0) - len(readings)))
        self._bring_up_to_date(cast("dict[str, Any]", already)["files"])
        return already

    def _remove(self, name: str) -> Json:
        """What the source no longer lists and no new file turned out to be. A document that was renamed has another uri by now."""
        with self.app.database.transaction() as tx:
            missing = cast("list[list[str]]", tx.fact(self.namespace, f"{name}/missing"))
            gone = [id for id, uri, _ in missing if (found := tx.document(id)) and found.uri == uri and found.state != "removed"]
            forget(tx, gone)
            already = tx.fact(self.namespace, f"{name}/removed")
            count = (already if isinstance(already, int) else 0) + len(gone)
            tx.put_fact(self.namespace, f"{name}/removed", count)
        self._bring_up_to_date()
        return count

    def _finish(self, reports: Sequence[dict[str, Any]]) -> Json:
        """In one transaction with the note that there is nothing left to do, since the plan, which names documents, goes."""
        changed = any(report["files"] or report["documents"]["removed"] for report in reports)
        drop_other_builds(self.app)
        self.app.index.maintain()
        findings = {**{name: [] for name in self.names}, **quality.assess(self.app, anything_changed=changed)}
        with self.app.database.transaction() as tx:
            self._save_reports(tx, reports, findings)
            quality.remember(tx, findings)
            origins.forget(tx, set(self.names) - self.app.sources.keys())
            # The result of a job outlives documents that are erased, so it holds no word of them.
            ended: Json = {"seconds": round(perf_counter() - self.started, 3), "sources": [*self.names]}
            tx.drop_facts(self.namespace)
            tx.put_fact(self.namespace, _ENDED, ended)
        return ended

    def _save_reports(
        self, tx: Transaction, reports: Sequence[dict[str, Any]], findings: Mapping[str, Sequence[Finding]]
    ) -> None:
        """Those of this sync; of other sources the findings, which may compare their documents with ones that changed."""
        said: dict[str, Json] = {"finished_at": self.app.clock().isoformat(), "basis": quality.basis(self.app)}
        for report in _reports(tx, self.app.candidate.build, reports, findings):
            tx.save_report(report["source"], {**report, **said}, findings[report["source"]])
        for name in findings.keys() - set(self.names):
            if (found := tx.report(name)) is not None:
                before = cast("dict[str, Any]", found[0])
                summary = cast("Json", quality.summary(tx, name, findings[name]))
                tx.save_report(name, {**before, "quality": summary, "basis": said["basis"]}, findings[name])


def _drop_plan(tx: Transaction, job: str) -> None:
    tx.drop_facts(plan_of(job))
    tx.drop_facts(SYNCS, [job])


def _plan(app: App, source: Source) -> dict[str, Any]:
    """Files to look at in batches, documents that are gone, and what needs no look."""
    with app.database.reading() as tx:
        known = {document.uri: document for document in tx.documents(source=source.name)}
    reading_id = _reading_id(app)
    counts: dict[str, int] = dict.fromkeys(COUNTS, 0)
    changed: list[SourceFile] = []
    retried = 0
    listed: set[str] = set()
    for file in source.files():
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


def _lies_in(uri: str, hidden: Sequence[str]) -> bool:
    """Whether it is, or lies in a folder, that could not be listed: then nobody knows that it is gone. Folders end with a slash."""
    return any(uri == each or (each.endswith("/") and uri.startswith(each)) for each in hidden)


def _needs_no_look(before: Document, stamp: str) -> bool:
    return before.state == "excluded" or (before.stamp == stamp and before.code not in _RETRIED)


def _outlook(reading: Reading) -> str:
    if reading.action in {"same", "renamed"} and reading.before is not None and reading.before.state == "quarantined":
        return "quarantined"
    return "unchanged" if reading.action == "same" else reading.action


def _reader(
    app: App, name: str, known: Mapping[str, Document], missing: Sequence[Sequence[str]], seen: Callable[[], None] = lambda: None
) -> Reader:
    gone = {(id, uri) for id, uri, _ in missing}
    by_hash: dict[str, list[Document]] = {}
    for document in known.values():
        if (document.id, document.uri) in gone:  # one that was renamed before the job was cut off is taken
            by_hash.setdefault(document.content_hash, []).append(document)
    settings = app.workspace.settings
    return Reader(
        source=origins.source_of(app, name),
        parser=app.parser,
        inspector=Inspector(stale_days=settings.quality.stale_after_days),
        reading_id=_reading_id(app),
        workers=settings.parsing.workers,
        today=app.clock().date(),
        known=known,
        missing=by_hash,
        seen=seen,
    )


def _reading_id(app: App) -> str:
    return digest([app.parser.id, _INSPECTION])[:12]


def _reports(
    tx: Transaction, build: str, reports: Sequence[dict[str, Any]], findings: Mapping[str, Sequence[Finding]]
) -> list[dict[str, Any]]:
    return [
        {
            "source": report["source"],
            "documents": report["documents"],
            "chunks": {**report["chunks"], "total": tx.chunk_count(build, report["source"])},
            "problems": [*report["problems"], *quality.problems(tx, report["source"])],
            "quality": quality.summary(tx, report["source"], findings[report["source"]]),
        }
        for report in reports
    ]


def _last_reports(app: App, job: str, ended: Mapping[str, Any]) -> dict[str, Any]:
    """The public report of a sync, from what it left in the database."""
    sources: list[dict[str, Any]] = []
    with app.database.reading() as tx:
        for name in ended["sources"]:
            found = tx.report(name)
            if found is not None:
                kept = cast("dict[str, Any]", found[0])
                sources.append({key: value for key, value in kept.items() if key not in {"finished_at", "basis"}})
                sources[-1]["quality"]["findings"] = [finding.model_dump(mode="json", exclude_none=True) for finding in found[1]]
    return {"job": job, "seconds": ended["seconds"], "sources": sources, "totals": _totals(sources)}


def _totals(sources: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    return {part: _summed([source[part] for source in sources]) for part in ("documents", "chunks")}


def _wanted(app: App, sources: Sequence[str]) -> Sequence[str]:
    if not app.sources:
        raise InvalidInput("this workspace has no sources", "add a [[sources]] table to firmground.toml")
    for name in sources:
        if name not in app.sources:
            raise NotFound(f"there is no source {name!r}", f"known sources: {', '.join(app.sources)}")
    return list(dict.fromkeys(sources)) or [*app.sources, *origins.gone(app)]


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


def _batch_key(name: str, number: int) -> str:
    return f"{name}/{number:06d}"


def _summed(counts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for each in counts:
        for key, value in each.items():
            total[key] = total.get(key, 0) + value
    return total
