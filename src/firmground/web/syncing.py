"""Ask for a sync without waiting for it."""

from collections.abc import Sequence

from firmground.app.app import App
from firmground.app.sync import sync
from firmground.types import Actor, Job


class _Known(Exception):
    def __init__(self, job: Job) -> None:
        self.job = job


def request_sync(app: App, actor: Actor, sources: Sequence[str] = ()) -> Job:
    """The job, queued or joined; the worker of this server, or of another process, runs it. NotFound names an unknown source."""

    def leave(job: Job) -> None:
        raise _Known(job)

    try:
        sync(app, actor, sources, watch=leave)
    except _Known as known:
        return known.job
    raise AssertionError("a sync is watched before it ends")
