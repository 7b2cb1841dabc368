"""What kind of answer a question wants, and whether a quotable unit holds one."""

import re
from typing import Literal, TypeAlias

from firmground.answer.units import Unit
from firmground.language import questions
from firmground.language.counting import number_words, unit_words
from firmground.language.markdown import ITEM
from firmground.language.moments import moments

Kind: TypeAlias = Literal["duration", "number", "date", "person", "place", "reason", "procedure", "definition", "decision", ""]


def _any(*words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", re.IGNORECASE)


_ASKED: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        "duration",
        _any(
            "how (?:long|quickly|soon|fast|often)|what period",
            "wie (?:lange?|schnell|bald|oft)|welche frist",
            "combien de (?:temps|jours|semaines|mois|fois)|quelle durée|quel délai",
            "cuánto (?:tiempo|dura|tarda)|cuántas veces|qué plazo",
        ),
    ),
    (
        "reason",
        _any(
            "why|what (?:is|was) the reason|how come",
            "warum|wieso|weshalb|aus welchem grund",
            "pourquoi",
            "por qué|por que motivo",
        ),
    ),
    (
        "procedure",
        _any(
            r"how (?:do|can|should|must|to)\b(?! (?:you|we|they|i) (?:know|think))|what (?:are the steps|must i do|do i (?:have to )?do)",
            r"wie (?:kann|muss|soll|mache?|gehe|bekomme|beantrage|melde|stelle)\b|was muss ich",
            r"comment (?:faire|puis-je|dois-je|peut-on|faut-il|je)\b|que dois-je faire",
            r"cómo (?:puedo|debo|se|hago|hay que)\b|qué (?:tengo que|debo) hacer",
        ),
    ),
    (
        "number",
        _any(
            "what (?:does|do|did|would|will) .{1,60} cost|how expensive",
            "was koste[nt]|wie teuer",
            "combien coûte(?:nt)?",
            "qué cuestan?",
        ),
    ),
    (
        "decision",
        re.compile(
            r"^\W*(?:can|may|is|are|am|do|does|did|must|should|will|has|have|could|would"
            r"|darf|dürfen|kann|können|muss|müssen|soll|gibt es|ist|sind|hat|haben|wird|werden"
            r"|est-ce|puis-je|peut-on|dois-je|doit-on|faut-il|y a-t-il|ai-je|avons-nous"
            r"|puedo|puede|se puede|podemos|debo|hay que|tengo que|hay|es|está)(?!\w)",
            re.IGNORECASE,
        ),
    ),
    (
        "definition",
        re.compile(
            r"^\W*(?:what(?:'s| is| are)(?: an?| the)? \w+(?: \w+)?\W*$|what does .{1,40} (?:mean|stand for)"
            r"|was (?:ist|sind)(?: ein| eine| der| die| das)? \w+(?: \w+)?\W*$|was (?:bedeutet|heißt)"
            r"|qu['’]est-ce (?:que|qu['’])|que signifie|qué (?:es|son)(?: una?| el| la)? \w+(?: \w+)?\W*$|qué significa)",
            re.IGNORECASE,
        ),
    ),
)
_TOLD: dict[Kind, re.Pattern[str]] = {
    "reason": _any(
        "because|since|due to|so that|in order to|as a result|therefore|owing to|reasons?|otherwise",
        "weil|da|denn|damit|wegen|deshalb|daher|aufgrund|grund|sonst",
        r"parce qu\w*|car|afin|pour|puisqu\w*|en raison|raison|sinon|grâce à",
        "porque|ya que|debido|para que|por eso|puesto que|razón|a causa",
    ),
    "decision": re.compile(
        r"^\W*(?:yes|no|ja|nein|oui|non|sí|never|nie|jamais|nunca|always|immer|toujours|siempre)(?!\w)", re.IGNORECASE
    ),
    "procedure": re.compile(r"^\d+[.)]|:[*_ ]*$"),
}
"""What tells them by itself. Steps are numbered, or announced."""
_IS = _any(
    "is|are|was|were|means?|stands? for",
    "ist|sind|war|waren|bedeutet|heißt|bezeichnet",
    "est|sont|signifie|désigne",
    "es|son|significa|era",
)
_SPOKEN = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_NAMING = 6
"""A definition comes to its verb within so many words."""
_TIMES = frozenset({"second", "minute", "hour", "day", "calendar day", "working day", "week", "month", "quarter", "year"})
_DAYS = ("tag", "tage", "tagen")
"""Ends of German compounds."""


def wanted(question: str) -> Kind:
    """What kind of answer the question wants, as far as its words tell (English, German, French, Spanish); empty: any."""
    for kind, pattern in _ASKED:
        if pattern.search(question):
            return kind
    return questions.asked_for(question)


def holds(kind: Kind, unit: Unit, question: str, language: str) -> bool:
    """Whether the unit has what such a question wants, other than in the question's own words; False for no kind."""
    if kind in _TOLD:
        return bool(_TOLD[kind].search(unit.text))
    if not kind or kind in ("reason", "decision", "procedure"):
        return False
    asked = frozenset(word.casefold() for word in _SPOKEN.findall(question))
    mark = ITEM.match(unit.text)
    bare = unit.text[mark.end() - 1 :] if mark else unit.text
    if kind == "definition":
        return _defines(bare, asked)
    said = " ".join(word for word in bare.split() if word.strip(".,;:!?()'\"*|").casefold() not in asked)
    if kind in ("number", "duration"):
        return _counts(kind, moments(said).rest, language)
    return questions.holds(kind, said)


def _counts(kind: Literal["number", "duration"], text: str, language: str) -> bool:
    words = {word.casefold() for word in _SPOKEN.findall(text)}
    if not (questions.holds("number", text) or any(word in number_words(language) for word in words)):
        return False
    units = unit_words(language)
    return kind == "number" or any(units.get(word) in _TIMES or word.endswith(_DAYS) for word in words)


def _defines(text: str, asked: frozenset[str]) -> bool:
    words = [word.casefold() for word in _SPOKEN.findall(text)[:_NAMING]]
    verb = next((at for at, word in enumerate(words) if _IS.fullmatch(word)), 0)
    return any(word in asked for word in words[:verb])
