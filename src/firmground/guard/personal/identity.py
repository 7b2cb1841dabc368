"""Numbers that a state gives to a person. A number alone says little: it counts by its check digits together with a form that hardly
anything else has, or with a word nearby that says what it is."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, cached_property
from importlib import import_module
from typing import NamedTuple

from firmground.guard.personal.reading import UNSPACED, Found, Reading


class _Number(NamedTuple):
    country: str
    shapes: str
    """Without what parts the groups: 9 for a digit, A for a letter."""
    check: str | Callable[[str], bool]
    """Module of `stdnum`, or our own."""
    words: str
    """Parted by `|`, in small letters."""
    form: str = ""
    """Regular expression of how it is written where no word is needed, with what parts its groups."""


def _nino(value: str) -> bool:
    return re.fullmatch(r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]", value) is not None


def _german_insurance(value: str) -> bool:
    """The letter as two digits, each digit times its weight, the sum of the digits of all that, modulo 10."""
    digits = f"{value[:8]}{ord(value[8]) - 64:02d}{value[9:11]}"
    weighed = (int(digit) * weight for digit, weight in zip(digits, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), strict=True))
    month = int(value[4:6])
    return 1 <= month <= 12 and sum(number // 10 + number % 10 for number in weighed) % 10 == int(value[11])


def _singapore(value: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(value[1:8], (2, 7, 6, 5, 4, 3, 2), strict=True))
    total += {"T": 4, "G": 4, "M": 3}.get(value[0], 0)
    letters = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "G": "XWUTRQPNMLK", "M": "KLJNPQRTUWX"}.get(value[0])
    if letters is None:
        return False
    return letters[total % 11 if value[0] != "M" else 10 - total % 11] == value[8]


def _latvian(value: str) -> bool:
    weights = (1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return (1101 - sum(int(digit) * weight for digit, weight in zip(value, weights, strict=False))) % 11 % 10 == int(value[10])


def _indian_person(value: str) -> bool:
    return value[3] == "P"


_GENERAL = (
    "national id|national identification|identity number|identification number|identity card|id number|id no|id card|personal number"
    "|personal identification|tax id|tax number|tax identification|taxpayer id|personal code|citizen id|personalausweis|ausweisnummer"
    "|steuernummer|numéro d'identité|número de identidad|numero di identità"
)
"""Words that go with the number of any country."""

_NUMBERS = (
    _Number("US", "999999999", "us.ssn", "ssn|social security|soc sec", r"\d{3}-\d{2}-\d{4}"),
    _Number("US", "999999999", "us.itin", "itin|taxpayer|tin", r"9\d{2}-\d{2}-\d{4}"),
    _Number("GB", "AA999999A", _nino, "nino|national insurance|ni number|ni no", r"[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]"),
    _Number("GB", "9999999999", "gb.nhs", "nhs"),
    _Number(
        "DE",
        "99999999999",
        "de.idnr",
        "steuer|idnr|steuer-id|steueridentifikationsnummer|identifikationsnummer|tin",
        r"\d{2} \d{3} \d{3} \d{3}",
    ),
    _Number(
        "DE",
        "99999999A999",
        _german_insurance,
        "sozialversicherung|sozialversicherungsnummer|versicherungsnummer|rentenversicherung|rentenversicherungsnummer|svnr|sv-nummer|rvnr",
        r"\d{2} ?\d{6} ?[A-Z] ?\d{3}",
    ),
    _Number(
        "FR",
        "999999999999999|99999A999999999",
        "fr.nir",
        "nir|insee|sécurité sociale|securite sociale|sécu",
        r"[12]\d{5}[\dAB]\d{8}|[12] \d{2} \d{2} \d[\dAB] \d{3} \d{3} \d{2}",
    ),
    _Number(
        "IT",
        "AAAAAA99A99A999A",
        "it.codicefiscale",
        "codice fiscale|cf",
        r"[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]|[A-Z]{3} [A-Z]{3} \d{2}[A-Z]\d{2} [A-Z]\d{3}[A-Z]",
    ),
    _Number("ES", "99999999A", "es.dni", "dni|nif|documento nacional", r"\d{8}-?[A-Z]|\d{2}\.\d{3}\.\d{3}-?[A-Z]"),
    _Number("ES", "A9999999A", "es.nie", "nie|nif", r"[XYZ]-?\d{7}-?[A-Z]"),
    _Number("NL", "999999999", "nl.bsn", "bsn|burgerservicenummer|sofinummer"),
    _Number(
        "BE",
        "99999999999",
        "be.nn",
        "rijksregisternummer|rijksregister|registre national|niss|insz|nrn",
        r"\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}",
    ),
    _Number("PL", "99999999999", "pl.pesel", "pesel"),
    _Number("PT", "999999999", "pt.nif", "nif|contribuinte"),
    _Number("PT", "999999999AA9", "pt.cc", "cartão de cidadão|cartao de cidadao", r"\d{8} \d [A-Z]{2}\d"),
    _Number(
        "SE",
        "9999999999|999999999999",
        "se.personnummer",
        "personnummer|personnr|pnr|samordningsnummer",
        r"(?:\d{2})?\d{6}[-+]\d{4}",
    ),
    _Number(
        "FI", "999999A999A|999999A9999|9999999999|999999999A", "fi.hetu", "hetu|henkilötunnus", r"\d{6}[-+A-FU-Y]\d{3}[\dA-Y]"
    ),
    _Number("DK", "9999999999", "dk.cpr", "cpr|cpr-nummer|personnummer"),
    _Number("NO", "99999999999", "no.fodselsnummer", "fødselsnummer|fodselsnummer|fnr|personnummer", r"\d{6} ?\d{5}"),
    _Number("AT", "9999999999", "at.vnr", "sozialversicherungsnummer|versicherungsnummer|svnr|sv-nummer|sv-nr"),
    _Number("CH", "9999999999999", "ch.ssn", "ahv|avs|ahv-nr", r"756\.\d{4}\.\d{4}\.\d{2}|756\d{10}"),
    _Number("IN", "999999999999", "in_.aadhaar", "aadhaar|aadhar|uidai|uid"),
    _Number("IN", "AAAAA9999A", _indian_person, "pan|permanent account", r"[A-Z]{3}P[A-Z]\d{4}[A-Z]"),
    _Number("BR", "99999999999", "br.cpf", "cpf", r"\d{3}\.\d{3}\.\d{3}-\d{2}"),
    _Number("CZ", "9999999999|999999999", "cz.rc", "rodné číslo|rodne cislo|rodné|rč", r"\d{6}/\d{4}"),
    _Number("RO", "9999999999999", "ro.cnp", "cnp|cod numeric"),
    _Number("HR", "99999999999", "hr.oib", "oib"),
    _Number("EE", "99999999999", "ee.ik", "isikukood"),
    _Number("LT", "99999999999", "lt.asmens", "asmens kodas|asmens"),
    _Number("LV", "99999999999", _latvian, "personas kods|personas"),
    _Number("BG", "9999999999", "bg.egn", "egn|егн"),
    _Number("GR", "99999999999", "gr.amka", "amka|αμκα"),
    _Number("IE", "9999999A|9999999AA", "ie.pps", "pps|ppsn", r"\d{7}[A-W][A-IW]?"),
    _Number("SI", "9999999999999", "si.emso", "emšo|emso"),
    _Number("IS", "9999999999", "is_.kennitala", "kennitala|kt"),
    _Number("TR", "99999999999", "tr.tckimlik", "t.c|kimlik|tckn|tc kimlik"),
    _Number("ZA", "9999999999999", "za.idnr", "rsa id|south african id|sa id"),
    _Number("MX", "AAAA999999AAAAAA99|AAAA999999AAAAAAA9", "mx.curp", "curp", r"[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z\d]\d"),
    _Number("CL", "99999999|999999999|99999999A|9999999A", "cl.rut", "rut|run", r"\d{1,2}\.\d{3}\.\d{3}-[\dK]"),
    _Number("CN", "999999999999999999|99999999999999999A", "cn.ric", "身份证|公民身份|resident identity", r"\d{17}[\dX]"),
    _Number("KR", "9999999999999", "kr.rrn", "주민등록|resident registration|rrn", r"\d{6}-[1-8]\d{6}"),
    _Number("JP", "999999999999", "jp.in_", "マイナンバー|個人番号|my number"),
    _Number("IL", "999999999", "il.idnr", "teudat zehut|teudat|תעודת"),
    _Number("AU", "999999999|99999999", "au.tfn", "tfn|tax file"),
    _Number("CA", "999999999", "ca.sin", "sin|social insurance"),
    _Number("NZ", "999999999|99999999", "nz.ird", "ird"),
    _Number("SG", "A9999999A", _singapore, "nric|fin", r"[STFGM]\d{7}[A-Z]"),
)

_BY_SHAPE: dict[str, list[_Number]] = {}
for _number in _NUMBERS:
    for _shape in _number.shapes.split("|"):
        _BY_SHAPE.setdefault(_shape, []).append(_number)
_ANY = frozenset(_GENERAL.split("|"))
_SAID_BY = {number: _ANY.union(number.words.split("|")) for number in _NUMBERS}
_FORMS = {number: re.compile(number.form or r"(?!)") for number in _NUMBERS}
_SPELLED = sorted(map(re.escape, _ANY.union(*_SAID_BY.values())), key=len, reverse=True)
_WORDS = re.compile(
    rf"(?<!\w)(?:{'|'.join(word for word in _SPELLED if word < UNSPACED)})(?!\w)|{'|'.join(word for word in _SPELLED if word >= UNSPACED)}"
)
_SHORTEST, _LONGEST = min(map(len, _BY_SHAPE)), max(map(len, _BY_SHAPE))
_PART = r"[A-Za-z]{0,6}[0-9][A-Za-z0-9]{0,17}(?:[./+-][A-Za-z0-9]{1,10}){0,5}"
_RUN = re.compile(
    rf"(?<![\w.,/+@#$€£-])(?:(?:[A-Z]{{3}} ){{2}}|[A-Z]{{2}} |[XYZ]-)?{_PART}(?: {_PART}| [A-Z]{{1,2}}(?![\w])){{0,8}}(?![\w@])"
)
_SHAPE = str.maketrans({**dict.fromkeys("0123456789", "9"), **dict.fromkeys("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "A")})
_BARE = str.maketrans(dict.fromkeys(" ./+-"))
_GROUPS = re.compile(r"\S+")
_BEFORE, _AFTER = 64, 24
"""How far off a word may be that says what a number is."""
_PAPERS = re.compile(
    r"(?<!\w)(?:passports?|driver['’]?s['’]? licen[sc]e|driving licen[sc]e|driver licen[sc]e|(?:national )?identity card"
    r"|id card|social security|führerschein\w{0,8}"
    r"|reisepass\w{0,8}|(?:personal)?ausweis\w{0,8}|permis de conduire|passeport|carte d['’]identité|pasaporte"
    r"|carn[eé] de conducir|passaporto|patente(?: di guida)?"
    r"|carta d['’]identità|paspoort\w{0,8}|rijbewijs\w{0,8})(?:[ \t]?(?:numbers?|no\.?|nr\.?|nummer|num\.?|number|#|n[°º]"
    r"|número|numero|numéro|id))?"
    r"[ \t]{0,3}(?:is|ist|lautet|est|es|è|:|=|\|)?[:\s|]{0,4}"
    r"(?P<value>[A-Z]{0,3}\d(?:[A-Z0-9]{4,15}|[A-Z0-9]{0,6}(?:[- ]\d{2,6}){1,4}))(?![\w-])",
    re.IGNORECASE,
)


def national_ids(reading: Reading) -> Iterator[Found]:
    if not reading.numbers:
        return
    said = _Said(reading)
    for match in reading.in_numbers(_RUN):
        yield from _in_run(reading.text, match, said)
    for match in reading.in_numbers(_PAPERS):
        yield Found("national_id", 0.75, *match.span("value"))


class _Said:
    """The words of a text that say what kind of number stands near them, looked for where a number has the form of one."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    @cached_property
    def _words(self) -> list[tuple[int, str]]:
        return [(match.start(), match[0]) for match in self._reading.words_at_numbers(_WORDS)]

    def near(self, start: int, end: int) -> set[str]:
        low, high = bisect_left(self._words, (start - _BEFORE,)), bisect_left(self._words, (end + _AFTER,))
        return {word for _, word in self._words[low:high]}


def _in_run(text: str, match: re.Match[str], said: _Said) -> Iterator[Found]:
    """Of the groups of a run, the longest rows that are such a number, from the left."""
    if match.end() - match.start() < _SHORTEST:
        return
    groups = [group.span() for group in _GROUPS.finditer(text, *match.span())]
    first = 0
    while first < len(groups):
        for last in range(min(len(groups), first + 7), first, -1):
            begin, end = groups[first][0], groups[last - 1][1]
            if _SHORTEST <= end - begin <= 2 * _LONGEST and (score := _score(text[begin:end], match.span(), said)):
                yield Found("national_id", score, begin, end)
                first = last - 1
                break
        first += 1


def _score(value: str, run: tuple[int, int], said: _Said) -> float:
    bare = value.translate(_BARE).upper()
    numbers = _BY_SHAPE.get(bare.translate(_SHAPE))
    if not numbers:
        return 0.0
    near, best = said.near(*run), 0.0
    for number in numbers:
        called = not near.isdisjoint(_SAID_BY[number])
        if (called or _FORMS[number].fullmatch(value)) and _checks(number, bare, value):
            best = max(best, 0.95 if called else 0.7)
    return best


def _checks(number: _Number, bare: str, value: str) -> bool:
    if len(set(bare)) < 3:
        return False
    if callable(number.check):
        return number.check(bare)
    valid = _validity(number.check)
    with suppress(ArithmeticError, LookupError, TypeError, ValueError):  # of numbers that nobody gives out
        return valid(value.upper()) or valid(bare)
    return False


@cache
def _validity(name: str) -> Callable[[str], bool]:
    return import_module(f"stdnum.{name}").is_valid
