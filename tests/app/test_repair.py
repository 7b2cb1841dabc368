"""Database and index disagree: the next sync brings them together."""

from pathlib import Path

import numpy as np
import pytest

from firmground.app.asking.search import search
from firmground.app.corpus import documents
from firmground.app.corpus.sync import sync
from firmground.errors import ParseFailed
from firmground.testing.app import ADMINISTRATOR, COLLEAGUE, Bench
from firmground.testing.index import MemoryIndex
from firmground.types import IndexRow, Parsed

LEAVE = b"# Leave\n\nEvery employee may carry over five vacation days into the next year.\n"
TRAVEL = b"# Travel\n\nTrain tickets in second class are refunded without asking anybody before.\n"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.source.contents.update({"leave.md": LEAVE, "travel.md": TRAVEL})
    return made


def test_an_index_that_was_thrown_away_is_built_again(bench: Bench):
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
    bench.index_ = MemoryIndex()
    with bench.app() as app:
        report = sync(app, ADMINISTRATOR)
        assert report["totals"]["documents"]["unchanged"] == 2
        assert search(app, ADMINISTRATOR, "carry over vacation days").passages[0].uri == "docs/leave.md"
        assert sum(app.index.documents().values()) == report["totals"]["chunks"]["total"]


def test_rows_of_documents_that_are_gone_leave_the_index(bench: Bench):
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        row = IndexRow(id="stray", document=999, scope=1, content="c" * 32, terms="stray words")
        vector = np.zeros((1, app.embedder.dimension), dtype=np.float32)
        vector[0, 0] = 1.0
        app.index.apply([row], vector, replaces=[])
        sync(app, ADMINISTRATOR)
        assert 999 not in app.index.documents()


def test_two_copies_of_a_renamed_file_survive_a_sync_that_was_cut_off_between_them(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("firmground.app.corpus.planning._BATCH_FILES", 1)

    class Killed(BaseException):
        pass

    with bench.app() as app:
        sync(app, ADMINISTRATOR)
    bench.source.contents |= dict.fromkeys(("copies/a.md", "copies/b.md"), bench.source.contents.pop("leave.md"))
    rescope = bench.index_.rescope

    def die(_: object) -> None:
        raise Killed

    bench.index_.rescope = die
    bench.source.file_groups["copies/a.md"] = ("hr",)
    with pytest.raises(Killed), bench.app() as app:
        sync(app, ADMINISTRATOR)
    bench.index_.rescope = rescope
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        assert [each.uri for each in documents.listed(app, ADMINISTRATOR)] == ["copies/a.md", "copies/b.md", "travel.md"]


def test_a_document_that_failed_since_the_last_sync_is_in_the_quality_report(bench: Bench):
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        bench.source.contents["leave.md"] = b"!fail:corrupt"
        sync(app, ADMINISTRATOR)
        assert [(finding.code, finding.uri) for finding in documents.quality(app, ADMINISTRATOR)] == [
            ("corrupt", "docs/leave.md")
        ]


def test_the_title_of_a_document_that_few_may_see_is_not_shown_to_more_when_it_cannot_be_read(bench: Bench):
    bench.source.contents["pay.md"] = b"---\ngroups: [hr]\n---\n# Layoffs in spring\n\nTwo hundred people will be let go.\n"
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        bench.source.contents["pay.md"] = b"!fail:corrupt"
        sync(app, ADMINISTRATOR)
        assert [each.uri for each in documents.listed(app, COLLEAGUE)] == ["leave.md", "travel.md"]
        assert documents.show(app, ADMINISTRATOR, "pay.md")["title"] == "pay"


def test_a_title_from_a_sidecar_goes_with_it(bench: Bench):
    bench.source.file_metadata["leave.md"] = {"title": "Time off"}
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        assert documents.show(app, ADMINISTRATOR, "leave.md")["title"] == "Time off"
        del bench.source.file_metadata["leave.md"]
        sync(app, ADMINISTRATOR)
        assert documents.show(app, ADMINISTRATOR, "leave.md")["title"] == "Leave"


def test_a_file_without_text_gets_the_remedy_its_parser_names(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    def parse(uri: str, content: bytes) -> Parsed:
        raise ParseFailed("no_text", "it holds no text: write some, or exclude it" if uri == "leave.md" else "it holds no text")

    monkeypatch.setattr(bench.parser_, "parse", parse)
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        found = [(each.detail, each.remedy) for each in documents.quality(app, ADMINISTRATOR)]
    assert found == [
        ("it holds no text", "write some, or exclude it"),
        ("it holds no text", "write some text into it, or exclude it"),
    ]
