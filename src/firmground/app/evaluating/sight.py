"""What of golden cases and evaluations somebody reads who may not see every document.

A case is written by people who know the answer: its question, what must be said, and what must never be said may be the words of a
document. Whoever reads it for an audit sees the words of a case only where every document it can rest on is theirs to see; of the
others what it is and what it came to, in figures, as they count in the whole. Names of cases are no words of documents: whoever writes
a case chooses them.
"""

from collections.abc import Iterable, Sequence

from firmground.app.app import App
from firmground.app.asking.traces import as_seen
from firmground.evaluate.cases import Case, Expectation
from firmground.evaluate.checks import Flaw
from firmground.evaluate.files import Placed, Unreadable
from firmground.evaluate.report import Report, Result
from firmground.evaluate.verdict import Verdict
from firmground.ports import Transaction
from firmground.serve.trace import documents_of
from firmground.types import Actor, Trace

WITHHELD = "it rests on documents that you may not see"
"""What stands where words are kept back."""
_ASK = "ask somebody who may see them"
_QUOTES_A_CASE = frozenset({"contradicts_itself", "unreadable"})
"""Flaws that repeat what must never be said, or a line that is no case."""


class Sight:
    """Of one person, as of one moment of the database. Whoever sees every document sees everything as it is."""

    def __init__(self, app: App, tx: Transaction, actor: Actor) -> None:
        self._sources = tuple(app.sources)
        self._tx = tx
        self._actor = actor
        self._all = actor.may("see_all")
        self._scopes = frozenset[int]() if self._all else frozenset(tx.visible_scopes(actor.groups))
        self._known: dict[str, bool] = {}

    def shows(self, case: Case) -> bool:
        """Whether the words of a case are theirs to read: nobody asks it who sees more than they do, every document that it names is
        indexed and theirs to see, and it is not about what must not be told."""
        if self._all:
            return True
        if case.kind == "sensitive" or not self._actor.groups.issuperset(case.as_):
            return False
        return all(self._may_see(name) for alternatives in case.expect.sources for name in alternatives)

    def look_up(self, cases: Iterable[Case]) -> None:
        """Look at all the documents that these name at once: one by one it takes longer."""
        self._learn(name for case in cases for alternatives in case.expect.sources for name in alternatives)

    def case(self, case: Case) -> Case:
        """What must never be said is kept back in any case: it may be the words of whatever document."""
        if self._all:
            return case
        if self.shows(case):
            return case.model_copy(update={"unacceptable": (WITHHELD,) if case.unacceptable else ()})
        expected = Expectation(behaviour=case.expect.behaviour)
        return case.model_copy(update={"question": WITHHELD, "expect": expected, "unacceptable": (), "notes": ""})

    def placed(self, found: Sequence[Placed]) -> list[Placed]:
        self.look_up(each.case for each in found)
        return [Placed(self.case(each.case), each.place) for each in found]

    def unreadable(self, found: Iterable[Unreadable]) -> list[Unreadable]:
        """A line that is no case may quote anything."""
        return [each if self._all else Unreadable(each.place, WITHHELD, _ASK) for each in found]

    def flaw(self, flaw: Flaw, case: Case | None) -> Flaw:
        """What is wrong with a case; what exactly, only where its words are shown. `case`: the one it is about."""
        if self._all or (flaw.code not in _QUOTES_A_CASE and (case is None or self.shows(case))):
            return flaw
        return flaw._replace(detail=WITHHELD, remedy=_ASK)

    def came(self, case: Case, results: Sequence[Result]) -> tuple[Case, list[Result]]:
        """A case with what it came to."""
        if self._all:
            return case, [*results]
        shown = self.shows(case)
        return self.case(case), [self._result(each, shown) for each in results]

    def report(self, made: Report) -> Report:
        """Figures as they are; of single documents those that are theirs to see."""
        self._learn(made.sources)
        if self._all:
            return made
        return made.model_copy(update={"sources": {name: each for name, each in made.sources.items() if self._may_see(name)}})

    def answer(self, trace: Trace) -> Trace | None:
        """What was said, where all it rests on is theirs to see."""
        if self._all:
            return trace
        seen = as_seen(self._tx, trace, self._actor)
        if seen.erased or not all(self._is_indexed(id) for id in documents_of(seen)):
            return None
        return seen.model_copy(update={"outputs": (), "draft": None, "signs": {}, "steps": (), "cached_from": ""})

    def _result(self, result: Result, shown: bool) -> Result:
        verdict = result.verdict
        told: dict[str, object] = {"unacceptable": _kept_back(verdict.unacceptable)} if verdict else {}
        if verdict and not shown:
            told |= {"missing": _kept_back(verdict.missing), "unsourced": _kept_back(verdict.unsourced)}
        seen: dict[str, Verdict | str | None] = {"verdict": verdict and verdict.model_copy(update=told)}
        if result.error and not shown:
            seen["error"] = WITHHELD
        return result.model_copy(update=seen)

    def _may_see(self, name: str) -> bool:
        """Whether what a case names, by its path or as `source/path`, is indexed and theirs to see: all that may be meant."""
        self._learn([name])
        return self._known[name]

    def _learn(self, names: Iterable[str]) -> None:
        wanted = set[str]() if self._all else {*names} - self._known.keys()
        if not wanted:
            return
        meant: dict[str, list[bool]] = {name: [] for name in wanted}
        for source in self._sources:
            named: dict[str, list[str]] = {}
            for name in wanted:
                for uri in {name, name.removeprefix(f"{source}/")}:
                    named.setdefault(uri, []).append(name)
            for document in self._tx.documents_at(source, named):
                theirs = document.state == "indexed" and document.scope in self._scopes
                for name in named[document.uri]:
                    meant[name].append(theirs)
        self._known |= {name: bool(found) and all(found) for name, found in meant.items()}

    def _is_indexed(self, id: str) -> bool:
        document = self._tx.document(id)
        return document is not None and document.state == "indexed"


def _kept_back(terms: tuple[str, ...]) -> tuple[str, ...]:
    return (WITHHELD,) if terms else ()
