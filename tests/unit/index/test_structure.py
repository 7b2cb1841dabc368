from hypothesis import given
from hypothesis import strategies as st

from firmground.index.structure import blocks, plain


def kinds(text: str) -> list[tuple[str, str]]:
    return [(block.kind, text[block.start : block.end]) for block in blocks(text)]


def test_each_kind_of_block_is_told_apart() -> None:
    text = (
        "# One\nLine\nof text.\n\n- a\n- b\n\n  more of b\n\n| x | y |\n|---|---|\n| 1 | 2 |\n> quote\n> goes on\n"
        "```py\n# not a heading\n```\nTwo\n===\nend"
    )
    assert kinds(text) == [
        ("heading", "# One"),
        ("text", "Line\nof text."),
        ("list", "- a\n- b\n\n  more of b"),
        ("table", "| x | y |\n|---|---|\n| 1 | 2 |"),
        ("quote", "> quote\n> goes on"),
        ("code", "```py\n# not a heading\n```"),
        ("heading", "Two\n==="),
        ("text", "end"),
    ]


def test_headings_know_level_and_bare_title() -> None:
    found = blocks("## A **bold** [link](x.md) ##\n\nUnder\n-----\n#hashtag\n###")
    assert [(block.kind, block.level, block.title) for block in found] == [
        ("heading", 2, "A bold link"),
        ("heading", 2, "Under"),
        ("text", 0, ""),
        ("heading", 3, ""),
    ]


def test_a_table_knows_its_header_and_one_without_has_none() -> None:
    with_header = "| a | b |\n|:--|--:|\n| 1 | 2 |"
    bare = "a | b\n--- | ---\n1 | 2"
    without = "| 1 | 2 |\n| 3 | 4 |"
    assert [with_header[block.start : block.header] for block in blocks(with_header)] == ["| a | b |\n|:--|--:|"]
    assert [bare[block.start : block.header] for block in blocks(bare)] == ["a | b\n--- | ---"]
    assert [block.header - block.start for block in blocks(without)] == [0]


def test_an_unclosed_fence_reaches_to_the_end() -> None:
    assert kinds("```\n# x\n\ny") == [("code", "```\n# x\n\ny")]


def test_code_names_keep_their_underscores_in_titles() -> None:
    assert plain("Set `max_tokens` _now_") == "Set max_tokens now"


PIECES = st.sampled_from(
    ["# ", "a", "\n", "\n\n", "- ", "1. ", "|", "|-|-|\n", "```", "> ", "===", "---", " ", "\t", "é", "\x0c", "~~~"]
)


@given(st.one_of(st.text(), st.lists(PIECES).map("".join)))
def test_blocks_cover_everything_once_and_in_order(text: str) -> None:
    at = 0
    for block in blocks(text):
        assert not text[at : block.start].strip()
        assert block.start <= block.header <= block.end
        assert text[block.start : block.end] == text[block.start : block.end].strip() != ""
        at = block.end
    assert not text[at:].strip()


def test_a_row_of_tildes_that_opens_no_code_is_read_in_one_pass() -> None:
    text = "~" * 200_000 + "`"
    assert kinds(text) == [("text", text)]
