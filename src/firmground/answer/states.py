"""What an answer is: answered, weak, a question back, "I don't know", out of scope, or blocked. Decided by rules, in one order.

Before anything is searched (`States.before`):
 1. `injection`       the question gives orders to a model                                        → blocked
 2. `vague`           nothing in it says what it is about                                         → clarify
With what was found (`States.decide`):
 3. `excluded_topic`  it is close to an example of what must not be answered                      → out_of_scope
 4. `far`             nothing found comes near it by any sign                                     → out_of_scope
 5. `unnamed`         a word in it stands for something that was never said                       → clarify
 6. `missing_detail`  the answer is one row or column of a table; which one is not asked          → clarify
 7. `ambiguous`       sections or documents on different things answer it, with other numbers     → clarify
 8. `uncovered`       the confidence is below the threshold                                       → abstained
 9. `contradicting`   documents say different values for one thing                                → weak
10. `words_only`      the embedder does not know the language                                     → weak
11. `one_sided`       it asks about two things, and what is quoted speaks of one                  → weak
12. `unsure`          the confidence is below that of a sure answer                               → weak
Else: answered. The first rule that fires decides; all that were looked at are kept, for `--explain`. Rules 5–7 look only at what comes
near enough to be an answer. `draft` is decided later, when a model's sentences do not hold.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from firmground.answer.contradiction import Contradiction
from firmground.answer.extract import Extract
from firmground.answer.readings import Choice, Readings, of_columns, of_documents, of_rows, of_sections, repeatable
from firmground.answer.units import Quote
from firmground.language.asking_back import ASKING_BACK
from firmground.language.follow_ups import CUES, LANGUAGES, content_words, pronoun
from firmground.language.identify import identify
from firmground.language.terms import query_terms, terms
from firmground.language.vague import about, language_of_nothing
from firmground.ports import Vectors
from firmground.types import AnswerStatus, Notice, Passage, Span, Value

_JOINED = re.compile(
    r"(?<=\s)([A-ZÀ-ÖØ-Þ][\w-]+)\s+(?:and|or|vs\.?|versus|than|und|oder|als|et|ou|o|y|que)\s+(?:the\s|der\s|die\s|das\s|l[ea]s?\s|el\s)?"
    r"([A-ZÀ-ÖØ-Þ][\w-]+)"
)


class Rule(Value):
    """A rule that was looked at: what it saw, from where on it fires, and in one line what that means."""

    name: str
    fired: bool
    status: AnswerStatus
    """What it decides where it fires."""
    seen: float | str
    limit: float | None = None
    text: str


class Decision(Value):
    """The state of an answer, and why. The last rule that fired decided."""

    status: AnswerStatus
    text: str = ""
    """The question back, or why the question was blocked. Empty where the recipe has a fixed text (abstained, out_of_scope), and
    where the answer speaks for itself."""
    choices: tuple[Choice, ...] = ()
    """With `clarify`: at most `States.most_choices` readings; none where nothing in the documents tells them apart."""
    notices: tuple[Notice, ...] = ()
    rules: tuple[Rule, ...] = ()
    """In the order of the module's docstring."""


@dataclass(frozen=True)
class Seen:
    """What a decision is made from. `question` is the one that was searched."""

    question: str
    language: str
    """ISO 639-1 of the question; empty when unsure."""
    confidence: float
    threshold: float
    sure: float
    """Confidence from which on an answer is sure; at least the threshold."""
    passages: Sequence[Passage]
    extract: Extract
    """Read from `passages`."""
    signs: Mapping[str, float] = field(default_factory=dict[str, float])
    """As `answer.confidence.signs` names them; those that are missing are not looked at."""
    covered: bool = True
    """Whether the embedder was trained for the question's language."""
    contradictions: tuple[Contradiction, ...] = ()
    example: tuple[str, float] | None = None
    """The nearest example of what must not be answered, and how near, see `nearest_example`."""


class States(Value):
    """The rules' numbers. What is no number (NaN) never makes an answer."""

    excluded_from: float = 0.55
    """Closeness to an example of what must not be answered from which on it counts, if nothing found is closer."""
    far_words: float = 0.25
    """Share of the question's words, by rarity, in all passages together: below, and below `far_cosine`, nothing is near."""
    far_passages: int = 6
    """Passages that must have been found: of a handful of documents nobody can tell what lies outside of their world."""
    far_cosine: float = 0.36
    """Cosine of the best sentence and of the best passage."""
    far_words_alone: float = 0.1
    """The share below which nothing is near where only words were compared."""
    asked_back_words: float = 0.5
    """Share of the question's words, by rarity, in the best passage from which on a question back is worth it although the confidence
    is below the threshold. A question that says something no passage says is not about one of their readings."""
    asked_back_cosine: float = 0.45
    """Cosine of the best sentence that is needed besides."""
    asked_back_alone: float = 0.6
    """Cosine of the best sentence that is enough without the words."""
    near: float = 0.12
    """Sentences and rows whose scores lie at most this far below the best may be what was meant as well."""
    alike: float = 0.6
    """Share of words in common of sentences that say the same of different things."""
    most_choices: int = 5
    unnamed_words: int = 2
    """Words of content at most of a question that is asked back for what "it" is."""

    def before(self, question: str, injection: Span | None = None) -> Decision | None:
        """The decision on a question that need not be searched, or None. `question` as `conversation.understood` gives it."""
        said = about(question)
        language = identify(question, frozenset(LANGUAGES)) or language_of_nothing(question)
        rules = [
            Rule(
                name="injection",
                fired=injection is not None,
                status="blocked",
                seen=injection.score if injection else 0.0,
                text=f"it seems to give orders to a model ({injection.kind})"
                if injection
                else "the question gives no orders to a model",
            )
        ]
        if injection is not None:
            return Decision(status="blocked", text=_said("blocked", language), rules=tuple(rules))
        rules.append(
            Rule(
                name="vague",
                fired=not said,
                status="clarify",
                seen=" ".join(said)[:200],
                text="words that say what the question is about" if said else "no word says what the question is about",
            )
        )
        return None if said else Decision(status="clarify", text=_said("vague", language), rules=tuple(rules))

    def decide(self, seen: Seen) -> Decision:
        """The decision on what was found. Pure; the embedder is not asked."""
        rules: list[Rule] = []
        for look in (self._excluded, self._far, self._unnamed, self._missing, self._ambiguous, self._uncovered):
            decided = look(seen)
            if decided is None:
                continue
            rules += decided.rules
            if decided.rules[-1].fired:
                return decided.model_copy(update={"rules": tuple(rules)})
        doubts = [self._contradicting(seen), self._words_only(seen), self._one_sided(seen), self._unsure(seen)]
        weak = any(rule.fired for rule in doubts)
        notices = tuple(_notice(one, seen.passages) for one in seen.contradictions)
        return Decision(status="weak" if weak else "answered", notices=notices, rules=(*rules, *doubts))

    def _excluded(self, seen: Seen) -> Decision | None:
        if seen.example is None:
            return None
        example, closeness = seen.example
        best = max(seen.signs.get("sentence_cosine", 0.0), seen.signs.get("passage_cosine", 0.0))
        best = best if seen.covered else seen.signs.get("words_in_passage", 0.0)
        limit = max(self.excluded_from, best)
        rule = Rule(
            name="excluded_topic",
            fired=not closeness < limit,
            status="out_of_scope",
            seen=closeness,
            limit=limit,
            text=f"closeness to “{example[:80]}”, which is not answered",
        )
        return Decision(status="out_of_scope", rules=(rule,))

    def _far(self, seen: Seen) -> Decision:
        near = [(seen.signs.get("words_anywhere", 1.0), self.far_words if seen.covered else self.far_words_alone)]
        if seen.covered:
            near += [(seen.signs.get(name, 1.0), self.far_cosine) for name in ("sentence_cosine", "passage_cosine")]
        nearest = max(value / limit for value, limit in near)
        rule = Rule(
            name="far",
            fired=len(seen.passages) >= self.far_passages and nearest < 1 and seen.confidence < seen.threshold,
            status="out_of_scope",
            seen=round(nearest, 3),
            limit=1.0,
            text="the nearest sign, as a share of what would count as near",
        )
        return Decision(status="out_of_scope", rules=(rule,))

    def _unnamed(self, seen: Seen) -> Decision:
        languages = [seen.language] if seen.language in CUES else list(LANGUAGES)
        words = content_words(seen.question, languages)
        word = next((found for each in languages if (found := pronoun(seen.question, CUES[each], languages))), "")
        choices = _things(seen, word, self) if word else ()
        known = len(choices) == 1 and seen.confidence >= seen.threshold
        pointing = " " in word and seen.confidence < seen.sure
        fired = (bool(word) and len(words) <= self.unnamed_words and not known) or pointing
        rule = Rule(
            name="unnamed",
            fired=fired,
            status="clarify",
            seen=word,
            text="stands for something that was not said" if word else "no word stands for something that was not said",
        )
        offered = choices if len(choices) > 1 else ()
        return Decision(status="clarify", text=_said("unnamed", seen.language, word=word), choices=offered, rules=(rule,))

    def _missing(self, seen: Seen) -> Decision:
        near = self._near(seen)
        found = None
        if near and not _asks_for_all(seen):
            close = [quote for quote in near if quote.score >= near[0].score - self.near / 2]
            found = of_rows(seen.question, near, seen.passages) or of_columns(seen.question, close, seen.passages)
        text = (
            "the answer differs by what the question does not name" if found else "no row or column is missing from the question"
        )
        key = "missing_detail" if found and found.by else "ambiguous"
        return self._back("missing_detail", found, seen, text, _said(key, seen.language, what=found.by if found else ""))

    def _ambiguous(self, seen: Seen) -> Decision:
        near = self._near(seen)
        found = None
        if near and not _asks_for_all(seen):
            found = of_documents(seen.question, near, seen.passages) or of_sections(
                seen.question, near, seen.passages, self.alike
            )
        text = "several things have an answer of their own" if found else "nothing else answers it with another value"
        return self._back("ambiguous", found, seen, text, _said("ambiguous", seen.language))

    def _back(self, name: str, found: Readings | None, seen: Seen, text: str, asked: str) -> Decision:
        rule = Rule(
            name=name,
            fired=found is not None,
            status="clarify",
            seen=" / ".join(found.labels)[:300] if found else "",
            text=text,
        )
        choices = found.choices(seen.question, self.most_choices) if found else ()
        return Decision(status="clarify", text=asked, choices=choices, rules=(rule,))

    def _near(self, seen: Seen) -> list[Quote]:
        """The sentences and rows that may answer the question, best first; none where the documents do not seem to speak of it."""
        ranked = seen.extract.ranked
        cosine = seen.signs.get("sentence_cosine", 0.0) if seen.covered else 1.0
        words = seen.signs.get("words_in_passage", 0.0)
        spoken_of = words >= self.asked_back_words and cosine >= self.asked_back_cosine
        spoken_of = spoken_of or (seen.covered and cosine >= self.asked_back_alone and not _unknown_name(seen))
        if not ranked or not (spoken_of or seen.confidence >= seen.threshold):
            return []
        return [quote for quote in ranked if quote.score >= ranked[0].score - self.near]

    def _uncovered(self, seen: Seen) -> Decision:
        nothing = not seen.extract.quotes
        rule = Rule(
            name="uncovered",
            fired=nothing or not seen.confidence >= seen.threshold,
            status="abstained",
            seen=seen.confidence,
            limit=seen.threshold,
            text="nothing was found" if nothing else "confidence that the documents answer it",
        )
        return Decision(status="abstained", rules=(rule,))

    def _contradicting(self, seen: Seen) -> Rule:
        count = len(seen.contradictions)
        text = "statements of the documents that contradict a quote"
        return Rule(name="contradicting", fired=count > 0, status="weak", seen=float(count), limit=1.0, text=text)

    def _words_only(self, seen: Seen) -> Rule:
        text = "the embedding model knows the language" if seen.covered else "only words were compared"
        return Rule(name="words_only", fired=not seen.covered, status="weak", seen=seen.language, text=text)

    def _one_sided(self, seen: Seen) -> Rule:
        side = _missing_side(seen)
        text = "asked about as well, but in no quote" if side else "no side of the question is missing from the quotes"
        return Rule(name="one_sided", fired=bool(side), status="weak", seen=side, text=text)

    def _unsure(self, seen: Seen) -> Rule:
        text = "confidence that the documents answer it"
        return Rule(
            name="unsure", fired=not seen.confidence >= seen.sure, status="weak", seen=seen.confidence, limit=seen.sure, text=text
        )


def nearest_example(
    question: str, vector: NDArray[np.float32] | None, examples: Sequence[str], vectors: "Vectors | None"
) -> tuple[str, float] | None:
    """The example that the question is closest to, and the cosine to it; without `vector` (the embedder has no say in this language)
    the share of the example's words that the question says. `vectors` are those of `examples`, embedded once; None without examples."""
    if not examples:
        return None
    if vector is not None and vectors is not None:
        cosines = vectors @ vector
        best = int(np.argmax(cosines))
        return examples[best], round(float(cosines[best]), 4)
    language = identify(question)
    said = set(query_terms(question, [language]))
    wanted = [set(query_terms(example, [language])) for example in examples]
    shares = [len(words & said) / len(words) if words else 0.0 for words in wanted]
    best = max(range(len(shares)), key=shares.__getitem__)
    return examples[best], round(shares[best], 4)


def _said(name: str, language: str, **filled: str) -> str:
    return ASKING_BACK.get(language, ASKING_BACK["en"])[name].format(**filled)


def _asks_for_all(seen: Seen) -> bool:
    cues = [CUES[seen.language]] if seen.language in CUES else CUES.values()
    return any(each.everything.search(seen.question) for each in cues)


def _unknown_name(seen: Seen) -> bool:
    """Whether the question has a name, or a number, that no passage has."""
    said = " ".join(f"{passage.title} {passage.table_header} {passage.text}" for passage in seen.passages).casefold()
    words = [word for word in seen.question.split()[1:] if not word.startswith(("I'", "I’"))]
    names = [word for word in words if not word[:1].islower() and len(word) > 1]
    return any(name.strip("?!.,;:()\"'").removesuffix("'s").casefold() not in said for name in names)


def _things(seen: Seen, word: str, states: States) -> tuple[Choice, ...]:
    """The question with what the nearest documents are about in the place of the word that stands for nothing."""
    ranked = seen.extract.ranked
    near = [quote for quote in ranked if quote.score >= ranked[0].score - 2 * states.near]
    titles = list(dict.fromkeys(seen.passages[quote.unit.passage].title for quote in near))
    titles = [title for title in titles if title][: states.most_choices]
    if not repeatable(seen.question):
        return ()
    start, _, end = seen.question.partition(word)
    return tuple(Choice(text=f"{start}{title}{end}", label=title) for title in titles)


def _missing_side(seen: Seen) -> str:
    """Of two names that a question joins by "and", "or", "than": the one that no quote says."""
    quoted = " ".join(
        f"{seen.passages[quote.unit.passage].title} {quote.unit.heading} {quote.unit.asked} {quote.shown}"
        for quote in seen.extract.quotes
    )
    languages = list(dict.fromkeys(passage.language for passage in seen.passages))
    said = {word for language in languages for word in terms(quoted, language)}
    for pair in _JOINED.finditer(seen.question):
        known = [bool(said & set(query_terms(name, languages))) for name in pair.groups()]
        if known.count(True) == 1:
            return pair[known.index(False) + 1]
    return ""


def _notice(one: Contradiction, passages: Sequence[Passage]) -> Notice:
    """The two statements side by side, each with its document and date."""
    sides = [f"“{unit.read}” ({_dated(passages[unit.passage])})" for unit in (one.one, one.other)]
    about = tuple(dict.fromkeys(passages[unit.passage].uri for unit in (one.one, one.other)))
    return Notice(code="contradicting", text=f"The documents disagree: {sides[0]}, but {sides[1]}.", about=about)


def _dated(passage: Passage) -> str:
    said = passage.metadata.get("dated")
    return f"{passage.uri}, {said}" if said else passage.uri
