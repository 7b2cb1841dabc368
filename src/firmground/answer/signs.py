"""What tells whether the documents answer a question: signs of the retrieval and of the evidence, as numbers."""

from collections.abc import Sequence

from firmground.answer.extract import Extract, Quote
from firmground.language import questions
from firmground.language.terms import query_terms, terms
from firmground.types import Hit, Passage

READING = 3
"""Grows when the same question and documents give other signs: calibrations made before no longer hold."""
_NEAR = 10
"""Candidates that two rankings are compared over."""

MEANING = frozenset(
    {
        *("sentence_cosine", "second_cosine", "third_cosine", "best_cosine", "passage_cosine", "near_cosine"),
        *("meaning_margin", "agreement", "words_rank", "meaning_rank"),
    }
)
"""Signs that an embedder has to know the question's language for."""

NAMED = {
    "words_in_sentence": "words of the question, by rarity, in the best sentence",
    "words_in_quotes": "words of the question, by rarity, in all quotes",
    "words_in_passage": "words of the question, by rarity, in the best single passage",
    "words_anywhere": "words of the question, by rarity, in all passages",
    "words_in_heading": "words of the question in the title and heading above the best sentence",
    "phrase": "the longest run of the question's words, as asked, in that passage",
    "names_missing": "names of the question that are not in that passage",
    "numbers_missing": "numbers of the question that are not in that passage",
    "kind_asked": "the question asks for a number, a date, a person or a place",
    "kind_held": "the best sentence holds what kind of thing is asked for",
    "length": "words of the question (20 or more: 1)",
    "quotes": "sentences that answer about equally well, of three",
    "one_passage": "all quotes are from one passage",
    "sentence_cosine": "closeness of the sentence nearest in meaning",
    "second_cosine": "closeness of the second nearest sentence",
    "third_cosine": "closeness of the third nearest sentence",
    "best_cosine": "closeness of the best sentence in meaning",
    "passage_cosine": "closeness of the passage nearest in meaning",
    "near_cosine": "mean closeness of the ten nearest passages",
    "meaning_margin": "how far its document is ahead of all others in meaning",
    "words_margin": "how far the best document is ahead of all others in words",
    "words_lead": "how far the best passage is ahead of the first ten in words",
    "margin": "how far the best document is ahead of all others in both together",
    "lead": "how far the best passage is ahead of the first ten in both together",
    "best_score": "score of the best passage in both together",
    "agreement": "share of the first ten that words and meaning have in common",
    "words_rank": "rank by words of the passage nearest in meaning (first: 1, second: ½ …)",
    "meaning_rank": "rank by meaning of the passage with the best words (first: 1, second: ½ …)",
    "one_document": "share of the first ten that is from the best document",
}
"""Every sign in words, in the order in which people should see them."""


def signs(
    ranked: Sequence[tuple[Hit, float]],
    extract: Extract,
    question: str = "",
    passages: Sequence[Passage] = (),
    *,
    language: str = "",
) -> dict[str, float]:
    """The signs of one question, by the names in `NAMED`; none of them depends on the size of the corpus.

    `ranked` are all candidates, best first; `passages` those that `extract` was read from; `language` is the question's (ISO 639-1).
    Those in `MEANING` are 0 where the embedder had no say. Nothing found: all 0.
    """
    return {**_of_evidence(extract), **_of_words(extract, question, passages, language), **_of_ranking(ranked)}


def _of_evidence(extract: Extract) -> dict[str, float]:
    best, quotes = extract.best, extract.quotes
    first, second, third = (*extract.cosines[:3], *[0.0] * (3 - len(extract.cosines[:3])))
    said = {word: share for quote in quotes for word, share in quote.words.items()}
    return {
        "words_in_sentence": best.coverage if best else 0.0,
        "words_in_quotes": sum(said.values()),
        "words_in_passage": extract.coverage,
        "words_anywhere": extract.covered,
        "quotes": min(len(quotes), 3) / 3,
        "one_passage": float(len({quote.unit.passage for quote in quotes}) == 1),
        "sentence_cosine": first,
        "second_cosine": second,
        "third_cosine": third,
        "best_cosine": best.cosine if best else 0.0,
    }


def _of_words(extract: Extract, question: str, passages: Sequence[Passage], language: str) -> dict[str, float]:
    kind = questions.asked_for(question)
    passage, quote = _home(extract.best, passages), extract.best
    heading = f"{passage.title}\n{passage.locator.heading}\n{quote.unit.heading if quote else ''}" if passage else ""
    text = f"{heading}\n{passage.text}" if passage else ""
    held, spoken = questions.words(text), passage.language if passage else ""
    asked = query_terms(question, [spoken]) if passage else []
    above = frozenset(terms(heading, spoken))
    figures = questions.numbers(question)
    return {
        "words_in_heading": sum(word in above for word in asked) / len(asked) if asked else 0.0,
        "phrase": questions.longest_run(question, text),
        "names_missing": questions.missing(questions.names(question, language), held),
        "numbers_missing": questions.missing(figures, frozenset(questions.numbers(text)) if figures else held),
        "kind_asked": float(bool(kind)),
        "kind_held": float(quote is not None and questions.holds(kind, quote.shown)),
        "length": min(len(question.split()), 20) / 20,
    }


def _home(quote: Quote | None, passages: Sequence[Passage]) -> Passage | None:
    return passages[quote.unit.passage] if quote and quote.unit.passage < len(passages) else None


def _of_ranking(ranked: Sequence[tuple[Hit, float]]) -> dict[str, float]:
    documents = [hit.document for hit, _ in ranked]
    lexical = [hit.scores.lexical or 0.0 for hit, _ in ranked]
    dense = [hit.scores.dense or 0.0 for hit, _ in ranked]
    fused = [score for _, score in ranked]
    by_words, by_meaning = _order(lexical), _order(dense)
    both = bool(ranked) and any(dense)
    near = min(_NEAR, len(ranked)) or 1
    top_words, top_meaning = max(lexical, default=0.0), max(dense, default=0.0)
    # To be ahead of few says little: with less than ten candidates, less is made of it.
    rivals = min(1.0, len(ranked) / _NEAR)
    return {
        "passage_cosine": top_meaning,
        "near_cosine": _mean(sorted(dense, reverse=True)[:_NEAR]),
        "meaning_margin": rivals * _margin(dense, documents),
        "words_margin": rivals * _margin(lexical, documents) / top_words if top_words else 0.0,
        "words_lead": rivals * (1 - _mean(sorted(lexical, reverse=True)[:_NEAR]) / top_words) if top_words else 0.0,
        "margin": rivals * _margin(fused, documents),
        "lead": rivals * (fused[0] - _mean(fused[:_NEAR])) if fused else 0.0,
        "best_score": fused[0] if fused else 0.0,
        "agreement": len({*by_words[:near]} & {*by_meaning[:near]}) / near if both else 0.0,
        "words_rank": 1 / (1 + by_words.index(by_meaning[0])) if both else 0.0,
        "meaning_rank": 1 / (1 + by_meaning.index(by_words[0])) if both else 0.0,
        "one_document": sum(each == documents[0] for each in documents[:_NEAR]) / near if documents else 0.0,
    }


def _order(scores: Sequence[float]) -> list[int]:
    return sorted(range(len(scores)), key=lambda at: (-scores[at], at))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _margin(scores: Sequence[float], documents: Sequence[int]) -> float:
    """The best score less the best one in another document."""
    if not scores:
        return 0.0
    best = max(range(len(scores)), key=scores.__getitem__)
    others = [score for score, document in zip(scores, documents, strict=True) if document != documents[best]]
    return scores[best] - max(others, default=0.0)
