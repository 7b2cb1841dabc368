"""Postal addresses, as several countries write them."""

import re
from collections.abc import Iterator

from firmground.guard.personal.people import PARTICLE, WORD
from firmground.guard.personal.reading import Found, Reading

_CAPITAL = r"[^\W\d_a-zß-öø-ÿ]"
_STREET_EN = (
    r"(?i:street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|court|ct|place|pl|square|sq|terrace|way|close|crescent"
    r"|highway|hwy|parkway|pkwy|circle|cir|trail|row)"
)
_UNIT = r"(?:,?[ \n](?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|#)\.? ?#?\w{1,6})?"
_PLACES = rf"{WORD}(?:[ -]{WORD}){{0,3}}"
_ADDRESSES = (
    re.compile(  # 12 Main Street, Apt 4, Springfield, IL 62704 · 10 Downing Street, London SW1A 2AA
        rf"(?<![\w.,/-])\d{{1,5}}[A-Za-z]? (?:{WORD} ){{1,4}}{_STREET_EN}\b\.?{_UNIT}"
        rf"(?:,?\s{{1,2}}{_PLACES},?\s{{1,2}}(?:[A-Z]{{2,3}} \d{{4,5}}(?:-\d{{4}})?|[A-Z]{{1,2}}\d[A-Z\d]? ?\d[A-Z]{{2}}"
        rf"|\d{{5}}|[A-Z]\d[A-Z] ?\d[A-Z]\d))?"
    ),
    re.compile(  # Hauptstraße 5, 12345 Berlin · Calle Mayor 5, 28013 Madrid · Keizersgracht 123, 1015 CJ Amsterdam
        rf"(?<!\w)(?:{WORD}(?:[ -]{WORD}){{0,3}}|(?:Calle|Avenida|Plaza|Via|Viale|Piazza|Corso|Rua"
        rf"|ul\.)(?: {PARTICLE}){{0,2}} {_PLACES}),? (?:n[ºo°]\.? ?)?\d{{1,4}} ?[a-zA-Z]?"
        rf"(?:,|\n|,\n| ·) ?(?:[A-Z]{{1,2}}-)?\d{{4,5}}(?: [A-Z]{{2}}|-\d{{3}})? {_PLACES}"
    ),
    re.compile(  # 12 rue de la Paix, 75002 Paris
        rf"(?<!\w)\d{{1,4}}(?: ?(?:bis|ter))?,? (?:rue|avenue|av\.|boulevard|bd|place|chemin|allée|impasse|quai"
        rf"|route)(?: (?:de la|de|du|des|d['’]|l['’]|la|le|les)){{0,2}} ?{_PLACES}"
        rf"(?:(?:,|\n|,\n) ?\d{{5}} {_PLACES})?"
    ),
    re.compile(  # Musterstraße 12 a, without a town
        rf"(?<!\w){_CAPITAL}[^\W\d_]{{2,30}}(?:straße|strasse|str\.|weg|platz|allee|gasse|ring|damm|ufer|straat|laan|gracht|plein"
        rf"|vägen|gatan|gata|veien|vej|gade|katu|tie|gürtel|STRASSE|WEG|PLATZ|ALLEE) \d{{1,4}}(?: ?[a-z]\b)?"
        rf"(?:(?:,|\n|,\n) ?\d{{4,5}} {_PLACES})?"
    ),
    re.compile(r"(?<!\w)(?:PSC|CMR|Unit) \d{1,5},? Box \d{1,5}\s{1,4}(?:APO|DPO|FPO),? A[APE] \d{5}", re.IGNORECASE),
    re.compile(r"(?<!\w)P\.? ?O\.? ?Box \d{1,6}(?:,? [A-Z][a-z]{2,20},? [A-Z]{2} \d{5})?"),
)


def postal(reading: Reading) -> Iterator[Found]:
    """Street and number, with post code and place where they follow."""
    if any(map(str.isdigit, reading.text)):
        for pattern in _ADDRESSES:
            for match in pattern.finditer(reading.text):
                yield Found("address", 0.6, *match.span())
