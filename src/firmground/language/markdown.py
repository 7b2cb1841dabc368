"""The signs of Markdown, for everything that reads it line by line."""

import re

HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]|$)", re.MULTILINE)
FENCE = re.compile(r" {0,3}(`{3,}+|~{3,}+)([^`\n]*)$", re.MULTILINE)
ITEM = re.compile(r"[ \t]*(?:[-*+\u2022\u25e6\u2023]|\d{1,3}[.)]|[a-zA-Z]\))[ \t]+\S")
"""The beginning of a list item: a bullet, a number, or a letter with a parenthesis."""
LONGEST_TITLE = 200
_LINK = re.compile(r"!?\[([^\[\]]*+)\]\((?:[^()]|\([^()]{0,200}\))*+\)")
_EMPHASIS = re.compile(r"[*`]+|(?<!\w)_+|_+(?!\w)")
_SIGNS = re.compile(r"[*_`#>|]+")


def title(line: str) -> str | None:
    """What the heading in this line says, without markup; None where it is no heading that begins with `#`."""
    found = HEADING.match(line)
    if found is None:
        return None
    bare = line[found.end() :].strip()
    cut = bare.rstrip("#")
    return plain(cut if cut.endswith((" ", "\t")) or not cut else bare)


def is_row(line: str) -> bool:
    """Whether it is a table row between pipes."""
    bare = line.strip()
    return len(bare) > 1 and bare[0] == "|" and bare[-1] == "|"


def is_delimiter(line: str) -> bool:
    """Whether it is the line below a table's header row."""
    return "|" in line and "-" in line and not line.strip(" \t|:-")


def cells(row: str) -> list[str]:
    """The cells of a row between pipes, in order, without white space around them."""
    return [cell.strip() for cell in row.strip().removeprefix("|").removesuffix("|").split("|")]


def plain(markup: str) -> str:
    """A heading's or cell's text without links and emphasis, at most 200 characters."""
    markup = markup[: 5 * LONGEST_TITLE]
    return " ".join(_EMPHASIS.sub("", _LINK.sub(r"\1", markup)).split())[:LONGEST_TITLE].strip()


def spoken(markup: str) -> str:
    """A line as a person reads it: links by their text, every other sign a space."""
    return " ".join(_SIGNS.sub(" ", _LINK.sub(r"\1", markup)).split())
