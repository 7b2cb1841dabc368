"""E-mail addresses, phone numbers and IP addresses."""

import ipaddress
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from firmground.guard.personal.reading import Found, Reading

REGIONS = ("US", "GB", "DE", "FR", "ES", "IT", "NL", "BE", "AT", "CH", "PL", "SE", "AU")
"""Where phone numbers without a country code and without a word that says so may belong; ISO 3166."""

_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_BROKEN = r"(?:[ \t]?\r?\n[ \t]{0,4})"
"""A line may end within an address: behind the @, and behind a hyphen."""
_BENT = r"[^\W_](?:(?:[\w-]|\\[_-]|-" + _BROKEN + r"){0,61}[^\W_])?"
"""A label as files of Markdown and narrow columns have it."""
_EMAIL = re.compile(
    r"(?<![\w.+%-])(?P<name>(?:[^\W_][\w.+%']{0,31}-" + _BROKEN + r")?[^\W_](?:[\w.+%'-]|\\[_.+-]){0,63}+)"
    r"[*`~]{0,3}(?:\\?@|&#64;|&commat;|%40)[*`~]{0,3}" + _BROKEN + r"?"
    rf"(?P<host>(?:{_BENT}\\?\.){{1,8}}(?:[^\W\d_]{{2,24}}|xn--[a-z0-9-]{{2,59}}))(?![\w-])"
)
_SPELLED = re.compile(
    rf"(?<![\w.+%-])(?P<name>[^\W_][\w.+%'-]{{0,63}}+) ?[(\[{{] ?(?:at|ät|arroba|chez) ?[)\]}}] ?"
    rf"(?P<host>(?:{_LABEL}(?:\.| ?[(\[{{] ?(?:dot|punkt|point|punto) ?[)\]}}] ?)){{1,8}}[^\W\d_]{{2,24}})(?![\w-])",
    re.IGNORECASE,
)
_NOBODY = re.compile(r"(?:no-?reply|do-?not-?reply|example|user|username|name|you|email|someone|somebody)$", re.IGNORECASE)
_AT = ("@", "&#64;", "&commat;", "%40")

_IPV4 = re.compile(r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d|/\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_VERSIONED = re.compile(r"(?:version|ver\.?|\bv|build|release|section|abschnitt|kapitel|chapter|clause|§) {0,3}$", re.IGNORECASE)

_DATE = re.compile(
    r"\d{1,2}[./ -]\d{1,2}[./ -](?:19|20)?\d\d$|\d{4}[./-]\d{1,2}[./-]\d{1,2}$|(?:1[89]|20)\d\d ?[/ -] ?(?:1[89]|20)\d\d$"
)
_EXTENSION = r"(?: ?(?:x|ext\.? ?|extension )\d{1,6})?"
_RUN = re.compile(
    rf"(?<![\w+.,/=#$€£-])(?<![0-9] )[+(]{{0,2}}\d(?:[ \t./()-]{{0,3}}\d){{5,16}}{_EXTENSION}(?![\w-]|[.,]\d| \d{{2}}|/\d)",
    re.IGNORECASE,
)
_LINE_END = r"[ \t]?\r?\n[ \t>]{0,4}"
_ENDS_LINE = re.compile(_LINE_END)
_SPLIT = re.compile(
    rf"(?<![\w+.,/=#$€£-])(?<![0-9] )(?P<first>[+(]{{0,2}}\d(?:[ \t./()-]{{0,3}}\d){{0,14}}[)./-]?){_LINE_END}"
    r"\(?\d(?:[ \t./()-]{0,3}\d){2,12}(?![\w-]|[.,]\d| \d{2}|/\d)"
)
"""A number that goes on in the next line."""
_FEWEST = 6
"""Digits of a phone number."""
_AMERICAN = re.compile(
    rf"(?:\+?1[ .-])?(?:\([2-9]\d{{2}}\) ?|[2-9]\d{{2}}[.-])[2-9]\d{{2}}[ .-]\d{{4}}{_EXTENSION}$", re.IGNORECASE
)
_NATIONAL = re.compile(r"\(0\d{2,4}\) ?\d{3,4}[ -]?\d{3,5}$|0\d{2,4} ?/ ?\d{3,4}[ -]?\d{2,5}$|0\d(?:[ .]\d{2}){4}$")
_ABROAD = re.compile(r"00 ?[1-9]\d{0,2}[ (./-]")
_GROUPED = re.compile(r"\(?0\d{1,4}\)?(?:[ /-]\d{2,8}){1,4}$")
_BETWEEN = (
    r"(?:me|us|him|her|them|at|on|to|is|the|my|his|their|our|number|numbers|no|nr|num|nummer|under|via|or|by|unter|der|die|ist|lautet"
    r"|au|le|est|numéro|al|el|es|número|numero|il|op|på|work|home|office|private|privat|line|directly|phone)"
)
_LABEL_WORDS = re.compile(
    r"(?:(?<!\w)(?:(?:tele)?phones?|tel|mobile|cell ?phone|fax|landline|whatsapp|dial(?:ing)?|sms|(?:mobil|fest)?telefon\w{0,10}"
    r"|handy\w{0,8}|mobil\w{0,8}|rufnummer|durchwahl|anruf\w{0,4}|téléphone|tél|teléfono|móvil|telefono|cellulare|telefoon|gsm|telefone"
    r"|telemóvel|celular|puhelin|tlf)"
    r"|(?<!\w)(?:cell|desk|signal|call(?:ed|ing|s)?|text(?:ed|ing)?|ring|reach(?:ed)?|contact|answering|messages|erreich\w{0,6}|portable"
    rf"|appel\w{{0,4}}|joign\w{{0,6}}|llam\w{{0,6}}|chiam\w{{0,6}}|bel|ligue|mob|ph)(?: ?[.:=#|]|(?= {_BETWEEN}(?!\w)))"
    r"|电话|電話|手机|手機|携帯|전화|โทร)"
    rf"[^\w\n]{{0,4}}(?:\n\s{{0,4}})?[+(]{{0,2}}(?:{_BETWEEN}[^\w\n]{{0,4}}){{0,5}}(?=\d)"
)
"""Ends where the number begins, or at the + or bracket before it."""
_BEHIND = re.compile(r"[ \t,-]{0,3}\(?(?:office|fax|home|mobile|cell|desk|work|phone|tel)\b", re.IGNORECASE)
_IN_URL = re.compile(r"(?:://|www\.)[^\s]{0,60}$")


def emails(reading: Reading) -> Iterator[Found]:
    if any(sign in reading.text for sign in _AT):
        for match in _EMAIL.finditer(reading.text):
            if _is_mailbox(match["name"]):
                yield Found("email", 0.99, *match.span())
    if any(opened in reading.lower for opened in ("(at", "[at", "{at", "( at", "[ at", "(ät", "arroba", "chez")):
        for match in _SPELLED.finditer(reading.text):
            if _is_mailbox(match["name"]):
                yield Found("email", 0.9, *match.span())


def _is_mailbox(name: str) -> bool:
    return ".." not in name and not _NOBODY.match(name)


def addresses(reading: Reading) -> Iterator[Found]:
    """IP addresses of machines; neither networks nor section numbers."""
    for pattern, sign in ((_IPV4, "."), (_IPV6, ":")):
        for match in reading.in_numbers(pattern) if sign in reading.text else ():
            if _is_address(match[0]) and not reading.follows(_VERSIONED, match.start()):
                yield Found("ip", 0.9, *match.span())


def _is_address(value: str) -> bool:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    if address.version == 6:
        return sum(map(str.isalnum, value)) >= 4 and not address.is_multicast
    parts = address.packed
    numbering = max(parts) < 32 and parts[0] != 10  # 6.4.5.1 is a section
    return not (numbering or parts[0] in {0, 127, 255} or address.is_multicast)


def phones(reading: Reading, regions: Sequence[str]) -> Iterator[Found]:
    runs = [*reading.in_numbers(_RUN)]
    split = [match for match in reading.in_numbers(_SPLIT) if _goes_on(match["first"])] if "\n" in reading.text else []
    labelled = {match.end() for match in reading.words_at_numbers(_LABEL_WORDS)} if runs or split else ()
    for match in (*runs, *split):
        start, end = match.span()
        called = any(at in labelled for at in range(start, start + 3)) or _BEHIND.match(reading.text, end) is not None
        value = _ENDS_LINE.sub("" if match[0].partition("\n")[0].rstrip().endswith("-") else " ", match[0])
        if value != match[0] and not (called or value.startswith("+") or _AMERICAN.match(value)):
            continue
        score = _phone(value, tuple(regions), called=called)
        if score and not reading.follows(_IN_URL, start):
            yield Found("phone", score, start, end)


def _goes_on(first: str) -> bool:
    """Whether what ends a line is no phone number yet."""
    digits = re.sub(r"\D", "", first)
    return not _is_whole(digits) if first.startswith("+") else len(digits) < _FEWEST or first.endswith(("-", "/"))


def _phone(value: str, regions: tuple[str, ...], *, called: bool) -> float:
    """How sure it is that this is a phone number; 0 when it is none. `called`: words beside it say so."""
    digits = re.sub(r"\D", "", re.split(r"[xe]", value, maxsplit=1, flags=re.IGNORECASE)[0])
    if not _FEWEST <= len(digits) <= 18 or len(set(digits)) < 3 or _DATE.match(value) or value.count("(") != value.count(")"):
        return 0.0
    forms = (
        (0.9, value.lstrip("(").startswith("+") and _is_international(digits)),
        (0.85, called and len(digits) <= 15),
        (0.85, _ABROAD.match(value) and len(digits) >= 10 and _is_international(digits[2:])),
        (0.8, _AMERICAN.match(value)),
        (0.7, _NATIONAL.match(value)),
        (0.65, 9 <= len(digits) <= 12 and _GROUPED.match(value) and _is_national(digits, regions)),
    )
    return next((score for score, holds in forms if holds), 0.0)


def _is_international(digits: str) -> bool:
    """Whether it may be one of a country: its code, then as many digits as numbers there have."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneNumber, is_possible_number

    for length in (1, 2, 3):
        country, national = digits[:length], digits[length:]
        if country[0] != "0" and int(country) in COUNTRY_CODE_TO_REGION_CODE and national:
            number = PhoneNumber(country_code=int(country), national_number=int(national))
            trunk = PhoneNumber(country_code=int(country), national_number=int(national[1:] or "0"))
            return is_possible_number(number) or (national[0] == "0" and is_possible_number(trunk))
    return False


def _is_whole(digits: str) -> bool:
    """Whether it has the code of a country, and all digits that numbers there have."""
    from phonenumbers import NumberParseException, ValidationResult, is_possible_number_with_reason, parse

    try:
        return is_possible_number_with_reason(parse(f"+{digits}")) == ValidationResult.IS_POSSIBLE
    except NumberParseException:
        return False


def _is_national(digits: str, regions: tuple[str, ...]) -> bool:
    """Whether a number that begins with a 0 may be given out in one of the regions, where the 0 may belong to it or come before it."""
    given = _given_out(regions)
    return (given.fullmatch(digits, 1) or given.fullmatch(digits)) is not None


@lru_cache(16)
def _given_out(regions: tuple[str, ...]) -> re.Pattern[str]:
    from phonenumbers import PhoneMetadata

    described = [each.general_desc for each in map(PhoneMetadata.metadata_for_region, regions) if each and each.general_desc]
    return re.compile("|".join(f"(?:{each.national_number_pattern})" for each in described) or r"(?!)")
