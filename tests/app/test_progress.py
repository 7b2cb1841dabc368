"""How far a sync is can be seen while it runs and after it was killed; its report is of all it did."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from firmground.app.corpus.sync import sync
from firmground.app.status import status
from firmground.ports import Vectors
from firmground.testing.app import ADMINISTRATOR, Bench


class Killed(BaseException):
    pass


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.source.contents.update(
        {f"rule{n}.md": f"# Rule {n}\n\nRule {n} is about {n} keys of door {n}.\n".encode() for n in range(8)}
    )
    return made


def test_progress_is_told_within_a_batch_while_files_are_parsed_and_embedded(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("firmground.app.corpus.indexing._TEXTS_AT_ONCE", 1)
    seen: list[int] = []
    with bench.app() as app:
        embed = bench.embedder_.embed

        def looked() -> None:
            [job] = status(app, ADMINISTRATOR)["jobs"]
            assert job["state"] == "running"
            seen.append(job["progress"]["done"])

        def embedded(texts: Sequence[str]) -> Vectors:
            looked()
            return embed(texts)

        monkeypatch.setattr(bench.embedder_, "embed", embedded)
        sync(app, ADMINISTRATOR)
    assert len(set(seen)) > 2
    assert seen == sorted(seen)
    assert 4 <= seen[0] <= seen[-1] < 8


def test_a_sync_that_nobody_runs_any_more_is_interrupted_at_the_point_it_reached(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("firmground.app.corpus.planning._BATCH_FILES", 2)
    killed_at(bench, 3)
    with bench.app() as app:
        [job] = status(app, ADMINISTRATOR)["jobs"]
        assert (job["state"], job["progress"]["total"], job["progress"]["unit"]) == ("interrupted", 8, "files")
        assert 4 <= job["progress"]["done"] < 8
        sync(app, ADMINISTRATOR)
        assert status(app, ADMINISTRATOR)["jobs"] == []


def test_a_sync_that_goes_on_and_finds_more_reports_all_of_it(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("firmground.app.corpus.planning._BATCH_FILES", 2)
    killed_at(bench, 3)
    bench.source.contents["rule8.md"] = b"# Rule 8\n\nThere is one more rule.\n"
    bench.source.contents["rule0.md"] += b"\nIt has an exception.\n"
    with bench.app() as app:
        report = sync(app, ADMINISTRATOR)
        counts = report["totals"]["documents"]
        assert (counts["added"], counts["changed"], counts["unchanged"]) == (9, 1, 0)
        assert report["totals"]["chunks"]["added"] >= 10
        assert report["totals"]["chunks"]["total"] == sum(app.index.documents().values())
        assert report["sources"][0]["documents"] == counts


def test_who_asks_for_a_sync_that_runs_already_gets_the_report_of_that_one(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    joined = Event()
    with bench.app() as app, bench.app() as other, ThreadPoolExecutor(1) as threads:
        embed, asked = bench.embedder_.embed, list[Future[dict[str, Any]]]()

        def embedded(texts: Sequence[str]) -> Vectors:
            if not asked:
                asked.append(threads.submit(sync, other, ADMINISTRATOR, watch=lambda _: joined.set()))
                assert joined.wait(60)
            return embed(texts)

        monkeypatch.setattr(bench.embedder_, "embed", embedded)
        mine = sync(app, ADMINISTRATOR)
        theirs = asked[0].result(60)
    assert mine["totals"]["documents"]["added"] == 8
    assert {**theirs, "seconds": 0} == {**mine, "seconds": 0}


def killed_at(bench: Bench, call: int) -> None:
    apply, calls = bench.index_.apply, list[int]()

    def die(*given: Any, **named: Any) -> None:
        calls.append(1)
        if len(calls) == call:
            raise Killed
        apply(*given, **named)

    bench.index_.apply = die
    with pytest.raises(Killed), bench.app() as app:
        sync(app, ADMINISTRATOR)
    bench.index_.apply = apply
