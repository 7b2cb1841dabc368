"""Bring the workspace up to date with its sources: one durable job of idempotent batches.

plan (list, compare stamps) → take in batches (read, parse, inspect, save, index) → remove → report → clean up.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from time import perf_counter
from typing import Any, cast

from pydantic import TypeAdapter

from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.asking.readiness import LEFT, SYNCS, plan_of
from firmground.app.corpus import origins, quality
from firmground.app.corpus.indexing import Indexed, bring_up_to_date, drop_other_builds, maintain, purge_erased, reconcile
from firmground.app.corpus.planning import outdated, outlook, plans_for, reader_for
from firmground.app.corpus.reading import Reader, Reading
from firmground.app.corpus.reports import COUNTS, composed, last, summed, together
from firmground.app.corpus.saving import forget, save
from firmground.app.evaluating import calibrated
from firmground.app.following import follow
from firmground.app.recording.intents import settle
from firmground.app.recording.ledger import loaded
from firmground.app.redaction.intake import packed, unpacked
from firmground.app.teaching.pins import look_again
from firmground.errors import InvalidInput, NotFound
from firmground.ports import Handler, JobContext, RemoteSource, Transaction
from firmground.types import Actor, Finding, Job, Json, SourceFile

_ENDED = "ended"
"""All that is left of the plan of a sync that has taken in everything: its result."""
_LOOK_AGAIN_SECONDS = 0.2
_FILES = TypeAdapter(list[SourceFile])


def sync(app: App, actor: Actor, sources: Sequence[str] = (), *, watch: Callable[[Job], None] = lambda _: None) -> dict[str, Any]:
    """Take in what changed in `sources` (default: all, and what is left of sources that are no more) and return the report. Joins a
    sync of the same sources that waits, runs elsewhere or was cut off, and reports all of it; where files changed since that one began,
    another follows and the report is of both. `seconds` is how long this call took.

    A source whose place cannot be reached stands in `unreached`, with why; its documents stay as they are, and the others are synced.
    NotFound names an unknown source; OutsideFailed where none of them can be reached: then nothing has changed.
    """
    need(actor, "documents", "sync")
    wanted: list[Json] = list(_wanted(app, sources))
    loaded(app, actor)
    started = perf_counter()
    joined = _unfinished(app, wanted, running=True)
    report = _followed(app, joined or _submitted(app, actor, wanted), watch)
    if joined and any(map(outdated, plans_for(app, [str(name) for name in wanted]).values())):
        report = together(report, _followed(app, _submitted(app, actor, wanted), watch))
    return {**report, "seconds": round(perf_counter() - started, 3)}


def request(app: App, actor: Actor, sources: Sequence[str] = ()) -> Job:
    """Ask for a sync without waiting for it: the job, new or joined, which whoever holds the worker lease runs. It takes in all that is
    there by now, so one that has looked at the files already is not joined. NotFound as in `sync`."""
    need(actor, "documents", "sync")
    wanted: list[Json] = list(_wanted(app, sources))
    loaded(app, actor)
    return app.jobs.get(_unfinished(app, wanted, planned=False) or _submitted(app, actor, wanted))


def _unfinished(app: App, wanted: list[Json], *, running: bool = False, planned: bool = True) -> str | None:
    """A sync of the same sources that waits, was stopped, or was left by a process that died; with `running`, also one that a live
    process runs, which may have looked at the files before they were as they are now; without `planned` only one that has not looked."""
    either = running or not app.jobs.working()
    with app.database.reading() as tx:
        registered = tx.facts(SYNCS)
        if not planned:
            registered = {id: names for id, names in registered.items() if tx.fact(plan_of(id), LEFT) is None}
    waiting = [job.id for job in app.jobs.unfinished("sync") if job.state == "queued" or either]
    return next((id for id in waiting if registered.get(id) == wanted), None)


def _submitted(app: App, actor: Actor, wanted: list[Json]) -> str:
    job = app.jobs.submit("sync", {"sources": wanted, "by": actor.person, "via": actor.via})
    with app.database.transaction() as tx:
        tx.put_fact(SYNCS, job, wanted)
    return job


def _followed(app: App, job: str, watch: Callable[[Job], None]) -> dict[str, Any]:
    return last(app, job, cast("dict[str, Any]", follow(app, job, handlers(app), watch)))


def handlers(app: App) -> dict[str, Handler]:
    """What a worker of this workspace can do."""
    return {"sync": lambda context, inputs: _Sync(app, context, cast("list[str]", inputs["sources"])).run()}


def dry_run(app: App, actor: Actor, sources: Sequence[str] = ()) -> dict[str, Any]:
    """What a sync would do, by stamps and content alone. Nothing is parsed or written, so new content that would end in quarantine or
    fail counts as added or changed."""
    need(actor, "documents", "sync")
    reports: list[dict[str, Any]] = []
    plans = plans_for(app, _wanted(app, sources))
    for name, plan in _reached(plans).items():
        counts: dict[str, int] = {**plan["counts"], "removed": len(plan["missing"])}
        with app.database.reading() as tx:
            known = {document.uri: document for document in tx.documents(source=name)}
        reader = reader_for(app, name, known, plan["missing"])
        for files in plan["batches"]:
            for reading in reader.outlook(_FILES.validate_python(files)):
                counts[outlook(reading)] += 1
                counts["removed"] -= reading.action == "renamed"
        _let_go(app, name)
        reports.append({"source": name, "documents": counts})
    totals = {"documents": summed([each["documents"] for each in reports])}
    return {"dry_run": True, "sources": reports, "unreached": _unreached(plans), "totals": totals}


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
        look_again(self.app)
        with self.app.database.transaction() as tx:
            _drop_plan(tx, self.context.id)
        return ended

    def _take_in(self) -> Json:
        with self.app.database.reading() as tx:
            ended = tx.fact(self.namespace, _ENDED)
        if ended is not None:
            return ended
        settle(self.app)  # nothing is answered from an upload before the record tells of it
        reconcile(self.app)
        self._bring_up_to_date()  # what a crash may have left between database and index
        planned = cast("dict[str, dict[str, Any]]", self.context.step("plan", self._plan))
        plans = _reached(planned)
        self.names = [*plans]
        self.files = sum(plan["files"] for plan in plans.values())
        reports: list[dict[str, Any]] = []
        for name, plan in plans.items():
            counts: dict[str, int] = dict(plan["counts"])
            for step in self._batches(name, plan["batches"]):
                counts = summed([counts, step["documents"]])
                self._check()
            counts["removed"] += cast("int", self.context.step(f"remove {name}", lambda name=name: self._remove(name)))
            _let_go(self.app, name)
            reports.append({"source": name, "files": plan["files"], "documents": counts, "problems": plan["problems"]})
        chunks = cast("dict[str, dict[str, int]]", self.context.step("count", self._chunks))
        return self._finish([{**each, "chunks": chunks[each["source"]]} for each in reports], _unreached(planned))

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
        """List every source before anything changes."""
        every = plans_for(self.app, self.names, self.context.check_cancelled)
        plans = _reached(every)
        unfinished = {job.id for job in self.app.jobs.unfinished()}
        with self.app.database.transaction() as tx:
            for ended in tx.facts(SYNCS).keys() - unfinished:
                _drop_plan(tx, ended)
            origins.remember(tx, plans)
            for name, plan in plans.items():
                for number, files in enumerate(plan["batches"]):
                    tx.put_fact(self.namespace, _batch_key(name, number), packed(self.app, name, files))
                tx.put_fact(self.namespace, f"{name}/missing", plan["missing"])
            tx.put_fact(self.namespace, LEFT, sum(len(files) for plan in plans.values() for files in plan["batches"]))
        said: dict[str, Json] = {each["source"]: {"unreached": each} for each in _unreached(every)}
        for name, plan in plans.items():
            files = sum(len(files) for files in plan["batches"])
            said[name] = {"batches": len(plan["batches"]), "files": files, "counts": plan["counts"], "problems": plan["problems"]}
        return said

    def _batches(self, name: str, count: int) -> Iterator[dict[str, Any]]:
        """The batches of one source, one step each; the next one is read while this one is indexed."""
        if not count:
            return
        with self.app.database.reading() as tx:
            known = {document.uri: document for document in tx.documents(source=name)}
            missing = cast("list[list[str]]", tx.fact(self.namespace, f"{name}/missing"))
            done = {key for key in tx.facts(self.namespace) if key.endswith("/done")}
        reader = reader_for(self.app, name, known, missing, self._saw)
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
        return reader.read(unpacked(self.app, files))

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

    def _finish(self, reports: Sequence[dict[str, Any]], unreached: list[Json]) -> Json:
        """In one transaction with the note that there is nothing left to do, since the plan, which names documents, goes."""
        changed = any(report["files"] or report["documents"]["removed"] for report in reports)
        drop_other_builds(self.app)
        maintain(self.app)
        findings = {**{name: [] for name in self.names}, **quality.assess(self.app, anything_changed=changed)}
        with self.app.database.transaction() as tx:
            self._save_reports(tx, reports, findings)
            quality.remember(tx, findings)
            calibrated.note_changes(tx)
            origins.forget(tx, set(self.names) - self.app.sources.keys())
            # The result of a job outlives documents that are erased, so it counts them and holds no word of them.
            counts = cast("dict[str, Json]", summed([dict.fromkeys(COUNTS, 0), *(report["documents"] for report in reports)]))
            seconds = round(perf_counter() - self.started, 3)
            ended: Json = {"seconds": seconds, "sources": [*self.names], "unreached": unreached, "documents": counts}
            tx.drop_facts(self.namespace)
            tx.put_fact(self.namespace, _ENDED, ended)
        return ended

    def _save_reports(
        self, tx: Transaction, reports: Sequence[dict[str, Any]], findings: Mapping[str, Sequence[Finding]]
    ) -> None:
        """Those of this sync; of other sources the findings, which may compare their documents with ones that changed."""
        said: dict[str, Json] = {"finished_at": self.app.clock().isoformat(), "basis": quality.basis(self.app)}
        for report in composed(tx, self.app.candidate.build, reports, findings):
            tx.save_report(report["source"], {**report, **said}, findings[report["source"]])
        for name in findings.keys() - set(self.names):
            if (found := tx.report(name)) is not None:
                before = cast("dict[str, Any]", found[0])
                summary = cast("Json", quality.summary(tx, name, findings[name]))
                tx.save_report(name, {**before, "quality": summary, "basis": said["basis"]}, findings[name])


def _reached(plans: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {name: plan for name, plan in plans.items() if "unreached" not in plan}


def _unreached(plans: Mapping[str, dict[str, Any]]) -> list[Any]:
    return [plan["unreached"] for plan in plans.values() if "unreached" in plan]


def _let_go(app: App, name: str) -> None:
    if isinstance(source := origins.source_of(app, name), RemoteSource):
        source.let_go()


def _drop_plan(tx: Transaction, job: str) -> None:
    tx.drop_facts(plan_of(job))
    tx.drop_facts(SYNCS, [job])


def _wanted(app: App, sources: Sequence[str]) -> Sequence[str]:
    if not app.sources:
        raise InvalidInput("this workspace has no sources", "add a [[sources]] table to firmground.toml")
    for name in sources:
        if name not in app.sources:
            raise NotFound(f"there is no source {name!r}", f"known sources: {', '.join(app.sources)}")
    return list(dict.fromkeys(sources)) or [*app.sources, *origins.gone(app)]


def _batch_key(name: str, number: int) -> str:
    return f"{name}/{number:06d}"
