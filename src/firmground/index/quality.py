"""What is odd about one document, where, and what a person can do about it."""

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from firmground.index.dates import expires, updated
from firmground.index.structure import Block, blocks
from firmground.types import Finding, Parsed, Value

_WORD = re.compile(r"\w+")
_REPLACED = re.compile("\ufffd+")
_MOJIBAKE = re.compile(
    "Ã[\u0080-\u009f\u00a1-\u00bfŸ„€‰œš]|Â[\u00a0\u00a7\u00a9\u00ab\u00ae\u00b0\u00b4\u00b7\u00bb]|â€[\u0080-\u009f™œž“”¦˜\u00a2]|ï»¿|Ð[\u0080-\u00bf]Ñ"
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ue000-\uf8ff]")
_VOWEL = re.compile("[aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýœ]", re.I)
_LATIN = re.compile("[A-Za-zÀ-ɏ]+(?:['’-][A-Za-zÀ-ɏ]+)*$")
_SOUND_EDGE = "\"'“”„‘’«»()[]{}<>.,;:!?…*_`#|/–—-%€$£§&+="
_LINKISH = re.compile(r"://|@|www\.|/|\\|`|_|=|\d")
_WARNING = re.compile(r"(\w+)(?::\s*(.*))?")


class _Noise(NamedTuple):
    odd: int
    words: int


class Inspector(Value):
    """Looks at one document at a time. The limits are its fields."""

    least_words: int = 8
    """Fewer words than this are too few to answer a question from."""
    stale_days: int = 730
    """Days after the date a document states for itself from which it is called stale."""
    unstructured_characters: int = 12_000
    """From this length on a text should have headings."""
    odd_share: float = 0.4
    """Share of signs that are no words of any language from which a text is called garbled."""

    def inspect(self, uri: str, text: str, parsed: Parsed, language: str, today: date) -> list[Finding]:
        """Findings in a fixed order of their kinds: emptiness, encoding, garbling, age, structure."""
        found = [*self._emptiness(uri, text), *self._encoding(uri, text, parsed)]
        if not any(finding.code == "empty" for finding in found):
            structure = blocks(text)
            found += self._garbled(uri, text, structure, language)
            found += self._age(uri, text, parsed, today)
            found += self._structure(uri, text, structure)
        return found

    def _emptiness(self, uri: str, text: str) -> Iterator[Finding]:
        words = sum(1 for _ in zip(_WORD.finditer(text), range(self.least_words), strict=False))
        dense = sum("\u0e00" <= sign <= "\u0eff" or "\u3040" <= sign <= "\u9fff" for sign in text[:500])
        if not words:
            yield Finding(
                code="empty", uri=uri, detail="holds no words", remedy="add the text, or remove the file from its source"
            )
        elif words < self.least_words and dense < 2 * self.least_words:
            yield Finding(
                code="near_empty",
                uri=uri,
                detail=f"holds only {words} words",
                remedy="complete it, or exclude it from the source until it is written",
                start=0,
                end=len(text),
            )

    def _encoding(self, uri: str, text: str, parsed: Parsed) -> Iterator[Finding]:
        broken = list(_MOJIBAKE.finditer(text))
        if len(broken) > 1 or (broken and len(text) < 2000):
            yield Finding(
                code="wrong_encoding",
                uri=uri,
                detail=f"{len(broken)} letters were read in the wrong encoding, first {broken[0][0]!r}",
                remedy="open the original with the encoding it was written in and save it as UTF-8",
                start=broken[0].start(),
                end=broken[0].end(),
            )
        for warning in parsed.warnings:
            said = _WARNING.match(warning)
            if said and said[1] == "encoding_guessed":
                yield Finding(
                    code="encoding_guessed",
                    uri=uri,
                    detail=f"states no encoding; read as {said[2] or parsed.encoding or 'unknown'}",
                    remedy="check letters with accents in it, and save the file as UTF-8",
                )

    def _garbled(self, uri: str, text: str, structure: list[Block], language: str) -> Iterator[Finding]:
        for pattern, what in ((_REPLACED, "signs were lost when it was read"), (_CONTROL, "control or private-use signs")):
            lost = list(pattern.finditer(text))
            if lost and (len(lost) >= 3 or len(lost) * 1000 > len(text)):
                yield Finding(
                    code="garbled",
                    uri=uri,
                    detail=f"{len(lost)} {what}",
                    remedy="replace the file by a sound copy, or export it again from its program",
                    start=lost[0].start(),
                    end=lost[0].end(),
                )
        worst = self._worst(text, structure) if language in _LATIN_LANGUAGES else None
        if worst:
            block, share = worst
            yield Finding(
                code="garbled",
                uri=uri,
                detail=f"{share:.0%} of what it holds are no words",
                remedy="scan it again with more contrast or another language setting, or replace it by the original file",
                start=block.start,
                end=block.end,
            )

    def _worst(self, text: str, structure: list[Block]) -> tuple[Block, float] | None:
        """The stretch with most oddities, if the document as a whole is full of them."""
        prose = [(block, _noise(text[block.start : block.end])) for block in structure if block.kind in {"text", "list", "quote"}]
        odd = sum(noise.odd for _, noise in prose)
        words = sum(noise.words for _, noise in prose)
        if words < 30 or odd < self.odd_share * words:
            return None
        return max(prose, key=lambda pair: pair[1].odd)[0], odd / words

    def _age(self, uri: str, text: str, parsed: Parsed, today: date) -> Iterator[Finding]:
        ends = expires(text, parsed.metadata)
        if ends and ends.day < today:
            yield Finding(
                code="stale",
                uri=uri,
                detail=f"says it is valid until {ends.day}, {(today - ends.day).days} days ago",
                remedy="renew it and its date, or remove it",
                start=ends.start,
                end=ends.end,
            )
            return
        said = updated(text, parsed.metadata)
        if said and (today - said.day).days > self.stale_days and not (ends and ends.day >= today):
            yield Finding(
                code="stale",
                uri=uri,
                detail=f"says it was last updated on {said.day}, {(today - said.day).days} days ago",
                remedy="check that it still holds and update its date, or remove it",
                start=said.start,
                end=said.end,
            )

    def _structure(self, uri: str, text: str, structure: list[Block]) -> Iterator[Finding]:
        if len(text) < self.unstructured_characters or any(block.kind != "text" for block in structure):
            return
        yield Finding(
            code="low_structure",
            uri=uri,
            detail=f"{len(text)} characters without a heading, list or table",
            remedy="add headings: answers then point to the right section",
        )


_LATIN_LANGUAGES = frozenset(
    {"", "en", "de", "fr", "es", "it", "nl", "pt", "sv", "da", "no", "fi", "ro", "ca", "la", "id", "eu", "et"}
)
"""Languages whose words need a vowel this module knows; "" is what identification says of noise."""


def _noise(text: str) -> _Noise:
    """How many of the words of `text` are none: letters mixed with signs, without vowels, or in scattered capitals."""
    odd = words = 0
    for raw in text.split():
        word = raw.strip(_SOUND_EDGE)
        if not word:
            odd += len(raw) == 1 and raw in "|~^\\¦¬"
            continue
        if _LINKISH.search(raw):
            continue
        if not raw[0].isascii() and not _LATIN.match(word):
            continue  # another script
        words += 1
        odd += not _sound(word)
    return _Noise(odd, words + odd)


def _sound(word: str) -> bool:
    if not _LATIN.match(word):
        return False
    if len(word) == 1:
        return word in "aAIyYoOeEuUiàèéùöäüåæø"
    if word.isupper() or not _VOWEL.search(word):
        return word.isupper()
    inner = word[1:]
    return inner.islower() or word[0].islower() or "-" in word or "'" in word or sum(map(str.isupper, inner)) <= 2
