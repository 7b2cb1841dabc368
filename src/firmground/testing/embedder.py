# ruff: noqa: S101 -- a contract suite is made of assertions
"""The public fake of the `Embedder` port, and the contract that every embedder keeps."""

import hashlib
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from threading import Lock

import numpy as np
import pytest
from numpy.typing import NDArray

from firmground.ports import Embedder, Vectors

_ENDING = re.compile(r"(?:ing|ed|es|s)$")


class FakeEmbedder:
    """Texts that share words get similar vectors: a sum of one fixed random direction for each word, its English ending cut off.

    Deterministic across processes and machines. `embedded` lists every text that it was asked for, in order.
    """

    def __init__(self, *, dimension: int = 64, id: str = "fake", languages: frozenset[str] | None = None) -> None:
        self._dimension = dimension
        self._id = id
        self._languages = languages
        self._lock = Lock()
        self.embedded: list[str] = []

    @property
    def id(self) -> str:
        return f"{self._id}-{self._dimension}"

    @property
    def dimension(self) -> int:
        return self._dimension

    @property
    def languages(self) -> frozenset[str] | None:
        return self._languages

    def embed(self, texts: Sequence[str]) -> Vectors:
        with self._lock:
            self.embedded.extend(texts)
        vectors = np.zeros((len(texts), self._dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            vectors[row] = self._vector(text)
        return vectors

    def _vector(self, text: str) -> NDArray[np.float32]:
        words = re.findall(r"\w+", text.lower()) or [text]
        total = np.zeros(self._dimension, dtype=np.float32)
        for word in words:
            weight = 0.2 if len(word) <= 3 and word.isalpha() else 1.0
            total += weight * _direction(_ENDING.sub("", word) if len(word) > 4 else word, self._dimension)
        return total / np.float32(np.linalg.norm(total))


@lru_cache(maxsize=65536)
def _direction(word: str, dimension: int) -> NDArray[np.float32]:
    """A random direction that depends on nothing but the word."""
    bits = hashlib.shake_128(word.encode("utf-8", "surrogatepass")).digest(4 * dimension)
    return (np.frombuffer(bits, dtype="<u4").astype(np.float64) / 2**31 - 1).astype(np.float32)


class EmbedderContract:
    """What every embedder promises. Subclass it and give an `embedder` fixture; raise `tolerance` only with a reason."""

    tolerance = 1e-4
    """Largest difference from cosine 1 between a text's vector alone and in any batch."""

    @pytest.fixture
    def embedder(self) -> Embedder:
        raise NotImplementedError("give a fixture `embedder`")

    texts: tuple[str, ...] = (
        "Five days of leave may be carried over.",
        "",
        " ",
        "\x00",
        "\ud800",
        "\u202e\ufeff\u200b",
        "🧗",
        "Müller, Straße, naïve; 東京都; العربية",
        "carry over",
        "word " * 2000,
        "a" * 5000,
        "Invoices are paid within thirty days of receipt, unless the supplier agreed to other terms in writing.",
    )

    def test_each_text_gets_one_unit_vector_of_the_stated_dimension(self, embedder: Embedder) -> None:
        vectors = embedder.embed(self.texts)
        assert vectors.shape == (len(self.texts), embedder.dimension)
        assert vectors.dtype == np.float32
        assert np.isfinite(vectors).all()
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-4)

    def test_no_texts_give_an_empty_matrix(self, embedder: Embedder) -> None:
        vectors = embedder.embed([])
        assert vectors.shape == (0, embedder.dimension)
        assert vectors.dtype == np.float32

    def test_a_text_has_the_same_vector_alone_as_in_any_batch(self, embedder: Embedder) -> None:
        alone = np.concatenate([embedder.embed([text]) for text in self.texts])
        for batch in (self.texts, self.texts[::-1], self.texts[1::2] * 3):
            expected = np.stack([alone[self.texts.index(text)] for text in batch])
            assert _cosines(embedder.embed(batch), expected).min() >= 1 - self.tolerance

    def test_equal_text_gives_equal_vectors_every_time(self, embedder: Embedder) -> None:
        np.testing.assert_array_equal(embedder.embed(self.texts), embedder.embed(self.texts))

    def test_texts_about_the_same_thing_are_closer_than_others(self, embedder: Embedder) -> None:
        leave, invoice, question = embedder.embed(
            [
                "Employees may carry over five vacation days.",
                "The invoice was paid by bank transfer.",
                "vacation days carry over",
            ]
        )
        assert leave @ question > invoice @ question

    def test_the_caller_may_change_what_it_got(self, embedder: Embedder) -> None:
        first = embedder.embed(["carry over"])
        expected = first.copy()
        first[:] = 0
        np.testing.assert_array_equal(embedder.embed(["carry over"]), expected)

    def test_several_threads_get_the_vectors_that_one_gets(self, embedder: Embedder) -> None:
        expected = embedder.embed(self.texts)
        embed: Callable[[int], Vectors] = lambda _: embedder.embed(self.texts)  # noqa: E731
        with ThreadPoolExecutor(4) as pool:
            for vectors in pool.map(embed, range(8)):
                np.testing.assert_array_equal(vectors, expected)

    def test_its_id_and_dimension_stay_the_same(self, embedder: Embedder) -> None:
        assert embedder.id
        assert embedder.id == embedder.id
        assert embedder.dimension > 0

    def test_its_languages_are_two_letter_codes_or_none(self, embedder: Embedder) -> None:
        assert embedder.languages is None or all(len(code) == 2 and code.islower() for code in embedder.languages)


def _cosines(left: Vectors, right: Vectors) -> NDArray[np.float64]:
    return np.einsum("ij,ij->i", left.astype(np.float64), right.astype(np.float64))
