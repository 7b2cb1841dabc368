"""Keys, tokens and passwords: by the marks of their issuers, and by a word that says so before a value nobody writes by chance."""

import math
import re
from collections import Counter
from collections.abc import Iterator

from firmground.guard.personal.reading import Found, Reading

_ISSUED = {
    "AKIA": "[0-9A-Z]{16}",
    "ASIA": "[0-9A-Z]{16}",
    "AIza": "[0-9A-Za-z_-]{35}",
    "ya29.": "[0-9A-Za-z_-]{20,255}",
    "GOCSPX-": "[0-9A-Za-z_-]{24,40}",
    "ghp_": "[A-Za-z0-9]{36,255}",
    "gho_": "[A-Za-z0-9]{36,255}",
    "ghu_": "[A-Za-z0-9]{36,255}",
    "ghs_": "[A-Za-z0-9]{36,255}",
    "ghr_": "[A-Za-z0-9]{36,255}",
    "github_pat_": "[A-Za-z0-9_]{60,255}",
    "glpat-": "[A-Za-z0-9_-]{20,64}",
    "sk-": "[A-Za-z0-9_-]{20,200}",
    "sk_live_": "[A-Za-z0-9]{16,128}",
    "sk_test_": "[A-Za-z0-9]{16,128}",
    "rk_live_": "[A-Za-z0-9]{16,128}",
    "rk_test_": "[A-Za-z0-9]{16,128}",
    "whsec_": "[A-Za-z0-9+/=]{24,80}",
    "xoxa-": "[A-Za-z0-9-]{10,128}",
    "xoxb-": "[A-Za-z0-9-]{10,128}",
    "xoxp-": "[A-Za-z0-9-]{10,128}",
    "xoxs-": "[A-Za-z0-9-]{10,128}",
    "xapp-": "[A-Za-z0-9-]{20,160}",
    "hooks.slack.com/services/": "[A-Za-z0-9/]{30,80}",
    "npm_": "[A-Za-z0-9]{36}",
    "pypi-": "[A-Za-z0-9_-]{50,255}",
    "hf_": "[A-Za-z0-9]{30,64}",
    "gsk_": "[A-Za-z0-9]{40,64}",
    "r8_": "[A-Za-z0-9]{36,40}",
    "pplx-": "[A-Za-z0-9]{40,64}",
    "xai-": "[A-Za-z0-9]{60,90}",
    "SG.": r"[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}",
    "dop_v1_": "[a-f0-9]{64}",
    "shpat_": "[a-fA-F0-9]{32}",
    "shpss_": "[a-fA-F0-9]{32}",
    "dapi": "[a-f0-9]{32}(?:-[0-9])?",
    "hvs.": "[A-Za-z0-9_-]{24,128}",
    "PMAK-": "[a-f0-9]{24}-[a-f0-9]{34}",
    "NRAK-": "[A-Z0-9]{27}",
    "glsa_": "[A-Za-z0-9]{32}_[a-f0-9]{8}",
    "lin_api_": "[A-Za-z0-9]{40}",
    "ntn_": "[A-Za-z0-9]{40,64}",
    "ATATT3": "[A-Za-z0-9_=-]{50,255}",
    "sntrys_": "[A-Za-z0-9+/=_]{40,255}",
    "AGE-SECRET-KEY-1": "[0-9A-Z]{50,64}",
    "eyJ": r"[A-Za-z0-9_-]{10,500}\.eyJ[A-Za-z0-9_-]{10,2000}\.[A-Za-z0-9_-]{10,500}",
}
"""What a key begins with → what follows."""
_MARKED = re.compile(
    r"(?<![A-Za-z0-9_-])(?:" + "|".join(f"{re.escape(mark)}{rest}" for mark, rest in _ISSUED.items()) + r")(?![A-Za-z0-9_-])"
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:[A-Z0-9]{2,10} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:[A-Za-z0-9+/=\s:,.()\\]|-(?!-)){20,8000}+"
    r"(?:-----END (?:[A-Z0-9]{2,10} ){0,3}PRIVATE KEY(?: BLOCK)?-----)?"
)
_IN_ADDRESS = re.compile(r"://[^\s:/@\"'<>]{1,64}:(?P<value>[^\s:/@\"'<>]{3,128})@")
_ACCOUNT_KEY = re.compile(r"(?:AccountKey|SharedAccessKey|SharedSecret)=(?P<value>[A-Za-z0-9+/]{32,100}={0,2})")
_BEARER = re.compile(
    r"\b(?:authorization\s{0,3}[:=]\s{0,3}[\"']?)(?:bearer|basic|token)\s{1,3}(?P<value>[A-Za-z0-9._~+/=-]{12,1000})",
    re.IGNORECASE,
)
_NAMES = (
    r"(?:api[_ -]?keys?|(?:app|client|shared|consumer)[_ -]?(?:secret|key)|secret(?:[_ -]?(?:access)?[_ -]?key)?|(?:access"
    r"|auth|refresh|session|bearer|bot)[_ -]?token"
    r"|token|credentials?|passw(?:or)?d|passphrase|pwd|passcode|passwort|kennwort|zugangscode|mot de passe|contraseña|clave"
    r"|senha|parola|wachtwoord"
    r"|hasło|lösenord)"
)
_ASSIGNED = re.compile(
    rf"(?<![^\W_]){_NAMES}[\"'`*]{{0,3}}(?:[ \t]{{0,3}}[:=][=>]?[ \t]{{0,3}}| (?:is|ist|lautet|est|es|è|é|war|was)(?: now"
    rf"| jetzt)?:? {{1,3}})[\"'`*]{{0,3}}"
    r"(?P<value>[^\s\"'`<>{}$()\[\],;|*]{8,200})",
    re.IGNORECASE,
)
_NAME_PARTS = re.compile(
    r"key|secret|token|credential|passw|passphrase|passcode|pwd|kennwort|zugangsc|passe|contrase|clave|senha|parola|wachtw"
    r"|hasł|lösen"
)
_NO_VALUE = re.compile(
    r"(?:x{4,}|\*{3,}|\.{3,}|your|example|placeholder|changeme|redacted|dummy|sample|secret|password|<|\$|https?:|/"
    r"|^[\w.-]{1,64}@)",
    re.IGNORECASE,
)


def secrets(reading: Reading) -> Iterator[Found]:
    text = reading.text
    if "PRIVATE KEY" in text:
        yield from (Found("secret", 1.0, *match.span()) for match in _PRIVATE_KEY.finditer(text))
    if any(mark in text for mark in _ISSUED):
        yield from (Found("secret", 1.0, *match.span()) for match in _MARKED.finditer(text) if _is_key(match[0]))
    if "://" in text:
        yield from (
            Found("secret", 1.0, *match.span("value"))
            for match in _IN_ADDRESS.finditer(text)
            if not _NO_VALUE.search(match["value"])
        )
    if "AccountKey=" in text or "SharedAccessKey=" in text:
        yield from (Found("secret", 1.0, *match.span("value")) for match in _ACCOUNT_KEY.finditer(text))
    if "authorization" in reading.lower:
        yield from (Found("secret", 0.95, *match.span("value")) for match in _BEARER.finditer(text) if _is_key(match["value"]))
    for start, end in reading.around(_NAME_PARTS.finditer(reading.lower), 20, 260):
        for match in _ASSIGNED.finditer(text, start, end):
            value = match["value"].rstrip(".!?:")
            if _is_secret(value):
                yield Found("secret", 0.8, match.start("value"), match.start("value") + len(value))


def _is_secret(value: str) -> bool:
    """Of three kinds of signs, digits among them, and not a word, an address or what stands for a value."""
    kinds = sum(any(map(test, value)) for test in (str.islower, str.isupper, str.isdigit)) + any(
        not sign.isalnum() for sign in value
    )
    mixed = kinds >= 3 or (kinds == 2 and len(value) >= 24)
    return not _NO_VALUE.search(value) and mixed and any(map(str.isdigit, value)) and _entropy(value) >= 2.75


def _is_key(value: str) -> bool:
    return _entropy(value) >= 3.2 and any(map(str.isdigit, value)) and "xxxx" not in value.casefold()


def _entropy(value: str) -> float:
    """Bits per sign (Shannon)."""
    return -sum(count / len(value) * math.log2(count / len(value)) for count in Counter(value).values())
