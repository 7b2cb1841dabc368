"""How well documents are found, as the field measures it."""

import ir_measures
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmground.evaluate.cases import Case
from firmground.evaluate.retrieval import retrieved

NAMES = [f"docs/{name}.md" for name in "abcdefghij"]


def a_case(sources: list[object]) -> Case:
    return Case.model_validate({"id": "q", "question": "q", "expect": {"sources": sources}})


@given(st.lists(st.sampled_from(NAMES), max_size=12), st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True))
def test_metrics_are_those_of_ir_measures(found: list[str], wanted: list[str]) -> None:
    ranked = list(dict.fromkeys(found))
    ours = retrieved(a_case([*wanted]), found)
    assert ours is not None
    qrels = {"q": dict.fromkeys(wanted, 1)}
    run = {"q": {name: float(-place) for place, name in enumerate(ranked)} or {"none": 0.0}}
    measures = [ir_measures.nDCG, ir_measures.RR, ir_measures.R @ 12, ir_measures.Success @ 1, ir_measures.Success @ 3]
    theirs = ir_measures.calc_aggregate(measures, qrels, run)
    assert ours.ndcg == pytest.approx(theirs[ir_measures.nDCG])
    assert ours.reciprocal_rank == pytest.approx(theirs[ir_measures.RR])
    assert ours.recall == pytest.approx(theirs[ir_measures.R @ 12])
    assert (ours.hit_at_1, ours.hit_at_3) == (theirs[ir_measures.Success @ 1], theirs[ir_measures.Success @ 3])


def test_of_alternatives_the_first_that_is_found_counts() -> None:
    ours = retrieved(a_case([["a.md", "b.md"]]), ["docs/c.md", "docs/b.md", "docs/a.md"])
    assert ours is not None
    assert (ours.reciprocal_rank, ours.recall, ours.hit_at_1, ours.hit_at_3) == (0.5, 1.0, 0.0, 1.0)


def test_a_case_without_sources_is_not_measured() -> None:
    assert retrieved(a_case([]), NAMES) is None
