"""Signs that nobody sees, and letters that look like others: what hides text from readers, without the scripts that are spelled so."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache

_SPELLED = "\u0600-\u061b\u061d-\u109f\u1780-\u17b3\u17b6-\u180a\u1810-\u18af\ufb50-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc"
"""Scripts, Arabic to Mongolian, in which joiners tell words apart."""
_SPACELESS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17b3\u17b6-\u17ff"
"""Scripts that write no spaces, where a space without width says where a word ends."""
_PICTURES = "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_FLAGS = "|".join("".join(chr(0xE0000 + ord(sign)) for sign in name) for name in ("gbeng", "gbsct", "gbwls"))

_UNSEEN = re.compile(
    rf"(?P<kept>\U0001f3f4(?:{_FLAGS})\U000e007f)"
    "|[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200e\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0"
    "\ufff0-\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
    f"|(?<![{_SPELLED}{_PICTURES}])(?<![{_PICTURES}0-9#*]\ufe0f)[\u200c\u200d]|[\u200c\u200d](?![{_SPELLED}{_PICTURES}])"
    f"|(?<![{_SPACELESS}])\u200b|\u200b(?![{_SPACELESS}])"
    f"|(?<![{_PICTURES}0-9#*])[\ufe0e\ufe0f]|[\ufe00-\ufe0d]"
    "|(?<![\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])[\U000e0100-\U000e01ef]"
)
"""Not among them: joiners inside of a word or a picture, one sign that chooses how a picture or an ideograph is drawn, three flags."""
_PERHAPS = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Without one of these nothing is hidden: most texts are found to be so at once."""

_LOOKS = {
    "a": "аɑα", "b": "Ьƅ", "c": "сϲⅽ", "d": "ԁⅾ", "e": "еҽε℮", "f": "ƒ", "g": "ɡց", "h": "һհ", "i": "іıɩιӏ", "j": "јϳ",
    "k": "κкᴋ", "l": "ⅼǀ", "m": "ⅿмᴍ", "n": "ոпη", "o": "оοօσ", "p": "рρ", "q": "ԛգ", "r": "гᴦ", "s": "ѕꜱ", "t": "тτᴛ",
    "u": "υսц", "v": "νѵⅴ", "w": "ѡԝω", "x": "хχⅹ", "y": "уүγ", "z": "ᴢ",
    "A": "АΑ", "B": "ВΒ", "C": "СϹ", "E": "ЕΕ", "F": "Ϝ", "G": "Ԍ", "H": "НΗ", "I": "ІΙӀ", "J": "Ј", "K": "КΚ", "M": "МΜ", "N": "Ν",
    "O": "ОΟՕ", "P": "РΡ", "Q": "Ԛ", "R": "Ʀ", "S": "ЅՏ", "T": "ТΤ", "U": "Ս", "V": "Ѵ", "W": "Ԝ", "X": "ХΧ", "Y": "УΥҮ", "Z": "Ζ",
}  # fmt: skip
_ALIKE = {ord(other): letter for letter, others in _LOOKS.items() for other in others}
_FOREIGN = re.compile("[^\x00-\u00a9]")


def unseen(text: str) -> Iterator[tuple[int, int]]:
    """The stretches of signs that readers do not see, in order: without width, tags, changes of direction, abused selectors of variants.

    What emoji and the scripts of Asia are spelled with is left out, where it stands where they put it. Linear in time.
    """
    if text.isascii() or not _PERHAPS.search(text):
        return
    begun = ended = -1
    for found in _UNSEEN.finditer(text):
        if found["kept"]:
            continue
        if found.start() != ended:
            if ended >= 0:
                yield begun, ended
            begun = found.start()
        ended = found.end()
    if ended >= 0:
        yield begun, ended


def without_unseen(text: str) -> str:
    """The text as readers see it. Doing it twice changes nothing."""
    return text if text.isascii() or not _PERHAPS.search(text) else _UNSEEN.sub(lambda found: found["kept"] or "", text)


class Seen:
    """A text as readers see it, and which of its places is which of the original."""

    def __init__(self, original: str) -> None:
        kept: list[str] = []
        self._ends: list[int] = []
        """Where stretches that nobody sees end in the original, and, at the same position, where each was in `text`."""
        self._places: list[int] = []
        self._gone: list[int] = [0]
        last = 0
        for start, end in unseen(original):
            kept.append(original[last:start])
            self._places.append(start - self._gone[-1])
            self._ends.append(end)
            self._gone.append(self._gone[-1] + end - start)
            last = end
        self.text = "".join([*kept, original[last:]]) if kept else original

    @property
    def gone(self) -> int:
        """How many signs nobody sees."""
        return self._gone[-1]

    def original(self, at: int) -> int:
        """Where the sign at this place of `text` stands in the original."""
        return at + self._gone[bisect_right(self._places, at)]

    def place(self, original: int) -> int:
        """Where in `text` an offset of the original is; inside of what nobody sees: where that was."""
        passed = bisect_right(self._ends, original)
        now = original - self._gone[passed]
        return min(now, self._places[passed]) if passed < len(self._places) else now


def latinised(text: str) -> str:
    """As long as `text`, with Latin letters for all that look like them (Cyrillic, Greek, full width, mathematical, accented). To compare
    with, not to show."""
    return text if text.isascii() else _FOREIGN.sub(lambda found: _latin(found[0]), text)


@lru_cache(maxsize=4096)
def _latin(sign: str) -> str:
    plain = unicodedata.normalize("NFKD", sign)[0]
    return _ALIKE.get(ord(plain), plain)
