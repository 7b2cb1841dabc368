"""What a model says, in pieces, becomes drafted sentences."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from firmground.answer.generate import NO_ANSWER, SCHEMA, Drafted, Ending, Reading, form
from firmground.answer.marks import unmarked


def read(text: str, *, structured: bool = False, size: int = 3, cut: bool = False) -> tuple[list[Drafted], Ending]:
    reading = Reading(structured=structured)
    found = [drafted for at in range(0, len(text), size) for drafted in reading.feed(text[at : at + size])]
    ending = reading.finish(cut=cut)
    return [*found, *ending.rest], ending


def drafts(text: str, **how) -> list[tuple[str, tuple[int, ...]]]:
    return [(drafted.text, drafted.marks) for drafted in read(text, **how)[0]]


def answer(*sentences: tuple[str, list[object]], answerable: bool = True) -> str:
    return json.dumps({"answerable": answerable, "sentences": [{"text": text, "citations": marks} for text, marks in sentences]})


# ---------------------------------------------------------------- marks in text


@pytest.mark.parametrize(
    ("mark", "numbers"),
    [
        ("[1]", (1,)), ("[1][2]", (1, 2)), ("[1] [2]", (1, 2)), ("[1, 2]", (1, 2)), ("[1,2;3]", (1, 2, 3)), ("[1-3]", (1, 2, 3)),
        ("[1–3]", (1, 2, 3)), ("[1 and 3]", (1, 3)), ("[2 und 4]", (2, 4)), ("【1】", (1,)), ("【1†source】", (1,)), ("［1］", (1,)),
        ("[passage 1]", (1,)), ("[Passages 1, 2]", (1, 2)), ("[passage 1, passage 2]", (1, 2)), ("[source 3]", (3,)), ("[#2]", (2,)),
        ("[^2]", (2,)), (r"\[1\]", (1,)), ("[1](#passage-1)", (1,)), ("[1](https://x.example/y)", (1,)), ("[2][2]", (2,)),
        ("[3-1]", (3, 1)),
        ("[1-900]", (1, 900)),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "place", ["Five days may be carried over {}.", "Five days may be carried over. {}", "Five days may be carried over.{}"]
)
def test_marks_are_read_in_all_usual_writings(mark: str, numbers: tuple[int, ...], place: str) -> None:
    text = f"{place.format(mark)} Nothing else is known [9]."
    assert drafts(text) == [("Five days may be carried over.", numbers), ("Nothing else is known.", (9,))]


@pytest.mark.parametrize("other", ["(1)", "¹", "^1", "[2024]", "[a]", "[see 1]", "[]", "[1.5]", "[x](1)", "`items[0]`"])
def test_what_is_no_mark_stays_text(other: str) -> None:
    assert drafts(f"It says {other} here.") == [(f"It says {other} here.", ())]


def test_a_sentence_without_mark_is_not_glued_to_a_neighbour() -> None:
    text = "First thing [1]. Second thing. Third thing. [2] Fourth thing."
    assert drafts(text) == [("First thing.", (1,)), ("Second thing.", ()), ("Third thing.", (2,)), ("Fourth thing.", ())]


def test_a_mark_at_the_start_of_a_line_speaks_of_that_line_and_one_alone_of_the_line_before() -> None:
    assert drafts("[1] First line.\n[2] Second line.") == [("First line.", (1,)), ("Second line.", (2,))]
    assert drafts("First line.\n[1]\nSecond line.\n[2]") == [("First line.", (1,)), ("Second line.", (2,))]


def test_list_items_and_table_rows_are_sentences_of_their_own() -> None:
    assert drafts("It takes:\n\n- the form. Signed. [1]\n- a note [2]\n1. First [3]\n") == [
        ("It takes:", ()), ("- the form. Signed.", (1,)), ("- a note", (2,)), ("1. First", (3,)),
    ]  # fmt: skip
    table = "| Country | Euro |\n|---|---|\n| Austria. It is | 30 [1] |\n| Spain | 28 | [2]\n"
    assert drafts(table) == [("| Austria. It is | 30 |", (1,)), ("| Spain | 28 |", (2,))]


@pytest.mark.parametrize(
    "text",
    [
        "Das gilt z. B. ab dem 3. Oktober [1]. Danach nicht.",
        "Dr. Smith signs [1]. Nobody else.",
        "一天。[1]二天。[2]",
        "¿Cuántos? Cinco [1]. Sí.",
    ],
)
def test_sentences_end_where_their_language_ends_them(text: str) -> None:
    assert len(drafts(text)) == 2 + text.startswith("¿")
    assert (1,) in [marks for _, marks in drafts(text)]


def test_a_sentence_is_given_as_soon_as_the_next_one_has_begun() -> None:
    reading = Reading(structured=False)
    assert reading.feed("Five days may be carried over [1]. ") == []
    assert reading.feed("Anything else ") == [Drafted("Five days may be carried over.", (1,))]


def test_fences_rules_and_invisible_signs_are_dropped() -> None:
    assert drafts("```markdown\nFive\u200b days [1].\n```\n---\n") == [("Five days.", (1,))]


@pytest.mark.parametrize("name", ["think", "thinking", "reasoning"])
def test_thoughts_are_dropped(name: str) -> None:
    assert drafts(f"<{name}>Passage says ten [1]. Or not.</{name}>\nFive days [2].") == [("Five days.", (2,))]


def test_of_a_picture_the_words_stay() -> None:
    assert drafts("Five days ![seal](https://x.example/?q=five) [1].") == [("Five days seal.", (1,))]


def test_a_thought_that_never_began_is_dropped_where_it_ends() -> None:
    assert drafts("hm, ten</think>Five days [2].") == [("Five days.", (2,))]


@pytest.mark.parametrize("said", ["NO_ANSWER", "NO_ANSWER.", "**NO_ANSWER**", "no answer", "`NO_ANSWER`\n",
                                  "NO_ANSWER\n\nThe passages [1] speak of others.",
                                  "I looked everywhere.\nNO_ANSWER"])  # fmt: skip
def test_a_refusal_is_told_from_an_answer(said: str) -> None:
    found, ending = read(said)
    assert not ending.answerable
    assert not ending.malformed
    assert [drafted for drafted in found if drafted.marks] == []


def test_a_refusal_after_an_answer_is_no_sentence_of_it() -> None:
    found, ending = read(f"Five days [1]. {NO_ANSWER}")
    assert ending.answerable
    assert found == [Drafted("Five days.", (1,))]


def test_a_text_that_breaks_off_loses_its_last_sentence() -> None:
    assert drafts("Five days [1]. Contractors get no", cut=True) == [("Five days.", (1,))]
    assert drafts("Five days [1]. Contractors none [2].", cut=True)[-1] == ("Contractors none.", (2,))


@pytest.mark.parametrize("said", ["", " \n", "```\n```", "---"])
def test_nothing_said_is_a_fault(said: str) -> None:
    assert read(said) == ([], Ending((), True, "nothing was said"))


# ---------------------------------------------------------------- JSON


def test_sentences_of_a_json_answer_come_one_by_one() -> None:
    reading = Reading(structured=True)
    text = answer(("Five days.", [1]), ("No more.", [2, 3]))
    first = text.index("}") + 1
    assert reading.feed(text[:first]) == [Drafted("Five days.", (1,))]
    assert reading.feed(text[first:]) == [Drafted("No more.", (2, 3))]
    assert reading.over
    assert reading.finish() == Ending((), True, "")


@pytest.mark.parametrize(
    "around",
    ["{}", "```json\n{}\n```", "Here is the answer, from passage [1]:\n\n{}\nI hope it helps [2].", "<think>{{\"sentences\"</think>{}",
     "\n {}\n",
     '{{"result": {}}}'],
)  # fmt: skip
@pytest.mark.parametrize("structured", [True, False])
def test_what_stands_around_the_object_is_dropped(around: str, structured: bool) -> None:
    found = drafts(around.format(answer(('Five {days} and "more".', [1]))), structured=structured)
    assert [each for each in found if each[1]] == [('Five {days} and "more".', (1,))]


@pytest.mark.parametrize(
    ("marks", "numbers"),
    [([1, 2], (1, 2)), (["1"], (1,)), (["[2]"], (2,)), ([1.0], (1,)), (3, (3,)), ("4", (4,)), ([], ()), (None, ()), ([True], ()),
     ([-1], ()),
     ([1e999], ()), ([float("nan")], ()), ([[1]], ()), ({"a": 1}, ()), ([10**9], ()), (list(range(500)), tuple(range(12)))],
)  # fmt: skip
def test_citations_of_any_shape_are_numbers_or_none(marks: object, numbers: tuple[int, ...]) -> None:
    text = json.dumps({"answerable": True, "sentences": [{"text": "Five days.", "citations": marks}]})
    assert drafts(text, structured=True)[:1] == [("Five days.", numbers)] or isinstance(marks, dict)


def test_several_sentences_in_one_are_drafted_each_with_its_own_marks() -> None:
    text = answer(("Five days [2]. No more. [3]", [2, 3]), ("Ask. Then wait.", [1]))
    assert drafts(text, structured=True) == [("Five days.", (2,)), ("No more.", (3,)), ("Ask.", (1,)), ("Then wait.", (1,))]


def test_a_json_refusal_is_told_also_where_it_comes_with_sentences() -> None:
    assert read(answer(answerable=False), structured=True) == ([], Ending((), False, ""))
    assert read(answer(("NO_ANSWER", [])), structured=True) == ([], Ending((), False, ""))
    assert read(answer(("Five days.", [1]), answerable=False), structured=True) == ([], Ending((), False, ""))


@pytest.mark.parametrize(
    ("text", "sentences", "fault"),
    [
        (answer(), 0, "no sentences"),
        (answer(("Five days.", [1]), ("No more.", [2]))[:-20], 1, "the JSON object has no end"),
        (
            '{"sentences": [{"text": 1, "citations": [1]}, {"text": "Five.", "citations": [1]}]}',
            1,
            "no object with text and citations",
        ),
        ('{"sentences": [{"words": "Five."}]}', 0, "no object with text and citations"),
        ('{"sentences": ["Five [1]."]}', 0, "no sentences"),
        ('{"sentences": [{"text": "' + "x" * 9000, 0, "a sentence too long"),
        ('{"sentences": [' + "{" * 9000, 0, "a sentence too long"),
        ('{"answerable": true' + " " * 9000, 0, "a sentence too long"),
        ("<think>" + "hm " * 50, 0, "it only thought"),
        ("word " * 1000, 0, "a sentence longer than 2000 characters"),
        ("Five days [1]. " * 100, 40, "more than 40 sentences"),
        ("\n" * 70_000, 0, "longer than 60000 characters"),
    ],
)
def test_what_cannot_be_read_is_said_and_what_can_is_kept(text: str, sentences: int, fault: str) -> None:
    found, ending = read(text, structured=True, size=50)
    assert len(found) == sentences
    assert fault in ending.malformed


def test_plain_text_from_a_model_that_was_asked_for_json_is_read_too() -> None:
    assert drafts("Five days [1]. No more [2].", structured=True) == [("Five days.", (1,)), ("No more.", (2,))]
    assert len(drafts("Five days may be carried over [1]. " * 30, structured=True)) == 30


def test_endless_output_need_not_be_waited_for() -> None:
    reading = Reading(structured=False)
    pieces = 0
    while not reading.over:
        reading.feed("Five days [1]. Again and again. ")
        pieces += 1
    assert pieces < 100


def test_the_schema_is_strict() -> None:
    def objects(schema: object) -> list[dict[str, object]]:
        if isinstance(schema, dict):
            return [schema] * (schema.get("type") == "object") + [found for value in schema.values() for found in objects(value)]
        return []

    assert len(objects(SCHEMA)) == 2
    for each in objects(SCHEMA):
        assert each["additionalProperties"] is False
        assert each["required"] == list(each["properties"])


@pytest.mark.parametrize("structured", [True, False])
def test_the_form_a_model_is_told_is_the_one_that_is_read(structured: bool) -> None:
    example = form(structured).split("\n")[1]
    assert [marks for _, marks in drafts(example, structured=structured)] == [(1,), (2, 3)]


def test_unmarked_text_keeps_everything_else() -> None:
    assert unmarked("Five days [1]. `a[1]` too [2, 3].") == "Five days. `a[1]` too."


# ---------------------------------------------------------------- whatever comes

PIECES = [
    "Five days may be carried over", ". ", " [1]", "[2, 3]", "【4】", "\n", "\n\n", "- item", "| a | b |", "|---|---|", "z. B. ",
    "3. Oktober ",
    "<think>", "</think>", "```json\n", '{"answerable": true, "sentences": [', '{"text": "A b. C d [2].", "citations": [1]}', ", ", "]}",
    "{", "}",
    '"', "\\", NO_ANSWER, "[", "]", "。", "x" * 300, "\u200b", "\ud800", "`", "# Head", " ", "a. ",
]  # fmt: skip
SPEECH = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)


@settings(deadline=None)
@given(SPEECH, st.lists(st.integers(1, 40), max_size=30), st.booleans(), st.booleans())
@example("Five days. [1] No more [2]. ", [12, 1, 1, 1], False, False)
def test_any_cutting_into_pieces_gives_the_same(text: str, sizes: list[int], structured: bool, cut: bool) -> None:
    whole = read(text, structured=structured, size=max(1, len(text)), cut=cut)
    reading = Reading(structured=structured)
    found: list[Drafted] = []
    at = 0
    for size in [*sizes, len(text)]:
        found += reading.feed(text[at : at + size])
        at += size
    ending = reading.finish(cut=cut)
    assert [*found, *ending.rest] == whole[0]
    assert (ending.answerable, ending.malformed) == (whole[1].answerable, whole[1].malformed)


@settings(deadline=None)
@given(st.one_of(SPEECH, st.text(max_size=300)), st.booleans(), st.booleans())
def test_whatever_is_said_never_fails(text: str, structured: bool, cut: bool) -> None:
    found, ending = read(text, structured=structured, cut=cut)
    for drafted in found:
        assert drafted.text.strip()
        assert drafted.text.encode()
        assert len(drafted.marks) <= 12
    assert found or ending.malformed or not ending.answerable
    if not ending.answerable:
        assert not any(drafted.marks for drafted in found)


@pytest.mark.parametrize(
    "unit",
    [
        "a. ",
        "z.B. ",
        "[1",
        "{",
        '{"',
        "<think>",
        "`",
        "|",
        "| a. |",
        "- a\n",
        "\\",
        "x",
        "[1][2]",
        ". ",
        "\n#",
        "。",
        "a. [1",
        "<",
    ],
)
def test_hostile_repetition_is_read_quickly(unit: str) -> None:
    for structured in (True, False):
        found, _ = read(unit * (100_000 // len(unit)), structured=structured, size=4096)
        assert len(found) <= 40


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Five days may be carried over", "Contractors get none", "Ask HR by 3 May"]), st.integers(1, 9)
        ),
        max_size=8,
    )
)
def test_an_honest_answer_is_read_as_it_was_meant(said: list[tuple[str, int]]) -> None:
    meant = [(f"{text}.", (n,)) for text, n in said]
    assert drafts(" ".join(f"{text} [{n}]." for text, n in said)) == meant
    assert drafts(" ".join(f"{text}. [{n}]" for text, n in said)) == meant
    assert drafts("\n".join(f"{text} [{n}]." for text, n in said)) == meant
    assert drafts(answer(*[(f"{text}.", [n]) for text, n in said]), structured=True) == meant
