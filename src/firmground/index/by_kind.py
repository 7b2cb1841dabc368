"""An embedder that reads of placeholders nothing but their kind."""

from collections.abc import Sequence

from firmground.language.placeholders import kinds
from firmground.ports import Embedder, Vectors


class ByKind:
    """The vectors of `embedder` for texts without the signs by which placeholders differ from workspace to workspace."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    @property
    def id(self) -> str:
        return self._embedder.id

    @property
    def dimension(self) -> int:
        return self._embedder.dimension

    @property
    def languages(self) -> frozenset[str] | None:
        return self._embedder.languages

    def embed(self, texts: Sequence[str]) -> Vectors:
        return self._embedder.embed([kinds(text) for text in texts])
