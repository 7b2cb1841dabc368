"""The report of a sync: how it is made, and read again."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from firmground.app.app import App
from firmground.app.corpus import quality
from firmground.ports import Transaction
from firmground.types import Finding

COUNTS = ("added", "changed", "renamed", "removed", "unchanged", "quarantined", "failed")


def composed(
    tx: Transaction, build: str, reports: Sequence[dict[str, Any]], findings: Mapping[str, Sequence[Finding]]
) -> list[dict[str, Any]]:
    """What a sync counted of each source, with what the database now says of problems and quality."""
    return [
        {
            "source": report["source"],
            "documents": report["documents"],
            "chunks": {**report["chunks"], "total": tx.chunk_count(build, report["source"])},
            "problems": [*report["problems"], *quality.problems(tx, report["source"])],
            "quality": quality.summary(tx, report["source"], findings[report["source"]]),
        }
        for report in reports
    ]


def last(app: App, job: str, ended: Mapping[str, Any]) -> dict[str, Any]:
    """The public report of a sync, from what it left in the database."""
    sources: list[dict[str, Any]] = []
    with app.database.reading() as tx:
        for name in ended["sources"]:
            found = tx.report(name)
            if found is not None:
                kept = cast("dict[str, Any]", found[0])
                sources.append({key: value for key, value in kept.items() if key not in {"finished_at", "basis"}})
                sources[-1]["quality"]["findings"] = [finding.model_dump(mode="json", exclude_none=True) for finding in found[1]]
    unreached = ended.get("unreached", [])
    return {"job": job, "seconds": ended["seconds"], "sources": sources, "unreached": unreached, "totals": totals(sources)}


def together(first: Mapping[str, Any], then: Mapping[str, Any]) -> dict[str, Any]:
    """The report of two syncs, one right after the other, as of one. What failed or waits is so at the end."""
    before = {source["source"]: source for source in first["sources"]}
    sources: list[dict[str, Any]] = []
    for source in then["sources"]:
        old = before.get(source["source"], source | {"documents": dict.fromkeys(COUNTS, 0), "chunks": {"added": 0, "removed": 0}})
        taken = {kind: old["documents"][kind] for kind in ("added", "changed", "renamed")}
        documents = summed([source["documents"], taken, {"removed": old["documents"]["removed"]}])
        documents["unchanged"] = max(0, documents["unchanged"] - sum(taken.values()))
        chunks = summed([source["chunks"], {kind: old["chunks"][kind] for kind in ("added", "removed")}])
        sources.append({**source, "documents": documents, "chunks": chunks})
    return {**then, "sources": sources, "totals": totals(sources)}


def totals(sources: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    return {part: summed([source[part] for source in sources]) for part in ("documents", "chunks")}


def summed(counts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for each in counts:
        for key, value in each.items():
            total[key] = total.get(key, 0) + value
    return total
