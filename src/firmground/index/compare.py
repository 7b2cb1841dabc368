"""What is odd between documents: duplicates, outdated versions, statements that contradict each other."""

import base64
import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from firmground.index.dates import Said, day, updated
from firmground.language.sentences import sentences
from firmground.types import Finding, Value

_TOKEN = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\\w+")
_SHINGLE = 3
_PERMUTATIONS = 126
_ROWS = 6
"""126 = 21 bands of 6: two texts that share 80 % of their shingles meet in some band with probability .998."""
_SEED = 20_26
_TOKENS_READ = 60_000
_LEAST_SHINGLES = 20
_BUCKET = 64

_VERSION = re.compile(r"\b(?:v|ver|version|rev|revision|fassung|edition|release)\.?\s*(\d+(?:\.\d+)*)\b", re.I)
_DATE_IN_TITLE = re.compile(r"\b(?:19|20)\d{2}(?:[-_.]?\d{2}(?:[-_.]?\d{2})?)?\b|\b\d{1,2}\.\d{1,2}\.(?:19|20)\d{2}\b")
_DRAFTY = re.compile(
    r"\b(?:copy|kopie|copie|final|draft|entwurf|old|alt|new|neu|latest|archive[d]?|superseded|veraltet|obsolete)\b|\(\d+\)", re.I
)
_SERIES = re.compile(
    r"minutes|meeting|notes|protokoll|report|bericht|newsletter|change ?log|release notes|invoice|rechnung|agenda|journal|weekly|monthly"
    r"|quarter|slides|compte rendu|acta|statement|budget|results",
    re.I,
)
_GENERIC = frozenset(
    "readme index overview introduction home untitled document about contents summary faq notes title page appendix template".split()  # noqa: SIM905
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


class _MinHash(Protocol):
    def update(self, items: list[str]) -> None: ...
    def digest(self) -> list[int]: ...


class Profile(Value):
    """All that comparing needs to know of a document; small, JSON-able, kept by the caller from sync to sync."""

    uri: str
    title: str
    language: str = ""
    exact: str
    """Digest of the words of the text, in order, without case and punctuation."""
    sketch: str = ""
    """MinHash of its shingles, base64; empty for texts too short to compare."""
    stated: str = ""
    """ISO date the document states for itself."""
    version: str = ""
    characters: int = 0


def profile(uri: str, title: str, text: str, metadata: Said, language: str = "") -> Profile:
    """What `duplicates` and `contradictions` compare. Costs one pass over the text."""
    words = _TOKEN.findall(text[: 20 * _TOKENS_READ].casefold())
    said = updated(text, metadata)
    titled = _DATE_IN_TITLE.search(title) or _DATE_IN_TITLE.search(_stem(uri))
    stated = said.day.isoformat() if said else _titled_date(titled[0]) if titled else ""
    version = metadata.get("version") or ""
    found = _VERSION.search(title) or _VERSION.search(_stem(uri).replace("_", " ").replace("-", " "))
    return Profile(
        uri=uri,
        title=title,
        language=language,
        exact=hashlib.sha256(" ".join([*words, str(len(text)) if len(words) >= _TOKENS_READ else ""]).encode()).hexdigest(),
        sketch=_sketch(words[:_TOKENS_READ]),
        stated=stated,
        version=str(version) or (found[1] if found else ""),
        characters=len(text),
    )


class Comparer(Value):
    """Compares all documents of a corpus. Deterministic: the order of the profiles does not matter."""

    similar: float = 0.8
    """Share of common word triples (Jaccard, estimated) from which two texts are near duplicates."""
    largest_family: int = 6
    """More documents than this under one title are a series, not versions."""

    def duplicates(self, profiles: Sequence[Profile]) -> list[Finding]:
        """One finding for each document that another one makes superfluous; `related` names the one to keep.

        Kept is the newest by its stated date, then the longer one, then the one deeper in the folders, then the first by uri.
        """
        ordered = sorted(profiles, key=lambda each: each.uri)
        by_text: dict[str, list[Profile]] = defaultdict(list)
        for each in ordered:
            by_text[each.exact].append(each)
        found: list[Finding] = []
        remaining: list[Profile] = []
        for group in by_text.values():
            kept = min(group, key=_preference_of_equals)
            remaining.append(kept)
            found += [_duplicate("exact_duplicate", each, kept, "the same text as") for each in group if each is not kept]
        for near in self._near(sorted(remaining, key=lambda each: each.uri)):
            kept = min(near, key=_preference)
            for each in near:
                if each is not kept:
                    share = f"about {_similarity(each, kept):.0%} the same text as"
                    found.append(_duplicate("near_duplicate", each, kept, share))
        return sorted(found, key=lambda finding: finding.uri)

    def contradictions(self, profiles: Sequence[Profile], text: Callable[[str], str]) -> list[Finding]:
        """Older versions of a document, and statements that differ between documents of one title only in their numbers.

        `text` gives the text of a uri; asked only for documents that share their title with another.
        """
        families: dict[tuple[str, str], list[Profile]] = defaultdict(list)
        for each in sorted(profiles, key=lambda each: each.uri):
            name = _family(each)
            if name:
                families[name, each.language].append(each)
        found: list[Finding] = []
        for family in families.values():
            distinct = list({each.exact: each for each in reversed(family)}.values())[::-1]
            if 2 <= len(distinct) <= self.largest_family:
                found += self._versions(distinct, text)
        return sorted(found, key=lambda finding: (finding.uri, finding.start or 0))

    def _near(self, profiles: Sequence[Profile]) -> list[list[Profile]]:
        """Groups around their first member, so that similarity does not drift along a chain."""
        buckets: dict[tuple[int, bytes], list[int]] = defaultdict(list)
        sketched = [each for each in profiles if each.sketch]
        sketches = np.array([_numbers(each) for each in sketched], dtype=np.uint32).reshape(len(sketched), _PERMUTATIONS)
        groups: dict[int, list[Profile]] = {}
        for at, each in enumerate(sketched):
            keys = [(band, sketches[at, band : band + _ROWS].tobytes()) for band in range(0, _PERMUTATIONS, _ROWS)]
            near = sorted({leader for key in keys for leader in buckets.get(key, ())})
            shares = (sketches[near] == sketches[at]).mean(axis=1) if near else np.zeros(1)
            best = int(shares.argmax())
            if shares[best] >= self.similar:
                groups[near[best]].append(each)
                continue
            groups[at] = [each]
            for key in keys:
                if len(buckets[key]) < _BUCKET:  # boilerplate shared by thousands must not make this quadratic
                    buckets[key].append(at)
        return [group for group in groups.values() if len(group) > 1]

    def _versions(self, family: list[Profile], text: Callable[[str], str]) -> Iterator[Finding]:
        newest = max(family, key=lambda each: (_version_key(each.version), each.stated, each.uri))
        statements = _statements(text(newest.uri))
        for each in family:
            if each is newest:
                continue
            older = _older(each, newest)
            if older:
                yield Finding(
                    code="superseded",
                    uri=each.uri,
                    detail=f"superseded by {newest.uri}: {older}",
                    remedy="remove or archive the older one, or give the two different titles",
                    related=(newest.uri,),
                )
            for pattern, (values, start, end) in _statements(text(each.uri)).items():
                other = statements.get(pattern)
                if other and _differ(values, other[0]):
                    yield Finding(
                        code="contradiction",
                        uri=each.uri,
                        detail=f"says {', '.join(values)} where {newest.uri} says {', '.join(other[0])} in the same sentence",
                        remedy="find out which is right and correct the other",
                        start=start,
                        end=end,
                        related=(newest.uri,),
                    )


def _sketch(words: Sequence[str]) -> str:
    shingles = {" ".join(words[at : at + _SHINGLE]) for at in range(len(words) - _SHINGLE + 1)}
    if len(shingles) < _LEAST_SHINGLES:
        return ""
    hashed = _minhash()
    hashed.update(sorted(shingles))
    return base64.b64encode(np.array(hashed.digest(), dtype="<u4").tobytes()).decode()


def _minhash() -> _MinHash:
    import rensa

    return cast("_MinHash", rensa.RMinHash(num_perm=_PERMUTATIONS, seed=_SEED))  # pyright: ignore[reportUnknownMemberType, reportAttributeAccessIssue]


def _numbers(each: Profile) -> NDArray[np.uint32]:
    return np.frombuffer(base64.b64decode(each.sketch), dtype="<u4")


def _similarity(one: Profile, other: Profile) -> float:
    return int(np.count_nonzero(_numbers(one) == _numbers(other))) / _PERMUTATIONS


def _preference(each: Profile) -> tuple[int, int, int, str]:
    dated = -int(each.stated.replace("-", "")) if each.stated else 0
    return dated, -each.characters, -each.uri.count("/"), each.uri


def _preference_of_equals(each: Profile) -> tuple[int, int, int, str]:
    dated, _, depth, uri = _preference(each)  # lengths of equal words differ by layout only
    return dated, 0, depth, uri


def _duplicate(code: str, each: Profile, kept: Profile, share: str) -> Finding:
    if kept.stated > each.stated:
        why = f"it states the newer date {kept.stated}" + (f" (against {each.stated})" if each.stated else "")
    elif code != "exact_duplicate" and kept.characters > each.characters:
        why = "it is longer"
    elif kept.uri.count("/") > each.uri.count("/"):
        why = "its folder is more specific"
    else:
        why = "its path comes first"
    return Finding(
        code=code,
        uri=each.uri,
        detail=f"{share} {kept.uri}, which is the one to keep: {why}",
        remedy="remove this file or exclude it from its source",
        related=(kept.uri,),
    )


def _stem(uri: str) -> str:
    return uri.rsplit("/", 1)[-1].rsplit(".", 1)[0]


def _family(each: Profile) -> str:
    """The title without what tells versions apart; empty where it names a series or says nothing."""
    title = (each.title or _stem(each.uri)).replace("_", " ").replace("-", " ")
    bare = _DRAFTY.sub(" ", _DATE_IN_TITLE.sub(" ", _VERSION.sub(" ", title)))
    words = _TOKEN.findall(bare.casefold())
    if _SERIES.search(title) or not any(len(word) > 2 or not word.isascii() for word in words):
        return ""
    return "" if len(words) == 1 and words[0] in _GENERIC else " ".join(words)


def _titled_date(found: str) -> str:
    exact = day(found.replace("_", "-").replace(".", "-") if found[:4].isdigit() else found)
    return exact.isoformat() if exact else f"{found[:4]}-01-01" if found[:4].isdigit() else ""


def _version_key(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))


def _older(each: Profile, newest: Profile) -> str:
    """Why `each` is the older one; empty when nothing says so."""
    if each.version and newest.version and _version_key(each.version) < _version_key(newest.version):
        return f"version {each.version} against {newest.version}"
    if each.stated and newest.stated and each.stated < newest.stated and each.version == newest.version:
        return f"dated {each.stated} against {newest.stated}"
    return ""


def _statements(text: str) -> dict[str, tuple[tuple[str, ...], int, int]]:
    """Sentence with its numbers left out → those numbers and its place. Sentences said twice are left out, being lists or forms."""
    found: dict[str, tuple[tuple[str, ...], int, int]] = {}
    repeated: set[str] = set()
    for start, end in sentences(text):
        sentence = text[start:end]
        values = tuple(_NUMBER.findall(sentence))
        pattern = " ".join(_TOKEN.findall(_NUMBER.sub(" 0 ", sentence.casefold())))
        if not values or len(values) > 4 or len(pattern.split()) < 5 or "|" in sentence:
            continue
        if pattern in found:
            repeated.add(pattern)
        found[pattern] = (values, start, end)
    return {pattern: value for pattern, value in found.items() if pattern not in repeated}


def _differ(values: Sequence[str], others: Sequence[str]) -> bool:
    """Whether some number differs that is no year: dates of versions differ rightly."""
    pairs = [(a, b) for a, b in zip(values, others, strict=False) if a != b]
    return any(not (_is_year(a) and _is_year(b)) for a, b in pairs)


def _is_year(number: str) -> bool:
    return len(number) == 4 and number[:2] in {"19", "20"}
