"""Embeddings computed on this machine: any sentence-transformers directory of the BERT family, in int8, without torch."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from firmground.errors import Damaged
from firmground.models.checkpoint import TOKENIZER
from firmground.models.convert import REFERENCE_TEXTS, Conversion, conversion, convert, graph_path
from firmground.models.runtime import Runtime
from firmground.models.weights import WEIGHTS_SHA256
from firmground.ports import Vectors

_LANGUAGES = {WEIGHTS_SHA256: frozenset({"en"})}
REFERENCE_COSINE = 0.97
"""Above .99 for the default model and left room for others; other weights, or a processor that computes wrongly, fall far below."""


class OnnxEmbedder:
    """Equal text gives equal vectors, alone or in any batch, up to float32 rounding (cosine ≥ 0.999999). Thread-safe.

    Opening converts the weights where that was not done before, and checks that the vectors of a few sentences come out as they should.
    InvalidInput: not a directory of a model that can be run here. Damaged: its files are. `threads`: texts embedded at once, by default
    one for each processor this process may use. `languages`: what the model was trained for, where it is not known from its weights.
    """

    def __init__(self, directory: Path, *, threads: int | None = None, languages: frozenset[str] | None = None) -> None:
        self._conversion = conversion(directory) or convert(directory)
        self._languages = _LANGUAGES.get(self._conversion.weights, languages)
        graph = _checked(directory, self._conversion)
        threads = threads or len(os.sched_getaffinity(0))
        self._runtime = Runtime(graph, directory / TOKENIZER, self._conversion.max_tokens, threads=threads)
        self._check_reference(directory)

    @property
    def id(self) -> str:
        return self._conversion.id

    @property
    def dimension(self) -> int:
        return self._conversion.dimension

    @property
    def languages(self) -> frozenset[str] | None:
        return self._languages

    @property
    def max_tokens(self) -> int:
        """Longer texts are cut there; special tokens count."""
        return self._conversion.max_tokens

    def embed(self, texts: Sequence[str]) -> Vectors:
        return self._runtime.embed(texts, self.dimension)

    def _check_reference(self, directory: Path) -> None:
        expected = np.array(self._conversion.reference, dtype=np.float32)
        cosines = np.einsum("ij,ij->i", self.embed(REFERENCE_TEXTS), expected)
        if not (cosines >= REFERENCE_COSINE).all():
            worst = float(np.min(cosines))
            remedy = f"delete {graph_path(directory)}; it is made again from the weights"
            raise Damaged(f"the model in {directory} gives other vectors than it should (cosine {worst:.3f})", remedy)


def _checked(directory: Path, made: Conversion) -> bytes:
    path = graph_path(directory)
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != made.graph:
        raise Damaged(f"{path} is damaged", "delete it; it is made again from the weights")
    return content
