from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firmground.evaluate.scores import named_documents, scored, token_f1
from firmground.testing.embedder import FakeEmbedder
from firmground.testing.traces import a_passage, a_trace
from firmground.types import Step, Trace

WORDS = some.lists(some.sampled_from(["five", "days", "leave", "may", "2026", "carry"]), max_size=12)


def an_answer(text: str, status: str = "answered", **more: Any) -> Trace:
    return a_trace("1", answer={"text": text, "status": status}).model_copy(update=more)


@given(said=WORDS, reference=WORDS)
def test_token_f1_is_the_harmonic_mean_of_precision_and_recall(said: list[str], reference: list[str]):
    found = token_f1(" ".join(said), " ".join(reference))
    shared = sum((Counter(said) & Counter(reference)).values())
    if not shared:
        assert found == 0
    else:
        precision, recall = shared / len(said), shared / len(reference)
        assert found == pytest.approx(2 * precision * recall / (precision + recall))


def test_marks_case_and_punctuation_do_not_count():
    assert token_f1("**Five** days. [1]", "five days") == 1.0


def test_likeness_is_measured_where_there_is_something_to_compare_and_the_embedder_knows_the_language():
    embed = FakeEmbedder().embed
    same = scored(an_answer("You may carry over five days. [1]"), "you may carry over five days.", embed)
    other = scored(an_answer("The canteen opens at noon."), "You may carry over five days.", embed)
    assert same.similarity == pytest.approx(1.0, abs=1e-5)
    assert same.token_f1 == 1.0
    assert other.similarity is not None
    assert other.similarity < 0.5
    assert scored(an_answer("x", covered=False), "y", embed).similarity is None
    for nothing in (scored(an_answer("x"), "", embed), scored(an_answer("I don't know", "abstained"), "five", embed)):
        assert (nothing.token_f1, nothing.similarity) == (None, None)


def test_faithful_is_the_share_of_what_a_model_wrote_that_holds_and_not_measured_for_quotes():
    def no_embedder(texts: Any) -> Any:
        raise AssertionError("nothing is compared")

    first = Step(name="model", outcome="not_borne_out", detail={"claims": 2, "lost": ["number", "name"]})
    last = Step(name="model", outcome="written", detail={"claims": 4, "lost": ["number"]})
    assert scored(an_answer("x", steps=(first, last)), "", no_embedder).faithful == 0.75
    failed = Step(name="model", outcome="timeout", detail={"model": "a/b"})
    assert scored(an_answer("x", steps=(failed,)), "", no_embedder).faithful is None
    assert scored(an_answer("x"), "", no_embedder).faithful is None


def test_every_document_that_an_answer_shows_or_rests_on_is_named():
    shown = a_trace("1", a_passage("rests"), answer={"closest": (a_passage("closest"),)})
    assert named_documents(shown) >= {"rests", "closest"}
