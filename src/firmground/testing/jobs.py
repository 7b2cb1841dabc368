"""A fake of the `Jobs` port that runs everything in memory, and the contract that every `Jobs` adapter must pass."""
# ruff: noqa: S101 - a contract suite asserts

import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from firmground.errors import Busy, FirmgroundError, InvalidInput, JobCancelled, NotFound, Refused
from firmground.ports import Clock, Handler, JobContext, Jobs
from firmground.store.jobs import renamed, without_name
from firmground.types import Job, Json, Progress

log = logging.getLogger(__name__)


class MemoryJobs:
    """Jobs that live as long as this object. `work` runs them in the calling thread."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or _Ticking()
        self._jobs: dict[str, Job] = {}
        self._given = 0
        self._inputs: dict[str, str] = {}
        self._steps: dict[str, dict[str, str]] = {}
        self._unwanted: set[str] = set()
        self._lease = threading.Lock()

    def submit(self, kind: str, inputs: dict[str, Json]) -> str:
        self._given += 1
        new = f"job-{self._given:06d}"
        self._inputs[new] = _encode(inputs)
        self._steps[new] = {}
        self._jobs[new] = Job(id=new, kind=kind, state="queued", created_at=self._clock())
        return new

    def get(self, id: str) -> Job:
        if id not in self._jobs:
            raise NotFound(f"there is no job {id}", "list the jobs with `firmground status`")
        return self._jobs[id]

    def unfinished(self, kind: str | None = None) -> list[Job]:
        return [job for job in list(self._jobs.values()) if job.state in {"queued", "running"} and kind in {None, job.kind}]

    def recent(self, limit: int = 20) -> list[Job]:
        return list(self._jobs.values())[::-1][:limit]

    def cancel(self, id: str) -> None:
        job = self.get(id)
        if job.state == "queued":
            self.change(id, state="cancelled")
        elif job.state == "running":
            self._unwanted.add(id)

    def work(self, handlers: Mapping[str, Handler], *, until: Callable[[], bool]) -> None:
        if not self._lease.acquire(blocking=False):
            raise Busy("another worker holds this workspace", "wait for it, or stop it")
        try:
            while not until():
                job = next((job for job in self.unfinished() if job.kind in handlers), None)
                if job is None:
                    time.sleep(0.005)
                else:
                    self._run(job, handlers[job.kind], until)
        finally:
            self._lease.release()

    def working(self) -> bool:
        return self._lease.locked()

    def close(self) -> None:
        """Nothing to let go of."""

    def rename(self, name: str, to: str) -> None:
        for id, job in self._jobs.items():
            self._inputs[id] = _encode(renamed(json.loads(self._inputs[id]), name, to))
            error = None if job.error is None else without_name(job.error, name, to)
            self.change(id, result=renamed(job.result, name, to), error=error)

    def ended_before(self, moment: datetime) -> int:
        return len(self._ended(moment))

    def forget(self, moment: datetime) -> int:
        gone = self._ended(moment)
        for id in gone:
            del self._jobs[id], self._inputs[id], self._steps[id]
        return len(gone)

    def _ended(self, moment: datetime) -> list[str]:
        return [job.id for job in self._jobs.values() if job.state not in {"queued", "running"} and job.created_at < moment]

    def change(self, id: str, **fields: object) -> None:
        self._jobs[id] = self._jobs[id].model_copy(update=fields)

    def _run(self, job: Job, handler: Handler, until: Callable[[], bool]) -> None:
        self.change(job.id, state="running")
        context = _MemoryContext(self, job.id, self._steps[job.id], self._unwanted, until)
        try:
            result = json.loads(_encode(handler(context, json.loads(self._inputs[job.id]))))
        except _Stopped:
            self.change(job.id, state="queued")
        except JobCancelled:
            self.change(job.id, state="cancelled")
        except FirmgroundError as error:
            self.change(job.id, state="failed", error=str(error), exit_code=error.exit_code)
        except Exception as error:
            log.exception("job %s (%s) failed", job.id, job.kind)
            self.change(job.id, state="failed", error=" ".join(f"{type(error).__name__}: {error}".split()), exit_code=1)
        except BaseException:
            self.change(job.id, state="queued")
            raise
        else:
            self.change(job.id, state="done", result=result)


class _Stopped(BaseException):
    """The worker was asked to stop while a job ran; not an Exception, so that no handler swallows it."""


class _MemoryContext:
    def __init__(self, jobs: MemoryJobs, id: str, steps: dict[str, str], unwanted: set[str], until: Callable[[], bool]) -> None:
        self._jobs = jobs
        self._id = id
        self._steps = steps
        self._unwanted = unwanted
        self._until = until
        self._seen: Counter[str] = Counter()

    @property
    def id(self) -> str:
        return self._id

    def step(self, name: str, work: Callable[[], Json]) -> Json:
        self._seen[name] += 1
        key = f"{name}#{self._seen[name]}"
        if key not in self._steps:
            self.check_cancelled()
            self._steps[key] = _encode(work())
        return json.loads(self._steps[key])

    def progress(self, done: int, total: int, unit: str) -> None:
        self._jobs.change(self._id, progress=Progress(done=done, total=total, unit=unit))

    def check_cancelled(self) -> None:
        if self._id in self._unwanted:
            raise JobCancelled
        if self._until():
            raise _Stopped


class _Ticking:
    """A clock for tests: one second later at each look."""

    def __init__(self) -> None:
        self._now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now


def _encode(value: Json) -> str:
    return json.dumps(value, allow_nan=False)


class JobsContract:
    """What every `Jobs` adapter promises. Override `jobs` and, where the adapter keeps things, `reopened`."""

    @pytest.fixture
    def jobs(self) -> Jobs:
        raise NotImplementedError

    def reopened(self, jobs: Jobs) -> Jobs:
        """The same jobs as another process finds them; whoever overrides it closes it at the end."""
        return jobs

    def run_all(self, jobs: Jobs, **handlers: Handler) -> None:
        jobs.work(handlers, until=lambda: not any(jobs.unfinished(kind) for kind in handlers))

    def test_a_submitted_job_waits_until_somebody_works(self, jobs: Jobs) -> None:
        id = jobs.submit("greet", {"name": "Ada"})

        assert jobs.get(id).state == "queued"
        assert [job.id for job in self.reopened(jobs).unfinished()] == [id]

    def test_a_job_gets_its_inputs_and_keeps_its_result(self, jobs: Jobs) -> None:
        id = jobs.submit("greet", {"name": "Ada", "odd": "\x00 \ud800 ☃", "deep": [1, 2.5, None, {"a": True}]})

        self.run_all(jobs, greet=lambda _, inputs: inputs)

        job = self.reopened(jobs).get(id)
        assert (job.state, job.error, job.exit_code) == ("done", None, None)
        assert job.result == {"name": "Ada", "odd": "\x00 \ud800 ☃", "deep": [1, 2.5, None, {"a": True}]}

    def test_somebody_is_called_otherwise_in_all_that_jobs_know(self, jobs: Jobs) -> None:
        def refuse(_: JobContext, inputs: dict[str, Json]) -> Json:
            raise Refused(f"{inputs['by']} may not, and adam may", "ask ada")

        done = jobs.submit("greet", {"by": "ada", "others": [{"x": "ada"}, "adam", 1, None], "ada": "key"})
        failed = jobs.submit("refuse", {"by": "ada"})
        self.run_all(jobs, greet=lambda _, inputs: inputs, refuse=refuse)
        waiting = jobs.submit("greet", {"by": "ada"})

        for _ in range(2):
            jobs.rename("ada", "somebody")

        again = self.reopened(jobs)
        assert again.get(done).result == {"by": "somebody", "others": [{"x": "somebody"}, "adam", 1, None], "ada": "key"}
        assert again.get(failed).error == "somebody may not, and adam may: ask somebody"
        self.run_all(jobs, greet=lambda _, inputs: inputs)
        assert again.get(waiting).result == {"by": "somebody"}

    def test_ended_jobs_are_forgotten_by_age_and_others_stay(self, jobs: Jobs) -> None:
        old = jobs.submit("greet", {})
        self.run_all(jobs, greet=lambda _, inputs: inputs)
        new, waiting = jobs.submit("greet", {}), jobs.submit("other", {})
        self.run_all(jobs, greet=lambda _, inputs: inputs)
        between = jobs.get(new).created_at

        assert (jobs.ended_before(between), jobs.forget(between), jobs.forget(between)) == (1, 1, 0)
        assert jobs.ended_before(between + timedelta(days=9)) == 1
        assert jobs.forget(between + timedelta(days=9)) == 1
        for id in (old, new):
            with pytest.raises(NotFound):
                jobs.get(id)
        assert jobs.get(waiting).state == "queued"
        assert jobs.submit("greet", {}) not in {old, new, waiting}

    def test_an_unknown_job_is_not_found(self, jobs: Jobs) -> None:
        with pytest.raises(NotFound, match="no job nothing"):
            jobs.get("nothing")
        with pytest.raises(NotFound, match="no job nothing"):
            jobs.cancel("nothing")

    def test_jobs_run_oldest_first_and_recent_shows_the_newest_first(self, jobs: Jobs) -> None:
        order: list[Json] = []
        ids = [jobs.submit("note", {"n": n}) for n in range(4)]

        self.run_all(jobs, note=lambda _, inputs: order.append(inputs["n"]))

        assert order == [0, 1, 2, 3]
        assert [job.id for job in jobs.recent(3)] == ids[:0:-1]
        assert jobs.unfinished() == []

    def test_a_kind_without_handler_waits_for_somebody_who_knows_it(self, jobs: Jobs) -> None:
        strange = jobs.submit("strange", {})
        known = jobs.submit("known", {})

        self.run_all(jobs, known=lambda _context, _inputs: "ok")

        assert jobs.get(known).state == "done"
        assert [job.id for job in jobs.unfinished("strange")] == [strange]

    def test_a_refusal_fails_the_job_with_its_line_and_its_exit_code(self, jobs: Jobs) -> None:
        def refuse(_context: JobContext, _inputs: dict[str, Json]) -> Json:
            raise Refused("the gate is shut", "mend the findings")

        id = jobs.submit("refuse", {})
        self.run_all(jobs, refuse=refuse)

        job = jobs.get(id)
        assert (job.state, job.error, job.exit_code) == ("failed", "the gate is shut: mend the findings", 4)

    def test_a_surprise_fails_the_job_with_its_type_and_message_on_one_line(self, jobs: Jobs) -> None:
        def surprise(_context: JobContext, _inputs: dict[str, Json]) -> Json:
            raise ValueError("two\nlines")

        id = jobs.submit("surprise", {})
        self.run_all(jobs, surprise=surprise)

        job = jobs.get(id)
        assert (job.state, job.error, job.exit_code) == ("failed", "ValueError: two lines", 1)

    def test_a_failed_job_does_not_keep_the_next_from_running(self, jobs: Jobs) -> None:
        def fail(_context: JobContext, _inputs: dict[str, Json]) -> Json:
            raise InvalidInput("no")

        jobs.submit("fail", {})
        fine = jobs.submit("fine", {})
        self.run_all(jobs, fail=fail, fine=lambda _context, _inputs: None)

        assert jobs.get(fine).state == "done"

    def test_a_result_that_is_not_json_fails_the_job(self, jobs: Jobs) -> None:
        ids = [jobs.submit("odd", {"n": n}) for n in range(2)]
        odd: list[Any] = [object(), float("nan")]

        self.run_all(jobs, odd=lambda _, inputs: odd[int(str(inputs["n"]))])

        assert [jobs.get(id).state for id in ids] == ["failed", "failed"]

    def test_an_interrupted_job_goes_on_at_its_first_unfinished_step(self, jobs: Jobs) -> None:
        ran: list[str] = []

        def handle(context: JobContext, _inputs: dict[str, Json]) -> Json:
            def step(name: str) -> Json:
                ran.append(name)
                if ran == ["a", "b", "c"]:
                    raise KeyboardInterrupt
                return {"n": len(ran), "name": name}

            return [context.step(name, lambda name=name: step(name)) for name in "abcd"]

        id = jobs.submit("steps", {})
        with pytest.raises(KeyboardInterrupt):
            self.run_all(jobs, steps=handle)
        assert not jobs.working()
        assert [job.id for job in jobs.unfinished()] == [id]

        again = self.reopened(jobs)
        self.run_all(again, steps=handle)

        assert ran == ["a", "b", "c", "c", "d"]
        assert again.get(id).result == [
            {"n": 1, "name": "a"},
            {"n": 2, "name": "b"},
            {"n": 4, "name": "c"},
            {"n": 5, "name": "d"},
        ]

    def test_steps_of_one_name_are_told_apart_by_their_order(self, jobs: Jobs) -> None:
        left = [3]

        def batch() -> Json:
            left[0] -= 1
            if left[0] == 1 and not interrupted:
                interrupted.append(True)
                left[0] += 1
                raise KeyboardInterrupt
            return left[0]

        def drain(context: JobContext, _inputs: dict[str, Json]) -> Json:
            seen: list[Json] = []
            while not seen or seen[-1] != 0:
                seen.append(context.step("batch", batch))
            return seen

        interrupted: list[bool] = []
        id = jobs.submit("drain", {})
        with pytest.raises(KeyboardInterrupt):
            self.run_all(jobs, drain=drain)
        self.run_all(jobs, drain=drain)

        assert jobs.get(id).result == [2, 1, 0]

    def test_a_newer_handler_with_another_step_in_between_goes_on_all_the_same(self, jobs: Jobs) -> None:
        ran: list[str] = []

        def handler(*names: str) -> Handler:
            def run(name: str) -> Json:
                ran.append(name)
                if name == "cut":
                    raise KeyboardInterrupt
                return name

            return lambda context, _inputs: [context.step(name, lambda name=name: run(name)) for name in names]

        id = jobs.submit("upgrade", {})
        with pytest.raises(KeyboardInterrupt):
            self.run_all(jobs, upgrade=handler("a", "b", "cut"))
        self.run_all(jobs, upgrade=handler("a", "new", "b", "c"))

        assert ran == ["a", "b", "cut", "new", "c"]
        assert jobs.get(id).result == ["a", "new", "b", "c"]

    def test_a_step_that_fails_is_not_recorded(self, jobs: Jobs) -> None:
        def handle(context: JobContext, _inputs: dict[str, Json]) -> Json:
            with pytest.raises(ValueError, match="once"):
                context.step("fragile", lambda: _raise(ValueError("once")))
            return "survived"

        id = jobs.submit("fragile", {})
        self.run_all(jobs, fragile=handle)

        assert jobs.get(id).result == "survived"

    def test_progress_is_seen_while_the_job_runs_and_is_exact_when_it_ended(self, jobs: Jobs) -> None:
        seen: list[Progress] = []

        def handle(context: JobContext, _inputs: dict[str, Json]) -> Json:
            for n in range(1, 51):
                context.progress(n, 50, "files")
                if n == 1:
                    seen.append(self.reopened(jobs).get(context.id).progress)
            return None

        id = jobs.submit("count", {})
        self.run_all(jobs, count=handle)

        assert seen == [Progress(done=1, total=50, unit="files")]
        assert jobs.get(id).progress == Progress(done=50, total=50, unit="files")

    def test_a_cancelled_job_that_waits_never_starts(self, jobs: Jobs) -> None:
        ran: list[str] = []
        first, second = jobs.submit("note", {}), jobs.submit("note", {})
        jobs.cancel(first)

        self.run_all(jobs, note=lambda context, _inputs: ran.append(context.id))

        assert ran == [second]
        assert jobs.get(first).state == "cancelled"

    def test_a_running_job_stops_at_a_check_after_somebody_cancelled_it(self, jobs: Jobs) -> None:
        def forever(context: JobContext, _inputs: dict[str, Json]) -> Json:
            self.reopened(jobs).cancel(context.id)
            while True:
                context.check_cancelled()

        id = jobs.submit("forever", {})
        self.run_all(jobs, forever=forever)

        assert jobs.get(id).state == "cancelled"

    def test_cancelling_what_has_ended_changes_nothing(self, jobs: Jobs) -> None:
        id = jobs.submit("quick", {})
        self.run_all(jobs, quick=lambda _context, _inputs: 7)
        jobs.cancel(id)

        assert (jobs.get(id).state, jobs.get(id).result) == ("done", 7)

    def test_only_one_works_at_a_time(self, jobs: Jobs) -> None:
        def handle(_context: JobContext, _inputs: dict[str, Json]) -> Json:
            other = self.reopened(jobs)
            assert other.working()
            with pytest.raises(Busy):
                other.work({}, until=lambda: True)
            return "alone"

        assert not jobs.working()
        id = jobs.submit("alone", {})
        self.run_all(jobs, alone=handle)

        assert jobs.get(id).result == "alone"
        assert not self.reopened(jobs).working()

    def test_a_worker_told_to_stop_leaves_its_job_to_go_on_another_time(self, jobs: Jobs) -> None:
        stop = threading.Event()

        def handle(context: JobContext, _inputs: dict[str, Json]) -> Json:
            first = context.step("first", lambda: "once")
            while stop_first:
                stop.set()
                context.check_cancelled()
            return first

        stop_first = [True]
        id = jobs.submit("long", {})
        jobs.work({"long": handle}, until=stop.is_set)
        assert jobs.get(id).state == "queued"

        stop_first.clear()
        self.run_all(jobs, long=handle)
        assert (jobs.get(id).state, jobs.get(id).result) == ("done", "once")

    def test_work_ends_at_once_when_there_is_no_reason_to_begin(self, jobs: Jobs) -> None:
        id = jobs.submit("note", {})
        jobs.work({"note": lambda _context, _inputs: None}, until=lambda: True)

        assert jobs.get(id).state == "queued"


def _raise(error: Exception) -> Json:
    raise error
