"""What a reviewer writes reaches readers in programs that make pictures and links of it: it is held to what a model's words are held to."""

from collections.abc import Iterable

from firmground.errors import InvalidInput
from firmground.guard.output import fault_of_person
from firmground.serve.guarding import words_of
from firmground.types import Passage


def check_harmless(kind: str, text: str, passages: Iterable[Passage]) -> None:
    """InvalidInput, with what is wrong, for a text that loads or runs something, or has a link that none of these passages holds."""
    if text and (fault := fault_of_person(text, "\n".join(map(words_of, passages)))) is not None:
        raise InvalidInput(
            f"the {kind} cannot be shown to readers: {fault.detail}",
            "say it in plain words, with no picture, mark-up or link but those of the passages",
        )
