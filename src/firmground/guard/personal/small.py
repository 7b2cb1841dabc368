"""Names in small letters, as people type them: told by the words before them alone, which must leave no doubt."""

import re
from collections.abc import Iterator

from firmground.guard.personal.given import BESIDE_ANOTHER, GIVEN, NO_PERSON
from firmground.guard.personal.reading import Found, Reading

_SMALL = r"[a-zß-öø-ÿœšžłčćğşı][^\W\dA-Z_]{1,30}(?:['’-][^\W\dA-Z_]{2,30})?|o['’][^\W\dA-Z_]{2,30}"
_PARTICLES = r"(?:(?:van|von|de|del|della|di|da|dos|du|la|le|ten|ter|zu) (?:(?:der|den|la|los) )?)?"
_TITLED = re.compile(
    r"(?<![\w/-])(?:(?P<sure>(?:[Mm]rs?|[Mm](?:me|lle))\.?|ms\.|dr\.|prof\.|señora?|signora?|monsieur|mevrouw|meneer)|herrn?|frau)"
    rf" (?:(?:dr|prof)\.? ){{0,2}}(?P<value>{_PARTICLES}(?:{_SMALL}))(?![\w'’@])(?: (?P<next>{_SMALL})(?![\w'’@]))?"
)
_BEFORE_A_NOUN = re.compile(
    r"(?<!\w)(?:d(?:ie|er|en|em|es)|(?:m|d|s|k)?eine[rsnm]?|(?:m|d|s|k)?ein|(?:ihr|unser|euer|jed|dies|manch|welch|solch)(?:e[rsnm]?)?"
    r"|zur|als|pro|und|oder|liebe|junge|alte|erste) $"
)
_SAID = re.compile(
    r"(?<!\w)(?i:my name is|my name['’]s|i am called|mein name ist|ich heiße|ich heisse|je m['’]appelle|mon nom est|me llamo"
    r"|mi nombre es|mi chiamo|il mio nome è|mijn naam is|ik heet|o meu nome é|chamo-me)"
    rf" (?P<value>{_SMALL})(?![\w'’@])(?: (?P<next>{_PARTICLES}(?:{_SMALL}))(?![\w'’@]))?"
    r"(?P<ends>\s{0,3}(?:[.,;:!?)]|$|\n|(?:and|but|i|und|aber|et|mais|y|pero|e|ma|en|maar|mas)(?!\w)))?"
)
_GREETED = re.compile(rf"(?<!\w)(?i:hi|hello|hey|dear|hallo|liebe[rs]?|bonjour|hola|ciao|beste) (?P<value>{_SMALL})(?=[,!:]|\n)")
_OTHERS = """
a about all alle alles already als also am an and any are as at auch auf aus been bei but by can comme da das dass de dem den der
des die dies doch du ein eine einen einer el en er es est et falsch fehlt first for from gut haben halt hat hatte her hidden his
hätte i ich ihr illegible im image images imaging in incomplete is ist ja jetzt kann kein keine known kommt last leider like
listed lo mal me missing misspelled mit muss my nach name nicht no noch not now nowhere nur oder on only or over pas por que
required richtig schon sehr sein shown sich sie sind so soll spelled spelt still taken teams that the there this to too unbekannt
und unknown unten unter vom von vor war was we weg wegen wenn wer what which who wie will willkommen wird word write written wrong
wurde y you your zu zum zur über
"""
_NONE = frozenset(_OTHERS.split())
"""Words that follow such words as well, and are no names."""


def small_names(reading: Reading) -> Iterator[Found]:
    text = reading.text
    for match in _TITLED.finditer(text):
        if _is_none(match["value"]) or (
            not match["sure"] and _BEFORE_A_NOUN.search(text, max(0, match.start() - 16), match.start())
        ):
            continue
        whole = match["next"] and match["value"] in BESIDE_ANOTHER and not _is_none(match["next"])
        yield Found("name", 0.6, match.start("value"), match.end("next" if whole else "value"))
    for match in _SAID.finditer(text):
        if _is_none(match["value"]):
            continue
        given, whole = match["value"] in BESIDE_ANOTHER, bool(match["next"]) and not _is_none(match["next"])
        if whole and (given or match["ends"] is not None):
            yield Found("name", 0.5, match.start("value"), match.end("next"))
        elif given:
            yield Found("name", 0.5, *match.span("value"))
    for match in _GREETED.finditer(text):
        if match["value"] in GIVEN:
            yield Found("name", 0.5, *match.span("value"))


def _is_none(name: str) -> bool:
    return not _NONE.isdisjoint(name.split()[-1:]) or name in NO_PERSON
