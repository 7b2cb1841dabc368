"""Dates of birth: a date that words say is one."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date

from firmground.guard.personal.reading import Found, Reading

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier enero gennaio januari janeiro stycznia januar jänner ene janv tammikuuta",
            "feb february februar février febrero febbraio februari fevereiro lutego févr helmikuuta",
            "mar march märz mars marzo maart março marca mrz maaliskuuta",
            "apr april avril abril aprile kwietnia avr huhtikuuta",
            "may mai mayo maggio mei maio maja maj toukokuuta",
            "jun june juni juin junio giugno junho czerwca kesäkuuta",
            "jul july juli juillet julio luglio julho lipca juil heinäkuuta",
            "aug august août agosto augustus sierpnia augusti elokuuta",
            "sep sept september septembre septiembre settembre setembro września syyskuuta",
            "oct october oktober octobre octubre ottobre outubro października okt lokakuuta",
            "nov november novembre noviembre novembro listopada marraskuuta",
            "dec december dezember décembre diciembre dicembre dezembro grudnia dez déc joulukuuta",
        ),
        1,
    )
    for name in names.split()
}
_MONTH = "(?:" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\.?"
_WORDS = (
    r"(?:date of birth|birth ?date|d\.?o\.?b\.?|birth ?day|born|b\.d\.|geboren|geb\.|geb|geburtsdatum|geburtstag"
    r"|née?\(?e?\)? le|née?|date de naissance"
    r"|naissance|nacid[oa]|nació|fecha de nacimiento|nat[oa] il|nat[oa]|data di nascita|geboortedatum|geboren op|nascid[oa]"
    r"|data de nascimento"
    r"|urodzon[ya]|data urodzenia|ur\.|född|födelsedatum|fødselsdato|født|syntynyt|syntymäaika|narozen[a]?|datum narození"
    r"|születési idő)"
)
_FILLER = (
    r"(?:[\s|:=(*_,-]{0,8}(?:on|the|am|le|el|il|op|em|dnia|den|is|was|ist|war|est|es|era|in [^\W\d]{2,20},?|den|d)?){0,3}"
    r"[\s|:=(*_,-]{0,8}"
)
_YEAR = r"(?:19|20)\d\d"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_WRITTEN = (
    rf"(?P<y1>{_YEAR})[-/.](?P<m1>\d{{1,2}})[-/.](?P<d1>{_DAY})"
    rf"|(?P<a>\d{{1,2}})[-/. ]{{1,2}}(?P<b>\d{{1,2}})[-/. ]{{1,2}}(?P<y2>{_YEAR}|\d\d)"
    rf"|(?P<d3>{_DAY})(?:st|nd|rd|th|er|º|\.)?(?: de| of)? (?P<m3>{_MONTH})(?: de|,)? (?P<y3>{_YEAR})"
    rf"|(?P<m4>{_MONTH}) (?P<d4>{_DAY})(?:st|nd|rd|th)?,? (?P<y4>{_YEAR})"
)
_BIRTH = re.compile(rf"(?<!\w){_WORDS}(?![^\W\d]){_FILLER}(?P<date>{_WRITTEN})(?!\d|[-/]\d)", re.IGNORECASE)
_HINTS = re.compile(
    r"birth|born|d\.?o\.?b|b\.d\.|geb|naiss|née?\b|nac[io]|nato|nata|nascit|nascid"
    r"|urod|\bur\.|föd|fødsel|født|synty|naroz|szület"
)


def births(reading: Reading) -> Iterator[Found]:
    for start, end in reading.around(_HINTS.finditer(reading.lower), 8, 120):
        for match in _BIRTH.finditer(reading.text, start, end):
            if _is_day(match):
                yield Found("birth_date", 0.85, *match.span("date"))


def _is_day(match: re.Match[str]) -> bool:
    """Whether there was such a day."""
    if match["y1"]:
        return _existed(match["y1"], match["m1"], match["d1"])
    if match["y2"]:
        return _existed(match["y2"], match["b"], match["a"]) or _existed(match["y2"], match["a"], match["b"])
    if match["y3"]:
        return _existed(match["y3"], _month(match["m3"]), match["d3"])
    return _existed(match["y4"], _month(match["m4"]), match["d4"])


def _month(name: str) -> str:
    return str(_MONTHS.get(name.rstrip(".").lower(), 0))


def _existed(year: str, month: str, day: str) -> bool:
    with suppress(ValueError):
        return bool(date(int(year) if len(year) == 4 else 2000 + int(year), int(month), int(day)))
    return False
