"""How often the gate lets a release through by its answers, when the truth is known.

    python benchmarks/gate.py [--workspaces 2000] [--out FILE]

Each workspace draws golden cases of its own and rules with the shipped requirement `hallucination`. `wrong` is the true share of wrong
answers, `passes` the share of workspaces that are let through: at 2.5 % at most one in twenty may be, at 0.5 % with as many cases as were
printed (`needs`), each on a document of its own, four of five must be. Documents are alike (every answer wrong with the same chance),
differ (beta-binomial, the given correlation) or all or nothing (one always misleads or never). `again` adds the printed number and audits
once more, up to five times.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from firmground.evaluate.cases import Case
from firmground.evaluate.report import Result
from firmground.gate.audit import Ruling
from firmground.gate.facts import Facts, Judged
from firmground.gate.requirements.hallucination import Hallucination
from firmground.testing.gate import WRONG, came, golden, ready

REQUIREMENT = Hallucination()
BAD, GOOD = 0.025, 0.005
TIMES = 5


class Shape(NamedTuple):
    """How cases lie on documents, and how alike those of one document are (0: not at all, 1: all or nothing)."""

    name: str
    of_each: int
    alike: float


SHAPES = (
    Shape("one case a document", 1, 0.0),
    Shape("three a document, independent", 3, 0.0),
    Shape("three a document, alike by .3", 3, 0.3),
    Shape("ten a document, alike by .3", 10, 0.3),
    Shape("three a document, all or nothing", 3, 1.0),
    Shape("ten a document, all or nothing", 10, 1.0),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workspaces", type=int, default=2000)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    text = json.dumps(measured(options.workspaces), indent=1)
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    else:
        print(text)


def measured(workspaces: int) -> dict[str, Any]:
    random = np.random.default_rng(7)
    first = needed(facts_of([], 1))
    pilot = needed(facts_of([False] * 50, 1))
    rows: list[dict[str, Any]] = []
    for shape in SHAPES:
        for documents in (149, first):
            rows += [_row(random, shape, documents, truth, workspaces) for truth in (BAD, GOOD)]
    return {
        "needed": {"with no case": first, "more, with 50 clean ones": pilot},
        "workspaces": workspaces,
        "rows": rows,
        "judged by people": [
            {"answers": first, "wrong": truth, "passes": judged(random, first, truth, workspaces)} for truth in (BAD, GOOD)
        ],
        "again": [{"wrong": truth, "passes": again(random, truth, workspaces // 4)} for truth in (BAD, GOOD)],
        "after sixty documents with four cases": after_a_pilot(random, workspaces // 4),
    }


def _row(random: np.random.Generator, shape: Shape, documents: int, truth: float, workspaces: int) -> dict[str, Any]:
    passes = passing(random, shape, documents, truth, workspaces)
    return {"shape": shape.name, "documents": documents, "cases": documents * shape.of_each, "wrong": truth, "passes": passes}


def passing(random: np.random.Generator, shape: Shape, documents: int, truth: float, workspaces: int) -> float:
    """Share of workspaces that are let through."""
    return float(np.mean([passes(facts_of(drawn(random, shape, documents, truth), shape.of_each)) for _ in range(workspaces)]))


def judged(random: np.random.Generator, answers: int, truth: float, workspaces: int) -> float:
    """The same by what people judged."""
    wrong = random.binomial(answers, truth, size=workspaces)
    empty = facts_of([], 1)
    return float(np.mean([passes(replace(empty, judged=Judged(answers=answers, wrong=int(each), people=3))) for each in wrong]))


def again(random: np.random.Generator, truth: float, workspaces: int) -> float:
    """Share of workspaces that pass at one of five audits, each after as many more cases as the one before printed."""
    return float(np.mean([_at_last(random, truth) for _ in range(workspaces)]))


def _at_last(random: np.random.Generator, truth: float) -> bool:
    came_out: list[bool] = []
    more = needed(facts_of([], 1))
    for _ in range(TIMES):
        came_out += list(random.random(more) < truth)
        found = ruling(facts_of(came_out, 1))
        if found.verdict == "pass":
            return True
        more = found.needs or 100
    return False


def after_a_pilot(random: np.random.Generator, workspaces: int) -> float:
    """Share of good workspaces that pass once the printed number was added, each case on a document of its own."""
    return float(np.mean([_after_a_pilot(random) for _ in range(workspaces)]))


def _after_a_pilot(random: np.random.Generator) -> bool:
    shape = Shape("", 4, 0.3)
    while True:
        pilot = drawn(random, shape, 60, GOOD)
        found = ruling(facts_of(pilot, 4))
        if found.needs:  # one that is over the limit is told to mend what is wrong, not to ask more
            break
    extra = list(random.random(found.needs) < GOOD)
    return passes(facts_of(pilot, 4, extra))


# ---------------------------------------------------------------- one workspace


def drawn(random: np.random.Generator, shape: Shape, documents: int, truth: float) -> list[bool]:
    """Whether each answer is wrong, document by document."""
    if shape.alike == 0:
        of_document = np.full(documents, truth)
    elif shape.alike == 1:
        of_document = (random.random(documents) < truth).astype(float)
    else:
        both = 1 / shape.alike - 1
        of_document = random.beta(truth * both, (1 - truth) * both, documents)
    return list(map(bool, random.random(documents * shape.of_each) < np.repeat(of_document, shape.of_each)))


def facts_of(wrong: Sequence[bool], of_each: int, extra: Sequence[bool] = ()) -> Facts:
    """An evaluation with these outcomes, document by document; `extra` lie on documents of their own."""
    asked = [*_asked(len(wrong) // of_each, of_each), *_more(len(extra))]
    found = [(each.case, each.wrong if bad else each.right) for each, bad in zip(asked, (*wrong, *extra), strict=True)]
    return replace(_ready(), cases=[each.case for each in asked], results=found)


def ruling(facts: Facts) -> Ruling:
    return REQUIREMENT.rule(facts)


def passes(facts: Facts) -> bool:
    return ruling(facts).verdict == "pass"


def needed(facts: Facts) -> int:
    """What it prints."""
    return ruling(facts).needs or 0


@lru_cache
def _ready() -> Facts:
    return ready(50)


class _Asked(NamedTuple):
    """A case, and both ways that it can come out."""

    case: Case
    right: tuple[Result]
    wrong: tuple[Result]


@lru_cache
def _asked(documents: int, of_each: int) -> list[_Asked]:
    return [_on(case, f"{place // of_each}.md") for place, case in enumerate(golden(documents * of_each))]


@lru_cache
def _more(count: int) -> list[_Asked]:
    return [
        _on(case.model_copy(update={"id": f"more-{case.id}", "question": f"More: {case.question}"}), f"more-{case.id}.md")
        for case in golden(count)
    ]


def _on(case: Case, document: str) -> _Asked:
    made = case.model_copy(update={"expect": case.expect.model_copy(update={"sources": ((document,),)})})
    return _Asked(made, (came(made),), (came(made, WRONG),))


if __name__ == "__main__":
    main()
