"""What `firmground.toml` and the environment may say, and what is answered to mistakes."""

import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from firmground.answer.prompt import Prompt
from firmground.errors import InvalidSettings, NotFound
from firmground.index.chunk import Chunker
from firmground.release.spec import candidate
from firmground.retrieve.fuse import Fusion
from firmground.settings import Settings, find_workspace, keys, load_workspace, secret

TEMPLATE = files("firmground.app").joinpath("firmground.toml.template").read_text(encoding="utf-8")


def load(tmp_path: Path, text: str, environment: dict[str, str] | None = None) -> Settings:
    (tmp_path / "firmground.toml").write_text(text, encoding="utf-8")
    return load_workspace(tmp_path, environment or {}).settings


def test_the_template_shows_every_default_as_it_is(tmp_path: Path):
    uncommented = re.sub(r"^# (?=\w+ = )", "", TEMPLATE.split("[parsing]")[1].split("# [models.local]")[0], flags=re.M)
    shown: dict[str, Any] = tomllib.loads("[parsing]" + uncommented)
    defaults = Settings().model_dump(mode="json")
    defaults["index"]["chunk_tokens"] = Chunker().chunk_tokens
    defaults["retrieval"]["dense_weight"] = Fusion().dense_weight
    examples = {
        ("index", "embedder_languages"),
        ("retrieval", "dense_weight_by_language"),
        ("answer", "budget_usd"),
        ("answer", "threshold"),
    }
    for section, values in shown.items():
        for key, value in values.items():
            assert (section, key) in examples or defaults[section][key] == value, f"{section}.{key}"
    load(tmp_path, TEMPLATE)


def test_the_template_explains_every_key():
    named = {re.sub(r"\W.*", "", line.lstrip("# ")) for line in TEMPLATE.splitlines()}
    for name, _, _ in keys():
        section, _, key = name.rpartition(".")
        assert key in named or section.startswith("models"), name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[retreival]\ncandidates = 50\n", "unknown key retreival in firmground.toml: did you mean retrieval?"),
        ("[retrieval]\ncandiates = 50\n", "unknown key retrieval.candiates in firmground.toml: did you mean candidates?"),
        ("[retrieval]\ncandidates = 'many'\n", "retrieval.candidates in firmground.toml cannot be used"),
        ("[[sources]]\nname = 'A B'\npath = 'x'\n", "use small letters, digits, - and _"),
        ("[[sources]]\nname = 'a'\npath = 'x'\n[[sources]]\nname = 'a'\npath = 'y'\n", "two sources are named 'a'"),
        ("[[sources]]\nname = 'a'\n", 'sources.0.path in firmground.toml is missing: add it, e.g. path = "documents"'),
        (
            "[sources]\nname = 'a'\npath = 'x'\n",
            "sources in firmground.toml cannot be used: sources is a list: write [[sources]]",
        ),
        ("sources = ['x']\n", "sources is a list: write [[sources]]"),
        (
            "[[sources]]\nname = 'a'\npath = 'x'\ninclude = '*.md'\n",
            'sources.0.include in firmground.toml cannot be used: it must be a list, e.g. ["a"]',
        ),
        ("[[sources]]\nname = 'a'\npath = 'x'\ngroups = [1]\n", 'it must be text in quotes, e.g. "a"'),
        ("[[sources]]\nname = 'a'\npath = 'x'\nkind = 'web'\n", "it must be 'files'"),
        (
            "[[sources]]\nname = 'a'\npath = 'x'\n[[sources.rules]]\nmatch = 'x'\nmetadata = { a = { b = 1 } }\n",
            "metadata holds text, numbers",
        ),
        ("retrieval = 3\n", "it is a section: write [retrieval]"),
        ("[retrieval]\ncandidates = 'many'\n", "it must be a whole number, e.g. 3"),
        ("[retrieval]\ncandidates = 10.5\n", "it must be a whole number, e.g. 3"),
        ("[retrieval]\ndense_weight = 'x'\n", "it must be a number, e.g. 0.5"),
        ("[retrieval]\npassages = 0\n", "it must be at least 1"),
        ("[retrieval]\npassages = 51\n", "it must be at most 50"),
        ("[parsing]\nmax_seconds = 0\n", "it must be more than 0"),
        (
            "[parsing]\nocr = 'perhaps'\nworkers = 0\n",
            "parsing.ocr in firmground.toml cannot be used (and 1 more): it must be true or false",
        ),
        ("[answer]\nrefusal = ''\n", "it must not be empty"),
        ("passages = 3\n", "unknown key passages in firmground.toml: did you mean [retrieval] passages?"),
        ("match = 'x'\n", "did you mean [[sources.rules]] match?"),
        (
            "[[sources]]\nname = 'a'\npath = 'x'\nthreshold = 0.2\n",
            "unknown key sources.0.threshold in firmground.toml: did you mean [answer] threshold?",
        ),
        ("[retrieval\n", "is not valid TOML"),
    ],
)
def test_a_mistake_is_named_with_what_to_do(tmp_path: Path, text: str, message: str):
    with pytest.raises(InvalidSettings) as wrong:
        load(tmp_path, text)
    assert message in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_the_environment_overrides_settings_and_never_the_recipe(tmp_path: Path):
    environment = {"FIRMGROUND_SERVE__PORT": "9000", "FIRMGROUND_PARSING__OCR_LANGUAGES": "eng, deu", "FIRMGROUND_DATA": "/tmp/x"}
    settings = load(tmp_path, "[serve]\nport = 1\n[models.local]\nbase_url = 'http://a'\n", environment)
    assert (settings.serve.port, settings.parsing.ocr_languages) == (9000, ("eng", "deu"))
    with pytest.raises(InvalidSettings, match="FIRMGROUND_ANSWER__REFUSAL would change answers from outside the release"):
        load(tmp_path, "", {"FIRMGROUND_ANSWER__REFUSAL": "no"})
    with pytest.raises(InvalidSettings, match=r"FIRMGROUND_SERVE__PROT names no key .*did you mean serve.port"):
        load(tmp_path, "", {"FIRMGROUND_SERVE__PROT": "1"})
    with pytest.raises(InvalidSettings, match="FIRMGROUND_SERVE__PORT cannot be used"):
        load(tmp_path, "", {"FIRMGROUND_SERVE__PORT": "many"})
    with pytest.raises(InvalidSettings, match="FIRMGROUND_SOURCES names no key"):
        load(tmp_path, "", {"FIRMGROUND_SOURCES": "x"})
    assert load(tmp_path, "", {"FIRMGROUND_SOMETHING_ELSE": "x"}) == Settings()


def test_a_secret_may_be_in_a_file_that_a_variable_names(tmp_path: Path):
    place = tmp_path / "secret"
    place.write_text("postgresql://me:word@db/firmground\n")
    assert load(tmp_path, "", {"FIRMGROUND_DATABASE__URL_FILE": str(place)}).database.url == "postgresql://me:word@db/firmground"
    assert secret("SOME_KEY", {"SOME_KEY_FILE": str(place)}) == "postgresql://me:word@db/firmground"
    assert secret("SOME_KEY", {"SOME_KEY": "a"}) == "a"
    assert secret("", {"_FILE": "x"}) == secret("SOME_KEY", {}) == ""
    with pytest.raises(InvalidSettings, match="FIRMGROUND_DATABASE__URL_FILE names /nowhere, which cannot be read"):
        load(tmp_path, "", {"FIRMGROUND_DATABASE__URL_FILE": "/nowhere"})
    with pytest.raises(InvalidSettings, match="FIRMGROUND_ANSWER__REFUSAL_FILE would change answers"):
        load(tmp_path, "", {"FIRMGROUND_ANSWER__REFUSAL_FILE": str(place)})


OTHER = {
    "index.embedder": "'another'",  # known by the id of what it opens
    "index.embedder_languages": "['de']",
    "index.chunk_tokens": "100",
    "retrieval.dense_weight": "0.1",
    "retrieval.dense_weight_by_language": "{ de = 0.3 }",
    "retrieval.candidates": "50",
    "retrieval.passages": "5",
    "answer.model": "'local/large'",
    "answer.fallbacks": "['local/small']",
    "answer.strong_model": "'local/huge'",
    "answer.strong_below": "0.5",
    "answer.prompt": "'prompts/other.md'",  # known by what the file says
    "answer.temperature": "0.5",
    "answer.max_evidence_tokens": "500",
    "answer.max_output_tokens": "50",
    "answer.budget_usd": "0.01",
    "answer.judge": "'local/judge'",
    "answer.on_mismatch": "'draft'",
    "answer.max_sentences": "2",
    "answer.threshold": "0.9",
    "answer.refusal": "'no'",
    "answer.out_of_scope": "['wages']",
    "answer.out_of_scope_text": "'not here'",
    "answer.history_tokens": "0",
}
"""Of every recipe key, a value that it does not have by itself."""


def test_what_can_change_an_answer_changes_the_digest_and_nothing_else_does(tmp_path: Path):
    base = candidate(load(tmp_path, ""), "embedder").digest
    assert candidate(load(tmp_path, "[serve]\nport = 1\n[parsing]\nworkers = 7\n"), "embedder").digest == base
    for name in OTHER.keys() - {"index.embedder", "answer.prompt"}:
        section, _, key = name.partition(".")
        assert candidate(load(tmp_path, f"[{section}]\n{key} = {OTHER[name]}\n"), "embedder").digest != base, name
    assert candidate(load(tmp_path, ""), "another").digest != base
    prompt = Prompt(id="a", purpose="b", owner="c", text="d")
    assert candidate(load(tmp_path, ""), "embedder", {"answer": prompt}).digest != base


def test_every_recipe_key_is_tried():
    assert {name for name, kind, _ in keys() if kind == "recipe"} == OTHER.keys()


def test_a_workspace_is_found_from_below_it_and_missing_ones_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "firmground.toml").write_text("", encoding="utf-8")
    below = tmp_path / "documents" / "hr"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert find_workspace(None, {}) == tmp_path
    assert find_workspace(None, {"FIRMGROUND_WORKSPACE": str(tmp_path)}) == tmp_path
    with pytest.raises(NotFound, match="firmground init"):
        find_workspace(below, {})


def test_no_source_takes_the_name_of_the_uploads(tmp_path: Path):
    with pytest.raises(InvalidSettings, match="documents that people upload are under"):
        load(tmp_path, '[[sources]]\nname = "uploads"\npath = "documents"\n')
