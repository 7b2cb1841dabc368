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
from firmground.release.spec import ReleaseSpec, candidate
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
            default = defaults[section][key]
            shown_of_it = {name: default[name] for name in value} if section == "limits" else default
            assert (section, key) in examples or shown_of_it == value, f"{section}.{key}"
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
        ("[[sources]]\nname = 'a'\n", 'path of the source "a" in firmground.toml is missing: add it, e.g. path = "documents"'),
        (
            "[sources]\nname = 'a'\npath = 'x'\n",
            "sources in firmground.toml cannot be used: sources is a list: write [[sources]]",
        ),
        ("sources = ['x']\n", "sources is a list: write [[sources]]"),
        (
            "[[sources]]\nname = 'a'\npath = 'x'\ninclude = '*.md'\n",
            'include of the source "a" in firmground.toml cannot be used: it must be a list, e.g. ["a"]',
        ),
        ("[[sources]]\nname = 'a'\npath = 'x'\ngroups = [1]\n", 'it must be text in quotes, e.g. "a"'),
        ("[[sources]]\nname = 'a'\npath = 'x'\nkind = 'ftp'\n", "it must be 'files' or 'web'"),
        (
            "[[sources]]\nname = 'a'\nkind = 'web'\n",
            'a source of kind "web" needs urls, e.g. urls = ["https://docs.example.org/"]',
        ),
        ("[[sources]]\nname = 'a'\nkind = 'web'\nurls = ['docs.example.org']\n", "'docs.example.org' is no address of the web"),
        ("[[sources]]\nname = 'a'\nkind = 'web'\nurls = ['file:///etc/passwd']\n", "is no address of the web"),
        ("[[sources]]\nname = 'a'\nkind = 'web'\nurls = ['https://me:x@a.org/']\n", "must not hold a user or password"),
        (
            "[[sources]]\nname = 'a'\nkind = 'web'\nurls = ['https://a.org/']\npath = 'x'\n",
            "path is for folders; source 'a' is a web site, so remove it",
        ),
        ("[[sources]]\nname = 'a'\npath = 'x'\ndepth = 3\n", "depth is for web sites; write kind = \"web\" in source 'a'"),
        (
            "[[sources]]\nname = 'a'\nkind = 'web'\nurls = ['https://a.org/']\nuser_agent = 'a\\nb'\n".replace(
                "'a\\nb'", '"a\\nb"'
            ),
            "begin with one word of letters",
        ),
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
            'unknown key threshold of the source "a" in firmground.toml: did you mean [answer] threshold?',
        ),
        (
            "[[sources]]\nname = 'a'\npath = 'x'\n[[sources]]\nname = 'b'\npath = 'y'\n[[sources.rules]]\nmatch = 1\n",
            'match of entry 1 of rules of the source "b" in firmground.toml cannot be used: it must be text in quotes',
        ),
        ("[[sources]]\npath = 'x'\n", "name of entry 1 of sources in firmground.toml is missing"),
        ("[[sources]]\nname = 'a'\npath = 'x'\ngroups = ['b', 1]\n", 'entry 2 of groups of the source "a" in firmground.toml'),
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
    "review.sample": "0.1",
    "review.rules[].name": "'b'",
    "review.rules[].then": "'escalate'",
    "review.rules[].confidence_below": "0.5",
    "review.rules[].statuses": "['weak']",
    "review.rules[].mismatch": "true",
    "review.rules[].topics": "['pay']",
    "review.rules[].sources": "['hr/**']",
    "review.rules[].personal_data": "true",
    "review.rules[].asks_for": "['decision']",
    "review.rules[].groups": "['interns']",
    "review.rules[].share": "0.5",
    "review.rules[].to": "'admin'",
    "review.rules[].text": "'Please wait.'",
}
"""Of every recipe key, a value that it does not have by itself."""


def written(section: str, values: dict[str, str]) -> str:
    head = f"[[{section[:-2]}]]" if section.endswith("[]") else f"[{section}]"
    return "\n".join([head, *(f"{key} = {value}" for key, value in values.items()), ""])


def test_what_can_change_an_answer_changes_the_digest_and_nothing_else_does(tmp_path: Path):
    base = candidate(load(tmp_path, ""), "embedder").digest
    assert candidate(load(tmp_path, "[serve]\nport = 1\n[parsing]\nworkers = 7\n"), "embedder").digest == base
    rule = {"name": "'a'", "then": "'hold'"}
    ruled = candidate(load(tmp_path, written("review.rules[]", rule)), "embedder").digest
    assert ruled != base
    for name in OTHER.keys() - {"index.embedder", "answer.prompt"}:
        section, _, key = name.rpartition(".")
        content = written(section, {**(rule if section.endswith("[]") else {}), key: OTHER[name]})
        assert candidate(load(tmp_path, content), "embedder").digest not in {base, ruled}, name
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


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ("name = 'a'\nthen = 'hold'\nto = 'boss'", 'to of the rule "a"'),
        ("name = 'a'\nthen = 'hold'\nto = 'auditor'", "who may not review"),
        ("name = 'a'\nthen = 'wait'", 'then of the rule "a"'),
        ("name = 'a'\nthen = 'hold'\nshare = 0", "it must be more than 0"),
        ("name = 'a'\nthen = 'hold'\nshare = 1.5", "it must be at most 1"),
        ("name = 'a'\nthen = 'block'", "says block without a text"),
        ("name = 'a'\nthen = 'warn'\ntext = ' '", "says warn without a text"),
        ("name = ''\nthen = 'hold'", "it must not be empty"),
        ("name = ' '\nthen = 'hold'", "the name of a rule is one line"),
        ("then = 'hold'", "name of entry 1 of review.rules"),
        ("name = 'a'\nthen = 'hold'\ntopic = ['pay']", "topics"),
        ("name = 'a'\nthen = 'hold'\n[[review.rules]]\nname = 'a'\nthen = 'warn'\ntext = 'b'", "two rules are named 'a'"),
    ],
)
def test_a_rule_that_makes_no_sense_is_told_in_one_line(tmp_path: Path, rules: str, problem: str):
    with pytest.raises(InvalidSettings) as refused:
        load(tmp_path, f"[[review.rules]]\n{rules}\n")
    assert problem in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("topics = ['the']", "nothing to look for"),
        ("topics = ['…']", "nothing to look for"),
        ("sources = ['../x']", "matches nothing"),
    ],
)
def test_a_rule_that_could_never_fire_makes_no_release(tmp_path: Path, rule: str, problem: str):
    settings = load(tmp_path, f"[[review.rules]]\nname = 'a'\nthen = 'hold'\n{rule}\n")
    with pytest.raises(InvalidSettings, match=problem):
        candidate(settings, "embedder")


def test_a_release_without_rules_says_what_it_said_before_there_were_any(tmp_path: Path):
    plain = candidate(load(tmp_path, ""), "embedder")
    assert "review" not in plain.model_dump(mode="json")
    ruled = candidate(load(tmp_path, "[[review.rules]]\nname = 'pay'\nthen = 'hold'\ntopics = ['pay']\n"), "embedder")
    assert ruled.model_dump(mode="json")["review"]["rules"][0]["topics"] == ["pay"]
    for spec in (plain, ruled):
        assert ReleaseSpec.model_validate(spec.model_dump(mode="json")) == spec
