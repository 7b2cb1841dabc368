"""What pages show of an answer: its layout, its words in short, its text to copy."""

from datetime import UTC, datetime

import pytest

from firmground.types import Answer, Citation, Locator, Sentence
from firmground.web.told import Part, as_text, parts, sure

LIST = "You keep more in two cases:\n\n- you were ill;\n- we asked you [1] not to go."


def an_answer(text: str, *sentences: Sentence, citations: tuple[Citation, ...] = (), confidence: float = 0.5) -> Answer:
    return Answer(
        id="1",
        question="What *about* [it]?",
        conversation="1",
        created_at=datetime(2026, 11, 20, tzinfo=UTC),
        release="r",
        corpus="1",
        model="extractive",
        status="answered",
        text=text,
        sentences=sentences,
        citations=citations,
        confidence=confidence,
    )


def shown(part: Part) -> list[str]:
    return ["".join(f"({piece.source})" if piece.source else piece.text for piece in line).strip() for line in part.lines]


def test_paragraphs_and_lists_are_told_apart_and_no_word_is_lost():
    answer = an_answer(
        f"Days lapse. [2] They do.\nAlways.\n\n{LIST} [1][2]",
        Sentence(text="Days lapse.", citations=(2,)),
        Sentence(text="They do.\nAlways.", citations=()),
        Sentence(text=LIST, citations=(1, 2)),
    )
    assert [(part.kind, shown(part)) for part in parts(answer)] == [
        ("text", ["Days lapse.(2) They do.", "Always."]),
        ("text", ["You keep more in two cases:"]),
        ("list", ["you were ill;", "we asked you [1] not to go.(1)(2)"]),
    ]


def test_a_table_stands_between_what_is_said_before_and_after():
    table = "| A | B |\n|---|---|\n| 1 | 2 |"
    answer = an_answer(f"So it is.\n\n{table} [1]\n\nAfter.", Sentence(text=table, citations=(1,)))
    assert [part.kind for part in parts(answer)] == ["text", "table", "text", "text"]
    assert [shown(part) for part in parts(answer) if part.kind == "text"] == [["So it is."], ["(1)"], ["After."]]


@pytest.mark.parametrize("text", ["", "\n\n", "- ", "-", "- a", "*bold* words", "a - b"])
def test_any_text_can_be_laid_out(text: str):
    said = "".join("".join(shown(part)) for part in parts(an_answer(text)))
    assert said == text.strip().removeprefix("- ").strip()


def test_a_copy_names_its_sources_with_their_place_and_means_the_same_in_markdown():
    citation = Citation(
        n=1,
        passage="p",
        document="d",
        title="Leave [2026] *",
        uri="docs/leave.md",
        locator=Locator(page=3, heading="Leave [2026] * > Carrying over", start=5, end=9),
        snippet="five",
    )
    answer = an_answer("Five. [1]", Sentence(text="Five.", citations=(1,)), citations=(citation,))
    link = "https://ask.example.org/documents/d?start=5&end=9#quote"
    assert as_text(answer, "https://ask.example.org") == (
        f"What *about* [it]?\n\nFive. [1]\n\n[1] Leave [2026] *, page 3 · Carrying over: {link}"
    )
    assert as_text(answer, "https://ask.example.org", markdown=True) == (
        f"**What \\*about\\* \\[it\\]?**\n\nFive. [1]\n\n1. [Leave \\[2026\\] \\*](<{link}>), page 3 · Carrying over"
    )


@pytest.mark.parametrize(
    ("confidence", "word"), [(1.0, "high"), (0.8, "high"), (0.79, "medium"), (0.5, "medium"), (0.49, "low"), (0.0, "low")]
)
def test_confidence_has_a_word(confidence: float, word: str):
    assert sure(an_answer("", confidence=confidence)) == word


def test_the_word_for_the_confidence_never_contradicts_the_state():
    certain = an_answer("", confidence=0.95)
    assert sure(certain.model_copy(update={"status": "weak"})) == "medium"
    assert sure(certain.model_copy(update={"status": "abstained"})) == "low"
