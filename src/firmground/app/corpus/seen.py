"""What of a parsed file readers can see, which is all that is stored of it; what they cannot see is told."""

from typing import NamedTuple

from firmground.guard.instructions import instructions, suspected
from firmground.language.visible import Seen, without_unseen
from firmground.types import Finding, Parsed, Scalar

_USUAL = frozenset("\u00ad\ufeff")
"""Where a word may be parted, and a mark at the beginning of files: no reader misses them, and nobody need be told."""


class AsSeen(NamedTuple):
    parsed: Parsed
    findings: tuple[Finding, ...] = ()
    suspicion: str = ""
    """Why it should wait for a person: what could not be seen speaks to a model."""


def as_seen(uri: str, parsed: Parsed) -> AsSeen:
    """The file without signs that nobody sees, in text, title and metadata; pages at their new places."""
    update: dict[str, object] = {"metadata": {key: _plain(value) for key, value in parsed.metadata.items()}}
    update["title"] = without_unseen(parsed.title) if parsed.title else parsed.title
    seen = Seen(parsed.text)
    if not seen.gone:
        return AsSeen(
            parsed.model_copy(update=update) if update != {"metadata": parsed.metadata, "title": parsed.title} else parsed
        )
    update["text"] = seen.text
    update["pages"] = tuple(
        page.model_copy(update={"start": seen.place(page.start), "end": seen.place(page.end)}) for page in parsed.pages
    )
    count = seen.gone - sum(map(parsed.text.count, _USUAL))
    findings = (_told(uri, count),) if count > 0 else ()
    return AsSeen(parsed.model_copy(update=update), findings, _suspicion(parsed.text, seen))


def _plain(value: Scalar | tuple[Scalar, ...]) -> Scalar | tuple[Scalar, ...]:
    if isinstance(value, tuple):
        return tuple(without_unseen(each) if isinstance(each, str) else each for each in value)
    return without_unseen(value) if isinstance(value, str) else value


def _told(uri: str, count: int) -> Finding:
    signs = "1 sign" if count == 1 else f"{count} signs"
    return Finding(
        code="hidden_signs",
        uri=uri,
        detail=f"held {signs} that nobody sees, which were left out",
        remedy="ask who wrote it what they were for, or save it as plain text again",
    )


def _suspicion(text: str, seen: Seen) -> str:
    hidden = [span for span in instructions(text) if seen.place(span.start) == seen.place(span.end)]
    if not suspected(hidden):
        return ""
    count = max(span.end - span.start for span in hidden)
    return f"seems to give orders to a model: {count} signs that nobody sees stood in a row"
