"""What is wrong with a golden dataset, before anything is measured with it."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple

from firmground.evaluate.cases import KINDS, Case
from firmground.evaluate.files import Dataset, Placed
from firmground.evaluate.statistics import cases_for_power, independent_cases_needed
from firmground.evaluate.verdict import evened, holds

Severity = Literal["error", "warning"]

ENOUGH = 50
"""Active cases a dataset needs at least."""
ENOUGH_OF_KIND = 5
_AS_MANY_PAIRS = 2_000_000
"""Of cases that are compared word by word; a larger dataset is compared by equal questions only."""
_NEARLY = 0.85
_FEWEST_WORDS = 3
"""Of a question that is looked for in prompts: shorter ones stand there by chance."""


class Flaw(NamedTuple):
    """One thing that is wrong. `place` is `file:line`, or empty where it is the whole dataset."""

    severity: Severity
    code: str
    place: str
    case: str
    detail: str
    remedy: str


class Needed(NamedTuple):
    """How many independent cases a threshold takes: without a single failure, and for four chances in five on a true rate of a quarter."""

    threshold: float
    at_least: int
    for_power: int


def flaws(
    dataset: Dataset,
    find: Callable[[Case, str], str] | None = None,
    *,
    changed: Mapping[str, Sequence[str]] = MappingProxyType({}),
    told: Mapping[str, str] = MappingProxyType({}),
) -> list[Flaw]:
    """Errors first, then by place. `find` says how a document that a case names stands: `indexed`, `absent`, `waiting` (quarantined
    or failed) or `hidden` from the groups that ask; `changed`, by digest of a case, its sources that changed since it was written;
    `told` what the recipe knows beforehand, such as its prompt, by name."""
    found = [Flaw("error", "unreadable", str(each.place), "", each.problem, each.remedy) for each in dataset.unreadable]
    current = [placed for placed in dataset.cases if placed.case.status != "retired"]
    for placed in current:
        found += _alone(placed)
        if find is not None:
            found += _sources(placed, find)
        found += _changed(placed, changed.get(placed.case.digest, ()))
        found += _leaked(placed, told)
    found += _together(current)
    found += _thin([placed.case for placed in current if placed.case.status == "active"])
    return sorted(found, key=_in_order)


def _in_order(flaw: Flaw) -> tuple[bool, str, int, str]:
    file, _, line = flaw.place.rpartition(":")
    return flaw.severity != "error", file or flaw.place, int(line) if line.isdecimal() else 0, flaw.code


def needed(thresholds: Sequence[float] = (0.02, 0.05)) -> list[Needed]:
    return [Needed(each, independent_cases_needed(each), cases_for_power(each, each / 4)) for each in thresholds]


def _alone(placed: Placed) -> Iterator[Flaw]:
    case, place = placed.case, str(placed.place)
    answers = case.expect.behaviour == "answer"
    if answers and not case.expect.contains:
        yield Flaw(
            "warning", "nothing_expected", place, case.id, "nothing is named that the answer must say", "add expect.contains"
        )
    if answers and not case.expect.sources:
        yield Flaw("warning", "no_source", place, case.id, "no source is named", "add expect.sources")
    if not answers and (case.expect.contains or case.expect.sources):
        detail = f"words or sources are expected, but the behaviour is {case.expect.behaviour}"
        yield Flaw("warning", "not_looked_at", place, case.id, detail, "leave them out, or expect an answer")
    if answers and not case.unacceptable:
        detail = "nothing is named that must never be said"
        yield Flaw("warning", "nothing_unacceptable", place, case.id, detail, "add what a wrong answer would say")
    if not case.owner:
        yield Flaw("warning", "no_owner", place, case.id, "nobody owns the case", "name who decides whether it is still right")
    if case.kind == "out_of_scope" and answers:
        detail = "out_of_scope, but an answer is expected"
        yield Flaw("error", "contradicts_itself", place, case.id, detail, "expect abstain or refuse, or change the kind")
    for alternatives in case.expect.contains:
        if forbidden := [term for term in case.unacceptable for each in alternatives if holds(evened(each), term)]:
            detail = f"{forbidden[0]!r} is unacceptable, but {' or '.join(alternatives)!r} must be said"
            yield Flaw("error", "contradicts_itself", place, case.id, detail, "change one of the two")


def _sources(placed: Placed, find: Callable[[Case, str], str]) -> Iterator[Flaw]:
    case, place = placed.case, str(placed.place)
    said = {
        "absent": ("source_absent", "is no document", "sync, correct the path, or retire the case"),
        "waiting": ("source_waits", "is quarantined, failed or excluded", "see `firmground documents show`"),
        "hidden": ("source_hidden", f"may not be seen by {', '.join(case.as_)}", "change `as`, or who may see it"),
    }
    for alternatives in case.expect.sources:
        states = {source: find(case, source) for source in alternatives}
        if "indexed" in states.values():
            continue
        for source, state in states.items():
            code, detail, remedy = said[state]
            yield Flaw("error", code, place, case.id, f"{source} {detail}", remedy)


def _changed(placed: Placed, documents: Sequence[str]) -> Iterator[Flaw]:
    for document in documents:
        detail = f"{document} changed since the case was written"
        remedy = f"look whether it still holds, then `firmground cases confirm {placed.case.id}`, or edit it"
        yield Flaw("warning", "source_changed", str(placed.place), placed.case.id, detail, remedy)


def _leaked(placed: Placed, told: Mapping[str, str]) -> Iterator[Flaw]:
    """A recipe that knows the question beforehand is not measured by it."""
    question = evened(placed.case.question)
    if len(question.split()) < _FEWEST_WORDS:
        return
    for name, text in told.items():
        if question in evened(text):
            remedy = f"take it out of {name}, or retire the case"
            yield Flaw("error", "leaked", str(placed.place), placed.case.id, f"its question stands in {name}", remedy)


def _together(current: Sequence[Placed]) -> Iterator[Flaw]:
    same: dict[tuple[str, tuple[str, ...]], list[Placed]] = defaultdict(list)
    for placed in current:
        same[evened(placed.case.question), tuple(sorted(placed.case.as_))].append(placed)
    for group in same.values():
        first, *others = group
        for other in others:
            agree = first.case.expect == other.case.expect
            code = "duplicate" if agree else "contradiction"
            detail = f"it asks the same as {first.case.id!r} ({first.place})" + ("" if agree else ", but expects something else")
            remedy = "keep one" if agree else "decide which is right, and keep that one"
            yield Flaw("warning" if agree else "error", code, str(other.place), other.case.id, detail, remedy)
    leaders = [group[0] for group in same.values()]
    if len(leaders) * (len(leaders) - 1) // 2 <= _AS_MANY_PAIRS:
        yield from _nearly_same(leaders)


def _nearly_same(cases: Sequence[Placed]) -> Iterator[Flaw]:
    """Questions that share almost all of their words. Such two also share one of the rarest of each, more than enough of which are
    looked up (prefix filter: Chaudhuri, Ganti and Kaushik 2006)."""
    words = [frozenset(evened(placed.case.question).split()) for placed in cases]
    seen = Counter(word for each in words for word in each)
    having: dict[str, list[int]] = defaultdict(list)
    for here, two in enumerate(words):
        second = cases[here]
        rarest = sorted(two, key=lambda word: (seen[word], word))[: len(two) - int(_NEARLY * len(two))]
        for there in sorted({at for word in rarest for at in having[word]}):
            first, one = cases[there], words[there]
            if len(one & two) <= _NEARLY * len(one | two) or first.case.as_ != second.case.as_:
                continue
            detail = f"its words are nearly those of {first.case.id!r} ({first.place})"
            remedy = "keep both only if they test different things"
            yield Flaw("warning", "near_duplicate", str(second.place), second.case.id, detail, remedy)
        for word in rarest:
            having[word].append(here)


def _thin(active: Sequence[Case]) -> Iterator[Flaw]:
    if len(active) < ENOUGH:
        detail = f"{len(active)} of the {ENOUGH} active cases that a release needs"
        yield Flaw("error", "too_few", "", "", detail, "write more: the questions people really ask come first")
    counts = Counter(case.kind for case in active)
    for kind in KINDS:
        if counts[kind] < ENOUGH_OF_KIND:
            severity: Severity = "warning" if counts[kind] else "error"
            detail = f"{counts[kind]} of the {ENOUGH_OF_KIND} active cases of the kind {kind} that it needs"
            yield Flaw(severity, "kind_thin" if counts[kind] else "kind_missing", "", "", detail, "write more")
