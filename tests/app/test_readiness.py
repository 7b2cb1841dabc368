"""What is not ready says so: "I don't know" is only said of documents that were looked through."""

from collections.abc import Callable
from pathlib import Path

import pytest

from firmground.app.app import App
from firmground.app.asking.answers import ask
from firmground.app.asking.search import search
from firmground.app.corpus.sync import sync
from firmground.errors import Damaged, InvalidInput, NotFound
from firmground.testing.app import ADMINISTRATOR, COLLEAGUE, Bench
from firmground.testing.index import MemoryIndex

LEAVE = b"# Leave\n\nEvery employee may carry over five vacation days into the next year.\n"
TRAVEL = b"# Travel\n\nTrain tickets in second class are refunded without asking anybody before.\n"
QUESTION = "how many vacation days may be carried over?"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.source.contents.update({"leave.md": LEAVE, "travel.md": TRAVEL})
    return made


def codes(app: App) -> list[str]:
    return [notice.code for notice in ask(app, ADMINISTRATOR, QUESTION).notices]


class Killed(BaseException):
    pass


@pytest.mark.parametrize("use", [ask, search])
def test_a_workspace_without_a_sync_does_not_pretend_to_know_nothing(bench: Bench, use: Callable[..., object]):
    with bench.app() as app, pytest.raises(NotFound, match="nothing is indexed yet: run `firmground sync`"):
        use(app, ADMINISTRATOR, QUESTION, filters={"departmnt": "people"})


@pytest.mark.parametrize("use", [ask, search])
def test_an_index_that_was_lost_is_named(bench: Bench, use: Callable[..., object]):
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
    bench.index_ = MemoryIndex()
    with bench.app() as app, pytest.raises(Damaged, match="passages are known: build it again with `firmground sync`"):
        use(app, COLLEAGUE, QUESTION)


@pytest.mark.parametrize("use", [ask, search])
def test_where_no_document_came_through_the_failures_are_named(bench: Bench, use: Callable[..., object]):
    bench.source.contents = {"broken.pdf": b"!fail:corrupt"}
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        with pytest.raises(NotFound, match="every document failed"):
            use(app, ADMINISTRATOR, QUESTION)


def test_an_answer_out_of_a_sync_that_was_cut_off_says_how_many_documents_wait(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("firmground.app.corpus.planning._BATCH_FILES", 1)
    bench.source.contents["visitors.md"] = b"# Visitors\n\nVisitors get a badge at the front desk.\n"
    apply, calls = bench.index_.apply, list[int]()

    def die_the_second_time(*given: object, **named: object) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise Killed
        apply(*given, **named)

    bench.index_.apply = die_the_second_time
    with pytest.raises(Killed), bench.app() as app:
        sync(app, ADMINISTRATOR)
    bench.index_.apply = apply
    with bench.app() as app:
        [notice] = [each for each in ask(app, ADMINISTRATOR, QUESTION).notices if each.code == "not_up_to_date"]
        assert notice.text == "2 documents wait for the index: run `firmground sync`."
        [told] = [each for each in ask(app, COLLEAGUE, QUESTION).notices if each.code == "not_up_to_date"]
        assert told.text == "Documents are being taken in: ask again in a while.", "how many is for who sees them all"
        sync(app, ADMINISTRATOR)
        assert "not_up_to_date" not in codes(app)


def test_who_does_not_see_a_document_that_waits_hears_nothing_of_it(bench: Bench):
    bench.source.file_groups = {"travel.md": ("hr",)}
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        for uri in ("travel.md", "leave.md"):
            with app.database.transaction() as tx:
                tx.save_document(tx.find_document(uri).model_copy(update={"title": "Anew"}))
            waits = [each.text for each in ask(app, COLLEAGUE, QUESTION).notices if each.code == "not_up_to_date"]
            assert waits == (["1 document waits for the index: run `firmground sync`."] if uri == "leave.md" else [])


def test_what_a_person_may_not_see_is_no_damage(bench: Bench):
    bench.source.file_groups = {"leave.md": ("hr",), "travel.md": ("hr",)}
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        assert not search(app, COLLEAGUE, QUESTION).passages
        assert ask(app, COLLEAGUE, QUESTION).status == "abstained"


@pytest.fixture
def labelled(bench: Bench) -> Bench:
    bench.source.file_metadata = {"leave.md": {"department": "people"}, "travel.md": {"salary": 1}}
    bench.source.file_groups = {"travel.md": ("hr",)}
    return bench


@pytest.mark.parametrize("use", [ask, search])
def test_a_misspelt_filter_key_is_refused_with_the_nearest_known_one(labelled: Bench, use: Callable[..., object]):
    with labelled.app() as app:
        sync(app, ADMINISTRATOR)
        with pytest.raises(InvalidInput, match=r"no document has the key 'departmnt' of the filter: did you mean 'department'\?"):
            use(app, ADMINISTRATOR, QUESTION, filters={"departmnt": "people"})
        with pytest.raises(InvalidInput, match=r"known keys: department, .*uri"):
            use(app, COLLEAGUE, QUESTION, filters={"zzz": "x"})
        assert use(app, ADMINISTRATOR, QUESTION, filters={"department": "nobody", "language": "xx"})


def test_a_key_of_hidden_documents_is_as_unknown_as_any(labelled: Bench):
    with labelled.app() as app:
        sync(app, ADMINISTRATOR)
        with pytest.raises(InvalidInput) as refused:
            search(app, COLLEAGUE, QUESTION, filters={"salry": 1})
        assert "salary" not in str(refused.value)
        with pytest.raises(InvalidInput, match="no document has the key 'salary'"):
            search(app, COLLEAGUE, QUESTION, filters={"salary": 1})
