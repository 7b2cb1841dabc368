"""Indexes side by side: a release answers from its own while the candidate's is built, changed, or broken off half-way."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firmground.app.asking.answers import ask
from firmground.app.asking.kept import replay
from firmground.app.corpus.documents import purge
from firmground.app.corpus.sync import sync
from firmground.app.evaluating import case_results
from firmground.app.evaluating.evaluation import run as evaluate
from firmground.app.following import JobFailed
from firmground.app.launching import releases
from firmground.errors import OutsideFailed, Refused
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.testing.embedder import FakeEmbedder

THINGS = ("anchor", "beacon", "compass", "davit")
FILLER = " ".join(f"Sentence {n} says that all of it is kept dry in the long shed." for n in range(60))


def settings(chunk_tokens: int, **index: Any) -> Settings:
    return Settings.model_validate({"answer": {"threshold": 0.01}, "index": {"chunk_tokens": chunk_tokens, **index}})


def a_page(thing: str, years: int) -> bytes:
    return f"# The {thing}\n\nThe {thing} lasts {years} years before it is replaced.\n\n{FILLER}\n".encode()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Release 1 has long chunks; the workspace as it stands has short ones, and is not synced yet."""
    made = Bench(tmp_path, settings=settings(400))
    made.source.contents.update({f"{thing}.md": a_page(thing, at + 3) for at, thing in enumerate(THINGS)})
    with made.app() as app:
        sync(app, ADMINISTRATOR)
        releases.create(app, ADMINISTRATOR)
    made.settings = settings(64)
    return made


def years_of(app: Any, thing: str, release: str) -> str:
    return ask(app, ADMINISTRATOR, f"How many years does the {thing} last?", release=release).text


def chunks(app: Any) -> dict[str, int]:
    with app.database.reading() as tx:
        return {build: tx.chunk_count(build) for build in tx.builds()}


def test_a_release_answers_from_its_own_index_after_the_chunking_changed(bench: Bench):
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        assert "3 years" in years_of(app, "anchor", "1")
        assert "3 years" in years_of(app, "anchor", "candidate")
        long, short = sorted(chunks(app).values())
        assert long < short
        assert releases.digest_of(app, "1") != releases.digest_of(app, "candidate")


def test_the_release_answers_before_the_other_index_is_there(bench: Bench):
    with bench.app() as app:
        assert "3 years" in years_of(app, "anchor", "1")


def test_every_index_is_kept_in_step(bench: Bench):
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        bench.source.contents["anchor.md"] = a_page("anchor", 77)
        bench.source.contents["easel.md"] = a_page("easel", 9)
        del bench.source.contents["davit.md"]
        sync(app, ADMINISTRATOR)
        for release in ("1", "candidate"):
            assert "77 years" in years_of(app, "anchor", release)
            assert "9 years" in years_of(app, "easel", release)
            assert "6 years" not in years_of(app, "davit", release)
        held = [set(index.documents()) for index in (bench.index_, *bench.indexes.values())]
    assert held[0] == held[1]


def test_what_is_erased_is_gone_from_every_index(bench: Bench):
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        purge(app, ADMINISTRATOR, "docs/compass.md")
        for release in ("1", "candidate"):
            assert "5 years" not in years_of(app, "compass", release)
        with app.database.reading() as tx:
            left = {document.number for document in tx.documents(state="indexed")}
    assert all(set(index.documents()) == left for index in (bench.index_, *bench.indexes.values()))


def test_building_that_is_broken_off_goes_on_and_the_release_answers_meanwhile(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    whole, lots = bench.embedder_.embed, iter(range(100))

    def embed(texts: Any) -> Any:
        if len(texts) > 2 and next(lots) == 1:
            raise OutsideFailed("the disk is full", "free some")
        return whole(texts)

    monkeypatch.setattr("firmground.app.corpus.indexing._DOCUMENTS_AT_ONCE", 1)
    monkeypatch.setattr(bench.embedder_, "embed", embed)
    with bench.app() as app:
        with pytest.raises(JobFailed, match="disk is full"):
            sync(app, ADMINISTRATOR)
        assert "4 years" in years_of(app, "beacon", "1")
        before = len(bench.embedder_.embedded)
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        anchors = [text for text in bench.embedder_.embedded[before:] if "anchor lasts" in text]
        assert anchors == [], "what was taken in before it broke off is not made again"
        assert "4 years" in years_of(app, "beacon", "candidate")


def test_two_releases_with_different_chunking_are_compared_case_by_case(bench: Bench):
    (bench.root / "golden").mkdir()
    (bench.root / "golden" / "all.yaml").write_text(
        "- {id: a, question: How many years does the anchor last?, expect: {contains: [3 years]}}\n"
    )
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        found = evaluate(app, ADMINISTRATOR, against="1")
        cases = case_results.active_cases(app)
        with app.database.reading() as tx:
            other = case_results.kept_results(tx, cases, release=found.against, corpus=found.corpus, repeats=1)
    assert found.passed.events == other[0][1][0].passed == 1


def test_only_the_indexes_of_the_newest_releases_are_kept_beside_the_candidates(bench: Bench):
    for tokens in (80, 88, 96, 104, 112):
        bench.settings = settings(tokens)
        with bench.app() as app:
            sync(app, ADMINISTRATOR)
            releases.create(app, ADMINISTRATOR)
    with bench.app() as app:
        assert len(chunks(app)) == 5
        assert "3 years" in years_of(app, "anchor", "2")
        with pytest.raises(Refused, match="the index that release 1 searches is not kept: 4 besides the candidate's are"):
            years_of(app, "anchor", "1")
        assert [each.name for each in releases.diff(app, ADMINISTRATOR, "1", "2")] == ["index.chunk_tokens"], (
            "it can still be read"
        )
    assert len(bench.dropped) == 1


def test_an_index_that_no_release_needs_goes_with_the_next_sync(tmp_path: Path):
    bench = Bench(tmp_path, settings=settings(400))
    bench.source.contents["anchor.md"] = a_page("anchor", 3)
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
    bench.settings = settings(64)
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        assert len(chunks(app)) == 1


@pytest.fixture
def other_embedder(bench: Bench) -> Iterator[Bench]:
    """The workspace names another embedder than the one of release 1."""
    bench.embedders["small"] = bench.embedder_
    bench.settings = settings(400, embedder="small")
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        releases.create(app, ADMINISTRATOR)
    bench.embedder_ = FakeEmbedder(dimension=48, id="large")
    bench.settings = settings(400, embedder="large")
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
    return bench


def test_a_release_goes_on_with_its_own_embedder(other_embedder: Bench):
    bench = other_embedder
    with bench.app() as app:
        before = len(bench.embedders["small"].embedded)
        assert "3 years" in years_of(app, "anchor", "1")
        assert len(bench.embedders["small"].embedded) > before
        given = ask(app, ADMINISTRATOR, "How many years does the davit last?", release="1")
        assert replay(app, ADMINISTRATOR, given.id).outcome == "same"
    assert np.shape(bench.embedder_.embed(["x"])) == (1, 48)


def test_an_embedder_that_is_not_what_it_was_ends_the_index_of_its_release(other_embedder: Bench):
    other_embedder.embedders["small"] = FakeEmbedder(id="replaced")
    with other_embedder.app() as app:
        with pytest.raises(Refused, match="the embedder small is no longer the one that this release was made with"):
            years_of(app, "anchor", "1")
        sync(app, ADMINISTRATOR)
        assert len(chunks(app)) == 1, "what is erased must not live on where it cannot be reached"
        with pytest.raises(Refused, match="is not kept"):
            years_of(app, "anchor", "1")
