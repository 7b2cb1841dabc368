"""Passages of different documents that say different values for the same thing."""

import pytest

from firmground.answer.contradiction import Contradiction, contradictions
from firmground.answer.extract import Quote, units
from firmground.types import Locator, Passage, Scores


def passage(text: str, document: str = "a", **fields) -> Passage:
    usual = {
        "passage": f"p-{document}",
        "document": document,
        "title": "Leave",
        "uri": f"s/{document}.md",
        "language": "en",
        "locator": Locator(start=0, end=len(text)),
        "text": text,
        "score": 1.0,
        "scores": Scores(),
    }
    return Passage.model_validate(usual | fields)


def found(one: str, other: str, **fields) -> tuple[Contradiction, ...]:
    """All of `one` is quoted; `other` stands in another document."""
    passages = [passage(one), passage(other, **{"document": "b"} | fields)]
    return contradictions(passages, [Quote(unit, 1.0, 0.5, 1.0) for unit in units(0, passages[0])])


@pytest.mark.parametrize(
    ("one", "other", "differs"),
    [
        ("At most 5 days may be carried over.", "At most 10 days may be carried over.", ("5 days", "10 days")),
        (
            "Up to 5 days may be carried over to the next year.",
            "10 days may be carried over to the next year.",
            ("5 days", "10 days"),
        ),
        ("Carried over days expire on 31 March.", "Carried over days expire on 30 June.", ("31 March", "30 June")),
        (
            "The trial period lasts six months for all.",
            "The trial period lasts three months for all.",
            ("six months", "three months"),
        ),
        (
            "The new office in Leith opens on 3 May 2026.",
            "The new office in Leith opens on 10 May 2026.",
            ("3 May 2026", "10 May 2026"),
        ),
        (
            "The hotline is open until 17:30 on working days.",
            "The hotline is open until 18:00 on working days.",
            ("17:30", "18:00"),
        ),
    ],
)
def test_statements_that_differ_in_a_number_contradict(one: str, other: str, differs: tuple[str, str]) -> None:
    (seen,) = found(one, other)
    assert (seen.one.text, seen.other.text) == (one, other)
    assert (seen.kind, seen.differs) == ("number", differs)


def test_statements_that_differ_in_a_negation_contradict() -> None:
    (seen,) = found("Dogs are allowed in the canteen at lunch.", "Dogs are not allowed in the canteen at lunch.")
    assert (seen.kind, seen.differs) == ("polarity", ("", "not"))
    assert found("Der Vertrag ist sofort kündbar.", "Der Vertrag ist nicht sofort kündbar.") == ()
    german = (
        passage("Hunde dürfen mittags in die große Kantine."),
        passage("Hunde dürfen mittags nicht in die große Kantine.", "b"),
    )
    german = tuple(each.model_copy(update={"language": "de"}) for each in german)
    (seen,) = contradictions(german, [Quote(unit, 1.0, 0.0, 1.0) for unit in units(0, german[0])])
    assert seen.differs == ("", "nicht")


def test_rows_of_one_name_contradict_in_the_column_of_one_name() -> None:
    (seen,) = found(
        "| Plan | Price |\n|---|---|\n| Basic | 12 euros |\n| Plus | 20 euros |",
        "| Plan | Seats | Price |\n|---|---|---|\n| Plus | 4 | 24 euros |\n| Basic | 1 | 12 euros |",
    )
    assert (seen.one.text, seen.differs) == ("| Plus | 20 euros |", ("20 euros", "24 euros"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Employees in Austria have 25 days of leave a year.", "Employees in Spain have 22 days of leave a year."),
        ("The basic plan costs 12 euros a month.", "The premium plan costs 20 euros a month."),
        ("Up to 5 days may be carried over.", "Up to 5 days may be carried over."),
        ("The report shows sales of 12 million for the year 2024.", "The report shows sales of 14 million for the year 2025."),
        ("Guests sign in at the reception on level 2.", "Guests sign in at the reception."),
        ("Call 112.", "Call 110."),
        ("The warranty of a pump lasts two years.", "The warranty of a pump lasts 24 months."),
        ("The doors of the hall close at 6 pm.", "The doors of the hall close at 18:00."),
        ("The meeting of the board is on 3 May 2025.", "The meeting of the board is on 2 May 2026."),
        ("| Plan | Price |\n|---|---|\n| Basic | 12 |", "| Plan | Price |\n|---|---|\n| Plus | 20 |"),
        ("| 1 | 12 |", "| 1 | 14 |"),
    ],
)
def test_different_things_may_have_different_values(one: str, other: str) -> None:
    assert found(one, other) == ()


def test_what_stands_below_unlike_headings_is_not_the_same_thing() -> None:
    one, other = "# Hotels\n\nThe limit for each night is 150 euros.", "# Bicycles\n\nThe limit for each night is 15 euros."
    assert found(one, other) == ()


def test_one_document_does_not_contradict_itself_and_languages_are_not_mixed() -> None:
    one, other = "Up to 5 days may be carried over.", "Up to 10 days may be carried over."
    assert found(one, other)
    assert found(one, other, document="a") == ()
    assert found(one, other, language="de") == ()
    assert contradictions([], []) == ()


def test_a_quoted_list_is_compared_item_by_item_and_once_for_each_document() -> None:
    lead = "- Paper is kept in room 4 for a month.\n- Keys are kept in room 7 for a year."
    passages = [passage(lead), passage("Keys are kept in room 9 for a year. Keys are kept in room 8 for a year.", "b")]
    (first, *_) = units(0, passages[0])
    quoted = Quote(first.__class__(0, 0, len(lead), lead, item=True), 1.0, 0.5, 1.0)
    (seen,) = contradictions(passages, [quoted])
    assert seen.one.text == "- Keys are kept in room 7 for a year."
    assert seen.differs == ("7", "9")
