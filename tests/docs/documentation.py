"""What the pages of docs/ hold, and a reader who does what they say.

- A `console` block is typed line by line: `$ ` begins a command, `\\` at its end continues it. What stands below must be in what it
  prints, in that order; `…` stands for anything. A comment `# exit 3` at the end of a command names its exit code, 0 otherwise.
- A block with a file name after its language (```` ```toml firmground.toml ````) is written to that file.
- All other blocks (`sh`, `ini`, `text`) are for the reader's own machine and are not run.
"""

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from firmground.cli import main

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
_FENCED = re.compile(
    r"^(?P<fence>```+)(?P<language>\w*)(?: +(?P<file>\S+))?\n(?P<text>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL
)
_EXIT = re.compile(r"\s+# exit (\d+)$")


class Block(NamedTuple):
    page: Path
    line: int
    language: str
    file: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(DOCS)}:{self.line}"


class Command(NamedTuple):
    text: str
    exit_code: int
    shown: list[str]


def blocks(page: Path, *languages: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    found = [
        Block(page, text.count("\n", 0, each.start()) + 1, each["language"], each["file"] or "", each["text"])
        for each in _FENCED.finditer(text)
    ]
    return [block for block in found if not languages or block.language in languages]


def commands(block: Block) -> list[Command]:
    """What a `console` block types and shows."""
    found: list[Command] = []
    for line in block.text.replace("\\\n", "").splitlines():
        if line.startswith("$ "):
            ends = _EXIT.search(line)
            found.append(Command(_EXIT.sub("", line[2:]), int(ends[1]) if ends else 0, []))
        elif line.strip():
            assert found, f"{block}: output without a command"
            found[-1].shown.append(line)
    return found


class Reader:
    """Follows a page in a folder. `firmground` runs in this process by its entry point; what needs a shell gets one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def follow(self, page: Path) -> None:
        for block in blocks(page):
            if block.file:
                (self.folder / block.file).parent.mkdir(parents=True, exist_ok=True)
                (self.folder / block.file).write_text(block.text, encoding="utf-8")
            elif block.language == "console":
                for command in commands(block):
                    code, printed = self.type(command.text)
                    assert code == command.exit_code, f"{block}: $ {command.text}\n{printed}"
                    assert_shown(command, printed, block)

    def type(self, command: str) -> tuple[int, str]:
        """Exit code, and what it printed to either output."""
        words = shlex.split(command, comments=True)
        if words[0] == "cd":
            self.folder = (self.folder / words[1]).resolve()
            return 0, ""
        if words[0] == "firmground" and not re.search(r"[|<>&;*$]", command):
            return self._in_process(words)
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env={**os.environ, "PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def _in_process(self, words: list[str]) -> tuple[int, str]:
        printed = io.StringIO()
        with (
            pytest.MonkeyPatch.context() as patched,
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
        ):
            patched.setattr(sys, "argv", words)
            try:
                main()
            except SystemExit as ended:
                return int(ended.code or 0), printed.getvalue()
        return 0, printed.getvalue()


def assert_shown(command: Command, printed: str, block: Block) -> None:
    """Spaces count as one, so that tables may be narrower on the page."""
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    at = 0
    for shown in command.shown:
        pattern = re.compile(".*".join(re.escape(part) for part in re.split(" ?… ?", " ".join(shown.split()))))
        found = next((number for number in range(at, len(lines)) if pattern.fullmatch(lines[number])), None)
        assert found is not None, f"{block}: $ {command.text}\nshows: {shown}\nprints:\n{printed}"
        at = found + 1
