"""The dates a document states of itself: in its metadata, its front matter, or a line such as "Last updated: 3 May 2024"."""

import re
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple, TypeAlias

from firmground.types import Scalar

Said: TypeAlias = Mapping[str, Scalar | tuple[Scalar, ...]]


class Stated(NamedTuple):
    """A date and where in the text it stands (None: in the metadata)."""

    day: date
    start: int | None = None
    end: int | None = None


_UPDATED_KEYS = (
    "updated",
    "last_updated",
    "last_modified",
    "modified",
    "reviewed",
    "last_reviewed",
    "revised",
    "date",
    "published",
    "effective",
)
_EXPIRY_KEYS = ("expires", "expiry", "valid_until", "valid_to", "expiration", "gueltig_bis", "gültig_bis")

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar jänner janvier enero gennaio januari janeiro",
            "february feb februar février fevrier febrero febbraio februari fevereiro",
            "march mar märz maerz mars marzo maart março",
            "april apr avril abril aprile",
            "may mai mayo maggio mei maio",
            "june jun juni juin junio giugno junho",
            "july jul juli juillet julio luglio julho",
            "august aug août aout agosto augustus",
            "september sep sept septembre septiembre settembre setembro",
            "october oct oktober okt octobre octubre ottobre outubro",
            "november nov novembre noviembre novembro",
            "december dec dezember dez décembre decembre diciembre dicembre dezembro",
        ),
        start=1,
    )
    for name in names.split()
}
_DATE = re.compile(
    r"(?P<iso>\d{4}-\d{1,2}(?:-\d{1,2})?)(?!\d)"
    r"|(?P<d>\d{1,2})[./](?P<m>\d{1,2})[./](?P<y>\d{4})(?!\d)"
    r"|(?P<d2>\d{1,2})(?:st|nd|rd|th|er|\.|º)?\s+(?:of\s+|de\s+)?(?P<name>[^\W\d_]{3,10})\.?,?\s+(?:de\s+)?(?P<y2>\d{4})(?!\d)"
    r"|(?P<name3>[^\W\d_]{3,10})\.?\s+(?:(?P<d3>\d{1,2})(?:st|nd|rd|th)?,\s*|de\s+)?(?P<y3>\d{4})(?!\d)"
)
_LABEL_GAP = r"[\s*_:|(\"']{1,6}(?:(?:on|am|le|el|il|op|em|vom|du)\s+)?"
_UPDATED = re.compile(
    r"\b(?:last\s+(?:updated|modified|reviewed|revised|edited)|updated|revised|reviewed|date\s+of\s+issue|as\s+of|zuletzt\s+(?:aktualisiert|geändert|geprüft)"
    r"|letzte\s+(?:änderung|aktualisierung)|stand|dernière\s+mise\s+à\s+jour|mis\s+à\s+jour|última\s+(?:actualización|revisión)"
    r"|actualizado|ultimo\s+aggiornamento|aggiornato|laatst\s+bijgewerkt|última\s+atualização|date|datum)" + _LABEL_GAP,
    re.I,
)
_EXPIRES = re.compile(
    r"\b(?:valid\s+(?:until|to|through)|expires|expiry(?:\s+date)?|gültig\s+bis|läuft\s+ab|valable\s+jusqu['’]au|expire|válido\s+hasta|caduca|valido\s+fino\s+al"
    r"|geldig\s+tot|válido\s+até)" + _LABEL_GAP,
    re.I,
)
_BEGINNING, _ENDING = 2500, 1500


def updated(text: str, metadata: Said) -> Stated | None:
    """When the document says it was last brought up to date: its metadata first, else the latest labelled date near its
    beginning or end."""
    return _from_metadata(metadata, _UPDATED_KEYS) or max(_labelled(text, _UPDATED), default=None, key=lambda stated: stated.day)


def expires(text: str, metadata: Said) -> Stated | None:
    """Until when the document says it is valid: the earliest labelled date."""
    return _from_metadata(metadata, _EXPIRY_KEYS) or min(_labelled(text, _EXPIRES), default=None, key=lambda stated: stated.day)


def day(text: str) -> date | None:
    """The date that `text` begins with: ISO, day.month.year, or with the month's name in en, de, fr, es, it, nl, pt."""
    found = _DATE.match(text.strip())
    return _day(found) if found else None


def _from_metadata(metadata: Said, keys: tuple[str, ...]) -> Stated | None:
    said = {key.casefold().replace("-", "_").replace(" ", "_"): value for key, value in metadata.items()}
    for key in keys:
        found = day(str(said.get(key, "")))
        if found:
            return Stated(found)
    return None


def _labelled(text: str, label: re.Pattern[str]) -> list[Stated]:
    ranges = [(0, _BEGINNING), (max(_BEGINNING, len(text) - _ENDING), len(text))]
    found: list[Stated] = []
    for start, end in ranges:
        for match in label.finditer(text, start, end):
            value = _DATE.match(text, match.end())
            when = _day(value) if value else None
            if value and when:
                found.append(Stated(when, match.start(), value.end()))
    return found


def _day(found: re.Match[str]) -> date | None:
    if found["iso"]:
        year, month, *rest = map(int, found["iso"].split("-"))
        return _checked(year, month, rest[0] if rest else 1)
    if found["y"]:
        first, second = int(found["d"]), int(found["m"])
        return _checked(int(found["y"]), second, first) or _checked(int(found["y"]), first, second)
    name = (found["name"] or found["name3"]).casefold()
    number = _MONTHS.get(name, 0)
    return _checked(int(found["y2"] or found["y3"]), number, int(found["d2"] or found["d3"] or 1))


def _checked(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number) if 1950 <= year <= 2150 else None
    except ValueError:
        return None
