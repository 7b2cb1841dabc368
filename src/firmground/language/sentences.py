"""Text → spans of its sentences."""

import re
from collections.abc import Iterator

from firmground.language.markdown import FENCE, HEADING, ITEM, is_row

_LIST_ITEM_WHOLE = 300
"""List items up to this many characters stay one unit; longer ones are split into their sentences."""

_RULE = re.compile(r"\s{0,3}(?:=+|-+|(?:[-*_][ \t]*){3,})\s*$")
_END = re.compile(
    r"""(?<![.!?\u2026])[.!?\u2026\u061f\u06d4\u0964\u0965\u0589\u1362\u104b\u17d4]+["'\u201d\u2019\u201c\u00bb)\]*_`]*(?=\s)"""
    r"""|[\u3002\uff01\uff1f\uff61]+["'\u201d\u2019\u300d\u300f\uff09)]*"""
    r"""|(?:(?<![ ])[ ]{2,}|\\)(?=\n)"""
)
_LAST_WORD = re.compile(r"[^\s(\[\"\u201e\u00ab]*$")
_NEXT = re.compile(r"[\s\"'\u201c\u201e\u00ab(\[*_`\u00bf\u00a1]*(\w[\w\u00c0-\u024f]*)?")
_INITIAL = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]$")
_ABBREVIATIONS_LIST = """
mr mrs ms dr prof sr sra srta mme mlle st ste jr messrs hon rev gen col lt sgt capt gov sen rep vs etc e.g i.e eg ie cf al
approx est fig figs no nos nr vol vols pp p ch sec sect art para par ed eds ext tel fax dept inc ltd co corp bros univ jan feb
mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun min max avg incl excl resp bzw ca evtl ggf inkl exkl usw
vgl zzgl abs anm aufl bd bspw bzgl dgl einschl gem geb ggü hrsg hr fr str tab u.a z.b d.h s.o s.u o.ä u.ä i.d.r m.e m.w zt sog
std mind max mio mrd kap ziff lit dipl ing env ex av bd c.-à-d p.ex art réf tél núm pág págs ej p.ej aprox admón ud uds excmo
avda ecc dott ing sig sigg pag es bijv enz nl dhr mevr
"""
_ABBREVIATIONS = frozenset(_ABBREVIATIONS_LIST.split())
_CLOSING = frozenset({"etc", "usw", "inc", "ltd", "co", "corp", "jr", "enz", "ecc", "al", "est"})
"""Abbreviations that often end a sentence: a capital letter after them begins the next one."""
_BEFORE_NUMBERS = frozenset(
    {"no", "nos", "nr", "p", "pp", "art", "fig", "figs", "abs", "ch", "sec", "es", "mind", "sat", "sun", "pag", "mon"}
)
"""Abbreviations only before a number; otherwise words, or the end of a name."""
_ORDINAL_NEXT_LIST = """
januar jänner februar märz april mai juni juli august september oktober november dezember jan feb apr jun jul aug sep sept okt
nov dez quartal jahrhundert jahr monat woche tag kalendertag werktag arbeitstag stock obergeschoss auflage klasse lebensjahr
halbjahr januari februari marts maj juli augusti oktober desember december kvartal
"""
_ORDINAL_NEXT = frozenset(_ORDINAL_NEXT_LIST.split())


def sentences(text: str) -> list[tuple[int, int]]:
    """Spans (start, end) of the sentences of `text`, in order, without surrounding white space.

    Headings, list items, table rows and lines of code are units of their own. Every character that is not white space lies in
    exactly one span.
    """
    found: list[tuple[int, int]] = []
    for start, end, whole in _units(text):
        if whole:
            found.append((start, end))
        else:
            found += _split(text, start, end)
    return found


def _units(text: str) -> Iterator[tuple[int, int, bool]]:
    """Stretches that no sentence crosses, trimmed; True where one is not to be split further."""
    fence = ""
    begun: int | None = None
    item = False
    at = 0
    last = 0

    def close() -> Iterator[tuple[int, int, bool]]:
        if begun is not None:
            yield begun, last, item and last - begun <= _LIST_ITEM_WHOLE

    for line in text.splitlines(keepends=True):
        start, end = at + len(line) - len(line.lstrip()), at + len(line.rstrip())
        at += len(line)
        opens = FENCE.match(line)
        alone = bool(fence or opens or HEADING.match(line) or _RULE.match(line) or is_row(line))
        if opens and (not fence or opens[1].startswith(fence)):
            fence = "" if fence else opens[1]
        if end <= start or alone:
            yield from close()
            begun = None
            if end > start:
                yield start, end, True
            continue
        if begun is None or ITEM.match(line):
            yield from close()
            begun, item = start, bool(ITEM.match(line))
        last = end
    yield from close()


def _split(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    begun = start
    for mark in _END.finditer(text, start, end):
        if mark.start() < begun or not _ends(text, begun, mark, end):
            continue
        yield begun, mark.end() if mark[0].strip(" ") else mark.start()
        begun = mark.end()
        while begun < end and text[begun].isspace():
            begun += 1
    if begun < end:
        yield begun, end


def _ends(text: str, begun: int, mark: re.Match[str], end: int) -> bool:
    """Whether this mark ends a sentence, rather than an abbreviation, an initial or an ordinal number."""
    sign = mark[0]
    if not sign.strip(" \\"):
        return mark.start() > begun
    if sign[0] not in ".!?\u2026":
        return True
    following = _NEXT.match(text, mark.end(), end)
    word = (following[1] or "") if following else ""
    if word[:1].islower():
        return False
    return sign[0] != "." or sign.startswith("..") or _period_ends(text, begun, mark.start(), word)


def _period_ends(text: str, begun: int, at: int, following: str) -> bool:
    found = _LAST_WORD.search(text, max(begun, at - 40), at)
    before = (found[0] if found else "").strip("*_").casefold()
    if before in _CLOSING:
        return True
    if before in _BEFORE_NUMBERS:
        return not following[:1].isdigit()
    if before in _ABBREVIATIONS or _INITIAL.match(before):
        return not following
    if before.isdigit() and len(before) <= 2:
        return following.casefold() not in _ORDINAL_NEXT and at - len(before) > begun
    return True
