"""A fake of the `Jobs` port that runs everything in memory, and the contract that every `Jobs` adapter must pass."""

import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from firmground.errors import Busy, FirmgroundError, JobCancelled, NotFound
from firmground.ports import Clock, Handler
from firmground.types import Job, Json, Progress

log = logging.getLogger(__name__)


class MemoryJobs:
    """Jobs that live as long as this object. `work` runs them in the calling thread."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or _Ticking()
        self._jobs: dict[str, Job] = {}
        self._inputs: dict[str, str] = {}
        self._steps: dict[str, dict[str, str]] = {}
        self._unwanted: set[str] = set()
        self._lease = threading.Lock()

    def submit(self, kind: str, inputs: dict[str, Json]) -> str:
        new = f"job-{len(self._jobs) + 1:06d}"
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
            self.change(job.id, state="failed", error=f"{type(error).__name__}: {error}", exit_code=1)
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
