"""What the golden cases of a workspace know: questions, and the documents that answer them."""

from pathlib import Path
from typing import NamedTuple

from firmground.evaluate.cases import Case, pattern_of
from firmground.evaluate.files import load


class Known(NamedTuple):
    """A question that must be answered, and from which documents: each entry stands for alternatives."""

    question: str
    sources: tuple[tuple[str, ...], ...]
    contains: tuple[tuple[str, ...], ...] = ()
    """What the answer must say, each entry with its alternatives; those with patterns are left out."""


def known_questions(root: Path) -> list[Known]:
    """Active cases that expect an answer from named sources, each question once. What cannot be read is passed over: `firmground cases
    check` tells of it."""
    found: dict[str, Known] = {}
    for placed in load(root).cases:
        case = placed.case
        if case.status == "active" and case.expect.behaviour == "answer" and case.expect.sources:
            found.setdefault(case.question.strip().casefold(), _known(case))
    return list(found.values())


def _known(case: Case) -> Known:
    plain = (terms for terms in case.expect.contains if not any(map(pattern_of, terms)))
    return Known(case.question.strip(), case.expect.sources, tuple(plain))
