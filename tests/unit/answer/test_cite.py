"""Marks become citations with the exact span, or are removed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmground.answer.cite import Citing, Support
from firmground.answer.packing import Packed, Packing
from firmground.types import Locator, Passage, Scores

LEAVE = """## Carry-over

Employees have thirty days of leave. Five days may be carried over until the end of March. Anything else expires.

## Contractors

They have no paid leave. Their agency pays them.

What must I send?

- the form L-7, signed
- a note from your manager"""

TABLE = """| Country | Allowance |
|---|---|
| Austria | 30 euro |
| Spain | 28 euro |"""

CANTEEN = "The canteen is open from 11:30 to 14:00. Guests pay 9.50 euro for lunch."


def passage(text: str, **fields) -> Passage:
    usual = {
        "passage": "p", "document": "d", "title": "Handbook", "uri": "s/h.md", "language": "en", "locator": Locator(start=0, end=len(text)),
        "text": text, "score": 1.0, "scores": Scores(),
    }  # fmt: skip
    return Passage.model_validate(usual | fields)


EVIDENCE = (passage(CANTEEN, title="Canteen"), passage(LEAVE), passage(TABLE, title="Travel"))
WHOLE = tuple(Packed(at, 0, len(each.text)) for at, each in enumerate(EVIDENCE))


def cite(
    text: str,
    *marks: int,
    evidence: tuple[Passage, ...] = EVIDENCE,
    language: str = "en",
    packed: tuple[Packed, ...] | None = None,
):
    shown = packed or tuple(Packed(at, 0, len(each.text)) for at, each in enumerate(evidence))
    return Citing().over(shown, evidence).cite(text, marks, language=language)


def span(support: Support, evidence: tuple[Passage, ...] = EVIDENCE) -> str:
    return evidence[support.at].text[support.start : support.end]


@pytest.mark.parametrize(
    ("sentence", "mark", "held"),
    [
        ("Five days may be carried over until the end of March.", 2, "Five days may be carried over until the end of March."),
        ("You can carry over five days, up to March.", 2, "Five days may be carried over until the end of March."),
        ("Contractors have no paid leave.", 2, "They have no paid leave."),
        ("Send the form L-7.", 2, "- the form L-7, signed"),
        ("In Spain the allowance is 28 euro.", 3, "| Spain | 28 euro |"),
        ("Lunch costs guests 9.50 euro.", 1, "Guests pay 9.50 euro for lunch."),
        ("Opening hours: 11:30 to 14:00.", 1, "The canteen is open from 11:30 to 14:00."),
    ],
)
def test_a_citation_points_to_the_unit_that_says_it(sentence: str, mark: int, held: str) -> None:
    cited = cite(sentence, mark)
    assert cited.removed == ()
    (support,) = cited.supports
    assert (support.n, span(support)) == (mark, held)
    assert support.compared


def test_a_sentence_that_two_neighbours_say_cites_both() -> None:
    (support,) = cite(
        "Employees have thirty days of leave, of which five may be carried over until the end of March.", 2
    ).supports
    assert span(support) == "Employees have thirty days of leave. Five days may be carried over until the end of March."


def test_a_run_never_goes_over_a_heading() -> None:
    (support,) = cite("Anything else expires, they have no paid leave.", 2).supports
    assert "##" not in span(support)


def test_a_row_comes_with_its_header() -> None:
    (support,) = cite("Austria: 30 euro.", 3).supports
    assert support.header == "| Country | Allowance |"


def test_each_mark_has_its_own_span() -> None:
    evidence = (passage("Five days may be carried over."), passage("In brief: five days may be carried over, no more."))
    cited = cite("Five days may be carried over.", 2, 1, 2, evidence=evidence)
    assert [(support.n, span(support, evidence)) for support in cited.supports] == [(1, evidence[0].text), (2, evidence[1].text)]


@pytest.mark.parametrize("mark", [0, 4, 999, -1])
def test_a_passage_that_was_not_in_the_prompt_is_not_cited(mark: int) -> None:
    cited = cite("Five days may be carried over until March.", mark, 2)
    assert [support.n for support in cited.supports] == [2]
    assert [(each.code, each.detail) for each in cited.removed] == [("citation", f"it cites passage {mark}, which there is not")]


def test_a_passage_that_says_something_else_is_not_cited() -> None:
    cited = cite("Five days may be carried over until the end of March.", 1, 2)
    assert [support.n for support in cited.supports] == [2]
    assert [each.detail for each in cited.removed] == ["it cites passage 1, which says too little of this"]


def test_a_passage_that_adds_the_rest_is_cited_beside_the_one_that_says_most() -> None:
    evidence = (
        passage("Employees at headquarters have thirty days of annual leave under the collective agreement of 2024."),
        passage("Contractors: 20 days."),
        passage("Days at headquarters are long."),
    )
    said = (
        "Employees at headquarters have thirty days of annual leave under the collective agreement of 2024, contractors 20 days."
    )
    assert [support.n for support in cite(said, 1, 2, 3, evidence=evidence).supports] == [1, 2]
    assert cite(said, 3, evidence=evidence).supports == ()


def test_a_wrong_mark_is_removed_and_named_but_never_replaced() -> None:
    cited = cite("Five days may be carried over until the end of March.", 1)
    assert cited.supports == ()
    assert [each.detail for each in cited.removed] == [
        "it cites passage 1, which says too little of this; passage 2 says more of it"
    ]


def test_what_no_passage_says_is_cited_nowhere() -> None:
    cited = cite("Penguins migrate every winter towards warmer islands.", 1, 2, 3)
    assert cited.supports == ()
    assert len(cited.removed) == 3


def test_a_sentence_without_marks_has_no_citation() -> None:
    cited = cite("Five days may be carried over.")
    assert (cited.supports, cited.removed[0].code) == ((), "citation")
    assert cited.removed[0].detail.startswith("it cites no passage")


@pytest.mark.parametrize("sentence", ["Yes.", "...", "", "It is so.", "👍"])
def test_a_sentence_that_says_nothing_of_its_own_is_cited_nowhere(sentence: str) -> None:
    assert cite(sentence, 1, 2, 3).supports == ()


@pytest.mark.parametrize(
    "address", ["https://evil.example/?q=five", "//evil.example/x", "www.evil.example", "https://intranet.example/leave?q=5"]
)
def test_an_address_that_the_passages_do_not_have_is_not_said(address: str) -> None:
    evidence = (passage("Five days may be carried over, see https://intranet.example/leave."),)
    cited = cite(f"Five days may be carried over, see [here]({address}).", 1, evidence=evidence)
    assert cited.supports == ()
    assert cited.removed[0].detail == f"it names the address {address}, which its passages do not"
    assert cite("Five days may be carried over, see https://intranet.example/leave.", 1, evidence=evidence).supports


def test_only_what_was_shown_is_cited() -> None:
    start = LEAVE.index("## Contractors")
    packed = (Packed(1, start, len(LEAVE)),)
    assert cite("Five days may be carried over until the end of March.", 1, packed=packed).supports == ()
    (support,) = cite("Contractors have no paid leave.", 1, packed=packed).supports
    assert (support.at, span(support)) == (1, "They have no paid leave.")


def test_a_part_of_an_endless_sentence_is_cited_as_far_as_it_was_shown() -> None:
    long = passage("word " * 500 + "contractors carry five days " + "word " * 500)
    packed = Packing(budget=60).pack("How many days for contractors?", [long], lambda text: len(text.split()))
    (support,) = cite("Contractors carry five days.", 1, evidence=(long,), packed=packed).supports
    assert (support.start, support.end) == (packed[0].start, packed[0].end)


def test_a_passage_that_is_a_heading_alone_can_be_cited() -> None:
    evidence = (passage("\n## Carry-over until March\n"),)
    (support,) = cite("Carry-over until March.", 1, evidence=evidence).supports
    assert span(support, evidence) == "## Carry-over until March"


@pytest.mark.parametrize(
    ("language", "text", "said", "held"),
    [
        ("de", "Der Urlaub beträgt 30 Tage. Davon sind fünf Tage übertragbar.", "Fünf Tage sind übertragbar.",
         "Davon sind fünf Tage übertragbar."),
        ("fr", "Le congé est de 30 jours. Cinq jours sont reportables.", "Cinq jours sont reportables, dit-on.",
         "Cinq jours sont reportables."),
        ("ja", "休暇は三十日です。五日は繰り越せます。", "五日は繰り越せます。", "五日は繰り越せます。"),
    ],
)  # fmt: skip
def test_it_works_in_other_languages(language: str, text: str, said: str, held: str) -> None:
    evidence = (passage(text, language=language),)
    (support,) = cite(said, 1, evidence=evidence, language=language).supports
    assert span(support, evidence) == held


GERMAN = (
    passage(
        "Die Kantine ist werktags geöffnet. Mit Formular L-7 können 5 Tage Urlaub übertragen werden.",
        title="Handbuch",
        language="de",
    ),
)


def test_across_languages_figures_and_codes_are_compared() -> None:
    (support,) = cite("With form L-7, employees may carry over 5 days of leave.", 1, evidence=GERMAN).supports
    assert span(support, GERMAN) == "Mit Formular L-7 können 5 Tage Urlaub übertragen werden."
    assert support.compared
    assert cite("With form K-9, employees may carry over 8 days of leave.", 1, evidence=GERMAN).supports == ()


def test_across_languages_without_figures_the_mark_is_kept_but_said_to_be_uncompared() -> None:
    (support,) = cite("The canteen is open on workdays and employees like it.", 1, evidence=GERMAN).supports
    assert not support.compared
    assert support.share == 0


@settings(deadline=None)
@given(st.text(max_size=80), st.lists(st.integers(-2, 6), max_size=5), st.text(max_size=120), st.sampled_from(["", "en", "de"]))
def test_whatever_is_cited_lies_in_what_was_shown(text: str, marks: list[int], other: str, language: str) -> None:
    evidence = (passage(LEAVE), passage(other + "x", language=language))
    packed = (Packed(1, 0, len(other) + 1), Packed(0, 15, 120))
    cited = cite(text + " five days", *marks, evidence=evidence, packed=packed)
    for support in cited.supports:
        shown = packed[support.n - 1]
        assert support.n in marks
        assert support.at == shown.at
        assert shown.start <= support.start < support.end <= shown.end
    assert {support.n for support in cited.supports} <= set(marks) & {1, 2}
    assert cited.supports or cited.removed
