"""Ways to write an order so that a reader, or a detector, does not see it; and to read it again as a model can."""

import base64
import codecs
import html
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias
from urllib.parse import quote, unquote

Code: TypeAlias = Literal[
    "plain",
    "base64",
    "rot13",
    "hex",
    "reversed",
    "spaced",
    "entities",
    "percent",
    "fullwidth",
    "zero_width",
    "tags",
    "look_alikes",
    "bidi",
]
_TAGS = 0xE0000
_ALIKE = dict(zip("aceiopsxyABCEHIKMOPTX", "асеіорѕхуАВСЕНІКМОРТХ", strict=True))
_PLAIN = {alike: plain for plain, alike in _ALIKE.items()}
_UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_BLOB = re.compile(r"[A-Za-z0-9+/]{24,4000}={0,2}")
_HEX = re.compile(r"(?:[0-9a-f]{2}){12,2000}")
_SPACED = re.compile(r"(?<!\S)(?:\S ){7,400}\S(?!\S)")

_WRITE: Mapping[Code, Callable[[str], str]] = {
    "plain": lambda text: text,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "rot13": lambda text: codecs.encode(text, "rot13"),
    "hex": lambda text: text.encode().hex(),
    "reversed": lambda text: text[::-1],
    "spaced": " ".join,
    "entities": lambda text: "".join(f"&#{ord(sign)};" for sign in text),
    "percent": lambda text: quote(text).replace(".", "%2E"),
    "fullwidth": lambda text: "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text),
    "zero_width": "\u200b".join,
    "tags": lambda text: "".join(chr(_TAGS + ord(sign)) for sign in text if " " <= sign <= "~"),
    "look_alikes": lambda text: "".join(_ALIKE.get(sign, sign) for sign in text),
    "bidi": lambda text: f"\u202e{text[::-1]}\u202c",
}


def disguised(text: str, code: Code) -> str:
    return _WRITE[code](text)


def readings(text: str) -> list[str]:
    """The text, and what else it says to a patient reader."""
    seen = _UNSEEN.sub("", "".join(chr(ord(sign) - _TAGS) if 0xE0020 <= ord(sign) <= 0xE007E else sign for sign in text))
    plain = unicodedata.normalize("NFKC", "".join(_PLAIN.get(sign, sign) for sign in seen))
    closed = _SPACED.sub(lambda found: found[0].replace(" ", ""), plain)
    found = [text, seen, plain, closed, html.unescape(plain), unquote(plain), codecs.encode(plain, "rot13"), plain[::-1]]
    encoded = (_decoded(blob + "=" * (-len(blob) % 4), base64.b64decode) for blob in _BLOB.findall(plain))
    return [*found, *encoded, *(_decoded(blob, bytes.fromhex) for blob in _HEX.findall(plain))]


def _decoded(blob: str, decode: Callable[[str], bytes]) -> str:
    try:
        return decode(blob).decode("utf-8", "replace")
    except ValueError:
        return ""
