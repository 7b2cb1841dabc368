"""Look after long work: it shows what the whole workspace holds, so it is for administrators."""

from firmground.app.app import App
from firmground.app.rights import administrators_only
from firmground.types import Actor, Job


def job(app: App, actor: Actor, id: str) -> Job:
    """How far it is. NotFound."""
    administrators_only(actor, "follow jobs")
    return app.jobs.get(id)


def unfinished(app: App, actor: Actor) -> list[Job]:
    """Queued or running, oldest first."""
    administrators_only(actor, "follow jobs")
    return app.jobs.unfinished()


def cancel(app: App, actor: Actor, id: str) -> Job:
    """Ask it to stop: a running one does at its next check, a queued one never starts."""
    administrators_only(actor, "cancel jobs")
    app.jobs.cancel(id)
    return app.jobs.get(id)
