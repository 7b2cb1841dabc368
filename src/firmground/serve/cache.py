"""Answers given again to the same question on the same documents with the same permissions; and one run where many ask at once.

In the memory of one process. An entry belongs to one version of the corpus, and goes as soon as a newer version is seen: words that
were erased must not linger here.
"""

import unicodedata
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition, Lock
from typing import NamedTuple, cast

from firmground.errors import ModelFailed
from firmground.serve.search import Corpus
from firmground.types import Json, Trace, Within, digest

_LOOK_AGAIN_SECONDS = 0.1
_KEPT_APART = ("<super>", "<sub>", "<fraction>")
"""Kinds of characters whose plain form means something else: 10² is not 102."""
_ENDINGS = " ?!.…？！。｡؟"
_BEGINNINGS = " ¿¡"


class Key(NamedTuple):
    """Everything that an answer depends on."""

    corpus: int
    digest: str


class Run(NamedTuple):
    """What a run came to. `keep`: whether it may be given again to those who ask later; those who wait already share it either way."""

    trace: Trace
    keep: bool = True


class Given(NamedTuple):
    trace: Trace
    again: bool
    """Whether this caller did not run itself: the trace is that of an earlier or concurrent answer."""


def key(version: int, *, release: str, corpus: Corpus, within: Within, question: str, context: Json = None) -> Key:
    """`version` of the corpus as it was *before* `corpus` and `within` were read; `release` is the digest of the recipe; `context` is all
    that the question was understood by besides itself, and whatever else changes the answer (a date, a language, a budget)."""
    seen = [None if part is None else sorted(part) for part in (within.scopes, within.documents, within.excluded)]
    known = [list(corpus.languages), dict(corpus.superseded), corpus.build, corpus.embedder.id]
    return Key(version, digest(cast("Json", [version, release, known, seen, normalised(question), context])))


def normalised(question: str) -> str:
    """The question without what makes no difference to what is asked: width and composition of characters, white space, the mark at its
    end, a capital that only begins the sentence. Case is kept otherwise: US is not us, and a model may tell them apart."""
    plain = "".join(
        each if unicodedata.decomposition(each).startswith(_KEPT_APART) else unicodedata.normalize("NFKC", each)
        for each in unicodedata.normalize("NFC", question)
    )
    plain = " ".join(unicodedata.normalize("NFC", plain).split())
    core = plain.rstrip(_ENDINGS).lstrip(_BEGINNINGS) or plain
    first = core.partition(" ")[0]
    return core[0].lower() + core[1:] if len(first) > 1 and first.isalpha() and first.istitle() else core


@dataclass
class _Entry:
    corpus: int
    trace: Trace
    characters: int


class _Flight:
    """A run under way, and those who wait for it."""

    def __init__(self, lock: Lock) -> None:
        self.changed = Condition(lock)
        self.waiting = 0
        self.running = True
        self.trace: Trace | None = None


class AnswerCache:
    """At most `entries` answers of `characters` in all (as JSON), the least recently used go first. Thread-safe; nothing is locked while
    an answer is made. With no entries allowed, everybody runs alone."""

    def __init__(self, *, entries: int, characters: int = 50_000_000) -> None:
        self._entries = entries
        self._characters = characters
        self._lock = Lock()
        self._kept: OrderedDict[str, _Entry] = OrderedDict()
        self._held = 0
        self._newest = -1
        self._flights: dict[Key, _Flight] = {}

    def get_or_run(self, key: Key, run: Callable[[], Run], *, cancelled: Callable[[], bool] = lambda: False) -> Given:
        """The answer kept for `key`, or that of the run another caller has under way, or of `run` itself. One who waits and is
        `cancelled` raises ModelFailed(cancelled). Where a run raises, its caller alone gets the error, and the next who waits runs."""
        if not self._entries:
            return Given(run().trace, again=False)
        with self._lock:
            self._see(key.corpus)
            if (kept := self._kept.get(key.digest)) is not None:
                self._kept.move_to_end(key.digest)
                return Given(kept.trace, again=True)
            flight = self._flights.get(key)
            if first := flight is None:
                flight = self._flights[key] = _Flight(self._lock)
            else:
                flight.waiting += 1
        if not first and (trace := self._awaited(key, flight, cancelled)) is not None:
            return Given(trace, again=True)
        return Given(self._run(key, flight, run), again=False)

    def see(self, corpus: int) -> None:
        """Drop what belongs to older versions of the corpus than this one."""
        with self._lock:
            self._see(corpus)

    def clear(self) -> None:
        """Drop everything, as after a purge in this process. What runs now is given to those who wait, and not kept."""
        with self._lock:
            self._kept.clear()
            self._held = 0
            self._flights = {}

    def forget(self, person: str) -> None:
        """Drop what was answered to this person first."""
        with self._lock:
            for name in [name for name, entry in self._kept.items() if entry.trace.person == person]:
                self._held -= self._kept.pop(name).characters

    def __len__(self) -> int:
        return len(self._kept)

    def _run(self, key: Key, flight: _Flight, run: Callable[[], Run]) -> Trace:
        try:
            trace, keep = run()
            characters = len(trace.model_dump_json()) if keep else 0
        except BaseException:
            with self._lock:
                flight.running = False
                self._pass_on(key, flight)
            raise
        with self._lock:
            if self._flights.get(key) is flight:
                del self._flights[key]
                if keep:
                    self._keep(key, trace, characters)
            flight.running, flight.trace = False, trace
            flight.changed.notify_all()
        return trace

    def _awaited(self, key: Key, flight: _Flight, cancelled: Callable[[], bool]) -> Trace | None:
        """What the run under way comes to; None where it failed and it is this caller's turn."""
        try:
            while not cancelled():
                with self._lock:
                    if flight.running:
                        flight.changed.wait(_LOOK_AGAIN_SECONDS)
                    if flight.trace is not None:
                        return flight.trace
                    if not flight.running:
                        flight.running = True
                        return None
            raise ModelFailed("cancelled", "nobody waits for this answer any more", "ask again")
        finally:
            with self._lock:
                flight.waiting -= 1
                if not flight.running and flight.trace is None:
                    self._pass_on(key, flight)

    def _pass_on(self, key: Key, flight: _Flight) -> None:
        """After a run that failed: one of those who wait is next, and where nobody does, it is forgotten."""
        if flight.waiting:
            flight.changed.notify()
        elif self._flights.get(key) is flight:
            del self._flights[key]

    def _keep(self, key: Key, trace: Trace, characters: int) -> None:
        """Of an older version than was seen meanwhile, or too large to keep anything beside it: not kept."""
        if key.corpus < self._newest or characters > self._characters:
            return
        if (before := self._kept.pop(key.digest, None)) is not None:
            self._held -= before.characters
        self._kept[key.digest] = _Entry(key.corpus, trace, characters)
        self._held += characters
        while len(self._kept) > self._entries or self._held > self._characters:
            _, oldest = self._kept.popitem(last=False)
            self._held -= oldest.characters

    def _see(self, corpus: int) -> None:
        if corpus <= self._newest:
            return
        self._newest = corpus
        for name in [name for name, entry in self._kept.items() if entry.corpus < corpus]:
            self._held -= self._kept.pop(name).characters
