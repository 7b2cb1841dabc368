"""How sure we may be."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmground.answer.confidence import SHIPPED, Confidence, signs
from firmground.answer.extract import Extract, Quote, Unit
from firmground.types import Hit, Scores

UNIT = Unit(0, 0, 3, "Yes")
NOTHING = Extract((), None, (), 0.0, 0.0)


def extract(cosine: float = 0.8, coverage: float = 0.9) -> Extract:
    quote = Quote(UNIT, cosine + coverage, cosine, coverage)
    return Extract((quote,), quote, (cosine, 0.1), coverage, coverage)


def ranked(*scores: tuple[float, float]) -> list[tuple[Hit, float]]:
    return [
        (Hit(id=str(at), document=at, scores=Scores(lexical=lexical, dense=dense)), (lexical + dense) / 2)
        for at, (lexical, dense) in enumerate(scores)
    ]


STRONG = signs(ranked((20.0, 0.8), (3.0, 0.3), (2.0, 0.2)), extract())
WEAK = signs(ranked((3.0, 0.2), (2.9, 0.25), (2.8, 0.2)), extract(0.15, 0.1))


@pytest.mark.parametrize("dense", [True, False])
def test_strong_evidence_is_believed_and_weak_evidence_is_not(dense: bool) -> None:
    assert SHIPPED.of(STRONG, dense=dense) > SHIPPED.sure
    assert SHIPPED.of(WEAK, dense=dense) < SHIPPED.threshold


def test_nothing_found_gives_finite_signs_and_no_confidence() -> None:
    found = signs([], NOTHING)
    assert all(math.isfinite(value) for value in found.values())
    assert SHIPPED.of(found) < SHIPPED.threshold


def test_a_sign_that_is_not_a_number_fails_closed() -> None:
    assert SHIPPED.of(STRONG | {"sentence_cosine": math.nan}) == 0.0


def test_the_shipped_numbers_say_that_they_are_not_calibrated() -> None:
    assert "not calibrated on your documents" in SHIPPED.reasons(STRONG)
    assert "calibrated on our handbook" in Confidence(calibrated_on="our handbook").reasons(STRONG)


def test_a_language_the_embedder_does_not_know_is_said_so_and_its_cosines_do_not_count() -> None:
    words = "only words were compared, because the embedding model does not know"
    assert f"{words} German, so it is held below 0.88" in SHIPPED.reasons(STRONG, dense=False, language="de")
    assert f"{words} the language of the question, so it is held below 0.88" in SHIPPED.reasons(
        STRONG, dense=False, language="xx"
    )
    assert SHIPPED.of(STRONG | {"sentence_cosine": -1.0}, dense=False) == SHIPPED.of(STRONG, dense=False)


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
    hits = ranked((10.0, 0.8), (9.0, 0.8), (4.0, 0.8))
    hits[1] = (hits[1][0].model_copy(update={"document": 0}), hits[1][1])
    assert signs(hits, NOTHING)["margin"] == pytest.approx(hits[0][1] - hits[2][1])
