"""The same question on the same documents with the same permissions is answered once; nothing else is taken for the same."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from firmground.errors import FirmgroundError, ModelFailed
from firmground.ports import Transaction
from firmground.serve.cache import AnswerCache, Given, Key, Run, key, normalised
from firmground.serve.search import Corpus
from firmground.testing.embedder import FakeEmbedder
from firmground.testing.index import MemoryIndex
from firmground.testing.traces import a_passage, a_trace
from firmground.types import Trace, Within

PATIENCE = 20


def never_read() -> AbstractContextManager[Transaction]:
    raise AssertionError("a key reads nothing")


CORPUS = Corpus(reading=never_read, index=MemoryIndex(), embedder=FakeEmbedder(), build="b", superseded={"a/old.md": "a/new.md"})
MINE = Within(scopes=frozenset({1, 2}), documents=frozenset({7, 5}), excluded=frozenset({9}))


def a_key(version: int = 1, **changes: Any) -> Key:
    parts: dict[str, Any] = {"release": "r", "corpus": CORPUS, "within": MINE, "question": "How many days?", **changes}
    return key(version, **parts)


def answered(id: str = "1", **fields: Any) -> Callable[[], Run]:
    return lambda: Run(a_trace(id, **fields))


def forbidden() -> Run:
    raise AssertionError("it was answered already")


class Held:
    """A run that waits until it is let go; `started` tells that it has begun."""

    def __init__(self, outcome: Callable[[], Run]) -> None:
        self.started, self.let_go = threading.Event(), threading.Event()
        self._outcome = outcome

    def __call__(self) -> Run:
        self.started.set()
        assert self.let_go.wait(PATIENCE)
        return self._outcome()


def waiting(cache: AnswerCache, count: int) -> None:
    """Until so many callers wait for the one run under way."""
    until = threading.Event()
    for _ in range(PATIENCE * 1000):
        if sum(flight.waiting for flight in cache._flights.values()) == count:
            return
        until.wait(0.001)
    raise AssertionError("they do not wait")


# ---------------------------------------------------------------- keys


@pytest.mark.parametrize(
    "same",
    [
        "how many days?",
        "How many days",
        "  How\u00a0many \n days ?!  ",
        "Ｈｏｗ many days？",
        "¿How many days?",
        "How many days…",
    ],
)
def test_what_makes_no_difference_to_a_question_makes_none_to_its_key(same: str):
    assert a_key(question=same) == a_key()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("US rules", "us rules"),
        ("rules of the US", "rules of the us"),
        ("What is 10²?", "What is 102?"),
        ("½ day", "1⁄2 day"),
        ("Is C# used?", "Is C used?"),
        ("naïve", "naive"),
        ("a b", "ab"),
        ("?", "!"),
    ],
)
def test_questions_that_may_mean_something_else_have_keys_of_their_own(one: str, other: str):
    assert a_key(question=one) != a_key(question=other)


def test_composed_and_decomposed_letters_are_the_same():
    assert normalised("Cafe\u0301 Müller") == normalised("Café Mu\u0308ller") == "café Müller"
    assert (normalised("?"), normalised("İstanbul"), normalised("")) == ("?", "i\u0307stanbul", "")


def test_everything_an_answer_depends_on_changes_the_key():
    keys = [
        a_key(),
        a_key(2),
        a_key(release="s"),
        a_key(question="How few days?"),
        a_key(context=["earlier"]),
        a_key(context="earlier"),
        a_key(within=Within()),
        a_key(within=MINE.model_copy(update={"scopes": frozenset({1})})),
        a_key(within=MINE.model_copy(update={"scopes": frozenset()})),
        a_key(within=MINE.model_copy(update={"scopes": None})),
        a_key(within=MINE.model_copy(update={"documents": frozenset({7})})),
        a_key(within=MINE.model_copy(update={"documents": None})),
        a_key(within=MINE.model_copy(update={"excluded": frozenset({5, 9})})),
        a_key(corpus=replace(CORPUS, languages=("de", "en"))),
        a_key(corpus=replace(CORPUS, languages=("en", "de"))),
        a_key(corpus=replace(CORPUS, superseded={})),
        a_key(corpus=replace(CORPUS, build="c")),
    ]
    assert len(set(keys)) == len(keys)
    assert a_key(within=Within(scopes=frozenset([2, 1]), documents=frozenset([5, 7]), excluded=frozenset([9]))) == a_key()


# ---------------------------------------------------------------- what is kept


def test_an_answer_is_given_again_for_its_key_alone():
    cache = AnswerCache(entries=10)
    assert cache.get_or_run(a_key(), answered("1")) == Given(a_trace("1"), again=False)
    assert cache.get_or_run(a_key(), forbidden) == Given(a_trace("1"), again=True)
    assert cache.get_or_run(a_key(question="else"), answered("2")) == Given(a_trace("2"), again=False)


def test_a_run_that_is_not_to_be_kept_is_not():
    cache = AnswerCache(entries=10)
    assert cache.get_or_run(a_key(), lambda: Run(a_trace("1"), keep=False)).trace == a_trace("1")
    assert cache.get_or_run(a_key(), answered("2")) == Given(a_trace("2"), again=False)


def test_a_run_that_fails_leaves_nothing():
    cache = AnswerCache(entries=10)
    for error in (FirmgroundError("no"), KeyboardInterrupt()):
        with pytest.raises(type(error)):
            cache.get_or_run(a_key(), raising(error))
    assert (len(cache), cache._flights) == (0, {})
    assert not cache.get_or_run(a_key(), answered()).again


def raising(error: BaseException) -> Callable[[], Run]:
    def run() -> Run:
        raise error

    return run


def test_entries_of_an_older_corpus_go_as_soon_as_a_newer_one_is_seen():
    cache = AnswerCache(entries=10)
    for n in range(5):
        cache.get_or_run(a_key(1, question=f"q{n}"), answered())
    cache.get_or_run(a_key(2), answered("new"))
    assert len(cache) == 1
    cache.see(1)
    assert len(cache) == 1
    cache.see(3)
    assert (len(cache), cache._held) == (0, 0)


def test_what_was_answered_on_an_older_corpus_is_not_kept_beside_a_newer_one():
    cache = AnswerCache(entries=10)

    def overtaken() -> Run:
        cache.see(2)
        return Run(a_trace("old"))

    assert cache.get_or_run(a_key(1), overtaken).trace == a_trace("old")
    assert len(cache) == 0
    assert not cache.get_or_run(a_key(1), answered("again")).again, "somebody who read the version just before it changed"
    assert len(cache) == 0


def test_the_least_recently_used_goes_first():
    cache = AnswerCache(entries=3)
    for name in ("a", "b", "c", "a", "d"):
        cache.get_or_run(a_key(question=name), answered(name))
    kept = [name for name in ("a", "c", "d") if cache.get_or_run(a_key(question=name), answered("x")).again]
    assert kept == ["a", "c", "d"]
    assert not cache.get_or_run(a_key(question="b"), answered("b")).again


def test_characters_are_bounded_and_a_giant_does_not_push_out_the_others():
    small, large = a_trace("1"), a_trace("2", a_passage("a", "x" * 5000))
    size = len(small.model_dump_json())
    cache = AnswerCache(entries=100, characters=4 * size)
    for n in range(10):
        cache.get_or_run(a_key(question=f"q{n}"), lambda: Run(small))
        assert cache._held <= 4 * size
    assert len(cache) == 4
    cache.get_or_run(a_key(question="large"), lambda: Run(large))
    assert (len(cache), cache._held) == (4, 4 * size)


def test_without_entries_everybody_runs():
    cache = AnswerCache(entries=0)
    for id in ("1", "2"):
        assert cache.get_or_run(a_key(), answered(id)) == Given(a_trace(id), again=False)


def test_clearing_drops_all_and_what_runs_meanwhile_is_not_kept():
    cache = AnswerCache(entries=10)
    cache.get_or_run(a_key(question="before"), answered())

    def cleared() -> Run:
        cache.clear()
        return Run(a_trace("1"))

    assert cache.get_or_run(a_key(), cleared).trace == a_trace("1")
    assert (len(cache), cache._held, cache._flights) == (0, 0, {})


# ---------------------------------------------------------------- many at once


@pytest.fixture
def pool():
    with ThreadPoolExecutor(32) as pool:
        yield pool


@pytest.mark.parametrize("keep", [True, False])
def test_those_who_ask_the_same_at_once_share_one_run(pool: ThreadPoolExecutor, keep: bool):
    cache, held = AnswerCache(entries=10), Held(lambda: Run(a_trace("1"), keep))
    first = pool.submit(cache.get_or_run, a_key(), held)
    assert held.started.wait(PATIENCE)
    others = [pool.submit(cache.get_or_run, a_key(), forbidden) for _ in range(9)]
    waiting(cache, 9)
    assert not cache.get_or_run(a_key(question="another"), answered("2")).again, "nothing is locked while it runs"
    held.let_go.set()
    assert first.result(PATIENCE) == Given(a_trace("1"), again=False)
    assert [each.result(PATIENCE) for each in others] == [Given(a_trace("1"), again=True)] * 9
    assert cache._flights == {}


def test_when_the_first_fails_the_next_runs_and_its_error_is_its_own(pool: ThreadPoolExecutor):
    cache, held = AnswerCache(entries=10), Held(raising(FirmgroundError("mine alone")))
    first = pool.submit(cache.get_or_run, a_key(), held)
    assert held.started.wait(PATIENCE)
    runs: list[int] = []
    second = Held(lambda: Run(a_trace("2")))

    def run() -> Run:
        runs.append(1)
        return second()

    others = [pool.submit(cache.get_or_run, a_key(), run) for _ in range(9)]
    waiting(cache, 9)
    held.let_go.set()
    with pytest.raises(FirmgroundError, match="mine alone"):
        first.result(PATIENCE)
    assert second.started.wait(PATIENCE)
    waiting(cache, 8)
    second.let_go.set()
    given = [each.result(PATIENCE) for each in others]
    assert (len(runs), Counter(each.again for each in given)) == (1, {False: 1, True: 8})
    assert {each.trace.answer.id for each in given} == {"2"}


def test_when_all_fail_each_runs_once_in_turn(pool: ThreadPoolExecutor):
    cache = AnswerCache(entries=10)
    together: list[int] = []
    most: list[int] = []

    def run() -> Run:
        together.append(1)
        most.append(len(together))
        threading.Event().wait(0.002)
        together.pop()
        raise FirmgroundError("no")

    asked = [pool.submit(cache.get_or_run, a_key(), run) for _ in range(16)]
    for each in asked:
        with pytest.raises(FirmgroundError, match="no"):
            each.result(PATIENCE)
    assert most == [1] * 16
    assert cache._flights == {}


def test_one_who_waits_and_is_cancelled_goes_and_the_others_stay(pool: ThreadPoolExecutor):
    cache, held = AnswerCache(entries=10), Held(lambda: Run(a_trace("1")))
    first = pool.submit(cache.get_or_run, a_key(), held)
    assert held.started.wait(PATIENCE)
    gone = threading.Event()
    leaver = pool.submit(cache.get_or_run, a_key(), forbidden, cancelled=gone.is_set)
    stayer = pool.submit(cache.get_or_run, a_key(), forbidden)
    waiting(cache, 2)
    gone.set()
    with pytest.raises(ModelFailed) as failed:
        leaver.result(PATIENCE)
    assert failed.value.reason == "cancelled"
    held.let_go.set()
    assert stayer.result(PATIENCE).again
    assert not first.result(PATIENCE).again


def test_a_question_about_being_cancelled_that_fails_harms_nobody_else(pool: ThreadPoolExecutor):
    cache, held = AnswerCache(entries=10), Held(raising(FirmgroundError("first")))
    first = pool.submit(cache.get_or_run, a_key(), held)
    assert held.started.wait(PATIENCE)

    def broken() -> bool:
        cache.see(0)  # it may use the cache itself
        if held.let_go.is_set():
            raise ZeroDivisionError
        return False

    breaking = pool.submit(cache.get_or_run, a_key(), forbidden, cancelled=broken)
    other = pool.submit(cache.get_or_run, a_key(), answered("2"))
    waiting(cache, 2)
    held.let_go.set()
    assert other.result(PATIENCE).trace == a_trace("2")
    failed = [each.exception(PATIENCE) for each in (first, breaking)]
    assert isinstance(failed[0], FirmgroundError)
    assert isinstance(failed[1], ZeroDivisionError | AssertionError | None)
    assert cache._flights == {}


def test_under_many_threads_nobody_gets_an_answer_of_another_key_or_an_older_corpus(pool: ThreadPoolExecutor):
    cache = AnswerCache(entries=6, characters=20_000)
    version = [1]

    def ask(seed: int) -> int:
        random = Random(seed)
        answers = 0
        for _ in range(60):
            if random.random() < 0.02:
                version[0] += 1
            if random.random() < 0.01:
                cache.clear()
            at, question = version[0], f"question {random.randrange(8)}"
            wanted = a_key(at, question=question)

            def run(question: str = question, at: int = at) -> Run:
                threading.Event().wait(0.0005)
                if random.random() < 0.2:
                    raise FirmgroundError("no")
                return Run(a_trace(question, answer={"corpus": str(at)}), keep=random.random() < 0.8)

            leave = random.random() < 0.05
            try:
                given: Trace = cache.get_or_run(wanted, run, cancelled=lambda leave=leave: leave).trace
            except FirmgroundError:
                continue
            assert (given.answer.id, given.answer.corpus) == (question, str(at))
            answers += 1
        return answers

    answers = [each.result(PATIENCE) for each in [pool.submit(ask, seed) for seed in range(24)]]
    assert sum(answers) > 500
    assert cache._flights == {}
    assert cache._held == sum(entry.characters for entry in cache._kept.values()) <= 20_000
    assert {entry.corpus for entry in cache._kept.values()} <= {cache._newest}
