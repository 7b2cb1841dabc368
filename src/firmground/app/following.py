"""Run a job and watch it: take the worker lease if nobody holds it, else follow the process that does."""

import time
from collections.abc import Callable, Mapping

from firmground.app.app import App
from firmground.errors import Busy, FirmgroundError, Refused
from firmground.ports import Handler
from firmground.types import Job, Json

_LOOK_AGAIN_SECONDS = 0.2
_FINISHED = frozenset({"done", "failed", "cancelled"})


class JobFailed(FirmgroundError):
    """A job ended with an error, whose one line and exit code this carries."""

    code = "job-failed"


def follow(app: App, job: str, handlers: Mapping[str, Handler], watch: Callable[[Job], None]) -> Json:
    """Wait until the job has ended, working on it ourselves whenever no other process does. Its result; JobFailed; Refused if cancelled."""
    while (state := app.jobs.get(job)).state not in _FINISHED:
        watch(state)
        try:
            app.jobs.work(handlers, until=_until_finished(app, job, watch))
        except Busy:
            time.sleep(_LOOK_AGAIN_SECONDS)
    watch(state)
    if state.state == "failed":
        unforeseen = (state.exit_code or 1) == 1
        failed = JobFailed(
            state.error or "the job failed", "run it again with --debug and report what it shows" if unforeseen else ""
        )
        failed.exit_code = state.exit_code or 1
        raise failed
    if state.state == "cancelled":
        raise Refused(f"job {job} was cancelled", "run the command again to go on where it stopped")
    return state.result


def _until_finished(app: App, job: str, watch: Callable[[Job], None]) -> Callable[[], bool]:
    last = 0.0

    def finished() -> bool:
        nonlocal last
        now = time.monotonic()
        if now - last < _LOOK_AGAIN_SECONDS / 2:
            return False
        last = now
        state = app.jobs.get(job)
        watch(state)
        return state.state in _FINISHED

    return finished
