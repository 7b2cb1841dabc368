"""Look after long work. What a sync does is for who looks after documents; what asks cases or tries things out for who decides about
releases. The result of either holds figures and ids, no word of a document."""

from collections.abc import Mapping

from firmground.app.access.rights import as_of_now, need
from firmground.app.app import App
from firmground.groups import EVERYONE
from firmground.rights import Right
from firmground.types import Actor, Job, Json

_RIGHT: Mapping[str, Right] = dict.fromkeys(("evaluate", "audit", "calibrate", "promise"), "releases")
"""By kind, where it is not for whoever looks after documents."""


def job(app: App, actor: Actor, id: str) -> Job:
    """How far it is. NotFound."""
    return _theirs(app, actor, id, "follow jobs")


def unfinished(app: App, actor: Actor) -> list[Job]:
    """Queued or running, oldest first: those that this person may follow."""
    return [each for each in app.jobs.unfinished() if actor.may(_right(each))]


def cancel(app: App, actor: Actor, id: str) -> Job:
    """Ask it to stop: a running one does at its next check, a queued one never starts."""
    _theirs(app, actor, id, "cancel jobs")
    app.jobs.cancel(id)
    return app.jobs.get(id)


def check_asker(app: App, kind: str, inputs: Mapping[str, Json]) -> None:
    """NotAllowed where whoever asked for it by the web may not do so any more: a job that waits does not keep the rights of that moment."""
    if inputs.get("via") != "http":
        return
    asker = Actor(person=str(inputs["by"]), groups=frozenset({EVERYONE}), via="http", role="admin")
    with app.database.reading() as tx:
        need(as_of_now(tx, asker), _right_for(kind), f"have the job '{kind}' done that they asked for")


def _theirs(app: App, actor: Actor, id: str, what: str) -> Job:
    """Whoever may follow none does not learn which there are."""
    if not actor.may("releases"):
        need(actor, "documents", what)
    found = app.jobs.get(id)
    need(actor, _right(found), what)
    return found


def _right(job: Job) -> Right:
    return _right_for(job.kind)


def _right_for(kind: str) -> Right:
    return _RIGHT.get(kind, "documents")
