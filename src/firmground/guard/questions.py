"""A question that gives orders to a model instead of asking something.

No detector of this kind is reliable against somebody who knows it, and people do ask about prompts, rules and roles. So only what
hardly occurs in an honest question blocks one; everything else is answered from the documents, or not at all, as any question is.
"""

import re
from collections.abc import Iterator, Sequence

from firmground.guard.instructions import instructions
from firmground.types import Span

_BLOCKING = {
    "instruction_override": 0.8,
    "instruction_prompt": 0.8,
    "instruction_role": 0.8,
    "instruction_exfiltration": 0.8,
    "instruction_tag": 0.8,
    "instruction_hidden": 0.9,
    "instruction_encoded": 0.8,
}
"""Kind → the score from which on it blocks by itself. To be addressed as a model, or told how to reply, is no reason."""
_LONGEST = 20_000
"""Characters that are looked at; longer questions are refused for their length anyway."""
_SOMEBODY = re.compile(
    r"\b(?:i|we|he|she|they|one|people|anybody|anyone|somebody|someone|employees?|staff|managers?|customers?|users?|visitors?)\s+"
    r"(?:(?!you\b)\w+\s+){0,3}$"
    r"|\b(?:darf|dürfen|kann|können|muss|müssen|soll|sollte|sollen|wenn|ob|falls)\s+(?:ich|man|wir|er|sie|ein\w*|der|die|jemand)\b[^.!?\n]{0,40}$"
    r"|\b(?:puis-je|peut-on|pouvons-nous|dois-je|doit-on|si\s+(?:je|on|nous|un|une|le|la))\b[^.!?\n]{0,40}$"
    r"|\b(?:puedo|podemos|se\s+puede|debo|debemos|si\s+(?:yo|un|una|el|la|alguien))\b[^.!?\n]{0,40}$",
    re.IGNORECASE,
)
"""Before an order: it is not given, but asked about ("can I ignore", "what happens if we ignore")."""
_SENDING = re.compile(
    r"\b(?:send|post|forward|upload|transmit|e-?mail|sende|schicke|lade|envoie|envoyez|envía|manda|sube|invia|spedisci|stuur|verstuur|envia|envie|mande)\s+(?:\S+\s+){0,8}?"
    r"(?:to|an|auf|nach|à|vers|a|hacia|naar|para|verso)\s+(?:\S+\s+){0,2}?(?:https?://|ftp://)",
    re.IGNORECASE,
)
_ABOVE = re.compile(
    r"\b(?:ignore|disregard|forget|drop|override|bypass)\s{1,9}(?:all\s{1,9})?(?:of\s{1,9})?(?:the|your|any)?\s{0,9}"
    r"(?:rules?|instructions?|guidelines|restrictions|permissions)\s{1,9}(?:above|before|you\s{1,9}(?:were|have\s{1,9}been|got)\b)"
    r"|\b(?:drop|discard|abandon)\s{1,9}all\s{1,9}(?:of\s{1,9})?your\s{1,9}(?:rules|instructions|guidelines|restrictions)\b",
    re.IGNORECASE,
)


def orders(question: str) -> list[Span]:
    """The stretches of a question that speak to a model as if to overrule it, in order; kinds as in `instructions.REASONS`, offsets
    into `question`. What is asked about instead of ordered is left out."""
    if len(question) > _LONGEST:
        question = question[:_LONGEST]
    found = [*instructions(question), *_said(question)]
    given = [span for span in found if not _SOMEBODY.search(question, max(0, span.start - 80), span.start)]
    return sorted(given, key=lambda span: (span.start, span.end, span.kind))


def blocked(spans: Sequence[Span]) -> Span | None:
    """The strongest reason to refuse a question with these stretches; None: it may be asked."""
    reasons = [span for span in spans if span.score >= _BLOCKING.get(span.kind, 2.0)]
    return max(reasons, key=lambda span: span.score, default=None)


def _said(question: str) -> Iterator[Span]:
    """Orders that make no sense in a document, but in a question."""
    for kind, pattern in (("instruction_exfiltration", _SENDING), ("instruction_override", _ABOVE)):
        for match in pattern.finditer(question):
            yield Span(kind=kind, start=match.start(), end=match.end(), score=0.9)
