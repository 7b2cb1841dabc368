"""Bank accounts and payment cards."""

import re
from collections.abc import Iterator

from firmground.guard.personal.reading import Found, Reading, longest

_GAP = r"(?:[ -]|[ \t]{0,4}[\n|][ \t|]{0,4})?"
"""Between groups: they may be split over lines and cells of a table."""
_IBAN = re.compile(
    rf"(?<![A-Za-z0-9])[A-Za-z]{{2}}\d{{2}}(?:{_GAP}[A-Za-z0-9]{{4}}){{2,7}}(?:{_GAP}[A-Za-z0-9]{{1,3}})?(?![A-Za-z0-9])"
)
_SHORTEST_IBAN, _SHORTEST_CARD = 15, 12
"""Signs of the shortest there are: most runs of digits are shorter."""
_CARD = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){11,18}(?![\w-]|\.\d)")
_SPLIT_CARD = re.compile(rf"(?<![\w.-])(?<!\d[ |])(?<!\d \|)(?<!\d \| )\d{{4}}(?:{_GAP}\d{{4}}){{3}}(?![\w-]|\.\d| ?\|? ?\d)")
_CARD_WORDS = re.compile(
    r"(?<!\w)(?:cards?|kredit\w{0,10}|credit|debit|cc|visa|master ?card|amex|maestro|kart\w{0,8}|carte|carta|tarjeta|cartão"
    r"|tarjetas|kaart)"
    r"(?!\w)[^\d]{0,40}$",
    re.IGNORECASE,
)
_PRINTED = re.compile(r"\d{12,19}$|\d{4}(?:[ -]\d{4}){2,3}(?:[ -]\d{1,4})?$|\d{4}[ -]\d{6}[ -]\d{4,5}$")
_ISSUERS = re.compile(
    r"4\d{15}(?:\d{3})?$|5[1-5]\d{14}$|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}$|3[47]\d{13}$|3(?:0[0-5]|[689]\d)\d{11}$"
    r"|6(?:011|5\d\d|4[4-9]\d)\d{12}$|35(?:2[89]|[3-8]\d)\d{12}$|62\d{14,17}$|(?:2131|1800)\d{11}$"
    r"|(?:5018|5020|5038|5[6-8]\d\d|6304|6759|676[1-3])\d{12,15}$"
)

"""Ranges that are given to issuers of cards; of 13 digits are goods too, so these count beside a word only, as do all others."""


def ibans(reading: Reading) -> Iterator[Found]:
    for match in reading.in_numbers(_IBAN):
        if place := longest(reading.text, *match.span(), _is_iban):
            yield Found("iban", 1.0, *place)


def _is_iban(value: str) -> bool:
    """ISO 13616: as long as the country's are, and with its check digits."""
    if len(value) < _SHORTEST_IBAN:
        return False
    from stdnum import iban

    bare = re.sub(r"[^A-Za-z0-9]", "", value)
    return _SHORTEST_IBAN <= len(bare) <= 34 and iban.is_valid(bare, check_country=False)


def cards(reading: Reading) -> Iterator[Found]:
    for match in reading.in_numbers(_CARD):
        if place := longest(reading.text, *match.span(), _is_card):
            written = reading.text[slice(*place)]
            issued = _ISSUERS.match(re.sub(r"\D", "", written))
            if (issued and _PRINTED.match(written)) or reading.follows(_CARD_WORDS, place[0]):
                yield Found("card", 0.98, *place)
    for match in reading.in_numbers(_SPLIT_CARD):
        split = "\n" in match[0] or "|" in match[0]
        if (
            split
            and _is_card(match[0])
            and _ISSUERS.match(re.sub(r"\D", "", match[0]))
            and ("|" not in match[0] or reading.follows(_CARD_WORDS, match.start()))
        ):
            yield Found("card", 0.97, *match.span())


def _is_card(value: str) -> bool:
    """ISO/IEC 7812: the Luhn sum."""
    from stdnum import luhn

    if len(value) < _SHORTEST_CARD:
        return False
    digits = re.sub(r"\D", "", value)
    return len(set(digits)) >= 4 and _SHORTEST_CARD <= len(digits) <= 19 and luhn.is_valid(digits)
