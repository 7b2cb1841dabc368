"""Personal data and secrets in text, found by form and check digits. Names and addresses need a model and are not looked for."""

import ipaddress
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

from firmground.types import Span

_EMAIL = re.compile(
    r"(?<![\w.+%-])[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}(?![\w-])"
)
_ROLE_MAILBOX = re.compile(r"(?:no-?reply|do-?not-?reply|example|user|name|you|email)@", re.IGNORECASE)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?(?![A-Za-z0-9])")
_CARD = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){11,18}(?![\w-]|\.\d)")
_ISSUERS = re.compile(
    r"4\d{12}(?:\d{3}){0,2}$|5[1-5]\d{14}$|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}$|3[47]\d{13}$|3(?:0[0-5]|[689]\d)\d{11}$"
    r"|6(?:011|5\d\d|4[4-9]\d)\d{12}$|35(?:2[89]|[3-8]\d)\d{12}$|62\d{14,17}$|(?:2131|1800)\d{11}$|(?:5018|5020|5038|6304|6759|676[1-3])\d{8,15}$"
)
_IPV4 = re.compile(r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_VERSIONED = re.compile(r"(?:version|ver\.?|v|build|release|section|abschnitt|§)\s*$", re.IGNORECASE)

_DATE = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}$|\d{4}[./-]\d{1,2}[./-]\d{1,2}$")
_PHONE_INTERNATIONAL = re.compile(
    r"(?<![\w+./-])(?<![0-9] )(?:\+|00)[1-9]\d{0,2}[ ./-]?(?:\(0?\d{1,4}\)[ ./-]?)?\d{1,4}(?:[ ./-]?\d{2,4}){1,5}"
    r"(?:-\d{1,4}|\s?(?:x|ext\.?)\s?\d{1,6})?(?![\w-]|[.,]\d)"
)
_PHONE_AMERICAN = re.compile(
    r"(?<![\w+./(-])(?:1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[.-])[2-9]\d{2}[ .-]\d{4}(?:\s?(?:x|ext\.?)\s?\d{1,5})?(?![\w-])"
)
_PHONE_LABELLED = re.compile(
    r"\b(?:phone|telephone|tel|mobile|cell|fax|call(?:\s+me\s+(?:at|on))?|telefon|handy|mobil|rufnummer|téléphone|tél|portable|teléfono|móvil|telefono|cellulare|telefoon|telefone)"
    r"(?:\s?(?:no|nr|number|nummer))?[.:]{0,2}\s{0,3}(?P<number>\(?0?\d{1,5}\)?(?:[ ./-]{0,2}\(?\d{2,5}\)?){1,5})(?![\w-]|[.,]\d)",
    re.IGNORECASE,
)
_PHONE_NATIONAL = re.compile(
    r"(?<![\w+./-])(?:\(0\d{2,4}\) ?\d{3,4}[ -]?\d{3,5}|0\d{2,4}[ ]?/[ ]?\d{3,4}[ -]?\d{2,5}|0\d(?:[ .]\d{2}){4})(?![\w-]|[.,]\d)"
)

_SECRETS = re.compile(
    r"(?<![A-Za-z0-9_-])(?:"
    r"AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{60,255}|glpat-[A-Za-z0-9_-]{20,64}"
    r"|sk-(?:proj-|ant-|or-)?[A-Za-z0-9_-]{20,200}|[sr]k_(?:live|test)_[A-Za-z0-9]{16,128}|xox[abposr]-[A-Za-z0-9-]{10,128}"
    r"|AIza[0-9A-Za-z_-]{35}|ya29\.[0-9A-Za-z_-]{20,255}|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,255}|hf_[A-Za-z0-9]{30,64}"
    r"|SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}|eyJ[A-Za-z0-9_-]{10,500}\.eyJ[A-Za-z0-9_-]{10,2000}\.[A-Za-z0-9_-]{10,500}"
    r")(?![A-Za-z0-9_-])"
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:[A-Z]{2,10} ){0,2}PRIVATE KEY-----(?:[A-Za-z0-9+/=\s:,]|-(?!-)){20,8000}-----END (?:[A-Z]{2,10} ){0,2}PRIVATE KEY-----"
)
_ASSIGNED = re.compile(
    r"\b(?:api[_ -]?key|secret(?:[_ -]?key)?|access[_ -]?token|auth[_ -]?token|token|passw(?:or)?d|passwort|client[_ -]?secret)"
    r"[\"'`*]{0,3}[ \t]{0,3}[:=][ \t]{0,3}[\"'`]{0,3}(?P<value>[^\s\"'`<>{}$()\[\],;|*]{8,200})",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"(?:x{4,}|\*{3,}|\.{3,}|your|example|placeholder|changeme|redacted|dummy|sample|secret|password|<|\$|https?:|/)",
    re.IGNORECASE,
)


_IN_URL = re.compile(r"://\S{0,60}$")
_NEVER = re.compile(r"(?!)")


class _Form(NamedTuple):
    kind: str
    score: float
    pattern: re.Pattern[str]
    holds: Callable[[str], bool]
    """Check digits, ranges, entropy: what a pattern cannot say of the value."""
    not_after: re.Pattern[str] = _NEVER
    """What stands before a look-alike."""


def personal_data(text: str) -> list[Span]:
    """E-mail addresses, phone numbers, IBANs, payment cards, IP addresses, and secrets in `text`, in order, without overlaps.

    Kinds: `email`, `phone`, `iban`, `card`, `ip`, `secret`. Where two forms overlap, the surer one counts.
    """
    found = sorted(_found(text), key=lambda span: (-span.score, span.start - span.end, span.start, span.kind))
    taken: list[Span] = []
    ends: set[int] = set()
    for span in found:
        covered = range(span.start, span.end)
        if ends.isdisjoint(covered):
            taken.append(span)
            ends.update(covered)
    return sorted(taken, key=lambda span: span.start)


def _found(text: str) -> Iterator[Span]:
    for form in _FORMS:
        for match in form.pattern.finditer(text):
            group = match.lastgroup or 0
            if form.holds(match[group]) and not form.not_after.search(text, max(0, match.start() - 64), match.start()):
                yield Span(kind=form.kind, start=match.start(group), end=match.end(group), score=form.score)


def _always(value: str) -> bool:
    return bool(value)


def _is_mailbox(value: str) -> bool:
    return ".." not in value and not _ROLE_MAILBOX.match(value)


def _is_iban(value: str) -> bool:
    """ISO 13616: the country and check digits moved to the end, letters as numbers from 10 on, modulo 97 is 1."""
    bare = value.replace(" ", "").replace("-", "")
    return 15 <= len(bare) <= 34 and int("".join(str(int(sign, 36)) for sign in bare[4:] + bare[:4])) % 97 == 1


def _is_card(value: str) -> bool:
    """ISO/IEC 7812: a range given to an issuer, and the Luhn sum."""
    digits = re.sub(r"[ -]", "", value)
    if len(set(digits)) < 4 or not _ISSUERS.match(digits):
        return False
    doubled = (int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(digits)))
    return sum(number - 9 * (number > 9) for number in doubled) % 10 == 0


def _is_ip(value: str) -> bool:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    if address.version == 6:
        return sum(map(str.isalnum, value)) >= 4 and not address.is_multicast
    parts = address.packed
    numbering = max(parts) < 32 and parts[0] != 10  # 6.4.5.1 is a section
    return not (numbering or parts[0] in {0, 127, 255} or address.is_multicast)


def _is_phone(value: str) -> bool:
    digits = re.sub(r"\D", "", value)
    return 7 <= len(digits) <= 20 and len(set(digits)) > 2 and not _DATE.match(value)


def _is_secret(value: str) -> bool:
    value = value.rstrip(".")
    kinds = sum(any(map(test, value)) for test in (str.islower, str.isupper, str.isdigit)) + any(
        not sign.isalnum() for sign in value
    )
    return not _PLACEHOLDER.search(value) and kinds >= 3 and any(map(str.isdigit, value)) and _entropy(value) >= 3.0


def _is_key(value: str) -> bool:
    return _entropy(value) >= 3.2 and any(map(str.isdigit, value)) and "xxxx" not in value.casefold()


def _entropy(value: str) -> float:
    """Bits per sign (Shannon)."""
    return -sum(count / len(value) * math.log2(count / len(value)) for count in Counter(value).values())


_FORMS = (
    _Form("secret", 1.0, _PRIVATE_KEY, _always),
    _Form("secret", 0.95, _SECRETS, _is_key),
    _Form("email", 1.0, _EMAIL, _is_mailbox),
    _Form("iban", 1.0, _IBAN, _is_iban),
    _Form("card", 0.98, _CARD, _is_card),
    _Form("ip", 0.9, _IPV4, _is_ip, _VERSIONED),
    _Form("ip", 0.9, _IPV6, _is_ip, _VERSIONED),
    _Form("phone", 0.9, _PHONE_INTERNATIONAL, _is_phone, _IN_URL),
    _Form("phone", 0.85, _PHONE_LABELLED, _is_phone, _IN_URL),
    _Form("phone", 0.8, _PHONE_AMERICAN, _is_phone, _IN_URL),
    _Form("phone", 0.7, _PHONE_NATIONAL, _is_phone, _IN_URL),
    _Form("secret", 0.8, _ASSIGNED, _is_secret),
)
