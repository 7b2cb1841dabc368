"""Two rankings become one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmground.retrieve.fuse import Fusion
from firmground.types import Hit, Scores


def hit(id: str, lexical: float | None, dense: float | None, document: int = 1) -> Hit:
    return Hit(id=id, document=document, scores=Scores(lexical=lexical, dense=dense))


HITS = st.lists(st.tuples(st.floats(0, 40), st.floats(-1, 1)), max_size=20).map(
    lambda pairs: [hit(f"{at:02}", lexical, dense) for at, (lexical, dense) in enumerate(pairs)]
)
FUSIONS = st.builds(Fusion, kind=st.sampled_from(["min-max", "z-score"]), dense_weight=st.floats(0, 1))


@given(HITS, FUSIONS, st.randoms(use_true_random=False))
def test_every_hit_is_ranked_once_and_the_order_they_come_in_does_not_matter(hits: list[Hit], fusion: Fusion, random) -> None:
    ranked = fusion.rank(hits)
    assert sorted(found.id for found, _ in ranked) == [found.id for found in hits]
    assert [score for _, score in ranked] == sorted((score for _, score in ranked), reverse=True)
    shuffled = list(hits)
    random.shuffle(shuffled)
    again = fusion.rank(shuffled)
    assert {found.id: score for found, score in again} == pytest.approx({found.id: score for found, score in ranked})


@given(HITS.filter(bool), st.floats(0, 1))
def test_min_max_scores_lie_between_0_and_1(hits: list[Hit], weight: float) -> None:
    assert all(-1e-9 <= score <= 1 + 1e-9 for _, score in Fusion(kind="min-max", dense_weight=weight).rank(hits))


@given(HITS.filter(bool), FUSIONS)
def test_a_hit_that_is_better_on_both_sides_ranks_higher(hits: list[Hit], fusion: Fusion) -> None:
    scores = {found.id: score for found, score in fusion.rank([*hits, hit("best", 41.0, 1.0)])}
    assert scores["best"] == max(scores.values())


def test_the_weight_decides_between_the_retrievers() -> None:
    hits = [hit("words", 12.0, 0.1), hit("meaning", 1.0, 0.8)]
    assert [found.id for found, _ in Fusion(dense_weight=0.0).rank(hits)] == ["words", "meaning"]
    assert [found.id for found, _ in Fusion(dense_weight=1.0).rank(hits)] == ["meaning", "words"]


def test_a_language_the_embedder_was_not_trained_for_is_left_to_the_words() -> None:
    fusion, english = Fusion(), frozenset({"en"})
    assert fusion.weight("en", english) == fusion.dense_weight
    assert fusion.weight("", english) == fusion.dense_weight
    assert fusion.weight("de", None) == fusion.dense_weight
    assert fusion.weight("de", english) == fusion.unknown_dense_weight < fusion.dense_weight
    assert Fusion(dense_weights={"de": 0.5}).weight("de", english) == 0.5


def test_a_side_that_was_not_asked_leaves_the_order_to_the_other() -> None:
    assert [found.id for found, _ in Fusion().rank([hit("b", 1.0, None), hit("a", 2.0, None)])] == ["a", "b"]
    assert [found.id for found, _ in Fusion().rank([hit("b", None, 0.1), hit("a", None, 0.2)])] == ["a", "b"]


def test_a_hit_without_one_score_counts_as_the_worst_there() -> None:
    ranked = {found.id: score for found, score in Fusion().rank([hit("a", 2.0, 0.5), hit("b", 2.0, None), hit("c", 2.0, 0.1)])}
    assert ranked["a"] > ranked["b"] == ranked["c"]


def test_equal_scores_are_ordered_by_id() -> None:
    assert [found.id for found, _ in Fusion().rank([hit("b", 1.0, 0.5), hit("a", 1.0, 0.5)])] == ["a", "b"]
