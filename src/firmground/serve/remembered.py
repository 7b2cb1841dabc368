"""An embedder that remembers the vectors of the texts it was given last."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from firmground.ports import Embedder, Vectors


class Remembered:
    """The same vectors as those of `embedder`, made once for each text among the last `most` (384 numbers take 1.5 KB each).

    For questions, whose evidence often is the same few passages; taking in documents would only drive everything out. Texts are kept
    as digests. Thread-safe; two threads that ask for one new text at once may both make its vector.
    """

    def __init__(self, embedder: Embedder, most: int = 4096) -> None:
        self._embedder = embedder
        self._most = most
        self._known: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()
        self._changing = threading.Lock()

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
        keys = [blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest() for text in texts]
        found = self._recalled(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        if missing:
            made = self._embedder.embed(list(missing.values()))
            new = {key: row.copy() for key, row in zip(missing, made, strict=True)}
            found |= new
            self._keep(new)
        return np.array([found[key] for key in keys], dtype=np.float32).reshape(len(keys), self.dimension)

    def _recalled(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        with self._changing:
            found = {key: self._known[key] for key in keys if key in self._known}
            for key in found:
                self._known.move_to_end(key)
        return found

    def _keep(self, new: dict[bytes, NDArray[np.float32]]) -> None:
        with self._changing:
            self._known.update(new)
            while len(self._known) > self._most:
                self._known.popitem(last=False)
