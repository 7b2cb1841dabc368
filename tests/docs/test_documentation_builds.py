"""The examples for build servers are valid, and run the commands that the page itself runs."""

import pytest
import yaml
from documentation import DOCS, Block, blocks, commands

PAGE = DOCS / "how-to" / "check-in-your-build.md"


def scripts(block: Block) -> list[str]:
    """The lines that a build server runs."""
    whole = yaml.safe_load(block.text)
    if block.file == ".gitlab-ci.yml":
        return whole["answers"]["script"]
    steps = whole["jobs"]["evaluate"]["steps"]
    return [line.strip() for step in steps for line in step.get("run", "").splitlines()]


BUILDS = [block for block in blocks(PAGE, "yaml") if block.file.endswith(".yml")]


@pytest.mark.parametrize("block", BUILDS, ids=lambda block: block.file)
def test_a_build_runs_what_the_page_shows(block: Block):
    shown = [command.text for each in blocks(PAGE, "console") for command in commands(each)]
    run = [line for line in scripts(block) if line.startswith("firmground ") and line != "firmground cases check"]
    assert run == [*shown[:2], shown[0], shown[2]]


def test_both_build_servers_are_shown():
    assert [block.file for block in BUILDS] == [".github/workflows/answers.yml", ".gitlab-ci.yml"]
