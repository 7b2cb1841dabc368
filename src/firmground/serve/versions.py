"""Of two versions of a document only the newer speaks."""

from collections.abc import Mapping
from itertools import combinations

from firmground.language.terms import terms
from firmground.types import Notice, Passage

_MUCH_THE_SAME = 0.4
"""Share of the words of the shorter passage."""


def without_superseded(
    passages: tuple[Passage, ...], superseded: Mapping[str, str]
) -> tuple[tuple[Passage, ...], dict[str, Notice]]:
    """Where the passages come from two versions of a document, only the newer speaks, with the score of the best; a notice, by the
    id of the newer document, tells.

    Versions are what the last sync found to be so, and dated documents of one title that say much the same. Titles alone do not
    decide: minutes of two meetings share one, but not their words."""
    older: dict[str, Passage] = {}
    newer: dict[str, Passage] = {}
    best: dict[str, float] = {}
    for one, two in combinations(passages, 2):
        old, new = sorted((one, two), key=lambda passage: str(passage.metadata.get("dated", "")))
        if superseded.get(new.uri) == old.uri:
            old, new = new, old
        elif superseded.get(old.uri) != new.uri and not _supersedes(new, old):
            continue
        older[old.document], newer[old.document] = old, new
        best[new.document] = max(best.get(new.document, new.score), old.score)
    kept = [passage for passage in passages if passage.document not in older]
    raised = [each.model_copy(update={"score": best.pop(each.document, each.score)}) for each in kept]
    notices = {
        newer[document].document: Notice(
            code="superseded",
            text=f"{_dated(old)} is left out: {_dated(newer[document])} has the same title and is newer.",
            about=(old.uri, newer[document].uri),
        )
        for document, old in older.items()
    }
    return tuple(sorted(raised, key=lambda passage: -passage.score)), notices


def _dated(passage: Passage) -> str:
    said = passage.metadata.get("dated")
    return f"{passage.uri} ({said})" if said else passage.uri


def _supersedes(new: Passage, old: Passage) -> bool:
    dates = old.metadata.get("dated", ""), new.metadata.get("dated", "")
    if new.title.casefold() != old.title.casefold() or not new.title or not all(dates) or dates[0] == dates[1]:
        return False
    said, again = (frozenset(terms(passage.text, passage.language)) for passage in (old, new))
    return len(said & again) >= _MUCH_THE_SAME * min(len(said), len(again))
