"""What a question asks for, told by its words: a number, a date, a person, a place; and whether a text holds one."""

import re
from collections.abc import Sequence
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["number", "date", "person", "place", ""]

_WORDS: dict[Kind, tuple[str, ...]] = {
    "number": (
        r"how (?:many|much|long|old|often|far|large|big|tall|high|deep|fast|wide|heavy)|what (?:number|percentage|percent|amount)",
        r"wie\s?viele?[rsn]?|wie (?:lange?|oft|hoch|groß|alt|weit|teuer|schwer)",
        r"combien|quel (?:est le )?(?:nombre|montant|pourcentage|prix)",
        r"cuánt[oa]s?|qué (?:número|cantidad|porcentaje|precio)",
    ),
    "date": (
        r"when|(?:what|which) (?:year|date|day|month|century|decade|time)",
        r"wann|welche[nms]? (?:jahr|tag|datum|monat)",
        r"quand|quel(?:le)? (?:année|date|jour|mois|heure)",
        r"cuándo|qué (?:año|fecha|día|mes|hora)",
    ),
    "person": ("who|whom|whose", "wer|wem|wen|wessen", "qui", "quién|quiénes"),
    "place": (
        r"where|(?:what|which) (?:city|country|place|state|town|region|room|building)",
        r"wo|woher|wohin|welche[rmns]? (?:stadt|land|ort|raum)",
        r"où|quel(?:le)? (?:ville|pays|lieu|endroit)",
        r"dónde|adónde|qué (?:ciudad|país|lugar)",
    ),
}
"""In English, German, French, Spanish."""
_ASKED: dict[Kind, re.Pattern[str]] = {
    kind: re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", re.IGNORECASE) for kind, words in _WORDS.items()
}
_DIGIT = re.compile(r"\d")
_MONTHS = """
january february march april june july august september october november december januar jänner februar märz mai juni juli oktober
dezember janvier février mars avril juin juillet août septembre octobre novembre décembre enero febrero marzo abril mayo junio julio
agosto septiembre octubre noviembre diciembre
""".split()  # noqa: SIM905
_DATE = re.compile(
    rf"\b[12]\d{{3}}s?\b|\b\d{{1,2}}[./:]\d\d|\b\d{{1,2}}(?:st|nd|rd|th)\b|\b(?:{'|'.join(_MONTHS)})\b", re.IGNORECASE
)
_NAME = re.compile(r"(?<=[\w,;:)'\"»”] )[A-ZÀ-ÖØ-Þ][\w'’-]+")
_TOKEN = re.compile(r"\w+(?:['’-]\w+)*")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_MYSELF = re.compile(r"I(?:['’](?:m|ve|d|ll))?")
_BEGINS = re.compile(r"(?:^|[.?!:…])[\s\"'“„«(¿¡]*$")
"""Before the first word of a sentence."""
_POSSESSIVE = re.compile(r"['’]s?$")


def asked_for(question: str) -> Kind:
    """What kind of answer the question wants, as far as its words tell (English, German, French, Spanish)."""
    kinds: list[Kind] = [kind for kind, pattern in _ASKED.items() if pattern.search(question)]
    return kinds[0] if kinds else ""


def holds(kind: Kind, text: str) -> bool:
    """Whether `text` holds something of this kind; False for no kind. A person or a place is any name."""
    if kind == "number":
        return bool(_DIGIT.search(text))
    if kind == "date":
        return bool(_DATE.search(text))
    return bool(kind and _NAME.search(text))


def names(question: str, language: str = "") -> tuple[str, ...]:
    """The words, small, that a capital letter marks as names: not one that begins a sentence, and not the English "I". None in German,
    which gives capitals to all nouns."""
    if language == "de":
        return ()
    found = [word for word in _TOKEN.finditer(question) if word[0][0].isupper() and not _MYSELF.fullmatch(word[0])]
    return tuple(_POSSESSIVE.sub("", word[0]).casefold() for word in found if not _BEGINS.search(question, 0, word.start()))


def numbers(text: str) -> tuple[str, ...]:
    return tuple(_NUMBER.findall(text))


def longest_run(question: str, text: str) -> float:
    """The most words of the question in a row that stand so in the text, as a share of all its words."""
    asked = [word.casefold() for word in _TOKEN.findall(question)]
    said = f" {' '.join(word.casefold() for word in _TOKEN.findall(text))} "
    longest = 0
    for start in range(len(asked)):
        while start + longest < len(asked) and f" {' '.join(asked[start : start + longest + 1])} " in said:
            longest += 1
    return longest / len(asked) if asked else 0.0


def words(text: str) -> frozenset[str]:
    """The words of a text, small."""
    return frozenset(_POSSESSIVE.sub("", word.casefold()) for word in _TOKEN.findall(text))


def missing(wanted: Sequence[str], held: frozenset[str]) -> float:
    """The share of `wanted` that is not in `held`; 0 where nothing is wanted."""
    return sum(each not in held for each in wanted) / len(wanted) if wanted else 0.0
