"""What was said before, where the asker's program keeps the conversation itself."""

from collections.abc import Sequence

from firmground.guard.questions import blocked, orders
from firmground.serve.conversation import Turn

_TURNS = 20
_LONGEST = 4000
"""Characters of one question or answer: longer ones did not come from here."""


def history(said: Sequence[tuple[str, str]]) -> tuple[Turn, ...]:
    """(question, answer) pairs, oldest first, as turns that a question is understood by. Nobody can tell who wrote them, so a pair whose
    question gives orders to a model is left out, and so is an answer that does."""
    return tuple(
        Turn(id="", question=question, asked=question, answer="" if _unfit(answer) else answer, status="answered")
        for question, answer in said[-_TURNS:]
        if question.strip() and not _unfit(question)
    )


def _unfit(text: str) -> bool:
    return len(text) > _LONGEST or blocked(orders(text)) is not None
