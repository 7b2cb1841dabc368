"""Questions made from a text without a language model, as people ask: in few words, not all of them the text's.

Such questions copy the words of their text. To lessen that, the sentence that answers loses the very value that is asked for and a good
part of its other words, and the words of its heading take their place.
"""

import re
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from firmground.language.questions import Kind, holds
from firmground.language.words import STOP_WORDS

_OPENINGS: dict[str, dict[Kind, tuple[str, ...]]] = {
    "en": {
        "number": ("how many", "how much", "what is the number for"),
        "date": ("when", "until when", "what is the date for"),
        "person": ("who",),
        "": ("what about", "how does it work with", "what applies to", "what is said about", "do you know"),
    },
    "de": {
        "number": ("wie viel", "wie viele", "wie hoch"),
        "date": ("wann", "bis wann"),
        "person": ("wer",),
        "": ("was gilt für", "wie ist das mit", "was ist mit", "was muss ich wissen zu"),
    },
    "fr": {
        "number": ("combien", "quel est le montant pour"),
        "date": ("quand", "jusqu'à quand"),
        "person": ("qui",),
        "": ("qu'en est-il de", "comment ça marche pour", "que faut-il savoir sur"),
    },
    "es": {
        "number": ("cuánto", "cuántos", "cuál es la cantidad para"),
        "date": ("cuándo", "hasta cuándo"),
        "person": ("quién",),
        "": ("qué pasa con", "cómo funciona", "qué hay que saber sobre"),
    },
}
"""By language and by what is asked for."""
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_VALUE = re.compile(r"(?<!\S)[^\s\d]*+\d\S*")
_KEPT = (0.5, 0.85)
"""Share of the words of the sentence that a question keeps: as many as drawn in between."""
_LEAST, _MOST = 3, 7
_FEWEST = 4
"""Words of a sentence besides stop words, below which it says too little to be asked about."""


class Told(NamedTuple):
    """A sentence that could answer, and what stands above it."""

    text: str
    heading: str
    title: str


class Synthesized(NamedTuple):
    text: str
    source: Told


def questions_from(told: Sequence[Told], language: str, random: Random, *, most: int) -> list[Synthesized]:
    """At most `most` different questions that these sentences answer, in an order that `random` decides. Sentences that say too little,
    or hold hardly any letters, are passed over. A language without openings gets bare words."""
    order = list(told)
    random.shuffle(order)
    found: dict[str, Synthesized] = {}
    for each in order:
        if len(found) == most:
            break
        question = _asked(each, language, random)
        if question and question.casefold() not in found:
            found[question.casefold()] = Synthesized(question, each)
    return list(found.values())


def content(text: str, language: str) -> list[str]:
    """The words of a text that are no stop words, in order; what holds a digit is left out."""
    stops = STOP_WORDS.get(language, frozenset())
    return [word for word in _WORD.findall(_VALUE.sub(" ", text)) if word.casefold() not in stops and len(word) > 1]


def _asked(told: Told, language: str, random: Random) -> str:
    words = list(dict.fromkeys(content(told.text, language)))
    if len(words) < _FEWEST:
        return ""
    kind: Kind = "date" if holds("date", told.text) else "number" if holds("number", told.text) else ""
    share = random.uniform(*_KEPT)
    kept = set(random.sample(range(len(words)), min(_MOST, max(_LEAST, round(share * len(words))))))
    chosen = [word for at, word in enumerate(words) if at in kept]
    above = [word for word in content(told.heading or told.title, language) if word not in chosen]
    said = [*chosen, *random.sample(above, min(len(above), random.randint(0, 2)))]
    openings = _OPENINGS.get(language, {}).get(kind) or _OPENINGS.get(language, {}).get("") or ("",)
    return f"{random.choice(openings)} {' '.join(said)}?".strip()
