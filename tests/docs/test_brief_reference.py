"""The reference of the brief is what the code takes."""

import re

from documentation import DOCS, blocks

from firmground.gate.brief import FIELDS, FOR_ASKERS, missing, read, what_to_write

ROWS = re.findall(
    r"^\| `([\w.]+)` \| (.+) \| (.+) \|$", (DOCS / "reference" / "brief.md").read_text(encoding="utf-8"), re.MULTILINE
)


def test_every_key_is_there_in_order_with_what_to_write():
    assert [(name, what) for name, what, _ in ROWS] == [(name, what_to_write(name)) for name in (*FIELDS, "sample")]


def test_what_askers_see_is_marked():
    assert {name for name, _, kind in ROWS if "askers see it" in kind} == {*FOR_ASKERS}


def test_the_brief_that_is_shown_is_complete():
    [shown] = [block for block in blocks(DOCS / "how-to" / "write-the-brief.md") if block.file == "brief.toml"]
    assert missing(read(shown.text)) == []
