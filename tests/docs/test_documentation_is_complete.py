"""The reference leaves nothing out: what the code can say, some page explains."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from documentation import DOCS, PAGES, ROOT

from firmground.app.corpus.quality import HARM
from firmground.cli.commands import commands
from firmground.language_model import Mismatch, ModelCode
from firmground.settings import keys
from firmground.types import AnswerStatus, DocumentState, JobState, ParseCode

PACKAGE = ROOT / "src" / "firmground"
_CODE = re.compile(r"[a-z]+(?:_[a-z]+)*")


def page(*parts: str) -> str:
    return DOCS.joinpath(*parts).read_text(encoding="utf-8")


def undocumented(codes: set[str], text: str) -> list[str]:
    assert codes, "nothing was found in the code"
    return sorted(code for code in codes if f"`{code}`" not in text)


def calls(folder: str, name: str) -> Iterator[ast.Call]:
    for path in sorted((PACKAGE / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == name:
                yield node


def constants(node: ast.AST) -> set[str]:
    found = {each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)}
    return {value for value in found if _CODE.fullmatch(value)}


def named(folder: str, call: str, keyword: str = "code") -> set[str]:
    """Literal codes given to a call by keyword."""
    found: set[str] = set()
    for node in calls(folder, call):
        found |= {code for each in node.keywords if each.arg == keyword for code in constants(each.value)}
    return found


def finding_codes() -> set[str]:
    found = named("index", "Finding") | named("app", "Finding") | {"exact_duplicate", "near_duplicate", "suspected_instructions"}
    return found | set(get_args(ParseCode))


def place_codes() -> set[str]:
    """What a source says of files and folders that it cannot list."""
    second = {node.args[1] for node in calls("sources", "_problem") if len(node.args) > 1}
    return {code for each in second for code in constants(each) if "_" in code} | {"sidecar_invalid"}


def warning_codes() -> set[str]:
    """What a parser says of a file that it could read: `code: detail`."""
    texts: set[str] = set()
    for path in (PACKAGE / "sources").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                texts.add(str(node.values[0].value))
    starts = {re.match(r"([a-z]+(?:_[a-z]+)+): ", text) for text in texts}
    return {start[1] for start in starts if start}


def test_the_generated_pages_are_up_to_date():
    command = [sys.executable, str(ROOT / "tools" / "build_reference.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_setting_is_in_the_reference():
    assert undocumented({name for name, _, _ in keys()}, page("reference", "settings.md")) == []


def test_every_command_and_option_is_in_the_reference():
    text = page("reference", "commands.md")
    for name, command in commands.commands.items():
        below = getattr(command, "commands", {"": command})
        for sub, leaf in below.items():
            heading = f"firmground {name} {sub}".strip()
            section = re.search(rf"^## `{heading}\b.*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
            assert section, heading
            options = {option for param in leaf.params for option in param.opts if option.startswith("--") and option != "--help"}
            assert [option for option in sorted(options) if option not in section[0]] == [], heading


def test_every_finding_has_its_entry_and_its_remedy():
    assert undocumented(finding_codes(), page("reference", "codes.md")) == []
    assert undocumented(finding_codes(), page("how-to", "act-on-the-quality-report.md")) == []


def test_every_finding_has_its_place_in_the_order_of_the_report():
    assert set(HARM) == finding_codes()


@pytest.mark.parametrize("kind", [place_codes, warning_codes])
def test_every_warning_has_its_entry(kind):
    assert undocumented(kind(), page("reference", "codes.md")) == []


def test_every_notice_has_its_entry():
    assert (
        undocumented(named("serve", "Notice") | named("app", "Notice") | named("answer", "Notice"), page("reference", "codes.md"))
        == []
    )


@pytest.mark.parametrize(
    "states",
    [AnswerStatus, DocumentState, JobState, ModelCode, Mismatch.model_fields["code"].annotation],
    ids=["answer", "document", "job", "model", "mismatch"],
)
def test_every_state_has_its_entry(states: object):
    assert undocumented(set(get_args(states)), page("reference", "codes.md")) == []


def test_every_error_is_in_the_reference():
    tree = [
        path for path in PACKAGE.rglob("*.py") if re.search(r"^    code = \"", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    codes = {
        code for path in tree for code in re.findall(r"^    code = \"([a-z-]+)\"", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert undocumented(codes, page("reference", "errors.md")) == []


def test_every_kind_of_file_is_in_the_reference():
    from firmground.sources.kinds import _SUFFIXES

    assert undocumented({f".{suffix}" for suffix in _SUFFIXES}, page("reference", "formats.md")) == []


def test_links_to_headings_lead_to_one():
    """That the files exist is looked at in tests/architecture."""
    broken: list[str] = []
    for path in PAGES:
        for file, anchor in re.findall(r"\]\((?!\w+:)([^)#\s]*)#([^)\s]+)\)", path.read_text(encoding="utf-8")):
            if anchor not in anchors(path.parent / file if file else path):
                broken.append(f"{path.name}: {file}#{anchor}")
    assert broken == []


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
