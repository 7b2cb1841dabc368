"""What the workspace holds, at a glance."""

from collections import Counter
from typing import Any, cast

from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.types import Actor


def status(app: App, actor: Actor) -> dict[str, Any]:
    """Sources with their counts and last sync, the database, unfinished jobs; one that was begun and that no live process works on is
    `interrupted`. Opens neither model nor index."""
    need(actor, "documents", "see the state of the workspace")
    sources: list[dict[str, Any]] = []
    with app.database.reading() as tx:
        counts: Counter[tuple[str, str]] = Counter()
        for (name, state, _), count in tx.document_counts().items():
            counts[name, state] += count
        for name in app.sources:
            report = tx.report(name)
            last = cast("dict[str, Any]", report[0]) if report else {}
            sources.append(
                {
                    "source": name,
                    **{state: counts[name, state] for state in ("indexed", "quarantined", "failed", "excluded")},
                    "chunks": last.get("chunks", {}).get("total", 0),
                    "synced_at": last.get("finished_at"),
                    "quality": last.get("quality", {}).get("counts", {}),
                }
            )
        corpus = tx.corpus_version()
    data = app.workspace.data
    return {
        "workspace": app.workspace.name,
        "root": str(app.workspace.root),
        "data": str(data),
        "bytes": sum(path.stat().st_size for path in data.rglob("*") if path.is_file()),
        "corpus": str(corpus),
        "database": app.database.describe(),
        "sources": sources,
        "jobs": _jobs(app),
    }


def _jobs(app: App) -> list[dict[str, Any]]:
    unfinished = app.jobs.unfinished()  # before the look at the lease: one that ends in between is no wreck
    worked_on = not unfinished or app.jobs.working()
    jobs = [job.model_dump(mode="json") for job in unfinished]
    for job in jobs:
        if not worked_on and (job["state"] == "running" or job["progress"]["total"]):
            job["state"] = "interrupted"
    return jobs
