"""What answers quoted is erased with the document, in the same transaction, also from an answer that is being given meanwhile."""

from pathlib import Path
from typing import Any

import pytest

from firmground.app.app import App
from firmground.app.asking import traces
from firmground.app.asking.answers import ask
from firmground.app.asking.search import search
from firmground.app.corpus import documents
from firmground.app.corpus.sync import sync
from firmground.errors import FirmgroundError
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.testing.traces import a_trace
from firmground.types import Passage, Sentence, Tombstone, Trace

LEAVE = b"# Leave\n\nEvery employee may carry over five vacation days into the next year.\n"
DOGS = b"# Dogs\n\nDogs are welcome on Wednesdays if all people in the room agree.\n"
QUOTE = "carry over five vacation days"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.source.contents.update({"leave.md": LEAVE, "dogs.md": DOGS})
    return made


def passages(app: App, question: str) -> tuple[Passage, ...]:
    return search(app, ADMINISTRATOR, question, limit=1).passages


def version(app: App) -> int:
    with app.database.reading() as tx:
        return tx.corpus_version()


def keep(app: App, trace: Trace, known: int | None = None) -> Trace:
    with app.database.transaction() as tx:
        return traces.keep(tx, trace, known=tx.corpus_version() if known is None else known)


def kept(app: App, id: str) -> Trace:
    with app.database.reading() as tx:
        return tx.find_trace(id)


def on_disk(bench: Bench) -> bytes:
    return b"".join(path.read_bytes() for path in sorted((bench.root / ".firmground").iterdir()))


def remove(bench: Bench, app: App) -> None:
    del bench.source.contents["leave.md"]
    sync(app, ADMINISTRATOR)


def purge(bench: Bench, app: App) -> None:
    documents.purge(app, ADMINISTRATOR, "leave.md")


@pytest.mark.parametrize("erase", [remove, purge])
def test_an_answer_loses_the_words_of_a_document_that_is_erased_and_so_do_the_files(bench: Bench, erase: Any):
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        leave, dogs = passages(app, "carry over vacation days"), passages(app, "dogs on Wednesdays")
        keep(app, a_trace("1", *leave, *dogs))
        keep(app, a_trace("2", *dogs))
        assert QUOTE.encode() in on_disk(bench)
        erase(bench, app)
        first, second = kept(app, "1"), kept(app, "2")
        assert isinstance(first.evidence[0], Tombstone)
        assert (first.evidence[1:], first.erased) == (dogs, True)
        assert second == a_trace("2", *dogs)
        assert QUOTE.encode() not in on_disk(bench)


def test_an_answer_understood_by_one_that_quoted_it_loses_what_it_took_over(bench: Bench):
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        keep(app, a_trace("1", *passages(app, "carry over vacation days")))
        asked = f"Do dogs {QUOTE}?"
        for id, before in (("2", "1"), ("3", "2")):
            again = Sentence(text=f"Dogs {QUOTE}.", citations=(1,))
            said = {"text": f"{again.text} [1]", "sentences": (again,)}
            keep(app, a_trace(id, *passages(app, "dogs"), answer=said, context=("1", before), asked=asked, outputs=(asked,)))
        purge(bench, app)
        assert [(kept(app, id).asked, kept(app, id).outputs) for id in ("2", "3")] == [("How many days?", ())] * 2
        assert QUOTE.encode() not in on_disk(bench)


def test_a_purge_empties_the_memory_of_answers_of_this_process(bench: Bench):
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        ask(app, ADMINISTRATOR, "carry over vacation days")
        assert len(app.cache) == 1
        purge(bench, app)
        assert len(app.cache) == 0


def test_many_answers_are_erased_a_few_at_a_time(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(traces, "_AT_ONCE", 7)
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        found = passages(app, "carry over vacation days")
        with app.database.transaction() as tx:
            for n in range(40):
                tx.save_trace(a_trace(f"{n:02}", *found, context=(f"{n - 1:02}",) if n % 3 else ()))
        purge(bench, app)
        with app.database.reading() as tx:
            assert [each.erased for each in tx.traces()] == [True] * 40
            assert tx.traces_of([found[0].document], limit=1) == []
        assert QUOTE.encode() not in on_disk(bench)


def test_an_erasing_that_fails_half_way_has_erased_nothing_and_the_next_one_erases_all(bench: Bench):
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        given = a_trace("1", *passages(app, "carry over vacation days"))
        keep(app, given)
        transaction = app.database.transaction

        def failing() -> Any:
            app.database.transaction = transaction
            unit = transaction()
            enter = unit.__enter__

            class Failing:
                def __enter__(self) -> Any:
                    tx = enter()
                    tx.save_document = raising
                    return tx

                def __exit__(self, *raised: Any) -> Any:
                    return unit.__exit__(*raised)

            return Failing()

        def raising(*_: Any, **__: Any) -> Any:
            raise FirmgroundError("cut off")

        app.database.transaction = failing
        with pytest.raises(FirmgroundError, match="cut off"):
            purge(bench, app)
        assert kept(app, "1") == given
        assert documents.show(app, ADMINISTRATOR, "leave.md")["state"] == "indexed"
        purge(bench, app)
        assert kept(app, "1").erased


def test_a_purge_that_was_cut_off_before_the_files_were_rewritten_is_made_up_for(bench: Bench):
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        keep(app, a_trace("1", *passages(app, "carry over vacation days")))
        rewrite = app.database.purge
        app.database.purge = lambda: (_ for _ in ()).throw(OSError("killed"))
        with pytest.raises(OSError, match="killed"):
            purge(bench, app)
        app.database.purge = rewrite
        assert kept(app, "1").erased
        sync(app, ADMINISTRATOR)
        assert QUOTE.encode() not in on_disk(bench)


@pytest.mark.parametrize("erase", [remove, purge])
def test_an_answer_kept_after_its_document_was_erased_is_kept_without_its_words(bench: Bench, erase: Any):
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        known = version(app)
        found = passages(app, "carry over vacation days")
        erase(bench, app)
        saved = keep(app, a_trace("1", *found), known)
        assert saved == kept(app, "1")
        assert saved.erased
        assert QUOTE.encode() not in on_disk(bench)


def test_a_follow_up_kept_after_the_document_of_the_first_answer_was_erased_loses_what_it_took_over(bench: Bench):
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        keep(app, a_trace("1", *passages(app, "carry over vacation days")))
        known = version(app)
        dogs = passages(app, "dogs")
        purge(bench, app)
        saved = keep(app, a_trace("2", *dogs, context=("1",), asked=f"Do dogs {QUOTE}?"), known)
        assert (saved.asked, saved.evidence) == ("How many days?", dogs)


def test_other_changes_meanwhile_leave_an_answer_as_it_was_given(bench: Bench):
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        known = version(app)
        given = a_trace("1", *passages(app, "carry over vacation days"))
        bench.source.contents["cats.md"] = b"# Cats\n\nCats sleep most of the day.\n"
        sync(app, ADMINISTRATOR)
        assert version(app) > known
        assert keep(app, given, known) == given == kept(app, "1")


def test_an_earlier_wording_stays_in_answers_until_the_document_goes(bench: Bench):
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        keep(app, a_trace("1", *passages(app, "carry over vacation days")))
        bench.source.contents["leave.md"] = LEAVE.replace(b"five", b"three")
        sync(app, ADMINISTRATOR)
        assert not kept(app, "1").erased
        assert QUOTE.encode() in on_disk(bench)
        remove(bench, app)
        assert kept(app, "1").erased
        assert QUOTE.encode() not in on_disk(bench)


def test_a_copy_that_is_removed_is_not_named_any_more_and_the_answer_stays(bench: Bench):
    with bench.app() as app:
        bench.source.contents["copy.md"] = LEAVE
        sync(app, ADMINISTRATOR)
        (found,) = passages(app, "carry over vacation days")
        assert [found.uri, *found.also] == ["docs/copy.md", "docs/leave.md"]
        keep(app, a_trace("1", found))
        remove(bench, app)
        after = kept(app, "1")
        assert after.evidence == (found.model_copy(update={"also": ()}),)
        assert (after.answer, after.erased) == (a_trace("1", found).answer, False)
