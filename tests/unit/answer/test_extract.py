"""Sentences of the evidence that answer, word for word."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmground.answer.extract import Extract, Extractive, units
from firmground.testing.embedder import FakeEmbedder
from firmground.types import Locator, Passage, Scores

EMBEDDER = FakeEmbedder()

LEAVE = """## Carry-over

Employees have thirty days of leave. Five days may be carried over until the end of March. Anything else expires.

## Notice

Send these with your request:

- the form L-7
- a note from your manager

Requests are answered within a week."""

TABLE = """| Country | Allowance |
|---|---|
| Austria | 30 euro |
| Spain | 28 euro |"""


def passage(text: str, score: float = 1.0, **fields) -> Passage:
    usual = {
        "passage": f"p{abs(hash(text)) % 997}",
        "document": "d",
        "title": "Handbook",
        "uri": "s/handbook.md",
        "language": "en",
        "locator": Locator(heading="Leave", start=40, end=40 + len(text)),
        "text": text,
        "score": score,
        "scores": Scores(),
    }
    return Passage.model_validate(usual | fields)


def read(question: str, *passages: Passage, recipe: Extractive | None = None, dense: bool = True) -> Extract:
    vector = EMBEDDER.embed([question])[0] if dense else None
    return (recipe or Extractive()).read(question, vector, passages, EMBEDDER.embed)


def texts(extract: Extract) -> list[str]:
    return [quote.unit.text for quote in extract.quotes]


@pytest.mark.parametrize("dense", [True, False])
def test_the_sentence_that_answers_is_quoted(dense: bool) -> None:
    found = read("How many days may be carried over until March?", passage(LEAVE), dense=dense)
    assert found.best
    assert found.best.unit.text == "Five days may be carried over until the end of March."
    assert found.best.unit.text in texts(found)
    assert found.best.coverage > 0.5


def test_a_lead_in_is_quoted_with_its_list() -> None:
    found = read("What do I send with my request?", passage(LEAVE))
    assert texts(found)[0] == "Send these with your request:\n\n- the form L-7\n- a note from your manager"


def test_a_list_longer_than_allowed_is_cut_between_items() -> None:
    found = read("What do I send with my request?", passage(LEAVE), recipe=Extractive(longest=50))
    assert texts(found)[0] == "Send these with your request:\n\n- the form L-7"


STEPS = """## Refunds

Whoever wants a refund must follow all of the steps below:

Please have the receipt ready.

- open the form
- attach the receipt

## Later

- wait"""


def test_a_paragraph_between_a_lead_in_and_its_list_does_not_part_them() -> None:
    found = read("Which steps must I follow for a refund?", passage(STEPS))
    assert found.best
    assert texts(found)[0].startswith("Whoever wants a refund must follow")
    assert texts(found)[0].endswith("- open the form\n- attach the receipt")


def test_a_lead_in_takes_no_list_from_below_another_heading() -> None:
    text = "Follow all of the steps for a refund below:\n\nThere are none.\n\n## Later\n\n- wait"
    assert texts(read("steps for a refund", passage(text)))[0] == "Follow all of the steps for a refund below:"


def test_a_fragment_of_a_list_is_quoted_with_its_lead_in_and_the_other_items() -> None:
    text = "You keep them in two cases:\n\n- you were ill for a long time;\n- you were on maternity leave;\n\nAsk us."
    found = read("Was I on maternity leave?", passage(text), dense=False)
    assert texts(found)[0] == "You keep them in two cases:\n\n- you were ill for a long time;\n- you were on maternity leave;"


def test_one_step_of_several_is_quoted_with_the_others_and_their_lead_in() -> None:
    text = "To return a device follow these steps:\n\nThey hold for all.\n\n1. Write to us.\n2. Pack it with the form.\n3. Wait."
    found = read("Pack with which form?", passage(text), dense=False)
    assert texts(found)[0] == text


def test_a_list_item_that_is_a_whole_sentence_stands_alone() -> None:
    text = "Three rules:\n\n- Passwords have fourteen characters.\n- Nobody shares them."
    found = read("How many characters have passwords?", passage(text), dense=False)
    assert texts(found)[0] == "- Passwords have fourteen characters."


def test_the_sentence_beside_the_best_one_comes_along_when_it_adds_words_of_the_question() -> None:
    text = "A hotel room may cost up to 150 euros a night. In London the limit is 210.\n\nTaxis may be used at night."
    found = read("How much may a hotel room cost in London?", passage(text), dense=False)
    assert texts(found)[:2] == ["A hotel room may cost up to 150 euros a night.", "In London the limit is 210."]


def test_words_that_only_ask_weigh_little() -> None:
    text = (
        "# Warranty\n\n## How long it takes\n\nWe look at it within ten days.\n\n## Duration\n\nThe warranty covers five years."
    )
    found = read("How long is the warranty?", passage(text, title="Repairs"), dense=False)
    assert found.best
    assert found.best.unit.text == "The warranty covers five years."


def test_rows_that_the_question_does_not_tell_apart_are_shown_below_one_header() -> None:
    found = read("What is the allowance for each country?", passage(TABLE))
    assert [quote.shown for quote in found.quotes] == [
        "| Country | Allowance |\n| --- | --- |\n| Austria | 30 euro |\n| Spain | 28 euro |"
    ]


def test_of_a_long_table_only_so_many_rows_are_shown() -> None:
    rows = "\n".join(f"| Land {at} | {20 + at} euro |" for at in range(12))
    found = read("Which allowance?", passage(f"| Country | Allowance |\n|---|---|\n{rows}"), recipe=Extractive(rows=4))
    assert max(text.count("\n") for text in texts(found)) <= 3


def test_a_row_with_a_cell_that_the_question_names_in_full_stands_alone() -> None:
    text = "| Version | Price |\n|---|---|\n| heated | 1590 |\n| marine, heated | 2140 |"
    found = read("price of the heated version", passage(text), dense=False)
    assert found.best
    assert found.best.unit.text == "| heated | 1590 |"
    assert not [each for each in texts(found) if "\n" in each]


def test_rows_of_two_tables_both_speak() -> None:
    one, two = (f"| Band | Salary {sign} |\n|---|---|\n| senior engineer | {pay} |" for sign, pay in (("GBP", 52), ("EUR", 66)))
    found = read("salary of a senior engineer", passage(one), passage(two, 0.95))
    assert len(found.quotes) == 2


def test_a_table_row_is_quoted_whole_and_shown_below_its_header() -> None:
    found = read("What is the allowance in Spain?", passage(TABLE))
    assert found.best
    assert found.best.unit.text == "| Spain | 28 euro |"
    assert found.best.shown == "| Country | Allowance |\n| --- | --- |\n| Spain | 28 euro |"


def test_a_row_of_a_divided_table_is_shown_below_the_header_its_passage_brings() -> None:
    found = read("allowance in Spain", passage("| Spain | 28 euro |", table_header="| Country | Allowance |"))
    assert found.best
    assert found.best.unit.header == "| Country | Allowance |"


def test_headings_header_rows_and_bare_markup_are_never_quoted() -> None:
    found = [unit.text for unit in units(0, passage(f"{LEAVE}\n\n---\n\n{TABLE}\n\n```\ncode\n```"))]
    assert not [text for text in found if text.startswith(("#", "---", "```", "| Country", "|---"))]
    assert "code" in found
    assert "- the form L-7" in found


def test_each_unit_knows_the_heading_above_it() -> None:
    headings = {unit.text: unit.heading for unit in units(0, passage(f"First.\n\n{LEAVE}"))}
    assert headings["First."] == "Leave"
    assert headings["Anything else expires."] == "Carry-over"
    assert headings["- the form L-7"] == "Notice"


def test_a_word_in_the_heading_counts_for_the_sentence_below_it() -> None:
    text = "## Parking\n\nThe gate closes at ten.\n\n## Canteen\n\nThe doors close at two."
    found = read("When does the canteen close?", passage(text), dense=False)
    assert found.best
    assert found.best.unit.text == "The doors close at two."


def test_a_question_in_the_document_is_answered_by_what_follows_it() -> None:
    text = "*Where is the party this year?*\nOn the ship, as always.\n\n*Where is the car park?*\nBehind the hall."
    found = read("Where is the party?", passage(text), dense=False)
    assert texts(found)[0] == "On the ship, as always."


def test_a_heading_that_asks_is_answered_by_what_follows_it() -> None:
    text = "## How do I get a permit?\n\nFill in the card. It comes by post.\n\n## Fines\n\nWithout a permit you pay 30 crowns."
    found = read("How do I get a permit?", passage(text), dense=False)
    assert texts(found)[0] == "Fill in the card."


@pytest.mark.parametrize("title", ["WATER IN THE CELLAR", "Water in the cellar\n-------------------"])
def test_a_line_that_names_what_follows_is_a_heading_without_its_sign(title: str) -> None:
    text = f"{title}\n\nTurn off the pump.\n\nPOWER CUT\n\nThe lift stops.\n\nSigned: the porter"
    found = list(units(0, passage(text)))
    assert [unit.text for unit in found] == ["Turn off the pump.", "The lift stops.", "Signed: the porter"]
    assert found[0].heading.casefold() == "water in the cellar"
    assert (
        read("water in the cellar", passage(text), dense=False).best
        == read("water in the cellar", passage(text), dense=False).quotes[0]
    )


def test_the_last_line_names_nothing() -> None:
    assert [unit.text for unit in units(0, passage("The end"))] == ["The end"]
    assert [unit.text for unit in units(0, passage("Call us.\n\nOdile Brandt"))] == ["Call us.", "Odile Brandt"]


def test_a_slip_of_the_pen_finds_the_word_that_is_meant() -> None:
    text = "The holiday begins in July. The market begins in June."
    found = read("when does the hoilday begin", passage(text), dense=False)
    assert found.best
    assert found.best.unit.text == "The holiday begins in July."


def test_the_sentence_that_holds_what_is_wanted_is_preferred() -> None:
    text = "A permit is sent to your home. The permit is sent within 8 days."
    found = read("How long until the permit is sent?", passage(text), dense=False)
    assert found.best
    assert found.best.unit.text == "The permit is sent within 8 days."


def test_the_paragraph_of_the_best_sentence_gives_what_is_wanted_when_it_does_not() -> None:
    text = "Second jobs need a note. We refuse few of them. The answer comes within 10 days.\n\nLunch takes 30 minutes."
    found = read("How long until I hear about my second job and its note?", passage(text), dense=False)
    assert texts(found)[0] == "Second jobs need a note."
    assert texts(found)[-1] == "The answer comes within 10 days."


def test_what_a_sentence_speaks_of_may_stand_in_the_one_before() -> None:
    text = "The baker lives in Upper Street.\n\nThe council chose a steward. She lives in Lower Street."
    found = read("In which street does the steward live?", passage(text), dense=False)
    assert found.best
    assert found.best.unit.text == "She lives in Lower Street."


def test_quotes_keep_to_the_language_of_the_best_one() -> None:
    found = read("Fulmar U2", passage("The Fulmar U2 is new."), passage("Le Fulmar U2 est neuf.", 0.99, language="fr"))
    assert texts(found) == ["The Fulmar U2 is new."]


def test_what_was_said_already_is_not_said_again() -> None:
    same = "Five days may be carried over until the end of March."
    found = read("How many days may be carried over?", passage(same), passage(f"{same} More follows here.", 0.9))
    assert texts(found).count(same) == 1


def test_never_more_sentences_than_asked_for() -> None:
    recipe = Extractive(max_sentences=2, margin=9.0)
    assert len(read("leave days March request form", passage(LEAVE), recipe=recipe).quotes) == 2


def test_only_so_many_sentences_are_embedded() -> None:
    embedder = FakeEmbedder()
    long = " ".join(f"Sentence number {at} speaks of leave." for at in range(200))
    Extractive(considered=10).read("leave", embedder.embed(["leave"])[0], [passage(long)], embedder.embed)
    assert len(embedder.embedded) == 11


def test_without_evidence_there_is_nothing_to_quote() -> None:
    assert read("anything") == Extract((), None, (), 0.0, 0.0)
    assert read("anything", passage("# Only a heading")).quotes == ()


def test_a_question_without_words_is_compared_by_meaning_only() -> None:
    assert read("???", passage(LEAVE)).coverage == 0.0


WORDS = st.sampled_from(["leave", "days", "March", "form", "Dr. Who", "12.5", "manager", "Überstunden", "年休"])
LINES = st.one_of(
    st.lists(WORDS, min_size=1, max_size=8).map(lambda words: " ".join(words) + "."),
    st.lists(WORDS, min_size=1, max_size=4).map(lambda words: "- " + " ".join(words)),
    st.lists(WORDS, min_size=1, max_size=4).map(lambda words: "| " + " | ".join(words) + " |"),
    st.sampled_from(["", "# Leave", "|---|---|", "Needed:", "```", "  indented text"]),
)
TEXTS = st.lists(LINES, min_size=1, max_size=12).map("\n".join)


@given(st.lists(TEXTS, min_size=1, max_size=3), st.lists(WORDS, max_size=5).map(" ".join))
def test_quotes_are_exact_slices_in_reading_order_and_never_overlap(found: Sequence[str], question: str) -> None:
    passages = [passage(text, 1 - at / 10) for at, text in enumerate(found)]
    extract = read(question, *passages)
    assert extract == read(question, *passages)
    places = [(quote.unit.passage, quote.unit.start, quote.unit.end) for quote in extract.quotes]
    assert places == sorted(places)
    for (at, _, end), (other, start, _) in pairwise(places):
        assert at != other or end <= start
    for quote in extract.quotes:
        text = passages[quote.unit.passage].text
        assert text[quote.unit.start : quote.unit.end] == quote.unit.text == quote.unit.text.strip()
        assert quote.shown.endswith(quote.unit.text)
    assert 0 <= extract.coverage <= extract.covered <= 1 + 1e-9
    assert all(np.isfinite(quote.score) for quote in extract.quotes)
