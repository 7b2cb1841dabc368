"""How well chunks catch the passages that answer: recall and intersection over union of spans, as Chroma defines them for chunking.

    python benchmarks/chunking.py --data DATA [--model MODEL] [--tokens 128 192] [--out FILE]

All documents are one collection. `top5` counts the five best chunks of each question; `fitted` counts as many as it takes to hold the
references, the mode of the published figures (chunks of 1200 characters .177 IoU, .809 recall; semantic chunks up to 400 tokens
.183, .897; both with a larger embedding model). Plain chunks of 1200 characters are measured beside ours with the same model.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from library import QuestionSet, Remembering, chroma_chunking

from firmground.index.chunk import Chunker, embedded_text, index_terms
from firmground.language.terms import query_terms
from firmground.models.onnx_embedder import OnnxEmbedder
from firmground.models.weights import default_models_dir, ensure_default_model
from firmground.retrieve.fuse import Fusion
from firmground.testing.index import MemoryIndex
from firmground.types import Chunk, IndexRow, Within, digest

Spans = list[tuple[int, int]]
CANDIDATES = 50


def merged(spans: Spans) -> Spans:
    found: Spans = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def length(spans: Spans) -> int:
    return sum(end - start for start, end in spans)


def overlaps(one: tuple[int, int], others: Sequence[tuple[int, int]]) -> Spans:
    return [(max(one[0], a), min(one[1], b)) for a, b in others if max(one[0], a) < min(one[1], b)]


def scores(retrieved: Spans, elsewhere: int, references: Sequence[tuple[int, int]]) -> tuple[float, float]:
    """(recall, IoU): what is retrieved counts whole and as often as it is retrieved, `elsewhere` characters of other documents too."""
    caught = length(merged([part for span in retrieved for part in overlaps(span, references)]))
    wanted = length(list(references))
    return caught / wanted, caught / (length(retrieved) + elsewhere + wanted - caught)


def fixed(size: int, number: int, text: str) -> list[Chunk]:
    return [
        Chunk(id=f"{number}-{start}", document=number, ordinal=at, start=start, end=min(start + size, len(text)))
        for at, start in enumerate(range(0, len(text), size))
    ]


def measure(held: QuestionSet, chunks: list[Chunk], embedder: Remembering, titled: bool) -> dict[str, float]:
    texts = [text for _, _, text in held.documents]
    titles = [title.replace("_", " ") if titled else "" for _, title, _ in held.documents]
    index = MemoryIndex()
    embedded = [embedded_text(titles[chunk.document], chunk, texts[chunk.document]) for chunk in chunks]
    rows = [
        IndexRow(
            id=chunk.id,
            document=chunk.document,
            scope=0,
            content=digest(text),
            terms=index_terms(titles[chunk.document], chunk, texts[chunk.document], "en"),
        )
        for chunk, text in zip(chunks, embedded, strict=True)
    ]
    index.apply(rows, embedder.embed(embedded), replaces=[])
    by_id = {chunk.id: chunk for chunk in chunks}
    numbers = {id: number for number, (id, _, _) in enumerate(held.documents)}
    vectors = embedder.embed([question.text for question in held.questions])
    found: dict[str, list[tuple[float, float]]] = {}
    for question, vector in zip(held.questions, vectors, strict=True):
        number = numbers[next(iter(question.relevant))]
        needed = sum(bool(overlaps((chunk.start, chunk.end), question.spans)) for chunk in chunks if chunk.document == number)
        hits = index.search(query_terms(question.text, ["en"]), vector, limit=CANDIDATES, within=Within())
        orders = {
            "dense": sorted(hits, key=lambda hit: -(hit.scores.dense or -1.0)),
            "bm25": sorted(hits, key=lambda hit: -(hit.scores.lexical or 0.0)),
            "fused": [hit for hit, _ in Fusion().rank(hits)],
        }
        for name, order in orders.items():
            for mode, count in (("top5", 5), ("fitted", needed)):
                best = [by_id[hit.id] for hit in order[:count]]
                here = [(chunk.start, chunk.end) for chunk in best if chunk.document == number]
                elsewhere = sum(chunk.end - chunk.start for chunk in best if chunk.document != number)
                found.setdefault(f"{name} {mode}", []).append(scores(here, elsewhere, question.spans))
    result = {"chunks": float(len(chunks)), "characters_median": float(np.median([chunk.end - chunk.start for chunk in chunks]))}
    for name, pairs in found.items():
        recall, iou = np.mean(pairs, axis=0)
        result |= {f"{name} recall": round(float(recall), 4), f"{name} iou": round(float(iou), 4)}
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("FIRMGROUND_BENCH_DATA"))
    parser.add_argument("--model", type=Path, help="folder of the embedding model; default: the shipped one")
    parser.add_argument("--tokens", type=int, nargs="*", default=[Chunker().chunk_tokens])
    parser.add_argument("--overlap", type=int, nargs="*", default=[Chunker().overlap_tokens])
    parser.add_argument("--cache", type=Path, help="keeps vectors between runs")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    held = chroma_chunking(Path(given.data))
    embedder = Remembering(OnnxEmbedder(given.model or ensure_default_model(default_models_dir())), given.cache)
    results: dict[str, dict[str, float]] = {}

    def run(name: str, chunks: list[Chunk], *, titled: bool) -> None:
        began = time.perf_counter()
        results[name] = measure(held, chunks, embedder, titled)
        embedder.save()
        print(f"{name} ({time.perf_counter() - began:.0f} s)")
        for key, value in results[name].items():
            print(f"  {key:24} {value}")

    for tokens in given.tokens:
        for overlap in given.overlap:
            chunker = Chunker(chunk_tokens=tokens, overlap_tokens=overlap)
            made = [chunk for at, (_, _, text) in enumerate(held.documents) for chunk in chunker.chunk(at, text)]
            run(f"structure {tokens}/{overlap}", made, titled=False)
    run(
        "1200 characters",
        [chunk for at, (_, _, text) in enumerate(held.documents) for chunk in fixed(1200, at, text)],
        titled=False,
    )
    if given.out:
        machine = {
            "platform": platform.platform(),
            "processors": os.cpu_count(),
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(json.dumps({"machine": machine, "results": results}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
