"""A sentence against the passages it cites: what in it the passages do not bear out."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property

from firmground.answer.figured import Source, date_mismatches, number_mismatches, source
from firmground.answer.grounds import Figures, Ground, figures, surface, verbatim, without_marks
from firmground.answer.restated import Memory, Said
from firmground.answer.swapped import Swaps
from firmground.answer.turned import Turns
from firmground.language.counting import number_words
from firmground.language.identify import identify
from firmground.language.moments import Moments
from firmground.language.names import Name, names
from firmground.language.placeholders import PLACEHOLDER
from firmground.language.polarity import light_words, stance
from firmground.language.quantities import Number
from firmground.language.terms import terms
from firmground.language.words import ASKING
from firmground.language_model import Mismatch
from firmground.types import Passage, Value

_WORD = re.compile(rf"{PLACEHOLDER.pattern}|[^\W_]+(?:[-'’.@&][^\W_]+)*")
_CITED = re.compile(r"\s?\[\d{1,3}(?:\s?,\s?\d{1,3})*\]")
_QUOTE = re.compile(r"[“„\"«‟]\s?([^“”„\"«»‟]{3,2000}?)\s?[”\"»“]")
_OPEN = frozenset(f"{ASKING} wer wen wem was wofür wohin qui quoi où quién quiénes qué".split())
_REPORTING = frozenset(
    """
    according document documents source sources passage passages text page policy state states stated say says mention mentions specify
    specified describe described explain note notes answer question information provided regarding concerning following employee employees
    laut gemäß dokument dokumente quelle quellen angabe angaben text besagt steht antwort frage information informationen
    selon document documents source indique indiqué précise mentionne texte réponse
    según documento documentos fuente indica menciona texto respuesta yes ja oui sí
    """.split()  # noqa: SIM905
)
"""Words by which a sentence speaks of its source: they need not stand in it."""


class Checks(Value):
    """What a sentence must hold against the passages it cites. Nothing found does not mean that it is true."""

    coverage: float = 0.5
    """Least share of the sentence's words, by rarity among the evidence's sentences, that the cited passages must hold."""
    asked: float = 0.5
    """What a word that the passages lack counts as held where the question asks by it where, who, or how much. To a sentence that asserts,
    what the question only claims, or asks to be confirmed, counts nothing: else whoever asks could dictate the answer."""
    kindred: float = 0.8
    """What a word counts that shares its beginning with one of the passages (`approve`, `approval`)."""
    turns: Turns = Turns()
    swaps: Swaps = Swaps()
    foreign: bool = False
    """Whether a sentence in another language than its passages may pass with its figures and names alone compared."""
    longest: int = 2000
    """Characters; what is longer is no sentence and is not compared."""

    def against(self, evidence: Sequence[Passage]) -> "Against":
        """The evidence made ready, for all sentences of one answer. Thread-safe."""
        return Against(self, evidence)

    def mismatches(self, claim: str, evidence: Sequence[Passage], question: str = "") -> tuple[Mismatch, ...]:
        """What is wrong with `claim`, which cites all of `evidence`. Empty: no mismatch found, which proves nothing. Never raises."""
        return self.against(evidence).mismatches(claim, question)


class Against:
    """Evidence that sentences are checked against."""

    def __init__(self, checks: Checks, evidence: Sequence[Passage]) -> None:
        self._checks = checks
        self._grounds = [Ground(passage) for passage in evidence]
        pieces = [piece for ground in self._grounds for piece in ground.pieces]
        counts = Counter(word for piece in pieces for word in piece.words)
        self._weights = {word: math.log(1 + (len(pieces) - n + 0.5) / (n + 0.5)) for word, n in counts.items()}
        self._unknown = math.log(1 + (len(pieces) - 0.5) / 1.5) if pieces else 1.0
        self._cited: dict[tuple[int, ...], _Cited] = {}

    def mismatches(self, claim: str, question: str = "", cited: Sequence[int] | None = None) -> tuple[Mismatch, ...]:
        """What is wrong with `claim`. `cited` are positions in the evidence; None: all of it."""
        wanted = tuple(sorted({at for at in cited if 0 <= at < len(self._grounds)})) if cited is not None else None
        positions = tuple(range(len(self._grounds))) if wanted is None else wanted
        text = without_marks(_CITED.sub("", claim)).strip()
        if not positions:
            return (Mismatch(code="citation", detail="it cites no passage"),)
        if len(text) > self._checks.longest:
            return (
                Mismatch(
                    code="coverage", detail=f"it is longer than {self._checks.longest} characters, too long for one sentence"
                ),
            )
        if not any(sign.isalnum() for sign in text):
            return ()
        against = self._cited.get(positions)
        if against is None:
            against = self._cited[positions] = _Cited([self._grounds[at] for at in positions])
        found = _Comparison(self._checks, against, text, question, weights=self._weights, unknown=self._unknown).all()
        return tuple(dict.fromkeys(Mismatch(code=one.code, detail=" ".join(one.detail.split())) for one in found))


def _open_parts(question: str) -> str:
    """The parts of a question that have a word of asking."""
    parts = re.split(r"[,;:.!?\n]", question)
    return "\n".join(part for part in parts if not _OPEN.isdisjoint(_WORD.findall(part.casefold())))


class _Cited:
    """The passages of one set of citations, together."""

    def __init__(self, grounds: Sequence[Ground]) -> None:
        self.grounds = grounds
        self.pieces = [piece for ground in grounds for piece in ground.pieces]
        self.words = frozenset[str]().union(*(ground.words for ground in grounds))
        languages = Counter(ground.language for ground in grounds)
        self.languages = [language for language, _ in languages.most_common()]
        self._memories: dict[str, Memory] = {}
        self.everywhere = frozenset[str]().union(*(ground.context_words for ground in grounds))

    def memory(self, language: str) -> Memory:
        return self._memories.setdefault(language, Memory())

    @cached_property
    def source(self) -> Source:
        return source(self.grounds)

    @cached_property
    def surface(self) -> frozenset[str]:
        return frozenset[str]().union(*(ground.surface for ground in self.grounds))

    @cached_property
    def beginnings(self) -> frozenset[str]:
        return frozenset(word[:5] for word in self.words if len(word) > 5)

    @cached_property
    def verbatim(self) -> str:
        return "\n".join(ground.verbatim for ground in self.grounds)


class _Comparison:
    """One sentence against its passages."""

    def __init__(
        self, checks: Checks, cited: _Cited, text: str, question: str, *, weights: dict[str, float], unknown: float
    ) -> None:
        self.checks, self.cited, self.text, self.question = checks, cited, text, question[: checks.longest]
        self.language = self._spoken()
        self._weights, self._unknown = weights, unknown
        self.tokens = self._analysed(text)
        self.words = frozenset(word for _, stems in self.tokens for word in stems)

    def _spoken(self) -> str:
        languages = self.cited.languages
        if len(languages) == 1:
            return languages[0]
        return identify(self.text, frozenset(languages) - {""} or None) or languages[0]

    def _analysed(self, text: str) -> list[tuple[str, tuple[str, ...]]]:
        tokens = ((match[0], tuple(dict.fromkeys(terms(match[0], self.language)))) for match in _WORD.finditer(text))
        left_out = _REPORTING | light_words(self.language) | number_words(self.language).keys()
        return [(token, stems) for token, stems in tokens if stems and token.casefold() not in left_out]

    def all(self) -> Iterator[Mismatch]:
        covered = self._coverage()
        foreign = covered < self.checks.coverage and self._is_foreign()
        if foreign:
            self.language = identify(self.text)
        if foreign and not self.checks.foreign:
            yield Mismatch(
                code="coverage", detail="it is in another language than the cited passages and cannot be compared with them"
            )
        elif covered < self.checks.coverage and not foreign:
            yield Mismatch(code="coverage", detail=f"the cited passages hold only {covered:.0%} of it{self._lacking()}")
        yield from self._figures()
        yield from self._names()
        yield from self._quotes()
        if not foreign and covered >= self.checks.coverage:
            said = self._said()
            yield from self.checks.turns.mismatches(said)
            yield from self.checks.swaps.mismatches(said)

    def _said(self) -> Said:
        return Said(
            self.text,
            self.language,
            figures=self.figures,
            words=self.words,
            pieces=self.cited.pieces,
            weights=self._weights,
            unknown=self._unknown,
            years=self.cited.source.years,
            everywhere=self.cited.everywhere,
            memory=self.cited.memory(self.language),
        )

    # words

    def _coverage(self) -> float:
        """The share of the words that the passages hold, by rarity; one more word counts as held, since few words tell little."""
        asked = frozenset(terms(self._denied or _open_parts(self.question), self.language))
        held = total = 0.0
        for token, stems in self.tokens:
            if token[0].isdigit() and stems[0] not in self.cited.words:
                continue
            weight = max(self._weights.get(stem, self._unknown) for stem in stems)
            total += weight
            held += weight * self._held(stems, asked)
        return (held + self._unknown) / (total + self._unknown) if total else 1.0

    def _held(self, stems: Sequence[str], asked: frozenset[str]) -> float:
        if stems[0] in self.cited.words:
            return 1.0
        parts = sum(stem in self.cited.words for stem in stems[1:]) / (len(stems) - 1) if len(stems) > 1 else 0.0
        kin = self.checks.kindred if len(stems[0]) > 5 and stems[0][:5] in self.cited.beginnings else 0.0
        return max(parts, kin, self.checks.asked if stems[0] in asked else 0.0)

    def _lacking(self) -> str:
        lacking = [token for token, stems in self.tokens if not token[0].isdigit() and stems[0] not in self.cited.words]
        return f" (not: {', '.join(dict.fromkeys(lacking[:5]))})" if lacking else ""

    def _is_foreign(self) -> bool:
        spoken = identify(self.text)
        return bool(spoken) and len(self.tokens) > 3 and spoken not in self.cited.languages and "" not in self.cited.languages

    # figures

    @cached_property
    def figures(self) -> Figures:
        return figures(self.text, self.language)

    @cached_property
    def _asked(self) -> Figures:
        return figures(self.question, self.language)

    @cached_property
    def _may_repeat(self) -> bool:
        """A sentence that denies may name what it denies: "No, 10 days cannot be carried over"."""
        said = stance(self.text, self.language)
        return said.negated or bool(said.limits)

    @cached_property
    def _denied(self) -> str:
        """What a sentence that denies may repeat of the question; any other one would turn what was only asked into what is so."""
        return self.question if stance(self.text, self.language).negated else ""

    def _figures(self) -> Iterator[Mismatch]:
        said = self.cited.source
        excused: Sequence[Number] = self._asked.numbers if self._may_repeat else ()
        moments = self._asked.moments if self._may_repeat else Moments((), (), (), (), "")
        yield from number_mismatches(self.text, self.figures, said, self.language, excused=excused)
        yield from date_mismatches(self.text, self.figures.moments, said, excused=moments)
        together = f"{self.cited.verbatim}\n{verbatim(self._denied)}"
        squeezed = ""
        for identifier in dict.fromkeys(self.figures.identifiers):
            plain = verbatim(identifier)
            if plain in together:
                continue
            squeezed = squeezed or re.sub(r"[\s()/-]", "", together)
            if re.sub(r"[\s()/-]", "", plain) not in squeezed:
                yield Mismatch(code="name", detail=f"“{identifier}” is not in the cited passages")

    # names and quotes

    def _names(self) -> Iterator[Mismatch]:
        known = self.cited.surface | surface(self._denied)
        for name in names(self.text, self.language):
            absent = [word for word in name.words if not self._known(word, known)]
            if absent and not self._abbreviated(name, known):
                yield Mismatch(code="name", detail=f"“{self.text[name.start : name.end]}” is not in the cited passages")

    def _known(self, word: str, known: frozenset[str]) -> bool:
        plain = re.sub(r"['’]s?$", "", word.casefold())
        parts = surface(plain) or {plain}
        if all(part in known for part in parts) or self.cited.words.issuperset((terms(plain, self.language) or [plain])[:1]):
            return True
        return len(plain) > 4 and any(
            other.startswith(plain[:-1]) or plain.startswith(other) for other in known if len(other) > 3
        )

    def _abbreviated(self, name: Name, known: frozenset[str]) -> bool:
        """`EU` for "European Union" in the passage, or the other way round."""
        initials = "".join(word[0] for word in name.words).casefold()
        if len(name.words) > 1:
            return initials in known
        short = "".join(name.words)
        if not (short.isupper() and 2 <= len(short) <= 6):
            return False
        letters = r"\w*(?:[\s-](?:of|and|the|de|la|und)\b)?[\s-]".join(map(re.escape, short.casefold()))
        return bool(re.search(rf"\b{letters}", self.cited.verbatim))

    def _quotes(self) -> Iterator[Mismatch]:
        together = f"{self.cited.verbatim}\n{verbatim(self._denied)}"
        for quote in _QUOTE.findall(self.text):
            said = verbatim(quote).rstrip(".,;:!? ")
            if said and said not in together:
                shown = quote if len(quote) <= 60 else f"{quote[:57]}…"
                yield Mismatch(code="quote", detail=f"“{shown}” does not stand in the cited passages in these words")
