"""Whether the documents can be asked at all: "I don't know" must never stand for "not ready"."""

from typing import cast

from firmground.app.app import App
from firmground.errors import Damaged, NotFound
from firmground.types import Notice

SYNCS = "sync"
"""Namespace of what unfinished syncs are to take in, by job."""
LEFT = "left"
"""Key in the plan of a sync: how many files it has not read yet."""
_COUNTED = 1000


def plan_of(job: str) -> str:
    """Namespace of the plan of one sync."""
    return f"plan:{job}"


def not_up_to_date(app: App) -> tuple[Notice, ...]:
    """A notice where documents wait that a sync has planned or saved and the index does not hold yet; cheap where none does."""
    build = app.candidate.build
    with app.database.reading() as tx:
        waiting = len(tx.stale_documents(build, limit=_COUNTED)) if tx.stale_documents(build, limit=1) else 0
        waiting += sum(cast("int", tx.fact(plan_of(job), LEFT) or 0) for job in tx.facts(SYNCS))
    if not waiting:
        return ()
    count = "1 document waits" if waiting == 1 else f"{waiting} documents wait"
    return (Notice(code="not_up_to_date", text=f"{count} for the index: run `firmground sync`."),)


def check_that_something_is_indexed(app: App) -> None:
    """To be asked where nothing was found. Damaged where the index lost what the database knows; NotFound where nothing is indexed."""
    if app.index.stats().rows:
        return
    with app.database.reading() as tx:
        chunks = tx.chunk_count(app.candidate.build)
        states = {state for _, state, _ in tx.document_counts()}
        synced = any(tx.report(name) for name in app.sources)
    if chunks:
        raise Damaged(f"the index is empty, although {chunks} passages are known", "build it again with `firmground sync`")
    if "indexed" in states or not (states or synced):
        raise NotFound("nothing is indexed yet", "run `firmground sync`")
    if not states:
        raise NotFound("nothing is indexed: the sources hold no document", "add some and run `firmground sync`")
    if "excluded" not in states:  # those are out because a person said so
        raise NotFound("nothing is indexed: every document failed or waits for a person", "see `firmground documents list`")
