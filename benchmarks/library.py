"""Sets of real questions with their documents, and an embedder that remembers."""

import hashlib
import json
import os
import platform
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmground.ports import Embedder, Vectors
from firmground.testing.corpus import a_document
from firmground.types import Document, digest


@dataclass(frozen=True)
class Question:
    id: str
    text: str
    relevant: dict[str, int] = field(default_factory=dict[str, int])
    """Document → grade; empty where the set holds no answer."""
    answers: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    """Where in its relevant document the answer stands, if the set says so."""


@dataclass(frozen=True)
class QuestionSet:
    name: str
    documents: list[tuple[str, str, str]]
    """Id, title, text."""
    questions: list[Question]


def scifact(data: Path) -> QuestionSet:
    folder = data / "retrieval" / "scifact"
    truth = _grades(folder / "qrels.tsv")
    asked = [Question(row["id"], row["text"], truth[row["id"]]) for row in _rows(folder / "queries.jsonl") if row["id"] in truth]
    return QuestionSet("scifact", _documents(folder / "corpus.jsonl"), asked)


def claude_docs(data: Path) -> QuestionSet:
    folder = data / "retrieval" / "claude_docs"
    truth = _grades(folder / "qrels.tsv")
    asked = [Question(row["id"], row["text"], truth.get(row["id"], {})) for row in _rows(folder / "queries.jsonl")]
    return QuestionSet("claude_docs", _documents(folder / "corpus.jsonl"), asked)


def chroma_chunking(data: Path) -> QuestionSet:
    folder = data / "retrieval" / "chroma_chunking"
    asked = [
        Question(
            row["id"],
            row["text"],
            {row["corpus_id"]: 1},
            spans=tuple((part["start_index"], part["end_index"]) for part in row["references"]),
        )
        for row in _rows(folder / "queries.jsonl")
    ]
    return QuestionSet("chroma_chunking", _documents(folder / "corpus.jsonl"), asked)


def squad_passages(data: Path) -> QuestionSet:
    """Each passage is a document of its own."""
    folder = data / "qa" / "squad_v2.0_dev"
    asked = [
        Question(row["id"], row["question"], {row["passage_id"]: 1}, tuple(row["answers"]))
        for row in _rows(folder / "qa.jsonl")
        if not row["is_impossible"]
    ]
    return QuestionSet("squad_passages", _documents(folder / "passages.jsonl"), asked)


def squad_articles(data: Path) -> QuestionSet:
    """Each article is a document, its passages as paragraphs; a question's span is its passage."""
    folder = data / "qa" / "squad_v2.0_dev"
    articles: dict[str, list[str]] = defaultdict(list)
    place: dict[str, tuple[str, int, int]] = {}
    for row in _rows(folder / "passages.jsonl"):
        held = articles[row["title"]]
        start = sum(len(text) + 2 for text in held)
        text = " ".join(row["text"].split("\n"))
        place[row["id"]] = (row["title"], start, start + len(text))
        held.append(text)
    asked = [
        Question(
            row["id"],
            row["question"],
            {place[row["passage_id"]][0]: 1},
            tuple(row["answers"]),
            (place[row["passage_id"]][1:],),
        )
        for row in _rows(folder / "qa.jsonl")
        if not row["is_impossible"]
    ]
    return QuestionSet("squad_articles", [(title, title, "\n\n".join(parts)) for title, parts in articles.items()], asked)


def squad_unanswerable(data: Path) -> list[str]:
    """Questions written so that a passage seems to answer them and does not."""
    return [row["question"] for row in _rows(data / "qa" / "squad_v2.0_dev" / "qa.jsonl") if row["is_impossible"]]


def as_documents(questions: QuestionSet) -> list[tuple[Document, str]]:
    """The documents of a set with their texts, number n for the n-th."""
    return [
        (a_document(number, id=id, uri=id, title=title), text) for number, (id, title, text) in enumerate(questions.documents, 1)
    ]


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _documents(path: Path) -> list[tuple[str, str, str]]:
    return [(row["id"], row.get("title", ""), row["text"]) for row in _rows(path)]


def _grades(path: Path) -> dict[str, dict[str, int]]:
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        question, document, grade = line.split("\t")
        grades[question][document] = int(grade)
    return dict(grades)


def machine() -> dict[str, Any]:
    """What the figures were taken on, and when."""
    return {
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def record(report: dict[str, Any], path: Path | None) -> None:
    """Print the report with machine and date, and keep it in `path` if one is given."""
    text = json.dumps({"machine": machine(), **report}, indent=1)
    print(text)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")


class Remembering:
    """An embedder that keeps every vector it made in a file, so that a second run costs nothing."""

    def __init__(self, embedder: Embedder, folder: Path | None) -> None:
        self._embedder = embedder
        self._path = folder / f"{digest(embedder.id)[:16]}.npz" if folder else None
        self._known: dict[bytes, NDArray[np.float16]] = {}
        self._new = 0
        if self._path and self._path.exists():
            with np.load(self._path, allow_pickle=False) as kept:
                keys, vectors = kept["keys"], kept["vectors"]
            self._known = {key.tobytes(): vector for key, vector in zip(keys, vectors, strict=True)}
        self.id, self.dimension, self.languages = embedder.id, embedder.dimension, embedder.languages

    def embed(self, texts: Sequence[str]) -> Vectors:
        keys = [hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest() for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        if missing:
            for key, vector in zip(missing, self._embedder.embed(list(missing.values())), strict=True):
                self._known[key] = vector.astype(np.float16)
            self._new += len(missing)
        vectors = np.array([self._known[key] for key in keys], dtype=np.float32).reshape(len(texts), self.dimension)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)

    def save(self) -> None:
        if self._path and self._new:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            keys = np.array([np.frombuffer(key, dtype=np.uint8) for key in self._known])
            np.savez(self._path, keys=keys, vectors=np.array(list(self._known.values())))
            self._new = 0
