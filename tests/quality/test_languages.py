"""Questions find their passage in each language, with the real model and the untouched defaults, all languages in one corpus."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from firmground.app.app import App
from firmground.app.asking.search import search
from firmground.app.corpus.sync import sync
from firmground.models.onnx_embedder import OnnxEmbedder
from firmground.testing.app import ADMINISTRATOR, Bench

DATA = yaml.safe_load(Path(__file__).with_name("languages.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, default_model: Path) -> Iterator[App]:
    bench = Bench(tmp_path_factory.mktemp("languages"), embedder_=OnnxEmbedder(default_model))
    for language, passages in DATA["passages"].items():
        for subject, text in passages.items():
            bench.source.contents[f"{language}/{subject}.md"] = text.encode()
    with bench.app() as opened:
        sync(opened, ADMINISTRATOR)
        yield opened


def ranks(app: App, language: str) -> dict[str, int]:
    """Where the passage of each question stands, from 1; 99 where it is not found."""
    found: dict[str, int] = {}
    for subject, question in DATA["questions"][language].items():
        uris = [passage.uri for passage in search(app, ADMINISTRATOR, question).passages]
        wanted = f"docs/{language}/{subject}.md"
        found[subject] = uris.index(wanted) + 1 if wanted in uris else 99
    return found


@pytest.mark.parametrize("language", ["en", "de", "fr", "es"])
def test_nine_of_ten_questions_find_their_passage_first_and_all_among_three(app: App, language: str):
    found = ranks(app, language)
    assert sum(rank == 1 for rank in found.values()) >= 9, found
    assert max(found.values()) <= 3, found
