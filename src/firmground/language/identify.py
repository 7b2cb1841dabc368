"""Which language a text is written in."""

import re
import threading
from functools import cache
from typing import Protocol, cast

from firmground.language.placeholders import PLACEHOLDER

_SAMPLE = 400
"""Characters per sample; three samples (start, middle, end) of a long text are looked at."""
_SURE = 0.5
_NOISE = re.compile(
    rf"{PLACEHOLDER.pattern}|"
    r"```.*?(?:```|\Z)|`[^`\n]*`|<[^>\n]{1,200}>|\S{0,100}(?:://|@)\S*|\S{0,100}\d\S*|[#*_|>=~\\\[\](){}-]+",
    re.S,
)
_SPACE = re.compile(r"\s+")
_SAME = {"yue": "zh", "wuu": "zh", "pcm": "en", "nn": "no", "arz": "ar", "ary": "ar", "sdh": "ku"}
"""Close relatives that a short text cannot be told apart from; the analysis is the same."""

_SCRIPTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile("[\u3400-\u9fff]")),
    ("th", re.compile("[\u0e01-\u0e5b]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("he", re.compile("[\u05d0-\u05ea]")),
    ("ka", re.compile("[\u10a0-\u10ff]")),
    ("hy", re.compile("[\u0530-\u058f]")),
    ("ta", re.compile("[\u0b80-\u0bff]")),
    ("te", re.compile("[\u0c00-\u0c7f]")),
    ("km", re.compile("[\u1780-\u17ff]")),
)
"""Scripts that decide the language alone. Kana comes before Han, which Japanese uses too."""


class _Identifier(Protocol):
    def rank(self, text: str) -> list[tuple[str, float]]: ...


def identify(text: str, among: frozenset[str] | None = None) -> str:
    """ISO 639-1 code of the language most of `text` is in, or "" when unsure.

    Looks at a bounded sample, so the cost does not grow with the text. `among` limits the answer to these codes, which makes
    short texts decidable; a text in none of them still gives "" where its script says so.
    """
    sample = _sample(text)
    letters = sum(map(str.isalpha, sample))
    if letters < 2:
        return ""
    by_script = _by_script(sample, letters)
    if by_script:
        return by_script if among is None or by_script in among else ""
    shares: dict[str, float] = {}
    for label, share in _identifier().rank(sample):
        code = _SAME.get(label, label)
        if len(code) == 2:
            shares[code] = shares.get(code, 0.0) + share
    return _decide(shares, among)


def prepare() -> None:
    """Begin to load what the first `identify` of a process waits for, while the caller does something else."""
    if not _load.cache_info().currsize:
        threading.Thread(target=_identifier, name="identify", daemon=True).start()


def _decide(shares: dict[str, float], among: frozenset[str] | None) -> str:
    if among is not None:
        kept = {code: shares.get(code, 0.0) for code in sorted(among)}
        mass = sum(kept.values())
        if mass < 0.1:
            return ""
        shares = {code: share / mass for code, share in kept.items()}
    best = max(shares, key=lambda code: shares[code], default="")
    needed = _SURE if among is None else 0.7
    return best if best and shares[best] >= needed else ""


def _sample(text: str) -> str:
    if len(text) > 12 * _SAMPLE:
        size = 3 * _SAMPLE
        middle = len(text) // 2
        pieces = (text[:size], text[middle : middle + size], text[-size:])
    else:
        pieces = (text,)
    words = [_SPACE.sub(" ", _NOISE.sub(" ", piece)).strip() for piece in pieces]
    limit = _SAMPLE if len(pieces) > 1 else 3 * _SAMPLE
    return " ".join(piece[:limit] for piece in words)


def _by_script(sample: str, letters: int) -> str:
    if sample.isascii():
        return ""
    for code, script in _SCRIPTS:
        # One kana among many Han characters already makes it Japanese; elsewhere the script must prevail.
        needed = 0.1 if code == "ja" else 0.5 if code != "zh" else 0.3
        if len(script.findall(sample)) > needed * letters:
            return code
    return ""


_loading = threading.Lock()


def _identifier() -> _Identifier:
    with _loading:
        return _load()


@cache
def _load() -> _Identifier:
    from py3langid import langid

    load = langid.LanguageIdentifier.from_model_file  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return cast("_Identifier", load(langid.MODEL_FILE, norm_probs=True))
