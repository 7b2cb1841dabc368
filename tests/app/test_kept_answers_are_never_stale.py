"""An answer that is given again is the one that would be given now, whatever happened to documents, people and index in between."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from firmground.app.access import people
from firmground.app.app import App
from firmground.app.asking.answers import ask
from firmground.app.corpus import documents
from firmground.app.corpus.indexing import bring_up_to_date
from firmground.app.corpus.sync import sync
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.testing.index import MemoryIndex

QUESTIONS = ("carry over vacation days", "dogs on Wednesdays")


class Asking:
    """Everybody asks, where answers are kept and, in another process as it were, where none are."""

    def __init__(self, bench: Bench) -> None:
        serve = bench.settings.serve.model_copy(update={"cached_answers": 0})
        self.app = bench.app()
        self.forgetful = replace(bench, settings=bench.settings.model_copy(update={"serve": serve})).app()

    def again(self, person: str, question: str) -> tuple[Any, bool]:
        """What was answered, without what is of this one answer alone, and whether it was an earlier one."""
        return self._told(self.app, person, question)

    def check(self) -> None:
        with self.app.database.reading() as tx:
            known = tx.people()
        for person in known:
            for question in QUESTIONS:
                first, _ = self.again(person, question)
                second, again = self.again(person, question)
                assert again
                assert first == second == self._told(self.forgetful, person, question)[0], (person, question)

    def _told(self, app: App, person: str, question: str) -> tuple[Any, bool]:
        with app.database.reading() as tx:
            actor = tx.actor(person)
        given = ask(app, actor, question)
        with app.database.reading() as tx:
            trace = tx.find_trace(given.id)
        said = given.model_dump(exclude={"id", "conversation", "created_at", "timings_ms"})
        return (said, trace.evidence), bool(trace.cached_from)


def leave(days: str, groups: str = "") -> bytes:
    front = f"---\ngroups: [{groups}]\n---\n" if groups else ""
    return f"{front}# Leave\n\nEvery employee may carry over {days} vacation days into the next year.\n".encode()


DOGS = b"# Dogs\n\nDogs are welcome on Wednesdays if all people in the room agree.\n"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.source.contents.update({"leave.md": leave("five"), "dogs.md": DOGS})
    return made


@pytest.fixture
def asking(bench: Bench) -> Iterator[Asking]:
    made = Asking(bench)
    with made.app as app, made.forgetful:
        people.add_person(app, ADMINISTRATOR, "root", role="admin")
        people.add_person(app, ADMINISTRATOR, "ada", groups=["hr"])
        people.add_person(app, ADMINISTRATOR, "bob")
        sync(app, ADMINISTRATOR)
        yield made


def test_whatever_happens_the_answer_given_again_is_the_one_given_anew(bench: Bench, asking: Asking):
    random, app, contents = Random(3), asking.app, bench.source.contents
    days = iter(["one", "two", "three", "four", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"])

    def hide() -> None:
        bench.source.file_groups["dogs.md"] = random.choice([("hr",), ("everyone",), ("law",)])

    def join() -> None:
        people.add_group(app, ADMINISTRATOR, random.choice(["hr", "law"]), members=["bob"])

    def leave_group() -> None:
        for group, members in people.groups(app, ADMINISTRATOR).items():
            if group in {"hr", "law"} and "bob" in members:
                people.remove_members(app, ADMINISTRATOR, group, ["bob"])

    def purge() -> None:
        contents.setdefault("cats.md", b"# Cats\n\nCats are welcome on Fridays, and dogs on Wednesdays.\n")
        sync(app, ADMINISTRATOR)
        asking.check()
        documents.purge(app, ADMINISTRATOR, "cats.md")

    changes: list[Callable[[], Any]] = [
        lambda: contents.update({"leave.md": leave(next(days))}),
        lambda: contents.update({"leave.md": leave(next(days), "hr")}),
        lambda: contents.update({f"leave-{random.randrange(3)}.md": leave(next(days))}),
        lambda: contents.pop(f"leave-{random.randrange(3)}.md", None),
        lambda: contents.update({"renamed.md": contents.pop("dogs.md")} if "dogs.md" in contents else {}),
        lambda: contents.update({"dogs.md": contents.pop("renamed.md", DOGS)}),
        hide,
        join,
        leave_group,
        purge,
    ]
    for change in (*changes, *random.choices(changes, k=2)):
        change()
        if change in (join, leave_group):
            asking.check()
        sync(app, ADMINISTRATOR)
        asking.check()


@pytest.mark.parametrize("change", ["changed", "removed", "added", "hidden"])
def test_what_is_answered_while_a_sync_goes_on_is_not_given_again_after_it(bench: Bench, asking: Asking, change: str):
    """Asked before and after each step that the sync takes in database and index, and while a search is between the two."""
    contents = bench.source.contents
    with interrupted(bench, asking) as asked:
        if change == "changed":
            contents["leave.md"] = leave("nine")
        elif change == "removed":
            del contents["leave.md"]
        elif change == "added":
            contents["new.md"] = leave("nine") + DOGS
        else:
            bench.source.file_groups["leave.md"] = ("law",)
        sync(asking.app, ADMINISTRATOR)
    assert len(asked) > 4
    asking.check()


@contextmanager
def interrupted(bench: Bench, asking: Asking) -> Iterator[list[str]]:
    """Everybody asks before and after each step of a writer; and somebody has found passages, and not yet read them, while another
    writer brings the index all the way up to date."""
    index = bench.index_
    assert isinstance(index, MemoryIndex)
    asked: list[str] = []
    real = {name: getattr(index, name) for name in ("apply", "rescope", "search")}

    def hook(**methods: Any) -> None:
        for name, method in methods.items():
            setattr(index, name, method)

    def ask_all() -> None:
        for person in ("root", "ada", "bob"):
            for question in QUESTIONS:
                asked.append(question)
                asking.again(person, question)

    def searching(*terms: Any, **within: Any) -> Any:
        hits = real["search"](*terms, **within)
        hook(**real)
        bring_up_to_date(asking.forgetful)
        return hits

    def step(name: str) -> Callable[..., Any]:
        def stepped(*args: Any, **kwargs: Any) -> Any:
            hook(search=searching)
            ask_all()
            result = real[name](*args, **kwargs)
            ask_all()
            return result

        return stepped

    steps = {name: step(name) for name in ("apply", "rescope")}
    hook(**steps)
    try:
        yield asked
    finally:
        hook(**real)
