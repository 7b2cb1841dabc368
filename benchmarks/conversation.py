"""Answer, abstain, or ask back: what becomes of the last question of a conversation, with and without what was said before it.

    python benchmarks/conversation.py --data DIR [--cache DIR] [--sample N] [--out FILE]

The set says of each last question whether its passages answer it, answer a part, do not answer it, or whether the question itself
lacks something. The corpus of a question is all passages that the set gives for its collection. No language model takes part, and
nothing was chosen by looking at this set.
"""

import argparse
import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import library
import numpy as np

from firmground.answer.confidence import SHIPPED, signs
from firmground.answer.contradiction import contradictions
from firmground.answer.extract import Extractive
from firmground.answer.states import Decision, Seen, States
from firmground.guard.questions import blocked, orders
from firmground.models.onnx_embedder import OnnxEmbedder
from firmground.models.weights import default_models_dir, ensure_default_model
from firmground.serve.conversation import Turn, kept, understood
from firmground.serve.search import Corpus, Found, Retrieval, search
from firmground.store.lance import open_lance
from firmground.testing.corpus import a_document, shelved

HISTORY_TOKENS = 1000
"""As a workspace has it where nothing else is set."""
KINDS = {
    "answered": "answer",
    "weak": "answer",
    "clarify": "ask back",
    "abstained": "abstain",
    "out_of_scope": "abstain",
    "blocked": "abstain",
}


@dataclass(frozen=True)
class Task:
    label: str
    kind: str
    """How the question leans on those before it, as the set says."""
    collection: str
    said: tuple[tuple[str, str], ...]
    """Earlier questions, each with its answer."""
    question: str
    passages: frozenset[str]


def tasks(data: Path) -> tuple[list[Task], dict[str, dict[str, str]]]:
    """The tasks, and the passages of each collection by id."""
    found: list[Task] = []
    texts: dict[str, dict[str, str]] = defaultdict(dict)
    for line in (data / "qa" / "mtrag_un" / "tasks.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        collection = row["Collection"]
        texts[collection] |= {passage["document_id"]: passage["text"] for passage in row["contexts"]}
        *before, last = row["input"]
        questions = [turn["text"] for turn in before if turn["speaker"] == "user"]
        answers = [turn["text"] for turn in before if turn["speaker"] != "user"]
        given = frozenset(passage["document_id"] for passage in row["contexts"])
        said = tuple(zip(questions, answers, strict=False))
        found.append(Task(row["answerability"][0].casefold(), row["Multi-Turn"][0], collection, said, last["text"], given))
    return found, texts


def alone(task: Task) -> str:
    return understood(task.question).asked


def after(task: Task) -> str:
    history: list[Turn] = []
    for at, (question, answer) in enumerate(task.said):
        asked = understood(question, kept(history, HISTORY_TOKENS)).asked
        history.append(Turn(id=str(at), question=question, asked=asked, answer=answer, status="answered"))
    return understood(task.question, kept(history, HISTORY_TOKENS)).asked


def everything(task: Task) -> str:
    """For comparison: all questions in a row, the newest characters of them."""
    return " ".join([*(question for question, _ in task.said), task.question])[-4000:]


def decided(corpus: Corpus, asked: str) -> tuple[Decision, Found | None]:
    states = States()
    first = states.before(asked, blocked(orders(asked)))
    if first is not None:
        return first, None
    found = search(corpus, Retrieval(), asked)
    extract = Extractive().read(found.question, found.vector if found.covered else None, found.passages, corpus.embedder.embed)
    seen = signs(found.ranked, extract, found.question, found.passages, language=found.language)
    decision = states.decide(
        Seen(
            question=found.question,
            language=found.language,
            confidence=SHIPPED.of(seen, dense=found.covered) if extract.quotes else 0.0,
            threshold=SHIPPED.threshold,
            sure=SHIPPED.sure,
            passages=found.passages,
            extract=extract,
            signs=seen,
            covered=found.covered,
            contradictions=contradictions(found.passages, extract.quotes),
        )
    )
    return decision, found


def measured(corpora: dict[str, Corpus], given: Sequence[Task], read: Callable[[Task], str]) -> dict[str, Any]:
    """The confusion matrix, which rules asked back, and how much of the set's passages is among the first eight."""
    matrix: dict[str, Counter[str]] = defaultdict(Counter)
    rules: dict[str, Counter[str]] = defaultdict(Counter)
    recalls: dict[str, list[float]] = defaultdict(list)
    for task in given:
        corpus = corpora[task.collection]
        asked = read(task)
        decision, found = decided(corpus, asked)
        matrix[task.label][KINDS[decision.status]] += 1
        if decision.status == "clarify":
            rules[task.label][decision.rules[-1].name] += 1
        if task.passages and task.label in {"answerable", "partial"}:
            found = found or search(corpus, Retrieval(), asked)
            first = {passage.uri.removeprefix("shelf/") for passage in found.passages}
            recalls["all"].append(len(first & task.passages) / len(task.passages))
            recalls[task.kind].append(recalls["all"][-1])
    return {
        "confusion": {label: dict(counts) for label, counts in sorted(matrix.items())},
        "asked back by": {label: dict(counts) for label, counts in sorted(rules.items())},
        "recall of the passages, first 8": {kind: round(float(np.mean(each)), 3) for kind, each in sorted(recalls.items())},
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--model", type=Path, help="folder of the embedding model; default: the shipped one")
    options.add_argument("--cache", type=Path, help="keeps vectors between runs")
    options.add_argument("--sample", type=int, help="only so many tasks")
    options.add_argument("--out", type=Path, help="keeps the report")
    given = options.parse_args()
    embedder = library.Remembering(OnnxEmbedder(given.model or ensure_default_model(default_models_dir())), given.cache)
    asked, texts = tasks(given.data)
    if given.sample:
        asked = [asked[at] for at in np.random.default_rng(7).permutation(len(asked))[: given.sample]]
    with tempfile.TemporaryDirectory() as folder:
        corpora: dict[str, Corpus] = {}
        for name, passages in texts.items():
            index = open_lance(f"{folder}/{name}", "bench", embedder.id, embedder.dimension)
            documents = [(a_document(number, uri=id), text) for number, (id, text) in enumerate(passages.items(), 1)]
            corpora[name], _ = shelved(documents, index, embedder)
        report = {
            "tasks": dict(Counter(task.label for task in asked)),
            "passages": {name: len(passages) for name, passages in texts.items()},
            "with history": measured(corpora, asked, after),
            "without history": measured(corpora, asked, alone),
            "all questions in a row": measured(corpora, asked, everything),
        }
        for corpus in corpora.values():
            corpus.index.close()
    embedder.save()
    library.record(report, given.out)


if __name__ == "__main__":
    main()
