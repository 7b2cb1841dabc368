"""Vectors, as the protocol takes and tells them."""

import base64
from typing import Any, cast

import numpy as np

from firmground.app.app import App
from firmground.app.redaction import masking
from firmground.serve.conversation import estimated_tokens
from firmground.types import Actor
from firmground.web.openai.asked import text_of
from firmground.web.openai.parameters import EMBEDDING, Fields, check
from firmground.web.problems import BadParameter
from firmground.web.visit import Visit

MOST_TEXTS = 256
MOST_CHARACTERS = 200_000
_AT_ONCE = 16
"""Between so many others have their turn."""


def texts_of(fields: Fields) -> tuple[list[str], bool]:
    """What to embed, and whether the vectors are wanted as base64."""
    check(fields, EMBEDDING)
    given = fields.get("input")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts or not all(isinstance(each, str) for each in cast("list[object]", texts)):
        raise BadParameter("input", "the input is no text and no list of texts", "send text; tokens cannot be read")
    checked = [text_of(each, "input") for each in cast("list[str]", texts)]
    if len(checked) > MOST_TEXTS or sum(map(len, checked)) > MOST_CHARACTERS:
        remedy = f"send at most {MOST_TEXTS} texts of {MOST_CHARACTERS} characters in all"
        raise BadParameter("input", "that is too much at once", remedy)
    coding = fields.get("encoding_format") or "float"
    if coding not in ("float", "base64"):
        raise BadParameter("encoding_format", "there is no such encoding", "use float or base64")
    return checked, coding == "base64"


async def embeddings(visit: Visit, texts: list[str], *, coded: bool) -> Fields:
    """The vectors of the texts, in their order; made part by part, so that a large request does not hold up small ones. Personal data in
    them is treated as in questions: the embedder may be elsewhere."""
    data: list[Fields] = []
    for start in range(0, len(texts), _AT_ONCE):
        data += await visit.part(_embedded, visit.app, visit.actor, texts[start : start + _AT_ONCE], start, coded)
    tokens = sum(map(estimated_tokens, texts))
    return {
        "object": "list",
        "data": data,
        "model": visit.app.embedder.id,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _embedded(app: App, actor: Actor, texts: list[str], start: int, coded: bool) -> list[Fields]:
    masked = [masking.question(app, actor, text).text for text in texts]
    return [
        {
            "object": "embedding",
            "index": start + place,
            "embedding": _base64(vector) if coded else [float(each) for each in vector],
        }
        for place, vector in enumerate(app.embedder.embed(masked))
    ]


def _base64(vector: Any) -> str:
    return base64.b64encode(np.asarray(vector, dtype="<f4").tobytes()).decode()
