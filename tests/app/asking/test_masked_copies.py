"""What a model copies of documents with placeholders is put back for who may read it, however it bends them."""

import re
from pathlib import Path

import pytest

from firmground.answer.prompt import Kind
from firmground.app.app import App
from firmground.app.asking import kept
from firmground.app.asking.answers import ask
from firmground.app.asking.prompting import packaged
from firmground.app.corpus.sync import sync
from firmground.guard.redaction import PLACEHOLDER
from firmground.language_model import ModelCall
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.testing.model import ScriptedModel
from firmground.types import Actor

MAIL = "greta.holm@lighthouse.test"
TOWER = f"# Tower\n\nThe keeper of the northern tower is reached at {MAIL} after dusk. The southern tower is locked at dusk.\n"
QUESTION = "How is the keeper of the northern tower reached after dusk?"
SAID = "The keeper of the northern tower is reached at {} after dusk."


def somebody(*groups: str) -> Actor:
    return Actor(person="somebody", groups=frozenset({"public", "everyone", *groups}), via="http")


def copying(how: str, structured: bool) -> ScriptedModel:
    """Says what the passage says, with its placeholder as `how` writes it."""

    def reply(call: ModelCall) -> str:
        found = PLACEHOLDER.search(call.messages[-1].text)
        assert found is not None
        word = found[0]
        kind, _, signs = word.rpartition("_")
        said = how.format(word=word, small=word.lower(), kind=kind, signs=signs, half=signs[:5])
        text = SAID.format(said)
        if structured:
            return f'{{"answerable": true, "sentences": [{{"text": "{text}", "citations": [1]}}]}}'
        return text.replace(" after", " [1] after", 1).replace(" [1]", "", 1)[:-1] + " [1]."

    return ScriptedModel(name="scripted/copying", structured=structured, rules=reply)


def opened(place: Path, model: ScriptedModel) -> App:
    source = {"name": "docs", "path": ".", "personal_data": "mask", "personal_data_for": ["keepers"]}
    answer = {"model": model.name, "threshold": 0.001}
    bench = Bench(place, settings=Settings.model_validate({"sources": [source], "answer": answer}))
    bench.source.contents["tower.md"] = TOWER.encode()
    bench.models[model.name] = model
    app = bench.app()
    sync(app, ADMINISTRATOR)
    return app


@pytest.mark.parametrize("structured", [False, True])
@pytest.mark.parametrize("how", ["{word}", "{small}", "**{word}**", "_{word}_", "`{small}`", "{kind} {signs}"])
def test_a_placeholder_that_a_model_copies_is_put_back_for_who_may_read_it(tmp_path: Path, how: str, structured: bool):
    model = copying(how, structured)
    with opened(tmp_path, model) as app:
        given = ask(app, somebody("keepers"), QUESTION)
        assert model.calls
        assert (given.model, given.status) == (model.name, "answered")
        assert MAIL in given.text
        assert not PLACEHOLDER.search(given.text)
        other = ask(app, somebody(), QUESTION)
        assert MAIL not in other.model_dump_json()
        [word] = set(PLACEHOLDER.findall(other.text))
        with app.database.reading() as tx:
            assert word in tx.find_trace(given.id).answer.text, "what is kept has it as every document has it"
        assert MAIL in kept.show(app, somebody("keepers"), given.id).answer.text


def test_an_escaped_placeholder_is_put_back(tmp_path: Path):
    with opened(tmp_path, copying(r"{kind}\_{signs}", structured=False)) as app:
        assert MAIL in ask(app, somebody("keepers"), QUESTION).text


@pytest.mark.parametrize("how", ["{kind}_{half}…", "{word}S", "{signs}", "{kind}_AAAAAAAAAA"])
def test_a_placeholder_that_a_model_tears_is_never_shown(tmp_path: Path, how: str):
    model = copying(how, structured=False)
    with opened(tmp_path, model) as app:
        given = ask(app, somebody("keepers"), QUESTION)
        assert given.model != model.name
        assert not re.search("email_", given.text, re.IGNORECASE)
        assert MAIL in given.text, "the sentence of the document itself is the answer"


@pytest.mark.parametrize("kind", ["answer", "repair", "rewrite"])
def test_models_are_told_to_copy_placeholders_by_an_example_that_is_none(kind: Kind):
    assert "letter by letter" in packaged(kind)
    assert not PLACEHOLDER.search(packaged(kind))
