"""Tokenizer and onnxruntime session behind two calls: text to token ids, token ids to vectors."""

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from firmground.errors import Damaged
from firmground.ports import Vectors

TOKENS_PER_RUN = 512
"""Larger runs are slower: what flows between two nodes then leaves the processor's cache."""
TEXTS_AT_ONCE = 4096
_CHARACTERS_PER_TOKEN = 64


class Runtime:
    """A graph of `firmground.models.graph` with its tokenizer. Thread-safe.

    onnxruntime computes each run on one thread, the one that asks, and `threads` runs go on at once: no thread waits for another
    inside a matrix product, and a vector does not depend on how many there are. Memory is bounded by tokens in flight, not by texts.
    """

    def __init__(self, graph: bytes, tokenizer: Path, max_tokens: int, *, threads: int) -> None:
        # Built to tell its maker about machines and models unless this is said before it loads, from 1.29 on.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        import onnxruntime
        from tokenizers import Tokenizer

        ort = cast("Any", onnxruntime)
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.enable_mem_pattern = False
        # Above this level Add and LayerNormalization are fused into a node that is five times slower.
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
        try:
            self._session = ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
            self._tokenizer = Tokenizer.from_file(str(tokenizer))
        except Exception as error:  # noqa: BLE001 -- both libraries raise bare exceptions of their own
            raise Damaged(f"the model in {tokenizer.parent} cannot be opened ({error})", "fetch the model again") from None
        cast("Any", self._tokenizer).enable_truncation(max_tokens)
        self._tokenizer.no_padding()
        self._longest = max_tokens * _CHARACTERS_PER_TOKEN
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="embed") if threads > 1 else None

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of each text, cut at the model's limit. A text is cut at 64 characters for each token first."""
        # Lone surrogates have no bytes; they become "?".
        clean = [text[: self._longest].encode("utf-8", "replace").decode("utf-8") for text in texts]
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(clean)]

    def vectors(self, ids: Sequence[Sequence[int]]) -> Vectors:
        """One row for each list of ids."""
        rows: list[Vectors] = [np.empty(0, np.float32)] * len(ids)

        def run(batch: Sequence[int]) -> None:
            (found,) = self._session.run(["vectors"], {"ids": np.array([ids[at] for at in batch], dtype=np.int64)})
            for at, row in zip(batch, found, strict=True):
                rows[at] = row

        batches = list(_batches(ids))
        if self._pool is None or len(batches) == 1:
            for batch in batches:
                run(batch)
        else:
            list(self._pool.map(run, batches))
        return np.stack(rows)

    def outputs(self, ids: Sequence[int]) -> dict[str, NDArray[np.float32]]:
        """All outputs of the graph for one text, by name."""
        names = [output.name for output in self._session.get_outputs()]
        return dict(zip(names, self._session.run(names, {"ids": np.array([ids], dtype=np.int64)}), strict=True))

    def embed(self, texts: Sequence[str], dimension: int) -> Vectors:
        vectors = np.empty((len(texts), dimension), dtype=np.float32)
        for start in range(0, len(texts), TEXTS_AT_ONCE):
            part = texts[start : start + TEXTS_AT_ONCE]
            vectors[start : start + len(part)] = self.vectors(self.tokens(part))
        return vectors


def _batches(ids: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Positions of equally long texts, longest first, at most TOKENS_PER_RUN tokens together."""
    by_length: defaultdict[int, list[int]] = defaultdict(list)
    for at, tokens in enumerate(ids):
        by_length[len(tokens)].append(at)
    for length in sorted(by_length, reverse=True):
        together = max(1, TOKENS_PER_RUN // max(1, length))
        alike = by_length[length]
        for start in range(0, len(alike), together):
            yield alike[start : start + together]
