"""The look: what can be read in both themes, and what keeps the pages strict."""

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[3] / "src" / "firmground" / "web" / "static"
_TOKEN = re.compile(r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
TOKENS = {name: (light, dark) for name, light, dark in _TOKEN.findall((STATIC / "tokens.css").read_text())}
STATES = ("good", "fair", "none", "stop")
GROUNDS = ("paper", "card", "raised")
TEXT = [
    *((ink, ground) for ink in ("ink", "quiet", "link", *STATES) for ground in GROUNDS),
    *((state, f"{state}-wash") for state in STATES),
    *((ink, f"{state}-wash") for state in STATES for ink in ("ink", "link", "quiet")),
    *((ink, ground) for ground in ("shade",) for ink in ("ink", "link", "quiet")),
    ("accent-ink", "accent"),
    ("stop-ink", "stop"),
    ("mark-ink", "mark"),
    *((f"series-{n}", ground) for n in (1, 2, 3, 4) for ground in GROUNDS),
]
SHAPES = [*((shape, ground) for shape in ("edge", "accent") for ground in (*GROUNDS, "none-wash", "good-wash"))]


def _luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_every_text_can_be_read(theme: int):
    faint = {pair: round(contrast(*(TOKENS[each][theme] for each in pair)), 2) for pair in TEXT}
    assert {pair: found for pair, found in faint.items() if found < 4.5} == {}


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_every_control_and_the_focus_can_be_seen(theme: int):
    faint = {pair: round(contrast(*(TOKENS[each][theme] for each in pair)), 2) for pair in SHAPES}
    assert {pair: found for pair, found in faint.items() if found < 3} == {}


def test_every_colour_comes_from_the_tokens_and_every_token_used_exists():
    known = set(re.findall(r"--([a-z0-9-]+):", "".join(path.read_text() for path in STATIC.glob("*.css"))))
    for path in STATIC.glob("*.css"):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        assert set(re.findall(r"var\(--([a-z0-9-]+)", text)) <= known, path.name
        if path.name != "tokens.css":
            assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;\s,)])", text) == [], path.name


def test_no_style_sheet_or_script_of_the_pages_loads_anything_from_elsewhere():
    for path in STATIC.iterdir():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(?:url\(|@import|from\s+)[\"']?(?:https?:)?//", text), path.name


def test_the_pages_mirror_for_right_to_left_scripts():
    """Only logical sides."""
    for path in STATIC.glob("*.css"):
        text = path.read_text()
        assert (
            re.findall(r"(?:margin|padding|border)-(?:left|right)|(?<![-\w])(?:left|right):|text-align: (?:left|right)", text)
            == []
        ), path.name
