"""What becomes of a kept answer when a document it rests on is erased: the record that something was said, without its words."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from typing import cast

from firmground.types import Answer, Citation, Draft, Json, Notice, Passage, Sentence, Step, Tombstone, Trace

ERASED = "[source erased]"
"""What stands where the words of an erased document stood."""
_STRETCH = 12
"""Characters: shorter ones are shared by texts that have nothing to do with each other."""
_WORD = re.compile(r"\w+")
_NAME = 3
"""Characters of a title, address or heading below which it is no name."""


def tombstoned(trace: Trace, documents: Collection[str], earlier: Iterable[Trace] = ()) -> Trace:
    """The trace without any word of these documents (ids), or the very trace where it holds none. Idempotent. `earlier` are answers it
    was understood by: what these hold of the documents, a model may have said again.

    Their passages become tombstones, those among the closest go. A citation of one keeps its number, ids and offsets; title, address,
    heading and snippet are words of the document and go. A sentence that cites one, even among others, becomes `ERASED`; in a draft that
    a person looks at so does one that cites nothing. What a model said unchecked goes entirely, and the question as it was searched
    becomes the question as it was asked. In everything else (other sentences, choices, notices, reasons, steps, filters) what shares
    twelve characters with the erased words goes, unless the question or a passage that stays says them as well. `documents` may hold
    addresses too (`source/uri`): passages stop naming these as documents that hold the same, and notices about them go.
    """
    gone = frozenset(documents)
    trace = _without_addresses(trace, gone)
    words = [text for each in (trace, *earlier) for text in _words_of(each, gone)]
    return _silenced(trace, gone, [*words, trace.asked]) if words else trace


def understood_alone(trace: Trace) -> Trace:
    """The trace without what it may hold of answers it was understood by, one of which is erased; its own evidence stays. The very trace
    where it was understood by none, or is erased already."""
    return _silenced(trace, frozenset(), [trace.asked]) if trace.context and not trace.erased else trace


def passages_of(trace: Trace) -> list[Passage]:
    """What it may rest on, and what people who corrected it cite besides, as far as it is there."""
    return [each for each in (*trace.evidence, *trace.added) if isinstance(each, Passage)]


def documents_of(trace: Trace) -> frozenset[str]:
    """Ids of the documents whose words it holds."""
    cited = {each.document for each in _citations(trace) if _is_told(each)}
    return frozenset({each.document for each in _passages(trace)} | cited)


def rests_on(trace: Trace, says: Draft) -> frozenset[str]:
    """Ids of the documents that words rest on which a person made of this answer: those that they cite; all that it holds where a sentence
    of them cites none."""
    cited = frozenset(each.document for each in says.citations)
    return cited if cited and all(each.citations for each in says.sentences) else cited | documents_of(trace)


def addresses_of(trace: Trace) -> frozenset[str]:
    """Addresses of documents that it names as holding the same as its passages, or in a notice."""
    copies = (passage.also for passage in _passages(trace))
    notices = (*trace.answer.notices, *(trace.draft.notices if trace.draft else ()))
    return frozenset(chain(*copies, *(notice.about for notice in notices)))


@dataclass(frozen=True)
class _Words:
    """What must not be said any more, without regard to case."""

    stretches: frozenset[str]
    names: tuple[str, ...]
    words: frozenset[str]
    """Single ones: a question back, its readings and what a rule saw are made of words of the documents, however few."""

    @classmethod
    def of(cls, gone: Iterable[str], kept: Iterable[str]) -> "_Words":
        said = [text.casefold() for text in kept]
        lost = [text.casefold() for text in gone]
        stretches = set[str]().union(*map(_stretches, lost)).difference(*map(_stretches, said))
        names = {text for text in lost if _NAME <= len(text) < _STRETCH and not any(text in each for each in said)}
        words = {word for text in lost for word in _WORD.findall(text)} - {word for text in said for word in _WORD.findall(text)}
        return cls(frozenset(stretches), tuple(names), frozenset(words))

    def are_in(self, text: str) -> bool:
        text = text.casefold()
        return not self.stretches.isdisjoint(_stretches(text)) or any(name in text for name in self.names)

    def any_in(self, text: str) -> bool:
        """Whether even one word of them is in it."""
        return self.are_in(text) or not self.words.isdisjoint(_WORD.findall(text.casefold()))

    def struck(self, value: Json) -> Json:
        """`value` with `ERASED` for every text that says them; a key that does goes with its value."""
        if isinstance(value, str):
            return ERASED if self.are_in(value) else value
        if isinstance(value, list):
            return [self.struck(each) for each in value]
        if isinstance(value, dict):
            return {key: self.struck(each) for key, each in value.items() if not self.are_in(key)}
        return value


def _silenced(trace: Trace, gone: frozenset[str], words: Iterable[str]) -> Trace:
    answer = trace.answer
    kept = [passage for passage in _passages(trace) if passage.document not in gone]
    lost = _Words.of(words, [answer.question, *(text for passage in kept for text in _said_by(passage))])
    return trace.model_copy(
        update={
            "answer": _answer(answer, gone, lost),
            "filters": lost.struck(trace.filters),
            "asked": answer.question,
            "evidence": tuple(_buried(each) if each.document in gone else each for each in trace.evidence),
            "added": tuple(_buried(each) if each.document in gone else each for each in trace.added),
            "outputs": (),
            "draft": trace.draft and _draft(trace.draft, gone, lost),
            "steps": tuple(_step(each, lost) for each in trace.steps),
            "erased": True,
        }
    )


def _draft(draft: Draft, gone: frozenset[str], lost: _Words) -> Draft:
    unborne = tuple(each if each.citations else each.model_copy(update={"text": ERASED}) for each in draft.sentences)
    laid_out = _text(draft, unborne, lost)
    less = draft.model_copy(update={"sentences": unborne, "text": laid_out})
    return less.model_copy(update=_said(less, gone, lost))


def _answer(answer: Answer, gone: frozenset[str], lost: _Words) -> Answer:
    return answer.model_copy(
        update={
            **_said(answer, gone, lost),
            "closest": tuple(each for each in answer.closest if each.document not in gone),
            "reasons": tuple(each for each in answer.reasons if not lost.are_in(each)),
            "review": answer.review and lost.struck(cast("Json", answer.review)),
        }
    )


def _said(answer: Answer | Draft, gone: frozenset[str], lost: _Words) -> dict[str, object]:
    """What an answer and a draft have in common."""
    numbers = {citation.n for citation in answer.citations if citation.document in gone}

    def told(sentence: Sentence) -> Sentence:
        silent = not numbers.isdisjoint(sentence.citations) or lost.are_in(sentence.text)
        return sentence.model_copy(update={"text": ERASED}) if silent else sentence

    sentences = tuple(map(told, answer.sentences))
    return {
        "text": _text(answer, sentences, lost),
        "sentences": sentences,
        "citations": tuple(_blank(each) if each.document in gone else each for each in answer.citations),
        "choices": tuple(each for each in answer.choices if not any(map(lost.any_in, each.values()))),
        "notices": tuple(each for each in answer.notices if not lost.are_in(each.text)),
    }


def _text(answer: Answer | Draft, sentences: Sequence[Sentence], lost: _Words) -> str:
    """As it was laid out, with the sentences as they are now."""
    if answer.status == "clarify":
        return ERASED if lost.any_in(answer.text) else answer.text
    text, at = "", 0
    for before, now in zip(answer.sentences, sentences, strict=True):
        found = answer.text.find(before.text, at)
        if found < 0:
            break
        text += answer.text[at:found] + now.text
        at = found + len(before.text)
    else:
        text += answer.text[at:]
        if not lost.are_in(text):
            return text
    marked = (f"{each.text} {''.join(f'[{n}]' for n in each.citations)}".strip() for each in sentences)
    return " ".join(marked) or ERASED


def _buried(passage: Passage | Tombstone) -> Tombstone:
    if isinstance(passage, Tombstone):
        return passage
    return Tombstone(
        document=passage.document,
        passage=passage.passage,
        text_digest=sha256(passage.text.encode()).hexdigest(),
        start=passage.locator.start,
        end=passage.locator.end,
    )


def _blank(citation: Citation) -> Citation:
    locator = citation.locator.model_copy(update={"heading": ""})
    return citation.model_copy(update={"title": "", "uri": "", "locator": locator, "snippet": "", "lineage": {}})


def _step(step: Step, lost: _Words) -> Step:
    detail = cast("dict[str, Json]", lost.struck(step.detail))
    rules = detail.get("rules")
    if isinstance(rules, list):
        detail["rules"] = [_rule(each, lost) for each in rules]
    return step.model_copy(update={"outcome": lost.struck(step.outcome), "detail": detail})


def _rule(rule: Json, lost: _Words) -> Json:
    seen = rule.get("seen") if isinstance(rule, dict) else None
    return {**rule, "seen": ERASED} if isinstance(rule, dict) and isinstance(seen, str) and lost.any_in(seen) else rule


def _without_addresses(trace: Trace, gone: frozenset[str]) -> Trace:
    """That a copy of a passage, or an older version, is erased changes nothing but that it is not named any more."""
    if addresses_of(trace).isdisjoint(gone):
        return trace

    def without(passage: Passage) -> Passage:
        return passage.model_copy(update={"also": tuple(each for each in passage.also if each not in gone)})

    def held(found: Iterable[Passage | Tombstone]) -> tuple[Passage | Tombstone, ...]:
        return tuple(without(each) if isinstance(each, Passage) else each for each in found)

    def told(said: Answer | Draft) -> tuple[Notice, ...]:
        return tuple(each for each in said.notices if gone.isdisjoint(each.about))

    answer = trace.answer.model_copy(update={"closest": tuple(map(without, trace.answer.closest)), "notices": told(trace.answer)})
    draft = trace.draft and trace.draft.model_copy(update={"notices": told(trace.draft)})
    return trace.model_copy(
        update={"evidence": held(trace.evidence), "added": held(trace.added), "answer": answer, "draft": draft}
    )


def _words_of(trace: Trace, gone: frozenset[str]) -> list[str]:
    """Everything it holds of the documents that are gone, and says after them."""
    words = [text for passage in _passages(trace) if passage.document in gone for text in _said_by(passage)]
    for said in (trace.answer, *([trace.draft] if trace.draft else [])):
        cited = [each for each in said.citations if each.document in gone and _is_told(each)]
        for citation in cited:
            words += [citation.title, citation.uri, citation.locator.heading, citation.snippet, *_texts(citation.lineage)]
        numbers = {citation.n for citation in cited}
        words += [each.text for each in said.sentences if not numbers.isdisjoint(each.citations)]
    return words


def _citations(trace: Trace) -> tuple[Citation, ...]:
    return (*trace.answer.citations, *(trace.draft.citations if trace.draft else ()))


def _passages(trace: Trace) -> list[Passage]:
    return [*passages_of(trace), *trace.answer.closest]


def _said_by(passage: Passage) -> list[str]:
    told = [passage.title, passage.uri, passage.locator.heading, passage.table_header, passage.text]
    return told + [text for text in _texts(cast("Json", dict(passage.metadata))) if len(text) >= _STRETCH]


def _is_told(citation: Citation) -> bool:
    return bool(citation.title or citation.uri or citation.snippet)


def _texts(value: Json | tuple[Json, ...]) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)


def _stretches(text: str) -> list[str]:
    return [text[at : at + _STRETCH] for at in range(len(text) - _STRETCH + 1)]
