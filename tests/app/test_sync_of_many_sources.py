"""A source that cannot be reached keeps no other one from being synced, and loses nothing itself."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from firmground.app.corpus import documents, watching
from firmground.app.corpus.sync import dry_run, handlers, request, sync
from firmground.app.following import JobFailed
from firmground.app.status import status
from firmground.errors import OutsideFailed
from firmground.ports import Source
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.testing.source import MemorySource

LEAVE = b"# Leave\n\nEvery employee may carry over five vacation days into the next year.\n"
TRAVEL = b"# Travel\n\nTrain tickets in second class are refunded without asking anybody before.\n"
WHY = {"source": "site", "problem": "source site is missing", "remedy": "bring it back, or remove it from the settings"}


@dataclass
class Two(Bench):
    site: MemorySource = field(default_factory=lambda: MemorySource({"travel.md": TRAVEL}, name="site"))

    def sources(self) -> Mapping[str, Source]:
        return {"site": self.site, self.source.name: self.source}


@pytest.fixture
def bench(tmp_path: Path) -> Two:
    made = Two(tmp_path)
    made.source.contents["leave.md"] = LEAVE
    return made


def counts(report: dict[str, Any]) -> dict[str, dict[str, int]]:
    return {each["source"]: {kind: n for kind, n in each["documents"].items() if n} for each in report["sources"]}


def test_what_can_be_reached_is_synced_and_the_rest_is_named_with_why(bench: Two):
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        bench.site.missing = True
        bench.source.contents["more.md"] = LEAVE + b"More of it.\n"
        before = {each["source"]: each["synced_at"] for each in status(app, ADMINISTRATOR)["sources"]}
        report = sync(app, ADMINISTRATOR)
        assert counts(report) == {"docs": {"added": 1, "unchanged": 1}}
        assert report["unreached"] == [WHY]
        assert {each.source for each in documents.listed(app, ADMINISTRATOR)} == {"docs", "site"}
        after = {each["source"]: each["synced_at"] for each in status(app, ADMINISTRATOR)["sources"]}
        assert (after["site"], after["docs"] > before["docs"]) == (before["site"], True), "nobody saw the site this time"


def test_what_is_back_is_synced_as_if_it_had_never_been_gone(bench: Two):
    with bench.app() as app:
        bench.site.missing = True
        assert counts(sync(app, ADMINISTRATOR)) == {"docs": {"added": 1}}
        bench.site.missing = False
        report = sync(app, ADMINISTRATOR)
        assert (counts(report), report["unreached"]) == ({"site": {"added": 1}, "docs": {"unchanged": 1}}, [])


def test_a_dry_run_names_it_too(bench: Two):
    bench.site.missing = True
    with bench.app() as app:
        plan = dry_run(app, ADMINISTRATOR)
        assert (counts(plan), plan["unreached"]) == ({"docs": {"added": 1}}, [WHY])


def test_a_job_that_nobody_waits_for_tells_it_in_its_result(bench: Two):
    bench.site.missing = True
    with bench.app() as app:
        job = request(app, ADMINISTRATOR)
        app.jobs.work(handlers(app), until=lambda: app.jobs.get(job.id).state == "done")
        result = cast("dict[str, Any]", app.jobs.get(job.id).result)
        assert (result["sources"], result["unreached"]) == (["docs"], [WHY])


def test_where_nothing_can_be_reached_there_is_one_error_that_names_each(bench: Two):
    bench.site.missing = bench.source.missing = True
    with bench.app() as app:
        with pytest.raises((OutsideFailed, JobFailed), match="source site is missing; source docs is missing") as failed:
            sync(app, ADMINISTRATOR)
        assert failed.value.exit_code == OutsideFailed.exit_code
        with pytest.raises((OutsideFailed, JobFailed), match=r"^source site is missing: bring it back"):
            sync(app, ADMINISTRATOR, ["site"])


def test_a_watched_source_that_was_gone_at_first_is_looked_at_once_it_is_back(bench: Two, monkeypatch: pytest.MonkeyPatch):
    back = threading.Event()

    def watch(stop: threading.Event) -> Iterator[frozenset[str]]:
        if not back.is_set():
            raise OutsideFailed("source site is missing", "bring it back")
        return iter(())

    monkeypatch.setattr(watching, "_LOOK_AGAIN_SECONDS", 0.01)
    monkeypatch.setattr(bench.site, "watch", watch)
    with bench.app() as app:
        noticed = watching.changes(app, ())
        back.set()
        assert next(noticed) is None
