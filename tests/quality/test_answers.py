"""The right sentence is quoted, with the real model and the untouched defaults, whatever the confidence says."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from firmground.answer.extract import Extract, Extractive
from firmground.app.app import App
from firmground.app.asking.search import corpus, within
from firmground.app.corpus.sync import sync
from firmground.models.onnx_embedder import OnnxEmbedder
from firmground.serve.search import Retrieval, search
from firmground.testing.app import ADMINISTRATOR, Bench

DATA = yaml.safe_load(Path(__file__).with_name("answers.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, default_model: Path) -> Iterator[App]:
    bench = Bench(tmp_path_factory.mktemp("answers"), embedder_=OnnxEmbedder(default_model))
    for name, text in DATA["documents"].items():
        bench.source.contents[name] = text.encode()
    with bench.app() as opened:
        sync(opened, ADMINISTRATOR)
        yield opened


def read(app: App, question: str) -> Extract:
    searched = corpus(app, app.candidate)
    found = search(searched, Retrieval(), question, within(app, ADMINISTRATOR, {}))
    return Extractive().read(question, found.vector if found.covered else None, found.passages, searched.embedder.embed)


def test_nine_of_ten_best_sentences_answer_and_nearly_all_quotes_do(app: App) -> None:
    best: list[str] = []
    chosen: list[str] = []
    for question, wanted in DATA["questions"]:
        found = read(app, question)
        first = max(found.quotes, key=lambda quote: quote.score)
        if wanted not in first.shown:
            best.append(f"{question} {first.shown}")
        if not any(wanted in quote.shown for quote in found.quotes):
            chosen.append(question)
    assert len(best) <= len(DATA["questions"]) / 10, best
    assert len(chosen) <= len(DATA["questions"]) / 20, chosen
