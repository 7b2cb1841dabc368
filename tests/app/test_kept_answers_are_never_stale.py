"""An answer that is given again is the one that would be given now, whatever happened to documents, people and index in between."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from firmground.app import documents, people
from firmground.app.app import App
from firmground.app.search import corpus, within
from firmground.app.sync import sync
from firmground.serve.cache import AnswerCache, Run, key
from firmground.serve.search import search
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.testing.index import MemoryIndex
from firmground.testing.traces import a_trace
from firmground.types import Trace

QUESTIONS = ("carry over vacation days", "dogs on Wednesdays")


class Asking:
    """Answers of what a search finds, with a cache and without: the version of the corpus is read before anything else."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.cache = AnswerCache(entries=100)

    def again(self, person: str, question: str) -> tuple[Trace, bool]:
        recipe = self.app.candidate
        with self.app.database.reading() as tx:
            actor, version = tx.actor(person), tx.corpus_version()
        searched, seen = corpus(self.app), within(self.app, actor, {})

        def run() -> Run:
            return Run(a_trace("1", *search(searched, recipe.retrieval, question, seen).passages))

        return self.cache.get_or_run(key(version, release=recipe.digest, corpus=searched, within=seen, question=question), run)

    def anew(self, person: str, question: str) -> Trace:
        return Asking(self.app).again(person, question)[0]

    def check(self) -> None:
        with self.app.database.reading() as tx:
            known = tx.people()
        for person in known:
            for question in QUESTIONS:
                first, _ = self.again(person, question)
                second, again = self.again(person, question)
                assert again
                assert first == second == self.anew(person, question), (person, question)


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
    with bench.app() as app:
        people.add_person(app, ADMINISTRATOR, "root", admin=True)
        people.add_person(app, ADMINISTRATOR, "ada", groups=["hr"])
        people.add_person(app, ADMINISTRATOR, "bob")
        sync(app, ADMINISTRATOR)
        yield Asking(app)


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
    for change in (*changes, *random.choices(changes, k=4)):
        change()
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
    """Everybody asks at each step of a writer; and the step itself is taken in the middle of somebody's search."""
    index = bench.index_
    assert isinstance(index, MemoryIndex)
    asked: list[str] = []
    real = {name: getattr(index, name) for name in ("apply", "rescope", "search")}

    def ask_all() -> None:
        for person in ("root", "ada", "bob"):
            for question in QUESTIONS:
                asked.append(question)
                asking.again(person, question)

    def step(name: str) -> Callable[..., Any]:
        def stepped(*args: Any, **kwargs: Any) -> Any:
            ask_all()
            between: list[int] = []

            def searching(*terms: Any, **within: Any) -> Any:
                hits = real["search"](*terms, **within)
                if not between:
                    between.append(1)
                    real[name](*args, **kwargs)  # taken while a search has its hits and has not read their texts
                return hits

            index.search = searching
            ask_all()
            index.search = real["search"]
            result = real[name](*args, **kwargs)
            ask_all()
            return result

        return stepped

    for name in ("apply", "rescope"):
        setattr(index, name, step(name))
    try:
        yield asked
    finally:
        for name in ("apply", "rescope"):
            setattr(index, name, real[name])
