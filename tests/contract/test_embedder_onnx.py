"""The default model keeps the contract of the `Embedder` port."""

from pathlib import Path

import numpy as np
import pytest

from firmground.models.onnx_embedder import OnnxEmbedder
from firmground.ports import Embedder
from firmground.testing.embedder import EmbedderContract


@pytest.fixture(scope="module")
def opened(default_model: Path) -> OnnxEmbedder:
    return OnnxEmbedder(default_model)


class TestOnnxEmbedder(EmbedderContract):
    tolerance = 1e-6

    @pytest.fixture
    def embedder(self, opened: OnnxEmbedder) -> Embedder:
        return opened


def test_the_default_model_speaks_english_in_384_dimensions_up_to_256_tokens(opened):
    assert opened.languages == {"en"}
    assert opened.dimension == 384
    assert opened.max_tokens == 256


def test_a_question_is_closest_to_the_passage_that_answers_it(opened):
    passages = [
        "Up to five unused days of leave move into the next year; they expire at the end of March.",
        "Travel expenses are paid back within two weeks when receipts are attached.",
        "The kitchen on the third floor is cleaned every evening.",
        "Laptops are replaced every four years or when they are broken.",
    ]
    questions = [
        "How many vacation days can I carry over?",
        "When do I get my money for the trip?",
        "who tidies up the kitchen",
        "new computer",
    ]
    assert (opened.embed(questions) @ opened.embed(passages).T).argmax(axis=1).tolist() == [0, 1, 2, 3]


def test_the_vectors_are_those_of_the_model(opened):
    """Cosines between three sentences, as the float32 model gives them."""
    vectors = opened.embed(["A man is eating food.", "A man is eating a piece of bread.", "The girl is carrying a baby."])
    np.testing.assert_allclose(
        vectors @ vectors.T, [[1, 0.7553, -0.1050], [0.7553, 1, -0.0610], [-0.1050, -0.0610, 1]], atol=0.02
    )
