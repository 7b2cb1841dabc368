"""What a person asked so far."""

from typing import Literal, TypeAlias

from firmground.app.app import App
from firmground.app.asking import kept
from firmground.types import Actor, Trace

People: TypeAlias = Literal["", "looking", "looked"]
_AT_ONCE = 100
_LOOKED_THROUGH = 500
"""Answers, for one page: looking on is the next page."""


def asked(
    app: App, actor: Actor, words: str = "", *, people: People = "", before: str = "", limit: int = 25
) -> tuple[list[Trace], str]:
    """A person's own questions, newest first, as they may see their answers now, and where the next page begins; empty after the last.

    With `words` those only whose question or answer holds every one of them, with `people` those only whose answer people are looking at,
    or looked at; a page may then have few or none, though there are more.
    """
    wanted = words.casefold().split()
    narrow = bool(wanted or people)
    size = _AT_ONCE if narrow else limit + 1
    found: list[Trace] = []
    for _ in range(_LOOKED_THROUGH // _AT_ONCE if narrow else 1):
        lot = kept.listed(app, actor, before=before, limit=size, own=True)
        for trace in lot:
            if len(found) == limit:
                return found, before
            before = trace.answer.id
            if _holds(trace, wanted) and _with_people(trace, people):
                found.append(trace)
        if len(lot) < size:
            return found, ""
    return found, before


def _with_people(trace: Trace, people: People) -> bool:
    if not people:
        return True
    state = (trace.answer.review or {}).get("state", "")
    return state in ({"waiting", "claimed"} if people == "looking" else {"approved", "edited", "rejected"})


def _holds(trace: Trace, words: list[str]) -> bool:
    said = f"{trace.answer.question}\n{trace.answer.text}".casefold()
    return all(word in said for word in words)
