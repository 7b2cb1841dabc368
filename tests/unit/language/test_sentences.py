import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmground.language.sentences import sentences


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    "sentence",
    [
        "Dr. Smith pays 3.5 EUR, e.g. in May.",
        "Am 3. Mai gilt z. B. die neue Regel.",
        "J. R. Miller wrote it (see Fig. 3).",
        "Das sind ca. 20 Tage bzw. Nächte.",
        "It went on... and on.",
        "Siehe § 5 Abs. 2 der Ordnung.",
        'He asked "Why?" and left.',
    ],
)
def test_a_point_inside_a_sentence_does_not_end_it(sentence: str) -> None:
    assert split(sentence) == [sentence]


@pytest.mark.parametrize(
    "parts",
    [
        ["It began in 2019.", "The next year was better."],
        ['"Yes."', "He said so."],
        ["Pens, paper, etc.", "The list is short."],
        ["**Note.**", "Keep it."],
        ["Really?!", "No.", "Never."],
        ["¿Qué?", "¡Nada!"],
        ["हम आते हैं।", "तुम जाओ।"],
        ["هل تعلم؟", "نعم."],
    ],
)
def test_sentences_are_split(parts: list[str]) -> None:
    assert split(" ".join(parts)) == parts


def test_chinese_needs_no_space_between_sentences() -> None:
    assert split("第一句。第二句！") == ["第一句。", "第二句！"]


def test_markdown_units_stand_alone() -> None:
    text = "# Title\nOne line\nof text.\n\n- item one. Two.\n- item two\n  goes on\n\n"
    text += "| a | b |\n|---|---|\n| 1. | 2 |\n```\nx = 1. Y\n```\n"
    assert split(text) == [
        "# Title",
        "One line\nof text.",
        "- item one. Two.",
        "- item two\n  goes on",
        "| a | b |",
        "|---|---|",
        "| 1. | 2 |",
        "```",
        "x = 1. Y",
        "```",
    ]


def test_a_hard_break_separates() -> None:
    assert split("Name: A  \nCity: B") == ["Name: A", "City: B"]


PIECES = st.sampled_from([*list('aB1 .\n!?。-#|`"*\\\t'), "```\n", "e.g. ", "- ", "\u2028", "\r"])


@given(st.one_of(st.text(), st.lists(PIECES).map("".join)))
def test_no_text_is_lost_and_none_is_said_twice(text: str) -> None:
    covered = [0] * len(text)
    spans = sentences(text)
    for start, end in spans:
        for at in range(start, end):
            covered[at] += 1
    assert all(text[start:end].strip() == text[start:end] != "" for start, end in spans)
    assert spans == sorted(spans)
    assert all(times <= 1 for times in covered)
    assert all(times == 1 for sign, times in zip(text, covered, strict=True) if not sign.isspace())
