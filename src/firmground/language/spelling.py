"""Words that are spelled alike, or of which one is a part of the other."""

from collections.abc import Collection

_SHORTEST = 5
"""Letters. Shorter words have too many neighbours."""


def akin(word: str, among: Collection[str]) -> frozenset[str]:
    """The words of `among` that may be meant by a word which is not one of them.

    Those one slip away: a letter too many, missing, wrong, or two exchanged, the first letter being right; where there are none, those
    that it begins or ends with as a compound does. Only words of letters, of at least five; nothing for others.
    """
    if len(word) < _SHORTEST or not word.isalpha():
        return frozenset()
    near = (other for other in among if other[:1] == word[0] and -1 <= len(other) - len(word) <= 1)
    slips = frozenset(other for other in near if one_slip(word, other))
    return slips or frozenset(other for other in among if _part(other, word) or _part(word, other))


def one_slip(one: str, other: str) -> bool:
    """Whether one letter more, less, or different, or two neighbours exchanged, make one of the other; they begin alike."""
    if abs(len(one) - len(other)) > 1 or min(len(one), len(other)) < _SHORTEST - 1 or one[0] != other[0] or one == other:
        return False
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, others = one[at:], other[at:]
    return (
        rest[1:] == others[1:]
        or rest[1:] == others
        or rest == others[1:]
        or (rest[:2] == others[1::-1] and len(rest) > 1 and rest[2:] == others[2:])
    )


def _part(short: str, long: str) -> bool:
    """Whether a long word begins or ends with a short one, the rest being a word's length too."""
    rest = len(long) - len(short)
    return (
        len(short) >= _SHORTEST and rest >= _SHORTEST - 2 and short.isalpha() and (long.startswith(short) or long.endswith(short))
    )
