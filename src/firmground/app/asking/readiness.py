"""Whether the documents can be asked at all: "I don't know" must never stand for "not ready"."""

from typing import cast

from firmground.app.app import App
from firmground.app.corpus.builds import build_of
from firmground.errors import Damaged, NotFound
from firmground.release.spec import ReleaseSpec
from firmground.types import Actor, Notice

SYNCS = "sync"
"""Namespace of what unfinished syncs are to take in, by job."""
LEFT = "left"
"""Key in the plan of a sync: how many files it has not read yet."""
_COUNTED = 1000


def plan_of(job: str) -> str:
    """Namespace of the plan of one sync."""
    return f"plan:{job}"


def not_up_to_date(app: App, recipe: ReleaseSpec, actor: Actor) -> tuple[Notice, ...]:
    """A notice where documents wait that a sync has planned or saved and the index of a recipe does not hold yet; cheap where none does.
    Who does not see everything hears of those alone that are theirs to see, and of others only that a sync is under way."""
    build = recipe.build
    with app.database.reading() as tx:
        stale = tx.stale_documents(build, limit=_COUNTED) if tx.stale_documents(build, limit=1) else []
        planned = sum(cast("int", tx.fact(plan_of(job), LEFT) or 0) for job in tx.facts(SYNCS))
        if not actor.may("see_all"):
            scopes = tx.visible_scopes(actor.groups) if stale else frozenset[int]()
            stale = [each for each in stale if each.state == "indexed" and each.scope in scopes]
    if planned and not actor.may("see_all"):
        return (Notice(code="not_up_to_date", text="Documents are being taken in: ask again in a while."),)
    waiting = len(stale) + planned
    if not waiting:
        return ()
    count = "1 document waits" if waiting == 1 else f"{waiting} documents wait"
    return (Notice(code="not_up_to_date", text=f"{count} for the index: run `firmground sync`."),)


def check_that_something_is_indexed(app: App, recipe: ReleaseSpec | None = None) -> None:
    """To be asked where nothing was found with a recipe, the candidate's without one. Damaged where the index lost what the database
    knows; NotFound where nothing is indexed."""
    build = build_of(app, recipe or app.candidate)
    if build.index.stats().rows:
        return
    with app.database.reading() as tx:
        chunks = tx.chunk_count(build.name)
        states = {state for _, state, _ in tx.document_counts()}
        synced = any(tx.report(name) for name in app.sources)
    if chunks:
        raise Damaged("the index is empty, although passages are known", "build it again with `firmground sync`")
    if "indexed" in states or not (states or synced):
        raise NotFound("nothing is indexed yet", "run `firmground sync`")
    if not states:
        raise NotFound("nothing is indexed: the sources hold no document", "add some and run `firmground sync`")
    if "excluded" not in states:  # those are out because a person said so
        raise NotFound("nothing is indexed: every document failed or waits for a person", "see `firmground documents list`")
