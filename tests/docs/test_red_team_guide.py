"""The guide on attacking from outside: what its configurations name is there."""

import re
from typing import Any, cast

import yaml
from documentation import DOCS, blocks

from firmground.rights import RIGHTS
from firmground.web.openai.models import NAMES
from firmground.web.openai.parameters import COMPLETION

PAGE = DOCS / "how-to" / "red-team.md"


def configuration(name: str) -> Any:
    [found] = [block for block in blocks(PAGE, "yaml") if block.file == name]
    return yaml.safe_load(found.text)


def test_garak_asks_the_endpoint_that_there_is_for_a_model_that_there_is() -> None:
    plugins = configuration("garak.yml")["plugins"]
    assert plugins["target_type"] == "openai.OpenAICompatible"
    assert plugins["target_name"] in NAMES
    generator = plugins["generators"]["openai"]["OpenAICompatible"]
    assert generator["uri"] == "http://127.0.0.1:8420/v1/"
    known = {parameter.name for parameter in COMPLETION}
    assert set(generator["suppressed_params"]) <= known
    assert "max_tokens" in known
    assert generator["stop"] == [], "an answer is not cut at its first number"


def test_promptfoo_asks_the_endpoint_that_there_is_with_the_key_that_the_page_makes() -> None:
    [target] = configuration("promptfooconfig.yml")["targets"]
    assert target["id"].removeprefix("openai:chat:") in NAMES
    assert target["config"] == {"apiBaseUrl": "http://127.0.0.1:8420/v1", "apiKeyEnvar": "FIRMGROUND_KEY"}
    assert "FIRMGROUND_KEY" in PAGE.read_text(encoding="utf-8").partition("## garak")[0]


def test_the_scanner_gets_a_key_that_may_only_ask_after_its_budget_is_set() -> None:
    [typed] = [block.text for block in blocks(PAGE, "console") if "key add" in block.text]
    [scopes] = cast("list[str]", re.findall(r"--scope (\S+)", typed))
    assert scopes == "ask"
    assert scopes in RIGHTS
    assert typed.index("budget set") < typed.index("key add")
