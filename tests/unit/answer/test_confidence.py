"""How sure we may be."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmground.answer.confidence import SHIPPED, Confidence
from firmground.answer.extract import Extract, Quote, Unit
from firmground.answer.signs import MEANING, NAMED, signs
from firmground.types import Hit, Locator, Passage, Scores

UNIT = Unit(0, 0, 3, "Yes")
NOTHING = Extract((), None, (), 0.0, 0.0)


def extract(cosine: float = 0.8, coverage: float = 0.9) -> Extract:
    quote = Quote(UNIT, cosine + coverage, cosine, coverage)
    return Extract((quote,), quote, (cosine, 0.1), coverage, coverage)


def ranked(*scores: tuple[float, float]) -> list[tuple[Hit, float]]:
    return [
        (Hit(id=str(at), document=at, scores=Scores(lexical=lexical, dense=dense)), (lexical / 20 + dense) / 2)
        for at, (lexical, dense) in enumerate(scores)
    ]


def passage(text: str, *, title: str = "Travel", language: str = "en") -> Passage:
    return Passage(
        passage="p",
        document="d",
        title=title,
        uri="docs/d.md",
        language=language,
        locator=Locator(start=0, end=len(text)),
        text=text,
        score=1.0,
        scores=Scores(lexical=1.0, dense=0.5),
    )


QUESTION = "how many vacation days may be carried over into the next year"
ANSWER = "Five vacation days may be carried over into the next year, 5 at most."
STRONG = signs(ranked((20.0, 0.8), (3.0, 0.3), (2.0, 0.2)), extract(), QUESTION, [passage(ANSWER)])
WEAK = signs(ranked((3.0, 0.2), (2.9, 0.25), (2.8, 0.2)), extract(0.15, 0.1), QUESTION, [passage("Trains are late.")])


@pytest.mark.parametrize("dense", [True, False])
def test_strong_evidence_is_believed_and_weak_evidence_is_not(dense: bool) -> None:
    assert SHIPPED.of(STRONG, dense=dense) > SHIPPED.sure
    assert SHIPPED.of(WEAK, dense=dense) < SHIPPED.threshold


def test_nothing_found_gives_finite_signs_and_no_confidence() -> None:
    found = signs([], NOTHING)
    assert found.keys() == NAMED.keys()
    assert all(math.isfinite(value) for value in found.values())
    assert SHIPPED.of(found) < SHIPPED.threshold


def test_a_sign_that_is_not_a_number_fails_closed() -> None:
    assert SHIPPED.of(STRONG | {"sentence_cosine": math.nan}) == 0.0


def test_the_shipped_numbers_say_that_they_are_not_calibrated() -> None:
    assert "not calibrated on your documents" in SHIPPED.reasons(STRONG)
    assert "calibrated on our handbook" in Confidence(calibrated_on="our handbook").reasons(STRONG)


def test_a_language_the_embedder_does_not_know_is_said_so_and_its_cosines_do_not_count() -> None:
    words = "only words were compared, because the embedding model does not know"
    assert f"{words} German, so it is held below {SHIPPED.sure:.2f}" in SHIPPED.reasons(STRONG, dense=False, language="de")
    assert f"{words} the language of the question, so it is held below {SHIPPED.sure:.2f}" in SHIPPED.reasons(
        STRONG, dense=False, language="xx"
    )
    assert SHIPPED.of(STRONG | dict.fromkeys(MEANING, -1.0), dense=False) == SHIPPED.of(STRONG, dense=False)


@given(
    st.lists(st.tuples(st.floats(0, 50), st.floats(-1, 1)), max_size=12),
    st.floats(-1, 1),
    st.floats(0, 1),
)
def test_confidence_is_a_probability(scores: list[tuple[float, float]], cosine: float, coverage: float) -> None:
    found = signs(ranked(*scores), extract(cosine, coverage))
    assert 0.0 <= found["agreement"] <= 1.0
    for dense in (True, False):
        assert 0.0 <= SHIPPED.of(found, dense=dense) <= 1.0


def test_agreement_is_the_share_of_the_first_ten_both_rankings_have_in_common() -> None:
    same = ranked(*((20.0 - at, 0.9 - at / 100) for at in range(20)))
    opposite = ranked(*((20.0 - at, at / 100) for at in range(20)))
    assert signs(same, NOTHING)["agreement"] == 1.0
    assert signs(opposite, NOTHING)["agreement"] == 0.0


def test_margin_is_the_distance_to_the_next_document_not_the_next_chunk() -> None:
    hits = ranked((10.0, 0.8), (9.0, 0.8), *[(4.0, 0.8)] * 8)
    hits[1] = (hits[1][0].model_copy(update={"document": 0}), hits[1][1])
    assert signs(hits, NOTHING)["margin"] == pytest.approx(hits[0][1] - hits[2][1])


def test_to_be_ahead_of_few_counts_for_less_than_to_be_ahead_of_many() -> None:
    few, many = (signs(ranked((10.0, 0.8), *[(4.0, 0.3)] * count), NOTHING) for count in (2, 20))
    for name in ("margin", "words_margin", "meaning_margin", "lead", "words_lead"):
        assert 0 < few[name] < many[name], name


def of_words(question: str, text: str, **fields: str) -> dict[str, float]:
    language = fields.pop("language", "en")
    quote = Quote(Unit(0, 0, len(text), text), 1.0, 0.5, 0.5)
    found = Extract((quote,), quote, (0.5,), 0.5, 0.5)
    return signs([], found, question, [passage(text, language=language, **fields)], language=language)


def test_a_name_or_number_of_the_question_that_the_passage_lacks_is_a_sign() -> None:
    said = of_words("What did Anna pay in Leith for 31 spaces?", "Parking in Leith costs 45 pounds.")
    assert said["names_missing"] == 0.5
    assert said["numbers_missing"] == 1.0
    assert of_words("Wo liegt der Hafen?", "Der Kai ist dort.", language="de")["names_missing"] == 0.0  # every noun has a capital


@pytest.mark.parametrize(
    ("question", "text", "held"),
    [
        ("how many days do I get?", "Everybody gets 28 days.", 1.0),
        ("how many days do I get?", "Everybody gets enough of them.", 0.0),
        ("Wann endet die Frist?", "Die Frist endet am 31. März.", 1.0),
        ("Combien coûte le train ?", "Le train coûte cher.", 0.0),
        ("¿Quién dirige la oficina?", "La oficina la dirige Marta.", 1.0),
    ],
)
def test_what_kind_of_thing_is_asked_for_is_looked_for(question: str, text: str, held: float) -> None:
    said = of_words(question, text)
    assert (said["kind_asked"], said["kind_held"]) == (1.0, held)


def test_words_in_a_row_and_words_of_the_title_are_signs() -> None:
    said = of_words("first class train tickets", "A first class train ticket is for long journeys.", title="Tickets")
    assert said["phrase"] == 0.75
    assert said["words_in_heading"] == 0.25


def test_no_sign_changes_when_more_documents_are_far_away() -> None:
    near = [(20.0, 0.8), (10.0, 0.6), *((9.0 - at / 10, 0.5 - at / 50) for at in range(10))]
    few = signs(ranked(*near), extract())
    many = signs(ranked(*near, *((0.1, 0.01) for _ in range(80))), extract())
    assert few == pytest.approx(many)


def test_the_contributions_explain_the_confidence() -> None:
    parts = SHIPPED.explained(STRONG)
    odds = SHIPPED.meaning.intercept + sum(each.contribution for each in parts)
    assert SHIPPED.of(STRONG) == pytest.approx(1 / (1 + math.exp(-odds)))
    assert [abs(each.contribution) for each in parts] == sorted((abs(each.contribution) for each in parts), reverse=True)
    assert all(each.meaning for each in parts)
