"""Vectors are made once and given again."""

import numpy as np
import pytest

from firmground.serve.remembered import Remembered
from firmground.testing.embedder import EmbedderContract, FakeEmbedder


def test_equal_texts_are_embedded_once_and_come_in_the_order_asked() -> None:
    plain, inner = FakeEmbedder(), FakeEmbedder()
    remembered = Remembered(inner)
    for texts in (["one", "two"], ["two", "three", "two"], ["one"], []):
        assert np.array_equal(remembered.embed(texts), plain.embed(texts))
    assert sorted(inner.embedded) == ["one", "three", "two"]


def test_the_oldest_vectors_are_forgotten_first() -> None:
    inner = FakeEmbedder()
    remembered = Remembered(inner, most=2)
    for text in ("one", "two", "one", "three", "one", "two"):
        remembered.embed([text])
    assert inner.embedded == ["one", "two", "three", "two"]


def test_a_text_that_is_no_valid_unicode_is_remembered_too() -> None:
    inner = FakeEmbedder()
    remembered = Remembered(inner)
    assert np.array_equal(remembered.embed(["a\ud800"]), remembered.embed(["a\ud800"]))
    assert len(inner.embedded) == 1


class TestContract(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> Remembered:
        return Remembered(FakeEmbedder())


def test_it_is_what_it_wraps() -> None:
    inner = FakeEmbedder()
    remembered = Remembered(inner)
    assert (remembered.id, remembered.dimension, remembered.languages) == (inner.id, inner.dimension, inner.languages)
