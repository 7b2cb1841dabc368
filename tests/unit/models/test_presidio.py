"""Presidio over a real model of spaCy that the tests make: rules instead of training.

NO TRAINED MODEL TAKES PART: what is shown is how Presidio is joined, not how many names a trained model finds. How many are found without
one is measured in benchmarks/personal.py, and is little.
"""

import logging
import socket
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from firmground.errors import InvalidSettings
from firmground.guard.personal import Detector
from firmground.guard.redaction import PLACEHOLDER
from firmground.models.presidio import PresidioFinder
from firmground.wire import open_workspace

RULES = [
    {"label": "PERSON", "pattern": "Ada Lovelace"},
    {"label": "PERSON", "pattern": "ada@example.com"},
    {"label": "PERSON", "pattern": "EMAIL_7KQ2MX7PA4"},
    {"label": "GPE", "pattern": "Paris"},
    {"label": "ORG", "pattern": "Acme"},
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import spacy

    pipeline = spacy.blank("en")
    pipeline.add_pipe("entity_ruler").add_patterns(RULES)
    folder = tmp_path_factory.mktemp("model") / "rules"
    pipeline.to_disk(folder)
    return folder


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    tried: list[str] = []

    def refused(*where: object, **_: object) -> None:
        tried.append(str(where))
        raise OSError("no network")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    return tried


@lru_cache
def finder(model: Path, kinds: tuple[str, ...] = ()) -> PresidioFinder:
    return PresidioFinder(Detector(kinds=kinds), str(model), untouched=PLACEHOLDER, kinds=kinds)


def found(finder: PresidioFinder, text: str) -> list[tuple[str, str]]:
    return [(span.kind, text[span.start : span.end]) for span in finder.find(text)]


def test_names_and_places_join_what_has_a_form_and_nothing_asks_the_network(model: Path, offline: list[str]) -> None:
    text = "\ud800 Ada Lovelace (ada@example.com) of Acme lives in Paris; EMAIL_7KQ2MX7PA4 too."
    assert found(finder(model), text) == [("name", "Ada Lovelace"), ("email", "ada@example.com"), ("place", "Paris")]
    assert offline == []


def test_only_the_kinds_that_are_named_count(model: Path) -> None:
    assert found(finder(model, ("place",)), "Ada Lovelace, ada@example.com, Paris") == [("place", "Paris")]


def test_a_long_text_is_read_in_pieces_that_cut_no_name(model: Path) -> None:
    for before in (49_992, 49_996, 49_997, 50_000):
        text = "x" * before + " Ada Lovelace went. " + "x " * 30_000 + "Paris"
        assert found(finder(model), text) == [("name", "Ada Lovelace"), ("place", "Paris")]


def test_what_looks_through_a_line_that_the_pipeline_logs_waits_for_nothing(tmp_path: Path) -> None:
    import spacy
    from spacy.language import Language

    heard: list[list[tuple[str, str]]] = []
    log = logging.getLogger("telling")

    class Looking(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(found(reading, f"{record.getMessage()} Ada Lovelace, ada@example.com"))

    @Language.component("telling")
    def telling(doc: object) -> object:
        log.warning("This is read:")
        return doc

    pipeline = spacy.blank("en")
    pipeline.add_pipe("telling")
    pipeline.add_pipe("entity_ruler").add_patterns(RULES)
    pipeline.to_disk(tmp_path / "telling")
    reading = finder(tmp_path / "telling")
    log.addHandler(looking := Looking())
    try:
        assert found(reading, "Ada Lovelace") == [("name", "Ada Lovelace")]
    finally:
        log.removeHandler(looking)
    assert heard == [[("email", "ada@example.com")]]


def test_nothing_is_found_in_nothing(model: Path) -> None:
    assert found(finder(model), "") == []


def test_the_id_tells_models_settings_and_forms_apart(model: Path, tmp_path: Path) -> None:
    import spacy

    other = tmp_path / "other"
    spacy.blank("de").to_disk(other)
    first = finder(model)
    assert first.id == PresidioFinder(Detector(), str(model), untouched=PLACEHOLDER).id
    assert len({first.id, finder(other).id, finder(model, ("name",)).id}) == 3


def test_a_model_without_training_finds_no_names(tmp_path: Path) -> None:
    import spacy

    spacy.blank("en").to_disk(tmp_path / "blank")
    assert found(finder(tmp_path / "blank"), "Ada Lovelace lives in Paris.") == []


def test_a_model_that_is_not_there_is_told_and_never_fetched(tmp_path: Path, offline: list[str]) -> None:
    with pytest.raises(InvalidSettings, match="neither a folder nor an installed package: put a model of spaCy there"):
        finder(Path("en_core_web_lg"))
    with pytest.raises(InvalidSettings, match="cannot be loaded"):
        finder(tmp_path)
    assert offline == []


def test_without_the_extra_one_line_says_what_to_install(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "firmground.models.presidio.find_spec", lambda name: None if name == "presidio_analyzer" else find_spec(name)
    )
    with pytest.raises(InvalidSettings, match="Presidio, which is not installed: install firmground"):
        PresidioFinder(Detector(), str(model), untouched=PLACEHOLDER)


def test_a_workspace_uses_it_where_its_settings_say_so(model: Path, tmp_path: Path) -> None:
    (tmp_path / "here").symlink_to(model)
    (tmp_path / "firmground.toml").write_text("[guard]\nnames = 'presidio'\nnames_model = 'here'\n")
    with open_workspace(tmp_path) as app:
        assert [span.kind for span in app.finder.find("Ada Lovelace, ada@example.com")] == ["name", "email"]
